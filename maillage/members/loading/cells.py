"""Cells of a spreadsheet that only the database can read: communes, colleges, numbers of the directory."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from django.utils import timezone

from maillage.core.screens.fields import phone_number
from maillage.core.sql.bulk import rows_in
from maillage.core.text import normalised
from maillage.directory.models import Practitioner
from maillage.geography.models import Commune
from maillage.geography.queries import NamedPlace, places_by_key
from maillage.geography.rules.codes import departement_of
from maillage.members.models import College, SpreadsheetImport
from maillage.members.rules.spreadsheet import Unreadable, read_day, read_email, read_number
from maillage.territory.queries.perimeters import communes_of

FRENCH_DIGITS = 10


class Cells:
    """How to read the cells of one file: what they name is looked up once, for all its rows. Four queries."""

    def __init__(self, sheet: SpreadsheetImport, texts: Sequence[Mapping[str, str]]) -> None:
        self.sent_on = timezone.localdate(sheet.created_at)
        self.places = places_by_key({key for row in texts for key in keys_of_commune(row.get("commune", ""))})
        self.colleges = {normalised(college.name): college for college in College.objects.filter(cpts=sheet.cpts)}
        self.territory = frozenset(communes_of(sheet.cpts).values_list("commune_id", flat=True))
        self.departement = sheet.cpts.departement_id
        keys = {key for row in texts if (key := _person_key(row.get("rpps", "")))}
        present = Practitioner.objects.filter(until=None)
        self.people: dict[int, Practitioner] = {
            practitioner.pk: practitioner for practitioner in rows_in(present, "pk", keys)
        }

    @property
    def readers(self) -> dict[str, Callable[[str], object]]:
        return {
            "email": read_email,
            "joined_on": self.arrival,
            "phone": phone,
            "commune": self.commune,
            "college": self.college,
            "rpps": self.person,
        }

    def arrival(self, text: str) -> date:
        day = read_day(text)
        if day > self.sent_on:
            raise Unreadable("Cette date est à venir.")
        return day

    def commune(self, text: str) -> Commune:
        """« 67220 Saint-Martin » is the one that answers to both; a name or a code that designates several is none."""
        matches = [{place.code: place for place in self.places.get(key, ())} for key in keys_of_commune(text)]
        places = matches[0] if matches else {}
        for other in matches[1:]:
            places = {code: places[code] for code in places.keys() & other.keys()} or places
        places = self._nearest(places)
        if len(places) != 1:
            problem = "Plusieurs communes de ce nom" if places else "Aucune commune de ce nom"
            raise Unreadable(f"{problem} : donnez son code postal ou son code INSEE.")
        code = next(iter(places))
        return Commune(code=code, name=places[code].commune)

    def _nearest(self, places: dict[str, NamedPlace]) -> dict[str, NamedPlace]:
        """Of several, those of the territory; failing them, those of the département."""
        here = {code: place for code, place in places.items() if code in self.territory}
        near = {code: place for code, place in places.items() if departement_of(code) == self.departement}
        return here or near or places

    def college(self, text: str) -> College:
        if normalised(text) not in self.colleges:
            raise Unreadable("Ce collège n’existe pas : créez-le, ou videz la case.")
        return self.colleges[normalised(text)]

    def person(self, text: str) -> Practitioner:
        key = read_number(text)
        if key not in self.people:
            raise Unreadable("Ce numéro n’est pas dans l’annuaire : vérifiez-le, ou videz la case.")
        return self.people[key]


def phone(text: str) -> str:
    """Spreadsheets eat the first zero."""
    has_lost_it = len(text) == FRENCH_DIGITS - 1 and not text.startswith("0")
    number = phone_number(f"0{text}" if has_lost_it else text)
    if number is None:
        raise Unreadable("Ce n’est pas un numéro de téléphone.")
    return number


def keys_of_commune(text: str) -> list[str]:
    """« 24100 Bergerac » is looked for by its name, then by its codes."""
    words = normalised(text).split()
    digits = [word for word in words if word.isdecimal() and len(word) == 5]
    name = " ".join(word for word in words if word not in digits and word != "cedex")
    return [key for key in (name, *digits) if key]


def _person_key(text: str) -> int | None:
    try:
        return read_number(text) if text else None
    except Unreadable:
        return None
