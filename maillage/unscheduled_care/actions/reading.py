"""Why a patient comes, read in clear by whoever sees them or booked for them; that it was read is written."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.secrecy.keyring import Keyring
from maillage.core.secrecy.sealed import ERASED, read_sealed
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.models import Appointment


@dataclass(frozen=True)
class SealedWords:
    """What is sealed around an appointment, in clear. `reason`: '' when none was given."""

    reason: str
    difficulties: tuple[dict[str, str], ...] = ()


@transaction.atomic
def read_appointment(
    *, appointment: Appointment, with_difficulties: bool = False, by: User, at: datetime
) -> SealedWords:
    """A trace when there was something to read. Raises NoSealingKey, SealBroken."""
    keys = Keyring()
    reason = read_sealed(appointment, "sealed", keys=keys).get("reason", "")
    rows = appointment.difficulties.order_by("told_at", "pk") if with_difficulties else ()
    difficulties = tuple(
        {"text": ERASED, "answer": ERASED if row.solved_at else ""} | read_sealed(row, "sealed", keys=keys)
        for row in rows
    )
    if reason or difficulties:
        summary = f"Motif lu : rendez-vous du {timezone.localtime(appointment.starts_at):%d/%m/%Y à %H:%M}"
        audit.record(
            Act.READING_APPOINTMENT, target=appointment, by=by, at=at, cpts_id=appointment.cpts_id, summary=summary
        )
    return SealedWords(reason or (ERASED if bytes(appointment.sealed) else ""), difficulties)
