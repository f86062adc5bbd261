"""Which signs the fonts of our papers draw, and what is printed in the place of others.

`drawn_signs.txt` holds the code points, as ranges, that Typst draws with the fonts of its wheel alone; a test compiles
them all in each style, so that a new release that draws fewer is seen.
"""

import re
import unicodedata
from pathlib import Path
from typing import Any

from maillage.core.text import stream_safe

RANGES = Path(__file__).with_name("drawn_signs.txt").read_text(encoding="ascii").split()
LAID_OUT = "\t\n"  # not signs: where lines end
GONE = {"Cc", "Cf", "Mn", "Mc", "Me"}  # controls, and marks that no letter took in: fonts draw them as they please
PLACEHOLDER = "?"


def _escaped(span: str) -> str:
    """0041-005A -> \\U00000041-\\U0000005A"""
    return "-".join(f"\\U{code:0>8}" for code in span.split("-"))


LATIN = re.compile("[^\\u0020-\\u007e\\u00a0-\\u017f\\u2013-\\u2026\\u20ac\\t\\n]+")
UNDRAWN = re.compile(f"[^{''.join(map(_escaped, RANGES))}{LAID_OUT}]+")


def drawable(value: Any, undrawn: re.Pattern[str] = UNDRAWN) -> Any:
    """The same data, of which every text can be printed: what no font draws becomes a question mark, what shows
    nothing by itself goes. Linear in the length of the texts.

    >>> drawable({"name": ["Éloïse \U0001f600", "Jean\x81"]})
    {'name': ['Éloïse ?', 'Jean']}
    """
    match value:
        case str():
            return undrawn.sub(_instead, unicodedata.normalize("NFC", stream_safe(value)))
        case dict():
            return {key: drawable(held, undrawn) for key, held in value.items()}
        case list() | tuple():
            return [drawable(held, undrawn) for held in value]
        case _:
            return value


def _instead(run: re.Match[str]) -> str:
    shows = any(unicodedata.category(sign) not in GONE for sign in run[0])
    return PLACEHOLDER if shows else ""
