"""Catalogue, cells, classes, gaps, accessibility: what is true on paper."""

import itertools
from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.territorial_diagnosis.rules import accessibility as acc
from maillage.territorial_diagnosis.rules import gaps
from maillage.territorial_diagnosis.rules.catalogue import (
    Kind,
    Theme,
    accessible_groups,
    definitions,
    file_recipes,
    recognise,
)
from maillage.territorial_diagnosis.rules.cells import NotANumber, number
from maillage.territorial_diagnosis.rules.classes import class_bounds, classified
from maillage.territorial_diagnosis.rules.shown import compared_text, value_text, with_unit
from maillage.territorial_diagnosis.rules.what_if import changes

ON = date(2026, 11, 24)
STEPS = acc.catchment(ON)


@pytest.mark.parametrize("code", list(definitions()))
def test_every_indicator_says_what_it_is_made_of_and_where_it_comes_from(code):
    one = definitions()[code]
    assert all((one.label, one.unit, one.numerator, one.source.title, one.source.licence))
    assert one.definition.endswith(".")
    assert one.kind == Kind.COUNT or one.denominator
    assert "{" not in one.label + one.definition


@pytest.mark.parametrize("recipe", file_recipes(), ids=lambda recipe: recipe.title)
def test_every_recipe_names_known_indicators_and_columns_it_asks_for(recipe):
    for gives in recipe.gives:
        assert gives.indicator in definitions()
        assert gives.vintage or recipe.vintage_column
    assert recipe.key in recipe.columns
    assert recognise(recipe.columns) == recipe


def test_a_file_of_another_nature_is_not_recognised():
    assert recognise(["code_commune", "nom"]) is None


@pytest.mark.parametrize("theme", list(Theme))
def test_every_theme_has_indicators(theme):
    assert [one for one in definitions().values() if one.theme == theme]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12.0),
        ("1 234,5", 1234.5),
        ("1\u202f234", 1234.0),
        ("3.394", 3.394),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("16,9 %", 16.9),
        ("-3", -3.0),
        ("", None),
        ("s", None),
        ("nd", None),
        ("N/A", None),
        ("—", None),
        ("nan", None),
    ],
)
def test_numbers_are_read_as_files_write_them(text, expected):
    assert number(text) == expected


@pytest.mark.parametrize("text", ["abc", "12 patients", "1e999", "inf", "1,2,3", "2026-01-01", "9" * 20])
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(NotANumber):
        number(text)


@given(st.floats(min_value=-1e9, max_value=1e9).map(lambda value: round(value, 3)))
def test_a_french_number_reads_back(value):
    assert number(f"{value:.3f}".replace(".", ",")) == pytest.approx(value)


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=60))
def test_classes_cover_every_value_and_never_overlap(values):
    bounds = class_bounds(values)
    assert bounds == sorted(set(bounds))
    assert len(bounds) <= 5
    found = classified({str(place): value for place, value in enumerate(values)})
    for place, value in enumerate(values):
        low, high = found.ranges[found.places[str(place)] - 1]
        assert low <= value <= high
    assert all(high < low for (_, high), (low, _) in itertools.pairwise(found.ranges))


def test_a_place_without_a_value_is_in_no_class():
    found = classified({"a": 1.0, "b": None})
    assert (found.places, found.unpublished) == ({"a": 1, "b": 0}, 1)
    assert classified({}).ranges == []


@pytest.mark.parametrize(
    ("code", "row", "value", "text"),
    [
        ("lib_10G", (75.0, None), 75.0, "75\xa0professionnels"),
        ("age_75_plus", (4532.0, 26323.0), 4532 / 263.23, "17,2\xa0%"),
        ("apl_mg", (33.94, 10.0), 3.394, "3,39\xa0consultations par an et par habitant"),
        ("apl_mg", (None, None), None, "non publié"),
        ("age_75_plus", (0.0, 0.0), None, "non publié"),
    ],
)
def test_a_value_is_told_with_its_unit_and_never_made_up(code, row, value, text):
    one = definitions()[code]
    assert one.value(*row) == (pytest.approx(value) if value is not None else None)
    assert with_unit(one, one.value(*row)) == text


def test_counts_are_compared_per_ten_thousand_inhabitants():
    one = definitions()["lib_10G"]
    assert one.density(75, 61_915) == pytest.approx(12.113, abs=1e-3)
    assert compared_text(one, one.density(75, 61_915)) == "12,1"
    assert definitions()["qpv"].density(3, 61_915) is None
    assert value_text(one, 1234) == "1\u202f234"


NAMES = {"24037": "Bergerac", "24051": "Bosset", "24167": "Eymet"}


def test_communes_under_the_threshold_are_one_gap_and_the_threshold_itself_is_not():
    (found,) = gaps.under_threshold({"24037": 3.4, "24051": 2.4999, "24167": 2.5}, NAMES)
    assert (found.key, found.title[:9], found.detail) == ("apl-2-5", "1 commune", "Bosset.")
    assert gaps.under_threshold({"24037": 2.5, "24051": None}, NAMES) == []


def test_more_than_twenty_minutes_is_far_and_unknown_is_not():
    (found,) = gaps.far_from_emergency({"24037": 20.0, "24051": 20.1, "24167": None}, NAMES)
    assert found.detail == "Bosset."


def test_a_profession_is_absent_at_zero_and_thin_under_four_fifths():
    labels = {"lib_92": "Orthoptistes, libéral", "lib_60": "Infirmiers, libéral"}
    assert [gap.key for gap in gaps.absent_professions({"lib_92": 0.0, "lib_60": None}, labels)] == ["absent-lib_92"]
    thin = gaps.thin_professions({"lib_60": (7.9, 10.0), "lib_92": (8.0, 10.0)}, labels)
    assert [gap.key for gap in thin] == ["peu-lib_60"]
    assert gaps.thin_professions({"lib_60": (None, 10.0), "lib_92": (1.0, None)}, labels) == []


