"""Desk, professional on a phone and regulator in parallel: fields and taps counted, two clicks at the same second."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from maillage.accounts.actions.proofs import record_proof
from maillage.accounts.models import ProofMeans, Role
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Appointment, CareRequest, Effector, Slot
from maillage.unscheduled_care.notifications import personal_path
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.browser.conftest import Visitor
from tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Counted:
    """What somebody does, counted."""

    def __init__(self, visitor: Visitor) -> None:
        self.page, self.fields, self.taps = visitor.page, 0, 0

    def type(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, option: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def tick(self, label: str) -> None:
        self.taps += 1
        self.page.get_by_label(label, exact=True).check()

    def tap(self, name: str) -> None:
        self.taps += 1
        self.page.get_by_role("button", name=name).first.click()


@pytest.fixture
def people(cpts, coordinator):
    doctor, desk = UserFactory(role=Role.MEMBER, on=cpts), UserFactory(role=Role.MEDICAL_ASSISTANT, on=cpts)
    membership = MembershipFactory(
        cpts=cpts, group="10G", given_name="Élodie", family_name="Després", email=doctor.email
    )
    at = timezone.now()
    effector = actions.start_agenda(membership=membership, by=doctor, at=at)
    record_proof(user=doctor, national_id=899_900_000_017, means=ProofMeans.PSC, at=at)
    actions.confirm_place(place=effector.schedules.get(), by=doctor, at=at)
    said = {"phone": "0553000017", "agrees": True, "extra_a_day": 1}
    actions.say_how(effector=effector, read_version=0, by=doctor, at=at, **said)
    fields = {
        "target_hours": 48,
        "agreed_with_sas_on": at.date(),
        "hds_host": "Hébergeur",
        "declares_hds": True,
        "patient_months": 3,
    }
    actions.save_settings(cpts=cpts, read_version=0, fields=fields, by=coordinator, at=at)
    zoe = UserFactory(role=Role.REGULATOR, on={"departement_id": "24"})
    return doctor, desk, zoe


def opened(hours: int) -> Slot:
    """A slot to come, whatever the hour of the day: not of kind CPTS, which has its hours."""
    at = timezone.now()
    start = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.PRO | Kind.SNP)
    place = Effector.objects.get().schedules.get()
    spans = [(start, start + timedelta(minutes=20))]
    return actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=at).slots[0]


def test_a_professional_opens_three_slots_on_a_phone_in_three_taps(visit, cpts, people):
    phone = visit("phone")
    phone.sign_in(people[0].email)
    phone.open(f"/cpts/{cpts.slug}/soins/agenda/")
    person = Counted(phone)
    person.page.get_by_label("Quand", exact=True).select_option(index=3)
    person.tick("les autres professionnels")
    person.tick("la régulation du SAS")
    person.tap("Ouvrir ces créneaux")
    expect(person.page.get_by_text("3 créneaux ouverts.")).to_be_visible()
    assert person.taps == 3
    assert Slot.objects.open().count() == 3
    phone.check()


def test_a_call_is_a_patient_seen_in_four_fields_and_three_taps(visit, cpts, people):
    opened(5)
    desk = visit("desktop")
    desk.sign_in(people[1].email)
    desk.open(f"/cpts/{cpts.slug}/soins/demandes/nouvelle/")
    person = Counted(desk)
    person.type("Qui", "Jeanne Patiente, 05 53 00 00 99")
    person.type("Où", "Bergerac")
    person.type("Quoi", "Fièvre depuis trois jours")
    person.tick("24 h")
    person.fields += 1  # « pour quand » is the fourth
    person.tap("Enregistrer et chercher")
    person.tap("Réserver")
    expect(person.page.get_by_text("Rendez-vous donné", exact=False).first).to_be_visible()
    assert (person.fields, person.taps) == (4, 3)
    assert CareRequest.objects.get().seen_at <= CareRequest.objects.get().due_at
    desk.check()
    # The professional, on a phone, from the mail: one tap, no sign-in.
    phone = visit("phone")
    phone.open(personal_path(Appointment.objects.get()))
    professional = Counted(phone)
    professional.tap("Bien reçu")
    expect(phone.page.get_by_text("vous l’avez bien reçu")).to_be_visible()
    assert professional.taps == 1
    phone.check()


def test_a_double_click_by_two_regulators_gives_one_the_slot_and_the_other_the_next(visit, people):
    opened(5)
    opened(6)
    pages = []
    for user in (people[2], UserFactory(role=Role.REGULATOR, on={"departement_id": "24"})):
        one = visit("desktop")
        one.sign_in(user.email)
        one.open("/regulation/")
        person = Counted(one)
        person.type("Commune du patient", "Bergerac")
        person.tap("Chercher")
        expect(one.page.get_by_text("2 créneaux libres")).to_be_visible()
        pages.append(one)
    for one in pages:
        one.page.get_by_role("button", name="Réserver").first.click(no_wait_after=True)
    booked = "Créneau réservé"
    for one in pages:
        expect(one.page.get_by_text(re.compile(f"{booked}|vient d’être pris")).first).to_be_visible()
    # Whoever clicked first is not always whom the server heard first.
    (late,) = [one for one in pages if not one.page.get_by_role("heading", name=booked).is_visible()]
    expect(late.page.get_by_text("vient d’être pris")).to_be_visible()
    expect(late.page.get_by_text("1 créneau libre")).to_be_visible()
    late.page.get_by_role("button", name="Réserver").first.click()
    expect(late.page.get_by_role("heading", name=booked)).to_be_visible()
    assert Appointment.objects.count() == 2
    for one in pages:
        one.check()
