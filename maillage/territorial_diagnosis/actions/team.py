"""What a team says of its territory: its own figures, what exists, what is lacking, what comes first."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.missions import Mission
from maillage.cpts.models import Cpts
from maillage.geography.models import Commune
from maillage.territorial_diagnosis.acts import Act
from maillage.territorial_diagnosis.models import (
    CustomIndicator,
    GapDecision,
    GapStatus,
    IndicatorValue,
    Priority,
    Resource,
    Vintage,
)
from maillage.territorial_diagnosis.queries.places import cpts_place
from maillage.territorial_diagnosis.rules.catalogue import Definition, Kind
from maillage.territorial_diagnosis.rules.gaps import Gap
from maillage.territorial_diagnosis.rules.opening import Opening, hours_text

OWN_LEVEL = "cpts"


class ImpossibleFigure(DomainError):
    """`part`: which of the two numbers is wrong."""

    user_message = "Ce chiffre n’est pas possible."

    def __init__(self, part: str, user_message: str) -> None:
        super().__init__(user_message)
        self.part = part


class AlreadyListed(DomainError):
    user_message = "C’est déjà dans la liste."


class HoursChanged(DomainError):
    user_message = "Ces horaires viennent d’être changés par quelqu’un d’autre : enregistrez de nouveau, s’il le faut."


class ReasonNeeded(DomainError):
    user_message = "Dites pourquoi ce manque est écarté : la raison reste dans le diagnostic."


@transaction.atomic
def type_figure(
    *,
    cpts: Cpts,
    definition: Definition,
    numerator: float,
    denominator: float | None,
    on: date,
    source: str,
    by: User,
    at: datetime,
) -> Vintage:
    """The CPTS's own count of an indicator, dated and sourced; one that has the same date is replaced.

    Raises ImpossibleFigure: a share above its base, a base that is missing.
    """
    if not definition.is_count and not denominator:
        lacks = "Donnez le dénominateur" if denominator is None else "Il doit être plus grand que zéro"
        raise ImpossibleFigure("denominator", f"{lacks} : {definition.denominator}.")
    if definition.kind == Kind.RATE and definition.per == 100 and denominator and numerator > denominator:
        parts = f"le numérateur ({definition.numerator}) dépasse le dénominateur ({definition.denominator})"
        raise ImpossibleFigure("numerator", f"Une part ne dépasse pas le tout : {parts}.")
    Vintage.objects.filter(cpts=cpts, code=definition.code, label=on.isoformat()).delete()
    vintage = Vintage.objects.create(
        cpts=cpts, code=definition.code, label=on.isoformat(), source=source, level=OWN_LEVEL, places=1, loaded_at=at
    )
    IndicatorValue.objects.create(
        vintage=vintage, place=cpts_place(cpts.pk), numerator=numerator, denominator=denominator
    )
    audit.record(
        Act.DIAGNOSIS_FIGURE_TYPED,
        target=vintage,
        by=by,
        at=at,
        cpts=cpts,
        summary=f"Chiffre saisi : {definition.label}",
    )
    return vintage


@transaction.atomic
def erase_figure(*, vintage: Vintage, label: str, by: User, at: datetime) -> None:
    """Take back a figure that the CPTS typed, or an indicator's vintage it brought."""
    audit.record(
        Act.DIAGNOSIS_FIGURE_ERASED,
        target=vintage,
        by=by,
        at=at,
        cpts=vintage.cpts,
        summary=f"Chiffre effacé : {label}",
    )
    vintage.delete()
    if not Vintage.objects.filter(cpts=vintage.cpts, code=vintage.code).exists():
        CustomIndicator.objects.filter(cpts=vintage.cpts, code=vintage.code).delete()


@transaction.atomic
def add_resource(*, cpts: Cpts, by: User, at: datetime, commune: Commune | None, **fields: Any) -> Resource:
    """Something that exists on the territory. Raises AlreadyListed for an establishment or a name listed before."""
    if Resource.objects.of(cpts).filter(kind=fields["kind"], name__iexact=fields["name"], commune=commune).exists():
        raise AlreadyListed
    try:
        with transaction.atomic():
            resource = Resource.objects.create(cpts=cpts, commune=commune, created_at=at, **fields)
    except IntegrityError as error:
        raise AlreadyListed from error
    summary = f"Ressource du territoire : {resource.name}"
    audit.record(Act.DIAGNOSIS_RESOURCE_ADDED, target=resource, by=by, at=at, cpts=cpts, summary=summary)
    return resource


