"""Giving a slot to a patient, once; and what becomes of it."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.limits import spend
from maillage.core.secrecy.sealed import read_sealed, write_sealed
from maillage.core.sql.rows import insert, read_rows
from maillage.core.work import jobs
from maillage.cpts.models import Cpts
from maillage.geography.rules.clocks import zone_of
from maillage.unscheduled_care.actions.locking import lock_slots
from maillage.unscheduled_care.actions.requests import move_request, reopen_request
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.hooks import appointment_changed
from maillage.unscheduled_care.limits import DESK_BOOKINGS, SAS_BOOKINGS
from maillage.unscheduled_care.models import (
    Appointment,
    AppointmentStatus,
    Origin,
    Slot,
    SlotStatus,
)
from maillage.unscheduled_care.models.visibility import (
    APPROVED,
    FROM_A_MEMBER,
    LINKS_IN_FORCE,
    OPEN_SQL,
    OPENED_TO_CPTS,
    TOLD_TO_SAS,
)
from maillage.unscheduled_care.queries.places import departement_of_place

FOLLOW = "unscheduled_care.follow"
CODE_DIGITS = 8
A_DAY_ANYWHERE = timedelta(hours=26)  # from noon UTC, a day of any French clock


class SlotNoLongerFree(DomainError):
    user_message = "Ce créneau vient d’être pris : voici le suivant."


class SlotAlreadyStarted(DomainError):
    user_message = "Ce créneau a déjà commencé."


class ProfessionalBusy(SlotNoLongerFree):
    user_message = "Ce professionnel vient de devenir indisponible à cette heure : voici le créneau suivant."


class NotOpenToYou(DomainError):
    user_message = "Ce créneau n’est pas ouvert à qui le demande."


class OutOfTerritory(NotOpenToYou):
    user_message = "Ce lieu est hors des départements de votre régulation : appelez celle de son département."


class WalkIn(DomainError):
    user_message = "Ce lieu reçoit sans rendez-vous : adressez-y le patient, il n’y a rien à réserver."


class NotBooked(DomainError):
    user_message = "Ce rendez-vous n’est plus à venir : il est annulé, ou son issue est connue."


class NotYet(DomainError):
    user_message = "Ce rendez-vous n’a pas encore eu lieu."


class AppointmentOver(DomainError):
    user_message = "Ce rendez-vous a commencé : il ne s’annule plus. Dites s’il a été honoré."


@dataclass(frozen=True)
class Booker:
    """Who books, and in what name."""

    user: User | None
    origin: Origin
    cpts: Cpts | None = None
    # Where a regulator's role lets them book; None when no role says it (desks, accounts that the SAS declares).
    departements: frozenset[str] | None = None


def book_slot(*, slot: Slot, booker: Booker, reason: str = "", commune: str = "", at: datetime) -> Appointment:
    """Give a free slot to a patient, exactly once, and have its professional told.

    The slot is taken by one conditional update: of two people at the same second one takes it. Raises WalkIn,
    NotOpenToYou, SlotNoLongerFree, ProfessionalBusy, SlotAlreadyStarted or LimitReached, and NoSealingKey or
    SealingKeyDestroyed when a reason cannot be sealed; nothing is written then.
    """
    try:
        with transaction.atomic():
            return _book(slot, booker, reason, commune, at)
    except IntegrityError as error:  # the constraint of the database has the last word
        raise SlotNoLongerFree from error


def _book(slot: Slot, booker: Booker, reason: str, commune: str, at: datetime) -> Appointment:
    facts = check_open_to(slot, booker)
    _take(slot, facts, at)
    _count(booker, at)
    appointment = Appointment(
        slot=slot,
        effector_id=slot.effector_id,
        cpts_id=facts.cpts_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        origin=booker.origin,
        booked_by=booker.user,
        booked_at=at,
        commune=commune,
        code=new_code(),
    )
    appointment.effector = slot.effector
    write_sealed(appointment, "sealed", {"reason": reason}, at=at)
    insert(appointment)
    _tell("booked", appointment, f"Créneau du {_when(appointment)} réservé", booker.user, at)
    return appointment


def _count(booker: Booker, at: datetime) -> None:
    """So many an hour for an account, moves included: each one is somebody's time. Raises LimitReached."""
    if booker.user:
        spend(SAS_BOOKINGS if booker.origin == Origin.SAS else DESK_BOOKINGS, at=at, account=booker.user.pk)


