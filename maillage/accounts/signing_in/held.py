"""What waits in a session between two pages, sealed, for a quarter of an hour: an identity, a form held back.

The session lies in the database: what somebody typed, or what the provider said of them, does not lie there plainly.
"""

import time
from typing import Any

import orjson
from django.http import HttpRequest

from maillage.accounts.signing_in.secrets import SecretUnreadable, open_text, seal_text

SECONDS = 15 * 60


def hold(request: HttpRequest, name: str, facts: dict[str, Any]) -> None:
    """Keep `facts` under `name`; what was there is replaced."""
    text = orjson.dumps({"until": time.time() + SECONDS, "facts": facts}).decode()
    request.session[_key(name)] = seal_text(text, purpose=f"held.{name}")


def keep_latest(request: HttpRequest, beginning: str, most: int) -> None:
    """Of what is kept under names that begin so, the last `most`: every page that follows reads the whole session."""
    names = [name for name in request.session.keys() if name.startswith(_key(beginning))]  # noqa: SIM118  # no mapping
    for name in names[:-most]:
        del request.session[name]


def held(request: HttpRequest, name: str) -> dict[str, Any] | None:
    """What is kept, still there after; None when there is nothing, or it is too old."""
    sealed = request.session.get(_key(name))
    if not sealed:
        return None
    try:
        kept = orjson.loads(open_text(sealed, purpose=f"held.{name}"))
    except SecretUnreadable:
        return None
    facts: dict[str, Any] = kept["facts"]
    return facts if kept["until"] >= time.time() else None


def release(request: HttpRequest, name: str) -> dict[str, Any] | None:
    """The same, taken out."""
    facts = held(request, name)
    request.session.pop(_key(name), None)
    return facts


def _key(name: str) -> str:
    return f"held_{name}"
