"""What names patients, and why they came, erased on one clock; what nobody closes is closed, after a reminder."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst

from maillage.audit import actions as audit
from maillage.core.dates import add_months
from maillage.cpts.models import Cpts
from maillage.patients import actions as patients
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.models import Appointment, CareRequest, CareSettings, Difficulty, Outcome
from maillage.unscheduled_care.notifications import tell_of_term

REMINDED_BEFORE = timedelta(days=14)


def months_of(cpts: Cpts | None) -> int:
    """How long a CPTS keeps what names patients."""
    care = getattr(cpts, "care_settings", None) or CareSettings()
    return care.patient_months


def term_of(request: CareRequest) -> date:
    """The day a request is erased: so long after it ended, or after it came when nobody ends it."""
    return add_months(timezone.localdate(request.ended_at or request.opened_at), months_of(request.cpts))


def erase_patients(*, at: datetime) -> int:
    """What names patients whose time is over, CPTS by CPTS; the figures stay. Running it twice erases nothing more."""
    _remind(at)
    erased = sum(_erase(request, at) for request in _sealed_requests() if _is_over(request, at))
    for months, rows in _by_clock():
        until = add_months(timezone.localdate(at), -months)
        erased += Appointment.objects.filter(rows, ends_at__date__lte=until).exclude(sealed=b"").update(sealed=b"")
        difficulties = Difficulty.objects.filter(rows, erased_at=None, told_at__date__lte=until)
        erased += _due(difficulties, at).update(sealed=b"", erased_at=at)
    return erased


def _sealed_requests() -> QuerySet[CareRequest]:
    return CareRequest.objects.filter(erased_at=None).select_related("cpts__care_settings", "patient").order_by("pk")


def _is_over(request: CareRequest, at: datetime) -> bool:
    """One that nobody ended waits for the desk to have been told, long enough before."""
    is_reminded = request.reminded_at is not None and request.reminded_at <= at - REMINDED_BEFORE
    return term_of(request) <= timezone.localdate(at) and (request.ended_at is not None or is_reminded)


def _due(rows: QuerySet[Difficulty], at: datetime) -> QuerySet[Difficulty]:
    """Answered, or its reminder is old enough."""
    return rows.filter(Q(solved_at__isnull=False) | Q(reminded_at__lte=at - REMINDED_BEFORE))


def _by_clock() -> list[tuple[int, Q]]:
    """Each length of time that some CPTS chose, with its rows; those of nobody follow the usual one."""
    chosen = CareSettings.objects.values_list("patient_months", flat=True).distinct()
    usual = CareSettings().patient_months
    rows = {months: Q(cpts__care_settings__patient_months=months) for months in chosen}
    rows[usual] = rows.get(usual, Q(pk__in=())) | Q(cpts__care_settings=None)
    return list(rows.items())


@transaction.atomic
def _erase(request: CareRequest, at: datetime) -> int:
    """Closed when nobody did; the reason of its appointment goes with it."""
    if request.is_waiting:
        CareRequest.objects.waiting().filter(pk=request.pk).update(outcome=Outcome.EXPIRED, ended_at=at)
        summary = capfirst(f"{request} jamais close : effacée à l’échéance")
        audit.record(Act.REQUEST_EXPIRED, target=request, by=None, at=at, cpts=request.cpts, summary=summary)
    request.messages.all().delete()
    Appointment.objects.filter(request=request).exclude(sealed=b"").update(sealed=b"")
    erased = CareRequest.objects.filter(pk=request.pk, erased_at=None).update(sealed=b"", erased_at=at)
    patients.release([request.patient], at=at)
    return erased


def _remind(at: datetime) -> None:
    """The desk of each CPTS hears once of what it has still to close, before it is erased."""
    for cpts in Cpts.objects.select_related("care_settings"):
        since = add_months(timezone.localdate(at + REMINDED_BEFORE), -months_of(cpts))
        requests = CareRequest.objects.of(cpts).waiting().filter(opened_at__date__lte=since)
        difficulties = Difficulty.objects.of(cpts).unsolved().filter(erased_at=None, told_at__date__lte=since)
        _remind_of(cpts, requests.filter(reminded_at=None), difficulties.filter(reminded_at=None), at)


@transaction.atomic
def _remind_of(cpts: Cpts, requests: QuerySet[CareRequest], difficulties: QuerySet[Difficulty], at: datetime) -> None:
    numbers = list(requests.order_by("number").values_list("number", flat=True))
    unanswered = difficulties.count()
    if not numbers and not unanswered:
        return
    tell_of_term(cpts, numbers, unanswered, on=timezone.localdate(at + REMINDED_BEFORE), at=at)
    requests.update(reminded_at=at)
    difficulties.update(reminded_at=at)
    summary = f"Échéance rappelée : {len(numbers)} demandes à clore, {unanswered} difficultés sans réponse"
    audit.record(Act.REQUEST_REMINDED, target=cpts, by=None, at=at, cpts=cpts, summary=summary)
