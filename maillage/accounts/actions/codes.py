"""One-time codes as people read, say and type them."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

# No letter or digit that another one is taken for, aloud or on a telephone.
ALPHABET, CODE_LENGTH = "ABCDEFGHJKMNPQRSTVWXYZ23456789", 8
CODE_LIVES, MOST_TRIES = timedelta(minutes=15), 5


def new_text() -> str:
    """Eight characters: one chance in six hundred billion."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def digest_of(text: str) -> str:
    """All that is kept of a code."""
    return salted_hmac("accounts.code", text, algorithm="sha256").hexdigest()


def clean_code(text: str) -> str:
    """As people type it: spaces, dashes and small letters do not matter."""
    return "".join(char for char in text.upper() if char.isalnum())


def is_right(row: QuerySet[Any], text: str, *, digest: str, at: datetime) -> bool:
    """Whether this is the code of `row`: the one row it opens, while in its time and not tried too often.

    Each try counts, kept even though the caller refuses: no transaction around it.
    """
    counted = row.filter(expires_at__gt=at, tries__lt=MOST_TRIES).update(tries=F("tries") + 1)
    return bool(counted) and constant_time_compare(digest, digest_of(clean_code(text)))
