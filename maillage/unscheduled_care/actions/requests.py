"""A call becomes a request, a request becomes a patient seen; and what named the patient is erased on time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.text import capfirst

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.limits import spend
from maillage.core.secrecy.keyring import Keyring, is_destroyed
from maillage.core.secrecy.sealed import read_sealed, write_sealed
from maillage.core.secrecy.sealing import can_seal
from maillage.cpts.models import Cpts
from maillage.geography.models import Commune
from maillage.patients import actions as patients
from maillage.unscheduled_care.actions.settings import settings_of
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.limits import REQUESTS, SOLICITATIONS
from maillage.unscheduled_care.models import (
    Appointment,
    CareRequest,
    Effector,
    Outcome,
    RequestMessage,
    Solicitation,
)
from maillage.unscheduled_care.models.request import SEEN
from maillage.unscheduled_care.notifications import tell_solicited, tell_taken
from maillage.unscheduled_care.queries.moments import when
from maillage.unscheduled_care.rules.warning_signs import warning_signs

MOST_SOLICITED = 15


class PatientsNotNamed(DomainError):
    user_message = (
        "Cette CPTS n’a pas déclaré d’hébergement certifié pour les données de santé : aucun patient ne peut être "
        "nommé. Les créneaux et les rendez-vous fonctionnent sans."
    )


class RequestEnded(DomainError):
    user_message = "Cette demande a déjà une issue."


class NotAskedAnyMore(DomainError):
    user_message = "Cette demande ne vous est plus adressée : votre adhésion a pris fin, ou est contestée."


class TakenByAnother(DomainError):
    user_message = "Merci : un collègue vient de prendre ce patient. Vous n’avez rien à faire."


class NobodyToSolicit(DomainError):
    user_message = "Cochez au moins un professionnel."


def may_name_patients(cpts: Cpts) -> bool:
    """Approved, declared by the CPTS, and the instance has its key."""
    return cpts.is_approved and settings_of(cpts).may_name_patients and can_seal()


@transaction.atomic
def open_request(
    *, cpts: Cpts, patient: dict[str, str], commune: Commune, group: str, hours: int, by: User, at: datetime
) -> CareRequest:
    """`patient`: who, what, and perhaps phone and doctor.

    Raises PatientsNotNamed, SealingKeyDestroyed, LimitReached.
    """
    if not may_name_patients(cpts):
        raise PatientsNotNamed
    spend(REQUESTS, at=at, account=by.pk)
    # Numbers of a CPTS follow each other: its row is the turnstile.
    Cpts.objects.select_for_update(of=("self",)).get(pk=cpts.pk)
    last = CareRequest.objects.of(cpts).aggregate(last=Max("number"))["last"] or 0
    request = CareRequest(
        cpts=cpts,
        number=last + 1,
        commune=commune,
        group=group,
        opened_by=by,
        opened_at=at,
        due_at=at + timedelta(hours=hours),
        has_warning=bool(warning_signs(patient.get("what", ""))),
    )
    named = {name: value for name, value in patient.items() if name != "what"}
    request.patient = patients.open_record(cpts=cpts, facts=named, by=by, at=at)
    write_sealed(request, "sealed", {"what": patient.get("what", "")}, at=at)
    request.save()
    audit.record(Act.REQUEST_OPENED, target=request, by=by, at=at, cpts=cpts, summary=f"Nouvelle {request}")
    return request


@transaction.atomic
def read_request(*, request: CareRequest, by: User, at: datetime) -> tuple[dict[str, str], list[dict[str, object]]]:
    """The patient and the thread, in clear; that they were read is written. Raises NoSealingKey, SealBroken."""
    audit.record(
        Act.READING_REQUEST, target=request, by=by, at=at, cpts=request.cpts, summary=capfirst(f"{request} lue")
    )
    keys = Keyring()
    thread: list[dict[str, object]] = [
        {"row": message, "text": read_sealed(message, "sealed", keys=keys).get("text", "")}
        for message in request.messages.select_related("request").order_by("at", "pk")
    ]
    return request.facts(keys), thread


@transaction.atomic
def write_message(*, request: CareRequest, text: str, by: User, at: datetime) -> RequestMessage:
    """A short word between professionals, sealed. Raises RequestEnded once what named the patient is erased."""
    if request.erased_at:
        raise RequestEnded
    message = RequestMessage(request=request, by_name=str(by)[:200], at=at)
    write_sealed(message, "sealed", {"text": text}, at=at)
    message.save()
    audit.record(
        Act.REQUEST_MESSAGE, target=request, by=by, at=at, cpts=request.cpts, summary=f"Message sur la {request}"
    )
    return message


@transaction.atomic
def end_request(
    *, request: CareRequest, outcome: str, appointment: Appointment | None = None, by: User | None, at: datetime
) -> None:
    """Every request ends, once. Raises RequestEnded."""
    seen_at = (appointment.starts_at if appointment else at) if outcome in SEEN else None
    ended = CareRequest.objects.waiting().filter(pk=request.pk)
    if not ended.update(outcome=outcome, ended_at=at, seen_at=seen_at, appointment=appointment):
        raise RequestEnded
    summary = capfirst(f"{request} : {Outcome(outcome).label}")
    audit.record(Act.REQUEST_ENDED, target=request, by=by, at=at, cpts=request.cpts, summary=summary)


def reopen_request(*, appointment: Appointment, by: User | None, at: datetime) -> None:
    """Its appointment is cancelled: the patient waits again, and the thread says why. In the transaction of it."""
    booked = CareRequest.objects.filter(appointment=appointment, outcome=Outcome.BOOKED, erased_at=None)
    request = booked.select_related("cpts").first()
    if request is None:
        return
    booked.update(outcome="", ended_at=None, seen_at=None, appointment=None)
    summary = capfirst(f"{request} de nouveau en attente : rendez-vous annulé")
    audit.record(Act.REQUEST_REOPENED, target=request, by=by, at=at, cpts=request.cpts, summary=summary)
    if not can_seal() or is_destroyed(request.cpts_id):  # an appointment is cancelled all the same
        return
    message = RequestMessage(request=request, by_name="Maillage", at=at)
    moment = when(appointment.starts_at, appointment.slot.schedule)
    text = f"Le rendez-vous avec {appointment.effector}, {moment}, est annulé : le patient attend."
    write_sealed(message, "sealed", {"text": text}, at=at)
    message.save()


def move_request(*, appointment: Appointment) -> None:
    """Its appointment is moved: the patient is seen at another time."""
    CareRequest.objects.filter(appointment=appointment).update(seen_at=appointment.starts_at)


@transaction.atomic
def solicit(*, request: CareRequest, effectors: Sequence[Effector], by: User, at: datetime) -> int:
    """Ask several professionals at once; each has a link, one tap. Those asked already are not asked again.

    Raises NobodyToSolicit, RequestEnded, LimitReached.
    """
    if not request.is_waiting:
        raise RequestEnded
    asked = set(request.solicitations.values_list("effector", flat=True))
    new = [effector for effector in effectors if effector.pk not in asked][:MOST_SOLICITED]
    if not new:
        raise NobodyToSolicit
    spend(*SOLICITATIONS, at=at, cost=len(new), account=by.pk)
    rows = [Solicitation.objects.create(request=request, effector=effector, sent_at=at) for effector in new]
    for row in rows:
        tell_solicited(row, at=at)
    summary = capfirst(f"{request} : {len(rows)} sollicités")
    audit.record(Act.REQUEST_SOLICITED, target=request, by=by, at=at, cpts=request.cpts, summary=summary)
    return len(rows)


@transaction.atomic
def answer_solicitation(*, solicitation: Solicitation, accepts: bool, at: datetime) -> CareRequest:
    """The first to accept takes the patient; the others are told. Raises NotAskedAnyMore, TakenByAnother."""
    request = solicitation.request
    if not Effector.objects.of(request.cpts).uncontested().filter(pk=solicitation.effector_id).exists():
        raise NotAskedAnyMore
    if accepts:
        free = CareRequest.objects.waiting().filter(pk=request.pk, taken_by=None)
        if not free.update(taken_by=solicitation.effector, outcome=Outcome.TAKEN, ended_at=at, seen_at=at):
            if not CareRequest.objects.filter(pk=request.pk, taken_by=solicitation.effector).exists():
                raise TakenByAnother
            return request
    Solicitation.objects.filter(pk=solicitation.pk).update(accepts=accepts, answered_at=at)
    if accepts:
        summary = capfirst(f"{request} prise par {solicitation.effector}")
        audit.record(Act.REQUEST_TAKEN, target=request, by=None, at=at, cpts=request.cpts, summary=summary)
        for other in (
            request.solicitations.exclude(pk=solicitation.pk).exclude(accepts=False).select_related("effector")
        ):
            tell_taken(other, at=at)
    return request
