"""No-break spaces where French wants them: before : ; ? ! » €, after « and inside numbers. Done once, at the door.

Sources stay readable and every page, mail and document follows, what people typed in a field excepted.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from maillage.core.money import NBSP

PLAIN = re.compile(r" (?=[:;?!»€])|(?<=«) |(?<=\d) (?=\d{3}(?!\d))")
KEPT = "|".join(rf"<{name}\b.*?</{name}>" for name in ("textarea", "script", "code"))
TAG = re.compile(rf"({KEPT}|<[^>]*>)", re.DOTALL)
BETWEEN = "\0"  # in no page: forms refuse it


def typographic(text: str) -> str:
    """Plain text with its no-break spaces."""
    return PLAIN.sub(NBSP, text)


def typographic_html(html: str) -> str:
    """The same for the text of a page, tags and what must stay as it is left alone. Linear in its length."""
    pieces = TAG.split(html.replace(BETWEEN, ""))
    pieces[::2] = PLAIN.sub(NBSP, BETWEEN.join(pieces[::2])).split(BETWEEN)
    return "".join(pieces)


class TypographyMiddleware:
    """Sits inside CommonMiddleware, which writes the length of what is really sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            response.content = typographic_html(response.content.decode()).encode()
        return response
