"""Numbers as files and people write them. Pure."""

import math

LARGEST = 1e12
NOT_PUBLISHED = frozenset(
    {"", "s", "ss", "nd", "n/d", "nc", "n.c.", "na", "n/a", "nan", "null", "-", "—", "…", "secret"}
)


class NotANumber(ValueError):
    """Neither a number nor a usual way of saying that there is none."""


def number(text: str) -> float | None:
    """1 234,5 -> 1234.5; empty, s, nd and their like -> None (not published). Raises NotANumber."""
    plain = text.strip().replace("\N{NO-BREAK SPACE}", "").replace("\N{NARROW NO-BREAK SPACE}", "").replace(" ", "")
    if plain.lower() in NOT_PUBLISHED:
        return None
    plain = plain.removesuffix("%")
    if "," in plain and "." in plain:
        # 1,234.5 or 1.234,5: the last one is the decimal mark.
        thousands = "," if plain.rindex(".") > plain.rindex(",") else "."
        plain = plain.replace(thousands, "")
    try:
        value = float(plain.replace(",", "."))
    except ValueError as error:
        raise NotANumber(text) from error
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise NotANumber(text)
    return value
