"""What the journal says is done to the directory."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    IMPORTED = "directory.imported"
