"""Meetings that nobody closed, tasks whose day is past."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from maillage.core.text import plural
from maillage.core.waiting import LATE, SOON, Counted, Waiting, count_of
from maillage.cpts.models import Cpts
from maillage.meetings.models import Meeting, Task
from maillage.meetings.permissions import MEETING_MANAGE


def counted(at: datetime) -> Counted:
    return {
        "to_close": count_of(Meeting.objects.to_close(at)),
        "tasks_late": count_of(Task.objects.late(timezone.localdate(at))),
    }


def waiting(cpts: Cpts, counts: Any, permissions: Collection[str]) -> Iterator[Waiting]:
    if MEETING_MANAGE not in permissions:
        return
    if counts.to_close:
        text = f"{counts.to_close} {plural(counts.to_close, 'réunion passée', 'réunions passées')} à clore"
        page = reverse("meetings:list", args=[cpts.slug])
        yield Waiting(SOON, "à clore", text, "Heures et attestations en dépendent", page)
    if counts.tasks_late:
        text = f"{counts.tasks_late} {plural(counts.tasks_late, 'tâche')} en retard"
        yield Waiting(LATE, "en retard", text, "Confiées en réunion", reverse("meetings:tasks", args=[cpts.slug]))
