"""Contents frozen: written once, read for ever, erased on time."""

from datetime import datetime

from maillage.accounts.models import User
from maillage.cpts.models import Cpts
from maillage.records.models import Snapshot
from maillage.records.rules.shapes import Kept, Shape, fingerprint


class SnapshotErased(LookupError):
    """What was frozen went with what it spoke of: its fingerprint alone stays."""


class SnapshotBroken(ValueError):
    """The content is not what its fingerprint says: somebody changed the database."""


def freeze(record: Kept, shape: Shape[Kept], *, cpts: Cpts, by: User, at: datetime) -> Snapshot:
    """Keep what something is now, in the transaction of the row that names it."""
    text = shape.write(record)
    return Snapshot.objects.create(
        cpts=cpts,
        shape=shape.name,
        number=shape.number,
        content=text,
        sha256=fingerprint(text),
        taken_at=at,
        taken_by_id=by.pk,
        taken_by_name=str(by)[:200],
    )


def thaw(snapshot: Snapshot, shape: Shape[Kept]) -> Kept:
    """What it held. Raises SnapshotErased, SnapshotBroken, UnknownShape."""
    if snapshot.content is None:
        raise SnapshotErased
    if fingerprint(snapshot.content) != snapshot.sha256:
        raise SnapshotBroken(str(snapshot))
    return shape.read(snapshot.content, snapshot.number)


def erase_orphaned(*, before: datetime, at: datetime) -> int:
    """The content of those whose row is gone. How many."""
    return Snapshot.objects.orphaned().filter(taken_at__lt=before).update(content=None, erased_at=at)
