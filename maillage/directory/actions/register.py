"""The national register of professionals."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError, transaction

from maillage.audit import actions as audit
from maillage.core.errors import DomainError, UnreadableFile
from maillage.core.loading.difference import (
    comparing_all,
    drop_indexes,
    give_room,
    make_indexes,
    make_keys,
    make_unique_indexes,
    scalar,
)
from maillage.core.loading.sources import TextSource, first_line, no_progress
from maillage.core.loading.staging import Staging, staging
from maillage.core.money import grouped
from maillage.core.work.jobs import Progress
from maillage.directory.actions.places import known_places
from maillage.directory.loading.imports import Report, SeemsIncomplete, TooManyRejects, known_scope, one_import
from maillage.directory.loading.reading import Block, Parser, Stretch, Tally, fingerprints, stretches
from maillage.directory.loading.register import (
    LOADED_IN_BULK,
    REGISTER_TABLES,
    Moved,
    Scope,
    changed_lines,
    move_register,
)
from maillage.directory.models import (
    DirectoryCode,
    DirectoryImport,
    ImportKind,
    Organization,
    Practitioner,
    PractitionerRole,
    Profession,
)
from maillage.directory.rules.register import COLUMN_NAMES, Layout, MissingColumns, read_header
from maillage.geography.models import Departement

MOST_CHANGED = 150_000  # beyond it, reading the whole file again is quicker than picking lines
LEAST_KEPT = 0.7
FEW = 100  # people: below it, nothing is said of how many are left
PROFESSION, SPECIALITY = "profession", "savoir-faire"
COMPARING_LINES = "Repérage de ce qui a changé"
READING, COMPARING, WRITING = "Lecture du fichier", "Comparaison avec l’annuaire", "Écriture de ce qui a changé"


class IndexesLack(DomainError):
    user_message = (
        "Les index de l’annuaire n’ont pas pu être faits (disque plein ?) : les recherches sont lentes. Faites de la "
        "place, puis importez de nouveau le même fichier."
    )


class UnknownDepartement(UnreadableFile):
    user_message = "Ce département n’existe pas."


def import_register(
    *,
    path: Path,
    at: datetime,
    departements: frozenset[str] = frozenset(),
    by: audit.Actor | None = None,
    progress: Progress = no_progress,
    dry_run: bool = False,
    accept_fewer: bool = False,
) -> DirectoryImport:
    """Load the extraction `PS_LibreAcces_Personne_activite`, all of France or some départements.

    Raises UnreadableFile, SeemsIncomplete, TooManyRejects, ImportAlreadyRunning: nothing is written then; IndexesLack,
    when all is. Readers see the old directory until the end, then the new one.
    """
    _check_departements(departements)
    known = known_scope(ImportKind.REGISTER)
    source = TextSource(path, progress=progress, member="Personne_activite")
    with (
        ExitStack() as afterwards,
        one_import(
            ImportKind.REGISTER,
            path,
            departements=departements,
            by=by,
            at=at,
            dry_run=dry_run,
            accept_older=accept_fewer,
        ) as (
            row,
            report,
        ),
        staging(REGISTER_TABLES) as stage,
    ):
        afterwards.callback(_make_indexes)
        layout = header_of(source, COLUMN_NAMES, "Personne_activite")
        scope = Scope(row.extracted_on, departements, known)
        wanted, compared = None, 0
        if known is not None and not departements:
            wanted, compared = _compared(source, layout, stage)
        tally = Tally()
        for stretch in _stretches(source, layout, departements, wanted):
            for table, (rows, count) in stretch.rows.items():
                stage.add_lines(table, rows, count)
            for line, identifier, reason, kept in stretch.remarks:
                report.tell(line, identifier, reason, kept=kept)
            tally.add(stretch.tally)
        stage.finish()
        _check_whole(source, stage, scope, report, read=max(tally.read, compared), accept_fewer=accept_fewer)
        progress(WRITING, 0, 1)
        moved = _move(stage, scope, report, tally, by_fingerprint=wanted is not None, dry_run=dry_run)
        row.counts = asdict(moved) | {"without_place": tally.without_place, "unknown_codes": _unknown_codes(tally)}
        row.message = summary(moved, report)
    return row


def _make_indexes() -> None:
    """Those that a first loading put off, now that its outcome is known. Raises IndexesLack: the rows are there."""
    try:
        make_indexes(LOADED_IN_BULK)
    except DatabaseError as error:
        raise IndexesLack from error


def summary(moved: Moved, report: Report) -> str:
    """One sentence for the screen and the shell."""
    parts = [
        f"{grouped(moved.arrivals)} arrivées",
        f"{grouped(moved.departures)} départs",
        f"{grouped(moved.moves)} changements de commune",
        f"{grouped(moved.roles_new)} exercices nouveaux",
        f"{grouped(moved.roles_ended)} terminés",
        f"{grouped(moved.organizations_new)} structures nouvelles",
        report.rejected_text,
        report.doubtful_text,
    ]
    return ", ".join(parts) + "."


def _check_departements(codes: frozenset[str]) -> None:
    known = set(Departement.objects.values_list("code", flat=True))
    if unknown := sorted(codes - known):
        raise UnknownDepartement(f"Département inconnu : {', '.join(unknown)}.")


def header_of(source: TextSource, expected: Iterable[str], what: str) -> Layout:
    """The columns of a file, or a refusal that names those it lacks. Raises UnreadableFile."""
    try:
        return read_header(first_line(source), expected)
    except MissingColumns as error:
        missing = error.missing
        named = ", ".join(f"« {name} »" for name in missing[:6]) + (" …" if len(missing) > 6 else "")
        lacks = "il manque la colonne" if len(missing) == 1 else f"il manque {len(missing)} colonnes :"
        raise UnreadableFile(
            f"{source.path.name} n’a pas la forme d’un fichier {what} : {lacks} {named}. Rien n’a changé."
        ) from error


def _without_header(source: TextSource, label: str) -> Iterator[Block]:
    for number, lines in source.blocks(label):
        yield (2, lines[1:]) if number == 1 else (number, lines)


def _stretches(
    source: TextSource, layout: Layout, departements: frozenset[str], wanted: list[int] | None
) -> Iterator[Stretch]:
    """The lines to read in full: all of them, or those whose person changed or is unknown."""
    blocks = _without_header(source, READING)
    scope = frozenset(code.encode() for code in departements)
    if wanted is None:
        yield from stretches(blocks, layout, known_places(), scope, size=source.total)
    else:
        yield from Parser(layout, known_places(), scope).scattered(_chosen(blocks, wanted))


def _compared(source: TextSource, layout: Layout, stage: Staging) -> tuple[list[int] | None, int]:
    """The lines to read in full, None for all of them; and how many the file holds."""
    compared = 0
    for rows, count, lines in fingerprints(_without_header(source, COMPARING_LINES), layout, size=source.total):
        stage.add_lines("seen", rows, count)
        compared += lines
    stage.finish()
    source.progress(COMPARING, 0, 1)
    return changed_lines(stage, MOST_CHANGED), compared


def _chosen(blocks: Iterable[Block], wanted: list[int]) -> Iterator[tuple[int, bytes]]:
    for first, lines in blocks:
        start, end = bisect_left(wanted, first), bisect_left(wanted, first + len(lines))
        yield from ((number, lines[number - first]) for number in wanted[start:end])


def _check_whole(
    source: TextSource, stage: Staging, scope: Scope, report: Report, *, read: int, accept_fewer: bool
) -> None:
    """A cut file ends in the middle of a line, or holds far fewer people than the directory. Raises a refusal."""
    by_fingerprint = stage.counts["seen"] > 0
    report.check_whole(source)
    if not read:
        raise SeemsIncomplete(f"{source.path.name} ne contient personne : rien n’a changé.")
    if report.rejected > max(100, read / 2):
        raise TooManyRejects
    before = _people_in(scope)
    if accept_fewer or before <= FEW:
        return
    seen = _people_told(stage, "seen" if by_fingerprint else "person")
    if seen < LEAST_KEPT * before:
        raise SeemsIncomplete(
            f"{source.path.name} ne contient que {grouped(seen)} personnes, contre {grouped(before)} dans l’annuaire : "
            "il semble incomplet, rien n’a changé. S’il est bien entier, importez-le seul en ligne de commande, avec "
            "--accept-fewer."
        )


def _people_told(stage: Staging, table: str) -> int:
    """Each once, wherever their lines lie."""
    with comparing_all():
        return scalar(f"SELECT count(*) FROM (SELECT 1 FROM {stage.name(table)} WHERE id IS NOT NULL GROUP BY id) s")  # noqa: S608


def _people_in(scope: Scope) -> int:
    if not scope.departements:
        return Practitioner.objects.filter(until=None).count()
    roles = PractitionerRole.objects.current().filter(commune__departement__in=scope.departements)
    return roles.values("practitioner").distinct().count()


def _move(stage: Staging, scope: Scope, report: Report, tally: Tally, *, by_fingerprint: bool, dry_run: bool) -> Moved:
    if not Practitioner.objects.exists() and not Organization.objects.exists():
        drop_indexes(LOADED_IN_BULK)
    try:
        return _move_at_once(stage, scope, report, tally, by_fingerprint=by_fingerprint, dry_run=dry_run)
    finally:
        make_unique_indexes(LOADED_IN_BULK)
        make_keys(LOADED_IN_BULK)


def _move_at_once(
    stage: Staging, scope: Scope, report: Report, tally: Tally, *, by_fingerprint: bool, dry_run: bool
) -> Moved:
    with transaction.atomic():
        give_room()
        moved = move_register(stage, scope, report.tell, by_fingerprint=by_fingerprint)
        _keep_labels(tally)
        if dry_run:
            transaction.set_rollback(True)
    return moved


def _keep_labels(tally: Tally) -> None:
    named = ((PROFESSION, tally.professions), (SPECIALITY, tally.specialities))
    codes = [
        DirectoryCode(system=system, code=code.decode()[:10], label=label.decode()[:200])
        for system, labels in named
        for code, label in labels.items()
        if code
    ]
    DirectoryCode.objects.bulk_create(
        codes, update_conflicts=True, unique_fields=["system", "code"], update_fields=["label"]
    )


def _unknown_codes(tally: Tally) -> list[str]:
    """Professions that the product has no name for: kept, counted under the label of the file."""
    known = set(Profession.values)
    professions = ((code.decode(), label.decode()) for code, label in tally.professions.items())
    return sorted(f"{code} {label}" for code, label in professions if code not in known)
