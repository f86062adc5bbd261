"""What waits for somebody in a CPTS: each app counts its own and says it, in its module `waiting`; one page shows all.

`counted(at)` gives annotations on the CPTS, so that whatever the number of apps the home page counts in one statement;
`waiting(cpts, counts, permissions)` says what those counts mean for somebody with these rights.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from maillage.core.workspaces import declared

LATE, SOON, LATER = "late", "soon", ""
URGENCY = {LATE: 0, SOON: 1, LATER: 2}
Counted = Mapping[str, Any]


@dataclass(frozen=True)
class Waiting:
    """One thing to do: how urgent (LATE, SOON, LATER), in one word, what, where it comes from, where it is done."""

    tone: str
    badge: str
    text: str
    detail: str
    url: str
    label: str = "Voir"


def of_outer(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the CPTS that is annotated."""
    return rows.filter(cpts=OuterRef("pk"))


def count_of(rows: QuerySet[Any], field: str = "pk") -> Any:
    """How many rows of the CPTS that is annotated; of distinct values of a field."""
    counted = of_outer(rows).order_by().values("cpts").annotate(n=Count(field, distinct=field != "pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def everything_counted(at: datetime) -> dict[str, Any]:
    """What every app counts, by name."""
    together: dict[str, Any] = {}
    counted: Callable[[datetime], Counted]
    for counted in declared("COUNTED"):
        mine = counted(at)
        assert not together.keys() & mine.keys(), counted.__module__
        together |= mine
    return together


def all_that_waits(cpts: Any, counts: Any, permissions: Collection[str]) -> list[Waiting]:
    """The most urgent first; among equals, patients before members: from the top of the house down."""
    said: list[Waiting] = []
    waiting: Callable[[Any, Any, Collection[str]], Iterator[Waiting]]
    for waiting in declared("WAITING"):
        said = [*waiting(cpts, counts, permissions), *said]
    return sorted(said, key=lambda entry: URGENCY[entry.tone])
