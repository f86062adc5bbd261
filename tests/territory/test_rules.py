"""Taille, overlaps and pasted lists: pure rules, as tables."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.territory.rules.overlap import Part, counted_twice, overlapping_population, overlapping_share
from maillage.territory.rules.pasted_list import Answer, Place, PlaceKind, keys_of, read_lines, repaired, resolve
from maillage.territory.rules.size import bands, size_of

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("population", "size"),
    [
        pytest.param(0, 1, id="nobody"),
        pytest.param(39_999, 1, id="eve of 40 000"),
        pytest.param(40_000, 2, id="40 000"),
        pytest.param(79_999, 2, id="eve of 80 000"),
        pytest.param(80_000, 3, id="80 000"),
        pytest.param(175_000, 3, id="175 000"),
        pytest.param(175_001, 4, id="the day after"),
        pytest.param(68_000_000, 4, id="France"),
    ],
)
def test_taille_follows_the_bounds_of_the_agreement(population, size):
    assert size_of(population, on=ON) == size


def test_there_is_no_taille_before_the_agreement():
    with pytest.raises(LookupError):
        size_of(10, on=date(2019, 8, 24))


def test_a_negative_population_is_refused():
    with pytest.raises(ValueError, match="-1"):
        size_of(-1, on=ON)


@given(st.integers(0, 10_000_000))
def test_every_population_has_exactly_one_taille(population):
    within = [one for one in bands(ON) if one.first <= population and (one.last is None or population <= one.last)]
    assert [one.size for one in within] == [size_of(population, on=ON)]


@pytest.mark.parametrize(
    ("here", "there", "shared"),
    [("1", "1", "1"), ("1", "0.4", "0.4"), ("0.6", "0.4", "0"), ("0.6", "0.5", "0.1"), ("0.3", "0.2", "0")],
)
def test_declared_parts_overlap_only_beyond_the_whole(here, there, shared):
    assert overlapping_share(Decimal(here), Decimal(there)) == Decimal(shared)


MARSEILLE = Part("13055", Decimal(1), 886_040)
THIRD = Part("13203", Decimal(1), 48_000, parent="13055")


@pytest.mark.parametrize(
    ("here", "there", "people"),
    [
        pytest.param(MARSEILLE, MARSEILLE, 886_040, id="same commune"),
        pytest.param(MARSEILLE, THIRD, 48_000, id="an arrondissement inside"),
        pytest.param(THIRD, MARSEILLE, 48_000, id="the commune around"),
        pytest.param(THIRD, Part("13202", Decimal(1), 24_000, "13055"), 0, id="two arrondissements"),
    ],
)
def test_overlap_counts_the_people_that_both_count(here, there, people):
    assert overlapping_population(here, there) == people


def test_an_arrondissement_and_its_commune_are_counted_twice():
    assert counted_twice([("13055", None), ("13203", "13055"), ("24037", None)]) == [("13203", "13055")]
    assert counted_twice([("13202", "13055"), ("13203", "13055")]) == []


BERGERAC = Place("24037", PlaceKind.NAME, "Bergerac", "24", "Bergerac", "Dordogne", 27_110)
PLACES = {
    "bergerac": [BERGERAC],
    "24037": [Place("24037", PlaceKind.CODE, "24037", "24", "Bergerac")],
    "24520": [
        Place("24520", PlaceKind.CODE, "24520", "24", "Sarlat-la-Canéda"),
        Place("24296", PlaceKind.POSTAL_CODE, "24520", "24", "Mouleydier"),
    ],
    "24100": [
        Place("24100", PlaceKind.CODE, "24100", "24"),
        Place("24037", PlaceKind.POSTAL_CODE, "24100", "24"),
        Place("24126", PlaceKind.POSTAL_CODE, "24100", "24"),
    ],
    "27110": [Place("27110", PlaceKind.CODE, "27110", "27")],
    "saint martin": [
        Place("32389", PlaceKind.NAME, "Saint-Martin", "32"),
        Place("67426", PlaceKind.NAME, "Saint-Martin", "67"),
    ],
    "flaugeac": [Place("24534", PlaceKind.FORMER_NAME, "Flaugeac", "24")],
    "01004": [Place("01004", PlaceKind.CODE, "01004", "01")],
}


def answer(text, near=frozenset({"24"}), numbers=None):
    (line,) = read_lines(text)
    found = resolve(line, PLACES, near=near, numbers=numbers)
    return found.answer, [place.code for place in found.places]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Bergerac", (Answer.FOUND, ["24037"]), id="name"),
        pytest.param("  bergerac ;", (Answer.FOUND, ["24037"]), id="name and a stray separator"),
        pytest.param("24037", (Answer.FOUND, ["24037"]), id="INSEE code"),
        pytest.param("Bergerac\t24100\t27110", (Answer.FOUND, ["24037"]), id="record: name, postal code, population"),
        pytest.param("24037,Bergerac,27110", (Answer.FOUND, ["24037"]), id="comma-separated record"),
        pytest.param("Bergerac (24037)", (Answer.FOUND, ["24037"]), id="name and code"),
        pytest.param("Bergerac;26823", (Answer.FOUND, ["24037"]), id="name and its population of an older vintage"),
        pytest.param("24520;Bergerac", (Answer.SEVERAL, ["24037", "24296", "24520"]), id="name and code disagree"),
        pytest.param("Bergerak;27110", (Answer.SEVERAL, ["27110"]), id="misspelt name beside a number: to confirm"),
        pytest.param("24520 Sarlat", (Answer.FOUND, ["24520"]), id="code and a name cut short"),
        pytest.param("24100", (Answer.SEVERAL, ["24037", "24100", "24126"]), id="INSEE or postal code"),
        pytest.param("Saint-Martin", (Answer.SEVERAL, ["32389", "67426"]), id="homonyms far away"),
        pytest.param("Flaugeac", (Answer.MERGED, ["24534"]), id="merged commune"),
        pytest.param("Gondreville-sur-Nulle", (Answer.UNKNOWN, []), id="unknown name"),
        pytest.param("99999", (Answer.UNKNOWN, []), id="unknown code"),
        pytest.param("1004", (Answer.FOUND, ["01004"]), id="leading zero eaten by a spreadsheet"),
        pytest.param("=HYPERLINK(1)", (Answer.UNKNOWN, []), id="formula"),
    ],
)
def test_each_line_gets_a_clear_answer(text, expected):
    assert answer(text) == expected


def test_what_five_digits_mean_can_be_said():
    assert answer("24100", numbers=PlaceKind.CODE) == (Answer.FOUND, ["24100"])
    assert answer("24100", numbers=PlaceKind.POSTAL_CODE) == (Answer.SEVERAL, ["24037", "24126"])


def test_homonyms_are_settled_by_the_departement():
    assert answer("Saint-Martin", near=frozenset({"32"})) == (Answer.FOUND, ["32389"])


def test_commas_between_names_make_several_lines():
    assert [line.text for line in read_lines("Bergerac, Eymet, Lalinde")] == ["Bergerac", "Eymet", "Lalinde"]
    assert [line.codes for line in read_lines("24037,24520")] == [("24037",), ("24520",)]


def test_empty_lines_do_not_count():
    assert read_lines("\n\n ;; \n\t\n") == []


def test_a_misread_encoding_comes_back():
    assert repaired("BÃ©ziers") == "Béziers"
    assert repaired("Évian") == "Évian"


@given(st.text(max_size=400))
def test_any_text_is_read_without_error(text):
    lines = read_lines(text)
    assert all(len(key) <= 80 for key in keys_of(lines))
    assert all(resolve(line, PLACES, near=frozenset()).answer in Answer for line in lines)
