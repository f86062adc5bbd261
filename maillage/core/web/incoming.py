"""What an address brings, read before any page: what no text may hold goes, a place to go on to must be ours."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError

from maillage.core.text import stream_safe

GO_ON_TO = "next"
NUL = "\0"
# What turns the direction of writing: a name that holds one mirrors every sentence that follows it.
DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNWANTED = re.compile(f"[{NUL}{DIRECTIONS}]")
LONGEST_PATH = 2_000
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
CHARSET = re.compile(r";\s*charset\*?\s*=[^;]*", re.IGNORECASE)
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def is_own_path(text: str) -> bool:
    """A path of this site, and nothing that a browser would read as another: `//host`, `/\\host`, a control."""
    return (
        text.startswith("/")
        and not text.startswith(("//", "/\\"))
        and len(text) <= LONGEST_PATH
        and text.isprintable()
        and "\\" not in text
    )


def utf8_only(application: Wsgi) -> Wsgi:
    """What is sent is read as UTF-8 whatever charset is claimed: Django falls before any page on those of its language
    that decode no text (rot13, idna), and makes lone surrogates of others (unicode_escape).
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
        return application(environ, start_response)

    return answer


class IncomingText:
    """400 for a NUL in a path.

    From parameters a NUL, which PostgreSQL keeps nowhere, is taken away, and so are marks that turn the direction of
    writing, piles of marks on one letter, and a `next` that is no path of ours: whoever follows it stays here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path_info:
            raise BadRequest
        try:
            kept = cleaned(request.GET)
        except TooManyFieldsSent:  # told by the page, or by the machine, that was asked
            kept = None
        if kept is not None:
            request.GET = kept  # type: ignore[assignment]  # read once: it is what pages see
            request.META["QUERY_STRING"] = kept.urlencode()
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """The same of a form. The protection against forged requests reads it next: nothing is read twice."""
        if request.method != "POST" or request.content_type not in FORMS:
            return
        try:
            kept = cleaned(request.POST)
        except UnreadablePostError:  # whoever sent it is gone
            return
        if kept is not None:
            request.POST = kept  # type: ignore[assignment]


def _wanted(text: str) -> str:
    return stream_safe(UNWANTED.sub("", text))


def cleaned(parameters: QueryDict) -> QueryDict | None:
    """What is left of parameters once what must not be there is gone; None when nothing had to go."""
    is_unwanted = any(_wanted(text) != text for name, values in parameters.lists() for text in (name, *values))
    leads_away = any(not is_own_path(path) for path in parameters.getlist(GO_ON_TO))
    if not is_unwanted and not leads_away:
        return None
    kept = QueryDict(mutable=True)
    for name, values in parameters.lists():
        kept.setlist(_wanted(name), [_wanted(value) for value in values])
    if leads_away:
        del kept[GO_ON_TO]
    return kept
