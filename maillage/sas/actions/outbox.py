"""What the SAS must be told of an appointment (INT_R03): written with the change, sent later, in order, until heard."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db.models import Exists, F, OuterRef

from maillage.core.sql.rows import insert
from maillage.core.work import jobs
from maillage.sas.fhir.client import Answer
from maillage.sas.fhir.resources import Resource, appointment_resource
from maillage.sas.models import MessageState, Regulator, SasMessage
from maillage.unscheduled_care.hooks import appointment_changed
from maillage.unscheduled_care.models import Appointment, Origin

# An hour without the SAS costs one call a message and a quarter of an hour; a day, one an hour.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3600))
REFUSALS = frozenset({400, 409, 422})  # in the words of the SAS itself, saying it again would change nothing
FLUSH = "sas.flush"
LEASE = timedelta(minutes=2)  # longer than the slowest call: whoever sends a message is alone to
AT_ONCE = 500


class SasClient(Protocol):
    """The way to the SAS. Raises OSError when there is no answer."""

    def create(self, resource: Resource) -> Answer: ...

    def update(self, resource: Resource, *, system: str, value: str) -> Answer: ...


Clock = Callable[[], datetime]


def identifier_system() -> str:
    """What our appointments are numbered in: an address of ours, which says nothing to a browser."""
    return f"{settings.SAS_AGENDA_URL or settings.PUBLIC_URL}/rdv"


@appointment_changed.register
def tell_sas(appointment: Appointment, *, at: datetime) -> None:
    """In the transaction of the change. Only what a regulator whom the SAS declared booked is told to the SAS, by a
    job of its own."""
    if appointment.origin != Origin.SAS or not appointment.effector.idnps:
        return
    regulator = Regulator.objects.filter(account__isnull=False, account=appointment.booked_by_id).first()
    if regulator is None:
        return
    content = appointment_resource(appointment, regulator, identifier_system=identifier_system())
    insert(SasMessage(appointment=appointment, number=appointment.version, content=content, next_at=at, created_at=at))
    jobs.enqueue(FLUSH, label="Messages au SAS", at=at)


def flush_outbox(client: SasClient, *, clock: Clock) -> tuple[int, int]:
    """Send what is due, oldest first. How many were heard, how many still wait.

    An appointment's second message never leaves before its first. A message is claimed by one conditional update, for
    longer than a call may last; an answer that comes after the claim was lost changes nothing.
    """
    sent = 0
    # The answer to a first message lets the second leave: rounds go on as long as one is heard.
    while heard := sum(_send(client, message, clock) for message in _due(clock()) if _claim(message, clock())):
        sent += heard
    return sent, SasMessage.objects.filter(state=MessageState.WAITING).count()


def retry_refused(at: datetime) -> int:
    """What the SAS refused, once its cause is mended."""
    return SasMessage.objects.filter(state=MessageState.REFUSED).update(state=MessageState.WAITING, next_at=at)


def _due(at: datetime) -> list[SasMessage]:
    waiting = SasMessage.objects.filter(state=MessageState.WAITING)
    earlier = waiting.filter(appointment=OuterRef("appointment"), number__lt=OuterRef("number"))
    return list(waiting.filter(~Exists(earlier), next_at__lte=at).order_by("next_at", "pk")[:AT_ONCE])


def _claim(message: SasMessage, at: datetime) -> bool:
    """Ours for a while: whoever dies meanwhile leaves it to the next."""
    waiting = SasMessage.objects.filter(pk=message.pk, state=MessageState.WAITING, attempts=message.attempts)
    return bool(waiting.filter(next_at__lte=at).update(attempts=F("attempts") + 1, next_at=at + LEASE))


def _send(client: SasClient, message: SasMessage, clock: Clock) -> bool:
    """True when the SAS took it."""
    try:
        answer = _call(client, message)
    except OSError as error:
        return _note(message, MessageState.WAITING, f"Pas de réponse : {error}", clock())
    if answer.status < 300:
        return _note(message, MessageState.SENT, "", clock())
    is_final = answer.is_fhir and answer.status in REFUSALS
    state = MessageState.REFUSED if is_final else MessageState.WAITING
    return _note(message, state, f"Réponse {answer.status}", clock())


def _call(client: SasClient, message: SasMessage) -> Answer:
    """A first message whose answer was lost may be known already: it is put, and posted only if it is not."""
    identifier = message.content["identifier"][0]
    is_new = not SasMessage.objects.filter(
        appointment=message.appointment_id, number__lt=message.number, state=MessageState.SENT
    ).exists()
    if is_new and not message.attempts:
        return client.create(message.content)
    answer = client.update(message.content, **identifier)
    return client.create(message.content) if is_new and answer.is_fhir and answer.status == 404 else answer


def _note(message: SasMessage, state: MessageState, error: str, at: datetime) -> bool:
    """What became of it, as long as it is still ours. True when it was heard."""
    ours = SasMessage.objects.filter(pk=message.pk, state=MessageState.WAITING, attempts=message.attempts + 1)
    is_sent = state == MessageState.SENT
    delay = DELAYS[min(message.attempts, len(DELAYS) - 1)]
    ours.update(state=state, error=error[:300], next_at=at + delay, sent_at=at if is_sent else None)
    return is_sent
