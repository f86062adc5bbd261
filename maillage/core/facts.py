"""What happened in a CPTS over a period, as each app counts it over its rows, with the way back to them.

An app counts its facts in its module `facts` and declares them in its workspace (core.workspaces); they are computed
when they are asked for, and stored nowhere but in a `records.Snapshot`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from maillage.core.missions import Mission
from maillage.core.text import plural
from maillage.core.workspaces import declared


@dataclass(frozen=True)
class Period:
    """Whole days, the last one outside."""

    since: date
    until: date

    @classmethod
    def through(cls, since: date, last: date) -> "Period":
        """From a day to another, both inside, as people say it."""
        return cls(since, last + timedelta(days=1))

    @property
    def last(self) -> date:
        return self.until - timedelta(days=1)

    @property
    def start(self) -> datetime:
        """Its first instant, by the clock of the page."""
        return timezone.make_aware(datetime.combine(self.since, time()))

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return timezone.make_aware(datetime.combine(self.until, time()))

    @property
    def query(self) -> dict[str, str]:
        """As lists take it (core.screens.listing)."""
        return {"du": self.since.isoformat(), "au": self.until.isoformat()}


@dataclass(frozen=True)
class Way:
    """The page of the CPTS that lists the rows a fact counts: its name, and what narrows it to them."""

    url_name: str
    query: Mapping[str, str] = field(default_factory=dict)

    def url(self, slug: str) -> str:
        page = reverse(self.url_name, args=[slug])
        return f"{page}?{urlencode(self.query)}" if self.query else page


@dataclass(frozen=True)
class Fact:
    """One thing that was counted. `value` None: nothing says it; it is never zero then.

    `code` is stable: what names a fact elsewhere (an indicator, a snapshot) names it by it. `among`: of a share, how
    many it is a share of; its value is then in percent. `unit`: of one.
    """

    code: str
    label: str
    value: Decimal | None
    unit: str
    period: Period
    source: str
    mission: Mission | None = None
    among: int | None = None
    way: Way | None = None

    @property
    def units(self) -> str:
        """Of as many as it counts."""
        return units_text(float(self.value or 0), self.unit)


def units_text(number: float, unit: str) -> str:
    """réunion of 1, réunions of 2, créneaux of 2."""
    if unit.endswith(("s", "%")):
        return unit
    return plural(number, unit, f"{unit}{'x' if unit.endswith('eau') else 's'}")


def count(rows: models.QuerySet[models.Model]) -> Decimal:
    return Decimal(rows.count())


def share(part: int, whole: int) -> Decimal | None:
    """In percent, to a tenth; None when there is nothing to be a share of."""
    return (Decimal(100) * part / whole).quantize(Decimal("0.1")) if whole else None


def facts_of(cpts: models.Model, period: Period) -> Iterator[Fact]:
    """Those of every app, from the ground up."""
    for facts in declared("FACTS"):
        yield from facts(cpts, period)
