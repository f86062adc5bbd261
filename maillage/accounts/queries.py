"""Reads of accounts that need more than a QuerySet: how people sign in, and where they are signed in now."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Value, When

from maillage.accounts.models import AccountKind, LinkedIdentity, RoleAssignment, Session, User
from maillage.accounts.rules.devices import UNKNOWN_DEVICE, UNKNOWN_NETWORK
from maillage.accounts.sessions import DEVICE, NETWORK, OPENED_AT
from maillage.accounts.signing_in import means
from maillage.cpts.models import Cpts


@dataclass(frozen=True)
class OpenSession:
    """One session as its owner recognises it."""

    reference: str
    device: str
    network: str
    opened_by: str
    opened_at: datetime | None
    used_at: datetime
    is_current: bool


@dataclass(frozen=True)
class Factors:
    """What an account may prove itself by, beside its password."""

    totp: Authenticator | None
    keys: list[Authenticator]
    codes_left: int

    @property
    def is_set_up(self) -> bool:
        return bool(self.totp or self.keys)


def open_sessions_of(user: User, *, current: str | None, at: datetime) -> list[OpenSession]:
    """The current one first, then by last use."""
    rows = Session.objects.filter(user=user).open_at(at).by_last_use()
    sessions = [_as_seen(row, current) for row in rows]
    return sorted(sessions, key=lambda session: not session.is_current)


def _as_seen(row: Session, current: str | None) -> OpenSession:
    facts: dict[str, Any] = row.get_decoded()
    opened = facts.get(OPENED_AT)
    return OpenSession(
        reference=row.reference,
        device=facts.get(DEVICE, UNKNOWN_DEVICE),
        network=facts.get(NETWORK, UNKNOWN_NETWORK),
        opened_by=means.label_of(facts.get(AUTHENTICATION_METHODS_SESSION_KEY, [])),
        opened_at=datetime.fromtimestamp(opened, tz=UTC) if opened else None,
        used_at=row.used_at,
        is_current=row.session_key == current,
    )


def factors_of(user: User) -> Factors:
    """In one query."""
    rows = list(Authenticator.objects.filter(user=user).order_by("pk"))
    codes = next((row for row in rows if row.type == Authenticator.Type.RECOVERY_CODES), None)
    return Factors(
        totp=next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        keys=[row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
    )


def accounts_by_means(cpts: Cpts | None) -> QuerySet[User]:
    """Open accounts, of the instance or of those who hold a role on a CPTS, with what each may sign in by.

    `has_totp`, `has_key`, `has_psc`, and `way`: the strongest of them, or `password` when there is none.
    """
    accounts = User.objects.filter(kind=AccountKind.PASSWORD, is_active=True)
    if cpts is not None:
        held = RoleAssignment.objects.of(cpts).filter(user=OuterRef("pk"))
        accounts = accounts.filter(Exists(held))
    factors = Authenticator.objects.filter(user=OuterRef("pk"))
    linked = LinkedIdentity.objects.in_force().filter(user=OuterRef("pk"))
    strongest = Case(
        When(has_psc=True, then=Value("psc")),
        When(has_key=True, then=Value("webauthn")),
        When(has_totp=True, then=Value("totp")),
        default=Value("password"),
    )
    return accounts.annotate(
        has_totp=Exists(factors.filter(type=Authenticator.Type.TOTP)),
        has_key=Exists(factors.filter(type=Authenticator.Type.WEBAUTHN)),
        has_psc=Exists(linked),
    ).annotate(way=strongest)


def counted_by_way(accounts: QuerySet[User]) -> dict[str, int]:
    """How many accounts open by each strongest means, in one query."""
    rows: Any = accounts.order_by()
    return dict(rows.values_list("way").annotate(number=Count("pk")))
