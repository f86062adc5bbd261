"""What a strict reading and a newcomer found: each stays mended."""

from datetime import timedelta
from itertools import count
from threading import Barrier, Thread

import pytest
from django.db import connections
from django.urls import reverse
from pytest_django.asserts import assertContains

from maillage.accounts.actions.proofs import record_proof
from maillage.accounts.models import ProofMeans, Role
from maillage.exchange.models import OutgoingMail
from maillage.members.actions import leave
from maillage.sas.actions import outbox, regulators
from maillage.sas.actions.campaign import load_campaign
from maillage.sas.fhir.client import Answer
from maillage.sas.models import Regulator, SasMessage
from maillage.sas.rules.fhir_codes import SAS_SYSTEM
from maillage.sas.rules.regulators import DeclaredRegulator
from maillage.sas.rules.sas_query import PRACTITIONER_SYSTEM
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.jobs import follow, read_calendars
from maillage.unscheduled_care.models import Appointment, BusyCalendar, CareSettings, Effector, Slot, SlotStatus
from maillage.unscheduled_care.notifications import personal_path
from maillage.unscheduled_care.queries.moments import when
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, CptsFactory, MembershipFactory, PractitionerFactory, RegulatorFactory, UserFactory
from tests.unscheduled_care.campaign import CAMPAIGN, hours, load, slot
from tests.unscheduled_care.conftest import agree, agrees_with_the_sas

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


def doctor(cpts, name, **more) -> Effector:
    membership = MembershipFactory(cpts=cpts, group="10G", family_name=name, email=f"{name}@exemple.invalid", **more)
    return actions.start_agenda(membership=membership, by=None, at=NOON)


def opened(effector, *starts, kinds=Kind.PRO, cpts=()):
    spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in starts]
    opening = actions.Opening(modes=Mode.AMB, kinds=kinds, cpts=cpts)
    place = effector.schedules.get()
    return actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=NOON).slots


def desk(cpts) -> actions.Booker:
    return actions.Booker(user=None, origin="desk", cpts=cpts)


def test_a_patient_who_is_handed_over_leaves_the_first_professional(client, cpts):
    first, second = doctor(cpts, "Aubin"), doctor(cpts, "Bastide")
    here, there = opened(first, 21)[0], opened(second, 22)[0]
    booked = actions.book_slot(slot=here, booker=desk(cpts), at=NOON)
    old = personal_path(booked)
    moved = actions.move(appointment=booked, to=there, booker=desk(cpts), at=NOON)
    assert client.post(old, {"do": "cannot"}).status_code == 410
    assert Appointment.objects.get().is_booked
    assertContains(client.get(personal_path(moved)), "Un patient vous est adressé")
    for what, before in (("booked", None), ("handed-over", first.pk)):
        follow({"appointment_id": moved.pk, "what": what, "effector_id": before}, lambda *_: None)
    assert [
        (one.recipient, one.subject.split(" :")[0].split("\xa0:")[0]) for one in OutgoingMail.objects.order_by("pk")
    ] == [
        ("Bastide@exemple.invalid", "Un patient vous est adressé"),
        ("Aubin@exemple.invalid", "Un patient a été confié à un collègue"),
    ]


def test_whoever_booked_cannot_close_the_slot_of_the_professional(client, cpts):
    member = UserFactory(role=Role.MEMBER, on=cpts)
    free = opened(doctor(cpts, "Aubin"), 21)[0]
    row = actions.book_slot(slot=free, booker=actions.Booker(user=member, origin="desk", cpts=cpts), at=NOON)
    client.force_login(member)
    url = reverse("unscheduled_care:appointment", args=[cpts.slug, row.uuid])
    for do in ("cannot", "seen"):
        client.post(url, {"do": do})
    stored = Appointment.objects.get()
    assert stored.is_booked
    assert stored.acknowledged_at is None
    client.post(url, {"do": "cancel"})
    assert Slot.objects.get(pk=free.pk).status == SlotStatus.FREE


