"""What is kept and no longer named, or no longer typed, is erased."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from maillage.records.actions.attaching import sweep
from maillage.records.actions.freezing import erase_orphaned
from maillage.records.models import Draft


def expired(at: datetime) -> list[QuerySet[Any]]:
    return [Draft.objects.filter(updated_at__lt=at - timedelta(days=Draft.RETENTION_DAYS))]


def erase(at: datetime) -> int:
    """Files whose rows are gone, or were never written; frozen contents whose rows are gone."""
    day_before = at - timedelta(days=1)
    return sweep(before=day_before) + erase_orphaned(before=day_before, at=at)
