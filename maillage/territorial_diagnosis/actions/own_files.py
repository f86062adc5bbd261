"""An indicator from a file that the CPTS brings: read, joined to communes, shown before it is accepted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.apart.reading import TakesLonger
from maillage.core.errors import DomainError, UnreadableFile
from maillage.core.loading.tables import Shape, read_table
from maillage.core.loading.waiting import keep_waiting, waiting
from maillage.core.models import Job
from maillage.core.work import jobs
from maillage.cpts.models import Cpts
from maillage.territorial_diagnosis.acts import Act
from maillage.territorial_diagnosis.loading.vintages import NewVintage, OpenFile, on_inhabitants, store
from maillage.territorial_diagnosis.models import CustomIndicator, Vintage
from maillage.territorial_diagnosis.queries.places import Gazetteer, Row, added
from maillage.territorial_diagnosis.rules.catalogue import Kind
from maillage.territorial_diagnosis.rules.cells import NotANumber, number

READ_FILE, SALT = "diagnosis.read-file", "territorial_diagnosis.own-file"
KEPT_SECONDS = 3_600
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 60_000, 200, 300
SHAPE = Shape(MOST_ROWS, MOST_COLUMNS, LONGEST_CELL)
LEAST_JOINED = 0.5


class NothingJoined(DomainError):
    user_message = "Presque aucune ligne ne correspond à une commune : est-ce la bonne colonne de codes INSEE ?"


class OtherKind(DomainError):
    user_message = "Un indicateur de ce nom existe déjà avec une autre nature de valeurs : donnez un autre nom."


@dataclass(frozen=True)
class ColumnsMap:
    """Which columns of the file say what."""

    code: str
    value: str
    base: str = ""


@dataclass(frozen=True)
class Joined:
    """What the file gives once joined to the communes of today, before anything is written."""

    rows: Mapping[str, Row]
    total: int
    unmatched: Sequence[str]
    not_numbers: Sequence[tuple[int, str]]
    impossible: Sequence[tuple[int, str]]
    repeated: int

    @property
    def rate(self) -> float:
        return (self.total - len(self.unmatched)) / self.total if self.total else 0.0

    @property
    def published(self) -> int:
        return len(self.rows) - self.unpublished

    @property
    def unpublished(self) -> int:
        return sum(row[0] is None for row in self.rows.values())


def read_own_file(name: str, content: bytes, *, patience: float | None = None) -> OpenFile:
    """A CSV in UTF-8 or as Excel writes it, or the first sheet of an XLSX or ODS, read apart.

    Raises UnreadableFile; TakesLonger once `patience`, in seconds, is over.
    """
    read = read_table(name, content, SHAPE, patience=patience)
    if read.total > MOST_ROWS:
        raise UnreadableFile(f"Le fichier a plus de {MOST_ROWS} lignes : la France a moins de 35 000 communes.")
    table = [row for _, row in read.rows]
    if len(table) < 2 or len(table[0]) < 2:
        raise UnreadableFile(f"{name} ne contient pas de tableau : une ligne de titres, puis des lignes de valeurs.")
    header = [cell or f"colonne {place}" for place, cell in enumerate(table[0], start=1)]
    return OpenFile(name, header, [dict(zip(header, row, strict=False)) for row in table[1:]])


@dataclass(frozen=True)
class KeptFile:
    """A file already read, kept for an hour while its columns are said. The token is signed for one CPTS."""

    key: str
    token: str
    file: OpenFile


def send_own_file(*, cpts: Cpts, name: str, content: bytes, by: User, at: datetime) -> KeptFile | Job:
    """Read a file at once; or, when it takes more than a second, have the worker read it. Raises UnreadableFile."""
    try:
        return keep_own_file(cpts, read_own_file(name, content, patience=settings.READ_PATIENCE_SECONDS))
    except TakesLonger:
        return jobs.enqueue(
            READ_FILE,
            label=f"Lecture de {name}"[:200],
            at=at,
            owner_id=by.pk,
            link=reverse("diagnosis:files", args=[cpts.slug]),
            cpts=cpts.pk,
            name=name,
            key=keep_waiting(content),
        )


def keep_own_file(cpts: Cpts, file: OpenFile) -> KeptFile:
    """Keep what was read, never to read the file itself again."""
    key = keep_waiting(orjson.dumps({"name": file.name, "header": file.header, "rows": file.rows}))
    return KeptFile(key, signing.dumps([key, cpts.pk], salt=SALT), file)


def kept_own_file(cpts: Cpts, token: str) -> KeptFile | None:
    """The file of a token; None when it is too old, of another CPTS, or altered."""
    try:
        key, owner = signing.loads(token, salt=SALT, max_age=KEPT_SECONDS)
        return KeptFile(key, token, OpenFile(**orjson.loads(waiting(key)))) if owner == cpts.pk else None
    except (signing.BadSignature, UnreadableFile):
        return None


def join(file: OpenFile, columns: ColumnsMap, places: Gazetteer, kind: Kind, *, highest: float | None = None) -> Joined:
    """Each line to its commune; what cannot be taken is counted and shown, never turned into zero.

    `highest`: the greatest value that a mean may have, 100 for a percentage.
    """
    rows: dict[str, Row] = {}
    unmatched: list[str] = []
    not_numbers: list[tuple[int, str]] = []
    impossible: list[tuple[int, str]] = []
    repeated = 0
    for line, row in enumerate(file.rows, start=2):
        code = row.get(columns.code) or ""
        place = places.today(code)
        if not place:
            unmatched.append(code or "(vide)")
            continue
        try:
            value = number(row.get(columns.value) or "")
            base = number(row.get(columns.base) or "") if columns.base else None
        except NotANumber as error:
            not_numbers.append((line, str(error)))
            continue
        if _is_impossible(kind, value or 0, base, highest):
            impossible.append((line, row.get(columns.value) or ""))
            continue
        repeated += place in rows
        place_row = _row(kind, value, base, places.populations[place])
        rows[place] = added(rows[place], place_row) if place in rows else place_row
    if kind == Kind.MEAN and not columns.base:
        rows = {place: on_inhabitants(row, places.populations[place]) for place, row in rows.items()}
    return Joined(rows, len(file.rows), unmatched, not_numbers, impossible, repeated)


def _is_impossible(kind: Kind, value: float, base: float | None, highest: float | None) -> bool:
    if value < 0 or (base or 0) < 0:
        return True
    if kind == Kind.RATE and base is not None:
        return value > base
    return kind == Kind.MEAN and highest is not None and value > highest


def _row(kind: Kind, value: float | None, base: float | None, population: int) -> Row:
    if value is None:
        return None, None
    if kind == Kind.COUNT:
        return value, None
    weight = base if base is not None else float(population)
    return (value, weight) if kind == Kind.RATE else (value * weight, weight)


@transaction.atomic
def add_custom_indicator(
    *,
    cpts: Cpts,
    joined: Joined,
    fields: Mapping[str, str],
    filename: str,
    places: Gazetteer,
    by: User,
    at: datetime,
) -> Vintage:
    """Accept the file: the indicator is added, or gets one more vintage when the CPTS has it already.

    Raises NothingJoined when less than half of the lines belong to a commune, OtherKind when the name is taken.
    """
    if joined.rate < LEAST_JOINED or not joined.rows:
        raise NothingJoined
    same = CustomIndicator.objects.filter(cpts=cpts, label=fields["label"]).first()
    if same and same.kind != fields["kind"]:
        raise OtherKind
    code = same.code if same else f"cpts-{slugify(fields['label'])[:44]}-{get_random_string(6).lower()}"
    indicator, _ = CustomIndicator.objects.update_or_create(
        cpts=cpts,
        code=code,
        defaults={
            "label": fields["label"],
            "theme": fields["theme"],
            "kind": fields["kind"],
            "unit": fields["unit"],
            "definition": fields["definition"],
            "source": fields["source"],
            "licence": fields["licence"],
            "created_at": at,
        },
    )
    new = NewVintage(code, fields["vintage"], filename, at, cpts=cpts, unmatched=tuple(joined.unmatched))
    vintage = store(new, joined.rows, places)
    summary = f"Indicateur ajouté : {indicator.label} ({fields['vintage']})"
    audit.record(Act.DIAGNOSIS_INDICATOR_ADDED, target=vintage, by=by, at=at, cpts=cpts, summary=summary)
    return vintage
