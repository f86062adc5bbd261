"""Sessions in the database, whose row is read by a statement made once: every page begins with it.

A row knows whose session it is and when it last served (`accounts.models.Session`), so that people see theirs, end
them, and those of demanding roles end when nobody uses them.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.db.models import Field
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from maillage.core.sql.rows import read_rows

KEPT = "SELECT session_data, used_at FROM accounts_session WHERE session_key = %s AND expire_date > %s"
# In the session itself: when it was opened, from what, and how many seconds without use end it.
OPENED_AT, DEVICE, NETWORK, IDLE_SECONDS = "opened_at", "device", "network", "idle_seconds"
NOTED_EVERY = timedelta(minutes=1)  # a use is written at most once a minute


def stored(key: str) -> str:
    """What is kept of the secret of a cookie: whoever copies the database opens no session with it."""
    return salted_hmac("accounts.session-key", key, algorithm="sha256").hexdigest()[:40]


class SessionStore(db.SessionStore):
    """That of Django, but for its reading, its owner and its end."""

    used_at: datetime | None = None

    def exists(self, session_key: str) -> bool:
        return super().exists(stored(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self.get_model_class().objects.filter(pk=stored(key)).delete()

    @classmethod
    def get_model_class(cls) -> Any:
        from maillage.accounts.models import Session  # noqa: PLC0415  # models are not ready when this is imported

        return Session

    def load(self) -> dict[str, Any]:
        key = self.session_key or ""
        # PostgreSQL would not hear of a key with a null in it.
        rows = read_rows(KEPT, [stored(key), timezone.now()], self._fields()) if "\0" not in key else []
        if not rows:
            self._session_key = None
            return {}
        text, self.used_at = rows[0]
        return self.decode(text)

    def _fields(self) -> tuple[Field[Any, Any], ...]:
        meta = self.get_model_class()._meta
        return meta.get_field("session_data"), meta.get_field("used_at")

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.session_key = stored(row.session_key)
        row.user_id = int(data[SESSION_KEY]) if data.get(SESSION_KEY) else None
        row.used_at = timezone.now()
        return row

    def get_session_cookie_age(self) -> int:
        """Seconds that a session lasts from now: less when it would be too long since it was opened."""
        longest: int = settings.SESSION_COOKIE_AGE
        idle: int | None = self.get(IDLE_SECONDS)
        if not idle:
            return longest
        opened = self.get(OPENED_AT, timezone.now().timestamp())
        return max(0, min(idle, int(opened + longest - timezone.now().timestamp())))

    def is_idle(self, at: datetime) -> bool:
        """Nobody used it for so long that a demanding role ends it."""
        return self.used_at is not None and at - self.used_at > timedelta(minutes=settings.SESSION_IDLE_MINUTES)

    def note_use(self, at: datetime) -> None:
        """The session served: its end moves, at most once a minute. Its content is not written again."""
        if self.session_key and self.used_at and at - self.used_at >= NOTED_EVERY:
            ends = at + timedelta(seconds=self.get_session_cookie_age())
            self.get_model_class().objects.filter(pk=stored(self.session_key)).update(used_at=at, expire_date=ends)


def stored_key_of(request: HttpRequest) -> str:
    """What the database knows the session of a request by."""
    key = request.session.session_key
    return stored(key) if key else ""
