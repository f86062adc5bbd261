"""A page as it is read: tags aside, a run of white is one space."""

import html
import re

from django.http import HttpResponse

TAG = re.compile(r"<[^>]*>")


def text_of(page: HttpResponse | str) -> str:
    source = page if isinstance(page, str) else page.content.decode()
    return " ".join(html.unescape(TAG.sub("", source)).split())
