"""Small secrets kept in the database or in a session, sealed by the instance's own: second factors, forms held back."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes


class SecretUnreadable(ValueError):
    """Sealed by another instance, or changed since."""


def seal_text(text: str, *, purpose: str) -> str:
    return _sealer(purpose).encrypt(text.encode()).decode()


def open_text(sealed: str, *, purpose: str) -> str:
    """Raises SecretUnreadable."""
    try:
        return _sealer(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable(purpose) from error


def _sealer(purpose: str) -> MultiFernet:
    """`SECRET_KEY` first, then those it replaced: what they sealed stays readable."""
    return MultiFernet(
        [Fernet(_key(secret, purpose)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _key(secret: str | bytes, purpose: str) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=f"maillage.accounts.{purpose}".encode()).derive(force_bytes(secret))
    return urlsafe_b64encode(derived)
