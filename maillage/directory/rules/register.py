"""The extraction `PS_LibreAcces_Personne_activite` of the Annuaire Santé, line by line. Pure: no Django, no clock.

UTF-8, `|` between fields, no quoting, one line for each activity and each savoir-faire of a person, often one
more `|` at the end. Columns are found by normalised name. Fields stay bytes: two million lines go through here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, Protocol

import xxhash

from maillage.core.text import ABBREVIATIONS, normalised
from maillage.directory.rules.identifiers import UnknownIdentifier, practitioner_key, role_key
from maillage.directory.rules.professions import group_of

COLUMN_NAMES = tuple(
    (
        "Type d'identifiant PP|Identifiant PP|Identification nationale PP|Code civilité d'exercice|"
        "Libellé civilité d'exercice|Code civilité|Libellé civilité|Nom d'exercice|Prénom d'exercice|Code profession|"
        "Libellé profession|Code catégorie professionnelle|Libellé catégorie professionnelle|Code type savoir-faire|"
        "Libellé type savoir-faire|Code savoir-faire|Libellé savoir-faire|Code mode exercice|Libellé mode exercice|"
        "Numéro SIRET site|Numéro SIREN site|Numéro FINESS site|Numéro FINESS établissement juridique|"
        "Identifiant technique de la structure|Raison sociale site|Enseigne commerciale site|"
        "Complément destinataire (coord. structure)|Complément point géographique (coord. structure)|"
        "Numéro Voie (coord. structure)|Indice répétition voie (coord. structure)|Code type de voie (coord. structure)|"
        "Libellé type de voie (coord. structure)|Libellé Voie (coord. structure)|"
        "Mention distribution (coord. structure)|Bureau cedex (coord. structure)|Code postal (coord. structure)|"
        "Code commune (coord. structure)|Libellé commune (coord. structure)|Code pays (coord. structure)|"
        "Libellé pays (coord. structure)|Téléphone (coord. structure)|Téléphone 2 (coord. structure)|"
        "Télécopie (coord. structure)|Adresse e-mail (coord. structure)|Code Département (structure)|"
        "Libellé Département (structure)|Ancien identifiant de la structure|Autorité d'enregistrement|"
        "Code secteur d'activité|Libellé secteur d'activité|Code section tableau pharmaciens|"
        "Libellé section tableau pharmaciens|Code rôle|Libellé rôle|Code genre activité|Libellé genre activité"
    ).split("|")
)
EXERCISE = (
    "Identification nationale PP",
    "Code civilité d'exercice",
    "Nom d'exercice",
    "Prénom d'exercice",
    "Code profession",
    "Code catégorie professionnelle",
    "Code savoir-faire",
    "Code mode exercice",
    "Numéro SIRET site",
    "Numéro FINESS site",
    "Identifiant technique de la structure",
    "Ancien identifiant de la structure",
    "Code postal (coord. structure)",
    "Code commune (coord. structure)",
    "Code rôle",
    "Code genre activité",
)
STRUCTURE = (
    "Raison sociale site",
    "Enseigne commerciale site",
    "Complément destinataire (coord. structure)",
    "Complément point géographique (coord. structure)",
    "Numéro Voie (coord. structure)",
    "Indice répétition voie (coord. structure)",
    "Libellé type de voie (coord. structure)",
    "Libellé Voie (coord. structure)",
    "Mention distribution (coord. structure)",
    "Bureau cedex (coord. structure)",
    "Libellé commune (coord. structure)",
    "Téléphone (coord. structure)",
    "Téléphone 2 (coord. structure)",
    "Adresse e-mail (coord. structure)",
    "Code secteur d'activité",
)
LABELS = ("Libellé profession", "Libellé savoir-faire")
NULL = b"\x02"  # what staging takes for no value
SUBSTITUTE_ROLE, SUBSTITUTE_ACTIVITY = b"FON-22", b"GENR02"
IDENTITY = normalised("Identification nationale PP")
OTHER_IDENTITY = "même identifiant, autre identité"
LONGEST_NAME, LONGEST_STRUCTURE = 80, 20
REMEMBERED = 5_000  # structures kept in mind between two lines: bounded, so that memory is flat
FINGERPRINT_MASK = (1 << 47) - 1  # sums of 47 bits stay in 63 whatever the lines of one person


class MissingColumns(ValueError):
    """The header lacks columns that the extraction has."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__(", ".join(missing))


@dataclass(frozen=True)
class Layout:
    """Where each column stands in this file."""

    positions: Mapping[str, int]
    width: int

    @property
    def identity(self) -> int:
        """Where the number of the person stands."""
        return self.positions[IDENTITY]

    def pick(self, names: Iterable[str]) -> Callable[[list[bytes]], tuple[bytes, ...]]:
        return itemgetter(*(self.positions[normalised(name)] for name in names))


