"""What the journal erases."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from maillage.audit.models import AuditEvent


def expired(at: datetime) -> list[QuerySet[Any]]:
    return [AuditEvent.objects.filter(at__lt=at - timedelta(days=AuditEvent.RETENTION_DAYS))]
