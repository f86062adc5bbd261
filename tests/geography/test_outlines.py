"""Outlines survive their encoding; borders make contiguity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.geography.loading.build import place_of, shared_borders, wkb_point
from maillage.geography.rules.contiguity import contiguity
from maillage.geography.rules.outlines import decode_rings, encode_rings

COORDINATES = st.tuples(
    st.integers(-1_800_000, 1_800_000).map(lambda n: n / 10_000),
    st.integers(-900_000, 900_000).map(lambda n: n / 10_000),
)
SQUARE = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]


def moved(ring, dx, dy=0.0):
    return [(x + dx, y + dy) for x, y in ring]


@given(st.lists(st.lists(COORDINATES, min_size=1, max_size=20), max_size=4))
def test_outlines_come_back_to_the_ten_thousandth_of_a_degree(rings):
    collapsed = [[p for i, p in enumerate(ring) if i == 0 or p != ring[i - 1]] for ring in rings]
    assert decode_rings(encode_rings(rings)) == collapsed


def test_the_published_example_of_the_algorithm_decodes():
    """The reference string of the public algorithm, which has five decimals where we keep four."""
    points = decode_rings("_p~iF~ps|U_ulLnnqC_mqNvxq`@")[0]
    assert [(round(y / 10, 4), round(x / 10, 4)) for x, y in points] == [
        (38.5, -120.2),
        (40.7, -120.95),
        (43.252, -126.453),
    ]


def test_communes_that_share_an_edge_are_neighbours_a_corner_is_not_enough():
    borders = shared_borders(
        {"A": [SQUARE], "B": [moved(SQUARE, 1.0)], "C": [moved(SQUARE, 2.0, 1.0)], "D": [moved(SQUARE, 5)]}
    )
    assert borders["A"] == {"B"}
    assert borders["D"] == set()


def test_contiguity_names_islands_and_what_cannot_be_told():
    borders = {"A": ["B"], "B": ["A", "X"], "C": ["D"], "D": ["C"], "E": []}
    found = contiguity(borders, unknown=["Z"])
    assert [sorted(piece) for piece in found.pieces] == [["A", "B"], ["C", "D"], ["E"]]
    assert found.unknown == {"Z"}
    assert not found.is_whole


def test_a_commune_without_outline_is_never_an_island():
    found = contiguity({"A": ["B"], "B": ["A"]}, unknown=["Z"])
    assert found.is_whole
    assert found.islands == ()


def test_nothing_is_in_one_piece():
    assert contiguity({}).is_whole


def test_town_halls_are_read_from_their_published_form():
    point = wkb_point("0101000000B9FDFF1F27AE1340D00B00206A134740")
    assert point is not None
    assert [round(value, 4) for value in point] == [4.9201, 46.1517]


def test_an_empty_town_hall_is_no_place():
    assert wkb_point("0101000000" + "000000000000F87F" * 2) is None


BOX = [[(0.0, 45.0), (0.2, 45.0), (0.2, 45.2), (0.0, 45.2)]]


@pytest.mark.parametrize(
    ("town_hall", "rings", "place"),
    [
        ((0.05, 45.05), BOX, (0.05, 45.05)),
        ((0.204, 45.05), BOX, (0.204, 45.05)),  # on the edge of a simplified outline
        ((45.05, 45.05), BOX, pytest.approx((0.1, 45.1))),
        ((-0.05, 45.05), BOX, pytest.approx((0.1, 45.1))),
        (None, BOX, pytest.approx((0.1, 45.1))),
        ((0.05, 45.05), None, (0.05, 45.05)),
        (None, None, None),
    ],
)
def test_a_town_hall_outside_its_commune_is_not_its_town_hall(town_hall, rings, place):
    assert place_of(town_hall, rings) == place
