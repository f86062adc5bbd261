"""Requests that name a patient: switched on by a declaration, sealed, read in the open by nobody, ended, erased."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.exchange.models import OutgoingMail
from maillage.geography.models import Commune
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Appointment, CareRequest, RequestMessage, Solicitation
from maillage.unscheduled_care.notifications import solicitation_path
from maillage.unscheduled_care.rules.slots import Kind, Mode
from maillage.unscheduled_care.rules.warning_signs import warning_signs
from tests.factories import NOON, MembershipFactory, UserFactory
from tests.security.test_step_up import grow_old

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PATIENT = {"who": "Jeanne Patiente, 05 53 00 00 99", "what": "Fièvre depuis trois jours", "doctor": "Després"}
TYPED = {"who": PATIENT["who"], "commune": "Bergerac", "what": PATIENT["what"], "hours": "48", "group": "10G"}


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def hosted(cpts, coordinator):
    fields = {"target_hours": 48, "hds_host": "Hébergeur", "declares_hds": True, "patient_months": 3}
    actions.save_settings(cpts=cpts, read_version=0, fields=fields, by=coordinator, at=NOON)
    return cpts


@pytest.fixture
def desk(cpts):
    return UserFactory(role=Role.MEDICAL_ASSISTANT, on=cpts)


@pytest.fixture
def row(hosted, desk):
    return actions.open_request(
        cpts=hosted, patient=PATIENT, commune=Commune.objects.get(code="24037"), group="10G", hours=48, by=desk, at=NOON
    )


@pytest.fixture
def doctors(cpts):
    """Three doctors of Bergerac, with an account each."""
    found = []
    for name in ("Aubin", "Bastide", "Després"):
        user = UserFactory(role=Role.MEMBER, on=cpts)
        membership = MembershipFactory(cpts=cpts, group="10G", family_name=name, email=user.email)
        effector = actions.start_agenda(membership=membership, by=None, at=NOON)
        effector.user = user
        found.append(effector)
    return found


def url(name, cpts, *args):
    return reverse(f"unscheduled_care:{name}", args=[cpts.slug, *args])


def test_no_patient_is_named_before_the_host_is_declared(client, cpts, desk):
    client.force_login(desk)
    assertContains(client.get(url("requests", cpts)), "hébergement certifié")
    assertContains(client.get(url("new_request", cpts)), "Aucun patient ne peut être nommé")
    assertContains(client.post(url("new_request", cpts), TYPED), "Aucun patient ne peut être nommé")
    assert not CareRequest.objects.exists()


def test_a_call_becomes_a_request_in_four_fields(client, hosted, desk, doctors):
    client.force_login(desk)
    page = client.post(url("new_request", hosted), TYPED, follow=True)
    assertContains(page, "Jeanne Patiente")
    assertContains(page, "Demande n° 1")
    row = CareRequest.objects.get()
    assert row.due_at == NOON + 48 * HOUR
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM unscheduled_care_carerequest")
        assert "Jeanne" not in str([bytes(one) if isinstance(one, memoryview) else one for one in cursor.fetchone()])
    assert AuditEvent.objects.filter(type="reading.request", target_id=str(row.pk)).count() == 1
    assert not any("Jeanne" in one.summary + str(one.details) for one in AuditEvent.objects.all())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"who": ""}, "obligatoire"),
        ({"commune": "Nulleparte"}, "Aucune commune"),
        ({"hours": "7"}, "choix valide"),
        ({"what": "x" * 10_000}, "500 caractères"),
    ],
)
def test_a_refused_call_keeps_what_was_typed(client, hosted, desk, more, said):
    client.force_login(desk)
    page = client.post(url("new_request", hosted), TYPED | {"who": "Zoé 🤒"} | more)
    assert said in page.content.decode().replace("\xa0", " ")
    assert more.get("who") == "" or "Zoé 🤒" in page.content.decode()
    assert not CareRequest.objects.exists()


def test_a_warning_sign_asks_for_the_15_before_anything_is_written(client, hosted, desk):
    client.force_login(desk)
    typed = TYPED | {"what": "Douleur THORACIQUE depuis une heure"}
    assertContains(client.post(url("new_request", hosted), typed), 'href="tel:15"')
    assert not CareRequest.objects.exists()
    client.post(url("new_request", hosted), typed | {"confirmed": "1"})
    assert CareRequest.objects.get().has_warning


def test_a_slot_given_ends_the_request_within_its_time(client, hosted, desk, row, doctors):
    place = doctors[2].schedules.get()
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.CPTS, cpts=[hosted])
    slots = actions.open_slots(
        schedule=place, spans=[(NOON + 2 * HOUR, NOON + 3 * HOUR)], opening=opening, by=None, at=NOON
    ).slots
    client.force_login(desk)
    page = client.get(url("request", hosted, row.uuid))
    assertContains(page, "Son médecin traitant d’abord")
    assert len(page.context["offered"]) == 1
    assertContains(page, "médecin traitant</span>")
    page = client.post(url("desk_book", hosted, slots[0].uuid), {"query": page.context["query"]}, follow=True)
    assertContains(page, "Rendez-vous donné")
    ended = CareRequest.objects.get()
    assert (ended.outcome, ended.appointment, ended.seen_at) == (
        "booked",
        Appointment.objects.get(),
        slots[0].starts_at,
    )
    assertContains(client.get(url("requests", hosted)), "100\xa0% vus dans le délai")


@pytest.fixture
def appointed(hosted, desk, row, doctors):
    """A request whose patient has an appointment."""
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.PRO)
    spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in (2, 3)]
    slots = actions.open_slots(
        schedule=doctors[0].schedules.get(), spans=spans, opening=opening, by=None, at=NOON
    ).slots
    booker = actions.Booker(user=desk, origin="desk", cpts=hosted)
    booked = actions.book_slot(slot=slots[0], booker=booker, at=NOON)
    actions.end_request(request=row, outcome="booked", appointment=booked, by=desk, at=NOON)
    return booked, slots[1]


def test_a_request_shows_its_appointment_with_the_code_and_where_to_change_it(client, hosted, desk, row, appointed):
    client.force_login(desk)
    page = client.get(url("request", hosted, row.uuid))
    assertContains(page, str(appointed[0].effector))
    assertContains(page, f"{appointed[0].code[:4]} {appointed[0].code[4:]}")
    assertContains(page, url("appointment", hosted, appointed[0].uuid))


@pytest.mark.parametrize("keep_slot", [False, True])
def test_a_request_waits_again_when_its_appointment_is_cancelled(client, hosted, desk, row, appointed, keep_slot):
    actions.cancel(appointment=appointed[0], by=None, at=NOON, keep_slot=keep_slot)
    again = CareRequest.objects.get()
    assert (again.is_waiting, again.appointment, again.seen_at, again.ended_at) == (True, None, None, None)
    client.force_login(desk)
    assertContains(client.get(url("request", hosted, row.uuid)), "est annulé\xa0: le patient attend")
    assertContains(client.get(reverse("portal:home", args=[hosted.slug])), "1 patient à voir")
    assert AuditEvent.objects.filter(type="request.reopened").count() == 1


def test_a_request_follows_the_time_of_its_appointment(hosted, desk, row, appointed):
    booked, later = appointed
    booker = actions.Booker(user=desk, origin="desk", cpts=hosted)
    actions.move(appointment=booked, to=later, booker=booker, at=NOON)
    assert CareRequest.objects.get().seen_at == later.starts_at


def test_an_appointment_without_a_request_is_cancelled_alone(appointed, row):
    CareRequest.objects.update(appointment=None)
    actions.cancel(appointment=appointed[0], by=None, at=NOON)
    assert CareRequest.objects.get().outcome == "booked"


def test_the_list_tells_those_that_wait_or_all_of_them(client, hosted, desk, row, appointed):
    client.force_login(desk)
    assert client.get(url("requests", hosted)).context["page"].paginator.count == 0
    everything = client.get(url("requests", hosted), {"issue": "toutes"})
    assert everything.context["page"].paginator.count == 1
    assertContains(everything, '<option value="toutes" selected>Toutes</option>', html=True)
    assert client.get(url("requests", hosted), {"issue": "booked"}).context["page"].paginator.count == 1


def test_the_first_to_accept_wins_and_the_others_are_told(client, hosted, desk, row, doctors):
    client.force_login(desk)
    keys = [one.uuid for one in doctors]
    page = client.post(url("request", hosted, row.uuid), {"do": "solicit", "effector": keys}, follow=True)
    assertContains(page, "3 professionnels sollicités")
    assert OutgoingMail.objects.count() == 3
    assert not any("Jeanne" in one.body for one in OutgoingMail.objects.all())
    client.logout()
    first, second, third = (solicitation_path(one) for one in Solicitation.objects.order_by("pk"))
    assertContains(client.get(first), "Je prends ce patient")
    client.post(third, {"do": "no"})
    assertContains(client.post(first, {"do": "yes"}, follow=True), "Ce patient est à vous")
    assertContains(client.post(second, {"do": "yes"}, follow=True), "un collègue vient de prendre ce patient")
    assertContains(client.post(first, {"do": "yes"}, follow=True), "Ce patient est à vous")  # twice is once
    ended = CareRequest.objects.get()
    assert (ended.taken_by, ended.outcome) == (doctors[0], "taken")
    assert OutgoingMail.objects.filter(subject__contains="pris en charge").count() == 1  # who refused needs no telling


@pytest.mark.django_db(transaction=True)
def test_of_three_who_accept_at_once_one_wins(hosted, desk, row, doctors):
    actions.solicit(request=row, effectors=doctors, by=desk, at=NOON)
    start, results = Barrier(3), []

    def accept(key):
        start.wait()
        try:
            one = Solicitation.objects.select_related("request__cpts", "request__commune", "effector").get(pk=key)
            actions.answer_solicitation(solicitation=one, accepts=True, at=NOON)
            results.append("won")
        except actions.TakenByAnother:
            results.append("late")
        finally:
            connections.close_all()

    threads = [Thread(target=accept, args=[one.pk]) for one in Solicitation.objects.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["late", "late", "won"]


def test_a_patient_s_file_is_open_to_the_desk_and_to_who_takes_the_patient(client, hosted, desk, row, doctors):
    page = url("request", hosted, row.uuid)
    client.force_login(doctors[0].user)
    assert client.get(page).status_code == 404
    actions.solicit(request=row, effectors=doctors, by=desk, at=NOON)
    assert client.get(page).status_code == 404  # asked is not yet in charge
    actions.answer_solicitation(solicitation=Solicitation.objects.order_by("pk")[0], accepts=True, at=NOON)
    assertContains(client.get(page), "Jeanne Patiente")
    client.force_login(doctors[1].user)
    assert client.get(page).status_code == 404
    assertNotContains(client.get(url("requests", hosted) + "?issue=taken"), "n° 1")


def test_professionals_write_to_each_other_on_the_request(client, hosted, desk, row):
    client.force_login(desk)
    page = url("request", hosted, row.uuid)
    assertContains(client.post(page, {"do": "message", "text": " "}, follow=True), "Écrivez un message")
    too_long = "Rappelée. " * 51
    kept = client.post(page, {"do": "message", "text": too_long})
    assertContains(kept, 'aria-invalid="true"', 1)
    assertContains(kept, too_long.strip())
    client.post(page, {"do": "message", "text": "Rappelée, va mieux"})
    assertContains(client.get(page), "Rappelée, va mieux")
    assert b"mieux" not in bytes(RequestMessage.objects.get().sealed)


def test_every_request_ends_once(client, hosted, desk, row):
    client.force_login(desk)
    page = url("request", hosted, row.uuid)
    assertContains(client.post(page, {"do": "end", "outcome": "booked"}, follow=True), "Choisissez l’issue")
    client.post(page, {"do": "end", "outcome": "emergency"})
    assertContains(client.post(page, {"do": "end", "outcome": "advice"}, follow=True), "déjà une issue")
    assert CareRequest.objects.get().outcome == "emergency"


def test_late_ones_surface(client, hosted, desk, row, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + 49 * HOUR)
    client.force_login(desk)
    page = client.get(url("requests", hosted))
    assertContains(page, "1 demande dépasse le délai")
    assertContains(page, "en retard")
    assertNotContains(page, "Jeanne")


def test_what_names_the_patient_is_erased_three_months_after_the_outcome_and_figures_stay(hosted, desk, row):
    actions.write_message(request=row, text="Rappelée", by=desk, at=NOON)
    actions.end_request(request=row, outcome="advice", by=desk, at=NOON)
    assert actions.erase_patients(at=NOON + timedelta(days=91)) == 0  # 23 February is three months
    assert actions.erase_patients(at=NOON + timedelta(days=92)) == 1
    assert actions.erase_patients(at=NOON + timedelta(days=93)) == 0
    kept = CareRequest.objects.get()
    assert (bytes(kept.sealed), kept.outcome, kept.messages.count(), kept.facts()) == (b"", "advice", 0, {})
    with pytest.raises(actions.RequestEnded):
        actions.write_message(request=kept, text="Trop tard", by=desk, at=NOON)


def test_days_are_those_of_the_clock_on_the_wall(hosted, desk, row, coordinator):
    """Half past midnight in Paris is still the day before in UTC."""
    midnight = NOON + 12.5 * HOUR  # 24 November, 0 h 30
    actions.end_request(request=row, outcome="advice", by=desk, at=midnight)
    row.refresh_from_db()
    assert actions.term_of(row) == date(2027, 2, 24)
    assert actions.erase_patients(at=NOON + timedelta(days=92)) == 0  # 23 February
    assert actions.erase_patients(at=midnight + timedelta(days=92)) == 1


def test_what_is_to_be_closed_is_told_with_the_day_of_the_wall(hosted, desk, row, coordinator):
    CareRequest.objects.update(opened_at=NOON + 12.5 * HOUR)
    actions.erase_patients(at=NOON + timedelta(days=78))  # 23 February is in a fortnight
    assert not OutgoingMail.objects.exists()
    actions.erase_patients(at=NOON + 12.5 * HOUR + timedelta(days=78))
    assert {mail.subject.replace("\xa0", " ") for mail in OutgoingMail.objects.all()} == {
        "À clore avant le 24 février 2027"
    }


def test_the_reason_of_an_appointment_goes_on_the_day_of_the_wall(hosted, desk, doctors):
    midnight = NOON + 12.5 * HOUR
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.PRO, cpts=[])
    place, spans = doctors[0].schedules.get(), [(midnight - HOUR / 4, midnight)]
    slot = actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=NOON).slots[0]
    booker = actions.Booker(user=desk, origin="desk", cpts=hosted)
    actions.book_slot(slot=slot, booker=booker, reason="Fièvre", at=NOON)
    assert actions.erase_patients(at=NOON + timedelta(days=92)) == 0
    assert actions.erase_patients(at=midnight + timedelta(days=92)) == 1


def test_the_database_refuses_an_erased_request_that_still_names(row):
    with pytest.raises(IntegrityError), transaction.atomic():
        CareRequest.objects.update(erased_at=NOON)


@pytest.mark.parametrize(
    ("text", "found"),
    [("Douleur à la poitrine", True), ("il respire MAL", True), ("AVC ?", True), ("mal au genou", False), ("", False)],
)
def test_warning_signs_are_found_whatever_the_accents(text, found):
    assert bool(warning_signs(text)) is found


def test_a_session_proved_this_morning_reads_no_patient(client, hosted, desk, row):
    client.force_login(desk)
    assert client.get(url("request", hosted, row.uuid)).status_code == 200
    grow_old(client, 600)
    assert "reauth" in client.get(url("request", hosted, row.uuid))["Location"]