def test_who_booked_is_told_that_the_professional_cannot(client, cpts):
    lea = UserFactory(role=Role.MEDICAL_ASSISTANT, on=cpts)
    free = opened(doctor(cpts, "Aubin"), 21)[0]
    row = actions.book_slot(slot=free, booker=actions.Booker(user=lea, origin="desk", cpts=cpts), at=NOON)
    actions.cancel(appointment=row, by=None, at=NOON, keep_slot=True)
    follow({"appointment_id": row.pk, "what": "given-back"}, lambda *_: None)
    written = OutgoingMail.objects.get()
    assert written.recipient == lea.email
    assert f"/soins/rendez-vous/{row.uuid}/" in written.body
    client.force_login(lea)
    page = reverse("unscheduled_care:appointment", args=[cpts.slug, row.uuid])
    assertContains(client.post(page, {"do": "difficulty", "text": ""}, follow=True), "Dites en quelques mots")
    assertContains(client.post(page, {"do": "difficulty", "text": "Fermé"}, follow=True), "Signalé à la coordination")


def test_a_number_is_that_of_whom_the_register_names(cpts):
    person = PractitionerFactory(family_name="Vraie")
    thief = doctor(cpts, "Autre", practitioner=person)
    assert thief.national_id is None
    Effector.objects.filter(pk=thief.pk).update(national_id=person.pk, sas_agreed_at=NOON)  # of a time without proofs
    account = UserFactory()
    real = doctor(CptsFactory(), "Vraie", practitioner=person, account=account)
    record_proof(user=account, national_id=person.pk, means=ProofMeans.PSC, at=NOON)
    real.refresh_from_db()
    assert real.pk != thief.pk
    assert (real.national_id, real.sas_agreed_at) == (person.pk, None)
    thief.refresh_from_db()
    assert (thief.national_id, thief.sas_agreed_at) == (None, None)


def test_one_account_in_two_cpts_has_one_agenda_and_a_namesake_another(cpts):
    account = UserFactory()
    first = doctor(cpts, "Aubin", account=account)
    assert doctor(CptsFactory(), "Aubin", account=account) == first
    assert doctor(CptsFactory(), "Aubin") != first


def test_who_left_the_last_cpts_is_neither_found_nor_booked(cpts, coordinator):
    effector = doctor(cpts, "Aubin")
    free = opened(effector, 21, kinds=Kind.PRO | Kind.CPTS, cpts=[cpts])[0]
    leave(membership=cpts.memberships.get(family_name="Aubin"), on=NOON.date(), by=coordinator, at=NOON)
    free.refresh_from_db()
    assert free.kinds == Kind.PRO
    with pytest.raises(actions.NotOpenToYou):
        actions.book_slot(slot=free, booker=desk(cpts), at=NOON)


def test_the_regulation_books_only_who_agreed(cpts):
    free = opened(doctor(cpts, "Aubin"), 21, kinds=Kind.SNP)[0]
    with pytest.raises(actions.NotOpenToYou):
        actions.book_slot(slot=free, booker=actions.Booker(user=None, origin="sas"), at=NOON)


def test_a_booking_counts_in_the_cpts_the_slot_is_open_to(cpts):
    other = CptsFactory()
    effector = doctor(cpts, "Aubin", account=UserFactory())
    doctor(other, "Aubin", account=effector.account)
    agrees_with_the_sas(other)
    agree(effector)
    free = opened(effector, 21, kinds=Kind.CPTS, cpts=[other])[0]
    assert actions.book_slot(slot=free, booker=actions.Booker(user=None, origin="sas"), at=NOON).cpts == other


def declared(*pairs, active=True, name="Loret") -> DeclaredRegulator:
    return DeclaredRegulator(pairs, name, "Zoé", "z@sas.test", active)


TECHNICAL, NATIONAL, OTHER = (SAS_SYSTEM, "t-1"), (PRACTITIONER_SYSTEM, "n-1"), (SAS_SYSTEM, "t-2")


def put(reference, *pairs, **more) -> Regulator:
    return regulators.put_regulator(reference=reference, declared=declared(*pairs, **more), at=NOON)


