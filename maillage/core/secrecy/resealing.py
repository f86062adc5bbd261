"""Sealing again: when the key of the instance changes, every data key is wrapped anew and a fresh one takes its place.

What the former ones sealed is sealed again in small transactions while people work: killed in the middle, the next run
skips what is done. A former key is kept wrapped for a day, for whoever was writing with it, then wiped.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from maillage.core.models import DataKey, Job, JobState
from maillage.core.secrecy.keyring import KEPT_RETIRED, Keyring, draw, held, unwrap, wrap
from maillage.core.secrecy.sealed import NOTHING, SealedField, key_id, place_of, sealed, sealed_fields, unsealed
from maillage.core.secrecy.sealing import SealBroken, can_seal, fingerprint
from maillage.core.sql.wiping import leave_only
from maillage.core.text import plural
from maillage.core.work import jobs

RESEAL = "core.reseal"
LABEL = "Données de patients scellées de nouveau"
BATCH = 200


@dataclass
class Round:
    """One pass over the sealed columns. `left`: former keys that some row still needs."""

    former: set[UUID]
    at: datetime
    progress: jobs.Progress
    total: int
    seen: int = 0
    resealed: int = 0
    unreadable: int = 0
    left: set[UUID] = field(default_factory=set)


def renew_keys(*, everything: bool, at: datetime) -> int:
    """Retire the data keys that the former key of the instance wrapped, or all; each wrapped by that of today.

    How many were renewed. Raises NoSealingKey; SealBroken when neither key of the instance opens one.
    """
    keys = held().filter(retired_at=None) if everything else held().exclude(wrapped_by=fingerprint())
    return sum(_renew(pk, everything, at) for pk in keys.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _renew(pk: int, everything: bool, at: datetime) -> int:
    row = held().select_for_update().get(pk=pk)
    if row.wrapped_by == fingerprint() and not everything:
        return 0  # another worker was faster
    key = unwrap(row)
    assert key
    wrap(row, key.secret)
    was_in_use, row.retired_at = row.retired_at is None, row.retired_at or at
    row.save()
    if was_in_use:
        draw(row.owner_id, at)
    return 1


@jobs.job(RESEAL, attempts=5, limit=timedelta(hours=12), lane="long")
def reseal(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Running it twice seals nothing more; without a key, or with nothing to renew, it does nothing."""
    at = timezone.now()
    if not can_seal():
        return "Aucune clé : rien n’est scellé."
    renewed = renew_keys(everything=bool(arguments.get("everything")) and not _has_begun(arguments), at=at)
    former = set(held().filter(retired_at__isnull=False).values_list("uuid", flat=True))
    if not former:
        return "Rien à sceller de nouveau."
    total = sum(model._default_manager.exclude(**{name.name: NOTHING}).count() for model, name in sealed_fields())
    round_ = Round(former, at, progress, total)
    for model, column in sealed_fields():
        _reseal_column(model, column, round_)
    _wipe_former(round_)
    summary = f"{renewed} {plural(renewed, 'clé renouvelée', 'clés renouvelées')}, {round_.resealed} "
    summary += plural(round_.resealed, "texte scellé de nouveau", "textes scellés de nouveau")
    return f"{summary}, {round_.unreadable} illisibles." if round_.unreadable else f"{summary}."


def _has_begun(arguments: dict[str, Any]) -> bool:
    """A run that was killed had renewed the keys already: the next one goes on with them."""
    since = datetime.fromisoformat(arguments["asked_at"])
    return not held().filter(retired_at=None, created_at__lt=since).exists()


def _reseal_column(model: type[models.Model], column: SealedField, round_: Round) -> None:
    last = 0
    whole = model._default_manager.exclude(**{column.name: NOTHING}).order_by("pk")
    while rows := list(whole.filter(pk__gt=last).values_list("pk", "uuid", column.owner, column.name)[:BATCH]):
        with transaction.atomic():
            keys = Keyring()
            for row in rows:
                _reseal_row(model, column, row, keys, round_)
        last = rows[-1][0]
        round_.seen += len(rows)
        round_.progress(LABEL, round_.seen, round_.total)


def _reseal_row(
    model: type[models.Model], column: SealedField, row: tuple[Any, ...], keys: Keyring, round_: Round
) -> None:
    """Only if nobody wrote it meanwhile: what they wrote is under the new key, or waits for the next round."""
    pk, uuid, owner_id, whole = row[0], row[1], row[2] or 0, bytes(row[3])
    try:
        if (former := key_id(whole)) not in round_.former or (key := keys.open(former)) is None:
            return
        place = place_of(column, owner_id, uuid)
        again = sealed(unsealed(whole, key=key, place=place), key=keys.in_use(owner_id, round_.at), place=place)
    except SealBroken:
        round_.unreadable += 1
        return
    if model._default_manager.filter(pk=pk, **{column.name: whole}).update(**{column.name: again}):
        round_.resealed += 1
    else:
        round_.left.add(former)


@transaction.atomic
def _wipe_former(round_: Round) -> None:
    """Former keys whose day is over and that no row needs. One that could not be read needs its key no more."""
    used_up = held().filter(retired_at__lt=round_.at - KEPT_RETIRED).exclude(uuid__in=round_.left)
    if round_.resealed == 0 and used_up.delete()[0]:
        leave_only(DataKey.objects.all(), at=round_.at)


def ask_to_reseal(*, at: datetime, owner_id: int | None = None, everything: bool = False) -> Job:
    """Have it done in the background; the job that waits already, when one does."""
    waiting = Job.objects.filter(kind=RESEAL, state__in=[JobState.WAITING, JobState.RUNNING], owner_id=owner_id)
    if not everything and (job := waiting.first()):
        return job
    asked_at = at.isoformat()
    return jobs.enqueue(RESEAL, label=LABEL, at=at, owner_id=owner_id, everything=everything, asked_at=asked_at)


def is_needed() -> bool:
    """The key of the instance changed, and some data key is still wrapped by the former one."""
    return can_seal() and held().exclude(wrapped_by=fingerprint()).exists()


def ask_when_needed(at: datetime) -> None:
    """What a worker does as it starts."""
    if is_needed():
        ask_to_reseal(at=at)


jobs.daily(RESEAL, LABEL)
