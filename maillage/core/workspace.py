"""What the ground erases."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from maillage.core.models import Job, JobState, LimitCount, LimitRefusal


def expired(at: datetime) -> list[QuerySet[Any]]:
    refused_until = timezone.localdate(at - timedelta(days=LimitRefusal.RETENTION_DAYS))
    done = Job.objects.filter(state__in=[JobState.DONE, JobState.FAILED])
    return [
        done.filter(finished_at__lt=at - timedelta(days=Job.RETENTION_DAYS)),
        LimitCount.objects.filter(ends_at__lte=at),
        LimitRefusal.objects.filter(day__lt=refused_until),
    ]
