"""The members of a CPTS, as a list."""

from django.http import HttpResponse
from django.shortcuts import render

from maillage.accounts.permissions import CptsRequest, Permission, requires
from maillage.core.listing import Column, Filter, Listing
from maillage.core.text import normalised
from maillage.members.models import Membership, MembershipStatus


@requires(Permission.MEMBER_LIST)
def member_list(request: CptsRequest) -> HttpResponse:
    """Search by name whatever the accents, filter by status, sort, export."""
    listing = Listing(
        queryset=Membership.objects.of(request.cpts).for_listing(),
        parameters=request.GET,
        columns=(
            Column("nom", "Nom", lambda one: f"{one.family_name} {one.given_name}", "search_name"),
            Column("profession", "Profession ou fonction", lambda one: one.occupation, "occupation"),
            Column("commune", "Commune", lambda one: one.commune.name if one.commune else "", "commune__name"),
            Column("adhesion", "Adhésion", lambda one: one.get_status_display(), "status"),
            Column("depuis", "Depuis le", lambda one: one.joined_on, "joined_on"),
        ),
        search_in=("search_name",),
        filters=(Filter("statut", "Adhésion", "status", MembershipStatus.choices),),
        default_sort="search_name",
        filename=f"membres-{request.cpts.slug}",
        empty="Aucun membre pour l’instant.",
        prepare_search=normalised,
    )
    if response := listing.export():
        return response
    return render(request, "members/list.html", {"listing": listing, "page": listing.page()})
