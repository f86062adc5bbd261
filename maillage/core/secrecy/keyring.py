"""Data keys: one for each CPTS, drawn at random, kept wrapped by the key of the instance (docs/adr/0019).

Destroying the data key of a CPTS makes all that it sealed unreadable for ever, and nothing of the others. A key is
opened for one piece of work and forgotten with it: one destroyed elsewhere opens nothing a moment later.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import QuerySet

from maillage.core.errors import DomainError
from maillage.core.models import DataKey
from maillage.core.secrecy.sealing import (
    KEY_BYTES,
    NoSealingKey,
    SealBroken,
    decrypt,
    encrypt,
    fingerprint,
    instance_keys,
    key_fault,
)
from maillage.core.sql.wiping import leave_only

NO_CPTS = 0  # who owns what belongs to no CPTS
KEPT_RETIRED = timedelta(days=1)  # longer than any transaction that began to seal with it


class SealingKeyDestroyed(DomainError):
    user_message = "La clé des données de patients de cette CPTS a été détruite : plus rien ne peut y être écrit."


@dataclass(frozen=True)
class OpenKey:
    """A data key as it seals: kept nowhere but in memory."""

    uuid: UUID
    secret: bytes


@dataclass
class Keyring:
    """The data keys that one piece of work opened: each is read once."""

    _opened: dict[UUID, OpenKey | None] = field(default_factory=dict)

    def open(self, uuid: UUID) -> OpenKey | None:
        """None when it was destroyed. Raises NoSealingKey, SealBroken."""
        if uuid not in self._opened:
            row = DataKey.objects.filter(uuid=uuid).first()
            self._opened[uuid] = unwrap(row) if row else None
        return self._opened[uuid]

    def in_use(self, owner_id: int, at: datetime) -> OpenKey:
        """The key that seals for an owner today, drawn at its first use. Raises NoSealingKey, SealingKeyDestroyed."""
        row = DataKey.objects.filter(owner_id=owner_id, retired_at=None).first() or draw(owner_id, at)
        key = unwrap(row)
        if key is None:
            raise SealingKeyDestroyed
        return key


def draw(owner_id: int, at: datetime) -> DataKey:
    """A new key in use; that of whoever was faster, if anybody was. Raises NoSealingKey."""
    row = DataKey(uuid=uuid4(), owner_id=owner_id, created_at=at)
    wrap(row, secrets.token_bytes(KEY_BYTES))
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return DataKey.objects.get(owner_id=owner_id, retired_at=None)
    return row


def wrap(row: DataKey, secret: bytes) -> None:
    """By the key of the instance of today. Raises NoSealingKey."""
    by, key = next(iter(instance_keys().items()))
    row.wrapped, row.wrapped_by = encrypt(key, secret, place=_place(row)), by


def unwrap(row: DataKey) -> OpenKey | None:
    """None when it was destroyed. Raises NoSealingKey; SealBroken when another key of the instance wrapped it."""
    if row.destroyed_at:
        return None
    key = instance_keys().get(row.wrapped_by)
    if key is None:
        raise SealBroken
    return OpenKey(row.uuid, decrypt(key, bytes(row.wrapped), place=_place(row)))


def _place(row: DataKey) -> bytes:
    return b"maillage.data-key\0" + row.uuid.bytes + row.owner_id.to_bytes(8)


def is_destroyed(owner_id: int) -> bool:
    return DataKey.objects.filter(owner_id=owner_id, retired_at=None, destroyed_at__isnull=False).exists()


def destroy(owner_id: int, at: datetime) -> int:
    """In the caller's transaction. How many keys of that owner are no more; none is drawn for it again.

    Nothing of them stays in the files of the database (core.sql.wiping). Raises TableBusy.
    """
    keys = DataKey.objects.filter(owner_id=owner_id, destroyed_at=None)
    destroyed = keys.update(wrapped=b"", wrapped_by="", destroyed_at=at)
    if not DataKey.objects.filter(owner_id=owner_id, retired_at=None).exists():
        DataKey.objects.create(owner_id=owner_id, wrapped_by="", created_at=at, destroyed_at=at)
    leave_only(DataKey.objects.all(), at=at)
    return destroyed


def held() -> QuerySet[DataKey]:
    """Keys that still open something."""
    return DataKey.objects.filter(destroyed_at=None)


def start_fault() -> str:
    """Why this process must not start with the keys it was given, in French; '' when nothing is wrong.

    A base without its tables yet has sealed nothing.
    """
    for name in ("PATIENT_DATA_KEY", "PATIENT_DATA_KEY_PREVIOUS"):
        text = getattr(settings, name)
        if text and (fault := key_fault(text)):
            return f"{name} {fault}."
    try:
        wrapped_by = set(held().values_list("wrapped_by", flat=True))
    except DatabaseError:
        return ""
    return _other_key(wrapped_by)


def _other_key(wrapped_by: set[str]) -> str:
    try:
        known = set(instance_keys())
    except NoSealingKey:
        known = set()
    if not (lacking := sorted(wrapped_by - known)):
        return ""
    given = f"celle qui est donnée a l’empreinte {fingerprint()}" if known else "aucune n’est donnée"
    return (
        f"Des données de patients sont scellées par la clé d’empreinte {', '.join(lacking)}, et {given}. Remettez "
        "cette clé dans PATIENT_DATA_KEY, ou dans PATIENT_DATA_KEY_PREVIOUS si vous en changez."
    )
