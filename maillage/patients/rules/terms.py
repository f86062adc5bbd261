"""What of a person is searched: words of the name, telephone, birth date, each in one spelling. Pure.

People type a line (« Jeanne Patiente, née le 3/5/1941, 05 53 00 00 99 »); the same reading serves what is kept and what
is looked for.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from maillage.core.text import normalised

SHORTEST_WORD = 2
# French, with or without its code; of elsewhere, with a + alone.
PHONE = re.compile(r"(?:(?:\+|00)33[ .\-]?0?|0)[1-9](?:[ .\-]?\d\d){4}|\+\d(?:[ .\-]?\d){7,13}")
DAY = re.compile(r"\b(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})\b")
ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
NATIONAL_DIGITS = 9  # what is left of a French number without 0, +33 or 0033
# Said around a name, by everybody, of everybody.
NOT_A_NAME = frozenset("m mr mme mlle monsieur madame ne nee le la de du des et tel telephone ans an".split())


class TermKind(StrEnum):
    WORD = "word"
    PHONE = "phone"
    BIRTH = "birth"


@dataclass(frozen=True)
class Term:
    """One thing that somebody may be found by."""

    kind: TermKind
    text: str


def terms_of(*lines: str) -> frozenset[Term]:
    """All that a person may be found by, in what was typed about them."""
    text = " ".join(lines)
    days, text = _taken(text, ISO_DAY, lambda parts: _day(*parts))
    more, text = _taken(text, DAY, lambda parts: _day(*reversed(parts)))
    phones, text = _phones(text)
    words = (word for word in re.split(r"[^a-z]+", normalised(text)) if len(word) >= SHORTEST_WORD)
    return frozenset(
        [Term(TermKind.BIRTH, day) for day in [*days, *more]]
        + [Term(TermKind.PHONE, phone) for phone in phones]
        + [Term(TermKind.WORD, word) for word in words if word not in NOT_A_NAME]
    )


def _taken(text: str, pattern: re.Pattern[str], read: Callable[[tuple[str, ...]], str]) -> tuple[list[str], str]:
    """What a pattern finds and can be read, and the text without it."""
    values = [value for match in pattern.finditer(text) if (value := read(match.groups()))]
    return values, pattern.sub(" ", text)


def _day(year: str, month: str, day: str) -> str:
    """As ISO writes it; '' for a day that does not exist."""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _phones(text: str) -> tuple[list[str], str]:
    digits = [re.sub(r"\D", "", match.group()) for match in PHONE.finditer(text)]
    return [number[-NATIONAL_DIGITS:] for number in digits], PHONE.sub(" ", text)


def are_alike(first: Iterable[Term], second: Iterable[Term]) -> bool:
    """Whether two records may be of one person: one telephone, a birth date with a word of the name, or two words."""
    shared = frozenset(first) & frozenset(second)
    words = sum(term.kind == TermKind.WORD for term in shared)
    has_phone = any(term.kind == TermKind.PHONE for term in shared)
    has_birth = any(term.kind == TermKind.BIRTH for term in shared)
    return has_phone or (has_birth and words >= 1) or words > 1
