"""What a browser keeps of a page, and tells the next site: nothing of a signed-in page, nothing of a personal link.

Why not `no-referrer`: browsers then send `Origin: null` with a form, which the protection against forged requests
rightly refuses (docs/adr/0019).
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# How addresses that open something by themselves name the part that must not be known.
SECRET_PARTS = frozenset({"token", "key", "uidb36", "agenda_uuid"})
NOTHING_KEPT = "no-store, private"
ORIGIN_ONLY = "strict-origin"  # never the path; elsewhere nothing leaves at all (SECURE_REFERRER_POLICY)


class KeepNothing:
    """Cache-Control and Referrer-Policy of all but static files, which never come here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        is_secret = bool(match and SECRET_PARTS & match.kwargs.keys())
        if is_secret:
            response["Referrer-Policy"] = ORIGIN_ONLY
        is_private = is_secret or (_has_session(request, response) and not _is_for_all(request))
        if is_private and "no-store" not in response.get("Cache-Control", ""):  # a page may have said it already
            response["Cache-Control"] = NOTHING_KEPT
        return response


def _has_session(request: HttpRequest, response: HttpResponse) -> bool:
    """One that was brought, or is given by this very answer."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies


def _is_for_all(request: HttpRequest) -> bool:
    """Reference data, the same for everybody (core.screens.access.same_for_everybody)."""
    match = request.resolver_match
    return bool(match and getattr(match.func, "is_same_for_everybody", False))
