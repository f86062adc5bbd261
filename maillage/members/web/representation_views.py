"""Who of the territory is a member, who is missing, and what is written to them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from maillage.accounts.permissions import MEMBER_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in.proving import is_export, recently_proved_when
from maillage.core.screens.listing import Column, Listing
from maillage.directory.models import GROUP_CHOICES, GROUP_LABELS
from maillage.geography.models import Commune
from maillage.members import actions
from maillage.members.documents.campaign import MOST_LETTERS, address_of, letters_data, letters_pdf, with_address
from maillage.members.permissions import MEMBER_LIST
from maillage.members.queries.representation import missing_of, representation_of
from maillage.members.web.forms import CampaignForm


def _places_text(person: Any, what: Callable[[Any], str]) -> str:
    """What the places of a person say, each thing once."""
    return ", ".join(dict.fromkeys(filter(None, map(what, person.places))))


MISSING_COLUMNS = (
    Column("nom", "Nom", lambda person: f"{person.family_name} {person.given_name}", "search_name"),
    Column("profession", "Profession", lambda person: _places_text(person, lambda role: role.profession_label)),
    Column(
        "commune",
        "Commune",
        lambda person: _places_text(person, lambda role: role.commune.name if role.commune else ""),
    ),
    Column("adresse", "Adresse", lambda person: ", ".join(address_of(person)[1:])),
    Column(
        "telephone",
        "Téléphone",
        lambda person: _places_text(person, lambda role: getattr(role.organization, "phone", "")),
    ),
    Column("mssante", "MSSanté", lambda person: _places_text(person, lambda role: role.mailbox or "")),
)


@requires(MEMBER_LIST)
def representation(request: CptsRequest) -> HttpResponse:
    """« 31 généralistes sur 52 »: by profession, by commune, today and a year ago."""
    figures = representation_of(request.cpts, timezone.localdate())
    return render(request, "members/representation.html", {"found": figures})


def _asked(request: CptsRequest) -> dict[str, str]:
    """The profession and the commune of the address, when they exist."""
    group, commune = request.GET.get("profession", ""), request.GET.get("commune", "")
    return {
        "group": group if group in dict(GROUP_CHOICES) or group in GROUP_LABELS else "",
        "commune": commune if commune.isalnum() and len(commune) == 5 else "",
    }


@requires(MEMBER_MANAGE)
@recently_proved_when(is_export)
def missing(request: CptsRequest) -> HttpResponse:
    """Professionals of the territory who are not members: to call, to write to."""
    asked = _asked(request)
    name = request.GET.get("q", "").strip()[:100]
    listing = Listing(
        queryset=missing_of(request.cpts, **asked, name=name),
        parameters=request.GET,
        columns=MISSING_COLUMNS,
        default_sort="search_name",
        filename=f"non-membres-{request.cpts.slug}",
        empty="Tous sont membres.",
    )
    if response := listing.export():
        return response
    commune = Commune.objects.filter(code=asked["commune"]).values_list("name", flat=True).first()
    about = {"group": GROUP_LABELS.get(asked["group"], ""), "commune": commune, "name": name}
    context = about | {"listing": listing, "page": listing.page()}
    return render(request, "members/missing.html", context)


@requires(MEMBER_MANAGE)
def campaign(request: CptsRequest) -> HttpResponse:
    """Write once to all those who are missing: a letter each, ready for the post."""
    people = list(missing_of(request.cpts, **_asked(request))[: MOST_LETTERS + 1])
    letters = with_address(people)
    form = CampaignForm(request.POST or None, cpts=request.cpts)
    if request.method == "POST" and form.is_valid():
        if not letters or len(people) > MOST_LETTERS:
            form.add_error(None, f"Choisissez une profession ou une commune : de 1 à {MOST_LETTERS} personnes.")
        else:
            at = timezone.now()
            subject = form.cleaned_data["subject"]
            actions.keep_campaign(cpts=request.cpts, subject=subject, letters=letters, by=request.user, at=at)
            return letters_pdf(letters_data(request.cpts, people, on=timezone.localdate(at), **form.cleaned_data))
    context = {"form": form, "letters": letters, "without": len(people) - letters, "asked": _asked(request)}
    return render(request, "members/campaign.html", context)
