"""When an appointment is, as people read it."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime

from maillage.core.templatetags.maillage import day, hour_text
from maillage.geography.rules.clocks import zone_of
from maillage.unscheduled_care.models import Schedule
from maillage.unscheduled_care.queries.places import departement_of_place


def when(starts_at: datetime, place: Schedule | None = None) -> str:
    """mardi 24 novembre 2026 à 16 h 40, by the clock of the place."""
    zone = zone_of(departement_of_place(place)) if place else None
    local = localtime(starts_at, zone)
    return f"{date_format(local, 'l')} {day(local.date())} à {hour_text(local)}"
