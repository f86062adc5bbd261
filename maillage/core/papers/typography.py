"""No-break spaces where French wants them: before : ; ? ! » €, after «, inside numbers and hours.

Done once, at the door: sources stay readable and every page, mail and document follows, what people typed in a field
excepted.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from maillage.core.money import NBSP

PLAIN = re.compile(r" (?=[:;?!»€])|(?<=«) |(?<=\d) (?=\d{3}(?!\d)|(?:h|km)\b)|(?<=\d h) (?=\d\d\b)")
TAG = re.compile(r"(<[^>]*>)")
KEPT = ("textarea", "script", "code")
OPENINGS = tuple(f"<{name}" for name in KEPT)
BETWEEN = "\0"  # in no page: forms refuse it


def typographic(text: str) -> str:
    """Plain text with its no-break spaces."""
    return PLAIN.sub(NBSP, text)


def typographic_html(html: str) -> str:
    """The same for the text of a page, tags and what must stay as it is left alone. Linear in its length."""
    pieces = TAG.split(html.replace(BETWEEN, ""))
    places = _texts(pieces)
    typeset = PLAIN.sub(NBSP, BETWEEN.join(pieces[place] for place in places)).split(BETWEEN)
    for place, text in zip(places, typeset, strict=True):
        pieces[place] = text
    return "".join(pieces)


def _texts(pieces: list[str]) -> list[int]:
    """Which pieces are text to typeset: tags come between, and what some of them hold is kept."""
    places, kept = [], ""
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            if not kept:
                places.append(place)
        elif kept:
            kept = "" if piece.startswith(f"</{kept}") else kept
        elif piece.startswith(OPENINGS):
            kept = next(name for name in KEPT if piece.startswith(f"<{name}"))
    return places


class TypographyMiddleware:
    """Sits inside CommonMiddleware, which writes the length of what is really sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            response.content = typographic_html(response.content.decode()).encode()
        return response
