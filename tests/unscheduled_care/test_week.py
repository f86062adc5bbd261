"""The week hour by hour: what exists, what is missing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains

from maillage.geography.rules.clocks import zone_of
from maillage.territorial_diagnosis.models import Resource
from maillage.territorial_diagnosis.rules.opening import parse_hours
from maillage.unscheduled_care.models import Slot
from maillage.unscheduled_care.queries.week import week_of
from maillage.unscheduled_care.rules.week import Hole, Presence, cells, holes, presences_of
from tests.factories import NOON

MONDAY = date(2026, 11, 23)
PARIS = zone_of("24")


@pytest.mark.parametrize(
    ("presences", "expected"),
    [
        pytest.param([], [Hole(day, 8, 20) for day in range(5)] + [Hole(5, 8, 12)], id="nobody at all"),
        pytest.param(
            [Presence("a", day, 480, 1200) for day in range(5)], [Hole(5, 8, 12)], id="nobody on Saturday morning"
        ),
        pytest.param(
            [Presence("a", day, 480, 1200) for day in range(1, 6)] + [Presence("a", 0, 570, 720)],
            [Hole(0, 8, 9), Hole(0, 12, 20)],
            id="a part of an hour is enough",
        ),
        pytest.param([Presence("a", day, 0, 1440) for day in range(7)], [], id="always"),
    ],
)
def test_holes_are_hours_of_the_cpts_at_which_nobody_receives(presences, expected):
    assert holes(cells(MONDAY, presences, "24")) == expected


def test_a_public_holiday_is_no_hole():
    week = cells(date(2026, 5, 11), [], "24")  # Ascension on Thursday 14
    assert week[3][10].outside == "un jour férié (Ascension)"
    assert [one.weekday for one in holes(week)] == [0, 1, 2, 4, 5]


def test_two_names_in_an_hour_are_told_once_each():
    (cell,) = [cells(MONDAY, [Presence(n, 0, 600, 660) for n in ("b", "a", "b")], "24")[0][10]]
    assert cell.names == ("a", "b")


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        (datetime(2026, 11, 23, 9, tzinfo=PARIS), 1, [Presence("a", 0, 540, 600)]),
        (datetime(2026, 11, 23, 23, tzinfo=PARIS), 2, [Presence("a", 0, 1380, 1440), Presence("a", 1, 0, 60)]),
        (datetime(2026, 11, 23, 22, tzinfo=PARIS), 2, [Presence("a", 0, 1320, 1440)]),
        (datetime(2026, 11, 22, 23, tzinfo=PARIS), 2, [Presence("a", 0, 0, 60)]),
        (datetime(2026, 11, 30, 0, tzinfo=PARIS), 2, []),
    ],
)
def test_a_span_is_told_day_by_day(start, hours, expected):
    assert presences_of("a", start, start + timedelta(hours=hours), MONDAY) == expected


@pytest.fixture
def census(cpts):
    Resource.objects.create(
        cpts=cpts, kind="snp", name="Centre", source="Équipe", created_at=NOON, opening=parse_hours("lun-ven 9h-12h")
    )
    Resource.objects.create(cpts=cpts, kind="msp", name="Maison de santé", source="Équipe", created_at=NOON)


def test_a_week_joins_the_census_and_the_slots_opened_to_the_cpts(cpts, census, slots, django_assert_num_queries):
    with django_assert_num_queries(2):
        week = week_of(cpts, MONDAY)
    assert week.days[0][10].names == ("Centre",)
    assert week.days[0][14].names == ("Élodie Després",)
    assert week.days[0][13].is_missing
    assert (week.unknown, week.of_the_cpts) == (1, 64)
    Resource.objects.create(
        cpts=cpts, kind="cls", name="Contrat", source="Équipe", created_at=NOON, opening=parse_hours("7j/7 24h/24")
    )
    assert "Contrat" not in week_of(cpts, MONDAY).days[0][10].names
    Slot.objects.update(reserved_for="own-patients")
    assert week_of(cpts, MONDAY).days[0][14].is_missing
    Slot.objects.update(is_masked=True, reserved_for="")
    assert week_of(cpts, MONDAY).days[0][14].is_missing


@pytest.mark.parametrize(
    ("asked", "monday"), [("2026-W50", "7 décembre 2026"), ("2026-W99", "23 novembre"), ("'; --", "23 novembre")]
)
def test_the_page_says_what_is_missing(client, cpts, census, member, monkeypatch, asked, monday):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    client.force_login(member)
    page = client.get(reverse("unscheduled_care:week", args=[cpts.slug]), {"semaine": asked})
    assertContains(page, f"Semaine du {monday}")
    assertContains(page, "Il manque quelqu’un 49")
    assertContains(page, "lun.–ven. 9")
    assertContains(page, "1\u00a0ressource sans horaires")


def test_the_hours_of_a_public_holiday_are_those_of_sundays(cpts, census):
    Resource.objects.create(
        cpts=cpts, kind="pds", name="Garde", source="Équipe", created_at=NOON, opening=parse_hours("dim 9h-12h")
    )
    week = week_of(cpts, date(2026, 5, 11))  # Ascension on Thursday 14
    assert week.days[3][10].names == ("Garde",)
    assert week.days[2][10].names == ("Centre",)


def test_homonyms_are_two(cpts, census):
    Resource.objects.create(
        cpts=cpts, kind="snp", name="Centre", source="Équipe", created_at=NOON, opening=parse_hours("lun 9h-12h")
    )
    assert week_of(cpts, MONDAY).days[0][10].names == ("Centre", "Centre")


def test_a_slot_that_began_on_sunday_evening_goes_on_into_the_week(cpts, slots):
    start = datetime(2026, 11, 22, 23, 30, tzinfo=PARIS)
    Slot.objects.filter(pk=slots[0].pk).update(starts_at=start, ends_at=start + timedelta(hours=1))
    assert week_of(cpts, MONDAY).days[0][0].names == ("Élodie Després",)


def test_the_present_week_is_that_of_the_territory(client, cpts, member, monkeypatch):
    """On a Sunday evening of Martinique, it is already Monday in Paris."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 11, 23, 1, tzinfo=UTC))
    monkeypatch.setattr("maillage.accounts.middleware.zone_of", lambda _: zone_of("972"))
    client.force_login(member)
    assertContains(client.get(reverse("unscheduled_care:week", args=[cpts.slug])), "Semaine du 16 novembre")


def test_lists_tell_hours_by_the_clock_of_the_territory(client, cpts, slots, member, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    client.force_login(member)
    page = reverse("unscheduled_care:desk", args=[cpts.slug])
    asked = {"commune": "24037", "profession": slots[0].effector.group, "delai": "72"}
    here = client.get(page, asked)
    monkeypatch.setattr("maillage.accounts.middleware.zone_of", lambda _: zone_of("974"))
    there = client.get(page, asked)
    local = slots[0].starts_at.astimezone(PARIS)
    assertContains(here, f"{local.hour}\xa0h")
    assertContains(there, f"{local.hour + 3}\xa0h")
