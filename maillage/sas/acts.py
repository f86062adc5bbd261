"""What the journal says regulators of the SAS do here."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    CREATED = "regulator.created"
    ENTERED = "regulator.entered"
    PUT = "regulator.put"
    TERMS = "regulator.terms"