def test_an_unknown_identifier_never_overwrites_the_account_of_another():
    regulators.create_regulator(declared=declared(NATIONAL), at=NOON)
    with pytest.raises(regulators.IdentifierTaken):
        put(TECHNICAL, NATIONAL, TECHNICAL, name="Martin")
    assert Regulator.objects.get().family_name == "Loret"


def test_an_account_reopens_though_its_number_serves_another():
    first = put(TECHNICAL, TECHNICAL, NATIONAL)
    put(TECHNICAL, TECHNICAL, NATIONAL, active=False)
    second = put(NATIONAL, NATIONAL, name="Martin")
    assert second.pk != first.pk
    assert Regulator.objects.get(pk=first.pk).family_name == "Loret"
    assert put(TECHNICAL, TECHNICAL) == first
    assert Regulator.objects.known_as(*NATIONAL).first() == second


def test_a_change_of_number_that_is_replayed_finds_its_account():
    first = put(TECHNICAL, TECHNICAL)
    assert put(TECHNICAL, OTHER) == first
    assert put(TECHNICAL, OTHER) == first
    assert Regulator.objects.count() == 1


def together(many, call) -> list:
    """What `count` threads got, at the same instant."""
    start, results = Barrier(many), []

    def run():
        start.wait()
        try:
            results.append(call())
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_the_same_call_four_times_at_once_makes_one_account():
    results = together(4, lambda: put(TECHNICAL, TECHNICAL).pk)
    assert results == [Regulator.objects.get().pk] * 4


@pytest.mark.django_db(transaction=True)
def test_a_double_click_opens_one_agenda(cpts):
    membership = MembershipFactory(cpts=cpts, family_name="Aubin")
    results = together(4, lambda: actions.start_agenda(membership=membership, by=None, at=NOON).pk)
    assert results == [Effector.objects.get().pk] * 4


@pytest.mark.django_db(transaction=True)
def test_a_double_move_and_a_cancellation_at_once_end_in_one_place(cpts):
    here, there = opened(doctor(cpts, "Aubin"), 21, 22)
    booked = actions.book_slot(slot=here, booker=desk(cpts), at=NOON)

    turns = count()

    def change():
        if next(turns) % 3 == 2:
            return actions.cancel(appointment=booked, by=None, at=NOON).pk
        return actions.move(appointment=booked, to=there, booker=desk(cpts), at=NOON).pk

    refusals = (actions.SlotNoLongerFree, actions.NotBooked, actions.NotOpenToYou)
    assert all(isinstance(one, (int, *refusals)) for one in together(6, change))
    stored = Appointment.objects.get()
    busy = [one.pk for one in Slot.objects.all() if one.status == SlotStatus.BUSY]
    assert busy == ([stored.slot_id] if stored.is_booked else [])


class Slow:
    """A SAS that answers after its caller gave up: another worker ran meanwhile."""

    def __init__(self, meanwhile):
        self.meanwhile, self.calls = meanwhile, []

    def create(self, resource):
        self.calls.append(("POST", resource["status"]))
        if self.meanwhile:
            run, self.meanwhile = self.meanwhile, None
            run(self)
            raise OSError("trop tard")
        return Answer(201)

    def update(self, resource, **_):
        self.calls.append(("PUT", resource["status"]))
        return Answer(200)


def told_by_sas(cpts):
    regulator = RegulatorFactory()
    effector = doctor(cpts, "Aubin", account=UserFactory())
    agrees_with_the_sas(cpts)
    agree(effector)
    free = Slot.objects.select_related("effector").get(pk=opened(effector, 21)[0].pk)
    booker = actions.Booker(user=regulator.account, origin="sas")
    return actions.book_slot(slot=free, booker=booker, at=NOON)


