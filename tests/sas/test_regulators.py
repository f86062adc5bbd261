"""INT_R02: the SAS declares its regulators; and the certificate of whoever calls."""

import json

import pytest
from fhir.resources.R4B import get_fhir_model_class

from maillage.accounts.models import User
from maillage.sas.models import Regulator
from maillage.sas.rules.fhir_codes import SAS_SYSTEM
from maillage.sas.rules.sas_query import PRACTITIONER_SYSTEM

pytestmark = pytest.mark.django_db
TECHNICAL, NATIONAL = (SAS_SYSTEM, "0b0e7c1a-0000-4000-8000-000000000001"), (PRACTITIONER_SYSTEM, "3999780581/11242343")


def body(*pairs, active=True, **more):
    identifiers = [
        {
            "type": {"coding": [{"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": "IDNPS"}]},
            "system": system,
            "value": value,
        }
        for system, value in pairs or (TECHNICAL,)
    ]
    whole = {
        "resourceType": "Practitioner",
        "id": "example",
        "meta": {"source": SAS_SYSTEM},
        "identifier": identifiers,
        "active": active,
        "name": [{"family": "Loret", "given": ["Zoé"]}],
        "telecom": [{"system": "email", "value": "z.loret@sas.test"}],
    } | more
    return {name: value for name, value in whole.items() if value is not None}


def post(client, sent):
    return client.post("/fhir/sas/Practitioner", json.dumps(sent), content_type="application/json")


def put(client, sent, pair=TECHNICAL):
    return client.put(
        "/fhir/sas/Practitioner",
        json.dumps(sent),
        content_type="application/json",
        query_params={"identifier": "|".join(pair)},
    )


def test_a_post_creates_an_account_that_opens_nothing(client, mailoutbox):
    response = post(client, body(TECHNICAL, NATIONAL))
    regulator = Regulator.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver/fhir/sas/Practitioner/{regulator.uuid}"
    answer = json.loads(client.get(response["Location"]).content)
    get_fhir_model_class("Practitioner").model_validate(answer)
    assert answer["id"] == str(regulator.uuid)
    assert {one["value"] for one in answer["identifier"]} == {TECHNICAL[1], NATIONAL[1]}
    assert not User.objects.exists()
    assert not mailoutbox


def test_two_accounts_may_share_an_address(client):
    assert post(client, body()).status_code == 201
    assert post(client, body(NATIONAL)).status_code == 201


@pytest.mark.parametrize("pairs", [(TECHNICAL,), (NATIONAL, TECHNICAL)])
def test_a_post_of_a_known_identifier_is_refused(client, pairs):
    post(client, body())
    response = post(client, body(*pairs))
    assert response.status_code == 422
    assert json.loads(response.content)["issue"][0]["code"] == "duplicate"
    assert Regulator.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"identifier": None}, "required"),
        ({"identifier": []}, "required"),
        ({"name": None}, "required"),
        ({"telecom": None}, "required"),
        ({"active": None}, "required"),
        ({"active": "true"}, "value"),
        ({"name": [{"family": "Loret"}]}, "required"),
        ({"name": [{"given": ["Zoé"]}]}, "required"),
        ({"name": "Loret"}, "structure"),
        ({"name": [{"family": 3, "given": ["Zoé"]}]}, "structure"),
        ({"telecom": [{"system": "phone", "value": "0199000001"}]}, "required"),
        ({"telecom": [{"system": "email", "value": "x" * 300}]}, "too-long"),
        ({"identifier": [{"system": "urn:oid:1.2.3", "value": "1"}]}, "value"),
        ({"identifier": [{"system": SAS_SYSTEM, "value": " "}]}, "required"),
        ({"resourceType": "Patient"}, "invalid"),
        ({"meta": {"source": "urn:oid:1.2.3"}}, "value"),
    ],
)
@pytest.mark.parametrize("send", [post, put])
def test_a_missing_or_wrong_element_is_refused(client, send, more, code):
    response = send(client, body(**more))
    assert response.status_code == 400
    assert json.loads(response.content)["issue"][0]["code"] == code
    assert not Regulator.objects.exists()


@pytest.mark.parametrize("sent", ["", "{", "[]", '"a"', "\x00", "[" * 5000])
def test_a_body_that_is_no_resource_is_refused(client, sent):
    response = client.post("/fhir/sas/Practitioner", sent, content_type="application/json")
    assert response.status_code == 400
    assert json.loads(response.content)["resourceType"] == "OperationOutcome"


def test_a_put_of_an_unknown_identifier_creates_and_twice_is_once(client):
    first, second = put(client, body(NATIONAL), TECHNICAL), put(client, body(NATIONAL), TECHNICAL)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first["Location"] == second["Location"]
    assert Regulator.objects.count() == 1


def test_an_account_goes_from_its_technical_to_its_national_identifier(client):
    created = post(client, body(TECHNICAL))
    switched = put(client, body(NATIONAL), TECHNICAL)
    renamed = put(client, body(NATIONAL, name=[{"family": "Martin", "given": ["Zoé"]}]), NATIONAL)
    assert created["Location"] == switched["Location"] == renamed["Location"]
    assert Regulator.objects.get().family_name == "Martin"


def test_a_closed_account_keeps_its_number_from_nobody(client):
    post(client, body(NATIONAL))
    assert put(client, body(NATIONAL, active=False), NATIONAL).status_code == 200
    assert not Regulator.objects.get().is_active
    assert post(client, body(NATIONAL)).status_code == 201
    assert [one.is_active for one in Regulator.objects.order_by("pk")] == [False, True]


def test_a_put_that_takes_the_number_of_another_open_account_is_refused(client):
    post(client, body(TECHNICAL))
    post(client, body(NATIONAL))
    response = put(client, body(NATIONAL), TECHNICAL)
    assert response.status_code == 422
    assert {one.identifiers.get().value for one in Regulator.objects.all()} == {TECHNICAL[1], NATIONAL[1]}


@pytest.mark.parametrize("reference", ["", "x", "urn:oid:1.2.3|4", f"{SAS_SYSTEM}|", f"{SAS_SYSTEM}|{'9' * 200}"])
def test_a_put_that_names_nobody_is_refused(client, reference):
    response = client.put(
        "/fhir/sas/Practitioner",
        json.dumps(body()),
        content_type="application/json",
        query_params={"identifier": reference},
    )
    assert response.status_code == 400
    assert json.loads(response.content)["issue"][0]["expression"] == ["identifier"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"x-ssl-client-verify": "NONE"}, 403),
        ({"x-ssl-client-verify": "SUCCESS", "x-ssl-client-subject": "CN=autre,OU=318751275100020"}, 403),
        ({"x-ssl-client-verify": "SUCCESS", "x-ssl-client-subject": "CN=sas.test,OU=autre"}, 403),
        ({"x-ssl-client-verify": "SUCCESS", "x-ssl-client-subject": "CN=sas.test,OU=318751275100020,C=FR"}, 200),
    ],
)
def test_a_certificate_is_demanded_where_the_settings_say_so(client, settings, headers, status):
    settings.SAS_CERTIFICATE_REQUIRED = True
    settings.SAS_CERTIFICATE_CN, settings.SAS_CERTIFICATE_OU = ["sas.test"], ["318751275100020"]
    response = client.get("/fhir/sas/metadata", headers=headers)
    assert response.status_code == status
    assert json.loads(response.content)["resourceType"] in {"OperationOutcome", "CapabilityStatement"}
