"""Taille of a CPTS: four sizes by population, dated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Any

from maillage.core.parameters import in_force, read_yaml

DATA = Path(__file__).parent / "data" / "size.yaml"


class CptsSize(IntEnum):
    """`taille` of the agreement: everything it pays depends on it."""

    SIZE_1 = 1
    SIZE_2 = 2
    SIZE_3 = 3
    SIZE_4 = 4


@dataclass(frozen=True)
class SizeBand:
    """Inhabitants of one size: from `first` to `last`, both included; no last for the largest."""

    size: CptsSize
    first: int
    last: int | None


def bands(on: date) -> list[SizeBand]:
    """The four sizes as whole numbers of inhabitants, in force on `on`. Raises LookupError before 2019-08-25."""
    _, rows = in_force(read_yaml(DATA)["values"], on)
    return _bands(rows)


def _bands(rows: Sequence[dict[str, Any]]) -> list[SizeBand]:
    size_bands, first = [], 0
    for row in rows:
        last = row["below"] - 1 if "below" in row else row.get("up_to")
        size_bands.append(SizeBand(CptsSize(row["size"]), first, last))
        first = (last or 0) + 1
    return size_bands


def band_of(population: int, *, on: date) -> SizeBand:
    """The size of that many inhabitants. Raises ValueError below zero."""
    if population < 0:
        raise ValueError(population)
    return next(band for band in bands(on) if band.last is None or population <= band.last)


def size_of(population: int, *, on: date) -> CptsSize:
    return band_of(population, on=on).size
