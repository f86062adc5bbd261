"""What happens to an agenda when a membership ends, or becomes one with another."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db.models import F
from django.utils import timezone

from maillage.members.actions import on_leave, on_merge, on_taken_back
from maillage.members.actions.binding import on_unbound
from maillage.members.models import Membership
from maillage.unscheduled_care.actions.locking import lock_slots
from maillage.unscheduled_care.models import Effector, EffectorMembership, Slot, SlotAudience, Solicitation
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
    """It is that of the account that was taken off, not of the member.

    Whoever took patients on a page that was not theirs keeps none of them by another CPTS; an agenda under a number
    that its account proved, and that is the page's too, stays its own.
    """
    link = EffectorMembership.objects.filter(membership=membership).select_related("effector").first()
    if link is None:
        return
    close_to_the_cpts(membership, timezone.now())
    link.delete()
    agenda = Effector.objects.with_proof().filter(pk=link.effector_id).first()
    if agenda is None or membership.practitioner_id not in (None, agenda.national_id):
        let_go(link.effector)


def let_go(holder: Effector) -> None:
    """Whoever held an agenda was not who they said: it opens to nobody, and its appointments are left to the desks."""
    for link in holder.links.select_related("membership__cpts"):
        close_to_the_cpts(link.membership, timezone.now())
    holder.links.all().delete()
    forget_the_holder(holder, account=None, national_id=None)


def forget_the_holder(holder: Effector, **changes: Any) -> None:
    """Nothing that the former holder said stays, nor their outside calendars."""
    holder.calendars.all().delete()
    forget_what_was_said(holder, **changes)


def forget_what_was_said(agenda: Effector, **changes: Any) -> None:
    """Telephone, places and agreement wait for the holder to say them; private addresses and links show nothing more.

    A page read before does not write over it.
    """
    agenda.schedules.update(confirmed_at=None)
    for asked in agenda.solicitations.all():  # the links of its mails are those of the holder before, an answer too
        Solicitation.objects.filter(pk=asked.pk).update(uuid=uuid4())
    said = {"phone": "", "sas_agreed_at": None, "feed": uuid4(), "version": F("version") + 1}
    Effector.objects.filter(pk=agenda.pk).update(**said, **changes)


@on_taken_back.register
def wait_for_their_yes(membership: Membership) -> None:
    """Whoever comes back opens their agenda to the CPTS again by themselves, and the SAS with it."""
    EffectorMembership.objects.filter(membership=membership).delete()


@on_merge.register
def keep_the_agenda(kept: Membership, other: Membership) -> None:
    """The agenda of the page that goes follows its person, unless the page that stays has one."""
    if not EffectorMembership.objects.filter(membership=kept).exists():
        EffectorMembership.objects.filter(membership=other).update(membership=kept)
