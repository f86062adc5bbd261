"""What anybody may open: the form to join, and the members who accept to be shown."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.core.limits import LimitReached, spend_from
from maillage.core.screens.access import public
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.core.text import normalised
from maillage.cpts.models import Cpts
from maillage.directory.models import GROUP_CHOICES
from maillage.geography.fields import commune_text
from maillage.members import actions
from maillage.members.limits import JOIN, JOIN_BLOCK
from maillage.members.models import Membership
from maillage.members.queries.prefill import fields_of, main_role, practitioner_of
from maillage.members.web.forms import JoinForm


@public
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to join, in two minutes. With ?rpps= the directory fills the form."""
    cpts = get_object_or_404(Cpts.objects.approved(), slug=slug)
    form = JoinForm(request.POST or None, cpts=cpts, initial=_prefilled(request.GET.get("rpps", "")))
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["site"]:
            return redirect("members:join_sent", cpts.slug)  # a robot believes it was heard
        try:
            spend_from(request, JOIN, JOIN_BLOCK, of=cpts.pk)
        except LimitReached as error:
            form.add_error(None, f"{error.user_message} Vous pouvez aussi écrire à la CPTS.")
        else:
            actions.request_membership(cpts=cpts, fields=form.fields_to_keep(), at=timezone.now())
            return redirect("members:join_sent", cpts.slug)
    return render(request, "members/join.html", {"cpts": cpts, "form": form})


def _prefilled(number: str) -> dict[str, Any]:
    practitioner = practitioner_of(number)
    if practitioner is None:
        return {"rpps": number[:14]}
    known = fields_of(practitioner, main_role(practitioner))
    return known | {"rpps": number[:14], "commune": commune_text(known["commune"])}


@public
@require_safe
def join_sent(request: HttpRequest, slug: str) -> HttpResponse:
    """The same words whether the person was known or not."""
    return render(request, "members/join_sent.html", {"cpts": get_object_or_404(Cpts.objects.approved(), slug=slug)})


@public
@require_safe
def public_directory(request: HttpRequest, slug: str) -> HttpResponse:
    """Members who accepted to be shown, by name, profession and commune."""
    cpts = get_object_or_404(Cpts.objects.approved(), slug=slug)
    listing = Listing(
        queryset=Membership.objects.of(cpts).shown_in_public().for_public(),
        parameters=request.GET,
        columns=(
            Column("nom", "Nom", lambda membership: membership.sorted_name, "search_name"),
            Column("profession", "Profession ou fonction", lambda membership: membership.occupation, "occupation"),
            Column(
                "commune",
                "Commune",
                lambda membership: membership.commune.name if membership.commune else "",
                "commune__name",
            ),
            Column("telephone", "Téléphone", lambda membership: membership.phone),
            Column("savoir", "À savoir", lambda membership: membership.practical),
        ),
        search_in=("search_name", "occupation", "commune__name", "languages"),
        filters=(Filter("profession", "Profession", "group", [choice for choice in GROUP_CHOICES if choice[0]]),),
        default_sort="search_name",
        empty="Aucun membre n’a encore accepté de paraître ici.",
        prepare_search=normalised,
    )
    return render(request, "members/public.html", {"cpts": cpts, "listing": listing, "page": listing.page()})
