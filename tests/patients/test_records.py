"""The record of a person helped: sealed, found without being read, erased with the last mission that names it."""

import re
from threading import Barrier, Thread

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.core.secrecy.keyring import SealingKeyDestroyed, destroy
from maillage.core.secrecy.resealing import reseal
from maillage.geography.models import Commune
from maillage.patients import actions
from maillage.patients.models import IndexSecret, PatientRecord, PatientTerm
from maillage.unscheduled_care import actions as care
from tests.factories import NOON, CptsFactory, UserFactory
from tests.security.sign_in_steps import enrol
from tests.unscheduled_care.test_requests import hosted  # noqa: F401  # a CPTS that may name patients

pytestmark = pytest.mark.django_db
WHO = "Jeanne Patiente, née le 03/05/1941, 05 53 00 00 99"


def record(cpts, who=WHO, **facts):
    return actions.open_record(cpts=cpts, facts={"who": who, **facts}, by=None, at=NOON)


def found(cpts, text, by):
    return list(actions.search(cpts=cpts, text=text, by=by, at=NOON))


@pytest.mark.parametrize("text", ["patiente", "JEANNE patiente", "0553000099", "3/5/1941", "Patiente 03/05/1941"])
def test_a_record_is_found_by_all_that_is_typed(cpts, coordinator, text):
    kept = record(cpts, doctor="Dr Després")
    record(cpts, "Louise Autre, 05 53 00 00 98")
    assert found(cpts, text, coordinator) == [kept]
    assert kept.facts() == {"who": WHO, "doctor": "Dr Després"}


@pytest.mark.parametrize("text", ["", "pat", "patiente louise", "0553000098 jeanne", "després"])
def test_what_is_not_said_of_it_finds_it_not(cpts, coordinator, text):
    record(cpts, doctor="Dr Després")
    assert found(cpts, text, coordinator) == []


def test_a_neighbour_finds_nobody_and_shares_no_digest(cpts, coordinator):
    neighbour = CptsFactory()
    record(cpts)
    assert found(neighbour, "patiente", coordinator) == []
    record(neighbour)
    digests = [set(PatientTerm.objects.filter(cpts=one).values_list("digest", flat=True)) for one in (cpts, neighbour)]
    assert len(digests[0]) == len(digests[1]) == 4
    assert not digests[0] & digests[1]


def test_nothing_of_it_is_read_in_the_database(cpts):
    kept = record(cpts)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM patients_patientrecord")
        text = str([[bytes(cell) if isinstance(cell, memoryview) else cell for cell in row] for row in cursor])
        cursor.execute("SELECT digest, kind FROM patients_patientterm")
        text += str(list(cursor))
    assert not re.search("jeanne|patiente|553000099|1941", text, re.IGNORECASE)
    assert kept.terms.count() == 4


def test_that_somebody_looked_is_written_and_not_whom_for(cpts, coordinator):
    found(cpts, "patiente", coordinator)
    event = AuditEvent.objects.get(type="reading.patient-search")
    assert event.by_id == coordinator.pk
    assert "patiente" not in f"{event.summary} {event.details} {event.target_label}"


def test_look_alikes_are_of_the_same_cpts_the_latest_first(cpts):
    first = record(cpts)
    record(cpts, "Jeanne Autre")
    record(CptsFactory())
    again = record(cpts, "PATIENTE Jeanne")
    assert actions.look_alikes(again, again.facts(), at=NOON) == [first]


def test_a_key_that_is_renewed_still_finds_and_one_destroyed_finds_nobody(cpts, coordinator):
    kept = record(cpts)
    reseal({"everything": True, "asked_at": NOON.isoformat()}, lambda *_: None)
    assert found(cpts, "patiente", coordinator) == [kept]
    destroy(cpts.pk, NOON)
    with pytest.raises(SealingKeyDestroyed):
        found(cpts, "patiente", coordinator)
    with pytest.raises(SealingKeyDestroyed):
        record(cpts)
    assert PatientRecord.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_first_records_at_once_all_share_one_secret(cpts):
    start, kept = Barrier(8), []

    def open_one():
        try:
            start.wait(20)
            kept.append(record(cpts).pk)
        finally:
            connection.close()

    threads = [Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(kept) == 8
    assert IndexSecret.objects.count() == 1
    assert len(set(PatientTerm.objects.values_list("digest", flat=True))) == 4


def test_every_mission_that_names_a_record_says_when_it_erased_its_own():
    for model in apps.get_models():
        if model is not PatientTerm and any(field.related_model is PatientRecord for field in model._meta.fields):
            assert model._meta.get_field("erased_at").null, model


@pytest.fixture
def desk(hosted):  # noqa: F811
    user = UserFactory(role=Role.MEDICAL_ASSISTANT, on=hosted)
    enrol(user)
    return user


def asked(cpts, by, who=WHO):
    bergerac = Commune.objects.get(code="24037")
    patient = {"who": who, "what": "Fièvre", "doctor": ""}
    return care.open_request(cpts=cpts, patient=patient, commune=bergerac, group="10G", hours=48, by=by, at=NOON)


def test_a_record_goes_with_the_last_request_that_names_it(hosted, desk):  # noqa: F811
    request = asked(hosted, desk)
    assert actions.release([request.patient], at=NOON) == 0
    request.erased_at, request.sealed = NOON, b""
    request.save()
    assert actions.release([request.patient], at=NOON) == 1
    assert actions.release([request.patient], at=NOON) == 0
    assert (PatientRecord.objects.get().facts(), PatientTerm.objects.count()) == ({}, 0)


def test_from_the_screen_a_patient_is_found_and_told_from_others(client, hosted, desk):  # noqa: F811
    first, _, again = asked(hosted, desk), asked(hosted, desk, "Louise Autre"), asked(hosted, desk, "patiente, JEANNE")
    client.force_login(desk)
    search = reverse("unscheduled_care:find_patient", args=[hosted.slug])
    page = client.post(search, {"text": "Patiente"}).content.decode()
    assert re.search(r"2\s+demandes nomment ce patient", page)
    assert str(first.uuid) in page
    assert "Jeanne" not in page
    assert "Aucune demande ne nomme" in client.post(search, {"text": "Inconnue"}).content.decode()
    assert "Écrivez un nom" in client.post(search, {"text": " "}).content.decode()
    asked_again = client.get(search)
    assert (asked_again.status_code, "Qui cherchez-vous" in asked_again.content.decode()) == (200, True)
    assert "Écrivez un nom" not in asked_again.content.decode()
    shown = client.get(reverse("unscheduled_care:request", args=[hosted.slug, again.uuid])).content.decode()
    assert "Peut-être la même personne" in shown
    assert str(first.uuid) in shown


def test_whoever_is_not_the_desk_looks_for_nobody(client, hosted):  # noqa: F811
    search = reverse("unscheduled_care:find_patient", args=[hosted.slug])
    for role, status in ((Role.MEMBER, 403), (Role.TREASURER, 403)):
        user = UserFactory(role=role, on=hosted)
        enrol(user)
        client.force_login(user)
        assert client.post(search, {"text": "Patiente"}).status_code == status
        assert "Retrouver" not in client.get(reverse("unscheduled_care:desk", args=[hosted.slug])).content.decode()
    client.force_login(UserFactory(role=Role.COORDINATOR, on=CptsFactory()))
    assert client.post(search, {"text": "Patiente"}).status_code == 404
