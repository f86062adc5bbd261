"""Links that let somebody in without an account: signed, expiring, holding a public identifier and nothing personal.

Opening one changes nothing (mail scanners open them all): the page it leads to has a button.
"""

import struct
from datetime import UTC, datetime
from uuid import UUID

from django.core import signing

from maillage.core.errors import DomainError

PAYLOAD = struct.Struct(">16sI")


class LinkUnusable(DomainError):
    user_message = "Ce lien n’est pas valable : vérifiez qu’il est entier."


class LinkExpired(LinkUnusable):
    user_message = "Ce lien a expiré : demandez à la CPTS de vous en envoyer un nouveau."


def sign(purpose: str, uuid: UUID, *, until: datetime) -> str:
    """What the address carries. A link made for one purpose opens no other door."""
    payload = PAYLOAD.pack(uuid.bytes, int(until.timestamp()))
    return _signer(purpose).sign(signing.b64_encode(payload).decode())


def read(purpose: str, token: str, *, at: datetime) -> UUID:
    """The identifier a link carries. Raises LinkUnusable or LinkExpired."""
    try:
        raw, until = PAYLOAD.unpack(signing.b64_decode(_signer(purpose).unsign(token).encode()))
    except (signing.BadSignature, ValueError, struct.error) as error:
        raise LinkUnusable from error
    if datetime.fromtimestamp(until, tz=UTC) <= at:
        raise LinkExpired
    return UUID(bytes=raw)


def _signer(purpose: str) -> signing.Signer:
    return signing.Signer(salt=f"maillage.link.{purpose}", sep=".")
