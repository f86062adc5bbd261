"""Identifiers as pages send them back: whatever was tampered with is nothing, never an error page."""

from uuid import UUID

from django.http import HttpRequest

NO_VERSION = -1  # one that no row has


def sent_uuid(text: str) -> UUID | None:
    """None when a parameter is no identifier."""
    try:
        return UUID(text)
    except ValueError:
        return None


def sent_key(text: str) -> int:
    """A primary key; 0, which no row has, when it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def sent_version(request: HttpRequest) -> int:
    """The version of a page that was sent back; one that nothing has when the page says none."""
    sent = request.POST.get("version", "")
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 10 else NO_VERSION
