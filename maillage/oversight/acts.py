"""What the journal says founders ask and guichets decide."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    APPROVAL_ASKED = "cpts.approval-asked"
    APPROVAL_DECIDED = "cpts.approval-decided"
