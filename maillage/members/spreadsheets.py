"""A spreadsheet on its way in: how each row reads today, and who among the members it may already be."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from maillage.core.bulk import rows_in
from maillage.core.fields import phone_number
from maillage.core.text import normalised
from maillage.directory.models import Practitioner
from maillage.geography.models import Commune
from maillage.geography.queries import places_by_key
from maillage.members.models import College, Membership, SpreadsheetImport
from maillage.members.rules.names import search_name
from maillage.members.rules.spreadsheet import (
    FIELDS,
    Entry,
    Unreadable,
    read_day,
    read_email,
    read_number,
    read_row,
)

NEW, SKIP = "new", "skip"


@dataclass(frozen=True)
class Likeness:
    """A member that a row may already be, and what makes one think so."""

    uuid: str
    name: str
    why: str
    is_sure: bool


@dataclass
class PreviewRow:
    """One row as it will be imported."""

    number: int  # of the row in the import, from 0
    line: int  # in the file, as people count
    texts: Mapping[str, str]
    entry: Entry
    alike: list[Likeness] = field(default_factory=list)
    twin: int = 0  # an earlier line of the file that says the same person
    is_taken: bool = False  # their number is that of a member, or of an earlier line
    choice: str = NEW

    @property
    def is_wrong(self) -> bool:
        return bool(self.entry.errors) and self.choice != SKIP

    @property
    def is_kept(self) -> bool:
        return not self.entry.errors and self.choice != SKIP


@dataclass(frozen=True)
class Preview:
    """The whole import, before anything is written."""

    rows: list[PreviewRow]
    people: Mapping[int, Practitioner]

    @property
    def wrong(self) -> list[PreviewRow]:
        return [row for row in self.rows if row.is_wrong]

    @property
    def doubtful(self) -> list[PreviewRow]:
        return [row for row in self.rows if row.alike or row.twin]

    @property
    def kept(self) -> list[PreviewRow]:
        return [row for row in self.rows if row.is_kept]

    @property
    def new(self) -> int:
        return sum(row.choice == NEW for row in self.kept)

    @property
    def completed(self) -> int:
        return len(self.kept) - self.new

    @property
    def skipped(self) -> int:
        return sum(row.choice == SKIP for row in self.rows)


def preview_of(sheet: SpreadsheetImport) -> Preview:
    """Read every row with its corrections, and look for whom it may already be. A few queries, whatever the rows."""
    texts = [_texts(sheet, number) for number in range(len(sheet.rows))]
    readers, people = _readers(sheet, texts)
    rows = [
        PreviewRow(number, line, told, read_row(told, readers))
        for number, (line, told) in enumerate(zip(sheet.lines, texts, strict=True))
    ]
    known = _Known(sheet)
    for row in rows:
        _check_person(row, people)
        row.alike, row.is_taken = known.alike(row), known.is_taken(row)
        row.twin = known.twin(row)
        chosen = sheet.choices.get(str(row.number))
        row.choice = chosen if chosen in {NEW, SKIP, *(one.uuid for one in row.alike)} else _proposed(row)
        if row.choice == NEW and row.is_taken:
            row.entry.errors["rpps"] = "Déjà là : complétez sa fiche, ou laissez cette ligne de côté."
    return Preview(rows, people)


def _texts(sheet: SpreadsheetImport, number: int) -> dict[str, str]:
    row: list[str] = sheet.rows[number]
    corrected: dict[str, str] = sheet.corrections.get(str(number), {})
    told = {key: row[place] if place < len(row) else "" for key, place in sheet.columns.items()}
    return told | corrected


def _readers(
    sheet: SpreadsheetImport, texts: list[dict[str, str]]
) -> tuple[dict[str, Callable[[str], object]], dict[int, Practitioner]]:
    """How to read the cells that need the database, each looked up once for the whole file."""
    places = places_by_key(_commune_keys(texts))
    colleges = {normalised(one.name): one for one in College.objects.filter(cpts=sheet.cpts)}
    keys = {key for told in texts if (key := _person_key(told.get("rpps", "")))}
    people: dict[int, Practitioner] = {
        one.pk: one for one in rows_in(Practitioner.objects.filter(until=None), "pk", keys)
    }

    def read_commune(text: str) -> Commune:
        found = {place.code: place for key in _keys_of_commune(text) for place in places.get(key, ())}
        if len(found) != 1:
            problem = "Plusieurs communes de ce nom" if found else "Aucune commune de ce nom"
            raise Unreadable(f"{problem} : donnez son code postal ou son code INSEE.")
        code = next(iter(found))
        return Commune(code=code, name=found[code].commune)

    def read_college(text: str) -> College:
        if normalised(text) not in colleges:
            raise Unreadable("Ce collège n’existe pas : créez-le, ou videz la case.")
        return colleges[normalised(text)]

    def read_person(text: str) -> Practitioner:
        key = read_number(text)
        if key not in people:
            raise Unreadable("Ce numéro n’est pas dans l’annuaire : vérifiez-le, ou videz la case.")
        return people[key]

    readers: dict[str, Callable[[str], object]] = {
        "email": read_email, "joined_on": read_day, "phone": _read_phone, "commune": read_commune,
        "college": read_college, "rpps": read_person,
    }  # fmt: skip
    return readers, people


def _read_phone(text: str) -> str:
    found = phone_number(text if len(text) != 9 or text.startswith("0") else f"0{text}")  # spreadsheets eat the zero
    if found is None:
        raise Unreadable("Ce n’est pas un numéro de téléphone.")
    return found


def _commune_keys(texts: Iterable[Mapping[str, str]]) -> set[str]:
    return {key for told in texts for key in _keys_of_commune(told.get("commune", ""))}


def _keys_of_commune(text: str) -> list[str]:
    """« 24100 Bergerac » is looked for by its name first: a postal code alone may be several communes."""
    words = normalised(text).split()
    digits = [word for word in words if word.isdecimal() and len(word) == 5]
    name = " ".join(word for word in words if word not in digits and word != "cedex")
    return [name] if name else digits


def _person_key(text: str) -> int | None:
    try:
        return read_number(text) if text else None
    except Unreadable:
        return None


def _check_person(row: PreviewRow, people: Mapping[int, Practitioner]) -> None:
    """A number and a name that go together; a name that is missing comes from the directory."""
    person = row.entry.values.get("rpps")
    if not isinstance(person, Practitioner):
        return
    typed = normalised(str(row.entry.values.get("family_name", "")))
    if not typed:
        row.entry.values |= {"family_name": person.family_name, "given_name": person.given_name}
        for key in ("family_name", "full_name"):
            row.entry.errors.pop(key, None)
    elif typed not in normalised(person.family_name) and normalised(person.family_name) not in typed:
        row.entry.errors["rpps"] = f"Ce numéro est celui de {person.given_name} {person.family_name}."


def _proposed(row: PreviewRow) -> str:
    if row.twin:
        return SKIP
    sure = next((one for one in row.alike if one.is_sure), None)
    return sure.uuid if sure else NEW


class _Known:
    """The members there are, found by what tells people apart."""

    def __init__(self, sheet: SpreadsheetImport) -> None:
        self.by: dict[tuple[str, Any], list[Membership]] = defaultdict(list)
        self.seen: dict[tuple[str, Any], int] = {}
        members = Membership.objects.of(sheet.cpts).open()
        for one in members.only(*IDENTIFYING):
            for sign in _signs(one.practitioner_id, one.email, one.search_name, one.phone):
                self.by[sign].append(one)

    def alike(self, row: PreviewRow) -> list[Likeness]:
        """Surest first: same number, same address, same name, same telephone. Two numbers are two people."""
        person = row.entry.values.get("rpps")
        found: dict[str, Likeness] = {}
        for sign in _signs_of(row):
            for one in self.by.get(sign, ()):
                if person and one.practitioner_id and one.practitioner_id != getattr(person, "pk", None):
                    continue
                uuid = str(one.uuid)
                found.setdefault(uuid, Likeness(uuid, str(one), WHY[sign[0]], sign[0] in SURE))
        return list(found.values())

    def is_taken(self, row: PreviewRow) -> bool:
        return any(sign in self.by or sign in self.seen for sign in _signs_of(row) if sign[0] == "rpps")

    def twin(self, row: PreviewRow) -> int:
        """An earlier line with the same number, address or name; this one is remembered for the next."""
        signs = [sign for sign in _signs_of(row) if sign[0] in SURE]
        earlier = next((self.seen[sign] for sign in signs if sign in self.seen), 0)
        for sign in signs:
            self.seen.setdefault(sign, row.line)
        return earlier


IDENTIFYING = (
    "uuid", "kind", "structure", "given_name", "family_name", "search_name", "email", "phone", "practitioner",
)  # fmt: skip
WHY = {"rpps": "même numéro", "email": "même adresse", "name": "même nom", "phone": "même téléphone"}
SURE = frozenset({"rpps", "email", "name"})


def _signs(key: Any, email: str, name: str, phone: str) -> list[tuple[str, Any]]:
    signs = (("rpps", key), ("email", email.lower()), ("name", " ".join(sorted(name.split()))), ("phone", phone))
    return [(what, value) for what, value in signs if value]


def _signs_of(row: PreviewRow) -> list[tuple[str, Any]]:
    values = row.entry.values
    person = values.get("rpps")
    name = search_name(**{key: str(values.get(key, "")) for key in ("structure", "family_name", "given_name")})
    return _signs(
        person.pk if isinstance(person, Practitioner) else None,
        str(values.get("email", "")),
        name,
        str(values.get("phone", "")),
    )


def column_choices(sheet: SpreadsheetImport) -> list[tuple[str, str, int | None]]:
    """(field, label, place of its column) for the page that confirms the columns."""
    return [(one.key, one.label, sheet.columns.get(one.key)) for one in FIELDS]
