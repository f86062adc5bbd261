"""Composing the draft of a perimeter: search, EPCI, pasted list, map, declared parts; each change at once."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from maillage.accounts.menus import links_under
from maillage.accounts.permissions import CptsRequest, requires
from maillage.core.errors import DomainError
from maillage.geography.models import Commune
from maillage.geography.queries import (
    NamedPlace,
    communes_of_epci,
    places_by_key,
    places_starting_with,
    search_communes,
    search_epci,
)
from maillage.territory import actions
from maillage.territory.actions import Addition
from maillage.territory.models import Perimeter, PerimeterPart
from maillage.territory.permissions import TERRITORY_DRAFT_VIEW, TERRITORY_EDIT
from maillage.territory.queries.map_data import map_data
from maillage.territory.queries.perimeters import draft_of, summarise
from maillage.territory.rules.pasted_list import (
    Answer,
    Place,
    PlaceKind,
    Resolution,
    keys_of,
    read_lines,
    resolve,
    suggested,
)
from maillage.territory.web.forms import ChangeForm, InForceForm, PartForm, PasteForm

PER_PAGE = 50


def draft_context(request: CptsRequest, perimeter: Perimeter, parts: list[PerimeterPart]) -> dict[str, Any]:
    """Everything draft.html and its fragment show; two queries."""
    summary = summarise(perimeter, parts, on=timezone.localdate())
    editable = TERRITORY_EDIT in request.permissions
    page = _page_number(request)
    return {
        "perimeter": perimeter,
        "parts": parts[(page - 1) * PER_PAGE : page * PER_PAGE],
        "page_number": page,
        "page_count": max(1, -(-len(parts) // PER_PAGE)),
        "summary": summary,
        "map": map_data(parts, summary, departement=request.cpts.departement_id, editable=editable),
    }


def _page_number(request: CptsRequest) -> int:
    text = request.GET.get("page", "")
    return int(text) if text.isdecimal() and 0 < int(text) < 10_000 else 1


DraftView = Callable[..., HttpResponse]


def on_the_draft(view: DraftView) -> DraftView:
    """Give the view the draft under way; when it is gone (given up, in force), say so on the territory page."""

    @wraps(view)
    def wrapper(request: CptsRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        perimeter = Perimeter.objects.of(request.cpts).drafts().first()
        if perimeter is None:
            messages.error(request, "Ce projet de périmètre n’existe plus : il a été mis en vigueur ou abandonné.")
            there = reverse("territory:show", args=[request.cpts.slug])
            return HttpResponseClientRedirect(there) if request.htmx else redirect(there)
        perimeter.cpts = request.cpts
        return view(request, perimeter, *args, **kwargs)

    return wrapper


@requires(TERRITORY_DRAFT_VIEW)
@require_safe
def draft(request: CptsRequest) -> HttpResponse:
    """The draft under way."""
    current_draft = draft_of(request.cpts)
    if current_draft is None:
        return redirect("territory:show", request.cpts.slug)
    context = draft_context(request, *current_draft) | {"paste_form": PasteForm()}
    context["in_force_form"] = InForceForm(today=timezone.localdate(), initial={"version": current_draft[0].token})
    context["more"] = links_under("territory:draft", request)
    return render(request, "territory/draft.html", context)


@require_POST
@requires(TERRITORY_EDIT)
def start(request: CptsRequest) -> HttpResponse:
    actions.start_draft(cpts=request.cpts, by=request.user, at=timezone.now())
    return redirect("territory:draft", request.cpts.slug)


@require_POST
@requires(TERRITORY_EDIT)
@on_the_draft
def change(request: CptsRequest, perimeter: Perimeter) -> HttpResponse:
    """Add or remove communes, or a whole EPCI; answers with the fragment, or the page without htmx."""
    form = ChangeForm(request.POST)
    if not form.is_valid():
        raise Http404
    # One field may hold many codes: a list of 2 000 communes stays one field of the form.
    adding = [Addition(code) for codes in request.POST.getlist("add") for code in codes.split()]
    adding += [Addition(code) for code in communes_of_epci(form.cleaned_data["epci"])]
    removing = request.POST.getlist("remove")
    if toggled := request.POST.get("toggle"):
        adding, removing = _toggled(perimeter, toggled)
    return _apply(request, perimeter, form.cleaned_data["version"], adding, removing)


def _toggled(perimeter: Perimeter, code: str) -> tuple[list[Addition], list[str]]:
    """A click on the map: in when it is out, out when it is in."""
    inside = PerimeterPart.objects.filter(perimeter=perimeter, commune=code)
    return ([], [code]) if inside.exists() else ([Addition(code)], [])


def _apply(
    request: CptsRequest, perimeter: Perimeter, token: str, adding: Iterable[Addition], removing: Iterable[str]
) -> HttpResponse:
    try:
        done = actions.change_perimeter(
            perimeter=perimeter,
            read_version=perimeter.version_in(token),
            by=request.user,
            at=timezone.now(),
            add=adding,
            remove=removing,
        )
    except actions.NothingToChange as nothing:
        messages.info(request, nothing.user_message)
    except DomainError as error:
        messages.error(request, error.user_message)
    else:
        messages.success(request, f"Enregistré : {done.summary}.")
    if not request.htmx:
        return redirect("territory:draft", request.cpts.slug)
    current_draft = draft_of(request.cpts)
    assert current_draft
    response = render(request, "territory/draft.html#composition", draft_context(request, *current_draft))
    # The results of a search beside it show what is inside: they are asked for again.
    return trigger_client_event(response, "perimeter-changed", after="settle")


@requires(TERRITORY_EDIT)
@require_safe
@on_the_draft
def search(request: CptsRequest, perimeter: Perimeter) -> HttpResponse:
    """Communes and EPCI of that name or code: a fragment under the field, or a page of its own."""
    text = request.GET.get("q", "").strip()[:80]
    place_names = search_communes(text, near=[request.cpts.departement_id])
    inside = set(
        PerimeterPart.objects.filter(
            perimeter=perimeter, commune__in=[place_name.commune_id for place_name in place_names]
        ).values_list("commune_id", flat=True)
    )
    context = {"perimeter": perimeter, "query": text, "found": place_names, "inside": inside, "epci": search_epci(text)}
    template = "territory/search.html#results" if request.htmx else "territory/search.html"
    return render(request, template, context)


@require_POST
@requires(TERRITORY_EDIT)
@on_the_draft
def paste(request: CptsRequest, perimeter: Perimeter) -> HttpResponse:
    """A clear answer for each pasted line; nothing changes before the next press."""
    form = PasteForm(request.POST)
    context: dict[str, Any] = {"perimeter": perimeter, "paste_form": form}
    if form.is_valid():
        inside = set(PerimeterPart.objects.filter(perimeter=perimeter).values_list("commune_id", flat=True))
        near = frozenset([request.cpts.departement_id])
        resolutions = resolved(form.cleaned_data["text"], near, form.cleaned_data["numbers"])
        context |= _sorted_answers(resolutions, inside)
    return render(request, "territory/paste.html", context)


def resolved(text: str, near: frozenset[str], numbers: str = "") -> list[Resolution]:
    """Every line of a pasted list with what it designates; two queries."""
    lines = read_lines(text)
    said = PlaceKind(numbers) if numbers else None
    places = _as_places(places_by_key(keys_of(lines)))
    answers = [resolve(line, places, near=near, numbers=said) for line in lines]
    unknown = [name for answer in answers if answer.answer == Answer.UNKNOWN for name in answer.line.names]
    suggestions = _as_places(places_starting_with(unknown))
    return [
        suggested(answer, suggestions, near=near) if answer.answer == Answer.UNKNOWN else answer for answer in answers
    ]


def _as_places(named_places: dict[str, list[NamedPlace]]) -> dict[str, list[Place]]:
    return {key: [_as_place(place) for place in places] for key, places in named_places.items()}


def _as_place(named_place: NamedPlace) -> Place:
    kind = PlaceKind(named_place.kind)
    return Place(
        named_place.code,
        kind,
        named_place.label,
        named_place.departement,
        named_place.commune,
        named_place.departement_name,
        named_place.population,
    )


def _sorted_answers(resolutions: list[Resolution], inside: set[str]) -> dict[str, Any]:
    """Answers as the page groups them: what needs a person first, what is sure as plain lines."""
    sure = [resolution for resolution in resolutions if resolution.answer in (Answer.FOUND, Answer.MERGED)]
    exact = [resolution for resolution in sure if resolution.answer == Answer.FOUND]
    return {
        "read": len(resolutions),
        "sure": {resolution.places[0].code for resolution in sure},
        "sure_codes": sorted({resolution.places[0].code for resolution in sure} - inside),
        "several": [resolution for resolution in resolutions if resolution.answer == Answer.SEVERAL],
        "unknown": [resolution for resolution in resolutions if resolution.answer == Answer.UNKNOWN],
        "merged": [resolution for resolution in sure if resolution.answer == Answer.MERGED],
        "found_lines": [_line_text(resolution, inside) for resolution in exact],
    }


def _line_text(resolution: Resolution, inside: set[str]) -> str:
    """Ligne 3, « bergerac » : Bergerac (24037), Dordogne. Built here: a template loop costs ten times as much."""
    place = resolution.places[0]
    already = ", déjà dans le périmètre" if place.code in inside else ""
    where = f"{place.commune} ({place.code}), {place.departement_name}{already}"
    return f"Ligne {resolution.line.number}, « {resolution.line.text} » : {where}"


@requires(TERRITORY_EDIT)
@on_the_draft
def part(request: CptsRequest, perimeter: Perimeter, code: str) -> HttpResponse:
    """Declare that only a part of a commune is counted, with its source; or arrondissements instead of the whole."""
    places = _with_shares(perimeter, code)
    commune = next((place for place in places if place.code == code), None)
    if commune is None:
        raise Http404
    initial = {"share": (commune.share or 1) * 100, "source": commune.share_source or ""}
    form = PartForm(request.POST or None, initial=initial)
    version = ChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and version.is_valid():
        share = form.cleaned_data["share"] / 100
        addition = Addition(code, share, form.cleaned_data["source"] if share < 1 else "")
        return _apply(request, perimeter, version.cleaned_data["version"], [addition], [])
    context = {
        "perimeter": perimeter,
        "commune": commune,
        # A refused form still speaks of the version it read.
        "token": request.POST.get("version", perimeter.token),
        "form": form,
        "arrondissements": [place for place in places if place.parent_id == code],
    }
    return render(request, "territory/part.html", context)


def _with_shares(perimeter: Perimeter, code: str) -> list[Any]:
    """A commune and its arrondissements, each with its share in the draft (None: not in it); one query."""
    parts = PerimeterPart.objects.filter(perimeter=perimeter, commune=OuterRef("pk"))
    places = Commune.objects.current().for_choosing().filter(Q(code=code) | Q(parent=code)).order_by("code")
    return list(places.annotate(share=parts.values("share"), share_source=parts.values("share_source")))


@require_POST
@requires(TERRITORY_EDIT)
@on_the_draft
def discard(request: CptsRequest, perimeter: Perimeter) -> HttpResponse:
    """Give the draft up; asked for confirmation on the page."""
    form = ChangeForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        read = perimeter.version_in(form.cleaned_data["version"])
        actions.discard_draft(perimeter=perimeter, read_version=read, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.user_message)
        return redirect("territory:draft", request.cpts.slug)
    messages.success(request, "Projet abandonné. Le journal garde la liste de ses communes.")
    return redirect("territory:show", request.cpts.slug)


@require_POST
@requires(TERRITORY_EDIT)
@on_the_draft
def put_in_force(request: CptsRequest, perimeter: Perimeter) -> HttpResponse:
    """Make the draft the perimeter in force: from then on it is public."""
    form = InForceForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        messages.error(request, "La date d’entrée en vigueur n’est pas lisible : écrivez-la comme 23/11/2026.")
        return redirect("territory:draft", request.cpts.slug)
    try:
        actions.put_in_force(
            perimeter=perimeter,
            read_version=perimeter.version_in(form.cleaned_data["version"]),
            on=form.cleaned_data["on"],
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, error.user_message)
        return redirect("territory:draft", request.cpts.slug)
    messages.success(request, "Le périmètre est en vigueur, et public.")
    return redirect("territory:show", request.cpts.slug)
