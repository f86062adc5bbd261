"""The professionals of the territory and around: find one, call one, see who came and who left."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from maillage.accounts.permissions import CptsRequest, requires
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.directory.models import GROUP_CHOICES, GROUP_LABELS, Practitioner, PractitionerRole
from maillage.directory.permissions import DIRECTORY_VIEW
from maillage.directory.queries.movements import counts_by_group, movements
from maillage.directory.queries.search import Criteria, communes_within, find, label_of
from maillage.directory.rules.professions import GROUPS
from maillage.territory.queries.perimeters import communes_of
from maillage.territory.web.forms import ProfessionalForm

YEAR = timedelta(days=365)


class PeopleListing(Listing):
    """The search by name is made by the directory: it knows how to use its index."""

    def _matches(self) -> Q:
        return Q()


def _places(person: Practitioner) -> list[PractitionerRole]:
    return getattr(person, "places", [])


def _joined(values: list[str]) -> str:
    return " ; ".join(dict.fromkeys(value for value in values if value))


PEOPLE_COLUMNS = (
    Column("nom", "Nom", lambda person: person.family_name, "search_name"),
    Column("prenom", "Prénom", lambda person: person.given_name),
    Column("identifiant", "Identifiant", lambda person: person.national_id),
    Column("profession", "Profession", lambda person: _joined([role.profession_label for role in _places(person)])),
    Column("savoir-faire", "Savoir-faire", lambda person: _joined([_specialities(role) for role in _places(person)])),
    Column(
        "commune", "Communes", lambda person: _joined([role.commune.name for role in _places(person) if role.commune])
    ),
    Column(
        "structure",
        "Structures",
        lambda person: _joined([role.organization.name for role in _places(person) if role.organization]),
    ),
    Column(
        "telephone",
        "Téléphones",
        lambda person: _joined([role.organization.phone for role in _places(person) if role.organization]),
    ),
    Column("mssante", "MSSanté", lambda person: _joined([role.mailbox for role in _places(person)])),  # type: ignore[attr-defined]
)


def _specialities(role: PractitionerRole) -> str:
    return _joined([label_of(code) for code in role.specialities.split()])


@requires(DIRECTORY_VIEW)
def search(request: CptsRequest) -> HttpResponse:
    """Search by name, profession, savoir-faire, commune and distance, structure."""
    form = ProfessionalForm(request.GET or None)
    criteria = Criteria(communes=communes_of(request.cpts))
    if form.is_bound and form.is_valid():
        criteria = _criteria(form.cleaned_data, request)
    listing = PeopleListing(
        queryset=find(criteria) if not form.errors else Practitioner.objects.none(),
        parameters=request.GET,
        columns=PEOPLE_COLUMNS,
        default_sort="search_name",
        filename=f"annuaire-{request.cpts.slug}",
        empty="Personne ne correspond à cette recherche.",
    )
    if response := listing.export():
        return response
    page = listing.page()
    for person in page.object_list:
        for role in person.places:
            role.speciality_label = _specialities(role)
    context = {"form": form, "listing": listing, "page": page, "too_wide": criteria.is_too_wide}
    return render(request, "territory/professionals.html", context)


def _criteria(asked: dict[str, Any], request: CptsRequest) -> Criteria:
    communes: QuerySet[Any] | None = communes_of(request.cpts)
    if asked["commune"]:
        communes = communes_within(asked["commune"], int(asked["km"] or 0))
    elif asked["where"] == "france":
        communes = None
    return Criteria(asked["q"], asked["group"], asked["speciality"], asked["structure"], communes)


@requires(DIRECTORY_VIEW)
def changes(request: CptsRequest) -> HttpResponse:
    """Arrivals and departures of the last twelve months, by profession and by name."""
    since = timezone.localdate() - YEAR
    communes = communes_of(request.cpts)
    listing = Listing(
        queryset=movements(communes, since=since),
        parameters=request.GET,
        columns=(
            Column("date", "Date", lambda role: role.day, "day"),
            Column("mouvement", "Mouvement", lambda role: "départ" if role.until else "arrivée"),
            Column("nom", "Nom", lambda role: str(role.practitioner), "practitioner__search_name"),
            Column("profession", "Profession", lambda role: role.profession_label, "group"),
            Column("commune", "Commune", lambda role: role.commune.name, "commune__name"),
            Column("ailleurs", "Exerce aussi, ou désormais, à", lambda role: role.elsewhere or ""),
        ),
        search_in=("practitioner__search_name",),
        filters=(Filter("profession", "Profession", "group", GROUP_CHOICES),),
        default_sort="-day",
        filename=f"mouvements-{request.cpts.slug}",
        empty="Personne n’est arrivé ni parti depuis un an, d’après les registres chargés.",
    )
    if response := listing.export():
        return response
    counts = counts_by_group(communes, since=since)
    order = [group.code for group in GROUPS]
    groups = [
        {"label": GROUP_LABELS.get(code, code), "arrivals": counts[code][0], "departures": counts[code][1]}
        for code in sorted(counts, key=lambda code: (order.index(code) if code in order else 99, code))
    ]
    context = {"listing": listing, "page": listing.page(), "groups": groups, "since": since}
    return render(request, "territory/movements.html", context)
