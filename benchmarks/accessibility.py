"""Accessibility of every commune: our computation against plain sparse products, and the whole of it cold.

The named peer (PySAL `access`) lives in an environment of its own: `make bench-peer`.
"""

import time
from datetime import date

import numpy as np
from django.db import transaction
from django.utils import timezone
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree

from benchmarks.measure import interleaved, milliseconds, row
from maillage.core.sql.bulk import insert_rows
from maillage.territorial_diagnosis.loading import accessing
from maillage.territorial_diagnosis.loading.vintages import NewVintage, store
from maillage.territorial_diagnosis.models import IndicatorValue
from maillage.territorial_diagnosis.queries.places import Gazetteer
from maillage.territorial_diagnosis.queries.what_if import changes_around
from maillage.territorial_diagnosis.rules import accessibility as rules
from maillage.territorial_diagnosis.rules.catalogue import accessible_groups

ON = date(2026, 11, 24)
BARE = 10**6  # vintages of the floor, which no model knows


def run() -> None:
    places = Gazetteer.read()
    nodes = accessing.read_nodes(places)
    groups = accessible_groups()
    rng = np.random.default_rng(24)
    supply = rng.poisson(nodes.population[:, None] / 1_500, (len(nodes.codes), len(groups))).astype(float)
    demand = np.repeat(nodes.population[:, None], len(groups), axis=1)
    pairs = rules.pairs(nodes.points, nodes.population, rules.travel(ON))
    weights = rules.weight_matrix(pairs, len(nodes.codes), rules.catchment(ON))
    transposed = weights.T.tocsr()

    def plain() -> object:
        reached = transposed @ demand
        with np.errstate(divide="ignore", invalid="ignore"):
            return weights @ np.nan_to_num(supply / reached)

    mine, bare = interleaved(lambda: rules.accessibility(weights, supply, demand), plain, rounds=9)
    row(f"accessibility, {len(groups)} professions, {weights.nnz} pairs in place", mine, bare, "≤ 2")
    _whole(places, nodes, groups, supply)
    _linear(nodes, groups)
    (answer,) = interleaved(lambda: changes_around("24037", 1, on=ON))
    row("what-if: one general practitioner more in Bergerac, page aside", answer, 5, "≤ 1")


def _whole(places: Gazetteer, nodes: accessing.Nodes, groups: tuple[str, ...], supply: np.ndarray) -> None:
    """Cold, from the database to the database, against the tree, the products and the bare writing."""
    now = timezone.now()
    everywhere = frozenset(places.regions)
    for column, group in enumerate(groups):
        rows = {code: (float(supply[place, column]), None) for place, code in enumerate(nodes.codes)}
        store(NewVintage(f"lib_{group}", "2026-11-12", "banc", now, covered=everywhere), rows, places)
    mine = min(milliseconds(lambda: accessing.refresh_accessibility(places, now, ON)) for _ in range(3))
    bare = min(_bare(places, groups, supply) for _ in range(3))
    row("the same cold, database to database", mine, bare, "≤ 3")


def _bare(places: Gazetteer, groups: tuple[str, ...], supply: np.ndarray) -> float:
    """Communes read, k-d tree, sparse products, 12 values a commune written: what none can do without. In ms."""
    start = time.perf_counter()
    nodes = accessing.read_nodes(places)
    half = cKDTree(nodes.points).query_pairs(20, output_type="ndarray")
    own = np.arange(len(nodes.codes))
    where = (np.concatenate((half[:, 0], half[:, 1], own)), np.concatenate((half[:, 1], half[:, 0], own)))
    weights = csr_matrix((np.ones(len(where[0])), where), shape=(len(own), len(own)))
    demand = np.repeat(nodes.population[:, None], len(groups), axis=1)
    reached = weights.T @ demand
    found = weights @ np.divide(supply, reached, out=np.zeros_like(supply), where=reached > 0)
    values = (
        (BARE + column, code, float(found[place, column]), 1.0)
        for column in range(len(groups))
        for place, code in enumerate(nodes.codes)
    )
    with transaction.atomic():
        insert_rows(IndicatorValue, ("vintage", "place", "numerator", "denominator"), values)
    taken = 1000 * (time.perf_counter() - start)
    IndicatorValue.objects.filter(vintage__gte=BARE).delete()
    return taken


def _linear(nodes: accessing.Nodes, groups: tuple[str, ...]) -> None:
    """Microseconds a pair, on a quarter of the communes and on all of them."""
    told = []
    for size in (len(nodes.codes) // 4, len(nodes.codes)):
        points, population = nodes.points[:size], nodes.population[:size]
        pairs = rules.pairs(points, population, rules.travel(ON))
        weights = rules.weight_matrix(pairs, size, rules.catchment(ON))
        supply = np.ones((size, len(groups)))
        demand = np.repeat(population[:, None], len(groups), axis=1)
        start = time.perf_counter()
        for _ in range(5):
            rules.accessibility(weights, supply, demand)
        told.append((time.perf_counter() - start) / 5 / weights.nnz * 1e9)
    row("nanoseconds a pair, all communes against a quarter of them", told[1], told[0], "± 15 %", "ns")
