"""What the journal says people choose to receive."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    CHOSEN = "contact.chosen"
    FORGOTTEN = "contact.forgotten"
    RETRIED = "contact.retried"
