"""What the journal says is done to the keys and the backups of the instance."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    DESTROYED = "keys.destroyed"
    RENEWED = "keys.renewed"
    INSTANCE_BACKED_UP = "instance.backed_up"
