"""Who came and who left a set of communes: what the comparison of two registers tells."""

from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from maillage.directory.models import Category, PractitionerRole

Communes = QuerySet[Any]


def movements(communes: Communes, *, since: date) -> QuerySet[PractitionerRole]:
    """Exercises that began or ended in these communes, for people who were not there before or are no longer.

    Somebody who changes practice inside the territory is neither an arrival nor a departure. `elsewhere` is the
    commune of another exercise in post.
    """
    same = PractitionerRole.objects.filter(practitioner=OuterRef("practitioner"), group=OuterRef("group"))
    here = same.inside(communes).exclude(pk=OuterRef("pk"))
    still_here, was_here = here.filter(until=None), here.filter(Q(since=None) | Q(since__lt=OuterRef("since")))
    elsewhere = same.filter(until=None).exclude(pk=OuterRef("pk")).exclude(commune=None)
    counted = PractitionerRole.objects.inside(communes).filter(category=Category.CIVILIAN, is_substitute=False)
    # Each has an index of its own; an OR of the two would have none.
    left = counted.filter(~Exists(still_here), until__gte=since).values("pk")
    came = counted.filter(~Exists(was_here), until=None, since__gte=since).values("pk")
    return (
        PractitionerRole.objects.filter(pk__in=left.union(came))
        .select_related("practitioner", "commune")
        .defer("commune__outline", "commune__neighbours")
        .annotate(
            elsewhere=Subquery(elsewhere.order_by("pk").values("commune__name")[:1]),
            day=Coalesce(F("until"), F("since")),
        )
    )


def counts_by_group(communes: Communes, *, since: date) -> dict[str, tuple[int, int]]:
    """Group -> (arrivals, departures) of people, each once."""
    rows = (
        movements(communes, since=since)
        .order_by()
        .values("group")
        .annotate(
            arrivals=Count("practitioner", filter=Q(until=None), distinct=True),
            departures=Count("practitioner", filter=Q(until__isnull=False), distinct=True),
        )
    )
    return {row["group"]: (row["arrivals"], row["departures"]) for row in rows}
