"""Establishments of FINESS, from whichever of its three shapes the file has."""

import csv
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import ijson
from django.db import transaction
from django.db.models import Count

from maillage.audit import actions as audit
from maillage.core.errors import UnreadableFile
from maillage.core.loading.difference import give_room
from maillage.core.loading.sources import TextSource, delimiter_of, first_line, no_progress
from maillage.core.loading.staging import NULL, Staging, staging
from maillage.core.money import grouped
from maillage.core.text import normalised
from maillage.core.work.jobs import Progress
from maillage.directory.actions.places import known_places
from maillage.directory.actions.register import LEAST_KEPT, READING
from maillage.directory.loading.imports import Report, SeemsIncomplete, TooManyRejects, one_import
from maillage.directory.loading.register import ESTABLISHMENT_TABLES, move_establishments
from maillage.directory.models import DirectoryImport, ImportKind, Organization
from maillage.directory.rules import finess
from maillage.directory.rules.finess import Establishment
from maillage.geography.rules.codes import departement_of

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
Numbered = Iterator[tuple[int, Establishment]]


def import_establishments(
    *,
    path: Path,
    at: datetime,
    by: audit.Actor | None = None,
    progress: Progress = no_progress,
    dry_run: bool = False,
    accept_fewer: bool = False,
) -> DirectoryImport:
    """Load FINESS: the legacy feed, the JSON feed, or a CSV with a header of names.

    Raises UnreadableFile, SeemsIncomplete, TooManyRejects, ImportAlreadyRunning: nothing is written then.
    """
    source = TextSource(path, progress=progress)
    with (
        one_import(ImportKind.ESTABLISHMENTS, path, by=by, at=at, dry_run=dry_run, accept_older=accept_fewer) as (
            row,
            report,
        ),
        staging(ESTABLISHMENT_TABLES) as stage,
    ):
        departements = _stage(_establishments(source, report), stage, report)
        stage.finish()
        if not stage.counts["establishment"] or report.rejected > max(100, stage.counts["establishment"]):
            raise TooManyRejects
        report.check_whole(source)
        whole = _whole(path, departements, accept_fewer=accept_fewer)
        with transaction.atomic():
            give_room()
            difference = move_establishments(stage, row.extracted_on, whole, report.tell)
            transaction.set_rollback(dry_run)
        row.counts = asdict(difference) | {"departements": len(departements)}
        row.message = (
            f"{grouped(difference.added)} établissements ajoutés, {grouped(difference.changed)} modifiés, "
            f"{grouped(difference.removed)} fermés, {report.rejected_text}, {report.doubtful_text}."
        )
    return row


def _establishments(source: TextSource, report: Report) -> Numbered:
    head = first_line(source).decode("utf-8-sig").strip()
    if head.startswith((finess.LEGACY_MARK, finess.LEGACY_STRUCTURE)):
        lines = ((number, line.decode()) for number, line in source.lines(READING))
        return finess.from_legacy(lines, report.tell)
    if head.startswith("{"):
        return _from_json(source)
    return _from_headed(source, head)


def _from_json(source: TextSource) -> Numbered:
    try:
        with source.open() as (stream, raw):
            for number, establishment in finess.from_json(stream):
                if number % 5_000 == 0:
                    source.progress(READING, min(raw.tell(), source.total), source.total)
                yield number, establishment
    except (ijson.JSONError, EOFError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{source.path.name} est incomplet ou n’est pas du JSON : rien n’a changé.") from error


def _from_headed(source: TextSource, head: str) -> Numbered:
    delimiter = delimiter_of(head, among=",;")
    names = next(csv.reader([head], delimiter=delimiter))
    if missing := finess.missing_names(names):
        raise UnreadableFile(
            f"{source.path.name} n’est ni un flux FINESS, ni un tableau d’établissements : il manque "
            f"{', '.join(missing)}. Rien n’a changé."
        )
    names = [normalised(name).replace(" ", "_") for name in names]
    lines = (line.decode() + "\n" for _, line in source.lines(READING))
    reader = csv.reader(lines, delimiter=delimiter)
    next(reader)
    rows = ((reader.line_num, dict(zip(names, row, strict=False))) for row in reader)
    return finess.from_headed_csv(rows)


def _stage(establishments: Numbered, stage: Staging, report: Report) -> dict[str, int]:
    """Stage what can be taken. Returns how many are open in each département."""
    places, open_in = known_places(), dict[str, int]()
    for number, establishment in establishments:
        if len(establishment.finess) != 9 or not establishment.name:
            report.tell(number, establishment.finess, "numéro FINESS ou nom absent")
            continue
        commune = places.find(establishment.commune.encode(), b"") or places.find(
            b"", establishment.postal_code.encode()
        )
        if not commune:
            report.tell(
                number,
                establishment.finess,
                f"commune inconnue : {establishment.commune or establishment.postal_code}",
                kept=True,
            )
        else:
            departement = departement_of(commune.decode())
            open_in[departement] = open_in.get(departement, 0) + (not establishment.closed_on)
        stage.add("establishment", _row(number, establishment, commune))
    return open_in


def _row(number: int, establishment: Establishment, commune: bytes) -> tuple[bytes, ...]:
    def text(value: str, length: int) -> bytes:
        return CONTROL.sub(" ", value.replace("|", " "))[:length].encode()

    return (
        b"1" + establishment.finess.encode(),
        text(establishment.name, 200),
        text(normalised(establishment.name), 200),
        establishment.finess.encode(),
        text(establishment.siret, 14),
        text(establishment.complement, 200),
        text(establishment.street, 200),
        text(establishment.postal_code, 10),
        text(establishment.city, 100),
        commune or NULL,
        text(establishment.phone, 30),
        text(establishment.category, 4),
        text(establishment.category_label, 160),
        establishment.opened_on.encode() or NULL,
        establishment.closed_on.encode() or NULL,
        b"%d" % number,
    )


def _whole(path: Path, open_in: dict[str, int], *, accept_fewer: bool) -> frozenset[str]:
    """Départements that the file tells wholly: only there does an absence mean that an establishment closed.

    One that loses a third of its establishments at once was cut short, or only touched. Raises SeemsIncomplete when
    none is whole.
    """
    open_ones = Organization.objects.filter(closed_on=None, commune__departement__in=open_in).exclude(category="")
    counted = open_ones.order_by().values_list("commune__departement").annotate(Count("pk"))
    before = {str(departement): number for departement, number in counted}
    whole = frozenset(
        code for code, number in open_in.items() if accept_fewer or number >= LEAST_KEPT * before.get(code, 0)
    )
    if not whole and sum(before.values()) > 30:
        raise SeemsIncomplete(
            f"{path.name} ne contient que {grouped(sum(open_in.values()))} établissements là où l’annuaire en a "
            f"{grouped(sum(before.values()))} : il semble incomplet, rien n’a changé."
        )
    return whole
