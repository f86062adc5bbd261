"""The journal of messages; what it erases."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from maillage.accounts.menus import Entry, Section
from maillage.exchange.acts import Act
from maillage.exchange.models import Contact, OutgoingMail
from maillage.exchange.permissions import MESSAGE_LIST

ACTS = Act
PERMISSIONS = (MESSAGE_LIST,)
ENTRIES = (Entry("Messages", "exchange:journal", MESSAGE_LIST, rank=30, section=Section.SETTINGS),)


def expired(at: datetime) -> list[QuerySet[Any]]:
    forgotten = at - timedelta(days=Contact.RETENTION_DAYS)
    return [
        OutgoingMail.objects.filter(created_at__lt=at - timedelta(days=OutgoingMail.RETENTION_DAYS)),
        Contact.objects.filter(forgotten_at=None, last_written_at__lt=forgotten),
    ]