@pytest.mark.parametrize(
    ("minutes", "weight"),
    [(0, 1.0), (9.99, 1.0), (10, 0.3), (14.99, 0.3), (15, 0.1), (19.99, 0.1), (20, 0.0), (90, 0.0)],
)
def test_a_step_ends_where_the_next_one_begins(minutes, weight):
    assert STEPS.weights(np.array([float(minutes)]))[0] == weight


def test_parameters_are_dated_and_nothing_is_in_force_before_the_first():
    assert acc.catchment(date(2014, 1, 1)).steps[0] == (5.0, 1.0)
    with pytest.raises(LookupError):
        acc.catchment(date(2010, 1, 1))


@pytest.mark.parametrize(("density", "speed"), [(0, 55), (299, 55), (300, 38), (1500, 22), (9000, 22)])
def test_speed_follows_the_density(density, speed):
    assert acc.travel(ON).speed(np.array([float(density)]))[0] == speed


def grid(side=7, step=0.05):
    """A small country: places every few kilometres."""
    latitude, longitude = np.meshgrid(45 + step * np.arange(side), 0.5 + step * np.arange(side))
    rng = np.random.default_rng(24)
    population = rng.integers(50, 5_000, side * side).astype(float)
    return acc.project(latitude.ravel(), longitude.ravel()), population


def matrix():
    points, population = grid()
    found = acc.pairs(points, population, acc.travel(ON))
    return acc.weight_matrix(found, len(points), STEPS), population, found


def test_accessibility_shares_out_every_professional_once():
    """Weighted by inhabitants, what is received equals what is offered: a property of the two steps."""
    weights, population, _ = matrix()
    supply = np.zeros((len(population), 2))
    supply[3, 0], supply[20, 0], supply[11, 1] = 4, 1, 7
    demand = np.column_stack((population, population))
    found = acc.accessibility(weights, supply, demand)
    assert (found.T @ population / acc.PER) == pytest.approx([5, 7])


def test_accessibility_is_that_of_the_definition_written_plainly():
    weights, population, _ = matrix()
    supply = np.zeros((len(population), 1))
    supply[[3, 20, 30], 0] = [2, 1, 5]
    dense = weights.toarray()
    plain = np.zeros(len(population))
    for place in range(len(population)):
        for seat in np.flatnonzero(supply[:, 0]):
            reached = sum(dense[k, seat] * population[k] for k in range(len(population)))
            plain[place] += dense[place, seat] * supply[seat, 0] / reached
    found = acc.accessibility(weights, supply, population[:, None])
    assert found[:, 0] == pytest.approx(plain * acc.PER, rel=1e-12)


def test_pairs_hold_each_place_with_itself_and_go_both_ways():
    _, population, found = matrix()
    both = set(zip(found.origin.tolist(), found.destination.tolist(), strict=True))
    assert all((place, place) in both for place in range(len(population)))
    assert all((b, a) in both for a, b in both)
    assert found.minutes[found.origin == found.destination].max() == 0


def test_pairs_of_no_use_are_left_out_and_weigh_the_same():
    points, population = grid()
    every = acc.pairs(points, population, acc.travel(ON))
    useful = acc.pairs(points, population, acc.travel(ON), within=STEPS.steps[-1][0])
    assert len(useful.minutes) < len(every.minutes)
    whole, lean = (acc.weight_matrix(one, len(population), STEPS) for one in (every, useful))
    assert abs(whole - lean).max() == 0


def test_a_what_if_is_the_whole_computation_made_again():
    weights, population, found = matrix()
    supply = np.zeros((len(population), 1))
    supply[[3, 20], 0] = [2, 1]
    before = acc.accessibility(weights, supply, population[:, None])[:, 0]
    supply[24, 0] += 1
    after = acc.accessibility(weights, supply, population[:, None])[:, 0]
    near = found.destination == 24
    minutes = {str(o): float(m) for o, m in zip(found.origin[near], found.minutes[near], strict=True)}
    demand = {place: float(population[int(place)]) for place in minutes}
    told = changes(minutes, demand, STEPS.steps, 1)
    assert {place: after[int(place)] - before[int(place)] for place in told} == pytest.approx(told)
    assert changes(minutes, demand, STEPS.steps, -1) == pytest.approx(
        {place: -change for place, change in told.items()}
    )


def test_a_what_if_where_nobody_lives_changes_nothing():
    assert changes({"a": 0.0}, {"a": 0.0}, STEPS.steps, 1) == {}


def test_demand_is_weighted_by_age_only_where_ages_and_weights_are_known():
    population = np.array([100.0, 100.0])
    ages = np.array([[0, 0, 0, 1.0], [0, 0, 0, 0]])
    known = np.array([True, False])
    assert acc.standardised(population, ages, known, [1, 1, 1, 2]).tolist() == [200, 100]
    assert acc.standardised(population, ages, known, None).tolist() == [100, 100]


def test_the_nearest_place_is_told_in_minutes_and_none_is_infinite():
    points, population = grid()
    minutes = acc.nearest_minutes(points, np.array([0]), population, acc.travel(ON))
    assert minutes[0] == 0
    assert minutes[1] > 0
    assert np.isinf(acc.nearest_minutes(points, np.array([], dtype=np.int64), population, acc.travel(ON))).all()


def test_every_accessible_profession_is_an_indicator():
    assert all(f"acc_{group}" in definitions() for group in accessible_groups())
    assert Fraction(len(accessible_groups())) == 12
