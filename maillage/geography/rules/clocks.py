"""The clock and the public holidays of a place, overseas too. Pure.

Zones: IANA, by number of département or collectivity; holidays: the library `holidays`, which follows the labour code
(Alsace-Moselle, abolition of slavery overseas).
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# Public holidays of their own, as the library names them, by number of département or collectivity.
CALENDARS = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "975": "PM",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}
# As people say it: heure de Paris, heure de La Réunion.
CLOCKS = {
    "971": "de Guadeloupe",
    "972": "de Martinique",
    "973": "de Guyane",
    "974": "de La Réunion",
    "975": "de Saint-Pierre-et-Miquelon",
    "976": "de Mayotte",
    "977": "de Saint-Barthélemy",
    "978": "de Saint-Martin",
    "986": "de Wallis-et-Futuna",
    "987": "de Tahiti",
    "988": "de Nouméa",
}


def zone_of(departement: str) -> ZoneInfo:
    return ZoneInfo(ZONES[departement]) if departement in ZONES else PARIS


def clock_of(departement: str) -> str:
    """What its hours are called.

    >>> clock_of("24"), clock_of("974")
    ('heure de Paris', 'heure de La Réunion')
    """
    return f"heure {CLOCKS.get(departement, 'de Paris')}"


@cache
def _calendar(departement: str) -> Mapping[date, str]:
    import holidays  # noqa: PLC0415  # 6 MiB that most commands do without

    return holidays.country_holidays("FR", subdiv=CALENDARS.get(departement), language="fr")


def holiday_on(day: date, departement: str) -> str:
    """Its name, '' on any other day. Good Friday and 26 December in Alsace-Moselle; abolition of slavery overseas."""
    return str(_calendar(departement).get(day, ""))
