"""Finding communes and EPCI."""

import pytest
from django.db import connection

from maillage.geography.queries import communes_of_epci, search_communes, search_epci


def codes(text, **options):
    return [place.commune_id for place in search_communes(text, **options)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        pytest.param("bergerac", "24037", id="name"),
        pytest.param("BERGERÂC", "24037", id="capitals and accents"),
        pytest.param("24037", "24037", id="INSEE code"),
        pytest.param("24100", "24037", id="postal code, the largest commune first"),
        pytest.param("st aulaye", "24376", id="abbreviation"),
        pytest.param("marseille 3", "13203", id="arrondissement"),
    ],
)
def test_a_commune_is_found_by_any_of_its_names(communes, typed, first):
    assert codes(typed)[0] == first


def test_homonyms_nearby_come_first(communes):
    assert codes("saint martin", near=["24"])[0].startswith("24")


@pytest.mark.parametrize("typed", ["", "b", "   ", "zzzz", "%", "_"])
def test_nothing_is_found_of_nothing(communes, typed):
    assert codes(typed) == []


def test_search_runs_one_query(communes, django_assert_num_queries):
    with django_assert_num_queries(1):
        for place in search_communes("saint"):
            assert place.commune.epci is None or place.commune.epci.name
            assert place.commune.departement.name


def test_an_epci_is_found_by_part_of_its_name(communes):
    assert [one.name for one in search_epci("bergeracoise")] == ["CA Bergeracoise"]
    assert len(communes_of_epci("200070647")) == 38


def test_outlines_are_served_with_a_fingerprint(communes, client):
    response = client.get("/contours/24.json")
    assert len(response.json()["communes"]) == 503
    again = client.get("/contours/24.json", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    assert client.get("/contours/999.json").status_code == 404


def test_keys_compare_byte_by_byte_whatever_the_language_of_the_database(db):
    """A range of keys is a prefix only so: with a French collation, 'bergerac' would come after 'berg~'."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite compares bytes")
    with connection.cursor() as cursor:
        cursor.execute(
            "select collation_name from information_schema.columns "
            "where table_name = 'geography_placename' and column_name = 'key'"
        )
        assert cursor.fetchone() == ("C",)
