"""Put the CPTS of the URL and the rights of the person on the request, before any view runs."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from maillage.accounts.models import AccountKind, User
from maillage.accounts.permissions import assignments_of, permissions_on
from maillage.cpts.models import Cpts

WORKSPACE_KWARG = "cpts_slug"


class FragmentSignIn:
    """A session that ended while a page refreshed a fragment: the whole page goes to sign in, and comes back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        location = response.get("Location", "")
        if (
            response.status_code == 302
            and location.startswith(reverse(settings.LOGIN_URL))
            and "HX-Request" in request.headers
        ):
            moved = HttpResponse(status=204)
            moved["HX-Redirect"] = location
            return moved
        return response


class ScopeMiddleware:
    """A stranger to the CPTS of the URL gets 404, as if it did not exist; the view receives request.cpts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

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
        return None


def _is_for_external(request: HttpRequest, view: Any) -> bool:
    """An account that the identity provider vouches for opens the pages meant for it, public ones, and signs out."""
    match = request.resolver_match
    meant = getattr(view, "is_for_external", False) or getattr(view, "access", "") in {"public", "machine"}
    return meant or bool(match and match.url_name == "account_logout")


def _reachable(user: User, slug: str) -> Cpts:
    """The CPTS of that slug; from the roles already read when the person holds one on it."""
    for assignment in assignments_of(user):
        if assignment.cpts and assignment.cpts.slug == slug:
            return assignment.cpts
    try:
        return Cpts.objects.select_related("departement__region").get(slug=slug)
    except Cpts.DoesNotExist as error:
        raise Http404 from error
