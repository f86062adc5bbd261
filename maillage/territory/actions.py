"""Founding a CPTS and composing its perimeter: every write on both."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from maillage.accounts.actions import grant_role
from maillage.accounts.models import Role, User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.sql.bulk import insert_rows, rows_in
from maillage.core.stale import NOT_DONE, Stale, claim
from maillage.core.text import listed, normalised, of, percent, plural
from maillage.cpts.models import Approval, Cpts, slug_for
from maillage.geography.models import Commune, Departement
from maillage.records.actions import freezing
from maillage.territory.acts import Act
from maillage.territory.models import Perimeter, PerimeterChange, PerimeterPart, PerimeterStatus
from maillage.territory.rules.frozen import PERIMETER, PerimeterRecord
from maillage.territory.rules.overlap import counted_twice

NAMED_AT_MOST, LONGEST_CODE = 5, 20
MOST_CODES = 40_000  # communes and arrondissements of France: 35 014 in 2026
CPTS_EXIST_SINCE = date(2016, 1, 26)  # loi n° 2016-41


class CptsNameTaken(DomainError):
    user_message = "Une CPTS porte déjà ce nom."


class AnotherWaits(DomainError):
    user_message = (
        "Une CPTS que vous avez créée attend encore d’être approuvée : terminez-la, ou demandez son approbation, avant "
        "d’en créer une autre."
    )


class PerimeterNotADraft(DomainError):
    user_message = "Ce périmètre n’est plus un projet : commencez une nouvelle version pour le modifier."


class EmptyPerimeter(DomainError):
    user_message = "Un périmètre sans commune ne peut pas entrer en vigueur."


class DateNotPossible(DomainError):
    user_message = "Cette date n’est pas possible."


class UnknownCommune(DomainError):
    user_message = "Cette commune n’existe pas dans le code officiel géographique."


class TooManyCodes(DomainError):
    user_message = "Cette liste compte plus de codes que la France n’a de communes."


class CountedTwice(DomainError):
    user_message = "Une commune et l’un de ses arrondissements ne peuvent pas être comptés ensemble."


class NothingToChange(DomainError):
    user_message = "Rien n’a changé : le périmètre était déjà ainsi."


@dataclass(frozen=True)
class Addition:
    """One commune to add: whole, unless it is there already for a declared part; or a share to set, with its source."""

    code: str
    share: Decimal | None = None
    source: str = ""


@transaction.atomic
def found_cpts(*, name: str, departement: Departement, by: User, at: datetime) -> Cpts:
    """Create a CPTS in émergence, its founder as coordinator, and an empty draft of its perimeter.

    It is a workspace of its founders, unseen by others until it is approved; an account founds one at a time.
    Raises AnotherWaits or CptsNameTaken. Resemblances (cpts.queries.possible_duplicates) are shown before, by the view.
    """
    if Cpts.objects.filter(founder=by.pk, approval=Approval.WAITING).exists():
        raise AnotherWaits
    taken = set(Cpts.objects.values_list("slug", flat=True))
    slug, search_name = slug_for(name, taken), normalised(name)
    try:
        with transaction.atomic():
            cpts = Cpts.objects.create(
                name=name, search_name=search_name, slug=slug, departement=departement, created_at=at, founder=by.pk
            )
    except IntegrityError as error:
        waits = Cpts.objects.filter(founder=by.pk, approval=Approval.WAITING).exists()  # two clicks at once
        raise (AnotherWaits if waits else CptsNameTaken) from error
    audit.record(Act.CPTS_FOUNDED, target=cpts, by=by, at=at, cpts=cpts, summary=f"Création de {cpts.with_article}")
    grant_role(user=by, role=Role.COORDINATOR, cpts=cpts, by=by, at=at)
    start_draft(cpts=cpts, by=by, at=at)
    return cpts


@transaction.atomic
def start_draft(*, cpts: Cpts, by: User, at: datetime) -> Perimeter:
    """The draft of a CPTS: the one under way, or a new one that starts from the version in force."""
    if draft := Perimeter.objects.of(cpts).drafts().first():
        return draft
    last = Perimeter.objects.of(cpts).order_by("-number").first()
    number = last.number + 1 if last else 1
    try:
        with transaction.atomic():
            draft = Perimeter.objects.create(cpts=cpts, number=number, created_at=at, created_by=by)
    except IntegrityError:  # two people pressed the button within the same second
        return Perimeter.objects.of(cpts).drafts().get()
    if last:
        _insert_parts(draft, _carried_over(last))
    summary = f"Nouvelle version du périmètre (n° {number})"
    audit.record(Act.PERIMETER_STARTED, target=draft, by=by, at=at, cpts=cpts, summary=summary)
    return draft


def _carried_over(last: Perimeter) -> list[Addition]:
    """Parts of the last version; a commune that merged since gives its place to the one that absorbed it."""
    kept: dict[str, Addition] = {}
    for part in PerimeterPart.objects.filter(perimeter=last).select_related("commune").defer("commune__outline"):
        code = part.commune.merged_into_id or part.commune_id
        if code == part.commune_id or code not in kept:
            kept[code] = Addition(code, part.share, part.share_source)
    return list(kept.values())


def change_perimeter(
    *,
    perimeter: Perimeter,
    read_version: int,
    by: User,
    at: datetime,
    add: Iterable[Addition] = (),
    remove: Iterable[str] = (),
) -> PerimeterChange:
    """Add communes, change their share, or take some out of a draft, all or nothing.

    Raises Stale when it was saved since `read_version`, PerimeterNotADraft, UnknownCommune, TooManyCodes,
    CountedTwice or NothingToChange; nothing is written in that case. What was sent is read before anything is locked.
    """
    additions = list(islice(add, MOST_CODES + 1))
    if len(additions) > MOST_CODES:
        raise TooManyCodes
    wanted = {addition.code: addition for addition in additions}
    known = _known_names(wanted.keys())
    with transaction.atomic():
        return _change(
            perimeter=perimeter,
            read_version=read_version,
            wanted=wanted,
            remove=set(remove),
            known=known,
            by=by,
            at=at,
        )


def _change(
    *,
    perimeter: Perimeter,
    read_version: int,
    wanted: Mapping[str, Addition],
    remove: Set[str],
    known: Mapping[str, str],
    by: User,
    at: datetime,
) -> PerimeterChange:
    _claim_version(perimeter, read_version)
    parts = PerimeterPart.objects.filter(perimeter=perimeter).select_related("commune").defer("commune__outline")
    before = {part.commune_id: part for part in parts}
    leaving = sorted(remove & before.keys())
    changing = {code: addition for code, addition in wanted.items() if _changes(before.get(code), addition)}
    if not changing and not leaving:
        raise NothingToChange
    _refuse_unknown(changing.keys() - known.keys())
    names = {code: part.commune.name for code, part in before.items()} | dict(known)
    _refuse_counted_twice((before.keys() | changing.keys()) - set(leaving))

    gone = [before[code].pk for code in (*leaving, *(changing.keys() & before.keys()))]
    PerimeterPart.objects.filter(pk__in=gone).delete()
    _insert_parts(perimeter, changing.values())
    summary = _summary(changing, leaving, before, names)
    change = PerimeterChange.objects.create(
        cpts_id=perimeter.cpts_id,
        perimeter=perimeter,
        version=read_version + 1,
        by=by,
        at=at,
        summary=summary,
        added=[[code, str(addition.share or 1), addition.source] for code, addition in sorted(changing.items())],
        removed=leaving,
    )
    audit.record(Act.PERIMETER_CHANGED, target=perimeter, by=by, at=at, cpts=perimeter.cpts, summary=summary)
    perimeter.version = read_version + 1
    return change


@transaction.atomic
def put_in_force(*, perimeter: Perimeter, read_version: int, on: date, by: User, at: datetime) -> Perimeter:
    """Make a draft the perimeter in force since `on`; the one before ends that day. It becomes public.

    Raises Stale, PerimeterNotADraft, EmptyPerimeter or DateNotPossible.
    """
    _claim_version(perimeter, read_version)
    parts = list(PerimeterPart.objects.filter(perimeter=perimeter).for_summary().order_by("commune_id"))
    if not parts:
        raise EmptyPerimeter
    if on < CPTS_EXIST_SINCE:
        raise DateNotPossible("Les CPTS existent depuis la loi du 26 janvier 2016.")
    if on > localdate(at):
        raise DateNotPossible("Un périmètre entre en vigueur aujourd’hui ou à une date passée.")
    before = Perimeter.objects.filter(cpts_id=perimeter.cpts_id).in_force().first()
    if before:
        if before.in_force_since and on < before.in_force_since:
            raise DateNotPossible("La version précédente est entrée en vigueur après cette date.")
        before.status, before.in_force_until = PerimeterStatus.SUPERSEDED, on
        before.save(update_fields=["status", "in_force_until"])
    perimeter.status, perimeter.in_force_since = PerimeterStatus.IN_FORCE, on
    perimeter.version = read_version + 1
    record = _record(perimeter.number, on, parts)
    perimeter.snapshot = freezing.freeze(record, PERIMETER, cpts=perimeter.cpts, by=by, at=at)
    perimeter.save(update_fields=["status", "in_force_since", "snapshot"])
    summary = f"Périmètre n° {perimeter.number} en vigueur depuis le {on:%d/%m/%Y}"
    audit.record(Act.PERIMETER_IN_FORCE, target=perimeter, by=by, at=at, cpts=perimeter.cpts, summary=summary)
    return perimeter


def _record(number: int, since: date, parts: Sequence[PerimeterPart]) -> PerimeterRecord:
    communes = [
        {
            "code": part.commune_id,
            "name": part.commune.name,
            "share": str(part.share),
            "source": part.share_source,
            "population": part.commune.population,
        }
        for part in parts
    ]
    return PerimeterRecord(number, since.isoformat(), communes, sum(part.population or 0 for part in parts))


@transaction.atomic
def discard_draft(*, perimeter: Perimeter, read_version: int, by: User, at: datetime) -> None:
    """Give up a draft; the version in force stays, and the trace says what the draft held.

    Raises Stale or PerimeterNotADraft.
    """
    _claim_version(perimeter, read_version)
    held = sorted(PerimeterPart.objects.filter(perimeter=perimeter).values_list("commune_id", flat=True))
    summary = f"Abandon du projet de périmètre n° {perimeter.number} ({len(held)} {plural(len(held), 'commune')})"
    audit.record(
        Act.PERIMETER_DISCARDED,
        target=perimeter,
        by=by,
        at=at,
        cpts=perimeter.cpts,
        summary=summary,
        details={"communes": held},
    )
    perimeter.delete()


def _insert_parts(perimeter: Perimeter, additions: Iterable[Addition]) -> None:
    rows = (
        (perimeter.cpts_id, perimeter.pk, addition.code, addition.share or Decimal(1), addition.source)
        for addition in additions
    )
    insert_rows(PerimeterPart, ("cpts", "perimeter", "commune", "share", "share_source"), rows)


def _claim_version(perimeter: Perimeter, read_version: int) -> None:
    """Take the next version, once. Raises Stale, which says what was done since, or PerimeterNotADraft."""
    rows = Perimeter.objects.filter(pk=perimeter.pk)
    if not rows.drafts().exists():
        raise PerimeterNotADraft
    claim(rows.drafts(), read_version, {}, refusal=lambda: _stale(perimeter, read_version))


def _stale(perimeter: Perimeter, read_version: int) -> Stale:
    since = PerimeterChange.objects.filter(perimeter=perimeter, version__gt=read_version).select_related("by")
    changes = list(since.order_by("version"))[-NAMED_AT_MOST:]
    authors = list(dict.fromkeys(str(change.by) for change in changes))
    are_several = len(authors) > 1
    done = [f"{change.by}, {change.summary}" if are_several else change.summary for change in changes]
    return Stale("ce périmètre", listed(authors), changes=" ; ".join(done), then=NOT_DONE, are_several=are_several)


def _changes(part: PerimeterPart | None, addition: Addition) -> bool:
    """Adding a whole EPCI never touches the declared part of one of its communes."""
    if part is None or addition.share is None:
        return part is None
    return (part.share, part.share_source) != (addition.share, addition.source)


def _names(codes: Iterable[str]) -> dict[str, str]:
    """Names by code. Raises UnknownCommune when one of them is not in the official code."""
    wanted = set(codes)
    names = _known_names(wanted)
    _refuse_unknown(wanted - names.keys())
    return names


def _known_names(codes: Set[str]) -> dict[str, str]:
    return dict(rows_in(Commune.objects.current().values_list("code", "name"), "code", codes))


def _refuse_unknown(codes: Set[str]) -> None:
    if codes:
        named = [code[:LONGEST_CODE] for code in sorted(codes)[:NAMED_AT_MOST]]
        raise UnknownCommune(f"Code inconnu du code officiel géographique : {listed(named)}.")


def _refuse_counted_twice(codes: Iterable[str]) -> None:
    pairs = rows_in(Commune.objects.values_list("code", "parent_id"), "code", codes)
    if twice := counted_twice(pairs):
        names = _names(twice[0])
        arrondissement, commune = (names[code] for code in twice[0])
        raise CountedTwice(f"{arrondissement} fait partie de {commune} : gardez l’un ou l’autre.")


def _summary(
    changing: Mapping[str, Addition], leaving: list[str], before: Mapping[str, PerimeterPart], names: Mapping[str, str]
) -> str:
    """What a save did, as the history and the second editor read it."""
    pieces = []
    if added := sorted(code for code in changing if code not in before):
        pieces.append(f"ajout {_names_text(added, names)}")
    for code in sorted(changing.keys() & before.keys()):
        addition = changing[code]
        source = f" ({addition.source})" if addition.source else ""
        pieces.append(f"part {of(names[code])} : {percent(before[code].share)} → {percent(addition.share)}{source}")
    if leaving:
        pieces.append(f"retrait {_names_text(leaving, names)}")
    return " ; ".join(pieces)[:300]


def _names_text(codes: list[str], names: Mapping[str, str]) -> str:
    named = [of(names[code]) for code in codes[:NAMED_AT_MOST]]
    if rest := len(codes) - len(named):
        return f"{', '.join(named)} et {rest} {plural(rest, 'autre')}"
    return listed(named)
