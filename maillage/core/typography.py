"""No-break spaces where French wants them: before : ; ? ! » and after «. Done once, at the door.

Sources stay readable and every page, mail and document follows, what people typed in a field excepted.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from maillage.core.money import NBSP

PLAIN = re.compile(r" (?=[:;?!»])|(?<=«) ")
# Outside tags (nothing typed in an attribute changes), and outside what must stay as it is.
IN_HTML = re.compile(rf"(?:{PLAIN.pattern})(?=[^<>]*(?:<|\Z))(?![^<]*</(?:textarea|script|code))")


def typographic(text: str) -> str:
    """Plain text with its no-break spaces."""
    return PLAIN.sub(NBSP, text)


class TypographyMiddleware:
    """The same for the text of HTML answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            response.content = IN_HTML.sub(NBSP, response.content.decode()).encode()
        return response
