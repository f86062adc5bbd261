"""What the administrator reads of limits: which were met, how often, by what kind of key, and nobody's name."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from maillage.core.dates import span_text
from maillage.core.limits import REGISTER, Limit
from maillage.core.models import LimitRefusal

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class LimitMet:
    """One limit as it is in force, and its refusals. `keys`: how many accounts, networks… were refused in the month."""

    limit: Limit
    today: int = 0
    week: int = 0
    month: int = 0
    keys: int = 0
    last_at: datetime | None = None

    @property
    def rate(self) -> str:
        """8 en 15 minutes."""
        return f"{self.limit.most} en {span_text(self.limit.seconds)}"

    @property
    def is_changed(self) -> bool:
        return (self.limit.most, self.limit.seconds) != (self.limit.usual_most, self.limit.usual_seconds)


def limits_met(at: datetime) -> list[LimitMet]:
    """Every limit, those met most this month first. One query."""
    today = timezone.localdate(at)
    rows = LimitRefusal.objects.values("name").annotate(
        today=Sum("count", filter=Q(day=today), default=0),
        week=Sum("count", filter=Q(day__gt=today - WEEK), default=0),
        month=Sum("count"),
        keys=Count("key", distinct=True),
        last_at=Max("last_at"),
    )
    figures = ("today", "week", "month", "keys", "last_at")
    refused = {row[0]: row[1:] for row in rows.values_list("name", *figures)}
    met = [LimitMet(limit, *refused.get(name, ())) for name, limit in REGISTER.items() if limit.is_shown]
    return sorted(met, key=lambda row: (-row.month, row.limit.name))
