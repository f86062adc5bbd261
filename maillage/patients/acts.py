"""What the journal says is looked for among patients."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    PATIENT_SEARCH = "reading.patient-search"
