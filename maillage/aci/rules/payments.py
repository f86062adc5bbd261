"""When the money comes: payments of a contract from its signature to the balance of its last year. Pure.

Two clocks that are never mixed: contract years run from anniversary to anniversary; a budget adds up what
is really paid in a calendar year. Amounts are whole cents inside, so that a simulation costs microseconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
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
        offered = {line.mission for line in funding(self.agreement, self.size).lines}
        end = add_months(self.signed_on, 12 * payment_rules()["duration_years"])
        for mission, start in self.starts.items():
            if mission not in offered:
                raise Refusal(f"La mission « {mission.label} » n’existe pas dans cette version.", mission)
            if start < self.signed_on:
                raise Refusal(f"« {mission.label} » ne peut pas démarrer avant la signature.", mission)
            if start >= end:
                raise Refusal(f"« {mission.label} » démarrerait après la fin du contrat.", mission)
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


def simulate(scenario: Scenario) -> list[Payment]:
    """Every payment of the contract, by date then line of the grid."""
    years = payment_rules()["duration_years"]
    anniversaries = [add_months(scenario.signed_on, 12 * year) for year in range(years + 1)]
    payments: list[Payment] = []
    for line in funding(scenario.agreement, scenario.size).lines:
        if line.code == "FON":
            payments += _running(line, anniversaries)
        elif line.mission and line.mission in scenario.starts and _is_simulated(line, scenario):
            payments += _mission(line, scenario, scenario.starts[line.mission], anniversaries)
    payments.sort(key=_by_date)
    return payments


def _by_date(payment: Payment) -> date:
    return payment[0]


def _is_simulated(line: FundingLine, scenario: Scenario) -> bool:
    if line.counts == Counts.SUPPLEMENT:
        return scenario.with_snp_supplement
    return line.counts in (Counts.YEARLY, Counts.FIRST_YEAR, Counts.NEXT_YEARS)


def _running(line: FundingLine, anniversaries: list[date]) -> list[Payment]:
    """All of the first year at signature; then 75 % at each anniversary and the balance at the next one."""
    cents = _in_cents(line.fixed)
    found = [Payment(anniversaries[0], "running_first", line, 1, cents)]
    advance, balance = _split(cents)
    for year in range(2, len(anniversaries)):
        found.append(Payment(anniversaries[year - 1], "running_advance", line, year, advance))
        found.append(Payment(anniversaries[year], "running_balance", line, year, balance))
    return found


def _mission(line: FundingLine, scenario: Scenario, start: date, anniversaries: list[date]) -> list[Payment]:
    """75 % of the fixed part at the start, pro rata to the anniversary; then balance and next advance."""
    first = next(year for year in range(1, len(anniversaries)) if start < anniversaries[year])
    covered, whole = _covered(start, anniversaries[first - 1], anniversaries[first], scenario.proration)
    fixed, variable = _in_cents(line.fixed), _in_cents(line.variable)
    has_variable = variable != 0
    found: list[Payment] = []
    for year in range(first, len(anniversaries)):
        is_first = year == first
        if (line.counts == Counts.FIRST_YEAR and not is_first) or (line.counts == Counts.NEXT_YEARS and is_first):
            continue
        part = _share(fixed, covered, whole) if is_first else fixed
        advance, balance = _split(part)
        if is_first:
            found.append(Payment(start, "mission_start", line, year, advance))
        else:
            found.append(Payment(anniversaries[year - 1], "mission_advance", line, year, advance))
        found.append(Payment(anniversaries[year], "mission_balance", line, year, balance))
        if has_variable:
            due = _share(variable, covered, whole) if is_first else variable
            got = _share(due, scenario.variable_percent, 100)
            found.append(Payment(anniversaries[year], "variable", line, year, got))
    return found


def _covered(start: date, year_start: date, year_end: date, proration: Proration) -> tuple[int, int]:
    """(covered, whole) part of the contract year: full months of twelve, or days."""
    if proration == Proration.MONTHS:
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
    offered = {line.mission for line in funding(scenario.agreement, scenario.size).lines}
    found = []
    for code, months in read_yaml(DATA)["deadlines"]["missions"].items():
        if (mission := Mission(code)) not in offered:
            continue
        start_by = add_months(scenario.signed_on, months["start"])
        started = scenario.starts.get(mission)
        found.append(Deadline(start_by, mission, "démarrage", started is not None and started > start_by))
        found.append(
            Deadline(add_months(scenario.signed_on, months["deployed"]), mission, "déploiement", is_missed=False)
        )
    return sorted(found)
