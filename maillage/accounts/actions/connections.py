"""Open sessions, ended by the person they belong to, or when what opens the account changes."""

from datetime import datetime

from django.db import transaction

from maillage.accounts.acts import Act
from maillage.accounts.models import Session, User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.text import plural


class SessionAlreadyOver(DomainError):
    user_message = "Cette connexion est déjà fermée."


@transaction.atomic
def end_session(*, user: User, reference: str, at: datetime) -> None:
    """One of the person's own sessions. Raises SessionAlreadyOver."""
    session = next((row for row in Session.objects.filter(user=user) if row.reference == reference), None)
    if session is None:
        raise SessionAlreadyOver
    session.delete()
    audit.record(Act.SESSION_ENDED, target=user, by=user, at=at, summary=f"{user} a fermé une connexion")


@transaction.atomic
def end_others(*, user: User, kept: str | None, at: datetime, why: str) -> int:
    """All the sessions of an account but `kept` (a session key; None: all). Their number; none, no trace."""
    number, _ = Session.objects.filter(user=user).exclude(pk=kept or "").delete()
    if number:
        summary = f"{number} {plural(number, 'autre connexion fermée', 'autres connexions fermées')} ({why})"
        audit.record(Act.SESSION_ENDED, target=user, by=user, at=at, summary=summary)
    return number
