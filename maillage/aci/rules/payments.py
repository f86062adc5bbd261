"""When the money comes: payments of a contract from its signature to the balance of its last year. Pure.

Two clocks that are never mixed: contract years run from anniversary to anniversary; a budget adds up what
is really paid in a calendar year. Amounts are whole cents inside, so that a simulation costs microseconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from maillage.aci.rules.grid import DATA, Counts, FundingLine, agreement, funding
from maillage.core.dates import add_months, full_months
from maillage.core.missions import Mission
from maillage.core.parameters import Status, read_yaml

CENTS = 100


class Proration(StrEnum):
    """Unit of the first, incomplete year of a mission: the texts found do not say."""

    MONTHS = "months"
    DAYS = "days"


class Refusal(ValueError):
    """A scenario that cannot be simulated. The message is French and shown as it is; `field` says where."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Scenario:
    """What is simulated. `starts`: mission -> day; a mission left out is not started.

    Refuses to exist when a date is out of range, before signature, or after the end of the contract.
    """

    agreement: str
    size: int
    signed_on: date
    starts: Mapping[Mission, date] = field(default_factory=dict)
    proration: Proration = Proration.MONTHS
    with_snp_supplement: bool = False
    variable_percent: int = 100

    def __post_init__(self) -> None:
        _check_signature(self)
        offered = _offered(self.agreement, self.size)
        end = add_months(self.signed_on, 12 * payment_rules()["duration_years"])
        for mission, start in self.starts.items():
            if mission not in offered:
                raise Refusal("Cette mission n’existe pas dans cette version de l’accord.", mission)
            if start < self.signed_on:
                raise Refusal("Une mission ne peut pas démarrer avant la signature.", mission)
            if start >= end:
                raise Refusal("Ce démarrage serait après la fin du contrat.", mission)
        if not 0 <= self.variable_percent <= 100:
            raise Refusal("La part variable obtenue est un pourcentage de 0 à 100.", "variable_percent")


def _check_signature(scenario: Scenario) -> None:
    rules, version = payment_rules(), agreement(scenario.agreement)
    first, last = max(rules["first_signature"], version.effective), rules["last_signature"]
    if not first <= scenario.signed_on <= last:
        raise Refusal(
            f"La signature va du {first:%d/%m/%Y} (effet de : {version.label}) au {last:%d/%m/%Y}.", "signed_on"
        )


class Payment(NamedTuple):
    """One sum on one day. `cents` is None when the grid does not know it."""

    on: date
    rule: str
    line: FundingLine
    year: int
    cents: int | None

    @property
    def amount(self) -> Decimal | None:
        return None if self.cents is None else Decimal(self.cents) / CENTS

    @property
    def label(self) -> str:
        text = payment_rules()["rules"][self.rule]["label"]
        return (
            f"{text} (année {self.year})"
            if self.line.code == "FON"
            else f"{self.line.label} : {text} (année {self.year})"
        )

    @property
    def reference(self) -> str:
        return str(payment_rules()["rules"][self.rule]["title"])

    @property
    def status(self) -> Status:
        """No surer than its least sure part: the cell of the grid or the rule of payment."""
        if self.cents is None:
            return Status.UNKNOWN
        derived = Status.DERIVED in (self.line.status, payment_rules()["rules"][self.rule]["status"])
        # Whether the supplement is fixed or variable is printed nowhere: that it is paid so is our deduction.
        derived = derived or self.line.counts is Counts.SUPPLEMENT
        return Status.DERIVED if derived else Status.SOURCED


class Deadline(NamedTuple):
    """A latest date of the agreement for one mission. `is_missed`: the scenario starts it later."""

    on: date
    mission: Mission
    step: str
    is_missed: bool


@cache
def payment_rules() -> dict[str, Any]:
    """Duration, advance and legal references of payments."""
    rules: dict[str, Any] = read_yaml(DATA)["payment"]
    return rules


class _Line(NamedTuple):
    """One line of the grid in cents, with its advance and balance of a full year worked out."""

    line: FundingLine
    fixed: int | None
    variable: int | None
    advance: int | None
    balance: int | None


@cache
def _lines(agreement_id: str, size: int) -> tuple[_Line, ...]:
    lines = []
    for line in funding(agreement_id, size).lines:
        fixed, variable = _in_cents(line.fixed), _in_cents(line.variable)
        lines.append(_Line(line, fixed, variable, *_split(fixed)))
    return tuple(lines)


@cache
def _offered(agreement_id: str, size: int) -> frozenset[Mission | None]:
    return frozenset(line.mission for line in funding(agreement_id, size).lines)


def simulate(scenario: Scenario) -> list[Payment]:
    """Every payment of the contract, by date then line of the grid."""
    years = payment_rules()["duration_years"]
    anniversaries = [add_months(scenario.signed_on, 12 * year) for year in range(years + 1)]
    starts = scenario.starts
    payments: list[Payment] = []
    for entry in _lines(scenario.agreement, scenario.size):
        line = entry.line
        if line.mission is None:
            if line.counts is Counts.YEARLY:
                payments += _running(entry, anniversaries)
        elif line.mission in starts and _is_simulated(line, scenario):
            payments += _mission(entry, scenario, starts[line.mission], anniversaries)
    payments = [payment for payment in payments if payment[4] != 0]  # a start on the eve pays nothing that year
    payments.sort(key=itemgetter(0))
    return payments


