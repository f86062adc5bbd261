"""Lists: search, filters and sort kept in the URL, 25 a page with the total, CSV and XLSX out.

Two queries a page whatever the rows: the count and the page itself. (docs/adr/0007: why not a table library.)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import DateTimeField, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.utils import timezone

from maillage.core.papers.spreadsheets import csv_response, xlsx_response
from maillage.core.templatetags.maillage import day
from maillage.core.text import normalised

PER_PAGE = 25
EXPORT_LIMIT = 100_000
SEARCH_LENGTH = 100

EARLIEST = date(1900, 1, 1)  # before it, clocks of places leave the calendar


@dataclass(frozen=True)
class Column:
    """One column: how it reads in a cell of an export, and what it sorts by ('' = not sortable)."""

    key: str
    label: str
    value: Callable[[Any], Any]
    sort: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Filter:
    """One drop-down above the list. `lookup` is a field lookup; values outside `choices` are ignored.

    `blank` is the label of no choice; `everything`, a value that the page itself understands as no filter at all.
    """

    key: str
    label: str
    lookup: str
    choices: Sequence[tuple[str, str]]
    blank: str = "Tous"
    everything: str = ""


@dataclass(frozen=True)
class Listing:
    """What a page of a list needs, read from the query string."""

    queryset: QuerySet[Any] | Sequence[Any]
    parameters: QueryDict
    columns: Sequence[Column]
    search_in: Sequence[str] = ()
    filters: Sequence[Filter] = ()
    default_sort: str = "pk"
    filename: str = "liste"
    empty: str = "Rien ici pour l’instant."
    # What `du` and `au` narrow by, two days as ISO writes them, the last one outside; '' when the list has no days.
    dated_by: str = ""
    prepare_search: Callable[[str], str] = field(default=lambda text: text)

    @property
    def search(self) -> str:
        return self.parameters.get("q", "").replace("\0", "").strip()[:SEARCH_LENGTH]

    @property
    def sort(self) -> str:
        wanted = self.parameters.get("tri", "")
        known = {column.key for column in self.columns if column.sort}
        return wanted if wanted.removeprefix("-") in known else ""

    def rows(self) -> QuerySet[Any]:
        """All rows that match, in a total order."""
        assert isinstance(self.queryset, QuerySet)
        rows = self.queryset.filter(self._matches(), self._within())
        for filter_ in self.filters:
            if self.chosen(filter_) not in ("", filter_.everything):
                rows = rows.filter(**{filter_.lookup: self.chosen(filter_)})
        return rows.order_by(*self._order(), "pk")

    def _matches(self) -> Q:
        condition = Q()
        for word in self.search.split():
            either = Q()
            for lookup in self.search_in:
                # As typed for columns kept as typed, prepared for those kept normalised.
                either |= Q(**{f"{lookup}__icontains": word})
                either |= Q(**{f"{lookup}__icontains": self.prepare_search(word)})
            condition &= either
        return condition

    @property
    def days(self) -> tuple[date, date] | None:
        """The period asked for; None when it is not, or cannot be read."""
        if not self.dated_by:
            return None
        try:
            since, until = (date.fromisoformat(self.parameters.get(name, "")) for name in ("du", "au"))
        except ValueError:
            return None
        return (since, until) if EARLIEST <= since < until else None

    def _within(self) -> Q:
        if self.days is None:
            return Q()
        assert isinstance(self.queryset, QuerySet)
        ends: list[date] = list(self.days)
        if isinstance(self.queryset.model._meta.get_field(self.dated_by), DateTimeField):
            ends = [timezone.make_aware(datetime.combine(day, time())) for day in ends]
        return Q(**{f"{self.dated_by}__gte": ends[0], f"{self.dated_by}__lt": ends[1]})

    @property
    def days_text(self) -> str:
        """du 1er janvier 2026 au 31 mars 2026"""
        if self.days is None:
            return ""
        since, until = self.days
        return f"du {day(since)} au {day(until - timedelta(days=1))}"

    def _order(self) -> list[str]:
        if not self.sort:
            return [self.default_sort]
        sign = "-" if self.sort.startswith("-") else ""
        chosen = next(column for column in self.columns if column.key == self.sort.removeprefix("-"))
        return [f"{sign}{chosen.sort}"]

    def chosen(self, filter_: Filter) -> str:
        value = self.parameters.get(filter_.key, "")
        known = {key for key, _ in filter_.choices} | ({filter_.everything} if filter_.everything else set())
        return value if value in known else ""

    def page(self) -> Page[Any]:
        return Paginator(self.rows(), PER_PAGE).get_page(self.parameters.get("page"))

    @property
    def heads(self) -> list[dict[str, Any]]:
        """Column headings with the sort each one leads to."""
        return [
            {
                "column": column,
                "aria": {column.key: "ascending", f"-{column.key}": "descending"}.get(self.sort, ""),
                "next": f"-{column.key}" if self.sort == column.key else column.key,
            }
            for column in self.columns
        ]

    @property
    def controls(self) -> list[tuple[Filter, str]]:
        return [(filter_, self.chosen(filter_)) for filter_ in self.filters]

    @property
    def is_filtered(self) -> bool:
        return bool(self.search or self.days or any(self.chosen(filter_) for filter_ in self.filters))

    def export(self) -> HttpResponse | None:
        """The file asked for by ?format=, or None when the page itself is wanted."""
        header = [column.label for column in self.columns]
        cells = ([column.value(row) for column in self.columns] for row in self._exported())
        match self.parameters.get("format"):
            case "csv":
                return csv_response(self.filename, header, cells)
            case "xlsx":
                return xlsx_response(self.filename, {"Liste": (header, cells)})
        return None

    def _exported(self) -> Iterable[Any]:
        return self.rows()[:EXPORT_LIMIT].iterator(chunk_size=2_000)


@dataclass(frozen=True)
class LoadedListing(Listing):
    """The same on rows already read for another purpose: no query at all. Searches in the first column."""

    def rows(self) -> Any:
        words = normalised(self.search).split()
        rows = [
            row for row in self.queryset if all(word in normalised(str(self.columns[0].value(row))) for word in words)
        ]
        chosen = next((column for column in self.columns if column.key == self.sort.removeprefix("-")), self.columns[0])
        return sorted(rows, key=lambda row: _sortable(chosen.value(row)), reverse=self.sort.startswith("-"))

    def _exported(self) -> Iterable[Any]:
        return list(self.rows())


def _sortable(value: Any) -> tuple[bool, Any]:
    """Unknown values last; texts without regard to accents."""
    return value is None, normalised(value) if isinstance(value, str) else value or 0
