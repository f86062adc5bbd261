"""Hours of the permanence des soins, numbers, instants, distances."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.geography.rules.clocks import PARIS, zone_of
from maillage.sas.rules.phones import ACCEPTED, sas_phone
from maillage.sas.rules.sas_query import Refused, read_instant, read_search
from maillage.unscheduled_care.rules.identifiers import bare_finess, bare_siret, former_id, structure_id
from maillage.unscheduled_care.rules.pdsa import pdsa_reason
from maillage.unscheduled_care.rules.places import cell_of, cells_around, distance_km


@pytest.mark.parametrize(
    ("when", "departement", "reason"),
    [
        pytest.param("2026-11-24T07:59", "24", "avant 8 h", id="eve of the morning"),
        pytest.param("2026-11-24T08:00", "24", "", id="from eight on"),
        pytest.param("2026-11-24T19:59", "24", "", id="eve of the evening"),
        pytest.param("2026-11-24T20:00", "24", "après 20 h", id="from twenty on"),
        pytest.param("2026-11-28T11:59", "24", "", id="Saturday morning"),
        pytest.param("2026-11-28T12:00", "24", "un samedi à partir de midi", id="Saturday noon"),
        pytest.param("2026-11-29T10:00", "24", "un dimanche", id="Sunday"),
        pytest.param("2026-11-11T10:00", "24", "un jour férié (Armistice)", id="public holiday"),
        pytest.param("2026-11-12T07:00", "24", "avant 8 h, un lendemain de jour férié", id="the night after"),
        pytest.param("2026-12-26T10:00", "24", "", id="26 December, a Saturday elsewhere"),
        pytest.param("2025-12-26T10:00", "67", "un jour férié (Saint-Étienne)", id="26 December in Alsace"),
        pytest.param("2025-12-26T10:00", "57", "un jour férié (Saint-Étienne)", id="26 December in Moselle"),
        pytest.param("2025-04-18T10:00", "68", "un jour férié (Vendredi saint)", id="Good Friday in Alsace"),
        pytest.param("2025-04-18T10:00", "24", "", id="Good Friday elsewhere"),
        pytest.param(
            "2024-12-20T10:00", "974", "un jour férié (Abolition de l'esclavage)", id="20 December at La Réunion"
        ),
        pytest.param("2024-12-20T10:00", "24", "", id="20 December elsewhere"),
    ],
)
def test_pdsa_hours_are_told_with_their_reason(when, departement, reason):
    local = datetime.fromisoformat(when).replace(tzinfo=zone_of(departement))
    assert pdsa_reason(local.astimezone(UTC), departement) == reason


def test_pdsa_hours_are_those_of_the_place():
    noon_in_paris = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Europe/Paris"))
    assert pdsa_reason(noon_in_paris, "24") == ""
    assert pdsa_reason(noon_in_paris, "972") == "avant 8 h"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("05 53 00 00 17", "+33553000017"),
        ("+33 5 53 00 00 17", "+33553000017"),
        ("0033553000017", "+33553000017"),
        ("0262 99 00 02", "+262262990002"),
        ("0692 12 34 56", "+262692123456"),
        ("0590 12 34 56", "+590590123456"),
        ("+594 594 12 34 56", "+594594123456"),
        ("0696123456", "+596696123456"),
        ("15", ""),
        ("abc", ""),
        ("", ""),
        ("+32 2 123 45 67", ""),
        ("05 53", ""),
        ("📞", ""),
    ],
)
def test_a_phone_is_sent_as_the_sas_takes_it_or_not_at_all(typed, sent):
    assert sas_phone(typed) == sent


@given(st.text(max_size=40))
def test_no_phone_is_ever_sent_in_another_shape(text):
    assert sas_phone(text) == "" or ACCEPTED.fullmatch(sas_phone(text))


def test_structures_are_named_in_the_order_of_preference():
    assert structure_id(finess="990000010", siret="1" * 14, former="4" * 15) == "1990000010"
    assert structure_id(finess="", siret="1" * 14, former="4" * 15) == f"3{'1' * 14}"
    assert structure_id(finess="", siret="", former="410000000017001") == "410000000017001"
    assert structure_id(finess="", siret="", former="") == ""
    assert (bare_finess("1990000010"), bare_finess("2A0000123"), bare_finess("12")) == ("990000010", "2A0000123", "")
    assert bare_siret(f"3{'9' * 14}") == "9" * 14
    assert (former_id("99900000025001"), former_id("499900000025001")) == ("499900000025001",) * 2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-24T10:00:00.000+01:00", "2026-11-24T09:00:00+00:00"),
        ("2026-11-24T10:00:00 01:00", "2026-11-24T09:00:00+00:00"),
        ("2026-11-24T10:00:00", "2026-11-24T09:00:00+00:00"),
        ("2026-07-24T10:00", "2026-07-24T08:00:00+00:00"),
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00+00:00"),
        ("2026-11-24T10:00:00.123456789Z", "2026-11-24T10:00:00.123456+00:00"),
        ("2026-11-24", "2026-11-23T23:00:00+00:00"),
    ],
)
def test_instants_are_read_as_the_sas_writes_them(text, wanted):
    assert read_instant(text).astimezone(UTC).isoformat() == wanted


@given(st.text(max_size=60))
def test_an_instant_is_read_or_refused(text):
    with suppress(Refused):
        assert read_instant(text).tzinfo


@given(st.dictionaries(st.text(max_size=20), st.lists(st.text(max_size=50), max_size=3), max_size=4))
def test_any_search_is_read_or_refused(parameters):
    with pytest.raises(Refused):
        read_search(parameters)


@pytest.mark.parametrize("day", [datetime(2026, 10, 25, tzinfo=PARIS), datetime(2026, 3, 29, tzinfo=PARIS)])
def test_a_month_across_a_change_of_clock_is_a_month(day):
    start = day - timedelta(days=10)
    end = start + timedelta(days=31)  # by the clock on the wall
    identifier = {"schedule.actor:Practitioner.identifier": ["urn:oid:1.2.250.1.71.4.2.1|8"], "status": ["free"]}
    assert read_search({"start": [f"ge{start.isoformat()}", f"le{end.isoformat()}"], **identifier})


LATITUDES, LONGITUDES = st.floats(41, 51), st.floats(-5, 10)


@given(LATITUDES, LONGITUDES, st.floats(-0.5, 0.5), st.floats(-0.7, 0.7), st.floats(1, 60))
def test_no_place_within_the_circle_is_out_of_its_cells(latitude, longitude, up, along, km):
    other = (latitude + up, longitude + along)
    if distance_km(latitude, longitude, *other) <= km:
        assert cell_of(*other) in cells_around(latitude, longitude, km)


def test_a_distance_is_that_of_the_earth():
    assert distance_km(44.8531, 0.4831, 45.1839, 0.7212) == pytest.approx(41.3, abs=0.3)  # Bergerac, Périgueux
