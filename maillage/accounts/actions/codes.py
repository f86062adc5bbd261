"""One-time codes as people read, say and type them."""

import secrets

from django.utils.crypto import salted_hmac

from maillage.accounts.actions.proofs import ALPHABET, CODE_LENGTH, clean_code

__all__ = ["clean_code", "digest_of", "new_text"]


def new_text() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def digest_of(text: str) -> str:
    """All that is kept of a code."""
    return salted_hmac("accounts.code", text, algorithm="sha256").hexdigest()
