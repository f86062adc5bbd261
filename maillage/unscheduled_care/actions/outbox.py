"""What the SAS must be told of an appointment (INT_R03): written with the change, sent later, in order, until heard."""

from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef

from maillage.unscheduled_care.fhir import Resource, appointment_resource
from maillage.unscheduled_care.models import Appointment, MessageState, SasMessage

# An hour without the SAS costs one call a message and a quarter of an hour; a day, one an hour.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3600))
REFUSALS = frozenset({400, 403, 404, 410, 413, 415, 422})  # saying it again would change nothing
AT_ONCE = 500


class SasClient(Protocol):
    """The way to the SAS. Gives the status of the answer; raises OSError when there is none."""

    def create(self, resource: Resource) -> int: ...

    def update(self, resource: Resource, *, system: str, value: str) -> int: ...


def identifier_system() -> str:
    """What our appointments are numbered in: an address of ours, which says nothing to a browser."""
    return f"{settings.SAS_AGENDA_URL or settings.PUBLIC_URL}/rdv"


def tell_sas(appointment: Appointment, *, at: datetime) -> SasMessage | None:
    """In the transaction of the change. Only what a regulator whom the SAS declared booked is told to the SAS."""
    if appointment.regulator_id is None:
        return None
    content = appointment_resource(appointment, identifier_system=identifier_system())
    return SasMessage.objects.create(
        appointment=appointment, number=appointment.version, content=content, next_at=at, created_at=at
    )


def flush_outbox(client: SasClient, *, at: datetime) -> tuple[int, int]:
    """Send what is due, oldest first. How many were heard, how many still wait.

    An appointment's second message never leaves before its first. Two workers never send the same one: each is
    claimed by one conditional update.
    """
    sent = 0
    # The answer to a first message lets the second leave: rounds go on as long as one is heard.
    while heard := sum(_send(client, message, at) for message in _due(at)[:AT_ONCE] if _claim(message, at)):
        sent += heard
    return sent, SasMessage.objects.filter(state=MessageState.WAITING).count()


def _due(at: datetime) -> list[SasMessage]:
    waiting = SasMessage.objects.filter(state=MessageState.WAITING)
    earlier = waiting.filter(appointment=OuterRef("appointment"), number__lt=OuterRef("number"))
    return list(waiting.filter(~Exists(earlier), next_at__lte=at).order_by("next_at", "pk"))


def _claim(message: SasMessage, at: datetime) -> bool:
    """Ours until the next try: whoever dies meanwhile leaves it to that one."""
    delay = DELAYS[min(message.attempts, len(DELAYS) - 1)]
    claimed = SasMessage.objects.filter(pk=message.pk, state=MessageState.WAITING, attempts=message.attempts)
    return bool(claimed.update(attempts=F("attempts") + 1, next_at=at + delay))


def _send(client: SasClient, message: SasMessage, at: datetime) -> bool:
    """True when the SAS took it. A first message whose answer was lost may be known already: it is put, not posted."""
    try:
        status = _call(client, message)
    except OSError as error:
        _note(message, MessageState.WAITING, f"Pas de réponse : {error}")
        return False
    if status < 300:
        with transaction.atomic():
            _note(message, MessageState.SENT, "")
            SasMessage.objects.filter(pk=message.pk).update(sent_at=at)
        return True
    _note(message, MessageState.REFUSED if status in REFUSALS else MessageState.WAITING, f"Réponse {status}")
    return False


def _call(client: SasClient, message: SasMessage) -> int:
    identifier = message.content["identifier"][0]
    is_new = not SasMessage.objects.filter(
        appointment=message.appointment_id, number__lt=message.number, state=MessageState.SENT
    ).exists()
    if is_new and not message.attempts:
        return client.create(message.content)
    status = client.update(message.content, **identifier)
    return client.create(message.content) if is_new and status == 404 else status


def _note(message: SasMessage, state: MessageState, error: str) -> None:
    SasMessage.objects.filter(pk=message.pk).update(state=state, error=error[:300])
