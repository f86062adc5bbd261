"""The lines of the slots found, written here: a template tells twenty-five of them slower than they are found."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from maillage.core.markup import markup, together
from maillage.core.money import NBSP
from maillage.core.templatetags.maillage import day_text, hour_text, phone
from maillage.unscheduled_care.models import Schedule, Slot
from maillage.unscheduled_care.rules.ranking import wait_text
from maillage.unscheduled_care.rules.slots import MODE_BADGES
from maillage.unscheduled_care.search import FoundSlot

ANY = UUID(int=0)
LINE = (
    '<li><div><b>{day}</b><br>{hours} <small class="nowrap">{bucket}</small></div>'
    "<div><b>{who}</b> · {profession}<small>{where}</small></div><div>{badges}</div>{action}</li>"
)
BOOK = (
    '<button class="btn small" type="submit" id="book-{uuid}" formaction="{url}" aria-label="{what} : {label}">'
    "{what}</button>"
)
CALL = '<span><a class="btn ghost small" href="tel:{number}">{told}</a></span>'


def slot_lines(slots: Iterable[FoundSlot], *, cpts_slug: str, is_move: bool) -> SafeString:
    """One `li` a slot, inside a form that bears the token and the query. `cpts_slug`: of a desk; '': the regulation."""
    name, around = ("desk_book", [cpts_slug]) if cpts_slug else ("regulation_book", [])
    url = reverse(f"unscheduled_care:{name}", args=[*around, ANY])
    today = timezone.localdate()
    return together(_line(one, today, url, is_move) for one in slots)


def _line(one: FoundSlot, today: date, url: str, is_move: bool) -> SafeString:
    slot = one.slot
    starts_at, ends_at = timezone.localtime(slot.starts_at), timezone.localtime(slot.ends_at)
    day, start, end = day_text(starts_at, today), hour_text(starts_at), hour_text(ends_at)
    label = f"{day} à {start}, {slot.effector}"
    return markup(
        LINE,
        day=capfirst(day),
        hours=f"jusqu’à {end}" if slot.walk_in else f"{start} – {end}",
        bucket=wait_text(one.bucket),
        who=slot.effector,
        profession=slot.effector.profession_label,
        where=" · ".join(
            [_place(slot.schedule), f"{km_text(one)}{NBSP}km", *([", ".join(slot.reasons)] * bool(slot.reasons))]
        ),
        badges=_badges(one),
        action=_call(slot) if slot.walk_in else _book(slot, url, label, "Déplacer ici" if is_move else "Réserver"),
    )


def _place(place: Schedule) -> str:
    return f"{place}, {place.city}" if place.name and place.city else str(place)


def _badges(one: FoundSlot) -> SafeString:
    """Words, and a colour for the two that change what is done."""
    told = [("badge ok", "médecin traitant")] if one.is_own_doctor else []
    told += [("badge soon", "sans rendez-vous")] if one.slot.walk_in else []
    told += [("badge", mode) for mode in modes_of(one.slot)]
    return together((markup('<span class="{tone}">{word}</span>', tone=tone, word=word) for tone, word in told), " ")


def _call(slot: Slot) -> SafeString:
    number = phone_of(slot)
    return markup(CALL, number=number, told=phone(number)) if number else SafeString("<span></span>")


def _book(slot: Slot, url: str, label: str, what: str) -> SafeString:
    return markup(BOOK, uuid=slot.uuid, url=url.replace(str(ANY), str(slot.uuid)), what=what, label=label)


def km_text(one: FoundSlot) -> str:
    return f"{one.km:.1f}".replace(".", ",")


def phone_of(slot: Slot) -> str:
    return slot.schedule.phone or slot.effector.phone


def modes_of(slot: Slot) -> list[str]:
    return [label for mode, label in MODE_BADGES.items() if slot.modes & mode]
