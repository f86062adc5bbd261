"""Figures made ready for screens and documents: texts, bars, what to say when there is nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from maillage.core.money import NBSP
from maillage.core.templatetags.maillage import day
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.territorial_diagnosis.queries.figures import Diagnosis, Edition, Figure
from maillage.territorial_diagnosis.rules.catalogue import Definition, Theme
from maillage.territorial_diagnosis.rules.shown import MISSING, compared_text, value_text

BAR_WIDTH = 100


@dataclass(frozen=True)
class Bar:
    """One value among those it is compared with; `width` out of 100."""

    label: str
    text: str
    width: float
    is_own: bool = False


@dataclass(frozen=True)
class Shown:
    """One indicator as people read it."""

    code: str
    label: str
    unit: str
    value: str
    density: str
    references: Sequence[str]
    bars: Sequence[Bar]
    vintage: str
    source: str
    where: str
    licence: str
    remark: str
    coverage: str
    own: str
    own_value: str
    own_from: str
    is_missing: bool
    definition: Definition

    @property
    def headline(self) -> str:
        """The figure as a card shows it: published, else that of the CPTS, else missing."""
        text = self.own_value if self.is_missing and self.own else self.value
        return f"{text}{NBSP}%" if self.unit == "%" and (self.own or not self.is_missing) else text

    @property
    def caption(self) -> str:
        """What stands under the headline: unit, date or origin."""
        unit = "" if self.unit == "%" else self.unit
        return " · ".join(filter(None, (unit, self.own_from if self.is_missing else self.vintage)))


def vintage_text(label: str) -> str:
    """2026-11-12 -> 12 novembre 2026; 2023 stays."""
    try:
        return day(date.fromisoformat(label))
    except ValueError:
        return label


def reference_labels(cpts: Cpts) -> tuple[str, str, str]:
    return cpts.departement.name, cpts.departement.region.name, "France"


def shown(figure: Figure, cpts: Cpts) -> Shown:
    """Everything a row, a card or a page says of one indicator."""
    definition, vintage = figure.definition, figure.vintage
    compared = figure.references
    labels = ("La CPTS", *reference_labels(cpts))
    return Shown(
        code=definition.code,
        label=definition.label,
        unit=definition.unit,
        value=MISSING if vintage is None else value_text(definition, figure.value),
        density=compared_text(definition, figure.compared) if definition.is_count and definition.per else "",
        references=[compared_text(definition, value) for value in compared],
        bars=bars(definition, [figure.compared, *compared], labels),
        vintage=vintage_text(vintage.label) if vintage else "",
        source=definition.source.title,
        where=(definition.made_from or definition.source).where,
        licence=definition.source.licence,
        remark=remark(figure),
        coverage=_coverage(figure),
        own=own_text(definition, figure.own),
        own_value=value_text(definition, figure.own[1]) if figure.own else "",
        own_from=own_source(figure.own[0]) if figure.own else "",
        is_missing=vintage is None,
        definition=definition,
    )


def bars(definition: Definition, values: Sequence[float | None], labels: Sequence[str]) -> list[Bar]:
    """Bars of the values that are known, on one scale; none when there is nothing to compare."""
    known = [value for value in values if value is not None and value >= 0]
    if len(known) < 2 or not max(known):
        return []
    top = max(known)
    return [
        Bar(label, compared_text(definition, value), round(BAR_WIDTH * value / top, 1), is_own=place == 0)
        for place, (label, value) in enumerate(zip(labels, values, strict=True))
        if value is not None and value >= 0
    ]


def remark(figure: Figure) -> str:
    """What people must know before they quote the figure."""
    vintage = figure.vintage
    if vintage is None:
        return _why_missing(figure)
    if vintage.level == "departement":
        return "Publié par département seulement."
    if figure.row[0] is None:
        return "Non publié pour ces communes."
    if figure.absent:
        return f"Non publié pour {figure.absent} {plural(figure.absent, 'commune')} : la valeur porte sur les autres."
    return vintage.note


def _coverage(figure: Figure) -> str:
    """How much of the territory a figure speaks of, when it is not the whole; '' otherwise."""
    if figure.vintage is None or not figure.absent or not figure.published:
        return ""
    return f"{figure.published} {plural(figure.published, 'commune')} sur {figure.published + figure.absent}"


def _why_missing(figure: Figure) -> str:
    definition = figure.definition
    if definition.made_from:
        return f"Manquant : se calcule d’un fichier à charger, {definition.made_from.title}."
    if not definition.by_hand:
        return "Manquant : fichier à charger."
    return "" if figure.own else "Manquant : à saisir, avec sa source et sa date."


def own_text(definition: Definition, own: tuple[Edition, float] | None) -> str:
    """The CPTS's own count, beside the published one."""
    if own is None:
        return ""
    vintage, value = own
    return f"{value_text(definition, value)} {definition.unit} ({own_source(vintage)})"


def own_source(vintage: Edition) -> str:
    return f"{vintage.source}, {vintage_text(vintage.label)}"


def shown_themes(diagnosis: Diagnosis, themes: Iterable[Theme] = tuple(Theme)) -> list[tuple[Theme, list[Shown]]]:
    return [(theme, [shown(figure, diagnosis.cpts) for figure in diagnosis.of_theme(theme)]) for theme in themes]
