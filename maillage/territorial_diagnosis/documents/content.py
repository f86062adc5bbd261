"""A diagnosis as one piece: what is frozen, printed, exported, compared. Plain values only, so that it can be kept."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from maillage.core.missions import Mission
from maillage.cpts.models import Cpts
from maillage.territorial_diagnosis.documents.presenting import reference_labels, shown
from maillage.territorial_diagnosis.models import Priority, Resource
from maillage.territorial_diagnosis.queries.communes import Line, lines_of
from maillage.territorial_diagnosis.queries.figures import (
    POPULATION,
    Area,
    Diagnosis,
    Figure,
    definitions_of,
    diagnosis_of,
)
from maillage.territorial_diagnosis.queries.gaps import Answered, gaps_of, unchecked
from maillage.territorial_diagnosis.rules.catalogue import Definition, Theme, definitions
from maillage.territorial_diagnosis.rules.classes import classified
from maillage.territorial_diagnosis.rules.shown import compared_text, value_text

MAPPED = ("lib_10G", "acc_10G", "apl_mg", "lib_60", "urgences_minutes", "pauvrete")
SUMMED_UP = (
    "population",
    "age_75_plus",
    "lib_10G",
    "lib_60",
    "apl_mg",
    "urgences_minutes",
    "ald",
    "sans_medecin_traitant",
)
NOT_YET = {"number": None, "value": "absent", "vintage": "", "own": "", "missing": True}  # an indicator added since
MOST_COMMUNES = 400  # beyond it a printed table serves nobody: the XLSX has them all


def content_of(cpts: Cpts, area: Area, *, on: date) -> dict[str, Any]:
    """Everything the diagnosis says of a perimeter on a day."""
    known = definitions_of(cpts)
    diagnosis = diagnosis_of(cpts, area, known)
    departement, region, _ = reference_labels(cpts)
    mapped = [diagnosis.figures[code] for code in MAPPED if diagnosis.figures[code].vintage]
    lines = [lines_of(area, figure.definition, figure.vintage) for figure in mapped]
    return {
        "cpts": cpts.name,
        "slug": cpts.slug,
        "on": on.isoformat(),
        "departement": departement,
        "region": region,
        "perimeter": {
            "number": area.number,
            "status": area.status,
            "since": area.since.isoformat() if area.since else "",
            "communes": area.communes,
            "population": area.population,
        },
        "themes": [
            {
                "key": theme.value,
                "label": theme.label,
                "figures": [_figure(figure, cpts) for figure in diagnosis.of_theme(theme)],
            }
            for theme in Theme
        ],
        "summary": list(SUMMED_UP),
        "maps": [_map(figure.definition, own) for figure, own in zip(mapped, lines, strict=True)],
        "communes": _communes(area, mapped, lines),
        "resources": [
            _resource(resource)
            for resource in Resource.objects.of(cpts).select_related("commune").order_by("kind", "name")
        ],
        "unchecked": unchecked(diagnosis),
        "gaps": [_gap(answered) for answered in gaps_of(diagnosis)],
        "priorities": [_priority(priority, diagnosis) for priority in Priority.objects.filter(cpts=cpts)],
    }


def _figure(figure: Figure, cpts: Cpts) -> dict[str, Any]:
    card = shown(figure, cpts)
    definition = figure.definition
    return {
        "code": card.code,
        "label": card.label,
        "unit": card.unit,
        "number": figure.value,
        "value": card.value,
        "density": card.density,
        "references": list(card.references),
        "vintage": card.vintage,
        "source": card.source,
        "where": card.where,
        "licence": card.licence,
        "remark": card.remark,
        "own": card.own,
        "own_value": card.own_value,
        "coverage": card.coverage,
        "missing": card.is_missing,
        "definition": definition.definition,
        "numerator": definition.numerator,
        "denominator": definition.denominator,
        "direction": definition.direction,
        "file": figure.vintage.source if figure.vintage else "",
    }


def _map(definition: Definition, lines: list[Line]) -> dict[str, Any]:
    classes = classified({line.code: line.shown for line in lines})
    unit = "pour 10 000 habitants" if definition.is_count and definition.per else definition.unit
    return {
        "code": definition.code,
        "title": definition.label,
        "unit": unit,
        "classes": dict(classes.places),
        "legend": [
            f"{compared_text(definition, low)} à {compared_text(definition, high)}" for low, high in classes.ranges
        ],
        "unpublished": classes.unpublished,
    }


def _communes(area: Area, mapped: list[Figure], columns: list[list[Line]]) -> dict[str, Any]:
    """One line a commune, the mapped indicators as columns."""
    inhabitants = columns[0] if columns else lines_of(area, definitions()[POPULATION], None)
    rows = [
        {
            "code": commune.code,
            "name": commune.name,
            "population": commune.population,
            "values": [
                value_text(figure.definition, cells[place].value) for figure, cells in zip(mapped, columns, strict=True)
            ],
            "numbers": [cells[place].value for cells in columns],
        }
        for place, commune in enumerate(inhabitants)
    ]
    return {"columns": [figure.definition.label for figure in mapped], "rows": rows}


def _resource(resource: Resource) -> dict[str, str]:
    return {
        "kind": resource.get_kind_display(),
        "name": resource.name,
        "commune": resource.commune.name if resource.commune else "",
        "scope": resource.scope,
        "contact": resource.contact,
        "hours": resource.hours,
        "source": resource.source,
    }


def _gap(answered: Answered) -> dict[str, str]:
    decision = answered.decision
    return {
        "key": answered.gap.key,
        "title": answered.gap.title,
        "detail": answered.gap.detail,
        "answer": decision.get_status_display() if decision else "à examiner",
        "reason": decision.reason if decision else "",
    }


def _priority(priority: Priority, diagnosis: Diagnosis) -> dict[str, Any]:
    figures = [diagnosis.figures[code] for code in priority.indicators if code in diagnosis.figures]
    return {
        "rank": priority.rank,
        "title": priority.title,
        "why": priority.why,
        "mission": Mission(priority.mission).label,
        "indicators": [figure.definition.label for figure in figures],
    }


def figures_by_code(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {figure["code"]: figure for theme in content["themes"] for figure in theme["figures"]}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures, published or of the CPTS, that differ from one version to the next, in the order of the diagnosis."""
    old = figures_by_code(before)
    changes = []
    for code, now in figures_by_code(after).items():
        then = old.get(code, NOT_YET)
        if _said(then) != _said(now) and not (then is NOT_YET and now["missing"] and not now["own"]):
            changes.append({"code": code, "label": now["label"], "unit": now["unit"], "before": then, "after": now})
    return changes


def _said(figure: Mapping[str, Any]) -> tuple[Any, ...]:
    """What of a figure makes it another one. A new vintage that says the same is one too: it is dated."""
    return figure["number"], figure["vintage"], figure["own"]