def read_header(line: bytes, expected: Iterable[str] = COLUMN_NAMES) -> Layout:
    """Find the columns by name, whatever the order, accents and capitals. Raises MissingColumns, UnicodeDecodeError."""
    names = line.rstrip(b"\r\n").decode("utf-8-sig").split("|")
    if names[-1] == "":
        names.pop()
    positions = {normalised(name): place for place, name in enumerate(names)}
    if missing := [name for name in expected if normalised(name) not in positions]:
        raise MissingColumns(missing)
    return Layout(positions, len(names))


UNKNOWN = 0  # a fingerprint that no lines have


def line_fingerprint(line: bytes) -> int:
    """A digest of one line; those of a person add up, whatever their order."""
    return xxhash.xxh3_64_intdigest(line) & FINGERPRINT_MASK


HYPHENS = bytes.maketrans(b"-'", b"  ")
SHORTENED = frozenset(word.encode() for word in ABBREVIATIONS)


@lru_cache(maxsize=2_000)
def search_key(name: bytes) -> bytes:
    """A name as it is searched. Most are plain capitals, spaces and hyphens: the long way is for the others."""
    words = name.lower().translate(HYPHENS).split()
    if all(map(bytes.isalnum, words)) and SHORTENED.isdisjoint(words):  # of bytes: ASCII letters and digits only
        return b" ".join(words)
    return normalised(name.decode()).encode()


class Person(NamedTuple):
    """One person with what the file says of them: staged rows, `|` between values in the order of the columns."""

    row: bytes
    organizations: list[bytes]
    roles: list[bytes]


class Tell(Protocol):
    """Hears of a line refused, or kept with a doubt: its number, the person, the reason."""

    def __call__(self, line: int, identifier: str, reason: str, *, kept: bool = False) -> None: ...


@dataclass
class Places:
    """How a line is put in a commune: codes of today, codes that merged, postal codes of a single commune."""

    communes: Mapping[bytes, bytes]
    postal_codes: Mapping[bytes, bytes]

    def find(self, code: bytes, postal_code: bytes) -> bytes:
        """The commune of today; b"" when nothing tells it."""
        return self.communes.get(code, b"") if code else self.postal_codes.get(postal_code, b"")


