"""Reading a pasted list: names, INSEE and postal codes, mixed, as they come out of a spreadsheet.

Pure: the places that match each clue are looked up by the caller, once for the whole list.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from maillage.core.text import normalised

CELLS = re.compile(r"[\t;|]")
CODE = re.compile(r"\b(?:\d{5}|2[ABab]\d{3})\b")
SHORT_CODE = re.compile(r"^\d{4}$")  # a spreadsheet ate the leading zero
MAX_KEY = 80
LONGEST_CELL = 200  # names and numbers are shorter; what is matched below is tried from each sign


class PlaceKind(StrEnum):
    """Same values as geography.PlaceNameKind, named here so that the rule needs no database."""

    CODE = "code"
    POSTAL_CODE = "postal"
    NAME = "name"
    FORMER_CODE = "former-code"
    FORMER_NAME = "former-name"

    @property
    def is_former(self) -> bool:
        return self in (PlaceKind.FORMER_CODE, PlaceKind.FORMER_NAME)


@dataclass(frozen=True)
class Place:
    """One commune that a clue may designate, and what is shown of it."""

    code: str
    kind: PlaceKind
    label: str
    departement: str
    commune: str = ""
    departement_name: str = ""
    population: int | None = None


class Answer(StrEnum):
    FOUND = "found"
    MERGED = "merged"
    SEVERAL = "several"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Line:
    """One line as typed, and the clues in it."""

    number: int
    text: str
    names: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Resolution:
    """What one line designates."""

    line: Line
    answer: Answer
    places: tuple[Place, ...] = field(default=())


def repaired(text: str) -> str:
    """UTF-8 once read as Windows-1252 (BÃ©ziers) comes back; anything else is left as it is."""
    if "Ã" not in text and "Å" not in text:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def read_lines(text: str) -> list[Line]:
    """Lines that hold something. A line of names split by commas counts as several."""
    lines: list[Line] = []
    for number, raw in enumerate(repaired(text).replace("\x00", "").splitlines(), start=1):
        lines.extend(_line(number, piece) for piece in _pieces(raw) if piece.strip(" ,;\t|\"'"))
    return lines


def _pieces(raw: str) -> list[str]:
    """Commas split communes, unless the line is a record: other separators, or one name among numbers."""
    if CELLS.search(raw) or "," not in raw:
        return [raw]
    cells = [cell[:LONGEST_CELL] for cell in raw.split(",") if cell.strip()]
    names = [cell for cell in cells if not re.fullmatch(r"[\s\d.AaBb]*\d[\s\d.]*", cell)]
    return [raw] if len(names) == 1 and len(cells) > 1 and not CODE.search(names[0]) else cells


def _line(number: int, raw: str) -> Line:
    names, codes = [], []
    for whole in CELLS.split(raw.replace(",", ";")):
        cell = whole[:LONGEST_CELL]
        cell_codes = CODE.findall(cell)
        short = cell.strip()
        codes += [code.lower() for code in cell_codes] + ([f"0{short}"] if SHORT_CODE.match(short) else [])
        name = normalised(CODE.sub(" ", cell))
        if re.search(r"[a-z]", name):
            names.append(name[:MAX_KEY])
    return Line(number, raw.strip()[:200], tuple(names), tuple(codes))


def keys_of(lines: Iterable[Line]) -> set[str]:
    """Every clue to look up."""
    return {key for line in lines for key in (*line.names, *line.codes)}


def resolve(
    line: Line, places: Mapping[str, list[Place]], *, near: frozenset[str], numbers: PlaceKind | None = None
) -> Resolution:
    """What a line designates. `near`: départements that settle homonyms; `numbers`: what five digits mean, if said."""
    by_name = _distinct([place for name in line.names for place in places.get(name, [])])
    codes = [code for code in line.codes if not _is_population(code, by_name)]
    by_code = _distinct([place for code in codes for place in _as_said(places.get(code, []), numbers)])
    if not by_name:
        return _without_name(line, by_code)
    agreed = {place.code for place in by_name} & {place.code for place in by_code}
    if agreed:
        return _answer(line, [place for place in by_name if place.code in agreed])
    if by_code:  # the name says one thing, the code another: somebody must choose
        return _answer(line, _distinct(_settle(by_name, near) + by_code))
    return _answer(line, _settle(by_name, near))


def _is_population(code: str, named: list[Place]) -> bool:
    """A number beside a name may be its population rather than a code: of this vintage or of one near it."""
    if not code.isdecimal():
        return False
    return any(place.population and abs(int(code) - place.population) <= place.population // 20 for place in named)


def _without_name(line: Line, by_code: list[Place]) -> Resolution:
    """Codes alone are trusted; beside a name that matches nothing they are only proposed, unless the name begins so."""
    begun = [place for place in by_code if line.names and normalised(place.commune).startswith(line.names)]
    if begun or not line.names:
        return _answer(line, begun or by_code)
    return Resolution(line, Answer.SEVERAL if by_code else Answer.UNKNOWN, tuple(by_code))


def _as_said(places: list[Place], numbers: PlaceKind | None) -> list[Place]:
    if numbers is None:
        return places
    former = (PlaceKind.FORMER_CODE,) if numbers == PlaceKind.CODE else ()
    return [place for place in places if place.kind in (numbers, *former)]


def _distinct(places: list[Place]) -> list[Place]:
    """One entry a commune; its present name beats a former one."""
    best: dict[str, Place] = {}
    for place in sorted(places, key=lambda place: place.kind.is_former):
        best.setdefault(place.code, place)
    return list(best.values())


def _settle(places: list[Place], near: frozenset[str]) -> list[Place]:
    """Homonyms: a commune of that name today beats a former one, one nearby beats one far away."""
    for preferred in (
        [place for place in places if place.departement in near and not place.kind.is_former],
        [place for place in places if place.departement in near],
        [place for place in places if not place.kind.is_former],
    ):
        if preferred:
            return preferred
    return places


def _answer(line: Line, places: list[Place]) -> Resolution:
    if not places:
        return Resolution(line, Answer.UNKNOWN)
    if len(places) > 1:
        ordered = sorted(places, key=lambda place: (place.kind.is_former, place.code))
        return Resolution(line, Answer.SEVERAL, tuple(ordered))
    return Resolution(line, Answer.MERGED if places[0].kind.is_former else Answer.FOUND, tuple(places))


def suggested(unknown: Resolution, places: Mapping[str, list[Place]], *, near: frozenset[str]) -> Resolution:
    """For a name that matches nothing, longer names that start with it: to be confirmed, never taken as found."""
    similar = [place for name in unknown.line.names for place in places.get(name, [])]
    candidates = _settle(_distinct(similar), near)
    return Resolution(unknown.line, Answer.SEVERAL, tuple(candidates)) if candidates else unknown
