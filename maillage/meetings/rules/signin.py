"""The code on the wall: it turns every half minute, and says only that somebody stands where it is shown. Pure."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

TURNS_EVERY = timedelta(seconds=30)
STILL_RIGHT = 2  # earlier codes accepted: the time to unlock a telephone
LENGTH = 10


def code_at(secret: str, meeting: str, at: datetime) -> str:
    """The code of a meeting at one moment."""
    return _code(secret, meeting, _turn(at))


def is_right(code: str, *, secret: str, meeting: str, at: datetime) -> bool:
    """Whether a code was on the wall at most a minute and a half ago."""
    now = _turn(at)
    return any(
        hmac.compare_digest(code.encode(), _code(secret, meeting, now - age).encode()) for age in range(STILL_RIGHT + 1)
    )


def _turn(at: datetime) -> int:
    return int(at.timestamp() // TURNS_EVERY.total_seconds())


def _code(secret: str, meeting: str, turn: int) -> str:
    digest = hmac.new(secret.encode(), f"maillage.wall|{meeting}|{turn}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:LENGTH]
