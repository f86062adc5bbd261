"""Opening slots: where, when, how, and to whom. Nothing is visible until its owner says to whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.templatetags.maillage import hour_text, weekday_text
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.actions.locking import lock_slots
from maillage.unscheduled_care.actions.masking import busy_spans
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.models import Effector, Schedule, Slot, SlotAudience, SlotStatus
from maillage.unscheduled_care.queries.places import departement_of_place, point_of
from maillage.unscheduled_care.rules.pdsa import pdsa_reason
from maillage.unscheduled_care.rules.places import cell_of
from maillage.unscheduled_care.rules.series import Span, overlaps
from maillage.unscheduled_care.rules.slots import Kind, Mode

MOST_AT_ONCE = 1000
NOBODY = Kind(0)
TOLD = 6


class PdsaHours(DomainError):
    """Slots of kind CPTS in the hours of the permanence des soins: each with its reason."""

    def __init__(self, refused: Sequence[tuple[datetime, str]]) -> None:
        texts = [f"{_start_text(start)} ({reason})" for start, reason in refused[:TOLD]]
        more = f" et {len(refused) - TOLD} autres" if len(refused) > TOLD else ""
        what = "Ce créneau commence" if len(refused) == 1 else "Ces créneaux commencent"
        super().__init__(
            f"{what} à l’heure de la permanence des soins, hors de la mission de la CPTS : {', '.join(texts)}{more}. "
            "Choisissez une autre heure, ajoutez ces jours à « Sauf le », ou ne les ouvrez pas à la CPTS."
        )


def _start_text(starts_at: datetime) -> str:
    local = localtime(starts_at)
    return f"{weekday_text(local)} à {hour_text(local)}"


class NoCptsChosen(DomainError):
    user_message = "Dites à quelles CPTS ces créneaux sont ouverts."


class NotAMember(DomainError):
    user_message = "Vous n’êtes pas membre d’une des CPTS choisies."


class SlotOverlaps(DomainError):
    user_message = "Un de vos créneaux occupe déjà cette heure, ici ou dans un autre de vos lieux."


class NothingToOpen(DomainError):
    user_message = "Aucun créneau ne tient dans cette plage : vérifiez les heures et la durée."


class AlreadyPast(DomainError):
    user_message = "Cette heure est déjà passée : choisissez une date à venir."


class TooMany(DomainError):
    user_message = f"Plus de {MOST_AT_ONCE} créneaux à la fois : raccourcissez la période."


@dataclass(frozen=True)
class Opening:
    """What is said once of slots opened together: how, to whom, for what."""

    modes: Mode
    kinds: Kind = NOBODY
    cpts: Sequence[Cpts] = ()
    reasons: Sequence[str] = ()
    walk_in: bool = False
    reserved_for: str = ""


@dataclass(frozen=True)
class Opened:
    """What was opened, and the hours that could not be."""

    slots: Sequence[Slot]
    taken: Sequence[Span] = field(default=())

    @property
    def message(self) -> str:
        count, left = len(self.slots), len(self.taken)
        text = f"{count} {plural(count, 'créneau ouvert', 'créneaux ouverts')}."
        if left:
            text += f" {left} {plural(left, 'heure était déjà prise', 'heures étaient déjà prises')}."
        return text


def new_slot(
    *, schedule: Schedule, starts_at: datetime, ends_at: datetime, kinds: Kind, modes: Mode, at: datetime
) -> Slot:
    """A free slot, not written yet, with what a search reads of its owner and its place."""
    point = point_of(schedule)
    return Slot(
        effector=schedule.effector,
        schedule=schedule,
        group=schedule.effector.group,
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        cell=cell_of(*point) if point else None,
        starts_at=starts_at,
        ends_at=ends_at,
        kinds=int(kinds),
        modes=int(modes),
        created_at=at,
    )


@transaction.atomic
def open_slots(
    *,
    schedule: Schedule,
    spans: Iterable[Span],
    opening: Opening,
    skip_taken: bool = False,
    by: User | None,
    at: datetime,
) -> Opened:
    """Open slots of one place. An hour of theirs that is taken refuses all, or is left out with `skip_taken`.

    Those that fall in an absence or a busy time are opened and hidden. Raises PdsaHours, NoCptsChosen, NotAMember,
    SlotOverlaps, NothingToOpen, TooMany.
    """
    asked = list(spans)
    wanted = [span for span in asked if span[0] > at]
    if asked and not wanted:
        raise AlreadyPast
    Effector.objects.select_for_update().get(pk=schedule.effector_id)  # an absence added meanwhile waits
    _check(schedule, wanted, opening)
    if skip_taken:
        taken = taken_spans(schedule.effector, wanted)
        left = [span for span in wanted if overlaps(span, taken)]
        wanted = [span for span in wanted if span not in left]
    else:
        left = []
    if not wanted:
        raise SlotOverlaps if left else NothingToOpen
    slots = [_opened(schedule, span, opening, at) for span in wanted]
    _write(slots, schedule, opening)
    summary = f"{schedule.effector} : {len(slots)} {plural(len(slots), 'créneau ouvert', 'créneaux ouverts')}"
    audit.record(Act.SLOT_OPENED, target=schedule, by=by, at=at, summary=summary, details=_details(opening))
    return Opened(slots, left)


def _check(schedule: Schedule, spans: Sequence[Span], opening: Opening) -> None:
    if not spans:
        raise NothingToOpen
    if len(spans) > MOST_AT_ONCE:
        raise TooMany
    check_audience(schedule.effector, opening.kinds, opening.cpts)
    if opening.kinds & Kind.CPTS:
        check_hours(schedule, [start for start, _ in spans])


def check_hours(schedule: Schedule, starts: Iterable[datetime]) -> None:
    """Raises PdsaHours for those that the mission of a CPTS leaves out."""
    departement = departement_of_place(schedule)
    refused = [(start, reason) for start in starts if (reason := pdsa_reason(start, departement))]
    if refused:
        raise PdsaHours(refused)


def check_audience(effector: Effector, kinds: Kind, cpts: Sequence[Cpts]) -> None:
    if kinds & Kind.CPTS and not cpts:
        raise NoCptsChosen
    mine = set(effector.links.in_force().values_list("cpts", flat=True))
    if not {chosen.pk for chosen in cpts} <= mine:
        raise NotAMember


def taken_spans(effector: Effector, spans: Sequence[Span]) -> list[Span]:
    """Hours their slots already hold, around those."""
    live = Slot.objects.live().filter(effector=effector)
    around = live.overlapping(min(start for start, _ in spans), max(end for _, end in spans))
    return list(around.values_list("starts_at", "ends_at"))


def _opened(schedule: Schedule, span: Span, opening: Opening, at: datetime) -> Slot:
    slot = new_slot(
        schedule=schedule, starts_at=span[0], ends_at=span[1], kinds=opening.kinds, modes=opening.modes, at=at
    )
    slot.reasons = list(opening.reasons)
    slot.walk_in = opening.walk_in
    slot.reserved_for = opening.reserved_for
    return slot


def _write(slots: list[Slot], schedule: Schedule, opening: Opening) -> None:
    series = uuid4() if len(slots) > 1 else None
    hidden = busy_spans(schedule.effector, slots[0].starts_at - timedelta(days=1), slots[-1].ends_at)
    for slot in slots:
        slot.series = series
        slot.is_masked = overlaps((slot.starts_at, slot.ends_at), hidden)
    try:
        with transaction.atomic():
            Slot.objects.bulk_create(slots)
    except IntegrityError as error:
        raise SlotOverlaps from error
    if opening.kinds & Kind.CPTS:
        SlotAudience.objects.bulk_create(SlotAudience(slot=slot, cpts=cpts) for slot in slots for cpts in opening.cpts)


def _details(opening: Opening) -> dict[str, object]:
    return {"kinds": int(opening.kinds), "modes": int(opening.modes), "cpts": [cpts.pk for cpts in opening.cpts]}


@transaction.atomic
def show_slots(
    *, effector: Effector, slots: Sequence[Slot], kinds: Kind, cpts: Sequence[Cpts], by: User | None, at: datetime
) -> int:
    """Say to whom free slots are shown. Raises PdsaHours, NoCptsChosen, NotAMember; nothing changes then."""
    check_audience(effector, kinds, cpts)
    free = [slot for slot in slots if slot.effector_id == effector.pk and slot.is_free]
    if kinds & Kind.CPTS:
        for slot in free:
            check_hours(slot.schedule, [slot.starts_at])
    # One that is booked meanwhile keeps what it was.
    keys = lock_slots(Slot.objects.filter(pk__in=[slot.pk for slot in free], status=SlotStatus.FREE))
    changed = Slot.objects.filter(pk__in=keys).update(kinds=int(kinds))
    SlotAudience.objects.filter(slot__in=keys).delete()
    if kinds & Kind.CPTS:
        SlotAudience.objects.bulk_create(SlotAudience(slot_id=key, cpts=chosen) for key in keys for chosen in cpts)
    summary = f"{effector} : visibilité de {changed} {plural(changed, 'créneau changée', 'créneaux changée')}"
    audit.record(Act.SLOT_SHOWN, target=effector, by=by, at=at, summary=summary, details={"kinds": int(kinds)})
    return changed


@transaction.atomic
def close_slots(*, effector: Effector, slots: Sequence[Slot], by: User | None, at: datetime) -> int:
    """Take back free slots to come: nobody sees them any more, their hour may serve again. Booked ones stay."""
    keys = [slot.pk for slot in slots if slot.effector_id == effector.pk]
    open_ = Slot.objects.filter(pk__in=keys, status__in=[SlotStatus.FREE, SlotStatus.BLOCKED], starts_at__gt=at)
    count = Slot.objects.filter(pk__in=lock_slots(open_)).update(status=SlotStatus.CANCELLED)
    if count:
        summary = f"{effector} : {count} {plural(count, 'créneau retiré', 'créneaux retirés')}"
        audit.record(Act.SLOT_CLOSED, target=effector, by=by, at=at, summary=summary)
    return count
