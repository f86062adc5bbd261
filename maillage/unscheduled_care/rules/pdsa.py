"""Hours of the permanence des soins ambulatoires, outside the mission of a CPTS. Pure.

Monday to Friday 20:00 to 08:00, Saturday from 12:00, Sundays and public holidays from 08:00 to 08:00 the next day.
Source: Assurance maladie, "permanence des soins ambulatoires". Hours are those of the place.
"""

from datetime import date, datetime, time, timedelta

from maillage.geography.rules.clocks import holiday_on, zone_of

MORNING, NOON, EVENING = time(8), time(12), time(20)
SATURDAY, SUNDAY = 5, 6


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
