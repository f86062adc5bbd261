"""What happened in meetings, mission by mission."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Count, Q

from maillage.core.facts import Fact, Period, Way
from maillage.core.missions import Mission
from maillage.cpts.models import Cpts
from maillage.meetings.models import Meeting, MeetingStatus, Presence

HELD = "Réunions closes"
CAME = "Présences signées et non contestées des réunions closes"


def facts_of(cpts: Cpts, period: Period) -> Iterator[Fact]:
    """Two queries; a mission without a meeting says nothing."""
    held = Meeting.objects.of(cpts).filter(
        status=MeetingStatus.CLOSED, starts_at__gte=period.start, starts_at__lt=period.end
    )
    by_mission = dict(held.order_by().values_list("mission").annotate(Count("pk")))
    presences = Presence.objects.filter(meeting__in=held, contested_at=None)
    came = {
        mission: (total, people)
        for mission, total, people in presences.order_by()
        .values("meeting__mission")
        .annotate(
            total=Count("pk"),
            people=Count("participant__membership", distinct=True)
            + Count("pk", filter=Q(participant__membership=None)),
        )
        .values_list("meeting__mission", "total", "people")
    }
    for code, number in sorted(by_mission.items()):
        mission = Mission(code) if code else None
        way = Way("meetings:list", {"etat": "closed", **({"mission": code} if code else {}), **period.query})
        suffix = f".{code.lower()}" if code else ""
        total, people = came.get(code, (0, 0))
        for name, label, value, unit, source in (
            ("held", "Réunions tenues", number, "réunion", HELD),
            ("presences", "Présences", total, "présence", CAME),
            ("people", "Personnes venues au moins une fois", people, "personne", CAME),
        ):
            yield Fact(f"meetings.{name}{suffix}", label, Decimal(value), unit, period, source, mission, way=way)
