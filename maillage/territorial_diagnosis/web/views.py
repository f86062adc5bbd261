"""Reading the diagnosis: in one look, theme by theme, and one indicator down to its communes and its source."""

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.permissions import CptsRequest, requires
from maillage.core.screens.listing import Column, LoadedListing
from maillage.geography.rules.codes import departement_of
from maillage.territorial_diagnosis.documents.drawing import NUMBERED_AT_MOST
from maillage.territorial_diagnosis.documents.presenting import (
    Shown,
    reference_labels,
    shown,
    shown_themes,
    vintage_text,
)
from maillage.territorial_diagnosis.models import DiagnosisVersion, DiagnosisVersionQuerySet, Vintage
from maillage.territorial_diagnosis.permissions import DIAGNOSIS_EDIT, DIAGNOSIS_VIEW
from maillage.territorial_diagnosis.queries.communes import Line, lines_of
from maillage.territorial_diagnosis.queries.figures import Area, area_of, definitions_of, diagnosis_of, latest_vintages
from maillage.territorial_diagnosis.queries.what_if import changes_around, practises_in
from maillage.territorial_diagnosis.rules.catalogue import Definition, Kind, Theme
from maillage.territorial_diagnosis.rules.classes import classified
from maillage.territorial_diagnosis.rules.shown import compared_text, value_text, with_unit
from maillage.territory.permissions import TERRITORY_DRAFT_VIEW

SECTIONS = (
    ("overview", "Vue d’ensemble"),
    *((theme.value, theme.label) for theme in Theme),
    ("resources", "Ce qui existe"),
    ("gaps", "Ce qui manque"),
    ("priorities", "Priorités"),
    ("entries", "Nos chiffres"),
    ("files", "Nos fichiers"),
    ("versions", "Versions"),
)
KEY_FIGURES = (
    "population",
    "lib_10G",
    "apl_mg",
    "urgences_minutes",
    "sans_medecin_traitant",
    "ald",
    "pauvrete",
    "lib_60",
)
COMPARED = (
    "lib_10G",
    "lib_60",
    "lib_70",
    "lib_40",
    "lib_50",
    "apl_mg",
    "age_75_plus",
    "pauvrete",
    "ald",
    "urgences_minutes",
)
DEPARTEMENTS_DRAWN = 12


def area_or_none(request: CptsRequest) -> Area | None:
    return area_of(request.cpts, with_draft=TERRITORY_DRAFT_VIEW in request.permissions)


def readable_versions(request: CptsRequest) -> DiagnosisVersionQuerySet:
    """Frozen versions of the CPTS of the page that this person may read."""
    with_draft = TERRITORY_DRAFT_VIEW in request.permissions
    return DiagnosisVersion.objects.of(request.cpts).readable(with_draft=with_draft)


def page_context(request: CptsRequest, section: str, area: Area | None) -> dict[str, Any]:
    """What every page of the diagnosis shows around its own subject."""
    slug = request.cpts.slug
    tabs = []
    for key, label in SECTIONS:
        if key == "files" and DIAGNOSIS_EDIT not in request.permissions:
            continue
        is_theme = key in set(Theme)
        url = reverse("diagnosis:theme", args=[slug, key]) if is_theme else reverse(f"diagnosis:{key}", args=[slug])
        tabs.append({"url": url, "label": label, "current": key == section})
    return {"tabs": tabs, "area": area, "reference_labels": reference_labels(request.cpts)}


def no_perimeter(request: CptsRequest, section: str) -> HttpResponse:
    return render(request, "territorial_diagnosis/nothing.html", page_context(request, section, None))


@requires(DIAGNOSIS_VIEW)
def overview(request: CptsRequest) -> HttpResponse:
    """The territory in one look: key figures, what stands out, what is missing."""
    area = area_or_none(request)
    if area is None:
        return no_perimeter(request, "overview")
    diagnosis = diagnosis_of(request.cpts, area, definitions_of(request.cpts))
    figures = {code: shown(figure, request.cpts) for code, figure in diagnosis.figures.items()}
    missing = [figure for figure in figures.values() if figure.is_missing and not figure.definition.by_hand]
    context = page_context(request, "overview", area) | {
        "key_figures": [figures[code] for code in KEY_FIGURES],
        "compared": [figures[code] for code in COMPARED if figures[code].bars],
        "missing": missing,
        "to_type": [figure for figure in figures.values() if figure.definition.by_hand and not figure.own],
        "told": sum(not figure.is_missing or bool(figure.own) for figure in figures.values()),
        "total": len(figures),
    }
    return render(request, "territorial_diagnosis/overview.html", context)


@requires(DIAGNOSIS_VIEW)
def theme(request: CptsRequest, theme: str) -> HttpResponse:
    """Every indicator of one theme, beside its references."""
    if theme not in set(Theme):
        raise Http404
    area = area_or_none(request)
    if area is None:
        return no_perimeter(request, theme)
    known = {code: definition for code, definition in definitions_of(request.cpts).items() if definition.theme == theme}
    diagnosis = diagnosis_of(request.cpts, area, known)
    ((chosen, rows),) = shown_themes(diagnosis, [Theme(theme)])
    context = page_context(request, theme, area) | {"theme": chosen, "rows": rows}
    return render(request, "territorial_diagnosis/theme.html", context)


