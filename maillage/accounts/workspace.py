"""Pages of the team and of accounts; what accounts erase."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from maillage.accounts.actions.unused import erase_unused_accounts
from maillage.accounts.acts import Act
from maillage.accounts.letters import samples
from maillage.accounts.menus import Entry, InstanceEntry, Section
from maillage.accounts.models import (
    AccountRecovery,
    AddressChange,
    Invitation,
    LinkedIdentity,
    NumberProof,
    ProofCode,
    Session,
)
from maillage.accounts.permissions import AUDIT_VIEW, HOME_VIEW, INSTANCE_MANAGE, MEMBER_MANAGE, TEAM_MANAGE
from maillage.accounts.waiting import counted, waiting

ACTS = Act
PERMISSIONS = (
    HOME_VIEW,
    TEAM_MANAGE,
    MEMBER_MANAGE,
    AUDIT_VIEW,
    INSTANCE_MANAGE,
)
COUNTED, WAITING = counted, waiting
IDENTITY_RETURNS = ("accounts:psc_back",)
LETTERS = samples
ENTRIES = (
    Entry("Équipe et invitations", "accounts:team", TEAM_MANAGE, rank=10, section=Section.SETTINGS),
    Entry("Comptes et connexions", "accounts:accounts_of_cpts", TEAM_MANAGE, rank=20, section=Section.SETTINGS),
    Entry("Journal", "accounts:audit", AUDIT_VIEW, rank=40, section=Section.SETTINGS),
)
INSTANCE_ENTRIES = (InstanceEntry("Comptes et connexions", "accounts:accounts", rank=30),)


def expired(at: datetime) -> list[QuerySet[Any]]:
    def before(days: int) -> datetime:
        return at - timedelta(days=days)

    over = before(Invitation.RETENTION_DAYS)
    return [
        Invitation.objects.filter(Q(expires_at__lt=over) | Q(accepted_at__lt=over) | Q(withdrawn_at__lt=over)),
        ProofCode.objects.filter(expires_at__lt=before(ProofCode.RETENTION_DAYS)),
        NumberProof.objects.filter(ended_at__lt=before(NumberProof.RETENTION_DAYS)),
        AddressChange.objects.filter(asked_at__lt=before(AddressChange.RETENTION_DAYS)),
        AccountRecovery.objects.filter(created_at__lt=before(AccountRecovery.RETENTION_DAYS)),
        LinkedIdentity.objects.filter(ended_at__lt=before(LinkedIdentity.RETENTION_DAYS)),
        Session.objects.filter(expire_date__lt=at),
    ]


def erase(at: datetime) -> int:
    """Accounts that nobody enters any more, told before."""
    return erase_unused_accounts(at=at)
