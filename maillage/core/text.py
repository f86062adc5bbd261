"""Text as people type it, made comparable."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "’": "'", "ʼ": "'"})
ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


MOST_MARKS = 30  # on one letter, as the stream-safe format of Unicode has it (UAX 15)


def stream_safe(text: str) -> str:
    """Without piles of marks on one letter, which no language writes and whose sorting takes quadratic time.

    >>> len(stream_safe("e" + chr(0x301) * 1000))
    31
    """
    if len(text) <= MOST_MARKS or text.isascii():
        return text
    kept, run = [], 0
    for sign in text:
        before, after, is_letter = (0, 0, True) if sign.isascii() else _marks_of(sign)
        if run + before <= MOST_MARKS:
            kept.append(sign)
            run = after if is_letter else run + after
    return "".join(kept)


@lru_cache(maxsize=4096)
def _marks_of(sign: str) -> tuple[int, int, bool]:
    """Marks before and after the letter of a sign once it is taken apart, and whether it has one.

    Some signs that pass for letters are two marks (U+0F73).
    """
    marks = [unicodedata.combining(part) > 0 for part in unicodedata.normalize("NFKD", sign)]
    if False not in marks:
        return len(marks), len(marks), False
    return marks.index(False), marks[::-1].index(False), True


def normalised(text: str) -> str:
    """Lower case, no accent, no hyphen nor apostrophe, single spaces, St and Ste in full.

    >>> normalised(" Le Bugue-S/Vézère  St-Cirq ")
    'le bugue s vezere saint cirq'
    """
    plain = text.casefold()
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", stream_safe(text).translate(LIGATURES).casefold())
        plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = re.sub(r"[^0-9a-z]+", " ", plain).split()
    return " ".join(ABBREVIATIONS.get(word, word) for word in words)


def plural(count: float, singular: str, plural_form: str | None = None) -> str:
    """French agreement: 0 and 1 are singular, from 2 on it is plural."""
    return singular if abs(count) < 2 else plural_form or f"{singular}s"


def megabytes(size: int) -> str:
    """Bytes, as people say them: 19643842 -> 19,6 Mo; 34000 -> 34 ko."""
    if size < 100_000:
        return f"{max(1, round(size / 1_000))} ko"
    return f"{size / 1_000_000:.1f} Mo".replace(".", ",")


def listed(items: Iterable[str]) -> str:
    """['Eymet', 'Issigeac', 'Lalinde'] -> Eymet, Issigeac et Lalinde."""
    *head, last = list(items) or [""]
    return f"{', '.join(head)} et {last}" if head else last


def of(name: str) -> str:
    """« de » with its elision: of("Eymet") is d’Eymet; Le and Les contract: of("Le Fleix") is du Fleix."""
    first, _, rest = name.partition(" ")
    if first in ("Le", "Les"):
        return f"{'du' if first == 'Le' else 'des'} {rest}"
    return f"d’{name}" if normalised(name)[:1] in tuple("aeiouyh") else f"de {name}"


def percent(share: Decimal | float | None) -> str:
    """0.254 -> 25,4 %; 1 -> 100 %; two decimals at most; None is not published."""
    if share is None:
        return "non publié"
    text = f"{share * 100:.2f}".rstrip("0").rstrip(".").replace(".", ",")
    return f"{text}\N{NO-BREAK SPACE}%"
