"""A coordinator's spreadsheet becomes members: read, corrected, imported at once, undone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.limits import IMPORTS
from maillage.accounts.models import Invitation, RoleAssignment, User
from maillage.audit import actions as audit
from maillage.core.apart.reading import TakesLonger
from maillage.core.apart.tables import clean
from maillage.core.errors import DomainError, UnreadableFile
from maillage.core.limits import spend
from maillage.core.loading.tables import ReadTable, Shape, read_table
from maillage.core.loading.waiting import keep_waiting
from maillage.core.models import Job
from maillage.core.text import plural
from maillage.core.work import jobs
from maillage.cpts.models import Cpts
from maillage.exchange.models import OutgoingMail
from maillage.members.acts import Act
from maillage.members.loading.spreadsheets import NEW, PreviewRow, is_told_by_its_person, preview_of
from maillage.members.models import ImportState, MemberKind, Membership, MembershipStatus, SpreadsheetImport
from maillage.members.queries.addresses import LABEL, NUMBER
from maillage.members.queries.prefill import fields_of, main_roles
from maillage.members.rules.names import of, readable, search_name
from maillage.members.rules.spreadsheet import BY_KEY, find_header, guess_columns

READ_SHEET = "members.read-sheet"
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 10_000, 60, 500
SHAPE = Shape(MOST_ROWS + 50, MOST_COLUMNS, LONGEST_CELL)  # titles above the rows are no members
FILLED = ("occupation", "email", "phone", "commune_id", "college", "joined_on", "languages", "practical")
CHANGED = "modification"


class ImportEnded(DomainError):
    user_message = "Cet import a déjà été fait, annulé, ou modifié par quelqu’un d’autre : relisez-le."


class NothingToImport(DomainError):
    user_message = "Aucune ligne n’est prête : corrigez les cases en rouge, ou dites ce que sont les colonnes."


def send_sheet(*, cpts: Cpts, name: str, content: bytes, by: User, at: datetime) -> SpreadsheetImport | Job:
    """Read a file at once; or, when it takes more than a second, have the worker read it.

    Raises LimitReached, UnreadableFile.
    """
    spend(IMPORTS, at=at, account=by.pk)
    try:
        patience = settings.READ_PATIENCE_SECONDS
        return start_import(cpts=cpts, name=name, content=content, by=by, at=at, patience=patience)
    except TakesLonger:
        return jobs.enqueue(
            READ_SHEET,
            label=f"Lecture de {name}"[:200],
            at=at,
            owner_id=by.pk,
            link=reverse("members:imports", args=[cpts.slug]),
            cpts=cpts.pk,
            by=by.pk,
            name=name,
            key=keep_waiting(content),
        )


def start_import(
    *, cpts: Cpts, name: str, content: bytes, by: User, at: datetime, patience: float | None = None
) -> SpreadsheetImport:
    """Read a file apart and guess its columns; no member is written.

    Raises UnreadableFile; TakesLonger once `patience`, in seconds, is over.
    """
    return _keep(read_table(name, content, SHAPE, patience=patience), cpts=cpts, name=name, by=by, at=at)


@transaction.atomic
def _keep(read: ReadTable, *, cpts: Cpts, name: str, by: User, at: datetime) -> SpreadsheetImport:
    place = find_header([row for _, row in read.rows])
    below = read.rows if place is None else read.rows[place + 1 :]
    header = [] if place is None else read.rows[place][1]
    lines, rows = [line for line, _ in below], [row for _, row in below]
    if not rows:
        raise UnreadableFile(f"{name} ne contient pas de tableau : une ligne de titres, puis une ligne par membre.")
    total = read.total - len(read.rows) + len(rows)
    if total > MOST_ROWS:
        raise UnreadableFile(f"Le fichier a {total} lignes : un import en prend {MOST_ROWS} au plus, coupez-le.")
    width = min(max(map(len, [header, *rows])), MOST_COLUMNS)
    header = [*header, *[""] * width][:width]
    sheet = SpreadsheetImport.objects.create(
        cpts=cpts,
        filename=name[:200],
        header=[title[:80] or f"colonne {number}" for number, title in enumerate(header, start=1)],
        rows=rows,
        lines=lines,
        columns=guess_columns(header, rows),
        created_by=by,
        created_at=at,
    )
    audit.record(Act.SHEET_SENT, target=sheet, by=by, at=at, cpts=cpts, summary=f"Tableur de membres envoyé : {sheet}")
    return sheet


@transaction.atomic
def discard_import(*, sheet: SpreadsheetImport, by: User, at: datetime) -> None:
    """Throw away a file sent by mistake. Raises ImportEnded once it was imported."""
    summary = f"Tableur de membres effacé : {sheet}"
    audit.record(Act.SHEET_DISCARDED, target=sheet, by=by, at=at, cpts=sheet.cpts, summary=summary)
    if not SpreadsheetImport.objects.filter(pk=sheet.pk, state=ImportState.DRAFT).delete()[0]:
        raise ImportEnded


@transaction.atomic
def say_columns(*, sheet: SpreadsheetImport, read_version: int, columns: Mapping[str, int]) -> None:
    """Say which column holds what; corrections made under another reading are forgotten. Raises ImportEnded."""
    assert set(columns) <= set(BY_KEY)
    _write(sheet, read_version, columns=dict(columns), corrections={}, choices={})


@transaction.atomic
def correct(
    *,
    sheet: SpreadsheetImport,
    read_version: int,
    cells: Mapping[tuple[int, str], str],
    choices: Mapping[int, str],
) -> None:
    """Write over cells, and say what becomes of rows: new, skip, or the uuid of a member. Raises ImportEnded."""
    corrections = {number: dict(row) for number, row in sheet.corrections.items()}
    for (number, key), text in cells.items():
        corrections.setdefault(str(number), {})[key] = clean(text).strip()[:LONGEST_CELL]
    chosen = sheet.choices | {str(number): choice for number, choice in choices.items()}
    _write(sheet, read_version, corrections=corrections, choices=chosen)


def _write(sheet: SpreadsheetImport, read_version: int, **changes: Any) -> None:
    mine = SpreadsheetImport.objects.filter(pk=sheet.pk, version=read_version, state=ImportState.DRAFT)
    if not mine.update(**changes, version=read_version + 1):
        raise ImportEnded
    for name, value in changes.items():
        setattr(sheet, name, value)
    sheet.version = read_version + 1


@transaction.atomic
def apply_import(*, sheet: SpreadsheetImport, read_version: int, by: User, at: datetime) -> SpreadsheetImport:
    """Write every row that is ready, in one transaction: new members, and blanks of known ones filled.

    Rows with something wrong, and those left aside, are not written. Raises ImportEnded or NothingToImport.
    """
    if sheet.state != ImportState.DRAFT:
        raise ImportEnded
    kept = preview_of(sheet).kept
    if not kept:
        raise NothingToImport
    _write(sheet, read_version, state=ImportState.DONE, ended_at=at)
    by_uuid = {str(membership.uuid): membership for membership in Membership.objects.of(sheet.cpts).open()}
    roles = main_roles([row.person.pk for row in kept if row.person])
    try:
        with transaction.atomic():
            journal = _write_rows(sheet, kept, by_uuid, roles, by=by, at=at)
    except IntegrityError as error:
        raise ImportEnded from error  # somebody became a member since the preview
    SpreadsheetImport.objects.filter(pk=sheet.pk).update(journal=journal, rows=[], lines=[], corrections={})
    sheet.journal = journal
    done = len(journal)
    summary = f"{done} {plural(done, 'membre importé ou complété', 'membres importés ou complétés')} depuis {sheet}"
    audit.record(Act.IMPORTED, target=sheet, by=by, at=at, cpts=sheet.cpts, summary=summary)
    return sheet


def _write_rows(
    sheet: SpreadsheetImport,
    kept: Sequence[PreviewRow],
    by_uuid: Mapping[str, Membership],
    roles: Mapping[int, Any],
    *,
    by: User,
    at: datetime,
) -> list[dict[str, Any]]:
    """What is written, as the journal that undoes it."""
    fresh: list[Membership] = []
    journal: list[dict[str, Any]] = []
    for row in kept:
        fields = _fields(row, roles)
        known = by_uuid.get(row.choice)
        if known is not None:
            journal += _complete(known, fields, by, at)
        elif row.choice == NEW:
            fresh.append(_fresh(sheet.cpts, fields, by, at))
    Membership.objects.bulk_create(fresh, batch_size=500)
    return journal + [{"made": str(membership.uuid)} for membership in fresh]


def _fields(row: PreviewRow, roles: Mapping[int, Any]) -> dict[str, Any]:
    """What a row says, with what the directory knows of the person."""
    values = {name: value for name, value in row.entry.values.items() if name != "rpps"}
    known = fields_of(row.person, roles.get(row.person.pk)) if row.person else {}
    for name in ("family_name", "given_name"):
        if name in values:
            values[name] = readable(str(values[name]))
    if values.get("structure") and not values.get("family_name") and not known:
        values["kind"] = MemberKind.STRUCTURE
    fields = known | values
    commune = fields.pop("commune", None)
    return fields | ({"commune_id": commune.code} if commune else {})


def _fresh(cpts: Cpts, fields: Mapping[str, Any], by: User, at: datetime) -> Membership:
    membership = Membership(
        cpts=cpts,
        **{"joined_on": timezone.localdate(at)} | dict(fields),
        status=MembershipStatus.ACCEPTED,
        decided_by=by,
        decided_at=at,
    )
    membership.search_name = _search_name(membership)
    return membership


def _search_name(membership: Membership) -> str:
    return search_name(
        structure=membership.structure, family_name=membership.family_name, given_name=membership.given_name
    )


def _complete(known: Membership, fields: Mapping[str, Any], by: User, at: datetime) -> list[dict[str, Any]]:
    """Fill the blanks of a member; what is known already stays. The journal keeps what it was. Raises ImportEnded."""
    names = _blanks_of(known)
    filled = {name: fields[name] for name in names if fields.get(name) and not getattr(known, name)}
    if not filled:
        return []
    before = {name: "" if isinstance(getattr(known, name), str) else None for name in filled}
    # As it was read: an account bound to it meanwhile has its own address and number.
    if not Membership.objects.filter(pk=known.pk, version=known.version).update(**filled, version=known.version + 1):
        raise ImportEnded
    known.version += 1
    for name, value in filled.items():
        setattr(known, name, value)
    # Who wrote an address or a number, and when, is asked before what it opens is believed.
    written = [label for name, label in (("email", LABEL), ("practitioner", NUMBER)) if name in filled]
    if written:
        summary = f"Fiche {of(str(known))} complétée par un import : {', '.join(written)}"
        details = {"of": ", ".join(written)}
        audit.record(Act.FILLED, target=known, by=by, at=at, cpts=known.cpts, summary=summary, details=details)
    return [
        {"filled": str(known.uuid), "before": before, "with": {name: _plain(value) for name, value in filled.items()}}
    ]


def _blanks_of(known: Membership) -> set[str]:
    """What a row may fill: who a bound or contested page is of, and where they are reached, is theirs to say."""
    if is_told_by_its_person(known):
        return {*FILLED} - {"email"}
    return {*FILLED} if known.practitioner_id else {*FILLED, "practitioner", "practitioner_role", "group"}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else getattr(value, "pk", value)


@transaction.atomic
def undo_import(*, sheet: SpreadsheetImport, by: User, at: datetime) -> Counter[str]:
    """Take back what an import wrote, but what people changed since, and pages that anything else concerns.

    Returns how many pages stay, by what keeps them. Raises ImportEnded.
    """
    mine = SpreadsheetImport.objects.filter(pk=sheet.pk, state=ImportState.DONE)
    if not mine.update(state=ImportState.UNDONE, ended_at=at, version=F("version") + 1):
        raise ImportEnded
    made = [entry["made"] for entry in sheet.journal if "made" in entry]
    # Locked first: whoever is invited within the same second keeps their page.
    pages = list(Membership.objects.select_for_update(of=("self",)).of(sheet.cpts).filter(uuid__in=made))
    used = _used_pages(sheet, pages)
    Membership.objects.filter(pk__in=[page.pk for page in pages if page.pk not in used]).delete()
    stay = Counter(used.values())
    stay[CHANGED] += sum(not _empty_again(sheet.cpts, entry) for entry in sheet.journal if "filled" in entry)
    summary = f"Import de {sheet} annulé" + (f" : {kept_pages(+stay)}" if stay.total() else "")
    audit.record(Act.IMPORT_UNDONE, target=sheet, by=by, at=at, cpts=sheet.cpts, summary=summary)
    return +stay


def kept_pages(stay: Counter[str]) -> str:
    """2 fiches restent (mandat : 1, message envoyé : 1)."""
    reasons = ", ".join(f"{reason} : {count}" for reason, count in stay.most_common())
    return f"{stay.total()} {plural(stay.total(), 'fiche reste', 'fiches restent')} ({reasons})"


def _used_pages(sheet: SpreadsheetImport, pages: Sequence[Membership]) -> dict[int, str]:
    """Pages that more than their import concerns, with what does: a row of any app, a message, a role, a change."""
    used: dict[int, str] = {}
    for relation in Membership._meta.related_objects:
        name, rows = relation.field.name, relation.related_model._base_manager
        concerned = rows.filter(**{f"{name}__in": [page.pk for page in pages]})
        reason = str(relation.related_model._meta.verbose_name)
        used |= dict.fromkeys(concerned.values_list(name, flat=True), reason)
    written = _lowered(OutgoingMail.objects.filter(cpts=sheet.cpts, created_at__gte=sheet.ended_at), "recipient")
    known = _lowered(RoleAssignment.objects.of(sheet.cpts), "user__email")
    known |= _lowered(Invitation.objects.filter(cpts=sheet.cpts, withdrawn_at=None), "email")
    for page in pages:
        if is_told_by_its_person(page):
            used[page.pk] = "compte relié ou contesté"
        elif page.email.lower() in written:
            used.setdefault(page.pk, "message envoyé")
        elif page.email.lower() in known:
            used.setdefault(page.pk, "rôle ou invitation")
        elif page.version or page.pending_email:
            used.setdefault(page.pk, CHANGED)
    return used


def _lowered(rows: QuerySet[Any], name: str) -> set[str]:
    return {address.lower() for address in rows.values_list(name, flat=True) if address}


def _empty_again(cpts: Cpts, entry: Mapping[str, Any]) -> bool:
    """Blank each thing that an import filled, unless somebody changed it since. True when all of it is blank again.

    A page bound to an account since, or contested, keeps what it says.
    """
    mine = Membership.objects.of(cpts).filter(uuid=entry["filled"], account=None, contested_at=None)
    blanked = [
        mine.filter(**{name: entry["with"][name]}).update(**{name: before}, version=F("version") + 1)
        for name, before in entry["before"].items()
        if name != "email"  # an address somebody may have proved since is replaced, never emptied
    ]
    return all(blanked) and "email" not in entry["before"]
