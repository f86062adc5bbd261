"""What happens to an agenda when a membership ends, or becomes one with another."""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from maillage.members.actions import on_leave, on_merge
from maillage.members.actions.binding import on_unbound
from maillage.members.models import Membership
from maillage.unscheduled_care.actions.locking import lock_slots
from maillage.unscheduled_care.models import EffectorMembership, Slot, SlotAudience, Solicitation
from maillage.unscheduled_care.rules.slots import ALL_KINDS, Kind


@on_leave.register
def close_to_the_cpts(membership: Membership, at: datetime) -> None:
    """Slots to come are no longer open to the CPTS that was left; appointments stay, and its desk lists them.

    What it asked and nobody answered yet is answered no: the desk sees whom to ask next.
    """
    link = EffectorMembership.objects.filter(membership=membership).first()
    if link:
        asked = Solicitation.objects.filter(effector=link.effector_id, request__cpts=membership.cpts_id, accepts=None)
        asked.update(accepts=False, answered_at=at)
        ahead = SlotAudience.objects.filter(slot__effector=link.effector_id, slot__starts_at__gt=at)
        ahead.filter(cpts=membership.cpts_id).delete()
        # Open to no CPTS any more, a slot is of that kind no more: its owner sees that it is hidden.
        orphans = Slot.objects.filter(effector=link.effector_id, starts_at__gt=at, audiences=None)
        of_cpts = orphans.alias(is_cpts=F("kinds").bitand(Kind.CPTS)).filter(is_cpts__gt=0)
        Slot.objects.filter(pk__in=lock_slots(of_cpts)).update(kinds=F("kinds").bitand(ALL_KINDS & ~Kind.CPTS))


@on_unbound.register
def let_the_agenda_go(membership: Membership) -> None:
    """It is that of the account that was taken off, not of the member."""
    close_to_the_cpts(membership, timezone.now())
    EffectorMembership.objects.filter(membership=membership).delete()


@on_merge.register
def keep_the_agenda(kept: Membership, other: Membership) -> None:
    """The agenda of the page that goes follows its person, unless the page that stays has one."""
    if not EffectorMembership.objects.filter(membership=kept).exists():
        EffectorMembership.objects.filter(membership=other).update(membership=kept)
