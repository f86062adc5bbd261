"""The lines of the register, made into rows to stage. A large file is read in a process beside the one that writes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice

from maillage.core.loading.sharing import shared
from maillage.directory.rules.identifiers import UnknownIdentifier, practitioner_key
from maillage.directory.rules.register import NULL, Layout, Person, Places, Reader, line_fingerprint

Block = tuple[int, list[bytes]]  # the number of the first line, and the lines
Packed = tuple[int, bytes]  # the same in one piece: it travels ten times faster
Seen = tuple[bytes, int, int]  # rows of the table `seen`, their number, that of the lines they stand for
LARGE = 20 * 1024 * 1024  # bytes; below it a process costs more than it saves
LONGEST_PERSON = 1_000  # lines
PEOPLE_AT_ONCE = 2_000


@dataclass
class Tally:
    """What was met in some lines."""

    read: int = 0
    without_place: int = 0
    professions: dict[bytes, bytes] = field(default_factory=dict)
    specialities: dict[bytes, bytes] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        self.read += other.read
        self.without_place += other.without_place
        self.professions |= other.professions
        self.specialities |= other.specialities


@dataclass(frozen=True)
class Stretch:
    """What lines became: for each table its rows and their number; what is told of the lines; their tally."""

    rows: Mapping[str, tuple[bytes, int]]
    remarks: list[tuple[int, str, str, bool]]
    tally: Tally


class Parser:
    """Blocks of lines, one after the other."""

    def __init__(self, layout: Layout, places: Places, departements: frozenset[bytes]) -> None:
        self.remarks: list[tuple[int, str, str, bool]] = []
        self.reader = Reader(layout, places, self._tell, departements)

    def _tell(self, line: int, identifier: str, reason: str, *, kept: bool = False) -> None:
        self.remarks.append((line, identifier, reason, kept))

    def block(self, block: Block) -> Stretch:
        first, lines = block
        return self._stretch(self.reader.people(enumerate(lines, first)))

    def scattered(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[Stretch]:
        """Numbered lines from here and there, with as few people in memory as a block holds."""
        people = self.reader.people(lines)
        while (stretch := self._stretch(islice(people, PEOPLE_AT_ONCE))).rows["person"][1]:
            yield stretch
        yield stretch  # nobody more, but lines to tell of

    def _stretch(self, people: Iterable[Person]) -> Stretch:
        persons: list[bytes] = []
        organizations: list[bytes] = []
        roles: list[bytes] = []
        for person in people:
            persons.append(person.row)
            organizations += person.organizations
            roles += person.roles
        remarks, self.remarks = self.remarks, []
        rows = {"person": _joined(persons), "organization": _joined(organizations), "role": _joined(roles)}
        return Stretch(rows, remarks, self._tally())

    def _tally(self) -> Tally:
        reader = self.reader
        tally = Tally(reader.read, reader.without_place, reader.professions, reader.specialities)
        reader.read = reader.without_place = 0
        return tally


def _joined(rows: list[bytes]) -> tuple[bytes, int]:
    return b"\n".join(rows), len(rows)


def stretches(
    blocks: Iterable[Block], layout: Layout, places: Places, departements: frozenset[bytes], *, size: int
) -> Iterator[Stretch]:
    """Every person of a file; `size` in bytes tells whether a process of its own is worth it."""
    parts = whole_people(blocks, layout.identity)
    parser = Parser(layout, places, departements)
    if size < LARGE:
        yield from map(parser.block, parts)
        return
    yield from shared(
        map(_packed, parts),
        here=lambda packed: parser.block(_unpacked(packed)),
        there=_parse,
        prepare=_prepare_parser,
        arguments=(layout, places, departements),
    )


def fingerprints(blocks: Iterable[Block], layout: Layout, *, size: int) -> Iterator[Seen]:
    """Rows of the table `seen`, for every line of a file."""
    identity = layout.identity
    parts = whole_people(blocks, identity)
    if size < LARGE:
        yield from (seen_in(block, identity) for block in parts)
        return
    yield from shared(
        map(_packed, parts),
        here=lambda packed: seen_in(_unpacked(packed), identity),
        there=_fingerprint,
        prepare=_prepare_fingerprint,
        arguments=(identity,),
    )


def whole_people(blocks: Iterable[Block], identity: int) -> Iterator[Block]:
    """The same lines, cut where the person changes: nobody is met twice because a block ended."""
    held: list[bytes] = []
    following = 1
    for first, lines in blocks:
        following = first + len(lines)
        held += lines
        cut = _last_person(held, identity) if held else 0
        if cut:
            yield following - len(held), held[:cut]
            held = held[cut:]
    if held:
        yield following - len(held), held


def _last_person(lines: list[bytes], identity: int) -> int:
    """Where the lines of the last person begin."""
    last, place = _number_of(lines[-1], identity), len(lines) - 1
    while place and len(lines) - place < LONGEST_PERSON and _number_of(lines[place - 1], identity) == last:
        place -= 1
    return place


def seen_in(block: Block, identity: int) -> Seen:
    """Who stands on lines that follow each other, NULL when they tell nobody; their digest, first number and count."""
    first, lines = block
    rows: list[bytes] = []
    for national_id, group in groupby(lines, lambda line: _number_of(line, identity)):
        digests = [line_fingerprint(line) for line in group]
        rows.append(b"%b|%d|%d|%d" % (_key_of(national_id) or NULL, sum(digests), first, len(digests)))
        first += len(digests)
    return b"\n".join(rows), len(rows), len(lines)


def _key_of(national_id: bytes) -> bytes:
    """The key of a person, b"" when the number is of none."""
    if len(national_id) == 12 and national_id.isdigit() and national_id[:1] == b"8":
        return national_id
    try:
        return b"%d" % practitioner_key(national_id.decode())
    except UnknownIdentifier:
        return b""


def _number_of(line: bytes, identity: int) -> bytes:
    cells = line.split(b"|", identity + 1)
    return cells[identity] if len(cells) > identity else b""


# In the other process: what it was prepared with.
_parser: Parser
_identity: int


def _prepare_parser(layout: Layout, places: Places, departements: frozenset[bytes]) -> None:
    global _parser  # noqa: PLW0603  # the one state of that process
    _parser = Parser(layout, places, departements)


def _parse(packed: Packed) -> Stretch:
    return _parser.block(_unpacked(packed))


def _prepare_fingerprint(identity: int) -> None:
    global _identity  # noqa: PLW0603
    _identity = identity


def _fingerprint(packed: Packed) -> Seen:
    return seen_in(_unpacked(packed), _identity)


def _packed(block: Block) -> Packed:
    first, lines = block
    return first, b"\n".join(lines)


def _unpacked(packed: Packed) -> Block:
    first, lines = packed
    return first, lines.split(b"\n")
