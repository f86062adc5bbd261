"""What a regulator or a desk could not do, told to the coordinator; and what was answered."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.text import capfirst

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.secrecy.keyring import Keyring
from maillage.core.secrecy.sealed import ERASED, read_sealed, write_sealed
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.models import Appointment, Difficulty


class AlreadySolved(DomainError):
    user_message = "Quelqu’un a déjà répondu à cette difficulté."


@transaction.atomic
def report(
    *, cpts: Cpts, text: str, appointment: Appointment | None = None, by: User | None, by_name: str, at: datetime
) -> Difficulty:
    """A ticket for the coordinator, sealed. Raises NoSealingKey, SealingKeyDestroyed."""
    difficulty = Difficulty(
        cpts=cpts,
        appointment=appointment,
        effector_id=appointment.effector_id if appointment else None,
        told_by=by,
        told_by_name=by_name[:200],
        told_at=at,
    )
    write_sealed(difficulty, "sealed", {"text": text}, at=at)
    difficulty.save()
    audit.record(Act.DIFFICULTY_TOLD, target=difficulty, by=by, at=at, cpts=cpts, summary="Difficulté signalée")
    return difficulty


@transaction.atomic
def solve(*, difficulty: Difficulty, answer: str, by: User, at: datetime) -> None:
    """Raises AlreadySolved, NoSealingKey, SealBroken, SealingKeyDestroyed."""
    stored = Difficulty.objects.select_for_update(of=("self",)).get(pk=difficulty.pk)
    write_sealed(stored, "sealed", read_sealed(stored, "sealed") | {"answer": answer}, at=at)
    unsolved = Difficulty.objects.unsolved().filter(pk=difficulty.pk, erased_at=None)
    if not unsolved.update(sealed=stored.sealed, solved_at=at):
        raise AlreadySolved
    summary = capfirst(f"{stored} traitée")
    audit.record(Act.DIFFICULTY_SOLVED, target=stored, by=by, at=at, cpts=difficulty.cpts, summary=summary)


@transaction.atomic
def read_difficulties(
    *, cpts: Cpts, difficulties: Sequence[Difficulty], by: User, at: datetime
) -> list[dict[str, str]]:
    """`text` and `answer` of each, in clear, one dictionary a difficulty; that they were read is written.

    Raises NoSealingKey, SealBroken.
    """
    keys = Keyring()
    said = [read_sealed(difficulty, "sealed", keys=keys) for difficulty in difficulties]
    if count := sum(bool(facts) for facts in said):
        summary = f"{count} {plural(count, 'difficulté lue', 'difficultés lues')}"
        audit.record(Act.READING_DIFFICULTIES, target=cpts, by=by, at=at, cpts=cpts, summary=summary)
    return [{"text": ERASED, "answer": ERASED} | facts for facts in said]
