"""What a perimeter held on the day it came in force. Pure."""

from dataclasses import dataclass
from typing import Any

from maillage.records.rules.shapes import Shape


@dataclass(frozen=True)
class PerimeterRecord:
    """`communes`: {code, name, share, source, population} each, by code; a population is that of the whole commune.

    `population`: inhabitants counted that day; the communes whose figure was not published count for nothing.
    """

    number: int
    since: str
    communes: list[dict[str, Any]]
    population: int


PERIMETER = Shape("territory.perimeter", 1, PerimeterRecord)
