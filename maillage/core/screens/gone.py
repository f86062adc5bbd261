"""The page of a link that leads nowhere any more."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from maillage.core.limits import LINKS, spend_from


def gone(request: HttpRequest, title: str, text: str) -> HttpResponse:
    """410, with words that say what to do. Whoever tries many links, unknown, is slowed; one that holds always opens.

    Raises LimitReached.
    """
    if not request.user.is_authenticated:
        spend_from(request, LINKS)
    return render(request, "layout/error.html", {"title": title, "text": text}, status=410)
