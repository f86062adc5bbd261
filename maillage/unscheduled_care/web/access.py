"""Who somebody is here: the owner of an agenda, or the bearer of a signed link."""

from datetime import datetime

from maillage.accounts.permissions import CptsRequest
from maillage.core import links
from maillage.members.models import Membership
from maillage.unscheduled_care.models import Appointment, Effector, EffectorMembership
from maillage.unscheduled_care.notifications import appointment_purpose


def own_membership(request: CptsRequest) -> Membership | None:
    """The membership of the signed-in person in the CPTS of the page, when they are a person who exercises."""
    mine = Membership.objects.of(request.cpts).current().of_account(request.user)
    return (
        mine.select_related("commune", "cpts").defer("commune__outline", "commune__neighbours").order_by("pk").first()
    )


def own_effector(request: CptsRequest) -> Effector | None:
    """Their agenda, once they opened it here; not while the number it is under is contested."""
    mine = Membership.objects.of(request.cpts).current().of_account(request.user).values("pk")
    opened_here = EffectorMembership.objects.filter(membership__in=mine).values("effector")
    return Effector.objects.of_account(request.user).filter(pk__in=opened_here).first()


def appointment_of(owner: int, token: str, at: datetime) -> Appointment:
    """What a professional's link speaks of, while the patient is theirs. Raises LinkUnusable."""
    rows = Appointment.objects.select_related("slot__schedule", "effector", "cpts")
    feed = Effector.objects.uncontested().filter(pk=owner).values_list("feed", flat=True).first()
    if feed is None:
        raise links.LinkUnusable("Cet agenda n’est plus ouvert, ou attend une décision de l’administration.")
    uuid = links.read(appointment_purpose(feed), token, at=at)
    appointment = rows.filter(uuid=uuid, effector=owner).first()
    if appointment is None:
        raise links.LinkUnusable("Ce rendez-vous n’existe plus, ou a été confié à un collègue.")
    return appointment