OPEN = OPEN_SQL.format(slot="unscheduled_care_slot")
TAKE = f"UPDATE unscheduled_care_slot SET status = 'busy' WHERE id = %s AND starts_at > %s AND {OPEN} RETURNING id"  # noqa: S608


def _take(slot: Slot, facts: "Facts", at: datetime) -> None:
    """An absence or a busy time that came meanwhile masked the slot in its own transaction: the update sees it."""
    if not read_rows(TAKE, [slot.pk, at], ()):
        raise SlotAlreadyStarted if slot.starts_at <= at else SlotNoLongerFree
    if facts.is_away:
        raise ProfessionalBusy
    slot.status = SlotStatus.BUSY


@dataclass(frozen=True)
class Facts:
    """What a booking asks of a slot and of its owner. `cpts_id`: whose figures it counts in."""

    is_away: bool
    is_shown_to_desk: bool
    is_told_to_sas: bool
    cpts_id: int | None


AWAY = "WHERE effector_id = slot.effector_id AND starts_at < slot.ends_at AND ends_at > slot.starts_at"
# An approved CPTS of its owner: its team reads why a patient comes.
HOMES = f"SELECT MIN(link.cpts_id) {LINKS_IN_FORCE} WHERE link.effector_id = slot.effector_id AND {APPROVED}"
FACTS = f"""SELECT
EXISTS (SELECT 1 FROM unscheduled_care_absence {AWAY}) OR EXISTS (SELECT 1 FROM unscheduled_care_busytime {AWAY}),
{OPENED_TO_CPTS} AND {FROM_A_MEMBER},
{TOLD_TO_SAS},
COALESCE(({HOMES} AND link.cpts_id IN (SELECT cpts_id FROM unscheduled_care_slotaudience WHERE slot_id = slot.id)),
    ({HOMES}))
FROM unscheduled_care_slot AS slot WHERE slot.id = %(slot)s
"""  # noqa: S608  # constants of this module


def facts_of(slot: Slot, cpts_id: int | None) -> Facts:
    """One query: seven of the ORM cost more than the writes of a booking.

    A booking counts for the CPTS that made it; by the SAS, for one the slot is open to, else the first of its owner.
    """
    ((away, to_desk, to_sas, home),) = read_rows(FACTS, {"slot": slot.pk, "cpts": cpts_id or 0}, ())
    return Facts(bool(away), bool(to_desk), bool(to_sas), cpts_id or home)


def check_open_to(slot: Slot, booker: Booker) -> Facts:
    """Whoever books sees the slot (models.visibility), whatever its state. Raises WalkIn, NotOpenToYou."""
    if slot.walk_in:
        raise WalkIn
    facts = facts_of(slot, booker.cpts.pk if booker.cpts else None)
    if not (facts.is_told_to_sas if booker.origin == Origin.SAS else facts.is_shown_to_desk):
        raise NotOpenToYou
    if booker.departements is not None and departement_of_place(slot.schedule) not in booker.departements:
        raise OutOfTerritory
    return facts


