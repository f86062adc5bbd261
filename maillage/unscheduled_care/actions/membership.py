"""What happens to an agenda when a membership ends, or becomes one with another."""

from datetime import datetime

from maillage.members.actions import on_leave, on_merge
from maillage.members.models import Membership
from maillage.unscheduled_care.models import EffectorMembership, SlotAudience


@on_leave
def close_to_the_cpts(membership: Membership, at: datetime) -> None:
    """Slots to come are no longer open to the CPTS that was left; appointments stay, and its desk lists them."""
    link = EffectorMembership.objects.filter(membership=membership).first()
    if link:
        SlotAudience.objects.filter(
            cpts=membership.cpts_id, slot__effector=link.effector_id, slot__starts_at__gt=at
        ).delete()


@on_merge
def keep_the_agenda(kept: Membership, other: Membership) -> None:
    """The agenda of the page that goes follows its person, unless the page that stays has one."""
    if not EffectorMembership.objects.filter(membership=kept).exists():
        EffectorMembership.objects.filter(membership=other).update(membership=kept)
