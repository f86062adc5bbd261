"""A limit that was reached, as HTTP says it: 429, and when to come back."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from maillage.core.limits import LimitReached, refusals_noted

TITLE = "Trop, trop vite"


class LimitsMiddleware:
    """What a view refused for a limit is 429 whatever it shows; what it did not catch is said on a page of its own.

    A form that shows the refusal above what was typed stays as it is: only its status changes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with refusals_noted() as refusals:
            response = self.get_response(request)
        waits = [error.retry_after for error in refusals if not error.is_silent]
        if waits and response.status_code in {200, 403, 429}:
            response.status_code = 429
            response["Retry-After"] = str(max(waits))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal_page(request, exception) if isinstance(exception, LimitReached) else None


def refusal_page(request: HttpRequest, error: LimitReached) -> HttpResponse:
    """In the words of whoever asked: JSON for a program, a note for a fragment, a page for people."""
    if request.path.endswith(".json"):
        response: HttpResponse = JsonResponse({"error": error.user_message}, status=429)
    elif "HX-Request" in request.headers:
        response = render(request, "components/note.html", {"text": error.user_message}, status=429)
        response["HX-Retarget"], response["HX-Reswap"] = "#toasts", "innerHTML"
    else:
        response = render(request, "layout/error.html", {"title": TITLE, "text": error.user_message}, status=429)
    response["Retry-After"] = str(error.retry_after)
    return response
