"""What a slip says while its ballot is open: sealed, all of one size, under a key that the database does not hold.

Pure: the secret of the instance and the identifier of the ballot are given. AES-GCM, bound to the ballot.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from maillage.core.errors import DomainError

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads like something else
RECEIPT_LENGTH = 12
NONCE_BYTES, KEY_BYTES = 12, 32
PAPER_BYTES = 1024  # the longest college and choice fit, in four bytes a letter: the size of a slip tells nothing
BLANK, BETWEEN = b"\0", "\0"


class UrnUnreadable(DomainError):
    user_message = (
        "Cette urne ne s’ouvre pas : le secret de l’instance a changé pendant le vote. "
        "Rien n’est perdu : demandez à qui tient l’instance de déclarer l’ancien (SECRET_KEY_FALLBACKS)."
    )


@dataclass(frozen=True, order=True)
class Paper:
    """One vote as the urn holds it. The receipt comes first: sorted, papers keep nothing of the order of arrival."""

    receipt: str
    college: str  # '' where colleges do not weigh
    choice: str


def new_receipt() -> str:
    """Drawn by lot, known to whoever votes alone."""
    return "".join(secrets.choice(ALPHABET) for _ in range(RECEIPT_LENGTH))


def seal(paper: Paper, *, secret: str, ballot: UUID) -> bytes:
    """The same number of bytes whatever is voted."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    text = BETWEEN.join((paper.receipt, paper.college, paper.choice)).encode()
    assert len(text) <= PAPER_BYTES
    return nonce + AESGCM(_key(secret, ballot)).encrypt(nonce, text.ljust(PAPER_BYTES, BLANK), ballot.bytes)


def unseal(sealed: bytes, *, among: Iterable[str], ballot: UUID) -> Paper:
    """Open a slip with whichever of these secrets sealed it (a secret is changed without losing an open vote).

    Raises UrnUnreadable.
    """
    for secret in among:
        try:
            text = AESGCM(_key(secret, ballot)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], ballot.bytes)
        except (InvalidTag, ValueError):
            continue
        receipt, college, choice = text.rstrip(BLANK).decode().split(BETWEEN)
        return Paper(receipt, college, choice)
    raise UrnUnreadable


def _key(secret: str, ballot: UUID) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"maillage.urn." + ballot.bytes).derive(secret.encode())
