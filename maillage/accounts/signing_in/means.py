"""By what the person of this session proved who they are, and how long ago.

allauth keeps the records in the session (method, instant); Pro Santé Connect and the demonstration add theirs.
"""

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from maillage.accounts.models import User
from maillage.accounts.signing_in.identity import is_joined

PASSWORD, SECOND_FACTOR, PSC, FACE_TO_FACE, DEMONSTRATION = "password", "mfa", "psc", "face-to-face", "demonstration"
BACKEND = "maillage.accounts.backends.PasswordBackend"
LABELS = {
    "totp": "application d’authentification",
    "webauthn": "clé d’accès",
    "recovery_codes": "code de secours",
    PSC: "Pro Santé Connect",
    PASSWORD: "mot de passe",
    FACE_TO_FACE: "vérification en personne",
    DEMONSTRATION: "carte de démonstration",
}


def prove(request: HttpRequest, user: User, method: str, **details: Any) -> None:
    """Note, in the session, that the person just proved who they are."""
    record_authentication(request, user, method, **details)


def open_session(request: HttpRequest, user: User, method: str, **details: Any) -> None:
    """Sign a person in, who proved who they are by that method: just now, unless `details` say since when (`at`, in
    seconds). Whoever was signed in here leaves first."""
    if request.user.is_authenticated and request.user != user:
        logout(request)  # what they proved goes with their session
    prove(request, user, method, **details)
    login(request, user, backend=BACKEND)


def is_strong(request: HttpRequest) -> bool:
    """Whether this session was opened, or made stronger since, by more than a password."""
    return any(_counts_as_strong(record) for record in _records(request))


def is_recent(request: HttpRequest, minutes: int | None = None) -> bool:
    """Whether the last proof is less than `minutes` old, `PROOF_MINUTES` unless said.

    A session opened by a strong one asks for a strong one, and so does an account tied to Pro Santé Connect: a password
    that a mailbox can reset proves nothing of its person.

    A card of the demonstration always is: nobody there has a telephone.
    """
    strong, since = asks_for_more(request), time.time() - (minutes or settings.PROOF_MINUTES) * 60
    return any(
        (record["at"] >= since or record["method"] == DEMONSTRATION) and (_counts_as_strong(record) or not strong)
        for record in _records(request)
    )


def asks_for_more(request: HttpRequest) -> bool:
    """Whether a password is not enough to prove again who this is."""
    return is_tied(request.user) or is_strong(request)


def is_tied(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether Pro Santé Connect, where the instance is joined to it, opens this account."""
    return isinstance(user, User) and is_joined() and user.linked_identities.in_force().exists()


def has_passkey(user: User) -> bool:
    """Whether a passkey opens the account without a password."""
    keys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return any(key.wrap().is_passwordless for key in keys)


def label_of(records: list[dict[str, Any]]) -> str:
    """What a session was opened by, its strongest means first; empty when it is not known."""
    names = [record.get("type") or record.get("method", "") for record in records]
    strong = [name for name, record in zip(names, records, strict=True) if _counts_as_strong(record)]
    return next((LABELS[name] for name in [*reversed(strong), *reversed(names)] if name in LABELS), "")


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    user = request.user
    return get_authentication_records(request, user) if isinstance(user, User) else []


def _counts_as_strong(record: dict[str, Any]) -> bool:
    method = record.get("method")
    return method in {SECOND_FACTOR, PSC} or (method == DEMONSTRATION and settings.DEMO)