def new_code() -> str:
    """Eight digits, read aloud four by four."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def read_code(text: str) -> str:
    """The digits of a code as people type it, however they space them; '' when they are not eight."""
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    return digits if len(digits) == CODE_DIGITS else ""


def _when(appointment: Appointment) -> str:
    return f"{timezone.localtime(appointment.starts_at):%d/%m/%Y à %H:%M}"


def _tell(what: str, appointment: Appointment, summary: str, by: User | None, at: datetime) -> None:
    """The trace, those who follow appointments, then the job that tells: all in the transaction of the change."""
    audit.record(
        Act(f"appointment.{what}"), target=appointment, by=by, at=at, cpts_id=appointment.cpts_id, summary=summary
    )
    appointment_changed(appointment, at=at)
    follow_up(appointment, what, at)


def follow_up(appointment: Appointment, what: str, at: datetime, effector_id: int | None = None) -> None:
    """Have a professional told, who has the patient or had."""
    label = "Suite d’un rendez-vous"
    jobs.enqueue(FOLLOW, label=label, at=at, appointment_id=appointment.pk, what=what, effector_id=effector_id)


def _locked(appointment: Appointment) -> Appointment:
    """The row alone is locked: joined, PostgreSQL would lose it when another move changes its slot meanwhile."""
    Appointment.objects.select_for_update().get(pk=appointment.pk)
    return Appointment.objects.select_related("slot", "effector", "cpts").get(pk=appointment.pk)


def _end(stored: Appointment, status: AppointmentStatus, at: datetime) -> None:
    """One end: the conditional update refuses a second one."""
    booked = Appointment.objects.filter(pk=stored.pk, status=AppointmentStatus.BOOKED)
    if not booked.update(status=status, ended_at=at, version=F("version") + 1):
        raise NotBooked
    stored.status, stored.ended_at, stored.version = status, at, stored.version + 1


@transaction.atomic
def cancel(*, appointment: Appointment, by: User | None, at: datetime, keep_slot: bool = False) -> Appointment:
    """Free the slot for somebody else; or close it, when it is the professional who cannot.

    Raises NotBooked or AppointmentOver.
    """
    stored = _locked(appointment)
    if stored.starts_at <= at:
        raise AppointmentOver if stored.is_booked else NotBooked
    _end(stored, AppointmentStatus.CANCELLED, at)
    freed = SlotStatus.BLOCKED if keep_slot else SlotStatus.FREE
    Slot.objects.filter(pk=stored.slot_id, status=SlotStatus.BUSY).update(status=freed)
    reopen_request(appointment=stored, by=by, at=at)
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


def move(*, appointment: Appointment, to: Slot, booker: Booker, at: datetime) -> Appointment:
    """Another slot of the same professional, or of another: the first is free again, or nothing changed.

    Raises what book_slot raises (LimitReached included), NotBooked and AppointmentOver.
    """
    try:
        with transaction.atomic():
            return _move(appointment, to, booker, at)
    except IntegrityError as error:
        raise SlotNoLongerFree from error


def _move(appointment: Appointment, to: Slot, booker: Booker, at: datetime) -> Appointment:
    stored = _locked(appointment)
    if stored.starts_at <= at or not stored.is_booked:
        raise AppointmentOver if stored.is_booked else NotBooked
    left, before = stored.slot_id, stored.effector_id
    facts = check_open_to(to, booker)
    lock_slots(Slot.objects.filter(pk__in=[to.pk, left]))
    _take(to, facts, at)
    _count(booker, at)
    stored.slot, stored.effector, stored.starts_at, stored.ends_at = to, to.effector, to.starts_at, to.ends_at
    if stored.cpts_id != facts.cpts_id:  # sealed for one CPTS, it would open nowhere under another
        reason = read_sealed(stored, "sealed")
        stored.cpts_id = facts.cpts_id
        write_sealed(stored, "sealed", reason, at=at)
    stored.version, stored.acknowledged_at = stored.version + 1, None
    stored.save()
    Slot.objects.filter(pk=left, status=SlotStatus.BUSY).update(status=SlotStatus.FREE)
    move_request(appointment=stored)
    what = "moved" if before == to.effector_id else "booked"
    _tell(what, stored, f"Rendez-vous déplacé au {_when(stored)}", booker.user, at)
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
        audit.record(Act.APPOINTMENT_SEEN, target=appointment, by=by, at=at, cpts=appointment.cpts, summary=summary)


def find_by_code(*, code: str, on: date) -> Appointment | None:
    """What a patient cancels: the code that was read to them, and the day, by the clock of the place.

    None unless it names one appointment.
    """
    digits = read_code(code)
    if not digits:
        return None
    noon = datetime.combine(on, time(12), tzinfo=UTC)
    around = (noon - A_DAY_ANYWHERE, noon + A_DAY_ANYWHERE)
    rows = Appointment.objects.filter(code=digits, status=AppointmentStatus.BOOKED, starts_at__range=around)
    appointments = [row for row in rows.select_related("slot__schedule", "effector") if _day_there(row) == on]
    return appointments[0] if len(appointments) == 1 else None


def _day_there(appointment: Appointment) -> date:
    zone = zone_of(departement_of_place(appointment.slot.schedule))
    return appointment.starts_at.astimezone(zone).date()
