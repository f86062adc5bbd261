"""A simulation as every output shows it: screen, PDF, XLSX, shell."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any

from maillage.aci.rules.grid import Funding, FundingLine, funding
from maillage.aci.rules.payments import Deadline, Payment, Proration, Scenario, deadlines, simulate, totals_by_year
from maillage.core.dates import add_months
from maillage.core.errors import DomainError
from maillage.core.money import format_euros, to_cents
from maillage.core.papers.spreadsheets import Share
from maillage.core.sql.bulk import rows_in
from maillage.core.text import listed
from maillage.geography.models import Commune, PlaceName, PlaceNameKind
from maillage.territory.rules.overlap import counted_twice
from maillage.territory.rules.size import size_of


class UnknownCommuneCode(DomainError):
    user_message = "Code de commune inconnu."


@dataclass(frozen=True)
class PaymentDay:
    """All that is paid on one day."""

    on: date
    payments: tuple[Payment, ...]

    @property
    def total(self) -> Decimal:
        return sum((payment.amount or Decimal(0) for payment in self.payments), Decimal(0))

    @property
    def at_least(self) -> bool:
        return any(payment.cents is None for payment in self.payments)


@dataclass(frozen=True)
class Simulation:
    """A scenario and everything that follows from it. `population` is None when a taille was given instead."""

    scenario: Scenario
    population: int | None = None
    place: str = ""

    @cached_property
    def funding(self) -> Funding:
        return funding(self.scenario.agreement, self.scenario.size)

    @cached_property
    def payments(self) -> list[Payment]:
        return simulate(self.scenario)

    @cached_property
    def deadlines(self) -> list[Deadline]:
        return deadlines(self.scenario)

    @property
    def counted_lines(self) -> list[FundingLine]:
        return [line for line in self.funding.lines if line.counts.in_total]

    @property
    def other_lines(self) -> list[FundingLine]:
        """Lines printed beside the total: supplement, following years, crisis, aid before the contract."""
        return [line for line in self.funding.lines if not line.counts.in_total]

    @property
    def years(self) -> dict[int, tuple[Decimal, bool]]:
        return totals_by_year(self.payments)

    @property
    def received(self) -> Decimal:
        return sum((payment.amount or Decimal(0) for payment in self.payments), Decimal(0))

    @property
    def has_unknown_payment(self) -> bool:
        return any(payment.cents is None for payment in self.payments)

    @property
    def days(self) -> list[PaymentDay]:
        """Payments gathered by day, as they reach the account."""
        grouped = groupby(self.payments, key=lambda payment: payment.on)
        return [PaymentDay(on, tuple(payments)) for on, payments in grouped]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The timeline: signature, starts, deadlines, anniversaries, in order."""
        signed = self.scenario.signed_on
        steps = [{"on": signed, "title": "Signature du contrat", "text": "", "tone": ""}]
        for mission, start in self.scenario.starts.items():
            steps.append({"on": start, "title": f"Démarrage : {mission.label}", "text": "", "tone": ""})
        for deadline in self.deadlines:
            late = "le scénario démarre cette mission trop tard" if deadline.is_missed else ""
            title = f"{deadline.step.capitalize()} au plus tard : {deadline.mission.label}"
            steps.append({"on": deadline.on, "title": title, "text": late, "tone": "soon"})
        for year in range(1, 6):
            title = "Fin du contrat et dernier solde" if year == 5 else f"Anniversaire {year} : soldes et avances"
            steps.append({"on": add_months(signed, 12 * year), "title": title, "text": "", "tone": ""})
        return sorted(steps, key=lambda step: str(step["on"]))


@dataclass(frozen=True)
class Measure:
    """Population and taille of a list of communes; `unpublished` names those that count for nothing."""

    population: int
    size: int
    unpublished: tuple[str, ...]


def measured(codes: Iterable[str], *, on: date) -> Measure:
    """Raises UnknownCommuneCode, naming the codes, and their successor when they merged."""
    wanted = sorted(set(codes))
    communes = Commune.objects.current().only("code", "name", "population", "parent")
    known = {commune.code: commune for commune in rows_in(communes, "code", wanted)}
    if missing := [code for code in wanted if code not in known]:
        raise UnknownCommuneCode(_missing(missing[:10]))
    if twice := counted_twice((commune.code, commune.parent_id) for commune in known.values()):
        raise UnknownCommuneCode(f"L’arrondissement {twice[0][0]} et sa commune {twice[0][1]} sont comptés ensemble.")
    population = sum(commune.population or 0 for commune in known.values())
    unpublished = tuple(commune.name for commune in known.values() if commune.population is None)
    return Measure(population, size_of(population, on=on), unpublished)


def _missing(codes: list[str]) -> str:
    """Unknown codes, and for those that merged the commune to name instead."""
    names = PlaceName.objects.filter(key__in=[code.lower() for code in codes], kind=PlaceNameKind.FORMER_CODE)
    merged = {name.label: name.commune_id for name in names}
    labels = [f"{code} (fusionnée, aujourd’hui {merged[code]})" if code in merged else code for code in codes]
    return f"Code INSEE inconnu : {listed(labels)}."


def as_text(amount: Decimal | None) -> str | None:
    """Two decimals, a point: what machines read. None stays None."""
    return None if amount is None else str(to_cents(amount))


