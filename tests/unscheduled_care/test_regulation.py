"""Screens of the regulator, the desk, the coordinator; what a patient and a professional open without account."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.core.work import jobs
from maillage.exchange.models import OutgoingMail
from maillage.sas.models import SasMessage
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.jobs import follow
from maillage.unscheduled_care.models import Appointment, Difficulty, Effector, Slot, SlotStatus
from maillage.unscheduled_care.notifications import personal_path
from maillage.unscheduled_care.rules.slots import Kind
from tests.factories import NOON, RegulatorFactory, UserFactory
from tests.reading import text_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SEARCH = "commune=Bergerac&profession=10G&delai=48"


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def zoe(cpts):
    return UserFactory(role=Role.REGULATOR, on={"departement_id": "24"}, given_name="Zoé")


@pytest.fixture
def desk(cpts):
    return UserFactory(role=Role.MEDICAL_ASSISTANT, on=cpts)


def test_a_regulator_finds_books_reads_a_code_and_cancels(client, zoe, slots):
    client.force_login(zoe)
    page = client.get(f"/regulation/?{SEARCH}")
    assert "2 créneaux libres à moins de 25 km de Bergerac" in text_of(page)
    assertContains(page, "Élodie Després")
    page = client.post(
        reverse("sas:regulation_book", args=[slots[0].uuid]),
        {"query": SEARCH, "motif": "Fièvre"},
        follow=True,
    )
    row = Appointment.objects.get()
    assert (row.commune, row.origin, row.booked_by) == ("24037", "sas", zoe)
    assertContains(page, "<dt>Motif</dt><dd>Fièvre</dd>", html=True)
    assertContains(page, f"{row.code[:4]} {row.code[4:]}")
    assertContains(client.get("/regulation/rendez-vous/"), "Élodie Després")
    client.post(reverse("sas:regulation_act", args=[row.uuid]), {"do": "cancel"})
    assert Slot.objects.get(pk=slots[0].pk).is_free


def test_who_comes_second_is_told_kindly_and_offered_the_next(client, zoe, slots):
    actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk"), at=NOON)
    client.force_login(zoe)
    page = client.post(reverse("sas:regulation_book", args=[slots[0].uuid]), {"query": SEARCH}, follow=True)
    assertContains(page, "vient d’être pris")
    assertContains(page, "Mardi 24 novembre 2026 à 9\xa0h, Élodie Després")
    assert page.redirect_chain[0][0] == f"/regulation/?{SEARCH}"


def test_a_refusal_offers_no_slot_where_the_regulator_may_not_book(client, slots):
    client.force_login(UserFactory(role=Role.REGULATOR, on={"departement_id": "33"}))
    page = client.post(reverse("sas:regulation_book", args=[slots[0].uuid]), {"query": SEARCH}, follow=True)
    assertContains(page, "Aucun autre créneau ne répond à votre recherche.")
    assertNotContains(page, "Després")
    assert not Appointment.objects.exists()


def test_a_regulator_moves_an_appointment(client, zoe, slots):
    client.force_login(zoe)
    client.post(reverse("sas:regulation_book", args=[slots[0].uuid]), {"query": SEARCH})
    row = Appointment.objects.get()
    page = client.get(f"/regulation/?{SEARCH}&deplacer={row.uuid}")
    assertContains(page, "Déplacer ici")
    client.post(reverse("sas:regulation_book", args=[slots[1].uuid]), {"query": f"{SEARCH}&deplacer={row.uuid}"})
    assert Appointment.objects.get().slot == slots[1]
    assert Slot.objects.get(pk=slots[0].pk).is_free


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("commune=Nulleparte&profession=10G&delai=48", "Aucune commune de ce nom"),
        ("commune=&profession=10G&delai=48", "obligatoire"),
        ("commune=Bergerac&profession=zz&delai=48", "Sélectionnez un choix valide"),
        ("commune=Bergerac&profession=10G&delai=9999", "Sélectionnez un choix valide"),
        ("commune=Bergerac&profession=10G&delai=48&km=abc", "Sélectionnez un choix valide"),
        ("commune=Bergerac&profession=60&delai=48", "Aucun créneau libre"),
    ],
)
def test_a_search_that_says_nothing_is_answered_in_french(client, zoe, slots, query, said):
    client.force_login(zoe)
    assertContains(client.get(f"/regulation/?{query}"), said)


def test_another_software_reads_the_same_search(client, slots, zoe, desk, cpts):
    client.force_login(zoe)
    found = client.get(f"/regulation/creneaux.json?{SEARCH}").json()
    assert [one["uuid"] for one in found["slots"]] == [str(one.uuid) for one in slots]
    assert found["slots"][0]["professional"] == "Élodie Després"
    assert (found["commune"], found["total"]) == ("24037", 2)
    wrong = client.get("/regulation/creneaux.json?commune=Nullepart&profession=10G&delai=48")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["commune"])
    assert client.get("/regulation/creneaux.json").json()["asked"][:2] == ["commune", "profession"]
    client.force_login(desk)
    url = reverse("unscheduled_care:desk_json", args=[cpts.slug])
    assert client.get(f"{url}?{SEARCH}").json()["total"] == 2


def test_htmx_receives_the_results_only(client, zoe, slots):
    client.force_login(zoe)
    page = client.get(f"/regulation/?{SEARCH}", headers={"HX-Request": "true"})
    assertContains(page, 'id="results"')
    assertNotContains(page, "<html")


def test_a_session_that_ends_during_a_refresh_sends_the_whole_page_to_sign_in(client, zoe):
    response = client.get(f"/regulation/?{SEARCH}", headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith("/compte/login/?next=/regulation/")


def test_a_difficulty_reaches_the_coordinator_who_answers(client, zoe, slots, coordinator, cpts):
    client.force_login(zoe)
    client.post(reverse("sas:regulation_book", args=[slots[0].uuid]), {"query": SEARCH})
    row = Appointment.objects.get()
    act = reverse("sas:regulation_act", args=[row.uuid])
    assertContains(client.post(act, {"do": "difficulty", "text": " "}, follow=True), "Dites en quelques mots")
    client.post(act, {"do": "difficulty", "text": "Cabinet fermé"})
    client.post(act, {"do": "difficulty", "text": "Téléphone coupé"})
    client.force_login(coordinator)
    list_url = reverse("unscheduled_care:difficulties", args=[cpts.slug])
    assertContains(client.get(list_url), "Cabinet fermé")
    solve = reverse("unscheduled_care:solve", args=[cpts.slug, Difficulty.objects.order_by("pk")[0].uuid])
    kept = client.post(solve, {"answer": " "})
    assertContains(kept, "Écrivez ce qui a été répondu")
    assertContains(kept, 'aria-invalid="true"', 1)  # beside the one that was answered, not the other
    assertContains(client.post(solve, {"answer": "Le cabinet a été rappelé"}, follow=True), "Le cabinet a été rappelé")
    assertContains(client.post(solve, {"answer": "Deux fois"}, follow=True), "a déjà répondu")


def test_a_regulator_reads_their_own_bookings_only(client, zoe, slots):
    row = actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk"), at=NOON)
    client.force_login(zoe)
    assert client.get(reverse("sas:regulation_appointment", args=[row.uuid])).status_code == 404
    client.force_login(UserFactory())
    assert client.get("/regulation/").status_code == 404


def test_the_desk_books_what_is_open_to_its_cpts_and_not_the_rest(client, desk, slots, cpts):
    client.force_login(desk)
    page = client.get(
        reverse("unscheduled_care:desk", args=[cpts.slug]), {"commune": "24037", "profession": "10G", "delai": 48}
    )
    assertContains(page, "2 créneaux libres")
    client.post(reverse("unscheduled_care:desk_book", args=[cpts.slug, slots[0].uuid]), {"query": SEARCH})
    assert Appointment.objects.get().origin == "desk"
    Slot.objects.filter(pk=slots[1].pk).update(kinds=Kind.SNP)
    page = client.post(
        reverse("unscheduled_care:desk_book", args=[cpts.slug, slots[1].uuid]), {"query": SEARCH}, follow=True
    )
    assertContains(page, "n’est pas ouvert à qui le demande")
    assert Slot.objects.get(pk=slots[1].pk).is_free


def test_a_professional_is_written_to_without_any_patient_and_answers_in_one_tap(client, slots, cpts):
    row = actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk"), at=NOON)
    assert follow({"appointment_id": row.pk, "what": "booked"}, lambda *_: None) == "Prévenu."
    written = OutgoingMail.objects.latest("pk")
    assert written.recipient == "elodie@exemple.invalid"
    assert row.code not in written.body
    page = personal_path(row)
    assert page in written.body
    assertContains(client.get(page), "Un patient vous est adressé")
    assert Appointment.objects.get().acknowledged_at is None  # a visit changes nothing
    client.post(page, {"do": "seen"})
    assert Appointment.objects.get().acknowledged_at == NOON
    client.post(page, {"do": "cannot"})
    assert Slot.objects.get(pk=slots[0].pk).status == SlotStatus.BLOCKED
    assert not mail.outbox


def test_a_professional_says_whether_the_patient_came(client, slots, monkeypatch):
    row = actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk"), at=NOON)
    page = personal_path(row)
    assertContains(client.post(page, {"do": "came"}, follow=True), "n’a pas encore eu lieu")
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + 4 * HOUR)
    client.post(page, {"do": "came"})
    assert Appointment.objects.get().get_status_display() == "honoré"


def test_a_broken_link_is_gone(client):
    assert client.get("/rdv/1/rien/").status_code == 410


def test_a_patient_cancels_with_the_code_that_was_read(client, slots):
    row = actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk"), at=NOON)
    page = client.post("/annuler-un-rendez-vous/", {"code": "00 00 00 00", "on": "23/11/2026"})
    assertContains(page, "Aucun rendez-vous à venir ne porte ce code")
    page = client.post("/annuler-un-rendez-vous/", {"code": f"{row.code[:4]} {row.code[4:]}", "on": "23/11/2026"})
    assertContains(page, "est annulé")
    assert Slot.objects.get(pk=slots[0].pk).is_free


def test_codes_cannot_be_tried_one_after_the_other(client):
    for _ in range(11):
        page = client.post("/annuler-un-rendez-vous/", {"code": "12345678", "on": "23/11/2026"})
    assertContains(page, "Trop d’essais", status_code=429)


def test_figures_count_what_happened(client, slots, coordinator, cpts, monkeypatch):
    row = actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk", cpts=cpts), at=NOON)
    actions.record_outcome(appointment=row, came=True, by=None, at=row.ends_at)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + 30 * HOUR)
    client.force_login(coordinator)
    page = client.get(reverse("unscheduled_care:statistics", args=[cpts.slug]))
    assert (page.context["figures"].opened, page.context["figures"].booked, page.context["honoured"]) == (2, 1, 1)
    assert page.context["figures"].by_delay == [("0–4\xa0h", 1)]
    assert page.context["elsewhere"] == 0
    slots[0].audiences.all().delete()  # as a slot open to the SAS only
    page = client.get(reverse("unscheduled_care:statistics", args=[cpts.slug]))
    assert (page.context["figures"].opened, page.context["figures"].booked, page.context["elsewhere"]) == (1, 1, 1)
    assertContains(page, "1 sur des créneaux ouverts au SAS")


def test_settings_declare_the_host_whole_and_refuse_a_stale_save(client, coordinator, cpts):
    client.force_login(coordinator)
    url = reverse("unscheduled_care:settings", args=[cpts.slug])
    sent = {"target_hours": 24, "phone": "05 53 00 00 10", "finess": "990000010", "patient_months": 3, "version": 0}
    assertContains(client.post(url, sent | {"declares_hds": "on"}), "Nommez l’hébergeur")
    assertContains(client.post(url, sent | {"finess": "12"}), "neuf caractères")
    client.post(url, sent | {"declares_hds": "on", "hds_host": "Hébergeur"})
    care = actions.settings_of(cpts)
    assert (care.target_hours, care.phone, care.may_name_patients) == (24, "0553000010", True)
    assertContains(client.post(url, sent), "a modifié ces réglages")


def test_the_simulator_shows_the_answer_of_the_interface(client, slots, doctor, coordinator, cpts):
    client.force_login(coordinator)
    url = reverse("sas:simulator", args=[cpts.slug])
    Effector.objects.update(sas_agreed_at=None)
    page = client.get(url)
    assertContains(page, "Le SAS ne voit aucun créneau")
    assertContains(page, "accord pour paraître au SAS n’est pas donné")
    Effector.objects.update(sas_agreed_at=NOON)
    page = client.get(url)
    assert [card["name"] for card in page.context["cards"]] == ["Élodie Després"] * 2
    assert page.context["cards"][0]["cpts"][0]["name"] == cpts.name
    assert {card["kinds"][0] for card in client.get(f"{url}?flux=R01").context["cards"]} == {"PRO"}


def test_the_coordinator_sees_what_the_sas_was_not_told(client, slots, doctor, coordinator, cpts, settings):
    settings.SAS_BASE_URL = "https://sas.test/fhir"
    booker = actions.Booker(user=RegulatorFactory().account, origin="sas")
    first, second = (actions.book_slot(slot=slot, booker=booker, at=NOON) for slot in slots[:2])
    client.force_login(coordinator)
    url = reverse("sas:simulator", args=[cpts.slug])
    assertContains(client.get(url), "2\xa0changements attendent")
    SasMessage.objects.filter(appointment=first).update(state="sent", sent_at=NOON)
    SasMessage.objects.filter(appointment=second).update(state="refused", error="Réponse 422")
    page = client.get(url)
    assertContains(page, "1\xa0changement transmis, le dernier")
    assertContains(page, "1\xa0changement refusé")
    assertContains(page, "Réponse 422")
    assertNotContains(page, "changement attend")
    settings.SAS_BASE_URL = ""
    assertContains(client.get(url), "pas encore raccordée au SAS")


def test_the_door_of_the_sas_leads_to_the_agenda_of_the_professional(client, slots, doctor, zoe):
    door = "/sas/agenda/?ps=899900000017&origin=sas-essai"
    response = client.get(door)
    assert response.status_code == 302
    assert response["Location"].startswith("/compte/login/?next=%2Fsas%2Fagenda%2F")
    client.force_login(zoe)
    assertContains(client.get(door), "Réserver", count=4)
    assert client.get("/sas/agenda/?ps=1").status_code == 404
    client.force_login(UserFactory())
    assert client.get(door).status_code == 404


def test_the_worker_runs_what_follows_a_booking(slots):
    actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk"), at=timezone.now())
    assert actions.FOLLOW in jobs.KINDS


def test_what_is_searched_is_what_is_shown(client, slots, doctor, zoe):
    client.force_login(zoe)
    page = client.get("/regulation/", {"commune": "24037", "profession": "10G", "delai": "48"})
    assertContains(page, '<option value="25" selected>25\xa0km</option>')
    assertContains(client.get("/regulation/"), '<option value="25" selected>25\xa0km</option>')


def test_a_code_that_has_not_eight_digits_is_said_so(client, db):
    page = client.post(reverse("unscheduled_care:cancel"), {"code": "abcd", "on": "25/11/2026"})
    assertContains(page, "Ce code a huit chiffres")
    assertContains(page, 'value="abcd"')


def test_the_trace_of_an_appointment_is_told_on_the_clock_of_the_wall(slots):
    actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk"), at=NOON)
    (event,) = AuditEvent.objects.filter(type="appointment.booked")
    assert f"{timezone.localtime(slots[0].starts_at):%d/%m/%Y à %H:%M}" in event.summary
    assert "UTC" not in event.summary
