"""Pages of the interface with the SAS; what it erases."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from maillage.accounts.menus import Entry
from maillage.accounts.models import AccountKind, User
from maillage.sas.acts import Act
from maillage.sas.models import MessageState, Regulator, SasMessage
from maillage.unscheduled_care.permissions import CARE_MANAGE

ACTS = Act
AGENDA_FOR_SOFTWARE = "sas_api:agenda_root"
IDENTITY_RETURNS = ("sas:back",)
ENTRIES = (Entry("Ce que voit le SAS", "sas:simulator", CARE_MANAGE, rank=10, under="unscheduled_care:desk"),)


def expired(at: datetime) -> list[QuerySet[Any]]:
    heard, closed = (at - timedelta(days=model.RETENTION_DAYS) for model in (SasMessage, Regulator))
    return [
        SasMessage.objects.exclude(state=MessageState.WAITING).filter(created_at__lt=heard),
        Regulator.objects.filter(is_active=False, updated_at__lt=closed),
        User.objects.filter(kind=AccountKind.EXTERNAL, last_login__lt=closed, assignments=None),
    ]
