"""Members against the professionals of the territory: by profession, by commune, today and a year ago."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from maillage.cpts.models import Cpts
from maillage.directory.models import GROUP_LABELS, Practitioner, PractitionerRole
from maillage.directory.queries.search import Criteria, find
from maillage.directory.rules.professions import GROUPS, PLURALS
from maillage.members.models import MemberKind, Membership, MembershipStatus
from maillage.territory.queries.perimeters import communes_of

YEAR = timedelta(days=365)
ORDER = {group.code: place for place, group in enumerate(GROUPS)}


@dataclass(frozen=True)
class Share:
    """Of one profession, or of one commune: how many exercise here, how many of them are members."""

    code: str
    label: str
    professionals: int
    members: int
    a_year_ago: int = 0

    @property
    def missing(self) -> int:
        return max(self.professionals - self.members, 0)

    @property
    def percent(self) -> int | None:
        """None when the directory knows nobody here: a share of nothing is not zero."""
        return min(100, round(100 * self.members / self.professionals)) if self.professionals else None


@dataclass(frozen=True)
class Representation:
    """The whole picture; its total counts each person once."""

    total: Share
    professions: list[Share]
    communes: list[Share]


def here(cpts: Cpts) -> QuerySet[PractitionerRole]:
    """Exercises of the territory that a census counts."""
    return PractitionerRole.objects.counted().inside(communes_of(cpts))


def representation_of(cpts: Cpts, today: date) -> Representation:
    """Who exercises here, who of them is in. Four queries whatever the territory."""
    roles = here(cpts).order_by()
    by_group = dict(roles.values_list("group").annotate(people=Count("practitioner", distinct=True)))
    by_commune = {
        code: (name, people)
        for code, name, people in roles.values_list("commune", "commune__name").annotate(
            people=Count("practitioner", distinct=True)
        )
    }
    everybody = roles.aggregate(people=Count("practitioner", distinct=True))["people"]
    members = _members(cpts)
    now, before = _counted(members, today, "group"), _counted(members, today - YEAR, "group")
    professions = [
        Share(code, PLURALS.get(code, GROUP_LABELS.get(code, code)), by_group.get(code, 0), now[code], before[code])
        for code in sorted({*by_group, *now}, key=lambda code: (ORDER.get(code, 99), code))
    ]
    places = _counted(members, today, "commune_id")
    communes = [Share(code, name, people, places[code]) for code, (name, people) in by_commune.items()]
    communes.sort(key=lambda share: (-share.missing, share.label))
    total = Share("", "professionnels", everybody, now.total(), before.total())
    return Representation(total, professions, communes)


def _members(cpts: Cpts) -> list[Any]:
    """Health professionals who are, or were, members."""
    rows = Membership.objects.of(cpts).filter(kind=MemberKind.PERSON).exclude(group="")
    inside = rows.filter(status__in=[MembershipStatus.ACCEPTED, MembershipStatus.UP_TO_DATE, MembershipStatus.LEFT])
    return list(inside.values("group", "commune_id", "joined_on", "left_on"))


def _counted(members: Iterable[Any], on: date, key: str) -> Counter[str]:
    """Members on a day. Whoever has no date of arrival was always there."""
    return Counter(
        member[key]
        for member in members
        if (member["joined_on"] is None or member["joined_on"] <= on)
        and (member["left_on"] is None or member["left_on"] > on)
    )


def missing_of(cpts: Cpts, *, group: str = "", commune: str = "", name: str = "") -> QuerySet[Practitioner]:
    """Professionals of the territory who are not members, with their places, phones and mailboxes; by name."""
    roles = here(cpts)
    if group:
        roles = roles.filter(group=group)
    if commune:
        roles = roles.filter(commune=commune)
    inside = Membership.objects.of(cpts).open().filter(practitioner=OuterRef("pk"))
    people = find(Criteria(name, communes=communes_of(cpts)))
    return people.filter(~Exists(inside), pk__in=roles.values("practitioner"))
