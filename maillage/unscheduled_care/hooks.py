"""What unscheduled care lets the apps above it follow."""

from datetime import datetime

from maillage.core.hooks import Hook
from maillage.unscheduled_care.models import Appointment


@Hook
def appointment_changed(appointment: Appointment, *, at: datetime) -> None:
    """Booked, moved, cancelled or ended: in the transaction of the change, whose version it bears."""


@Hook
def appointment_given_back(appointment: Appointment, *, at: datetime) -> None:
    """Its professional cannot any more, and nobody of a desk booked it: from the job that tells the booker."""
