"""What the ACI pays: for a CPTS from its perimeter, or for anybody from a taille."""

from datetime import date
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import is_export, recently_proved_when
from maillage.aci.documents.simulation import (
    LINE_HEADER,
    PAYMENT_HEADER,
    Simulation,
    document_data,
    line_rows,
    payment_rows,
    scenario_rows,
)
from maillage.aci.permissions import ACI_VIEW
from maillage.aci.rules.grid import agreement, agreement_in_force, funding
from maillage.aci.web.forms import SimulationForm, default_values
from maillage.core.dates import add_months
from maillage.core.missions import Mission
from maillage.core.money import grouped
from maillage.core.papers.documents import pdf_response
from maillage.core.papers.spreadsheets import xlsx_response
from maillage.core.screens.access import public
from maillage.core.text import plural
from maillage.territory.permissions import TERRITORY_DRAFT_VIEW
from maillage.territory.queries.perimeters import population_of, readable_of
from maillage.territory.rules.size import size_of

TEMPLATE = Path(__file__).parent.parent / "typst" / "simulation.typ"
DEFAULT_AGREEMENT = "2019"
STARTS_AT_THE_LATEST = {Mission.ACCESS: 6, Mission.PATHWAYS: 12, Mission.PREVENTION: 12}


@requires(ACI_VIEW)
@require_safe
@recently_proved_when(is_export)
def simulation(request: CptsRequest) -> HttpResponse:
    """The money of one's own CPTS: its taille comes from its perimeter, in force or in draft."""
    readable = readable_of(request.cpts, with_draft=TERRITORY_DRAFT_VIEW in request.permissions)
    parts = readable[1] if readable else []
    population = population_of(parts)
    size = size_of(population, on=timezone.localdate())
    place = f"{len(parts)} {plural(len(parts), 'commune')}, {grouped(population)} habitants"
    context = {"population": population, "size": size, "perimeter": readable[0] if readable else None, "place": place}
    return _answer(request, context, title=f"Financement ACI · {request.cpts}", filename=f"aci-{request.cpts.slug}")


@public
@require_safe
def public_simulation(request: HttpRequest) -> HttpResponse:
    """The same for a taille, without an account."""
    context = {"population": None, "size": 2, "perimeter": None, "place": ""}
    return _answer(request, context, title="Simulation du financement ACI", filename="simulation-aci")


def _answer(request: HttpRequest, context: dict[str, Any], *, title: str, filename: str) -> HttpResponse:
    today = timezone.localdate()
    typed = request.GET if "signed_on" in request.GET else _defaults(context["size"], today)
    form = SimulationForm(typed)
    done: Simulation | None = None
    if form.is_valid() and form.scenario:
        same_size = form.scenario.size == context["size"]
        done = Simulation(
            form.scenario, context["population"] if same_size else None, context["place"] if same_size else ""
        )
        if response := _file(request.GET.get("format", ""), done, title, filename, today):
            return response
    grid = _grid(form, context["size"])
    current = agreement_in_force(done.scenario.signed_on) if done else grid.agreement
    context |= {"form": form, "simulation": done, "title": title, "grid": grid}
    context["newer"] = funding(current.id, grid.size) if current != grid.agreement else None
    return render(request, "aci/simulation.html", context)


def _defaults(size: int, today: date) -> dict[str, str]:
    """Signed on the first of next month, compulsory missions started at the latest allowed."""
    signed_on = add_months(today.replace(day=1), 1)
    starts = {mission: add_months(signed_on, months) for mission, months in STARTS_AT_THE_LATEST.items()}
    return default_values(size=size, agreement=DEFAULT_AGREEMENT, signed_on=signed_on, starts=starts)


def _grid(form: SimulationForm, size: int) -> Any:
    """The grid stays on screen when a date is refused."""
    chosen = form.cleaned_data.get("agreement", DEFAULT_AGREEMENT)
    return funding(agreement(chosen).id, int(form.cleaned_data.get("taille", size)))


def _file(wanted: str, done: Simulation, title: str, filename: str, today: date) -> HttpResponse | None:
    if wanted == "pdf":
        return pdf_response(filename, TEMPLATE, document_data(done, title=title, on=today))
    if wanted == "xlsx":
        years = [(year, total, "oui" if unknown else "non") for year, (total, unknown) in done.years.items()]
        steps = [(step["on"], step["title"], step["text"]) for step in done.steps]
        sheets = {
            "Hypothèses": (("Hypothèse", "Valeur"), scenario_rows(done)),
            "Grille": (LINE_HEADER, line_rows(done)),
            "Versements": (PAYMENT_HEADER, payment_rows(done)),
            "Par année civile": (("Année", "Total versé", "Montant inconnu en plus"), years),
            "Échéances": (("Date", "Étape", "Remarque"), steps),
        }
        return xlsx_response(filename, sheets)
    return None