@transaction.atomic
def set_hours(*, resource: Resource, opening: list[Opening], was: str, by: User, at: datetime) -> None:
    """When it is open, in place of what was known: `was`, as it was read. Raises HoursChanged when it is no longer."""
    as_read = Resource.objects.filter(pk=resource.pk, opening=resource.opening)
    if was != resource.hours or not as_read.update(opening=opening):
        raise HoursChanged
    summary = f"Horaires de {resource.name} : {hours_text(opening) or 'non connus'}"
    audit.record(Act.DIAGNOSIS_RESOURCE_HOURS, target=resource, by=by, at=at, cpts=resource.cpts, summary=summary)


@transaction.atomic
def remove_resource(*, resource: Resource, by: User, at: datetime) -> None:
    """Out of the census; the trace keeps its name."""
    summary = f"Ressource retirée : {resource.name}"
    audit.record(Act.DIAGNOSIS_RESOURCE_REMOVED, target=resource, by=by, at=at, cpts=resource.cpts, summary=summary)
    resource.delete()


@transaction.atomic
def answer_gap(*, cpts: Cpts, gap: Gap, status: GapStatus, reason: str, by: User, at: datetime) -> GapDecision:
    """Confirm or dismiss a gap; the last answer stands. Raises ReasonNeeded when it is dismissed without a word."""
    if status == GapStatus.DISMISSED and not reason.strip():
        raise ReasonNeeded
    decision, _ = GapDecision.objects.update_or_create(
        cpts=cpts, key=gap.key, defaults={"status": status, "reason": reason.strip(), "by": by, "at": at}
    )
    summary = f"Manque {decision.get_status_display()} : {gap.title}"
    audit.record(Act.DIAGNOSIS_GAP_ANSWERED, target=decision, by=by, at=at, cpts=cpts, summary=summary)
    return decision


@transaction.atomic
def add_priority(
    *, cpts: Cpts, title: str, why: str, mission: Mission, indicators: list[str], by: User, at: datetime
) -> Priority:
    """One more need, ranked last. Raises AlreadyListed."""
    last = Priority.objects.filter(cpts=cpts).aggregate(last=Max("rank"))["last"] or 0
    try:
        with transaction.atomic():
            priority = Priority.objects.create(
                cpts=cpts, rank=last + 1, title=title, why=why, mission=mission, indicators=indicators, created_at=at
            )
    except IntegrityError as error:
        raise AlreadyListed("Ce besoin est déjà dans la liste.") from error
    audit.record(Act.DIAGNOSIS_PRIORITY_ADDED, target=priority, by=by, at=at, cpts=cpts, summary=f"Priorité : {title}")
    return priority


@transaction.atomic
def move_priority(*, priority: Priority, up: bool, by: User, at: datetime) -> None:
    """One place up or down; the ranks become 1, 2, 3… again."""
    order = list(Priority.objects.select_for_update().filter(cpts=priority.cpts_id).order_by("rank", "pk"))
    place = next(number for number, ranked in enumerate(order) if ranked.pk == priority.pk)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    for rank, ranked in enumerate(order, start=1):
        ranked.rank = rank
    Priority.objects.bulk_update(order, ["rank"])
    summary = f"Priorité {'montée' if up else 'descendue'} : {priority.title}"
    audit.record(Act.DIAGNOSIS_PRIORITY_MOVED, target=priority, by=by, at=at, cpts=priority.cpts, summary=summary)


@transaction.atomic
def remove_priority(*, priority: Priority, by: User, at: datetime) -> None:
    """Out of the list; the trace keeps its title."""
    summary = f"Priorité retirée : {priority.title}"
    audit.record(Act.DIAGNOSIS_PRIORITY_REMOVED, target=priority, by=by, at=at, cpts=priority.cpts, summary=summary)
    priority.delete()
