"""What names a patient, sealed: AES-GCM, a key for each CPTS, bound to the row it belongs to.

The instance holds one secret (`PATIENT_DATA_KEY`, outside the database and its dumps); the key of a CPTS is derived
from it. A sealed text moved to another row, or to another CPTS, opens nowhere.
"""

import binascii
import secrets
from base64 import b64decode
from itertools import pairwise
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from maillage.core.errors import DomainError

NONCE_BYTES, KEY_BYTES = 12, 32
FEWEST_VALUES = 20  # of 256 drawn 32 times: fewer happens less than once in 10^12
ASCII_PRINTABLE = range(0x20, 0x7F)


class NoSealingKey(DomainError):
    user_message = "Cette instance n’a pas de clé pour les données de patients : demandez-la à qui la tient."


class SealBroken(DomainError):
    user_message = "Ces données ne peuvent plus être lues : la clé de l’instance a changé, ou elles ont été déplacées."


def key_fault(text: str) -> str:
    """What is wrong with a key as it is typed in the settings, as the end of a French sentence; '' for nothing."""
    try:
        key = b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return "n’est pas écrite en base64 : un caractère manque, ou n’y a pas sa place"
    if len(key) != KEY_BYTES:
        return f"fait {len(key)} octets, il en faut {KEY_BYTES}"
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    if len(set(key)) < FEWEST_VALUES or len(steps) == 1 or all(byte in ASCII_PRINTABLE for byte in key):
        return "n’a pas été tirée au hasard"
    if text == settings.PUBLISHED_PATIENT_DATA_KEY and not settings.ACCEPTS_PUBLISHED_KEY:
        return "est celle de la démonstration, que tout le monde connaît"
    return ""


def can_seal() -> bool:
    text = settings.PATIENT_DATA_KEY
    return bool(text) and not key_fault(text)


def fingerprint() -> str:
    """Sixteen signs that tell one key of the instance from another, and help nobody find it; '' without a key."""
    return fingerprint_of(settings.PATIENT_DATA_KEY) if can_seal() else ""


def fingerprint_of(text: str) -> str:
    return HKDF(SHA256(), 8, salt=None, info=b"maillage.fingerprint").derive(_bytes(text)).hex()


def _bytes(text: str) -> bytes:
    return b64decode(text, altchars=b"-_", validate=True)


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


def _key(cpts: UUID) -> bytes:
    if not can_seal():
        raise NoSealingKey
    key = _bytes(settings.PATIENT_DATA_KEY)
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"maillage.patient." + cpts.bytes).derive(key)
