"""Giving a slot to a patient, once; and what becomes of it."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core import jobs
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.actions.locking import lock_slots
from maillage.unscheduled_care.actions.outbox import tell_sas
from maillage.unscheduled_care.models import (
    Absence,
    Appointment,
    AppointmentStatus,
    BusyTime,
    Effector,
    EffectorMembership,
    Origin,
    Regulator,
    Slot,
    SlotStatus,
)
from maillage.unscheduled_care.rules.slots import Kind

FOLLOW = "unscheduled_care.follow"
FLUSH = "unscheduled_care.flush"
CODE_DIGITS = 8
DESK_KINDS = Kind.PUBLIC | Kind.PRO  # what any CPTS sees; the kind CPTS is seen by those it is open to


class SlotNoLongerFree(DomainError):
    user_message = "Ce créneau vient d’être pris : voici le suivant."


class SlotAlreadyStarted(DomainError):
    user_message = "Ce créneau a déjà commencé."


class ProfessionalBusy(SlotNoLongerFree):
    user_message = "Ce professionnel vient de devenir indisponible à cette heure : voici le créneau suivant."


class NotOpenToYou(DomainError):
    user_message = "Ce créneau n’est pas ouvert à qui le demande."


class WalkIn(DomainError):
    user_message = "Ce lieu reçoit sans rendez-vous : adressez-y le patient, il n’y a rien à réserver."


class NotBooked(DomainError):
    user_message = "Ce rendez-vous n’est plus à venir : il est annulé, ou son issue est connue."


class NotYet(DomainError):
    user_message = "Ce rendez-vous n’a pas encore eu lieu."


class Over(DomainError):
    user_message = "Ce rendez-vous a commencé : il ne s’annule plus. Dites s’il a été honoré."


@dataclass(frozen=True)
class Booker:
    """Who books, and in what name: an account, perhaps that of a regulator whom the SAS declared."""

    user: User | None
    origin: Origin
    regulator: Regulator | None = None
    cpts: Cpts | None = None


@transaction.atomic
def book_slot(*, slot: Slot, booker: Booker, reason: str = "", commune: str = "", at: datetime) -> Appointment:
    """Give a free slot to a patient, exactly once, and have its professional and the SAS told.

    The slot is taken by one conditional update: of two people at the same second one takes it. Raises
    SlotNoLongerFree, ProfessionalBusy, SlotAlreadyStarted or WalkIn, and nothing is written.
    """
    check_open_to(slot, booker)
    _take(slot, at)
    appointment = Appointment(
        slot=slot, effector_id=slot.effector_id, cpts=booker.cpts or cpts_of(slot),
        starts_at=slot.starts_at, ends_at=slot.ends_at, origin=booker.origin, booked_by=booker.user,
        regulator=booker.regulator, booked_at=at, reason=reason, commune=commune, code=new_code(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            appointment.save()
    except IntegrityError as error:  # the constraint of the database has the last word
        raise SlotNoLongerFree from error
    _tell("booked", appointment, f"Créneau du {_when(appointment)} réservé", booker.user, at)
    return appointment


def _take(slot: Slot, at: datetime) -> None:
    taken = Slot.objects.open().filter(pk=slot.pk, starts_at__gt=at).update(status=SlotStatus.BUSY)
    if not taken:
        raise SlotAlreadyStarted if slot.starts_at <= at else SlotNoLongerFree
    slot.status = SlotStatus.BUSY
    if is_taken_elsewhere(slot):
        raise ProfessionalBusy


def is_taken_elsewhere(slot: Slot) -> bool:
    """An absence, or a busy time of another calendar, that came since the slot was last looked at."""
    over: dict[str, Any] = {
        "effector": slot.effector_id, "starts_at__lt": slot.ends_at, "ends_at__gt": slot.starts_at,
    }  # fmt: skip
    return BusyTime.objects.filter(**over).exists() or Absence.objects.filter(**over).exists()


def check_open_to(slot: Slot, booker: Booker) -> None:
    """Whoever books sees the slot: its owner is still a member, and opened it to them. Raises WalkIn, NotOpenToYou.

    The regulation sees what the SAS is told: any kind, of those who agreed to it.
    """
    if slot.walk_in:
        raise WalkIn
    if booker.origin == Origin.SAS:
        owners = Effector.objects.shown_to_sas()
        shown = bool(slot.kinds & ~Kind.CPTS) or slot.audiences.exists()
    else:
        owners = Effector.objects.active()
        shown = bool(slot.kinds & DESK_KINDS) or (
            bool(slot.kinds & Kind.CPTS) and slot.audiences.filter(cpts=booker.cpts).exists()
        )
    if not shown or not owners.filter(pk=slot.effector_id).exists():
        raise NotOpenToYou


def cpts_of(slot: Slot) -> Cpts | None:
    """Whose figures a booking by the SAS counts in: a CPTS the slot is open to, else the first of its owner today."""
    own = Cpts.objects.filter(
        pk__in=EffectorMembership.objects.in_force().filter(effector=slot.effector_id).values("cpts")
    )
    return own.filter(pk__in=slot.audiences.values("cpts")).order_by("pk").first() or own.order_by("pk").first()


def new_code() -> str:
    """Eight digits, read aloud four by four."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def _when(appointment: Appointment) -> str:
    return f"{appointment.starts_at:%d/%m/%Y à %H:%M} (UTC)"