@dataclass
class Reader:
    """Turns lines into people. What it cannot take, or takes with a doubt, is told with its line and reason.

    Written for speed: on two million lines each microsecond is two seconds.
    """

    layout: Layout
    places: Places
    tell: Tell
    departements: frozenset[bytes] = frozenset()
    read: int = 0
    without_place: int = 0
    professions: dict[bytes, bytes] = field(default_factory=dict)
    specialities: dict[bytes, bytes] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._communes, self._postal_codes = self.places.communes, self.places.postal_codes
        self._pick_structure, self._pick_labels = self.layout.pick(STRUCTURE), self.layout.pick(LABELS)

    def people(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[Person]:
        """One person at each change of identifier. A person met again later is emitted again (merged in staging)."""
        width, pick, add = self.layout.width, self.layout.pick(EXERCISE), self._add
        block = _Block((b"", b"", b"", b""), 0)
        for number, line in lines:
            self.read += 1
            fields = line.split(b"|")
            # One more bar at the end is usual; one more field is a bar inside a field, and everything after it shifted.
            if len(fields) != width and (len(fields) != width + 1 or fields[-1]):
                self.tell(number, "", f"{len(fields)} champs au lieu de {width}")
                continue
            kept = pick(fields)
            if kept[0] != block.national_id:
                if block.exercises:
                    yield block.person()
                block = _Block(kept, number)
            if block.refusal:
                self.tell(number, _text(kept[0]), block.refusal)
            elif kept[2] != block.family_name or kept[3] != block.given_name:
                self.tell(number, _text(kept[0]), OTHER_IDENTITY)
            else:
                add(number, kept, fields, line, block)
        if block.exercises:
            yield block.person()

    def _add(self, number: int, kept: tuple[bytes, ...], fields: list[bytes], line: bytes, block: "_Block") -> None:
        (
            _,
            _,
            _,
            _,
            profession,
            category,
            speciality,
            mode,
            siret,
            finess,
            technical,
            former,
            postal_code,
            code,
            role,
            activity,
        ) = kept
        commune = self._communes.get(code, b"") if code else self._postal_codes.get(postal_code, b"")
        if len(profession) > 4 or len(category) > 2 or len(mode) > 2:
            self.tell(number, _text(kept[0]), "code de profession, de catégorie ou de mode trop long")
            block.is_known = False
            return
        if self.departements and _departement(commune or code or postal_code) not in self.departements:
            block.is_known = False
            return
        if code and not commune:
            self.tell(number, _text(kept[0]), f"commune inconnue : {_text(code)}", kept=True)
            block.is_known = False
        block.fingerprint += xxhash.xxh3_64_intdigest(line) & FINGERPRINT_MASK
        self.without_place += not commune
        organization = b"1" + finess if finess else b"3" + siret if siret else former or technical
        if len(organization) > LONGEST_STRUCTURE:
            organization = _fit(organization, LONGEST_STRUCTURE)
        if organization and organization not in self._seen:
            self._remember(organization)
            block.organizations.append(
                self._organization(fields, number, (organization, finess, siret, postal_code, commune))
            )
        if profession not in self.professions or speciality not in self.specialities:
            self.professions[profession], self.specialities[speciality] = self._pick_labels(fields)
        substitute = role == SUBSTITUTE_ROLE or activity == SUBSTITUTE_ACTIVITY
        what = (profession, category, mode, organization)
        block.add(what, speciality, commune, number, substitute=substitute)

    def _remember(self, organization: bytes) -> None:
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen.add(organization)

    def _organization(self, fields: list[bytes], number: int, known: tuple[bytes, bytes, bytes, bytes, bytes]) -> bytes:
        organization, finess, siret, postal_code, commune = known
        (
            legal_name,
            brand,
            recipient,
            place,
            house,
            repetition,
            street_type,
            street,
            distribution,
            cedex,
            city,
            phone,
            phone_2,
            email,
            sector,
        ) = self._pick_structure(fields)
        name = _fit(brand or legal_name or recipient, 200)
        line = b" ".join(filter(None, (house, repetition, street_type, street)))
        complement = b", ".join(filter(None, (recipient, place, distribution)))
        return b"|".join(
            (
                organization,
                name,
                search_key(name),
                _fit(finess, 9),
                _fit(siret, 14),
                _fit(complement, 200),
                _fit(line, 200),
                _fit(postal_code, 10),
                _fit(city or cedex, 100),
                commune or NULL,
                _fit(phone.replace(b" ", b""), 30),
                _fit(phone_2.replace(b" ", b""), 30),
                _fit(email, 150),
                _fit(sector, 10),
                b"%d" % number,
            )
        )


class _Block:
    """Consecutive lines of one person, gathered by exercise."""

    __slots__ = (
        "exercises",
        "family_name",
        "fingerprint",
        "given_name",
        "is_known",
        "key",
        "national_id",
        "number",
        "organizations",
        "refusal",
        "title",
    )

    def __init__(self, kept: tuple[bytes, ...], number: int) -> None:
        national_id = self.national_id = self.key = kept[0]
        self.title, self.family_name, self.given_name, self.number = kept[1], kept[2], kept[3], number
        self.refusal = ""
        self.fingerprint = 0
        # False when a line was told of, or out of scope: the person is read again next time, with or without it.
        self.is_known = True
        self.organizations: list[bytes] = []
        self.exercises: dict[tuple[bytes, bytes, bytes, bytes], _Exercise] = {}
        # The usual case, checked without decoding.
        if not (len(national_id) == 12 and national_id.isdigit() and national_id[:1] == b"8"):
            self._read_key()
        if not 0 < len(kept[2]) <= LONGEST_NAME or len(kept[3]) > LONGEST_NAME:
            self.refusal = "nom trop long" if kept[2] else "nom absent"

    def _read_key(self) -> None:
        try:
            self.key = b"%d" % practitioner_key(self.national_id.decode())
        except UnknownIdentifier:
            self.refusal = "identifiant inconnu : ni RPPS ni ADELI"

    def add(
        self,
        what: tuple[bytes, bytes, bytes, bytes],
        speciality: bytes,
        commune: bytes,
        number: int,
        *,
        substitute: bool,
    ) -> None:
        """The first line of an exercise opens it; the next ones add their savoir-faire."""
        before = self.exercises.get(what)
        if before is None:
            self.exercises[what] = (speciality, commune, substitute, number)
            return
        known, place, was_substitute, first = before
        specialities = b" ".join(sorted({*known.split(), speciality} - {b""}))
        self.exercises[what] = (specialities, place or commune, was_substitute and substitute, first)

    def person(self) -> Person:
        key, family_name, given_name = self.key, self.family_name, self.given_name
        row = b"%b|%b|%b|%b|%b %b|%d|%d" % (
            key,
            _fit(self.title, 10),
            family_name,
            given_name,
            search_key(family_name),
            search_key(given_name),
            self.fingerprint if self.is_known else UNKNOWN,
            self.number,
        )
        roles = [
            b"%d|%b|%b|%b|%b|%b|%b|%b|%b|%d|%d"
            % (
                role_key(key, profession, category, mode, organization),
                key,
                profession,
                _group(profession, specialities),
                category,
                mode,
                specialities[:80],
                organization or NULL,
                commune or NULL,
                substitute,
                number,
            )
            for (profession, category, mode, organization), (
                specialities,
                commune,
                substitute,
                number,
            ) in self.exercises.items()
        ]
        return Person(row, self.organizations, roles)


_Exercise = tuple[bytes, bytes, bool, int]


@lru_cache(maxsize=1_000)
def _group(profession: bytes, specialities: bytes) -> bytes:
    return group_of(profession.decode(), specialities.decode().split()).encode()


def _fit(value: bytes, length: int) -> bytes:
    """At most `length` characters; almost always what came in."""
    return value if len(value) <= length else value.decode()[:length].encode()


def _departement(code: bytes) -> bytes:
    """24037 -> 24, 97411 -> 974, 2A004 -> 2A; a postal code of Corsica (20…) is told by its commune only."""
    return code[:3] if code.startswith((b"97", b"98")) else code[:2]


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
