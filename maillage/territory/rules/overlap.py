"""What two CPTS both count: pure arithmetic on declared shares."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

WHOLE = Decimal(1)


@dataclass(frozen=True)
class Part:
    """A commune (or arrondissement, then with its commune as `parent`) counted for a share of its population."""

    code: str
    share: Decimal
    population: int
    parent: str | None = None


def overlapping_share(here: Decimal, there: Decimal) -> Decimal:
    """Two declared parts of one commune overlap only beyond the whole: 60 % and 40 % do not, 1 and 40 % do."""
    return max(Decimal(0), here + there - WHOLE)


def overlapping_population(here: Part, there: Part) -> int:
    """Inhabitants that both count; 0 when the two places are not the same nor one inside the other."""
    if there.code in (here.code, here.parent):
        inhabitants = here.population
    elif there.parent == here.code:
        inhabitants = there.population
    else:
        return 0
    return round(inhabitants * overlapping_share(here.share, there.share))


def counted_twice(codes: Iterable[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """Arrondissements present beside their own commune: (arrondissement, commune)."""
    pairs = list(codes)
    present = {code for code, _ in pairs}
    return [(code, parent) for code, parent in pairs if parent in present and parent is not None]
