"""A burst of bookings by one account: told once to each professional concerned and to their coordination."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.limits import allows
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.actions.booking import AppointmentOver, NotBooked, cancel
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.limits import BURST, BURST_ALERTS
from maillage.unscheduled_care.models import Appointment, BookingBurst, Effector
from maillage.unscheduled_care.notifications import tell_coordinators_of_burst, tell_professional_of_burst


def watch(*, appointment: Appointment, at: datetime) -> BookingBurst | None:
    """Count a booking; beyond the limit, tell whose slots are taken. None while there is no burst."""
    booker = appointment.booked_by
    if booker is None or allows(BURST, at=appointment.booked_at, account=booker.pk):
        return None
    return _alerted_burst(appointment, booker, at)


@transaction.atomic
def _alerted_burst(appointment: Appointment, booker: User, at: datetime) -> BookingBurst:
    """One alert an hour to each: to the professional of a booking, and to the coordination of each of their CPTS."""
    burst = BookingBurst.objects.filter(booked_by=booker).order_by("-started_at").first()
    if _is_first(booker, "burst", at) or burst is None:
        started = appointment.booked_at - timedelta(seconds=BURST.seconds)
        burst = BookingBurst.objects.create(booked_by=booker, started_at=started, told_at=at)
    taken = list(burst.appointments().live().for_listing())
    for effector in {row.effector for row in taken}:
        if _is_first(booker, effector.uuid, at):
            tell_professional_of_burst(burst, effector, [row for row in taken if row.effector == effector], at=at)
    effectors = Effector.objects.filter(pk__in={row.effector_id for row in taken})
    for cpts in Cpts.objects.filter(pk__in=effectors.values("links__cpts")):
        if _is_first(booker, cpts.uuid, at):
            tell_coordinators_of_burst(burst, cpts, at=at)
            summary = f"Rafale de rendez-vous par {booker}"
            audit.record(Act.APPOINTMENT_BURST, target=burst, by=None, at=at, cpts=cpts, summary=summary)
    return burst


def _is_first(booker: User, subject: object, at: datetime) -> bool:
    return allows(BURST_ALERTS, at=at, account=booker.pk, of=subject)


def cancel_burst(*, burst: BookingBurst, cpts: Cpts, chosen: list[UUID], by: User, at: datetime) -> int:
    """Free what a burst took of the professionals of a CPTS, as far as it is still to come: how many were freed."""
    freed = 0
    for row in burst.appointments_of(cpts).filter(uuid__in=chosen, starts_at__gt=at):
        try:
            cancel(appointment=row, by=by, at=at)
        except (NotBooked, AppointmentOver):  # somebody was faster
            continue
        freed += 1
    return freed
