"""Requests to join; mandates and conventions that end."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from maillage.accounts.permissions import MEMBER_MANAGE
from maillage.core.text import plural
from maillage.core.waiting import SOON, Counted, Waiting, count_of
from maillage.cpts.models import Cpts
from maillage.members.actions import AHEAD
from maillage.members.models import Convention, Mandate, Membership, MembershipStatus


def counted(at: datetime) -> Counted:
    """Members too, and their professions: the home page shows them."""
    today, current = timezone.localdate(at), Membership.objects.current()
    mandates, conventions = (rows.in_force(today).ending_before(today + AHEAD) for rows in _ENDING)
    return {
        "members": count_of(current),
        "professions": count_of(current.exclude(group=""), "group"),
        "requests": count_of(Membership.objects.filter(status=MembershipStatus.REQUESTED)),
        "mandates_ending": count_of(mandates),
        "conventions_ending": count_of(conventions.filter(is_renewed_tacitly=False)),
    }


_ENDING: Any = (Mandate.objects, Convention.objects)


def waiting(cpts: Cpts, counts: Any, permissions: Collection[str]) -> Iterator[Waiting]:
    if MEMBER_MANAGE not in permissions:
        return
    if counts.requests:
        members = reverse("members:list", args=[cpts.slug]) + "?statut=requested"
        text = f"{counts.requests} {plural(counts.requests, 'demande')} d’adhésion"
        yield Waiting(SOON, "à décider", text, "Membres", members)
    for name, count, what in (
        ("mandates", counts.mandates_ending, ("mandat s’achève", "mandats s’achèvent")),
        ("conventions", counts.conventions_ending, ("convention s’achève", "conventions s’achèvent")),
    ):
        if count:
            page, text = reverse(f"members:{name}", args=[cpts.slug]), f"{count} {plural(count, *what)} d’ici deux mois"
            yield Waiting(SOON, "bientôt", text, "Membres", page)
