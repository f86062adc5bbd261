"""The page of a link that leads nowhere any more."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def gone(request: HttpRequest, title: str, text: str) -> HttpResponse:
    """410, with words that say what to do."""
    return render(request, "portal/error.html", {"title": title, "text": text}, status=410)
