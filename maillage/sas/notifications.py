"""What regulators are told."""

from datetime import datetime

from maillage.core import links
from maillage.unscheduled_care.hooks import appointment_given_back
from maillage.unscheduled_care.models import Appointment
from maillage.unscheduled_care.notifications import tell_booker


@appointment_given_back.register
def tell_regulator(appointment: Appointment, *, at: datetime) -> None:
    """Where they find another slot."""
    tell_booker(appointment, links.absolute("sas:regulation_appointment", appointment.uuid), at=at)
