"""One agenda read by another software, at its private address (GAP)."""

import json
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.urls import reverse
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.asserts import assertContains

from maillage.accounts.models import RoleAssignment
from maillage.sas.actions.outbox import identifier_system
from maillage.sas.rules.agenda_query import read_agenda_search
from maillage.sas.rules.sas_query import Refused
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Appointment, Effector, Slot, SlotStatus
from tests.factories import NOON

NUMBER = "urn:oid:1.2.250.1.71.4.2.1|899900000017"


@pytest.fixture(autouse=True)
def _noon(monkeypatch, db):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def get(client, doctor):
    def call(path, status=200, agenda=doctor.feed):
        response = client.get(f"/fhir/agenda/{agenda}/{path}")
        assert response.status_code == status, response.content
        body = json.loads(response.content)
        get_fhir_model_class(body["resourceType"]).model_validate_json(json.dumps(body))
        return body

    return call


@pytest.fixture
def booked(slots):
    booker = actions.Booker(user=None, origin="desk")
    return actions.book_slot(slot=slots[0], booker=booker, at=NOON, reason="Fièvre")


def told(bundle, kind):
    return [one["resource"] for one in bundle.get("entry", []) if one["resource"]["resourceType"] == kind]


def test_slots_are_told_with_their_state_whoever_sees_them(get, slots, booked):
    Slot.objects.filter(pk=slots[1].pk).update(kinds=0)
    bundle = get("Slot?_include=Slot:schedule&_include:iterate=Schedule:actor")
    assert bundle["total"] == 2
    assert [one["status"] for one in told(bundle, "Slot")] == ["busy", "free"]
    assert "meta" not in told(bundle, "Slot")[1]
    (schedule,), (who,), (role,) = (told(bundle, kind) for kind in ("Schedule", "Practitioner", "PractitionerRole"))
    assert schedule["actor"][0]["reference"] == f"Practitioner/{who['id']}"
    assert role["id"] == schedule["id"]
    assert [one["search"]["mode"] for one in bundle["entry"]] == ["match"] * 2 + ["include"] * 3
    assert len(get("Slot?status=free")["entry"]) == 1


def test_a_hidden_slot_is_told_unavailable_and_a_cancelled_one_wrong(get, slots):
    Slot.objects.filter(pk=slots[0].pk).update(is_masked=True)
    Slot.objects.filter(pk=slots[1].pk).update(status=SlotStatus.CANCELLED)
    assert [one["status"] for one in told(get("Slot"), "Slot")] == ["busy-unavailable", "entered-in-error"]
    assert get("Slot?status=free")["total"] == 0
    assert get("Slot?status=busy-unavailable,entered-in-error")["total"] == 2


def test_appointments_are_told_without_patient(get, booked):
    bundle = get("Appointment?_include=Appointment:slot")
    (one,) = told(bundle, "Appointment")
    assert one["id"] == str(booked.uuid)
    assert one["status"] == "booked"
    assert "Fièvre" not in str(one)
    assert [who["actor"]["reference"].split("/")[0] for who in one["participant"]] == ["Practitioner"]
    assert one["slot"] == [{"reference": f"Slot/{told(bundle, 'Slot')[0]['id']}"}]
    actions.cancel(appointment=booked, by=None, at=NOON)
    assert get("Appointment?status=booked")["total"] == 0
    assert get(f"Appointment?identifier={booked.uuid}")["total"] == 1
    assert get(f"Appointment?identifier={uuid4()}")["total"] == 0
    assert get("Appointment?identifier=none-of-ours")["total"] == 0
    late = NOON + timedelta(days=300)
    Appointment.objects.update(starts_at=late, ends_at=late + timedelta(hours=1))
    assert get("Appointment")["total"] == 0
    (one,) = told(get(f"Appointment?identifier={booked.uuid}"), "Appointment")
    assert one["identifier"] == [{"system": identifier_system(), "value": str(booked.uuid)}]


def test_a_search_is_narrowed_by_day_by_place_and_by_number(get, slots, doctor):
    place = doctor.schedules.get()
    assert get("Slot?start=ge2026-11-24&start=le2026-11-24")["total"] == 1
    assert get(f"Slot?schedule=Schedule/{place.uuid}")["total"] == 2
    assert get(f"Slot?schedule={uuid4()}")["total"] == 0
    assert get(f"Slot?schedule.actor:Practitioner.identifier={quote(NUMBER)}")["total"] == 2
    assert get(f"Slot?schedule.actor:Practitioner.identifier={quote(NUMBER.replace('17', '25'))}")["total"] == 0
    assert get(f"Schedule?actor:Practitioner.identifier={quote(NUMBER)}&_include=Schedule:actor")["total"] == 1


def test_each_resource_is_read_by_its_id_and_only_in_its_agenda(get, booked, doctor):
    place = doctor.schedules.get()
    for kind, key in (
        ("Slot", booked.slot.uuid),
        ("Appointment", booked.uuid),
        ("Schedule", place.uuid),
        ("PractitionerRole", place.uuid),
        ("Practitioner", doctor.uuid),
    ):
        assert get(f"{kind}/{key}")["id"] == str(key)
        get(f"{kind}/{uuid4()}", 404)
        get(f"{kind}/{key}", 404, agenda=uuid4())
    get(f"Patient/{booked.uuid}", 404)
    get("Slot/abc", 404)


