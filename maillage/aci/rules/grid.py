"""The grids of the agreement: what each line is worth for each taille, and how sure we are of it. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from maillage.core.missions import Mission
from maillage.core.parameters import Reference, Status, read_yaml

DATA = Path(__file__).parent / "data" / "agreements.yaml"
SIZES = (1, 2, 3, 4)


class Counts(StrEnum):
    """When a line is due, hence whether it enters the yearly total."""

    YEARLY = "yearly"
    FIRST_YEAR = "first_year"
    NEXT_YEARS = "next_years"
    CONTINGENT = "contingent"
    SUPPLEMENT = "supplement"
    ONCE = "once"

    @property
    def label(self) -> str:
        """What is said beside a line that the yearly total leaves out; nothing for the others."""
        return {
            Counts.NEXT_YEARS: "années suivantes",
            Counts.CONTINGENT: "si une crise est reconnue",
            Counts.SUPPLEMENT: "en plus du total",
            Counts.ONCE: "une fois, avant le contrat",
        }.get(self, "")

    @property
    def in_total(self) -> bool:
        """The total printed by the grid: everything of a first full year, supplement left out."""
        return self in (Counts.YEARLY, Counts.FIRST_YEAR)


@dataclass(frozen=True)
class FundingLine:
    """One line of the grid for one taille. None is unknown: it is never zero."""

    code: str
    label: str
    mission: Mission | None
    counts: Counts
    fixed: Decimal | None
    variable: Decimal | None
    total: Decimal | None
    status: Status
    reference: Reference
    note: str

    @property
    def has_variable(self) -> bool:
        return self.variable is None or self.variable > 0


@dataclass(frozen=True)
class Agreement:
    """One version of the agreement."""

    id: str
    label: str
    effective: date
    note: str
    reference: Reference
    lines: dict[int, tuple[FundingLine, ...]]


@dataclass(frozen=True)
class Funding:
    """What the ACI pays in a first full year. `at_least`: a cell is unknown, the true total is higher."""

    agreement: Agreement
    size: int
    lines: tuple[FundingLine, ...]
    fixed: Decimal
    variable: Decimal
    total: Decimal
    total_with_snp_supplement: Decimal
    at_least: bool

    @property
    def supplement(self) -> FundingLine | None:
        """The supplementary SNP line, in the versions that print one."""
        return next((line for line in self.lines if line.counts == Counts.SUPPLEMENT), None)

    @property
    def crisis(self) -> Decimal | None:
        """What a crisis recognised by the ARS adds; None when unknown or absent from this version."""
        return next((line.total for line in self.lines if line.counts == Counts.CONTINGENT), None)

    @property
    def fixed_at_least(self) -> bool:
        """A total may be known while its split is not: each part then says "au moins" of its own."""
        return any(line.fixed is None for line in self.lines if line.counts.in_total)

    @property
    def variable_at_least(self) -> bool:
        return any(line.variable is None for line in self.lines if line.counts.in_total)


class UnknownAgreement(LookupError):
    """No version of the agreement has that identifier."""


@cache
def agreements() -> dict[str, Agreement]:
    """Every known version, oldest first."""
    return {id_: _agreement(id_, entry) for id_, entry in read_yaml(DATA)["agreements"].items()}


def agreement(id_: str) -> Agreement:
    """Raises UnknownAgreement, naming the ones that exist."""
    try:
        return agreements()[id_]
    except KeyError as error:
        raise UnknownAgreement(f"{id_} : versions connues {', '.join(agreements())}") from error


def agreement_in_force(on: date) -> Agreement:
    """The latest version effective on that day; the first one before it."""
    versions = list(agreements().values())
    return max(
        (version for version in versions if version.effective <= on),
        key=lambda version: version.effective,
        default=versions[0],
    )


@cache
def funding(agreement_id: str, size: int) -> Funding:
    """The grid of one version for one taille, with its totals. Raises UnknownAgreement or ValueError."""
    if size not in SIZES:
        raise ValueError(size)
    version = agreement(agreement_id)
    lines = version.lines[size]
    counted = [line for line in lines if line.counts.in_total]
    total = sum((line.total or Decimal(0) for line in counted), Decimal(0))
    supplement = [line for line in lines if line.counts == Counts.SUPPLEMENT]
    return Funding(
        agreement=version,
        size=size,
        lines=lines,
        fixed=sum((line.fixed or Decimal(0) for line in counted), Decimal(0)),
        variable=sum((line.variable or Decimal(0) for line in counted), Decimal(0)),
        total=total,
        total_with_snp_supplement=total + sum((line.total or Decimal(0) for line in supplement), Decimal(0)),
        at_least=any(line.total is None for line in [*counted, *supplement]),
    )


def _agreement(id_: str, entry: dict[str, Any]) -> Agreement:
    lines = {size: tuple(_line(line, size) for line in entry["lines"]) for size in SIZES}
    reference = Reference(**entry["reference"])
    return Agreement(id_, entry["label"], entry["effective"], entry.get("note", ""), reference, lines)


def _line(entry: dict[str, Any], size: int) -> FundingLine:
    fixed, variable = _cell(entry["fixed"], size), _cell(entry.get("variable", [0] * 4), size)
    known = None if fixed is None or variable is None else fixed + variable
    code = entry.get("mission", entry["code"])
    same_for_all = isinstance(entry["status"], str)
    status = Status(entry["status"] if same_for_all else entry["status"][size - 1])
    return FundingLine(
        code=entry["code"],
        label=entry["label"],
        mission=Mission(code) if code in set(Mission) else None,
        counts=Counts(entry["counts"]),
        fixed=fixed,
        variable=variable,
        total=_cell(entry["total"], size) if "total" in entry else known,
        status=status,
        reference=Reference(**entry["reference"]),
        # A note about the unsure sizes is noise beside a sourced one.
        note=entry.get("note", "") if same_for_all or status != Status.SOURCED else "",
    )


def _cell(row: list[int | None], size: int) -> Decimal | None:
    value = row[size - 1]
    return None if value is None else Decimal(value)
