"""The one door to the audit: a row in the transaction of the change it tells."""

from datetime import datetime
from typing import Any, Protocol

from django.db import models

from maillage.audit.acts import AnyAct
from maillage.audit.models import AuditEvent
from maillage.core.sql.rows import insert

SYSTEM = "Maillage"


class Actor(Protocol):
    """Whoever acts: accounts.User, seen from below."""

    pk: Any

    def __str__(self) -> str: ...


def record(
    act: AnyAct,
    *,
    target: models.Model,
    by: Actor | None,
    at: datetime,
    summary: str,
    cpts: models.Model | None = None,
    cpts_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Write one row. `summary` is French and ends on the audit page; `by` is None when the product itself acts."""
    event = AuditEvent(
        type=act,
        at=at,
        by_id=by.pk if by else None,
        by_name=str(by) if by else SYSTEM,
        cpts_id=cpts.pk if cpts else cpts_id,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=str(target)[:250],
        summary=summary[:500],
        details=details or {},
    )
    return insert(event)  # every change of the product writes one
