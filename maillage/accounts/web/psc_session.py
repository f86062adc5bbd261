"""What a session knows of Pro Santé Connect, and how an identity waits in it between two pages."""

from dataclasses import asdict
from typing import Any

from maillage.accounts.identity import Identity
from maillage.accounts.rules.psc import Activity

# The token that signs out at the provider, the activities it gave, the one chosen.
TOKEN, ACTIVITIES, ACTIVITY = "psc_token", "psc_activities", "psc_activity"
# Held (accounts.held): an identity nobody tied, one to tie, an account being opened.
UNKNOWN, TO_LINK, OPENING = "psc-unknown", "psc-to-link", "psc-opening"


def as_facts(identity: Identity) -> dict[str, Any]:
    return asdict(identity)


def identity_from(facts: dict[str, Any]) -> Identity:
    activities = tuple(Activity(**activity) for activity in facts["activities"])
    return Identity(**{**facts, "activities": activities})
