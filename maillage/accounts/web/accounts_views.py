"""« Comptes et moyens de connexion »: who signs in by what, for the administrator and for the team of a CPTS."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

from maillage.accounts import queries
from maillage.accounts.models import RoleAssignment
from maillage.accounts.permissions import INSTANCE_MANAGE, TEAM_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in import identity
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.cpts.models import Cpts

MEANS = (
    ("password", "Mot de passe seul"),
    ("totp", "Application d’authentification"),
    ("webauthn", "Clé d’accès"),
    ("psc", "Pro Santé Connect"),
)


@requires(INSTANCE_MANAGE)
def accounts(request: CptsRequest) -> HttpResponse:
    """Every account of the instance."""
    return _page(request, None)


@requires(TEAM_MANAGE)
def accounts_of_cpts(request: CptsRequest) -> HttpResponse:
    """Those that hold a role on the CPTS."""
    return _page(request, request.cpts)


def _page(request: CptsRequest, cpts: Cpts | None) -> HttpResponse:
    accounts = queries.accounts_by_means(cpts)
    listing = Listing(
        queryset=accounts.prefetch_related(Prefetch("assignments", RoleAssignment.objects.for_rights())),
        parameters=request.GET,
        columns=(
            Column("nom", "Personne", str, "family_name"),
            Column("roles", "Rôles", lambda _: ""),
            Column("moyens", "Moyens de connexion", lambda user: user.way),
            Column("derniere", "Dernière connexion", lambda user: user.last_login, "last_login"),
            Column("action", "Téléphone ou clé perdus", lambda _: ""),
        ),
        search_in=("given_name", "family_name", "email"),
        filters=(Filter("moyen", "Moyen le plus fort", "way", MEANS),),
        default_sort="family_name",
        empty="Aucun compte.",
    )
    counts = queries.counted_by_way(accounts)
    context = {
        "listing": listing,
        "page": listing.page(),
        "counts": [(label, counts.get(way, 0)) for way, label in MEANS],
        "is_instance": cpts is None,
    }
    return render(request, "accounts/accounts.html", context)


@requires(INSTANCE_MANAGE)
def homologation(request: CptsRequest) -> HttpResponse:
    """The file that whoever allows means other than Pro Santé Connect signs, with the figures of the instance."""
    return _homologation(request, None)


@requires(TEAM_MANAGE)
def homologation_of_cpts(request: CptsRequest) -> HttpResponse:
    """The same, for the structure that is the CPTS."""
    return _homologation(request, request.cpts)


def _homologation(request: HttpRequest, cpts: Cpts | None) -> HttpResponse:
    counts = queries.counted_by_way(queries.accounts_by_means(cpts))
    facts: dict[str, Any] = {
        "cpts": cpts,
        "day": timezone.localdate(),
        "address": request.build_absolute_uri("/"),
        "total": sum(counts.values()),
        "counts": [(label, counts.get(way, 0)) for way, label in MEANS],
        "psc_is_offered": identity.is_joined(),
    }
    headers = {"Content-Disposition": 'attachment; filename="homologation-moyens-de-connexion.md"'}
    text = render_to_string("accounts/homologation.md", facts)
    return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers=headers)
