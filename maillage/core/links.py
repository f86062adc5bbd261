"""Addresses of ours, and links that let somebody in without an account.

Those are signed, expire, and hold a public identifier and nothing personal. Opening one changes nothing (mail scanners
open them all): the page it leads to has a button.
"""

import struct
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from maillage.core.errors import DomainError

PAYLOAD = struct.Struct(">16sI")


class LinkUnusable(DomainError):
    user_message = "Ce lien n’est pas valable : vérifiez qu’il est entier."


class LinkExpired(LinkUnusable):
    user_message = "Ce lien a expiré : demandez à la CPTS de vous en envoyer un nouveau."


def absolute(name: str, *args: object) -> str:
    """The whole address of a page, as a mail or a calendar gives it."""
    return on_this_site(reverse(name, args=args))


def on_this_site(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def sign(purpose: str, uuid: UUID, *, until: datetime) -> str:
    """What the address carries. A link made for one purpose opens no other door."""
    payload = PAYLOAD.pack(uuid.bytes, int(until.timestamp()))
    return _signer(purpose).sign(signing.b64_encode(payload).decode())


def read(purpose: str, token: str, *, at: datetime) -> UUID:
    """The identifier a link carries. Raises LinkUnusable or LinkExpired."""
    try:
        uuid, until = _unpack(_signer(purpose).unsign(token))
    except signing.BadSignature as error:
        raise LinkUnusable from error
    if datetime.fromtimestamp(until, tz=UTC) <= at:
        raise LinkExpired
    return uuid


def unproved(token: str) -> UUID:
    """The identifier a link says, its signature unread: to find what its purpose is made of. Proves nothing; `read`
    follows. Raises LinkUnusable.
    """
    return _unpack(token.rpartition(".")[0])[0]


def _unpack(payload: str) -> tuple[UUID, int]:
    """The identifier, and until when in seconds. Raises LinkUnusable."""
    try:
        raw, until = PAYLOAD.unpack(signing.b64_decode(payload.encode()))
    except (ValueError, struct.error) as error:
        raise LinkUnusable from error
    return UUID(bytes=raw), until


def _signer(purpose: str) -> signing.Signer:
    return signing.Signer(salt=f"maillage.link.{purpose}", sep=".")


def page(name: str, *args: object) -> str:
    """A page that an app names without knowing whose it is: settings.PAGES says."""
    return reverse(settings.PAGES[name], args=args)
