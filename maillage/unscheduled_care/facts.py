"""What happened in unscheduled care."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Count, F, Q

from maillage.core.facts import Fact, Period, Way, count, share
from maillage.core.missions import Mission
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.models import Appointment, AppointmentStatus, CareRequest, Outcome, Slot
from maillage.unscheduled_care.models.request import SEEN

OPENED = "Créneaux ouverts à la CPTS qui commencent dans la période"
GIVEN = "Rendez-vous non annulés qui commencent dans la période"
ASKED = "Demandes reçues dans la période"
ACCESS = Mission.ACCESS


def facts_of(cpts: Cpts, period: Period) -> Iterator[Fact]:
    opened = Slot.objects.of(cpts).live().starting_between(period.start, period.end)
    figures = Way("unscheduled_care:statistics")
    yield Fact("care.opened", "Créneaux ouverts", count(opened), "créneau", period, OPENED, ACCESS, way=figures)
    yield from _appointments(cpts, period)
    yield from _requests(cpts, period)


def _appointments(cpts: Cpts, period: Period) -> Iterator[Fact]:
    rows = Appointment.objects.of(cpts).live().filter(starts_at__gte=period.start, starts_at__lt=period.end)
    came = Q(status=AppointmentStatus.FULFILLED)
    settled = came | Q(status=AppointmentStatus.NO_SHOW)
    counted = rows.aggregate(given=Count("pk"), settled=Count("pk", filter=settled), came=Count("pk", filter=came))
    way = Way("unscheduled_care:appointments", period.query)
    given = Decimal(counted["given"])
    yield Fact("care.given", "Rendez-vous donnés", given, "rendez-vous", period, GIVEN, ACCESS, way=way)
    yield Fact(
        "care.honoured",
        "Rendez-vous honorés",
        share(counted["came"], counted["settled"]),
        "%",
        period,
        f"{GIVEN}, dont l’issue est dite",
        ACCESS,
        counted["settled"],
        Way("unscheduled_care:appointments", {"etat": AppointmentStatus.FULFILLED.value, **period.query}),
    )


def _requests(cpts: Cpts, period: Period) -> Iterator[Fact]:
    rows = CareRequest.objects.of(cpts).filter(opened_at__gte=period.start, opened_at__lt=period.end)
    seen = Q(outcome__in=SEEN)
    counted = rows.aggregate(
        asked=Count("pk"),
        ended=Count("pk", filter=~Q(outcome__in=["", Outcome.EXPIRED])),
        in_time=Count("pk", filter=seen & Q(seen_at__lte=F("due_at"))),
    )
    way = Way("unscheduled_care:requests", {"issue": "toutes", **period.query})
    asked = Decimal(counted["asked"])
    yield Fact("care.asked", "Demandes de soins reçues", asked, "demande", period, ASKED, ACCESS, way=way)
    yield Fact(
        "care.in_time",
        "Patients vus dans le délai",
        share(counted["in_time"], counted["ended"]),
        "%",
        period,
        f"{ASKED}, qui ont une issue",
        ACCESS,
        counted["ended"],
        way,
    )
