"""Hours of the permanence des soins ambulatoires, outside the mission of a CPTS. Pure.

Monday to Friday 20:00 to 08:00, Saturday from 12:00, Sundays and public holidays from 08:00 to 08:00 the next day.
Source: Assurance maladie, "permanence des soins ambulatoires". Hours are those of the place.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from maillage.unscheduled_care.rules.series import PARIS

MORNING, NOON, EVENING = time(8), time(12), time(20)
SATURDAY, SUNDAY = 5, 6
# Public holidays of their own, as the library names them, by number of département or collectivity.
CALENDARS = {
    "57": "57", "67": "6AE", "68": "6AE", "971": "971", "972": "972", "973": "973", "974": "974", "976": "976",
    "977": "BL", "978": "MF", "975": "PM", "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip
ZONES = {
    "971": "America/Guadeloupe", "972": "America/Martinique", "973": "America/Cayenne", "974": "Indian/Reunion",
    "975": "America/Miquelon", "976": "Indian/Mayotte", "977": "America/St_Barthelemy", "978": "America/Marigot",
    "986": "Pacific/Wallis", "987": "Pacific/Tahiti", "988": "Pacific/Noumea",
}  # fmt: skip


def zone_of(departement: str) -> ZoneInfo:
    return ZoneInfo(ZONES[departement]) if departement in ZONES else PARIS


@cache
def _calendar(departement: str) -> Mapping[date, str]:
    import holidays  # noqa: PLC0415  # 6 MiB that most commands do without

    return holidays.country_holidays("FR", subdiv=CALENDARS.get(departement), language="fr")


def holiday_on(day: date, departement: str) -> str:
    """Its name, '' on any other day. Good Friday and 26 December in Alsace-Moselle; abolition of slavery overseas."""
    return str(_calendar(departement).get(day, ""))


def pdsa_reason(at: datetime, departement: str) -> str:
    """Why an instant belongs to the permanence des soins, as it is said on screen; '' when it does not."""
    local = at.astimezone(zone_of(departement))
    day, hour = local.date(), local.time()
    if hour < MORNING:
        return _before_morning(day - timedelta(days=1), departement)
    if name := holiday_on(day, departement):
        return f"un jour férié ({name})"
    if day.weekday() == SUNDAY:
        return "un dimanche"
    if day.weekday() == SATURDAY and hour >= NOON:
        return "un samedi à partir de midi"
    return "après 20 h" if hour >= EVENING else ""


def _before_morning(eve: date, departement: str) -> str:
    """Until eight the night of the day before goes on."""
    if holiday_on(eve, departement):
        return "avant 8 h, un lendemain de jour férié"
    return "avant 8 h"
