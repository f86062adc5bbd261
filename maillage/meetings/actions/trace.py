"""The trace of what is done to a meeting: one kind of row, read on its journal."""

from datetime import datetime
from typing import Any

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.meetings.acts import Act
from maillage.meetings.models import Meeting


def leave_trace(act: Act, meeting: Meeting, summary: str, *, by: User | None, at: datetime, **details: Any) -> None:
    """Write it in the transaction of the change it tells. `by` is None when somebody acts without an account."""
    audit.record(act, target=meeting, by=by, at=at, cpts=meeting.cpts, summary=summary, details=details)
