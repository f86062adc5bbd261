"""Text as people type it, made comparable."""

import re
import unicodedata
from collections.abc import Iterable

LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "’": "'", "ʼ": "'"})
ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


def normalised(text: str) -> str:
    """Lower case, no accent, no hyphen nor apostrophe, single spaces, St and Ste in full.

    >>> normalised(" Le Bugue-S/Vézère  St-Cirq ")
    'le bugue s vezere saint cirq'
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(LIGATURES).casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = re.sub(r"[^0-9a-z]+", " ", plain).split()
    return " ".join(ABBREVIATIONS.get(word, word) for word in words)


def plural(count: float, singular: str, plural_form: str | None = None) -> str:
    """French agreement: 0 and 1 are singular, from 2 on it is plural."""
    return singular if abs(count) < 2 else plural_form or f"{singular}s"


def listed(items: Iterable[str]) -> str:
    """['Eymet', 'Issigeac', 'Lalinde'] -> Eymet, Issigeac et Lalinde."""
    *head, last = list(items) or [""]
    return f"{', '.join(head)} et {last}" if head else last
