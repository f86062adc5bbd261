"""Pages of meetings; what they erase."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from maillage.accounts.menus import Entry, Section
from maillage.meetings.acts import Act
from maillage.meetings.facts import facts_of
from maillage.meetings.letters import samples
from maillage.meetings.models import Meeting, SigninCode
from maillage.meetings.permissions import MEETING_LIST, MEETING_MANAGE
from maillage.meetings.waiting import counted, waiting

ACTS = Act
PERMISSIONS = (
    MEETING_LIST,
    MEETING_MANAGE,
)
COUNTED, WAITING = counted, waiting
ENTRIES = (Entry("Réunions", "meetings:list", MEETING_LIST, rank=40, section=Section.MAIN),)
FACTS = facts_of
LETTERS = samples


def expired(at: datetime) -> list[QuerySet[Any]]:
    over = at - timedelta(days=Meeting.RETENTION_DAYS)
    return [
        Meeting.objects.filter(ends_at__lt=over),
        Meeting.objects.filter(ends_at=None, created_at__lt=over),
        SigninCode.objects.filter(expires_at__lt=at - timedelta(days=SigninCode.RETENTION_DAYS)),
    ]
