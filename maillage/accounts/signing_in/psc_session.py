"""What a session knows of Pro Santé Connect, and how an identity waits in it between two pages."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from maillage.accounts.rules.psc import Activity
from maillage.accounts.signing_in.identity import Identity
from maillage.accounts.signing_in.secrets import SecretUnreadable, open_text, seal_text

# The token that signs out at the provider, the activities it gave, the one chosen.
TOKEN, ACTIVITIES, ACTIVITY = "psc_token", "psc_activities", "psc_activity"
# Held (accounts.signing_in.held): an identity nobody tied, one to tie, an account being opened.
UNKNOWN, TO_LINK, OPENING = "psc-unknown", "psc-to-link", "psc-opening"


def as_facts(identity: Identity) -> dict[str, Any]:
    return asdict(identity)


def identity_from(facts: dict[str, Any]) -> Identity:
    activities = tuple(Activity(**activity) for activity in facts["activities"])
    return Identity(**{**facts, "activities": activities})


def keep_token(request: HttpRequest, identity: Identity) -> None:
    """What signs out at the provider: it says who the person is, and does not lie plainly in the database."""
    request.session[TOKEN] = seal_text(identity.token, purpose=TOKEN)


def token_kept(request: HttpRequest) -> str:
    """Empty when the session was not opened by the provider."""
    sealed = request.session.get(TOKEN, "")
    try:
        return open_text(sealed, purpose=TOKEN) if sealed else ""
    except SecretUnreadable:
        return ""
