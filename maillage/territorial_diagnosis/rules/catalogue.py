"""What the diagnosis knows how to say: definitions of indicators, and how files give them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from maillage.core.parameters import read_yaml
from maillage.directory.rules.professions import GROUPS

PATH = Path(__file__).parent / "data" / "catalogue.yaml"


class Theme(StrEnum):
    """The parts of a diagnosis, in the order people read them."""

    POPULATION = "population"
    SUPPLY = "supply"
    ACCESS = "access"
    NEEDS = "needs"
    FLOWS = "flows"

    @property
    def label(self) -> str:
        return THEME_LABELS[self]


THEME_LABELS = {
    Theme.POPULATION: "Population",
    Theme.SUPPLY: "Offre de soins",
    Theme.ACCESS: "Accessibilité",
    Theme.NEEDS: "Besoins de santé",
    Theme.FLOWS: "Flux de patients",
}


class Kind(StrEnum):
    """How values of communes become the value of a territory."""

    COUNT = "count"
    RATE = "rate"
    MEAN = "mean"


@dataclass(frozen=True)
class Source:
    """Who publishes a figure, under which licence, and where to get it."""

    title: str
    licence: str
    where: str = ""


@dataclass(frozen=True)
class Definition:
    """One indicator: what it says, of what it is made, where it comes from.

    `per` scales a rate (100 for %), or says that a count is compared per 10,000 inhabitants (0: never).
    """

    code: str
    theme: Theme
    kind: Kind
    label: str
    unit: str
    source: Source
    definition: str
    numerator: str
    denominator: str = ""
    per: int = 10_000
    decimals: int = 1
    direction: str = ""  # higher or lower is better; '' when it is neither
    absent: str = "missing"
    by_hand: bool = False
    made_from: Source | None = None  # what a figure of ours is computed from
    is_custom: bool = False

    @cached_property
    def is_count(self) -> bool:
        return self.kind == Kind.COUNT

    @property
    def absent_is_zero(self) -> bool:
        return self.absent == "zero"

    def value(self, numerator: float | None, denominator: float | None) -> float | None:
        """The figure shown; None when a part of it is not known.

        A count is its numerator; a rate its quotient, scaled; a mean its quotient.
        """
        if numerator is None:
            return None
        if self.is_count:
            return numerator
        if not denominator:
            return None
        return numerator / denominator * (self.per if self.kind == Kind.RATE else 1)

    def density(self, numerator: float | None, population: float | None) -> float | None:
        """A count per 10,000 inhabitants, which is what territories are compared on; None for other kinds."""
        if not self.is_count or not self.per or numerator is None or not population:
            return None
        return numerator / population * self.per

    def comparable(self, numerator: float | None, denominator: float | None, population: float | None) -> float | None:
        """What territories are compared on: a count per 10,000 inhabitants, or the value itself."""
        return self.density(numerator, population) if self.is_count else self.value(numerator, denominator)


@dataclass(frozen=True)
class Gives:
    """One indicator that a file gives: which columns, made how, for which vintage."""

    indicator: str
    vintage: str
    recipe: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FileRecipe:
    """How one kind of open file is recognised and read."""

    title: str
    columns: Sequence[str]
    level: str
    key: str
    gives: tuple[Gives, ...]
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    vintage_column: str = ""
    link: str = ""


@cache
def definitions() -> dict[str, Definition]:
    """Every indicator of the product, in the order of the catalogue."""
    raw = read_yaml(PATH)
    sources = {name: Source(**source) for name, source in raw["sources"].items()}
    catalogue = {}
    # Head counts come first in the supply: what the official figures stand beside.
    for code, values in sorted(
        [*raw["indicators"].items(), *_from_templates(raw)], key=lambda pair: not _is_count(pair[0])
    ):
        fields = dict(values)
        catalogue[code] = Definition(
            code=code,
            theme=Theme(fields.pop("theme")),
            kind=Kind(fields.pop("kind")),
            source=sources[fields.pop("source")],
            made_from=sources.get(fields.pop("made_from", "")),
            **fields,
        )
    return catalogue


def _is_count(code: str) -> bool:
    return code.startswith(("lib_", "sal_"))


def _from_templates(raw: Any) -> list[tuple[str, dict[str, Any]]]:
    """A pair of counts a profession, an accessibility for those that have one, a count a kind of establishment."""
    made = []
    for group in GROUPS:
        for prefix, template in (("lib", "liberal"), ("sal", "salaried"), ("acc", "access")):
            if prefix != "acc" or group.code in raw["accessible_groups"]:
                made.append((f"{prefix}_{group.code}", _filled(raw["templates"][template], group.plural)))
    for category, plural in raw["establishments"].items():
        made.append((f"fin_{category}", _filled(raw["templates"]["establishment"], plural)))
    return made


def _filled(template: Mapping[str, Any], plural: str) -> dict[str, Any]:
    capital = plural[0].upper() + plural[1:]
    names = {"label": capital if template["label"].startswith("{") else plural, "definition": capital}
    return {
        key: value.replace("{plural}", names.get(key, plural)) if isinstance(value, str) else value
        for key, value in template.items()
    }


@cache
def file_recipes() -> tuple[FileRecipe, ...]:
    """Every kind of open file that load_open_data recognises."""
    made = []
    for recipe in read_yaml(PATH)["files"]:
        gives = tuple(
            Gives(
                each["indicator"],
                each.get("vintage", ""),
                {key: value for key, value in each.items() if key not in ("indicator", "vintage")},
            )
            for each in recipe["gives"]
        )
        made.append(FileRecipe(**(recipe | {"gives": gives})))
    return tuple(made)


@cache
def accessible_groups() -> tuple[str, ...]:
    return tuple(read_yaml(PATH)["accessible_groups"])


@cache
def establishment_categories() -> tuple[str, ...]:
    return tuple(read_yaml(PATH)["establishments"])


def recognise(header: Sequence[str]) -> FileRecipe | None:
    """The recipe whose columns are all there; the most demanding one when several fit."""
    there = set(header)
    fitting = [recipe for recipe in file_recipes() if set(recipe.columns) <= there]
    return max(fitting, key=lambda recipe: len(recipe.columns), default=None)
