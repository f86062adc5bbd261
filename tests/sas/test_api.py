"""The interface of the SAS, rule by rule (INT_R01, INT_R04)."""

import json
import re
from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from django.test import Client
from fhir.resources.R4B import get_fhir_model_class

from maillage.members.models import Membership
from maillage.sas.rules import fhir_codes as codes
from maillage.unscheduled_care.models import Slot
from tests.factories import NOON
from tests.unscheduled_care.campaign import ADELI, DOCTOR, OTHER, hours, load, slot

pytestmark = pytest.mark.django_db
SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
R01 = {"_include": ["Slot:schedule"], "_include:iterate": ["Schedule:actor"]}
R04 = {
    "_include": ["Slot:schedule", "Slot:service-type-reference"],
    "_include:iterate": ["Schedule:actor", "HealthcareService:organization"],
}
# Every code we may send, system by system: a terminology is a closed list.
CODES = {
    codes.SLOT_KIND_SYSTEM: {"PUBLIC", "PRO", "SNP", "CPTS"},
    codes.MODE_SYSTEM: {"AMB", "HH", "VR"},
    codes.CATEGORY_SYSTEM: {"604"},
    codes.APPOINTMENT_TYPE_SYSTEM: {"ROUTINE", "WALKIN"},
    codes.IDENTIFIER_TYPES: {"IDNPS", "IDNST", "INTRN"},
    codes.LOCATION_IDENTIFIER_TYPES: {"IDNST", "INTRN"},
    codes.SPECIALITY_SYSTEM: {"SM54"},
}
PROFILES = {
    "Schedule": codes.SCHEDULE,
    "Practitioner": codes.PRACTITIONER,
    "PractitionerRole": codes.PRACTITIONER_ROLE,
    "Location": codes.LOCATION,
    "HealthcareService": codes.HEALTHCARE_SERVICE,
    "Organization": codes.ORGANIZATION,
}


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


SINCE, UNTIL = hours(-1), hours(72)


def query(*numbers: str, since=SINCE, until=UNTIL, includes=R04, **more) -> str:
    """A search as the SAS writes it; `more` overrides a parameter, or with None takes it away."""
    pairs = [(name, value) for name, values in includes.items() for value in values]
    named = {
        "schedule.actor:Practitioner.identifier": ",".join(f"{SYSTEM}|{number}" for number in numbers),
        "start": [f"ge{since}", f"le{until}"],
        "status": "free",
    } | more
    for name, values in named.items():
        found = values if isinstance(values, list) else [values] if values is not None else []
        pairs += [(name, value) for value in found]
    return "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in pairs)


def get(client: Client, text: str, status: int = 200) -> dict:
    response = client.get(f"/fhir/sas/Slot?{text}", headers={"accept": "application/json+fhir"})
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/fhir+json; charset=utf-8"
    body = json.loads(response.content)
    check(body)
    return body


def check(resource: dict) -> None:
    """The shape of FHIR, the closed lists of codes, one profile each, nothing empty, every reference held."""
    get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
    for one in walk(resource):
        assert one not in ("", None, [], {})
        if isinstance(one, dict) and one.get("system") in CODES and "code" in one:
            assert one["code"] in CODES[one["system"]]
        if isinstance(one, dict) and one.get("resourceType") in PROFILES:
            assert one["meta"]["profile"] == [PROFILES[one["resourceType"]]]
    held = {f"{one['resourceType']}/{one['id']}" for one in resources(resource)}
    if any(one.startswith("PractitionerRole/") for one in held):
        assert {one["reference"] for one in walk(resource) if isinstance(one, dict) and "reference" in one} - held == (
            {"#loc-1"}
        )
        assert len(held) == len(resource["entry"])


