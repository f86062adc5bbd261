"""Columns that are sealed: short texts of one row, bound to its table, column, owner and identifier.

A sealed column moved to another row, another column or another CPTS opens nowhere.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.db import models

from maillage.core.secrecy.keyring import Keyring, OpenKey
from maillage.core.secrecy.sealing import SealBroken, decrypt, encrypt

FORMAT, KEY_ID = b"\1", slice(1, 17)
NOTHING = b""
ERASED = "effacé"  # as pages say it


class SealedField(models.BinaryField[Any, Any]):
    """Short texts of a row, sealed by `write_sealed`; empty when there is none.

    `owner`: where the row says which CPTS it is of, as a query writes it. Without a CPTS, the instance has a key.
    """

    def __init__(self, *args: Any, owner: str = "cpts_id", **kwargs: Any) -> None:
        self.owner = owner
        kwargs.setdefault("default", bytes)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """In migrations, a column of bytes."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def owner_of(self, row: models.Model) -> int:
        value: Any = row
        for step in self.owner.split("__"):
            value = getattr(value, step)
        return value or 0


def sealed_fields() -> Iterator[tuple[type[models.Model], SealedField]]:
    """Every sealed column of the product."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedField):
                yield model, field


def write_sealed(row: Any, name: str, facts: dict[str, str], *, at: datetime, keys: Keyring | None = None) -> None:
    """Set the column of a row, not yet saved; no fact, nothing. Raises NoSealingKey, SealingKeyDestroyed."""
    field = _field(row, name)
    if not any(facts.values()):
        setattr(row, name, NOTHING)
        return
    owner = field.owner_of(row)
    key = (keys or Keyring()).in_use(owner, at)
    setattr(row, name, sealed(facts, key=key, place=place_of(field, owner, row.uuid)))


def read_sealed(row: Any, name: str, *, keys: Keyring | None = None) -> dict[str, str]:
    """What a column of a row says; nothing when nothing was written, it was erased, or its key destroyed.

    Raises NoSealingKey, SealBroken.
    """
    field, whole = _field(row, name), bytes(getattr(row, name))
    if not whole:
        return {}
    key = (keys or Keyring()).open(key_id(whole))
    return unsealed(whole, key=key, place=place_of(field, field.owner_of(row), row.uuid)) if key else {}


def _field(row: models.Model, name: str) -> SealedField:
    field = row._meta.get_field(name)
    assert isinstance(field, SealedField), name
    return field


def place_of(field: SealedField, owner: int, row: UUID) -> bytes:
    """What a sealed text is bound to."""
    return f"{field.model._meta.db_table}.{field.column}|{owner}|{row}".encode()


def key_id(whole: bytes) -> UUID:
    """Which data key sealed it. Raises SealBroken."""
    if not whole.startswith(FORMAT) or len(whole) < KEY_ID.stop:
        raise SealBroken
    return UUID(bytes=whole[KEY_ID])


def sealed(facts: dict[str, str], *, key: OpenKey, place: bytes) -> bytes:
    return FORMAT + key.uuid.bytes + encrypt(key.secret, orjson.dumps(facts), place=place)


def unsealed(whole: bytes, *, key: OpenKey, place: bytes) -> dict[str, str]:
    """Raises SealBroken."""
    facts: dict[str, str] = orjson.loads(decrypt(key.secret, whole[KEY_ID.stop :], place=place))
    return facts
