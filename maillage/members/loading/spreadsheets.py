"""A spreadsheet on its way in: how each row reads today, and who among the members it may already be."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from maillage.core.text import normalised
from maillage.directory.models import Practitioner
from maillage.members.loading.cells import Cells
from maillage.members.models import Membership, SpreadsheetImport
from maillage.members.rules.names import search_name
from maillage.members.rules.spreadsheet import FIELDS, Entry, read_row

NEW, SKIP = "new", "skip"


@dataclass(frozen=True)
class Likeness:
    """A member that a row may already be, and what makes one think so."""

    uuid: str
    name: str
    search_name: str
    why: str
    is_sure: bool
    is_told_by_its_person: bool = False


@dataclass
class PreviewRow:
    """One row as it will be imported."""

    number: int  # of the row in the import, from 0
    line: int  # in the file, as people count
    texts: Mapping[str, str]
    entry: Entry
    alike: list[Likeness] = field(default_factory=list)
    twin: str = ""  # an earlier line of the file that says the same person
    taken_by: str = ""  # who has their number: the uuid of a member, or an earlier line
    choice: str = NEW

    @property
    def person(self) -> Practitioner | None:
        """Who the directory says it is, when the row gives a number."""
        practitioner = self.entry.values.get("rpps")
        return practitioner if isinstance(practitioner, Practitioner) else None

    @property
    def note(self) -> str:
        """What of the row is not written, and why."""
        chosen = next((likeness for likeness in self.alike if likeness.uuid == self.choice), None)
        if chosen is None or not chosen.is_told_by_its_person:
            return ""
        return "Fiche reliée à un compte, ou contestée : un import n’y change ni nom, ni numéro, ni adresse."

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


def is_told_by_its_person(page: Membership) -> bool:
    """Whether an account answers for who it is, or somebody says that it does not: no team writes that any more."""
    return bool(page.account_id or page.contested_at)


def preview_of(sheet: SpreadsheetImport) -> Preview:
    """Read every row with its corrections, and look for whom it may already be. A few queries, whatever the rows."""
    texts = [_texts(sheet, number) for number in range(len(sheet.rows))]
    cells = Cells(sheet, texts)
    rows = [
        PreviewRow(number, line, row_texts, read_row(row_texts, cells.readers))
        for number, (line, row_texts) in enumerate(zip(sheet.lines, texts, strict=True))
    ]
    known = _Known(sheet)
    for row in rows:
        _check_person(row)
        row.alike, row.taken_by = known.alike(row), known.holder(row)
        row.twin = known.twin(row)
        chosen = sheet.choices.get(str(row.number))
        row.choice = chosen if chosen in {NEW, SKIP, *(likeness.uuid for likeness in row.alike)} else _proposed(row)
        _check_choice(row)
    return Preview(rows)


def _check_choice(row: PreviewRow) -> None:
    """A number belongs to one person, and to the person of that name."""
    person = row.person
    if row.choice == SKIP or person is None:
        return
    if row.taken_by and row.taken_by != row.choice:
        row.entry.errors["rpps"] = "Déjà là : complétez sa fiche, ou laissez cette ligne de côté."
    chosen = next((likeness for likeness in row.alike if likeness.uuid == row.choice), None)
    if chosen and normalised(person.family_name) not in chosen.search_name:
        row.entry.errors["rpps"] = f"Ce numéro n’est pas celui de {chosen.name}."


def _texts(sheet: SpreadsheetImport, number: int) -> dict[str, str]:
    row: list[str] = sheet.rows[number]
    corrected: dict[str, str] = sheet.corrections.get(str(number), {})
    texts = {key: row[place] if place < len(row) else "" for key, place in sheet.columns.items()}
    return texts | corrected


def _check_person(row: PreviewRow) -> None:
    """A number and a name that go together; a name that is missing comes from the directory."""
    person = row.person
    if person is None:
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
    sure = next((likeness for likeness in row.alike if likeness.is_sure), None)
    return sure.uuid if sure else NEW


MOST_ALIKE = 5  # shown beside a row: nobody chooses among more
MOST_BEHIND_A_SIGN = 12  # a telephone or an address that more people share tells nobody apart


class _Known:
    """The members there are, found by what tells people apart."""

    def __init__(self, sheet: SpreadsheetImport) -> None:
        self.by: dict[tuple[str, Any], list[Membership]] = defaultdict(list)
        self.seen: dict[tuple[str, Any], tuple[str, Any]] = {}  # sign -> line, number of the person
        members = Membership.objects.of(sheet.cpts).open()
        for member in members.only(*IDENTIFYING).order_by("pk"):
            for sign in _signs(member.practitioner_id, member.email, member.search_name, member.phone):
                if len(self.by[sign]) < MOST_BEHIND_A_SIGN:
                    self.by[sign].append(member)

    def alike(self, row: PreviewRow) -> list[Likeness]:
        """Surest first: same number, same name, same address, same telephone. Two numbers are two people."""
        key = row.person.pk if row.person else None
        family = normalised(str(row.entry.values.get("family_name", "")))
        likenesses: dict[str, Likeness] = {}
        for sign in _signs_of(row):
            for member in self.by.get(sign, ()):
                if key and member.practitioner_id and member.practitioner_id != key:
                    continue
                # A whole cabinet may share an address: it is sure only with the name.
                is_sure = sign[0] in SURE or (sign[0] == "email" and bool(family) and family in member.search_name)
                uuid = str(member.uuid)
                likenesses.setdefault(
                    uuid,
                    Likeness(
                        uuid, str(member), member.search_name, WHY[sign[0]], is_sure, is_told_by_its_person(member)
                    ),
                )
        return sorted(likenesses.values(), key=lambda likeness: not likeness.is_sure)[:MOST_ALIKE]

    def holder(self, row: PreviewRow) -> str:
        """Who has the number of this row already."""
        if row.person is None:
            return ""
        sign = ("rpps", row.person.pk)
        there = self.by.get(sign)
        return str(there[0].uuid) if there else self.seen.get(sign, ("", None))[0]

    def twin(self, row: PreviewRow) -> str:
        """An earlier line with the same number or name; this one is remembered for the next."""
        key = row.person.pk if row.person else None
        signs = [sign for sign in _signs_of(row) if sign[0] in SURE]
        earlier = ""
        for sign in signs:
            line, other = self.seen.setdefault(sign, (str(row.line), key))
            if line != str(row.line) and not earlier and (key is None or other is None or key == other):
                earlier = line
        return earlier


IDENTIFYING = (
    "uuid",
    "kind",
    "structure",
    "given_name",
    "family_name",
    "search_name",
    "email",
    "phone",
    "practitioner",
    "account",
    "contested_at",
)
WHY = {"rpps": "même numéro", "email": "même adresse", "name": "même nom", "phone": "même téléphone"}
SURE = frozenset({"rpps", "name"})


def _signs(key: Any, email: str, name: str, phone: str) -> list[tuple[str, Any]]:
    signs = (("rpps", key), ("name", " ".join(sorted(name.split()))), ("email", email.lower()), ("phone", phone))
    return [(what, value) for what, value in signs if value]


def _signs_of(row: PreviewRow) -> list[tuple[str, Any]]:
    values = row.entry.values
    name = search_name(**{key: str(values.get(key, "")) for key in ("structure", "family_name", "given_name")})
    return _signs(
        row.person.pk if row.person else None,
        str(values.get("email", "")),
        name,
        str(values.get("phone", "")),
    )


def column_choices(sheet: SpreadsheetImport) -> list[tuple[str, str, int | None]]:
    """(field, label, place of its column) for the page that confirms the columns."""
    return [(column.key, column.label, sheet.columns.get(column.key)) for column in FIELDS]
