"""Put the CPTS of the URL and the rights of the person on the request, before any view runs."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode

from maillage.accounts.actions.exports import trace_export
from maillage.accounts.models import AccountKind, User
from maillage.accounts.permissions import assignments_of, demands_second_factor, ends_when_idle, permissions_on
from maillage.accounts.signing_in import means
from maillage.core.papers.spreadsheets import XLSX_TYPE
from maillage.cpts.models import Cpts
from maillage.geography.rules.clocks import zone_of

WORKSPACE_KWARG = "cpts_slug"
EXPORTED = frozenset(
    {
        "text/csv",
        XLSX_TYPE,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/pdf",
        "text/vcard",
    }
)
FILENAME = re.compile(r'filename="([^"]*)"')
UNATTENDED = "X-Unattended"  # a fragment that a page refreshes by itself: nobody is there
PROTECT = "accounts:protect"  # where a second factor is set up
ACCOUNT_PREFIXES = ("account_", "mfa_")  # how the names of allauth's pages begin


class FragmentSignIn:
    """Signing in, or proving more, while a page refreshed a fragment: the whole page goes there, and comes back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        location = response.get("Location", "")
        if (
            response.status_code == 302
            and location.startswith((reverse(settings.LOGIN_URL), reverse(PROTECT)))
            and "HX-Request" in request.headers
        ):
            moved = HttpResponse(status=204)
            moved["HX-Redirect"] = location
            return moved
        return response


class ExportTrace:
    """Every file that leaves to somebody signed in is written in the journal, whichever page made it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        kind = response.get("Content-Type", "").partition(";")[0]
        if response.status_code == 200 and kind in EXPORTED and isinstance(request.user, User):
            filters = {name: str(value) for name, value in request.GET.items() if value and name != "format"}
            trace_export(
                what=_filename(response),
                rows=getattr(response, "rows", None),
                filters=filters,
                cpts=getattr(request, "cpts", None),
                by=request.user,
                at=timezone.now(),
            )
        return response


def _filename(response: HttpResponse) -> str:
    match = FILENAME.search(response.get("Content-Disposition", ""))
    return match[1] if match else "document"


def _end_when_idle(request: HttpRequest) -> None:
    """Roles may have been given since the session opened: those of now say whether it ends without use.

    They are read only after so long without use: no page pays for it.
    """
    user, session = request.user, request.session
    if isinstance(user, User) and session.is_idle(timezone.now()) and ends_when_idle(user):  # type: ignore[attr-defined]
        logout(request)


class SecondFactorMiddleware:
    """A role that reads patients, money or votes, or runs the instance, opens nothing by a password alone.

    Public pages, one's own account and signing out stay open: that is where a second factor is set up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _end_when_idle(request)
        response = self.get_response(request)
        if isinstance(request.user, User) and UNATTENDED not in request.headers:
            request.session.note_use(timezone.now())  # type: ignore[attr-defined]  # accounts.sessions
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        user = request.user
        if not isinstance(user, User) or _is_open_to_a_password(request, view):
            return None
        if means.is_strong(request) or not demands_second_factor(user):
            return None
        wanted = request.get_full_path() if request.method == "GET" else ""
        return redirect(f"{reverse(PROTECT)}?{urlencode({'next': wanted})}" if wanted else PROTECT)


def _is_open_to_a_password(request: HttpRequest, view: Any) -> bool:
    match = request.resolver_match
    of_allauth = bool(match and not match.namespaces and (match.url_name or "").startswith(ACCOUNT_PREFIXES))
    return of_allauth or getattr(view, "is_own_account", False) or getattr(view, "access", "") in {"public", "machine"}


class ScopeMiddleware:
    """A stranger to the CPTS of the URL gets 404, as if it did not exist; the view receives request.cpts.

    Its hours are told and typed by the clock of its territory, overseas too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()  # its page may have been told by the clock of a territory

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not isinstance(request.user, User):
            request.permissions = frozenset()  # type: ignore[attr-defined]
            kwargs.pop(WORKSPACE_KWARG, None)
            return None
        if request.user.kind == AccountKind.EXTERNAL and not _is_for_external(request, view):
            raise Http404
        slug = kwargs.pop(WORKSPACE_KWARG, None)
        cpts = _reachable(request.user, slug) if slug else None
        # Asked of the roles when the page asks for them: machines and regulators never do.
        request.permissions = SimpleLazyObject(partial(permissions_on, request.user, cpts))  # type: ignore[attr-defined]
        if slug and not request.permissions:  # type: ignore[attr-defined]
            raise Http404
        request.cpts = cpts  # type: ignore[attr-defined]
        if cpts:
            timezone.activate(zone_of(cpts.departement_id))
        return None


def _is_for_external(request: HttpRequest, view: Any) -> bool:
    """An account that the identity provider vouches for opens the pages meant for it, public ones, and signs out."""
    match = request.resolver_match
    meant = getattr(view, "is_for_external", False) or getattr(view, "access", "") in {"public", "machine"}
    return meant or bool(match and match.url_name in {"account_logout", "connections", "end_session"})


def _reachable(user: User, slug: str) -> Cpts:
    """The CPTS of that slug; from the roles already read when the person holds one on it."""
    for assignment in assignments_of(user):
        if assignment.cpts and assignment.cpts.slug == slug:
            return assignment.cpts
    try:
        return Cpts.objects.select_related("departement__region").get(slug=slug)
    except Cpts.DoesNotExist as error:
        raise Http404 from error