@pytest.mark.parametrize(
    "query",
    [
        "Slot?start=le0001-01-03",
        "Slot?start=ge9999-12-01",
        "Slot?_count=1",
        "Slot?start=2026-11-24",
        "Slot?start=ge2026-11-24&start=ge2026-11-25",
        "Slot?status=perhaps",
        "Slot?a=1",
        "Slot?start=ge2026-01-01&start=le2026-11-24",
        "Slot?start=ge2026-11-25&start=le2026-11-24",
        "Appointment?actor:Practitioner.identifier=899900000017",
        "Schedule?status=free",
        "Appointment?start=ge2026-11-24",
        "Slot?_include=Slot:patient",
        "Appointment?_include=Appointment:patient",
    ],
)
def test_what_cannot_be_executed_is_refused_in_fhir(get, query):
    assert get(query, 400)["resourceType"] == "OperationOutcome"


def test_what_comes_with_an_appointment_comes_in_one_call(get, booked):
    chained = "_include=Appointment:slot&_include:iterate=Slot:schedule:Schedule&_include:iterate=Schedule:actor"
    bundle = get(f"Appointment?{chained}")
    kinds = [one["resource"]["resourceType"] for one in bundle["entry"]]
    assert kinds == ["Appointment", "Slot", "Schedule", "Practitioner", "PractitionerRole"]


def test_a_last_slash_changes_nothing_and_no_address_answers_a_page(get, client, slots, doctor):
    assert get("Slot/")["total"] == 2
    assert get("metadata/")["resourceType"] == "CapabilityStatement"
    for path in ("/fhir/agenda", "/fhir/agenda/", "/fhir/agenda/abc", f"/fhir/agenda/{doctor.feed}/a/b/c"):
        answer = client.get(path)
        assert (answer.status_code, json.loads(answer.content)["resourceType"]) == (404, "OperationOutcome")


def test_it_says_of_itself_what_it_serves(get):
    (rest,) = get("metadata")["rest"]
    served = {one["type"]: one for one in rest["resource"]}
    assert set(served) == {"Schedule", "Slot", "Appointment", "Practitioner", "PractitionerRole"}
    assert served["Slot"]["searchInclude"] == ["Schedule:actor", "Slot:schedule"]


def test_the_offset_of_a_day_is_told_again_as_it_was_asked(get):
    bundle = get("Appointment?date=ge2026-11-23T00:00:00%2B01:00")
    assert bundle["link"][0]["url"].endswith("date=ge2026-11-23T00%3A00%3A00%2B01%3A00")


def test_the_private_address_does_not_travel_in_the_data(client, doctor, slots):
    answer = client.get(f"/fhir/agenda/{doctor.feed}/Schedule?_include=Schedule:actor")
    bundle = json.loads(answer.content)
    assert str(doctor.feed) not in json.dumps([one["resource"] for one in bundle["entry"]])
    assert answer["Cache-Control"] == "private, no-store"


def test_an_unknown_agenda_and_a_write_are_refused_in_fhir(get, client, doctor):
    get("metadata")
    get("metadata", 404, agenda=uuid4())
    assert client.post(f"/fhir/agenda/{doctor.feed}/Slot", "{}", content_type="application/json").status_code == 405


def test_the_number_of_queries_does_not_follow_the_number_of_slots(get, slots, doctor, django_assert_num_queries):
    place = doctor.schedules.get()
    spans = [(NOON + timedelta(hours=n), NOON + timedelta(hours=n + 1)) for n in range(30, 80)]
    Slot.objects.bulk_create(
        Slot(effector=doctor, schedule=place, starts_at=a, ends_at=b, created_at=NOON) for a, b in spans
    )
    get("Slot")  # fifty calls of this network are counted by one statement: not among those below
    with django_assert_num_queries(2):
        assert get("Slot?_include=Slot:schedule&_include:iterate=Schedule:actor")["total"] == 52
    with django_assert_num_queries(2):
        get("Appointment?_include=Appointment:slot")


def test_the_certificate_of_the_sas_is_not_asked_of_another_software(get, settings):
    settings.SAS_CERTIFICATE_REQUIRED = True
    get("Slot")


def test_its_owner_sees_the_address_and_changes_it(client, get, cpts, doctor, slots):

    owner = doctor.account
    RoleAssignment.objects.create(user=owner, role="member", cpts=cpts, created_at=NOON)
    client.force_login(owner)
    page = reverse("unscheduled_care:calendars", args=[cpts.slug])
    old = doctor.feed
    assertContains(client.get(page), f"/fhir/agenda/{old}")
    client.post(page, {"do": "renew"})
    get("Slot", 404, agenda=old)
    assert client.get(f"/agenda-soins/{old}.ics").status_code == 404
    assert get("Slot", agenda=Effector.objects.get().feed)["total"] == 2
    assert Appointment.objects.count() == 0


@given(
    st.sampled_from(["Slot", "Schedule", "Appointment"]),
    st.dictionaries(
        st.sampled_from(["start", "date", "status", "schedule", "_include"]), st.lists(st.text(max_size=30))
    ),
)
def test_nothing_asked_breaks_the_reading(kind, parameters):
    try:
        asked = read_agenda_search(kind, parameters, at=NOON)
    except Refused:
        return
    assert asked.since <= asked.until
