"""One-time codes as people read, say and type them."""

import secrets

from django.utils.crypto import salted_hmac

# No letter or digit that another one is taken for, aloud or on a telephone.
ALPHABET, CODE_LENGTH = "ABCDEFGHJKMNPQRSTVWXYZ23456789", 8


def new_text() -> str:
    """Eight characters: one chance in six hundred billion."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def digest_of(text: str) -> str:
    """All that is kept of a code."""
    return salted_hmac("accounts.code", text, algorithm="sha256").hexdigest()


def clean_code(text: str) -> str:
    """As people type it: spaces, dashes and small letters do not matter."""
    return "".join(char for char in text.upper() if char.isalnum())
