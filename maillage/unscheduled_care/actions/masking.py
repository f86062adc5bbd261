"""What hides slots: absences, and busy times of other calendars."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.unscheduled_care.actions.locking import lock_slots
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.models import (
    Absence,
    Appointment,
    AppointmentStatus,
    BusyTime,
    Effector,
    Slot,
)
from maillage.unscheduled_care.rules.series import Span, overlaps


class AbsenceOver(DomainError):
    user_message = "Cette absence est déjà passée."


class AbsenceKnown(DomainError):
    user_message = "Cette absence est déjà enregistrée."


def busy_spans(effector: Effector, start: datetime, end: datetime) -> list[Span]:
    """When somebody sees nobody, between two instants."""
    spans: list[Span] = []
    for rows in (Absence.objects, BusyTime.objects):
        spans += rows.filter(effector=effector, starts_at__lt=end, ends_at__gt=start).values_list(
            "starts_at", "ends_at"
        )
    return spans


def mask(effector: Effector, *, at: datetime) -> int:
    """Hide the slots to come that fall in one of those, show again those that no longer do. How many changed."""
    slots = list(
        Slot.objects.live().filter(effector=effector, starts_at__gt=at).only("starts_at", "ends_at", "is_masked")
    )
    if not slots:
        return 0
    hidden = busy_spans(effector, at, max(slot.ends_at for slot in slots))
    changed = [slot for slot in slots if slot.is_masked != overlaps((slot.starts_at, slot.ends_at), hidden)]
    for is_masked in (True, False):
        keys = [slot.pk for slot in changed if slot.is_masked != is_masked]
        Slot.objects.filter(pk__in=lock_slots(Slot.objects.filter(pk__in=keys))).update(is_masked=is_masked)
    return len(changed)


@transaction.atomic
def add_absence(
    *, effector: Effector, starts_at: datetime, ends_at: datetime, substitute: str, by: User | None, at: datetime
) -> tuple[Absence, list[Appointment]]:
    """An absence hides what is free; what is booked is named, for its owner to hand over.

    Raises AbsenceOver, AbsenceKnown.
    """
    if ends_at <= at:
        raise AbsenceOver
    Effector.objects.select_for_update().get(pk=effector.pk)
    if Absence.objects.filter(effector=effector, starts_at=starts_at, ends_at=ends_at).exists():
        raise AbsenceKnown
    absence = Absence.objects.create(effector=effector, starts_at=starts_at, ends_at=ends_at, substitute=substitute)
    mask(effector, at=at)
    span = (
        f"du {timezone.localtime(starts_at):%d/%m/%Y} au {timezone.localtime(ends_at - timedelta(seconds=1)):%d/%m/%Y}"
    )
    audit.record(Act.ABSENCE_ADDED, target=effector, by=by, at=at, summary=f"{effector} : absence {span}")
    booked = Appointment.objects.for_listing().filter(
        effector=effector, status=AppointmentStatus.BOOKED, starts_at__lt=ends_at, ends_at__gt=max(starts_at, at)
    )
    return absence, list(booked)


@transaction.atomic
def remove_absence(*, absence: Absence, by: User | None, at: datetime) -> None:
    effector = absence.effector
    absence.delete()
    mask(effector, at=at)
    audit.record(Act.ABSENCE_REMOVED, target=effector, by=by, at=at, summary=f"{effector} : absence retirée")
