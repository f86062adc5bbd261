"""What happened among members."""

from collections.abc import Iterator

from django.db.models import Q

from maillage.core.facts import Fact, Period, Way, count
from maillage.cpts.models import Cpts
from maillage.members.models import Membership

SOURCE = "Adhésions acceptées, un membre compté une fois"


def facts_of(cpts: Cpts, period: Period) -> Iterator[Fact]:
    accepted = Membership.objects.of(cpts).filter(joined_on__isnull=False)
    still = Q(left_on=None) | Q(left_on__gte=period.until)
    listing = Way("members:list")
    there = accepted.filter(still, joined_on__lt=period.until)
    came = accepted.filter(joined_on__gte=period.since, joined_on__lt=period.until)
    left = accepted.filter(left_on__gte=period.since, left_on__lt=period.until)
    yield Fact("members.there", "Membres à la fin de la période", count(there), "membre", period, SOURCE, way=listing)
    joined = Way("members:list", period.query)
    yield Fact("members.joined", "Adhésions", count(came), "membre", period, SOURCE, way=joined)
    gone = Way("members:list", {"statut": "left"})
    yield Fact("members.left", "Départs", count(left), "membre", period, SOURCE, way=gone)
