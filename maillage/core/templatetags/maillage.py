"""Filters and tags every template has: numbers, money and agreement the French way."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.timezone import localtime

from maillage.core import links
from maillage.core.money import NBSP, format_euros, grouped
from maillage.core.money import decimal as decimal_text
from maillage.core.text import listed as listed_text
from maillage.core.text import megabytes as size_text
from maillage.core.text import of as elided
from maillage.core.text import percent as share_as_percent
from maillage.core.text import plural as agree

register = template.Library()


@register.inclusion_tag("components/empty.html")
def nothing_yet(icon: str, text: str, url: str = "", label: str = "") -> dict[str, str]:
    """What is said where there is nothing to show, and what to do about it."""
    return {"icon": icon, "text": text, "url": url, "label": label}


@register.filter
def number(value: int | None) -> str:
    """61915 -> 61 915; None -> non publié."""
    return "non publié" if value is None else grouped(int(value))


@register.filter
def euros(value: Decimal | None) -> str:
    return format_euros(value)


@register.filter
def megabytes(size: int) -> str:
    return size_text(size)


@register.filter
def percent(share: Decimal | float | None) -> str:
    return share_as_percent(share)


@register.filter
def day(value: date | None) -> str:
    """1 October 2026 -> 1er octobre 2026; an instant is told on the clock of Paris."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = localtime(value)
    return f"{value.day}{'er' if value.day == 1 else ''} {date_format(value, 'F Y')}"


@register.filter
def near_day(value: datetime) -> str:
    """aujourd’hui, demain, or jeudi 26 novembre, on the clock of Paris."""
    return day_text(localtime(value), localtime(timezone.now()).date())


def day_text(local: datetime, today: date) -> str:
    """The same, of an instant on the clock it is told on."""
    ahead = (local.date() - today).days
    return {0: "aujourd’hui", 1: "demain", -1: "hier"}.get(ahead) or weekday_text(local)


def weekday_text(local: datetime) -> str:
    """jeudi 26 novembre, mardi 1er décembre: of an instant on the clock it is told on."""
    first = "1er" if local.day == 1 else str(local.day)
    return f"{date_format(local, 'l')} {first} {date_format(local, 'F')}"


@register.filter
def hour(value: datetime | None) -> str:
    """20 h, or 20 h 30, on the clock of Paris; '' when there is none."""
    return "" if value is None else hour_text(localtime(value))


def hour_text(local: datetime) -> str:
    """20 h, or 20 h 30, of an instant on the clock it is told on."""
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02d}" if local.minute else f"{local.hour}{NBSP}h"


@register.filter
def plural(count: int, forms: str) -> str:
    """{{ 2|plural:"commune" }} -> communes; {{ 2|plural:"cheval,chevaux" }} -> chevaux."""
    singular, _, several = forms.partition(",")
    return agree(count, singular, several or None)


@register.filter
def count(value: int | None, forms: str) -> str:
    """{{ 38|count:"commune" }} -> 38 communes, held together by a no-break space; None -> non publié."""
    if value is None:
        return number(None)
    return f"{number(value)}{NBSP}{plural(value, forms)}"


@register.filter
def of(name: str) -> str:
    """{{ "Eymet"|of }} -> d’Eymet."""
    return elided(name)


@register.filter
def listed(items: list[str]) -> str:
    return listed_text(str(item) for item in items)


@register.filter
def decimal(value: float | None, places: int | str) -> str:
    """{{ 3.394|decimal:2 }} -> 3,39; "auto": none for whole numbers, two otherwise; None -> non publié."""
    if value is None:
        return number(None)
    if places == "auto":
        places = 0 if value == int(value) else 2
    return decimal_text(value, int(places))


@register.filter
def index(items: list[Any], place: int) -> Any:
    """{{ labels|index:forloop.counter0 }}."""
    return items[place]


@register.filter
def phone(value: str) -> str:
    """0536490017 -> 05 36 49 00 17, held together; anything else as it came."""
    if len(value) == 10 and value.isdigit():
        return NBSP.join(value[place : place + 2] for place in range(0, 10, 2))
    return value


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """Look a key up in a dict; None when absent."""
    return mapping.get(key)


@register.filter
def tone(state: str | None, tones: str) -> str:
    """The colour of a badge by the state it says; a word alone is for every other state, and without one it has none.

    >>> tone("sent", "sent:ok failed:late"), tone("queued", "sent:ok failed:late"), tone("queued", "sent:ok quiet")
    ('ok', '', 'quiet')
    """
    words = dict(pair.rpartition(":")[::2] for pair in tones.split())
    return words.get(state or "", words.get("", ""))


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """The query string of this page with some parameters changed; None removes one."""
    parameters = context["request"].GET.copy()
    for key, value in changes.items():
        parameters.pop(key, None)
        if value not in (None, ""):
            parameters[key] = value
    return f"?{urlencode(sorted(parameters.lists()), doseq=True)}"


@register.simple_tag
def page(name: str, *args: object) -> str:
    """core.links.page."""
    return links.page(name, *args)
