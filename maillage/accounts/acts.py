"""What the journal says is done to accounts, roles and proofs."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    ACCOUNT_ERASED = "account.erased"
    ACCOUNT_TAKEN_BACK = "account.taken-back"
    ACCOUNT_TOLD = "account.told"
    ADDRESS_ASKED = "address.asked"
    ADDRESS_CHANGED = "address.changed"
    EXPORT_MADE = "export.made"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_SENT = "invitation.sent"
    INVITATION_WITHDRAWN = "invitation.withdrawn"
    NUMBER_CLAIMED = "number.claimed"
    NUMBER_CONTESTED = "number.contested"
    NUMBER_DOUBTED = "number.doubted"
    NUMBER_PROVED = "number.proved"
    NUMBER_SETTLED = "number.settled"
    RECOVERY_CHECKED = "recovery.checked"
    RECOVERY_USED = "recovery.used"
    ROLE_GRANTED = "role.granted"
    ROLE_WITHDRAWN = "role.withdrawn"
    SESSION_ENDED = "session.ended"
