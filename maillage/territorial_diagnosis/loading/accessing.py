"""Accessibility of every commune, from the directory, populations and ages to stored indicators.

The one module that loads numpy: it runs in the background or in a command, never in a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from maillage.geography.models import Commune
from maillage.territorial_diagnosis.loading.vintages import NewVintage, store
from maillage.territorial_diagnosis.models import IndicatorValue, SharedPerson, TravelTime, Vintage
from maillage.territorial_diagnosis.queries.places import Gazetteer, Row, departement_place
from maillage.territorial_diagnosis.rules import accessibility as rules
from maillage.territorial_diagnosis.rules.catalogue import accessible_groups

Floats = NDArray[np.float64]
FAR_MINUTES = 20.0
WHOLE_COUNTRY = 95  # départements
AGE_CODES = ("age_0_24", "age_65_plus", "age_75_plus")


@dataclass(frozen=True)
class Nodes:
    """Places where people live and exercise: communes, and arrondissements instead of the three large cities."""

    codes: list[str]
    points: Floats
    population: Floats

    def index(self) -> dict[str, int]:
        return {code: place for place, code in enumerate(self.codes)}


def read_nodes(places: Gazetteer) -> Nodes:
    """Communes with a known town hall. An arrondissement without one takes that of its commune."""
    rows = list(Commune.objects.current().values_list("code", "latitude", "longitude", "population", "parent_id"))
    where = {code: (latitude, longitude) for code, latitude, longitude, _, _ in rows if latitude is not None}
    split = set(places.parents.values())
    kept = [
        (code, where.get(code) or where.get(str(parent)), population or 0)
        for code, _, _, population, parent in rows
        if code not in split
    ]
    located = [(code, point, population) for code, point, population in kept if point]
    latitude = np.array([float(point[0] or 0) for _, point, _ in located])
    longitude = np.array([float(point[1] or 0) for _, point, _ in located])
    population = np.array([float(population) for *_, population in located])
    return Nodes([code for code, *_ in located], rules.project(latitude, longitude), population)


def refresh_accessibility(places: Gazetteer, at: datetime, on: date) -> int:
    """Write the accessibility of every commune to each liberal profession. Returns how many vintages were written."""
    groups = accessible_groups()
    vintages = {
        vintage.code: vintage for vintage in Vintage.objects.shared().filter(code__in=[f"lib_{g}" for g in groups])
    }
    if not vintages:
        return 0
    nodes = read_nodes(places)
    steps, how = rules.catchment(on), rules.travel(on)
    supply = read_supply(nodes, groups, vintages)
    demand, note = read_demand(nodes, groups, places, on)
    given = read_pairs(nodes)
    pairs = given or rules.pairs(nodes.points, nodes.population, how, within=steps.steps[-1][0])
    weights = rules.weight_matrix(pairs, len(nodes.codes), steps)
    accessibility = rules.accessibility(weights, supply, demand)
    covered = frozenset(vintages[f"lib_{groups[0]}"].covered or ())
    _store_density(nodes, places, at)
    kept = _inside(nodes, places, covered)
    for column, group in enumerate(groups):
        vintage = vintages[f"lib_{group}"]
        values = accessibility[:, column]
        rows: dict[str, Row] = {
            code: (float(values[place]) * float(nodes.population[place]), float(nodes.population[place]))
            for place, code in enumerate(nodes.codes)
            if kept[place]
        }
        partial = "" if len(covered) > WHOLE_COUNTRY else "Offre connue dans les départements chargés seulement. "
        times = "Temps de trajet du fichier chargé" if given else "Temps estimés"
        text = f"{partial}{times} ; couronnes à confirmer dans un texte. {note.get(group, '')}".strip()
        with transaction.atomic():
            Vintage.objects.shared().filter(code=f"acc_{group}").exclude(label=vintage.label).delete()
            store(NewVintage(f"acc_{group}", vintage.label, vintage.source, at, note=text), rows, places)
    return len(groups)


def read_pairs(nodes: Nodes) -> rules.Pairs | None:
    """The matrix of road times, when one was loaded; each place reaches itself at once."""
    index = nodes.index()
    rows = TravelTime.objects.values_list("origin", "destination", "minutes").iterator(chunk_size=20_000)
    pairs = [(index[a], index[b], minutes) for a, b, minutes in rows if a in index and b in index and a != b]
    if not pairs:
        return None
    own = np.arange(len(nodes.codes))
    origin, destination, minutes = (np.array(column) for column in zip(*pairs, strict=True))
    return rules.Pairs(
        np.concatenate((origin, own)), np.concatenate((destination, own)), np.concatenate((minutes, np.zeros(len(own))))
    )


def _store_density(nodes: Nodes, places: Gazetteer, at: datetime) -> None:
    """The density that sets the speed of estimated journeys: an indicator like the others, and what pages read."""
    density = rules.density_around(nodes.points, nodes.population)
    rows: dict[str, Row] = {
        code: (float(density[place] * nodes.population[place]), float(nodes.population[place]))
        for place, code in enumerate(nodes.codes)
    }
    year = str(Commune.objects.filter(population_year__isnull=False).values_list("population_year", flat=True)[0])
    store(NewVintage("densite_5km", year, "Référentiel des communes de Maillage (INSEE)", at), rows, places)


def _inside(nodes: Nodes, places: Gazetteer, covered: frozenset[str]) -> list[bool]:
    """Only where the register was loaded: elsewhere nobody is not zero."""
    return [places.departements[code] in covered for code in nodes.codes]


def read_supply(nodes: Nodes, groups: tuple[str, ...], vintages: Mapping[str, Vintage]) -> Floats:
    """A column a profession: people of each place; one who exercises in three places counts a third in each."""
    index, columns = nodes.index(), {vintages[f"lib_{g}"].pk: c for c, g in enumerate(groups)}
    supply = np.zeros((len(nodes.codes), len(groups)))
    values = IndicatorValue.objects.filter(vintage__in=columns, numerator__gt=0).values_list(
        "vintage", "place", "numerator"
    )
    for vintage, place, numerator in values.iterator(chunk_size=10_000):
        if (row := index.get(place)) is not None:
            supply[row, columns[vintage]] += numerator
    by_code = {f"lib_{g}": c for c, g in enumerate(groups)}
    shared: dict[tuple[str, int], list[str]] = {}
    for code, person, place in SharedPerson.objects.filter(code__in=by_code).values_list(
        "code", "practitioner_id", "place"
    ):
        shared.setdefault((code, person), []).append(place)
    for (code, _), held in shared.items():
        for place in held:
            if (row := index.get(place)) is not None:
                supply[row, by_code[code]] += 1 / len(held) - 1
    return supply


def read_demand(nodes: Nodes, groups: tuple[str, ...], places: Gazetteer, on: date) -> tuple[Floats, dict[str, str]]:
    """A column a profession: inhabitants, weighted by the care their ages seek where ages and weights are known."""
    ages, known, estimated = read_ages(nodes, places)
    columns, notes = [], {}
    for group in groups:
        weights = rules.demand_weights(group, on)
        columns.append(rules.standardised(nodes.population, ages, known, weights))
        if weights is None:
            notes[group] = "Besoins non pondérés par l’âge (poids inconnus)."
        elif not known.any():
            notes[group] = "Besoins non pondérés par l’âge (aucun fichier d’âges)."
        else:
            notes[group] = f"Âges du département pour {estimated} communes."
    return np.column_stack(columns), notes


def read_ages(nodes: Nodes, places: Gazetteer) -> tuple[Floats, NDArray[np.bool_], int]:
    """Shares of the four age classes of each place, whether they are known, and how many come from the département.

    The département tells its share of 75 and over; the other classes follow the published communes.
    """
    shares = {code: _shares(code) for code in (*AGE_CODES, "age_75_plus_departement")}
    ages = np.zeros((len(nodes.codes), 4))
    for row, code in enumerate(nodes.codes):
        published = [shares[name].get(code) for name in AGE_CODES]
        if None not in published:
            young, old, oldest = (float(share or 0) for share in published)
            ages[row] = (young, 1 - young - old, old - oldest, oldest)
    known = ages.sum(axis=1) > 0
    if not known.any():
        return ages, known, 0
    usual = np.average(ages[known], axis=0, weights=nodes.population[known] + 1)
    estimated = 0
    for row, code in enumerate(nodes.codes):
        oldest_here = shares["age_75_plus_departement"].get(departement_place(places.departements[code]))
        if not known[row] and oldest_here is not None:
            ages[row] = (*(usual[:3] * (1 - oldest_here) / usual[:3].sum()), oldest_here)
            known[row], estimated = True, estimated + 1
    return ages, known, estimated


def _shares(code: str) -> dict[str, float]:
    latest = Vintage.objects.newest_first(code).first()
    if latest is None:
        return {}
    rows = latest.values.filter(denominator__gt=0).values_list("place", "numerator", "denominator")
    return {
        place: numerator / denominator
        for place, numerator, denominator in rows
        if numerator is not None and denominator
    }


def refresh_emergency(places: Gazetteer, at: datetime, on: date) -> int:
    """Estimated minutes from each commune to the nearest emergency department of the SAE."""
    latest = Vintage.objects.newest_first("urgences").first()
    if latest is None:
        return 0
    nodes, how = read_nodes(places), rules.travel(on)
    with_one = set(latest.values.filter(numerator__gt=0).values_list("place", flat=True))
    # A city told as a whole has its emergencies in each of its arrondissements.
    there = [row for row, code in enumerate(nodes.codes) if code in with_one or places.parents.get(code) in with_one]
    minutes = rules.nearest_minutes(nodes.points, np.array(there, dtype=np.int64), nodes.population, how)
    population = nodes.population
    rows: dict[str, Row] = {}
    far: dict[str, Row] = {}
    for place, code in enumerate(nodes.codes):
        if np.isfinite(minutes[place]):
            here = float(population[place])
            rows[code] = (float(minutes[place]) * here, here)
            far[code] = (here if minutes[place] > FAR_MINUTES else 0.0, here)
    note = "Temps estimés à vol d’oiseau."
    store(NewVintage("urgences_minutes", latest.label, latest.source, at, note=note), rows, places)
    store(NewVintage("urgences_loin", latest.label, latest.source, at, note=note), far, places)
    return 2