def _is_simulated(line: FundingLine, scenario: Scenario) -> bool:
    if line.counts is Counts.SUPPLEMENT:
        return scenario.with_snp_supplement
    return line.counts is not Counts.CONTINGENT and line.counts is not Counts.ONCE


def _running(entry: _Line, anniversaries: list[date]) -> list[Payment]:
    """All of the first year at signature; then 75 % at each anniversary and the balance at the next one."""
    line = entry.line
    payments = [Payment(anniversaries[0], "running_first", line, 1, entry.fixed)]
    for year in range(2, len(anniversaries)):
        payments.append(Payment(anniversaries[year - 1], "running_advance", line, year, entry.advance))
        payments.append(Payment(anniversaries[year], "running_balance", line, year, entry.balance))
    return payments


def _mission(entry: _Line, scenario: Scenario, start: date, anniversaries: list[date]) -> list[Payment]:
    """75 % of the fixed part at the start, pro rata to the anniversary; then balance and next advance."""
    line, counts = entry.line, entry.line.counts
    first = next(year for year in range(1, len(anniversaries)) if start < anniversaries[year])
    payments: list[Payment] = []
    if counts is not Counts.NEXT_YEARS:
        payments += _first_year(entry, scenario, start, first, anniversaries)
    if counts is Counts.FIRST_YEAR:
        return payments
    got = _share(entry.variable, scenario.variable_percent, 100)
    for year in range(first + 1, len(anniversaries)):
        payments.append(Payment(anniversaries[year - 1], "mission_advance", line, year, entry.advance))
        payments.append(Payment(anniversaries[year], "mission_balance", line, year, entry.balance))
        if entry.variable != 0:
            payments.append(Payment(anniversaries[year], "variable", line, year, got))
    return payments


def _first_year(entry: _Line, scenario: Scenario, start: date, first: int, anniversaries: list[date]) -> list[Payment]:
    """The incomplete year, from the start to the anniversary."""
    end = anniversaries[first]
    covered, whole = _covered(start, anniversaries[first - 1], end, scenario.proration)
    advance, balance = _split(_share(entry.fixed, covered, whole))
    payments = [
        Payment(start, "mission_start", entry.line, first, advance),
        Payment(end, "mission_first_balance", entry.line, first, balance),
    ]
    if entry.variable != 0:
        got = _share(_share(entry.variable, covered, whole), scenario.variable_percent, 100)
        payments.append(Payment(end, "variable", entry.line, first, got))
    return payments


@lru_cache(maxsize=4096)  # asked again for each line of a mission
def _covered(start: date, year_start: date, year_end: date, proration: Proration) -> tuple[int, int]:
    """(covered, whole) part of the contract year: full months of twelve, or days."""
    if proration is Proration.MONTHS:
        return full_months(start, year_end), 12
    return (year_end - start).days, (year_end - year_start).days


def _in_cents(euros: Decimal | None) -> int | None:
    return None if euros is None else int(euros * CENTS)


def _share(cents: int | None, covered: int, whole: int) -> int | None:
    """Rounded half up to the cent."""
    return None if cents is None else (2 * cents * covered + whole) // (2 * whole)


def _split(cents: int | None) -> tuple[int | None, int | None]:
    """Advance and balance, whose sum is exactly the amount."""
    if cents is None:
        return None, None
    advance = _share(cents, payment_rules()["advance_percent"], 100)
    assert advance is not None
    return advance, cents - advance


def totals_by_year(payments: Iterable[Payment]) -> dict[int, tuple[Decimal, bool]]:
    """Calendar year -> (sum really paid, whether one amount is unknown)."""
    cents: dict[int, int] = {}
    unknown: set[int] = set()
    for payment in payments:
        cents[payment.on.year] = cents.get(payment.on.year, 0) + (payment.cents or 0)
        if payment.cents is None:
            unknown.add(payment.on.year)
    return {year: (Decimal(total) / CENTS, year in unknown) for year, total in sorted(cents.items())}


def deadlines(scenario: Scenario) -> list[Deadline]:
    """Latest start and deployment of each mission the agreement dates; optional missions have none."""
    offered = _offered(scenario.agreement, scenario.size)
    mission_deadlines = []
    for code, months in read_yaml(DATA)["deadlines"]["missions"].items():
        if (mission := Mission(code)) not in offered:
            continue
        start_by = add_months(scenario.signed_on, months["start"])
        started = scenario.starts.get(mission)
        mission_deadlines.append(Deadline(start_by, mission, "démarrage", started is not None and started > start_by))
        mission_deadlines.append(
            Deadline(add_months(scenario.signed_on, months["deployed"]), mission, "déploiement", is_missed=False)
        )
    return sorted(mission_deadlines)