def as_dict(simulation: Simulation) -> dict[str, Any]:
    """The JSON of a simulation (docs/ops/simulate_aci.md)."""
    grid = simulation.funding
    return {
        "population": simulation.population,
        "taille": int(simulation.scenario.size),
        "agreement": simulation.scenario.agreement,
        "total": as_text(grid.total),
        "total_with_snp_supplement": as_text(grid.total_with_snp_supplement),
        "at_least": grid.at_least,
        "lines": [
            {
                "code": line.code,
                "label": line.label,
                "fixed": as_text(line.fixed),
                "variable": as_text(line.variable),
                "status": line.status.value,
                "reference": line.reference.title,
            }
            for line in grid.lines
        ],
        "payments": [
            {"date": payment.on.isoformat(), "label": payment.label, "amount": as_text(payment.amount)}
            for payment in simulation.payments
        ],
    }


LINE_HEADER = (
    "Code",
    "Ligne",
    "Part fixe",
    "Part variable",
    "Total",
    "Compte dans le total",
    "Statut",
    "Référence",
    "Note",
)
PAYMENT_HEADER = ("Date", "Versement", "Montant", "Statut", "Référence")


def line_rows(simulation: Simulation) -> list[tuple[Any, ...]]:
    """Rows of the grid for a spreadsheet: unknown cells say so."""
    return [
        (
            line.code,
            line.label,
            _or_unknown(line.fixed),
            _or_unknown(line.variable),
            _or_unknown(line.total),
            line.counts.label or "oui",
            line.status.label,
            line.reference.title,
            line.note,
        )
        for line in simulation.funding.lines
    ]


def scenario_rows(simulation: Simulation) -> list[tuple[Any, ...]]:
    """The hypotheses that every figure of the workbook rests on."""
    scenario, grid = simulation.scenario, simulation.funding
    rows: list[tuple[Any, ...]] = [
        ("Version de l’accord", grid.agreement.label),
        ("Taille", int(scenario.size)),
        ("Population municipale", "taille choisie" if simulation.population is None else simulation.population),
        ("Signature", scenario.signed_on),
        ("Prorata de la première année", "mois entiers" if scenario.proration is Proration.MONTHS else "jours"),
        ("Part variable obtenue", Share(scenario.variable_percent / 100)),
        ("Volet supplémentaire SNP", "compté" if scenario.with_snp_supplement else "non compté"),
    ]
    rows += [(f"Démarrage : {mission.label}", start) for mission, start in scenario.starts.items()]
    rows.append(("Total d’une première année pleine", grid.total))
    rows.append(("Ce total est", "un minimum : des cellules sont inconnues" if grid.at_least else "complet"))
    rows.append(("Versé sur cinq ans", simulation.received))
    return rows


def payment_rows(simulation: Simulation) -> list[tuple[Any, ...]]:
    return [
        (payment.on, payment.label, _or_unknown(payment.amount), payment.status.label, payment.reference)
        for payment in simulation.payments
    ]


def _or_unknown(amount: Decimal | None) -> Decimal | str:
    return "à confirmer" if amount is None else amount


def _amount_text(amount: Decimal | None, *, at_least: bool) -> str:
    """An amount as it is printed: "au moins" when something in it is unknown."""
    return ("au moins " if at_least else "") + format_euros(amount)


def document_data(simulation: Simulation, *, title: str, on: date) -> dict[str, Any]:
    """What the PDF prints, already in French."""
    grid, scenario = simulation.funding, simulation.scenario
    return {
        "title": title,
        "place": simulation.place,
        "on": f"{on:%d/%m/%Y}",
        "agreement": grid.agreement.label,
        "agreement_note": grid.agreement.note,
        "size": int(scenario.size),
        "population": simulation.population,
        "signed_on": f"{scenario.signed_on:%d/%m/%Y}",
        "total": _amount_text(grid.total, at_least=grid.at_least),
        "total_with_supplement": _amount_text(grid.total_with_snp_supplement, at_least=grid.at_least),
        "proration": scenario.proration.value,
        "variable_percent": scenario.variable_percent,
        "totals": [
            _amount_text(grid.fixed, at_least=grid.fixed_at_least),
            _amount_text(grid.variable, at_least=grid.variable_at_least),
            _amount_text(grid.total, at_least=grid.at_least),
        ],
        "received": _amount_text(simulation.received, at_least=simulation.has_unknown_payment),
        "has_supplement": grid.supplement is not None,
        "crisis": format_euros(grid.crisis),
        "lines": [
            {
                "label": line.label,
                "fixed": format_euros(line.fixed),
                "variable": format_euros(line.variable) if line.has_variable else "—",
                "total": format_euros(line.total),
                "counts": line.counts.label,
                "status": line.status.label,
                "note": line.note,
            }
            for line in [*simulation.counted_lines, *simulation.other_lines]
        ],
        "reference": grid.agreement.reference.title,
        "payments": [
            {
                "on": f"{payment.on:%d/%m/%Y}",
                "label": payment.label,
                "amount": format_euros(payment.amount),
                "status": payment.status.label,
                "reference": payment.reference,
            }
            for payment in simulation.payments
        ],
        "years": [
            {"year": year, "total": _amount_text(total, at_least=unknown)}
            for year, (total, unknown) in simulation.years.items()
        ],
        "steps": [
            {"on": f"{step['on']:%d/%m/%Y}", "title": step["title"], "text": step["text"]} for step in simulation.steps
        ],
    }