def test_a_late_answer_never_puts_a_cancelled_appointment_back(cpts):
    booked = told_by_sas(cpts)
    actions.cancel(appointment=booked, by=None, at=NOON)
    sas = Slow(lambda one: outbox.flush_outbox(one, clock=lambda: NOON + timedelta(minutes=5)))
    outbox.flush_outbox(sas, clock=lambda: NOON)
    outbox.flush_outbox(sas, clock=lambda: NOON + HOUR)
    assert sas.calls == [("POST", "booked"), ("PUT", "booked"), ("PUT", "cancelled")]
    assert set(SasMessage.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.parametrize("status", [400, 403, 404, 502])
def test_what_a_proxy_refuses_is_said_again(cpts, status):
    told_by_sas(cpts)

    class Gateway(Slow):
        def create(self, resource):
            return Answer(status, is_fhir=False)

    assert outbox.flush_outbox(Gateway(None), clock=lambda: NOON) == (0, 1)
    assert outbox.flush_outbox(Slow(None), clock=lambda: NOON + HOUR) == (1, 0)


@pytest.mark.parametrize("day", ["31/12/9999", "01/01/0001"])
def test_the_ends_of_the_calendar_are_refused_in_french(client, cpts, day):
    member = UserFactory(role=Role.MEMBER, on=cpts)
    actions.start_agenda(membership=MembershipFactory(cpts=cpts, email=member.email), by=member, at=NOON)
    client.force_login(member)
    for name, sent in (
        ("absences", {"first": day, "last": day}),
        ("open_slots", {"on": day, "starts": "9 h", "ends": "10 h"}),
    ):
        assertContains(client.post(reverse(f"unscheduled_care:{name}", args=[cpts.slug]), sent), "Vérifiez l’année")
    assertContains(client.post("/annuler-un-rendez-vous/", {"code": "12345678", "on": day}), "Vérifiez l’année")


@pytest.mark.parametrize(
    "url", ["https://exemple.invalid/é", f"https://{'x' * 70}.invalid/", "https://exemple.invalid/a b"]
)
def test_a_bad_address_never_stops_the_other_calendars(cpts, monkeypatch, url):
    effector = doctor(cpts, "Aubin")
    for address in (url, "https://bon.invalid/a.ics"):
        BusyCalendar.objects.create(effector=effector, name="x", url=address)
    real = actions.busy_times_at_address
    monkeypatch.setattr(
        "maillage.unscheduled_care.jobs.busy_times_at_address",
        lambda calendar, at: [] if "bon" in calendar.url else real(calendar, at),
    )
    assert read_calendars({}, lambda *_: None) == "1 agenda lu sur 2."


def test_hours_overseas_are_those_of_the_place():
    load(slot("d", "d1", "2026-11-24T08:00:00+04:00"))
    Slot.objects.get().schedule.__class__.objects.update(postal_code="97400")
    assert when(Slot.objects.get().starts_at, Slot.objects.get().schedule) == "mardi 24 novembre 2026 à 8\xa0h"


def test_a_campaign_completes_and_never_empties():
    load()
    content = CAMPAIGN | {"cpts": [{"key": "a", "name": "CPTS Exemple Nord"}], "practitioners": [], "places": []}
    load_campaign(content=content, at=NOON)
    assert CareSettings.objects.get(cpts__name="CPTS Exemple Nord").finess == "990000010"


def test_a_search_with_thousands_of_parameters_is_refused_in_json(client):
    response = client.get("/fhir/sas/Slot?" + "&".join(f"a{n}=1" for n in range(2000)))
    assert response.status_code == 400
    assert response["Content-Type"].startswith("application/fhir+json")


def test_a_professional_without_number_is_not_read_by_id(client):
    ids = load(slot("d", "d1", hours(2)))
    Effector.objects.update(national_id=None, sas_agreed_at=None)
    assert client.get(f"/fhir/sas/Slot/{ids['slots'][0]}").status_code == 404


def test_the_public_limit_counts_failures_only(client, cpts):
    effector = doctor(cpts, "Aubin")
    for _ in range(12):
        row = actions.book_slot(slot=opened(effector, 21)[0], booker=desk(cpts), at=NOON)
        page = client.post("/annuler-un-rendez-vous/", {"code": row.code, "on": "24/11/2026"})
        assertContains(page, "est annulé")
        Slot.objects.update(status=SlotStatus.CANCELLED)
