"""The money of a perimeter or of a taille, from the shell."""

import csv
import io
import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.aci.documents.simulation import Simulation, as_dict, as_text, measured
from maillage.aci.rules.grid import UnknownAgreement
from maillage.aci.rules.payments import Proration, Refusal, Scenario
from maillage.core.errors import DomainError
from maillage.core.missions import Mission
from maillage.core.money import format_euros
from maillage.core.text import listed


class Command(BaseCommand):
    help = "Simulate what the ACI pays: --communes 24037,24520 or --taille 3."

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--communes", help="INSEE codes, separated by commas")
        where.add_argument("--taille", type=int, choices=[1, 2, 3, 4])
        parser.add_argument("--agreement", default="2019", help="2019 or AV2")
        parser.add_argument("--signed-on", help="YYYY-MM-DD; today by default")
        parser.add_argument("--start", action="append", default=[], metavar="MISSION=YYYY-MM-DD", help="repeatable")
        parser.add_argument(
            "--proration", choices=[proration.value for proration in Proration], default=Proration.MONTHS.value
        )
        parser.add_argument("--with-snp-supplement", action="store_true")
        parser.add_argument("--format", choices=["table", "json", "csv"], default="table")

    def handle(self, *, communes: str | None, taille: int | None, format: str, **options: Any) -> None:  # noqa: A002
        try:
            simulation = self.simulation(communes, taille, options)
        except Refusal as refusal:
            raise CommandError(f"{refusal.field} : {refusal}") from refusal
        except (DomainError, UnknownAgreement) as error:
            raise CommandError(str(error)) from error
        self.stdout.write({"table": as_table, "json": as_json, "csv": as_csv}[format](simulation), ending="")

    def simulation(self, communes: str | None, taille: int | None, options: dict[str, Any]) -> Simulation:
        today = timezone.localdate()
        population = None
        if communes is not None:
            codes = [code.strip().upper() for code in communes.split(",") if code.strip()]
            if not codes:
                raise CommandError("--communes est vide : donnez au moins un code INSEE.")
            measure = measured(codes, on=today)
            population, taille = measure.population, measure.size
            if measure.unpublished:
                self.stderr.write(f"Population non publiée, comptée pour rien : {listed(measure.unpublished)}.")
        assert taille
        scenario = Scenario(
            agreement=options["agreement"],
            size=taille,
            signed_on=day(options["signed_on"]) if options["signed_on"] else today,
            starts=dict(start(text) for text in options["start"]),
            proration=Proration(options["proration"]),
            with_snp_supplement=options["with_snp_supplement"],
        )
        return Simulation(scenario, population)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"Date illisible : {text}. Écrivez-la comme 2026-03-01.") from error


def start(text: str) -> tuple[Mission, date]:
    """PAR=2026-09-01 -> (Mission.PATHWAYS, that day)."""
    code, _, when = text.partition("=")
    if code.upper() not in set(Mission):
        raise CommandError(f"Mission inconnue : {code}. Missions : {', '.join(Mission)}.")
    return Mission(code.upper()), day(when)


def as_json(simulation: Simulation) -> str:
    return json.dumps(as_dict(simulation), ensure_ascii=False, indent=2) + "\n"


def as_csv(simulation: Simulation) -> str:
    """Lines of the grid, then payments, told apart by the first column."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["kind", "code_or_date", "label", "fixed_or_amount", "variable", "status", "reference"])
    data = as_dict(simulation)
    for line in data["lines"]:
        writer.writerow(["line", *(line[key] for key in ("code", "label", "fixed", "variable", "status", "reference"))])
    for payment in simulation.payments:
        status, reference = payment.status.value, payment.reference
        writer.writerow(["payment", payment.on, payment.label, as_text(payment.amount), "", status, reference])
    return out.getvalue()


def as_table(simulation: Simulation) -> str:
    grid = simulation.funding
    at_least = "au moins " if grid.at_least else ""
    lines = [f"{grid.agreement.label}, taille {int(grid.size)}"]
    if simulation.population is not None:
        lines.append(f"Population municipale : {simulation.population}")
    lines += ["", f"{'Ligne':<64}{'Fixe':>14}{'Variable':>14}  Statut"]
    for line in grid.lines:
        cells = f"{format_euros(line.fixed):>14}{format_euros(line.variable) if line.has_variable else '—':>14}"
        lines.append(f"{line.label[:63]:<64}{cells}  {line.status.label}")
    lines += [
        f"{'Total':<64}{at_least + format_euros(grid.total):>28}",
        f"{'Total avec le volet supplémentaire SNP':<64}{at_least + format_euros(grid.total_with_snp_supplement):>28}",
        "",
    ]
    lines += [
        f"{payment.on:%d/%m/%Y}  {format_euros(payment.amount):>14}  {payment.label}" for payment in simulation.payments
    ]
    references = {grid.agreement.reference.title: None} | {payment.reference: None for payment in simulation.payments}
    lines += ["", "Références :", *(f"- {reference}" for reference in references)]
    return "\n".join(lines) + "\n"
