"""What happened over a period: counted over rows, each figure with the way back to them."""

import json
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from maillage.accounts.models import Role
from maillage.core.facts import Period, facts_of, share
from maillage.core.missions import Mission
from maillage.meetings.models import Presence
from maillage.unscheduled_care import actions as care
from maillage.unscheduled_care.models import Appointment
from tests.factories import NOON, CptsFactory, MeetingFactory, MembershipFactory, ParticipantFactory, UserFactory
from tests.reading import text_of
from tests.unscheduled_care.conftest import doctor, slots  # noqa: F401  # what unscheduled care counts

pytestmark = pytest.mark.django_db
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def told(cpts, period=YEAR):
    return {fact.code: fact for fact in facts_of(cpts, period)}


def held(cpts, on, *, came=0, contested=0, mission="", guests=0):
    meeting = MeetingFactory(
        cpts=cpts, status="closed", closed_at=on, starts_at=on, ends_at=on + timedelta(hours=1), mission=mission
    )
    people = [MembershipFactory(cpts=cpts) for _ in range(came + contested)] + [None] * guests
    for place, membership in enumerate(people):
        person = ParticipantFactory(meeting=meeting, membership=membership)
        is_contested = came <= place < came + contested
        Presence.objects.create(
            meeting=meeting,
            participant=person,
            arrived_at=on,
            signed_at=on,
            means="paper",
            contested_at=on if is_contested else None,
        )
    return meeting


def test_meetings_are_told_by_mission_with_who_came(cpts):
    held(cpts, NOON, came=2, contested=1, mission="PAR", guests=1)
    held(cpts, NOON - timedelta(days=400), came=5, mission="PAR")
    held(CptsFactory(), NOON, came=5, mission="PAR")
    MeetingFactory(cpts=cpts, mission="PAR")  # convened, not held
    facts = told(cpts)
    codes = ("meetings.held.par", "meetings.presences.par", "meetings.people.par")
    assert [facts[code].value for code in codes] == [1, 3, 3]
    assert facts["meetings.held.par"].mission == Mission.PATHWAYS
    assert "meetings.held" not in facts


def test_who_came_twice_is_one_person(cpts):
    first, second = held(cpts, NOON, came=1), held(cpts, NOON + timedelta(days=1), came=1)
    person = first.presences.get().participant
    second.presences.update(participant=ParticipantFactory(meeting=second, membership=person.membership))
    facts = told(cpts)
    assert (facts["meetings.presences"].value, facts["meetings.people"].value) == (2, 1)


@pytest.mark.parametrize(("day", "is_in"), [(date(2025, 12, 31), 0), (date(2026, 1, 1), 1), (date(2027, 1, 1), 0)])
def test_the_last_day_is_outside(cpts, day, is_in):
    MembershipFactory(cpts=cpts, joined_on=day)
    assert told(cpts)["members.joined"].value == is_in


def test_members_are_those_there_at_the_end(cpts):
    MembershipFactory(cpts=cpts, joined_on=date(2020, 1, 1))
    MembershipFactory(cpts=cpts, joined_on=date(2020, 1, 1), status="left", left_on=date(2026, 6, 1))
    MembershipFactory(cpts=cpts, joined_on=date(2020, 1, 1), status="left", left_on=date(2027, 6, 1))
    facts = told(cpts)
    assert (facts["members.there"].value, facts["members.left"].value) == (2, 1)


def test_care_says_what_is_not_known_rather_than_zero(cpts, slots):  # noqa: F811
    facts = told(cpts)
    assert facts["care.opened"].value == 2
    assert facts["care.honoured"].value is None
    for slot in slots:
        care.book_slot(slot=slot, booker=care.Booker(user=None, origin="desk", cpts=cpts), at=NOON)
    Appointment.objects.filter(slot=slots[0]).update(status="fulfilled", ended_at=NOON)
    Appointment.objects.filter(slot=slots[1]).update(status="noshow", ended_at=NOON)
    facts = told(cpts)
    assert facts["care.given"].value == 2
    assert (facts["care.honoured"].value, facts["care.honoured"].among) == (Decimal("50.0"), 2)