def _tell(what: str, appointment: Appointment, summary: str, by: User | None, at: datetime) -> None:
    """The trace, the SAS, then the professional: all in the transaction of the change."""
    audit.record(f"appointment.{what}", target=appointment, by=by, at=at, cpts=appointment.cpts, summary=summary)
    if tell_sas(appointment, at=at):
        jobs.enqueue(FLUSH, label="Messages au SAS", at=at)
    follow_up(appointment, what, at)


def follow_up(appointment: Appointment, what: str, at: datetime, effector_id: int | None = None) -> None:
    """Have a professional told: who has the patient, or had."""
    label = "Suite d’un rendez-vous"
    jobs.enqueue(FOLLOW, label=label, at=at, appointment_id=appointment.pk, what=what, effector_id=effector_id)


def _locked(appointment: Appointment) -> Appointment:
    """The row alone is locked: joined, PostgreSQL would lose it when another move changes its slot meanwhile."""
    Appointment.objects.select_for_update().get(pk=appointment.pk)
    return Appointment.objects.select_related("slot", "effector", "regulator", "cpts").get(pk=appointment.pk)


def _end(stored: Appointment, status: AppointmentStatus, at: datetime) -> None:
    """One end: the conditional update refuses a second one."""
    booked = Appointment.objects.filter(pk=stored.pk, status=AppointmentStatus.BOOKED)
    if not booked.update(status=status, ended_at=at, version=F("version") + 1):
        raise NotBooked
    stored.status, stored.ended_at, stored.version = status, at, stored.version + 1


@transaction.atomic
def cancel(*, appointment: Appointment, by: User | None, at: datetime, keep_slot: bool = False) -> Appointment:
    """Free the slot for somebody else; or close it, when it is the professional who cannot. Raises NotBooked, Over."""
    stored = _locked(appointment)
    if stored.starts_at <= at:
        raise Over if stored.is_booked else NotBooked
    _end(stored, AppointmentStatus.CANCELLED, at)
    freed = SlotStatus.BLOCKED if keep_slot else SlotStatus.FREE
    Slot.objects.filter(pk=stored.slot_id, status=SlotStatus.BUSY).update(status=freed)
    what = "given-back" if keep_slot else "cancelled"
    _tell(what, stored, f"Rendez-vous du {_when(stored)} annulé", by, at)
    return stored


@transaction.atomic
def record_outcome(*, appointment: Appointment, came: bool, by: User | None, at: datetime) -> Appointment:
    """The patient came, or did not. Raises NotYet before it starts, NotBooked when the end is known."""
    stored = _locked(appointment)
    if stored.starts_at > at:
        raise NotYet
    _end(stored, AppointmentStatus.FULFILLED if came else AppointmentStatus.NO_SHOW, at)
    said = "honoré" if came else "non honoré"
    _tell("ended", stored, f"Rendez-vous du {_when(stored)} {said}", by, at)
    return stored


@transaction.atomic
def move(*, appointment: Appointment, to: Slot, booker: Booker, at: datetime) -> Appointment:
    """Another slot of the same professional, or of another: the first is free again, or nothing changed.

    Raises what book_slot raises, NotBooked and Over.
    """
    stored = _locked(appointment)
    if stored.starts_at <= at or not stored.is_booked:
        raise Over if stored.is_booked else NotBooked
    left, before = stored.slot_id, stored.effector_id
    check_open_to(to, booker)
    lock_slots(Slot.objects.filter(pk__in=[to.pk, left]))
    _take(to, at)
    stored.slot, stored.effector, stored.starts_at, stored.ends_at = to, to.effector, to.starts_at, to.ends_at
    stored.cpts = booker.cpts or cpts_of(to)
    stored.version, stored.acknowledged_at = stored.version + 1, None
    try:
        with transaction.atomic():
            stored.save()
    except IntegrityError as error:
        raise SlotNoLongerFree from error
    Slot.objects.filter(pk=left, status=SlotStatus.BUSY).update(status=SlotStatus.FREE)
    _tell(
        "moved" if before == to.effector_id else "booked",
        stored,
        f"Rendez-vous déplacé au {_when(stored)}",
        booker.user,
        at,
    )
    if before != to.effector_id:
        follow_up(stored, "handed-over", at, effector_id=before)
    return stored


@transaction.atomic
def acknowledge(*, appointment: Appointment, by: User | None, at: datetime) -> None:
    """The professional saw it: one tap. Twice is once. Raises NotBooked."""
    if not appointment.is_booked:
        raise NotBooked
    if Appointment.objects.filter(pk=appointment.pk, acknowledged_at=None).update(acknowledged_at=at):
        summary = f"Rendez-vous du {_when(appointment)} vu par le professionnel"
        audit.record("appointment.seen", target=appointment, by=by, at=at, cpts=appointment.cpts, summary=summary)


def find_by_code(*, code: str, on: tuple[datetime, datetime]) -> Appointment | None:
    """What a patient cancels: the code that was read to them, and the day. None unless it names one appointment."""
    digits = "".join(char for char in code if char.isascii() and char.isdigit())
    if len(digits) != CODE_DIGITS:
        return None
    found = list(
        Appointment.objects.filter(
            code=digits, status=AppointmentStatus.BOOKED, starts_at__gte=on[0], starts_at__lt=on[1]
        ).select_related("slot__schedule", "effector")[:2]
    )
    return found[0] if len(found) == 1 else None
