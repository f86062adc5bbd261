"""What names a patient, sealed: AES-GCM, a key for each CPTS, bound to the row it belongs to.

The instance holds one secret (`PATIENT_DATA_KEY`, outside the database and its dumps); the key of a CPTS is derived
from it. A sealed text moved to another row, or to another CPTS, opens nowhere.
"""

import secrets
from base64 import urlsafe_b64decode
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from maillage.core.errors import DomainError

NONCE_BYTES, KEY_BYTES = 12, 32


class NoSealingKey(DomainError):
    user_message = "Cette instance n’a pas de clé pour les données de patients : demandez-la à qui la tient."


class SealBroken(DomainError):
    user_message = "Ces données ne peuvent plus être lues : la clé de l’instance a changé, ou elles ont été déplacées."


def can_seal() -> bool:
    return len(_secret()) >= KEY_BYTES


def seal(facts: dict[str, str], *, cpts: UUID, row: UUID) -> bytes:
    """Raises NoSealingKey."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(cpts)).encrypt(nonce, orjson.dumps(facts), row.bytes)


def unseal(sealed: bytes, *, cpts: UUID, row: UUID) -> dict[str, str]:
    """Nothing when nothing was sealed, or it was erased. Raises NoSealingKey, SealBroken."""
    whole = bytes(sealed)
    if not whole:
        return {}
    try:
        text = AESGCM(_key(cpts)).decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], row.bytes)
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error
    facts: dict[str, str] = orjson.loads(text)
    return facts


def _secret() -> bytes:
    try:
        return urlsafe_b64decode(settings.PATIENT_DATA_KEY)
    except ValueError:
        return b""


def _key(cpts: UUID) -> bytes:
    if not can_seal():
        raise NoSealingKey
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"maillage.patient." + cpts.bytes).derive(_secret())
