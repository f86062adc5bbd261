"""The instance's key (`PATIENT_DATA_KEY`, outside the database and its dumps), and what it wraps.

It seals no row itself: it wraps the data keys of `core.secrecy.keyring`, which do.
"""

import binascii
import secrets
from base64 import b64decode
from itertools import pairwise

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


def instance_keys() -> dict[str, bytes]:
    """By fingerprint: the key of today first, then the one it takes over from. Raises NoSealingKey."""
    if not can_seal():
        raise NoSealingKey
    typed = [settings.PATIENT_DATA_KEY, settings.PATIENT_DATA_KEY_PREVIOUS]
    return {fingerprint_of(text): _bytes(text) for text in typed if text and not key_fault(text)}


def _bytes(text: str) -> bytes:
    return b64decode(text, altchars=b"-_", validate=True)


def encrypt(key: bytes, text: bytes, *, place: bytes) -> bytes:
    """AES-256-GCM under a nonce of its own; it opens in `place` only."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, place)


def decrypt(key: bytes, sealed: bytes, *, place: bytes) -> bytes:
    """Raises SealBroken: another key, another place, or a byte that changed."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error