@requires(DIAGNOSIS_VIEW)
def indicator(request: CptsRequest, indicator: str) -> HttpResponse:
    """One figure questioned: definition, source, communes on a map and in a table, earlier vintages."""
    area = area_or_none(request)
    if area is None:
        return no_perimeter(request, "overview")
    known = definitions_of(request.cpts)
    if indicator not in known:
        raise Http404
    if (other := request.GET.get("autre")) in known:
        return redirect("diagnosis:indicator", request.cpts.slug, other)
    definition = known[indicator]
    diagnosis = diagnosis_of(request.cpts, area, known, [indicator])
    figure = diagnosis.figures[indicator]
    lines = lines_of(area, definition, figure.vintage)
    listing = _listing(request, definition, lines, indicator)
    if response := listing.export():
        return response
    card = shown(figure, request.cpts)
    context = page_context(request, definition.theme, area) | {
        "card": card,
        "figure": figure,
        "definition": definition,
        "listing": listing,
        "page": listing.page(),
        "choices": _choices(known),
        "loaded": Vintage.objects.filter(pk=figure.vintage.pk).first() if figure.vintage else None,
        **map_context(definition, lines, card),
    }
    return render(request, "territorial_diagnosis/indicator.html", context)


def _choices(known: dict[str, Definition]) -> list[tuple[str, list[Definition]]]:
    """The list from which another indicator is chosen, by theme."""
    return [
        (theme.label, [definition for definition in known.values() if definition.theme == theme]) for theme in Theme
    ]


def _listing(request: CptsRequest, definition: Definition, lines: list[Line], indicator: str) -> LoadedListing:
    columns = [
        Column("commune", "Commune", lambda line: line.name, "name"),
        Column("code", "Code INSEE", lambda line: line.code, "code"),
        Column("valeur", _value_label(definition), lambda line: _rounded(line.value), "value", numeric=True),
    ]
    if definition.is_count and definition.per:
        columns.append(
            Column("densite", "Pour 10 000 habitants", lambda line: _rounded(line.density), "density", numeric=True)
        )
    if definition.kind == Kind.RATE:
        columns += [
            Column(
                "numerateur", definition.numerator, lambda line: _rounded(line.numerator), "numerator", numeric=True
            ),
            Column("denominateur", definition.denominator, lambda line: _rounded(line.denominator), "d", numeric=True),
        ]
    columns.append(Column("habitants", "Habitants", lambda line: line.population, "population", numeric=True))
    return LoadedListing(
        queryset=lines,
        parameters=request.GET,
        columns=columns,
        search_in=("commune",),
        filename=f"{indicator}-{request.cpts.slug}",
        empty="Aucune commune.",
    )


def _value_label(definition: Definition) -> str:
    return definition.unit[0].upper() + definition.unit[1:]


def _rounded(value: float | None) -> float | int | None:
    """Enough digits to be exact, few enough to be read."""
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 3)


def map_context(definition: Definition, lines: list[Line], card: Shown) -> dict[str, Any]:
    """Classes for the map and its legend: ranges in words, numbered from the lowest."""
    classes = classified({line.code: line.shown for line in lines})
    legend = [
        {"number": number, "low": compared_text(definition, low), "high": compared_text(definition, high)}
        for number, (low, high) in enumerate(classes.ranges, start=1)
    ]
    departements = sorted({departement_of(line.code) for line in lines})[:DEPARTEMENTS_DRAWN]
    by_district = "?arrondissements=1" if any(line.is_district for line in lines) else ""
    data = {
        "classes": classes.places,
        "texts": {line.code: _map_text(definition, line) for line in lines},
        "outlines": [reverse("geography:outlines", args=[code]) + by_district for code in departements],
        "numbered": len(lines) <= NUMBERED_AT_MOST,
        "label": card.label,
    }
    return {"map": data, "legend": legend, "unpublished": classes.unpublished}


def _map_text(definition: Definition, line: Line) -> str:
    if definition.is_count and line.density is not None:
        return f"{value_text(definition, line.value)} ({compared_text(definition, line.density)} pour 10 000 habitants)"
    return with_unit(definition, line.value)


@requires(DIAGNOSIS_VIEW)
def what_if(request: CptsRequest, indicator: str) -> HttpResponse:
    """One more, or one fewer, professional in a commune: what changes around, at once."""
    area, known = area_or_none(request), definitions_of(request.cpts)
    if area is None or not indicator.startswith("acc_") or indicator not in known:
        raise Http404
    vintage = latest_vintages(request.cpts, [indicator])[0].get(indicator)
    lines = lines_of(area, known[indicator], vintage)
    asked = request.GET.get("commune", "")
    chosen = next((line for line in lines if line.code == asked), None)
    more = Decimal(-1) if request.GET.get("sens") == "moins" else Decimal(1)
    refusal = "Cette commune n’est pas dans le territoire." if asked and not chosen else ""
    if chosen and more < 0 and not practises_in(indicator.removeprefix("acc_"), chosen.code):
        refusal = f"Personne n’exerce en libéral à {chosen.name} : il n’y a personne à retirer."
    changes: dict[str, float] = {}
    if chosen and not refusal:
        changes = changes_around(chosen.code, float(more), on=timezone.localdate())
    touched = [line for line in lines if line.code in changes and line.value is not None]
    rows = [
        {
            "name": line.name,
            "before": line.value,
            "change": changes[line.code],
            "after": (line.value or 0) + changes[line.code],
        }
        for line in sorted(touched, key=lambda line: (-abs(changes[line.code]), line.name))
    ]
    context = page_context(request, Theme.ACCESS, area) | {
        "definition": known[indicator],
        "lines": lines,
        "chosen": chosen,
        "more": more,
        "refusal": refusal,
        "rows": rows,
        "outside": len(set(changes) - {line.code for line in lines}),
        "vintage": vintage_text(vintage.label) if vintage else "",
    }
    return render(request, "territorial_diagnosis/what_if.html", context)
