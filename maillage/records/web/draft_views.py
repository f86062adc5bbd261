"""Drafts, as the forms that have one ask for them (static/records/drafts.js). Without JavaScript nothing is kept."""

from collections.abc import Callable

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maillage.accounts.models import User
from maillage.accounts.permissions import HOME_VIEW, CptsRequest, requires
from maillage.core.errors import DomainError
from maillage.core.templatetags.maillage import hour, near_day
from maillage.records.actions import drafting
from maillage.records.models import Draft

SENT_AS = "draft"  # the hidden field of a form that has one
ASKED_WHO = "/compte/"  # where a form goes when its person must prove who they are first: it was not sent


@require_http_methods(["GET", "POST", "DELETE"])
@requires(HOME_VIEW)
def draft(request: CptsRequest, key: str) -> HttpResponse:
    """Read one's own with who else writes there; keep it; forget it."""
    at = timezone.now()
    if request.method == "DELETE":
        drafting.forget_draft(cpts=request.cpts, user=request.user, key=key)
        return HttpResponse(status=204)
    if request.method == "POST":
        try:
            fields = orjson.loads(request.body) if request.content_type == "application/json" else None
            if not isinstance(fields, dict):
                raise drafting.DraftUnreadable
            drafting.keep_draft(cpts=request.cpts, user=request.user, key=key, fields=fields, at=at)
        except (orjson.JSONDecodeError, DomainError):
            return HttpResponse(status=400)
    rows = Draft.objects.of(request.cpts).filter(key=key)
    mine = rows.filter(user=request.user).first() if request.method == "GET" else None
    others = rows.exclude(user=request.user).being_typed(at).select_related("user").order_by("begun_at")
    answer = {
        "mine": {"fields": mine.fields, "when": _when(mine)} if mine else None,
        "others": [f"{other.user} écrit ici depuis {hour(other.begun_at)}" for other in others],
    }
    return JsonResponse(answer)


def _when(mine: Draft) -> str:
    return f"{near_day(mine.updated_at)} à {hour(mine.updated_at)}"


class SentDrafts:
    """A form that was taken needs its draft no more. One that is shown again, or waits for a proof, keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key, cpts = request.POST.get(SENT_AS) if request.method == "POST" else None, getattr(request, "cpts", None)
        is_taken = response.status_code in {302, 303} and not response["Location"].startswith(ASKED_WHO)
        if key and cpts and is_taken and isinstance(request.user, User):
            drafting.forget_draft(cpts=cpts, user=request.user, key=key)
        return response