@pytest.mark.parametrize(("part", "whole", "percent"), [(1, 3, "33.3"), (2, 3, "66.7"), (0, 5, "0.0"), (0, 0, None)])
def test_a_share_is_a_tenth_of_a_percent_or_nothing(part, whole, percent):
    assert share(part, whole) == (Decimal(percent) if percent else None)


def test_each_fact_leads_to_as_many_rows_as_it_counts(client, cpts, coordinator, slots):  # noqa: F811
    """Lists take the days of the fact: what they show is what was counted."""
    held(cpts, NOON, came=2, mission="PAR")
    held(cpts, NOON - timedelta(days=400), came=5, mission="PAR")
    care.book_slot(slot=slots[0], booker=care.Booker(user=None, origin="desk", cpts=cpts), at=NOON)
    client.force_login(coordinator)
    facts, listed = told(cpts), {"meetings.held.par", "members.joined", "care.given", "care.asked"}
    for code, fact in facts.items():
        page = client.get(fact.way.url(cpts.slug))
        assert page.status_code == 200, code
        if code in listed:
            assert page.context["page"].paginator.count == fact.value, code
            listed.discard(code)
    assert not listed


def test_the_command_says_them_as_a_table_and_as_json(cpts):
    held(cpts, NOON, came=2, mission="PAR")
    asked = {"cpts": cpts.slug, "since": "2026-01-01", "until": "2027-01-01"}
    table, whole = StringIO(), StringIO()
    call_command("facts", *options(asked), stdout=table)
    assert "PAR  Réunions tenues" in table.getvalue()
    call_command("facts", *options(asked), "--format=json", stdout=whole)
    (fact,) = [fact for fact in json.loads(whole.getvalue()) if fact["code"] == "meetings.held.par"]
    assert (fact["value"], fact["period"]) == ("1", {"du": "2026-01-01", "au": "2027-01-01"})
    assert fact["way"].startswith(f"/cpts/{cpts.slug}/reunions/?")
    for wrong in ({"until": "2026-01-01"}, {"cpts": "nulle-part"}):
        with pytest.raises(CommandError):
            call_command("facts", *options(asked | wrong))


def options(asked):
    return [f"--{name}={value}" for name, value in asked.items()]


def test_the_page_says_the_answer_and_takes_days_as_people_say_them(client, cpts, coordinator):
    held(cpts, NOON, came=2, mission="PAR")
    client.force_login(coordinator)
    url = reverse("portal:facts", args=[cpts.slug])
    page = text_of(client.get(url, {"since": "1er janvier 2026", "last": "31 décembre 2026"}))
    assert "1 réunion, 1 membre" in page or "1 réunion, 2 membres" in page
    assert "Parcours pluriprofessionnels" in page
    before = text_of(client.get(url, {"since": "1/1/2021", "last": "31/12/2021"}))
    assert "du 1er janvier 2021 au 31 décembre 2021" in before
    assert "vient avant" in text_of(client.get(url, {"since": "2/1/2026", "last": "1/1/2026"}))
    exported = client.get(url, {"format": "csv"}).content.decode()
    assert "Réunions tenues" in exported


def test_who_steers_reads_them_and_a_member_does_not(client, cpts):
    url = reverse("portal:facts", args=[cpts.slug])
    for role, status in ((Role.TREASURER, 200), (Role.PRESIDENT, 200), (Role.MEMBER, 403)):
        client.force_login(UserFactory(role=role, on=cpts))
        assert client.get(url).status_code == status
    client.force_login(UserFactory(role=Role.COORDINATOR, on=CptsFactory()))
    assert client.get(url).status_code == 404
