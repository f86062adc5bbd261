"""Sessions in the database, whose row is read by a statement made once: every page begins with it."""

from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from maillage.core.rows import read_rows

KEPT = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(db.SessionStore):
    """That of Django, but for its reading."""

    def load(self) -> dict[str, Any]:
        key = self.session_key or ""
        rows = read_rows(KEPT, [key, timezone.now()], ()) if "\0" not in key else []  # PostgreSQL would not hear of it
        if not rows:
            self._session_key = None
            return {}
        return self.decode(rows[0][0])
