"""Values of indicators in: one vintage at a time, replaced whole, with its départements, régions and France."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from maillage.core.errors import UnreadableFile
from maillage.core.loading.sources import TextSource, delimiter_of, first_line
from maillage.core.sql.bulk import insert_rows
from maillage.cpts.models import Cpts
from maillage.territorial_diagnosis.models import IndicatorValue, Vintage
from maillage.territorial_diagnosis.queries.places import FRANCE, Gazetteer, Row, added, departement_place, region_place
from maillage.territorial_diagnosis.rules.catalogue import FileRecipe, Gives, Kind, definitions
from maillage.territorial_diagnosis.rules.cells import NotANumber, number

NO_VALUE: Row = (None, None)


@dataclass(frozen=True)
class NewVintage:
    """What a loading knows of a vintage before its values."""

    code: str
    label: str
    source: str
    at: datetime
    level: str = "commune"
    note: str = ""
    cpts: Cpts | None = None
    unmatched: tuple[str, ...] = ()
    covered: frozenset[str] | None = None
    adds_up: bool = False


@transaction.atomic
def store(new: NewVintage, rows: Mapping[str, Row], places: Gazetteer) -> Vintage:
    """Replace one vintage: the values given, and those of what holds their places."""
    if new.level == "commune":
        whole = places.with_parents(rows, adds=new.adds_up)
        whole |= places.rolled_up(whole, exhaustive=new.covered)
    else:
        whole = dict(rows)
    Vintage.objects.filter(cpts=new.cpts, code=new.code, label=new.label).delete()
    vintage = Vintage.objects.create(
        cpts=new.cpts,
        code=new.code,
        label=new.label,
        source=new.source[:200],
        note=new.note[:400],
        level=new.level,
        places=sum(row[0] is not None for row in rows.values()),
        unpublished=sum(row[0] is None for row in rows.values()),
        unmatched=list(new.unmatched[:100]),
        covered=None if new.covered is None else sorted(new.covered),
        loaded_at=new.at,
    )
    values = ((vintage.pk, place, numerator, denominator) for place, (numerator, denominator) in sorted(whole.items()))
    insert_rows(IndicatorValue, ("vintage", "place", "numerator", "denominator"), values)
    return vintage


def on_inhabitants(row: Row, population: int) -> Row:
    """The same average, weighted by these inhabitants: merged communes are not counted once for each of their parts."""
    numerator, weight = row
    if numerator is None or not weight:
        return row
    return numerator / weight * population, float(population)


@dataclass(frozen=True)
class OpenFile:
    """One open file, read whole: they hold some tens of thousands of rows."""

    name: str
    header: Sequence[str]
    rows: Sequence[Mapping[str, str]]


def read_csv(path: Path) -> OpenFile:
    """A CSV of any usual shape: comma or semicolon, plain or .gz, UTF-8. Raises UnreadableFile."""
    source = TextSource(path)
    text = "\n".join(line.decode() for _, line in source.lines("Lecture")).removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    return parse_csv(path.name, text)


def parse_csv(name: str, text: str) -> OpenFile:
    delimiter = delimiter_of(text.partition("\n")[0])
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [column.strip() for column in reader.fieldnames or ()]
    reader.fieldnames = header
    try:
        rows = [row for row in reader if any(row.values())]
    except csv.Error as error:
        raise UnreadableFile(f"{name} n’est pas un tableau lisible : {error}.") from error
    if len(header) < 2 or not rows:
        raise UnreadableFile(
            f"{name} ne contient pas de tableau : il faut une ligne de titres et des lignes de valeurs."
        )
    return OpenFile(name, header, rows)


def header_of(path: Path) -> list[str]:
    """The column names of a CSV, without reading it; empty when it is not one."""
    line = first_line(TextSource(path)).decode("utf-8-sig").strip()
    return [name.strip() for name in next(csv.reader([line], delimiter=delimiter_of(line)), [])]


@dataclass
class Recipe:
    """Applies one recipe to one file."""

    file: OpenFile
    recipe: FileRecipe
    places: Gazetteer
    at: datetime
    links: Mapping[str, str]
    absurd: int = 0

    def vintages(self) -> Iterator[Vintage]:
        """Store each indicator that the file gives."""
        for gives in self.recipe.gives:
            for label, rows in self._by_vintage(gives).items():
                yield self._store(gives, label, rows)

    def _by_vintage(self, gives: Gives) -> dict[str, list[Mapping[str, str]]]:
        where = {**self.recipe.where, **gives.recipe.get("where", {})}
        chosen = [row for row in self.file.rows if all((row.get(key) or "") in values for key, values in where.items())]
        if not self.recipe.vintage_column:
            return {gives.vintage: chosen}
        latest = max((row[self.recipe.vintage_column] for row in chosen), default="")
        return {latest: [row for row in chosen if row[self.recipe.vintage_column] == latest]} if latest else {}

    def _store(self, gives: Gives, label: str, rows: list[Mapping[str, str]]) -> Vintage:
        values: dict[str, Row] = {}
        unmatched: list[str] = []
        self.absurd = 0
        for row in rows:
            place = self._place(row)
            if not place:
                unmatched.append(row[self.recipe.key] or "(vide)")
                continue
            value = self._value(gives, row, place)
            # Communes that merged since: their parts add up.
            values[place] = added(values[place], value) if place in values else value
        values = self._of_today(gives, values)
        if self.recipe.level == "bassin":
            values = self._spread(values)
        definition = definitions()[gives.indicator]
        exhaustive = frozenset(self.places.regions) if definition.absent_is_zero else None
        if self.recipe.level == "departement":
            values = values | self._above(values)
        return store(
            NewVintage(
                gives.indicator,
                label,
                self.file.name,
                self.at,
                unmatched=tuple(sorted(set(unmatched))),
                level="commune" if self.recipe.level == "bassin" else self.recipe.level,
                note=self._note(),
                covered=exhaustive if self.recipe.level == "commune" else None,
            ),
            values,
            self.places,
        )

    def _note(self) -> str:
        """What people must know of this vintage."""
        notes = ["Valeur du bassin de vie de chaque commune."] if self.recipe.level == "bassin" else []
        if self.absurd:
            notes.append(f"{self.absurd} valeurs impossibles laissées de côté.")
        return " ".join(notes)

    def _of_today(self, gives: Gives, values: Mapping[str, Row]) -> dict[str, Row]:
        """Communes that merged had a row each: their sums are set on the inhabitants of today, counted once."""
        how, people = gives.recipe, self.places.populations
        if how.get("special") == "growth_to_2023":
            return {
                place: NO_VALUE if before is None or not people.get(place) else (people[place] - before, before)
                for place, (before, _) in values.items()
            }
        if "among" in how or ("value" in how and "weight" not in how and self.recipe.level == "commune"):
            return {place: on_inhabitants(row, people.get(place, 0)) for place, row in values.items()}
        return dict(values)

    def _place(self, row: Mapping[str, str]) -> str:
        code = (row.get(self.recipe.key) or "").strip()
        if self.recipe.level == "bassin":
            return code
        if self.recipe.level == "departement":
            return departement_place(code) if code in self.places.regions else ""
        return self.places.today(code)

    def _spread(self, values: Mapping[str, Row]) -> dict[str, Row]:
        """The value of an area of study, given to each of its communes and weighted by their inhabitants."""
        spread: dict[str, Row] = {}
        for code, area in self.links.items():
            if area in values and code in self.places.populations:
                population = self.places.populations[code]
                numerator, weight = values[area]
                share = None if numerator is None or not weight else numerator / weight
                spread[code] = (None if share is None else share * population, float(population))
        return spread

    def _above(self, values: Mapping[str, Row]) -> dict[str, Row]:
        """Régions and France from the départements."""
        totals: dict[str, Row] = {}
        counts: dict[str, int] = {}
        for departement, region in self.places.regions.items():
            row = values.get(departement_place(departement), NO_VALUE)
            for place in (region_place(region), FRANCE):
                counts[place] = counts.get(place, 0) + 1
                if row[0] is not None:
                    totals[place] = added(totals.get(place, NO_VALUE), row)
                    counts[place] -= 1
        # A few overseas territories are often absent: France is told when nine départements out of ten are.
        return {place: row for place, row in totals.items() if counts[place] <= (11 if place == FRANCE else 0)}

    def _value(self, gives: Gives, row: Mapping[str, str], place: str) -> Row:
        how = gives.recipe
        if "special" in how:
            return self._special(how, row)
        if how.get("rows"):
            return (1.0, None)
        if "among" in how:
            cell = row.get(how["among"]) or ""
            population = float(self.places.populations.get(place, 0))
            return (population if cell in how["values"] else 0.0, population) if cell else NO_VALUE
        if "value" in how:
            return self._mean(how, row, place)
        numerator = self._numerator(how, row)
        denominator = self._denominator(how, row, place)
        needs = definitions()[gives.indicator].kind != Kind.COUNT
        return NO_VALUE if numerator is None or (needs and denominator is None) else (numerator, denominator)

    def _numerator(self, how: Mapping[str, Any], row: Mapping[str, str]) -> float | None:
        if "difference" in how:
            after, before = (self._cell(row, name) for name in how["difference"])
            return None if after is None or before is None else after - before
        if "sum" in how:
            cells = [self._cell(row, name) for name in how["sum"]]
            return None if None in cells else sum(cell for cell in cells if cell is not None)
        return self._cell(row, how["numerator"])

    def _denominator(self, how: Mapping[str, Any], row: Mapping[str, str], place: str) -> float | None:
        name = how.get("denominator", "")
        if name == "population":
            population = self.places.population_of.get(place) or self.places.populations.get(place)
            return float(population) if population else None
        return self._cell(row, name) if name else None

    def _mean(self, how: Mapping[str, Any], row: Mapping[str, str], place: str) -> Row:
        value = self._cell(row, how["value"])
        if "weight" in how:
            weight = self._cell(row, how["weight"])
        elif self.recipe.level == "bassin":
            weight = 1.0
        else:
            weight = float(self.places.populations.get(place, 0) or self.places.population_of.get(place, 0))
        if value is None or weight is None:
            return NO_VALUE
        if "below" in how:
            return (weight if value < how["below"] else 0.0, weight)
        return (value * weight, weight)

    def _special(self, how: Mapping[str, Any], row: Mapping[str, str]) -> Row:
        if how["special"] == "growth_to_2023":
            return self._cell(row, how["from"]), None
        whole, part, weight = (self._cell(row, how[name]) for name in ("whole", "part", "weight"))
        if whole is None or part is None or weight is None:
            return NO_VALUE
        return ((whole - part) * weight, whole * weight)

    def _cell(self, row: Mapping[str, str], name: str) -> float | None:
        try:
            value = number(row.get(name) or "")
        except NotANumber:
            value = -1.0
        if value is not None and value < 0:
            # No column of the catalogue is ever negative: what cannot be is not taken, and is told with the vintage.
            self.absurd += 1
            return None
        return value
