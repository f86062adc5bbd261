"""What a regulator or a desk could not do, told to the coordinator; and what was answered."""

from datetime import datetime

from django.db import transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.models import Appointment, Difficulty


class AlreadySolved(DomainError):
    user_message = "Quelqu’un a déjà répondu à cette difficulté."


@transaction.atomic
def report(
    *, cpts: Cpts, text: str, appointment: Appointment | None = None, by: User | None, by_name: str, at: datetime
) -> Difficulty:
    """A ticket for the coordinator."""
    difficulty = Difficulty.objects.create(
        cpts=cpts, text=text, appointment=appointment, effector_id=appointment.effector_id if appointment else None,
        told_by=by, told_by_name=by_name[:200], told_at=at,
    )  # fmt: skip
    audit.record("difficulty.told", target=difficulty, by=by, at=at, cpts=cpts, summary=f"Difficulté : {difficulty}")
    return difficulty


@transaction.atomic
def solve(*, difficulty: Difficulty, answer: str, by: User, at: datetime) -> None:
    """Raises AlreadySolved."""
    unsolved = Difficulty.objects.unsolved().filter(pk=difficulty.pk)
    if not unsolved.update(answer=answer, solved_at=at):
        raise AlreadySolved
    summary = f"Difficulté traitée : {difficulty}"
    audit.record("difficulty.solved", target=difficulty, by=by, at=at, cpts=difficulty.cpts, summary=summary)
