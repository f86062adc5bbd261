"""One professional's agenda as it leaves: the same rows for the calendar of a telephone and for another software."""

from datetime import datetime

from django.db.models import QuerySet

from maillage.unscheduled_care.models import (
    Appointment,
    AppointmentQuerySet,
    Effector,
    Schedule,
    Slot,
    SlotQuerySet,
)


def places_of(effector: Effector) -> QuerySet[Schedule]:
    """Closed ones too: what happened there stays told."""
    return Schedule.objects.filter(effector=effector).order_by("pk")


def slots_of(effector: Effector, since: datetime, until: datetime) -> SlotQuerySet:
    """All those of a window, whatever their state and whoever sees them."""
    return Slot.objects.filter(effector=effector, starts_at__gte=since, starts_at__lte=until).for_listing()


def appointments_of(effector: Effector, since: datetime, until: datetime) -> AppointmentQuerySet:
    """Cancelled ones too. No patient is named in any of them."""
    return Appointment.objects.filter(effector=effector, starts_at__gte=since, starts_at__lte=until).for_listing()