def walk(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def resources(bundle: dict, kind: str = "") -> list[dict]:
    found = [entry["resource"] for entry in bundle.get("entry", [])]
    return [one for one in found if not kind or one["resourceType"] == kind]


def kinds(resource: dict) -> list[str]:
    return [one["code"] for one in resource["meta"]["security"]]


def service_codes(resource: dict) -> list[str]:
    return [coding["code"] for one in resource["serviceType"] for coding in one.get("coding", [])]


def test_a_slot_open_to_two_cpts_is_told_whole(client):
    ids = load(slot("d", "d1", hours(4), codes=["CPTS"], cpts=["a", "b"], modes=["AMB", "VR"], reasons=["Fièvre"]))
    bundle = get(client, query(f"8{DOCTOR}"))
    assert bundle["total"] == 1
    assert bundle["meta"]["profile"] == [codes.CPTS_BUNDLE]
    (found,) = resources(bundle, "Slot")
    assert found["id"] == ids["slots"][0]
    assert found["meta"]["profile"] == [codes.CPTS_SLOT]
    assert kinds(found) == ["CPTS"]
    assert service_codes(found) == ["AMB", "VR", "604", "604"]
    assert found["serviceType"][-1] == {"text": "Fièvre"}
    assert all("extension" not in one for one in found["serviceType"][:2])
    assert {one["extension"][0]["valueReference"]["reference"] for one in found["serviceType"][2:4]} == {
        f"HealthcareService/{ids['cpts'][key]}" for key in "ab"
    }
    assert (found["start"], found["end"]) == ("2026-11-23T16:00:00.000+01:00", "2026-11-23T16:20:00.000+01:00")
    assert found["comment"] == f"http://testserver/sas/agenda/?ps=8{DOCTOR}"
    assert found["appointmentType"]["coding"][0]["code"] == "ROUTINE"
    (schedule,) = resources(bundle, "Schedule")
    assert "serviceType" not in schedule
    assert found["schedule"]["reference"] == f"Schedule/{schedule['id']}"
    assert [one["reference"].split("/")[0] for one in schedule["actor"]] == ["Practitioner", "PractitionerRole"]
    (role,) = resources(bundle, "PractitionerRole")
    assert role["organization"]["identifier"]["value"] == "1990000101"
    assert role["telecom"] == [{"system": "phone", "value": "+33199000017"}]
    assert role["contained"][0]["address"] == {
        "line": ["3 place du Marché"],
        "city": "Villeneuve",
        "postalCode": "99100",
    }
    organizations = {one["name"]: one for one in resources(bundle, "Organization")}
    assert organizations["CPTS Exemple Nord"]["identifier"][0]["value"] == "1990000010"
    assert organizations["CPTS Exemple Sud"]["identifier"][0]["value"] == "1990000028"
    assert organizations["CPTS Exemple Sud"]["telecom"][0]["value"] == "+262262990002"
    assert len(resources(bundle, "HealthcareService")) == 2


def test_in_r01_a_slot_loses_what_is_of_the_cpts_and_goes_when_nothing_is_left(client):
    ids = load(
        slot("d", "d1", hours(4), codes=["CPTS"], cpts=["a"]),
        slot("d", "d1", hours(5), codes=["PUBLIC", "CPTS"], cpts=["a"], reasons=["Fièvre"]),
    )
    bundle = get(client, query(f"8{DOCTOR}", includes=R01))
    (found,) = resources(bundle, "Slot")
    assert found["id"] == ids["slots"][1]
    assert found["meta"]["profile"] == [codes.SLOT]
    assert bundle["meta"]["profile"] == [codes.BUNDLE]
    assert kinds(found) == ["PUBLIC"]
    assert service_codes(found) == ["AMB"]
    assert not resources(bundle, "Organization")
    assert [kinds(one) for one in resources(get(client, query(f"8{DOCTOR}")), "Slot")] == [["CPTS"], ["PUBLIC", "CPTS"]]


@pytest.mark.parametrize(
    ("start", "more"),
    [
        pytest.param(2, {"state": "booked"}, id="booked"),
        pytest.param(2, {"state": "cancelled"}, id="cancelled"),
        pytest.param(2, {"state": "blocked"}, id="blocked"),
        pytest.param(2, {"audience": "own_patients"}, id="own patients"),
        pytest.param(2, {"audience": "structure"}, id="structure"),
        pytest.param(2, {"codes": []}, id="no kind"),
        pytest.param(2, {"modes": []}, id="no mode"),
        pytest.param(2, {"codes": ["CPTS"]}, id="kind CPTS without a CPTS"),
        pytest.param(0, {}, id="begins now"),
        pytest.param(-0.2, {}, id="begun"),
    ],
)
def test_what_is_not_published_is_neither_found_nor_read(client, start, more):
    ids = load(slot("d", "d1", hours(start), **more))
    assert get(client, query(f"8{DOCTOR}"))["total"] == 0
    assert client.get(f"/fhir/sas/Slot/{ids['slots'][0]}").status_code == 404


@pytest.mark.parametrize(("person", "number"), [("no", "899900000033"), ("alone", "899900000041")])
def test_only_members_who_agreed_are_published(client, person, number):
    ids = load(slot(person, f"{person}1", hours(2)))
    assert get(client, query(number))["total"] == 0
    assert client.get(f"/fhir/sas/Slot/{ids['slots'][0]}").status_code == 404


def test_who_leaves_the_last_cpts_is_no_longer_published(client):
    load(slot("l", "l1", hours(2)))
    assert get(client, query(f"8{OTHER}"))["total"] == 1
    Membership.objects.update(status="left", left_on=NOON.date())
    assert get(client, query(f"8{OTHER}"))["total"] == 0


def test_both_ends_of_the_window_are_inside(client):
    load(slot("d", "d1", hours(2)), slot("d", "d1", hours(3)), slot("d", "d1", hours(4)))
    assert get(client, query(f"8{DOCTOR}", since=hours(2), until=hours(3)))["total"] == 2


def test_several_people_and_places_are_attached_rightly(client):
    load(
        slot("d", "d1", hours(2)),
        slot("d", "d2", hours(3)),
        slot("d", "d2", hours(4)),
        slot("l", "l1", hours(2), walkin=True, modes=["HH"]),
        slot("n", "n1", hours(2), codes=["CPTS"], cpts=["c"]),
    )
    bundle = get(client, query(f"8{DOCTOR}", f"8{OTHER}", f"0{ADELI}"))
    assert (bundle["total"], len(resources(bundle, "Slot"))) == (5, 5)
    assert len(resources(bundle, "Schedule")) == len(resources(bundle, "PractitionerRole")) == 4
    assert {one["identifier"][0]["value"] for one in resources(bundle, "Practitioner")} == {
        f"8{DOCTOR}",
        f"8{OTHER}",
        f"0{ADELI}",
    }
    values = {
        one["organization"]["identifier"]["value"]
        for one in resources(bundle, "PractitionerRole")
        if "organization" in one
    }
    assert values == {"1990000101", "399900000000029", "499900000025001"}
    assert [entry["search"]["mode"] for entry in bundle["entry"]].count("match") == 5
    walk_in = next(one for one in resources(bundle, "Slot") if service_codes(one) == ["HH"])
    assert walk_in["appointmentType"]["coding"][0]["code"] == "WALKIN"
    loret = next(
        one for one in resources(bundle, "PractitionerRole") if one.get("contained")[0]["address"]["city"] == "Eymet"
    )
    assert "telecom" not in loret
    assert resources(bundle, "Organization") == [
        {
            "resourceType": "Organization",
            "id": resources(bundle, "Organization")[0]["id"],
            "meta": {"profile": [codes.ORGANIZATION]},
            "name": "CPTS sans numéro",
        }
    ]


@pytest.mark.parametrize("includes", [R01, R04])
@pytest.mark.parametrize(
    ("numbers", "window"),
    [
        pytest.param(["899900009999"], (-1, 72), id="unknown"),
        pytest.param([f"8{DOCTOR}"], (500, 600), id="nothing then"),
        pytest.param([f"8{DOCTOR}"], (-600, -500), id="in the past"),
        pytest.param(["8abc", "x", "8" * 400], (-1, 72), id="nobody's number"),
    ],
)
def test_no_result_is_an_answer(client, includes, numbers, window):
    load(slot("d", "d1", hours(2)))
    bundle = get(client, query(*numbers, since=hours(window[0]), until=hours(window[1]), includes=includes))
    assert bundle["total"] == 0
    assert "entry" not in bundle
    assert bundle["meta"]["profile"] == [codes.BUNDLE]
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_the_self_link_is_the_request_percent_encoded(client):
    text = query(f"8{DOCTOR}")
    (link,) = get(client, text)["link"]
    assert link["url"] == f"http://testserver/fhir/sas/Slot?{text}"
    raw = (
        f"_include=Slot:schedule&schedule.actor:Practitioner.identifier={SYSTEM}|8{DOCTOR}, {SYSTEM}|8{OTHER}"
        "&start=ge2026-11-23T10:00:00+01:00&start=le2026-11-25T10:00:00&status=free&_count=1000"
    )
    (link,) = get(client, raw)["link"]
    assert not re.search(r"[|+: ]", urlsplit(link["url"]).query)
    assert parse_qsl(urlsplit(link["url"]).query)[2] == ("start", "ge2026-11-23T10:00:00+01:00")


def test_count_never_cuts_and_a_slash_changes_nothing(client):
    load(*[slot("d", "d1", hours(2 + number / 2)) for number in range(6)])
    assert get(client, query(f"8{DOCTOR}", _count="2"))["total"] == 6
    assert json.loads(client.get(f"/fhir/sas/Slot/?{query(f'8{DOCTOR}')}").content)["total"] == 6


@pytest.mark.parametrize(
    ("more", "code", "expression"),
    [
        ({"start": [f"le{hours(72)}"]}, "required", "start"),
        ({"start": [f"ge{hours(0)}"]}, "required", "start"),
        ({"start": None}, "required", "start"),
        ({"status": None}, "required", "status"),
        ({"status": ""}, "required", "status"),
        ({"status": "busy"}, "value", "status"),
        ({"status": ["free", "busy"]}, "value", "status"),
        ({"schedule.actor:Practitioner.identifier": None}, "required", "schedule.actor:Practitioner.identifier"),
        ({"schedule.actor:Practitioner.identifier": " , "}, "required", "schedule.actor:Practitioner.identifier"),
        ({"schedule.actor:Practitioner.identifier": "urn:oid:1.2.3|8999"}, "value", None),
        ({"schedule.actor:Practitioner.identifier": "899900000017"}, "value", None),
        ({"schedule.actor:Practitioner.identifier": [f"{SYSTEM}|1", f"{SYSTEM}|2"]}, "invalid", None),
        ({"schedule.actor:Practitioner.identifier": ",".join([f"{SYSTEM}|8{DOCTOR}"] * 26)}, "too-costly", None),
        ({"start": [f"ge{hours(2)}", f"le{hours(1)}"]}, "value", "start"),
        ({"start": [f"ge{hours(0)}", f"le{hours(31 * 24 + 0.1)}"]}, "value", "start"),
        ({"start": [f"ge{hours(0)}", f"ge{hours(0)}", f"le{hours(1)}"]}, "invalid", "start"),
        ({"start": ["gedemain", f"le{hours(1)}"]}, "value", "start"),
        ({"start": ["ge2026-13-45T10:00:00Z", f"le{hours(1)}"]}, "value", "start"),
        ({"start": [hours(0), f"le{hours(1)}"]}, "value", "start"),
        ({"start": ["ge0001-01-01T00:00:00+23:00", f"le{hours(1)}"]}, "value", "start"),
        ({"location": "x"}, "not-supported", "location"),
    ],
)
def test_what_cannot_be_executed_is_told_in_an_operation_outcome(client, more, code, expression):
    body = get(client, query(f"8{DOCTOR}", **more), 400)
    (issue,) = body["issue"]
    assert (body["resourceType"], issue["severity"], issue["code"]) == ("OperationOutcome", "error", code)
    if expression:
        assert issue["expression"] == [expression]


def test_twenty_five_people_and_thirty_one_days_are_taken(client):
    numbers = [f"8999000{number:05d}" for number in range(25)]
    assert get(client, query(*numbers, since=hours(0), until=hours(31 * 24)))["total"] == 0


@pytest.mark.parametrize("path", ["Slot/rien", "Slot/6f2f6c1e-0000-4000-8000-000000000002", "Patient", "", "Slot/a/b"])
def test_an_unknown_address_answers_in_json(client, path):
    response = client.get(f"/fhir/sas/{path}")
    assert response.status_code == 404
    assert json.loads(response.content)["resourceType"] == "OperationOutcome"


def test_other_methods_are_refused_in_json(client):
    response = client.post("/fhir/sas/Slot", {}, content_type="application/json")
    assert response.status_code == 405
    assert response["Allow"] == "GET"
    assert json.loads(response.content)["issue"][0]["code"] == "not-supported"


def test_every_published_resource_is_read_at_its_full_url(client):
    load(slot("d", "d1", hours(2), codes=["SNP", "CPTS"], cpts=["a"]))
    bundle = get(client, query(f"8{DOCTOR}"))
    assert len(bundle["entry"]) == 6
    for entry in bundle["entry"]:
        response = client.get(entry["fullUrl"])
        assert json.loads(response.content) == entry["resource"]


def test_the_capability_statement_is_whole(client):
    body = json.loads(client.get("/fhir/sas/metadata").content)
    check(body)
    assert body["fhirVersion"] == "4.0.1"
    assert {one["type"] for one in body["rest"][0]["resource"]} >= {"Slot", "Practitioner"}


@pytest.mark.parametrize("slots", [10, 200])
def test_a_search_runs_as_many_queries_for_10_or_200_slots(client, django_assert_max_num_queries, slots):
    load(*[slot("d", "d1", hours(1 + number / 3), codes=["SNP", "CPTS"], cpts=["a", "b"]) for number in range(slots)])
    with django_assert_max_num_queries(4):
        bundle = get(client, query(f"8{DOCTOR}", f"8{OTHER}"))
    assert bundle["total"] == min(slots, Slot.objects.filter(starts_at__lte=NOON + timedelta(hours=72)).count())


def test_without_the_include_nothing_comes_along(client):
    load(slot("d", "d1", hours(2)))
    assert len(get(client, query(f"8{DOCTOR}", includes={}))["entry"]) == 1
    assert len(get(client, query(f"8{DOCTOR}", includes={"_include": ["Slot:schedule"]}))["entry"]) == 2
