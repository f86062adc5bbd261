"""Founding a CPTS, and reading its perimeter. The composition of a draft is in draft_views."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from maillage.accounts.models import User
from maillage.accounts.permissions import CptsRequest, requires
from maillage.core.errors import DomainError
from maillage.core.limits import spend_from
from maillage.core.papers.spreadsheets import Share
from maillage.core.screens.access import public, signed_in
from maillage.core.screens.listing import Column, Listing, LoadedListing
from maillage.core.text import normalised
from maillage.cpts.models import Cpts
from maillage.cpts.queries import possible_duplicates
from maillage.geography.models import Departement
from maillage.territory import actions
from maillage.territory.limits import FOUNDINGS, FOUNDINGS_BLOCK
from maillage.territory.models import Perimeter, PerimeterChange, PerimeterPart, PerimeterStatus
from maillage.territory.permissions import TERRITORY_DRAFT_VIEW, TERRITORY_VIEW
from maillage.territory.queries.map_data import map_data
from maillage.territory.queries.perimeters import alphabetical, in_force_of, population_of, summarise
from maillage.territory.web.forms import FoundCptsForm

PART_COLUMNS = (
    Column("commune", "Commune", lambda part: part.commune.name, "commune__name"),
    Column("code", "Code INSEE", lambda part: part.commune_id, "commune_id"),
    Column("epci", "EPCI", lambda part: part.commune.epci.name if part.commune.epci else "", "commune__epci__name"),
    Column("part", "Part comptée", lambda part: Share(part.share), "share", numeric=True),
    Column("population", "Habitants", lambda part: part.population, "commune__population", numeric=True),
)


@signed_in
def founding(request: HttpRequest) -> HttpResponse:
    """Create a CPTS: what resembles it is shown first, then a second press confirms."""
    assert isinstance(request.user, User)
    form = FoundCptsForm(request.POST or None)
    duplicates: list[Cpts] = []
    if request.method == "POST" and form.is_valid():
        name, departement = form.cleaned_data["name"].strip(), form.cleaned_data["departement"]
        duplicates = possible_duplicates(name, departement.code)
        if request.POST.get("confirmed") == name or not duplicates:
            try:
                cpts = _founded(request, request.user, name, departement)
            except DomainError as error:
                form.add_error("name", error.user_message)
            else:
                messages.success(request, f"{cpts} est créée. Composez maintenant son périmètre.")
                return redirect("territory:draft", cpts.slug)
    return render(request, "territory/found.html", {"form": form, "duplicates": duplicates})


def _founded(request: HttpRequest, by: User, name: str, departement: Departement) -> Cpts:
    """One network does not found twenty under as many accounts; what is refused otherwise is not counted.

    Raises LimitReached, and what found_cpts raises.
    """
    with transaction.atomic():
        spend_from(request, FOUNDINGS, FOUNDINGS_BLOCK)
        return actions.found_cpts(name=name, departement=departement, by=by, at=timezone.now())


@requires(TERRITORY_VIEW)
def show(request: CptsRequest) -> HttpResponse:
    """The perimeter in force of one's own CPTS, with its communes as a list."""
    in_force = in_force_of(request.cpts)
    if in_force is None:
        return render(request, "territory/show.html", {"perimeter": None})
    perimeter, parts = in_force
    listing = part_listing(request, parts)
    if response := listing.export():
        return response
    context = perimeter_context(perimeter, parts) | {"listing": listing, "page": listing.page()}
    return render(request, "territory/show.html", context)


def perimeter_context(perimeter: Perimeter, parts: list[PerimeterPart]) -> dict[str, Any]:
    summary = summarise(perimeter, parts, on=timezone.localdate())
    return {"perimeter": perimeter, "summary": summary, "map": map_data(parts, summary)}


def part_listing(request: CptsRequest, parts: list[PerimeterPart]) -> LoadedListing:
    """The communes of a perimeter, already read for its summary."""
    return LoadedListing(
        queryset=parts,
        parameters=request.GET,
        columns=PART_COLUMNS,
        search_in=("commune",),
        filename=f"perimetre-{request.cpts.slug}",
        empty="Aucune commune.",
    )


@requires(TERRITORY_DRAFT_VIEW)
def history(request: CptsRequest) -> HttpResponse:
    """Versions of the perimeter, and who changed what."""
    changes = PerimeterChange.objects.filter(cpts=request.cpts).select_related("by", "perimeter")
    listing = Listing(
        queryset=changes,
        parameters=request.GET,
        columns=(
            Column("date", "Date", lambda change: change.at, "at"),
            Column("auteur", "Auteur", lambda change: str(change.by)),
            Column("version", "Version", lambda change: change.perimeter.number, "perimeter__number", numeric=True),
            Column("modification", "Modification", lambda change: change.summary),
        ),
        search_in=("summary", "by__family_name"),
        default_sort="-at",
        empty="Aucune modification pour l’instant.",
    )
    versions = Perimeter.objects.of(request.cpts).order_by("-number")[:12]
    return render(request, "territory/history.html", {"listing": listing, "page": listing.page(), "versions": versions})


@requires(TERRITORY_VIEW)
def version(request: CptsRequest, number: int) -> HttpResponse:
    """One version that is or was in force: what it held, from when to when."""
    once_in_force = Perimeter.objects.of(request.cpts).exclude(status=PerimeterStatus.DRAFT)
    perimeter = get_object_or_404(once_in_force.select_related("snapshot"), number=number)
    parts = alphabetical(PerimeterPart.objects.filter(perimeter=perimeter).for_summary())
    listing = part_listing(request, parts)
    if response := listing.export():
        return response
    context = {
        "perimeter": perimeter,
        "record": perimeter.record,
        "population": population_of(parts),
        "listing": listing,
        "page": listing.page(),
        "map": map_data(parts, None),
    }
    return render(request, "territory/version.html", context)


@public
def public_index(request: HttpRequest) -> HttpResponse:
    """Every approved CPTS of the instance, by name or département."""
    listing = Listing(
        queryset=Cpts.objects.approved().select_related("departement"),
        parameters=request.GET,
        columns=(
            Column("nom", "CPTS", lambda cpts: cpts.name, "name"),
            Column("departement", "Département", lambda cpts: str(cpts.departement), "departement__name"),
            Column("etape", "Étape", lambda cpts: cpts.get_stage_display()),
        ),
        search_in=("search_name", "departement__name"),
        prepare_search=normalised,
        default_sort="name",
        empty="Aucune CPTS sur cette instance.",
    )
    return render(request, "territory/public_index.html", {"listing": listing, "page": listing.page()})


@public
def public_show(request: HttpRequest, slug: str) -> HttpResponse:
    """What everybody may know of a CPTS: name, stage, and its perimeter in force. Never a draft."""
    cpts = get_object_or_404(Cpts.objects.approved().select_related("departement"), slug=slug)
    parts = (
        PerimeterPart.objects.filter(cpts=cpts).in_force().for_summary().select_related("perimeter", "commune__epci")
    )
    return render(request, "territory/public_show.html", public_context(cpts, alphabetical(parts)))


def public_context(cpts: Cpts, parts: list[PerimeterPart]) -> dict[str, Any]:
    context: dict[str, Any] = {"cpts": cpts, "parts": parts}
    if parts:
        population = population_of(parts)
        context |= {"perimeter": parts[0].perimeter, "population": population, "map": map_data(parts, None)}
    return context
