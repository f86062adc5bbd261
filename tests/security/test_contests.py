"""« Ce n'est pas moi », and what follows: whoever is contested, refused or gone acts in nobody's name any more."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.actions import proofs
from maillage.accounts.models import (
    DisputeOutcome,
    NumberDispute,
    NumberProof,
    ProofMeans,
    Role,
    RoleAssignment,
)
from maillage.exchange.models import OutgoingMail
from maillage.geography.models import Commune
from maillage.members import actions as members
from maillage.members.actions import binding, keeping
from maillage.members.models import Membership, MembershipStatus
from maillage.unscheduled_care import actions as care
from maillage.unscheduled_care.models import CareSettings, Effector, Slot, Solicitation
from maillage.unscheduled_care.notifications import personal_path, quick_path, solicitation_path
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import (
    HOUR,
    CptsFactory,
    MembershipFactory,
    PractitionerFactory,
    PractitionerRoleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
PATIENT = {"who": "Jeanne Patiente, 05 53 00 00 99", "what": "Fièvre depuis trois jours", "doctor": ""}


@pytest.fixture(autouse=True)
def journal(settings):
    """Mail is written where it is in production."""
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"


def now():
    return timezone.now()


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def text_of(response):
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def link_in(mail, path):
    return next(word.split("http://127.0.0.1:8000")[1] for word in mail.body.split() if path in word)


@pytest.fixture
def hosted(cpts, coordinator):
    fields = {"target_hours": 48, "hds_host": "Hébergeur", "declares_hds": True, "patient_months": 3}
    care.save_settings(cpts=cpts, read_version=0, fields=fields, by=coordinator, at=now())
    return cpts


@pytest.fixture
def desk(hosted):
    return UserFactory(role=Role.MEDICAL_ASSISTANT, on=hosted)


@pytest.fixture
def admin(communes):
    return UserFactory(role=Role.INSTANCE_ADMIN)


@pytest.fixture
def thief(cpts):
    return UserFactory(email="voleur@exemple.invalid", role=Role.MEMBER, on=cpts)


@pytest.fixture
def page(cpts, thief):
    """The page of a doctor, under the thief's address."""
    return MembershipFactory(cpts=cpts, group="10G", family_name="Després", given_name="Élodie", email=thief.email)


@pytest.fixture
def agenda(page, thief):
    return care.start_agenda(membership=page, by=thief, at=now())


@pytest.fixture
def patient(hosted, desk):
    """Somebody who must be seen."""
    commune = Commune.objects.get(code="24037")
    return care.open_request(cpts=hosted, patient=PATIENT, commune=commune, group="10G", hours=48, by=desk, at=now())


def ask(patient, agenda, desk):
    care.solicit(request=patient, effectors=[agenda], by=desk, at=now())
    return solicitation_path(Solicitation.objects.get())


def booked_with(agenda, cpts, reason=""):
    at = now()
    opening = care.Opening(modes=Mode.AMB, kinds=Kind.PRO, cpts=[])
    spans = [(at + 30 * HOUR, at + 31 * HOUR)]
    care.open_slots(schedule=agenda.schedules.get(), spans=spans, opening=opening, by=agenda.account, at=at)
    booker = care.Booker(user=None, origin="desk", cpts=cpts)
    return care.book_slot(slot=Slot.objects.get(), booker=booker, reason=reason, at=at)


def vouched(account, number, cpts):
    """A proof that rests on a team's word."""
    checker = proofs.Checker(cpts=cpts, by=UserFactory())
    means = ProofMeans.FACE_TO_FACE
    return proofs.record_proof(user=account, national_id=number, means=means, checker=checker, at=now())


def carded(account, number):
    return proofs.record_proof(user=account, national_id=number, means=ProofMeans.PSC, at=now())


def unbind(membership, admin):
    binding.contest(membership=membership, by=None, at=now())
    url = reverse("oversight:settle_membership", args=[membership.uuid])
    browser(admin).post(url, {"do": "undo"})
    membership.refresh_from_db()


# Patients


@pytest.mark.parametrize("fate", ["contested", "unbound", "number contested", "departed"])
def test_whoever_is_contested_or_gone_takes_no_patient_by_an_old_link(
    fate, patient, agenda, page, thief, desk, admin, coordinator
):
    if fate == "number contested":
        proof = carded(thief, PractitionerFactory().pk)
        agenda.refresh_from_db()
    path = ask(patient, agenda, desk)
    if fate == "number contested":
        proofs.contest_proof(proof=proof, by=None, at=now())
    elif fate == "departed":
        members.leave(membership=page, on=timezone.localdate(), by=coordinator, at=now())
    elif fate == "unbound":
        unbind(page, admin)
    else:
        binding.contest(membership=page, by=None, at=now())
    Client().post(path, {"do": "yes"})
    patient.refresh_from_db()
    assert patient.taken_by is None


@pytest.mark.parametrize("is_unbound", [False, True])
def test_whoever_is_contested_reads_no_patient_any_more(is_unbound, patient, agenda, page, thief, desk, admin):
    Client().post(ask(patient, agenda, desk), {"do": "yes"})
    shown = reverse("unscheduled_care:request", args=[patient.cpts.slug, patient.uuid])
    assert "Jeanne Patiente" in text_of(browser(thief).get(shown))
    if is_unbound:
        unbind(page, admin)
    else:
        binding.contest(membership=page, by=None, at=now())
    RoleAssignment.objects.get_or_create(
        user=thief, cpts=patient.cpts, role=Role.SECRETARY, defaults={"created_at": now()}
    )
    assert "Jeanne Patiente" not in text_of(browser(thief).get(shown))


def test_a_contested_account_cancels_nobody_by_link(cpts, agenda, page):
    booked = booked_with(agenda, cpts)
    paths = [personal_path(booked), quick_path(agenda, now())]
    assert [Client().get(path).status_code for path in paths] == [200, 200]
    binding.contest(membership=page, by=None, at=now())
    assert [Client().post(path, {"do": "cannot"}).status_code for path in paths] == [410, 410]
    booked.refresh_from_db()
    assert booked.status == "booked"


def test_losing_the_number_does_not_open_again_what_the_contest_closed(hosted, thief, coordinator):
    person = PractitionerFactory()
    membership = MembershipFactory(cpts=hosted, account=thief, email=thief.email, family_name="Després")
    vouched(thief, person.pk, hosted)
    agenda = care.start_agenda(membership=membership, by=thief, at=now())
    booked = booked_with(agenda, hosted, reason="douleur 4217")
    other = CptsFactory()
    doctor = UserFactory(role=Role.MEMBER, on=other)
    care.start_agenda(membership=MembershipFactory(cpts=other, account=doctor, email=doctor.email), by=doctor, at=now())
    with pytest.raises(proofs.NumberOfSomebodyElse):
        carded(doctor, person.pk)
    dispute, given = NumberDispute.objects.get(), DisputeOutcome.GIVEN
    proofs.settle_dispute(dispute=dispute, outcome=given, by=UserFactory(role=Role.INSTANCE_ADMIN), at=now())
    theirs = reverse("unscheduled_care:own_appointment", args=[hosted.slug, booked.uuid])
    assert browser(thief).get(theirs).status_code == 404
    agenda.refresh_from_db()
    assert (agenda.account, agenda.national_id) == (None, None)
    assert Effector.objects.get(national_id=person.pk).account == doctor
    # What they open later is another agenda, without those patients.
    again = care.start_agenda(membership=membership, by=thief, at=now())
    assert again != agenda
    assert browser(thief).get(theirs).status_code == 404


# The SAS


def test_what_is_published_bears_the_name_that_the_register_gives_to_the_number(cpts, coordinator):
    own = PractitionerFactory(family_name="AUBERT", given_name="CLAIRE")
    PractitionerRoleFactory(practitioner=own, group="60", profession="60")
    carded(coordinator, own.pk)
    membership = MembershipFactory(
        cpts=cpts, practitioner=own, account=coordinator, email=coordinator.email, family_name="Aubert", group="60"
    )
    typed = {"kind": "person", "family_name": "Després", "given_name": "Élodie", "email": coordinator.email}
    edit = reverse("members:edit", args=[cpts.slug, membership.uuid])
    browser(coordinator).post(edit, typed | {"occupation": "Médecin généraliste", "version": membership.version})
    browser(coordinator).post(reverse("unscheduled_care:own_agenda", args=[cpts.slug]))
    effector = Effector.objects.get()
    assert (effector.family_name, effector.given_name, effector.group) == ("Aubert", "Claire", "60")


def test_whom_the_register_does_not_know_bears_the_name_of_their_account(cpts, thief, agenda):
    assert agenda.family_name == "Després"
    carded(thief, 899_900_000_025)
    agenda.refresh_from_db()
    assert agenda.family_name == thief.family_name


def test_a_page_of_another_number_is_suspended_by_the_number_that_its_account_proves(cpts, thief):
    doctor = PractitionerFactory(family_name="DESPRES")
    page = MembershipFactory(cpts=cpts, practitioner=doctor, account=thief, email=thief.email)
    carded(thief, PractitionerFactory().pk)
    page.refresh_from_db()
    assert page.contested_at


def test_whoever_comes_back_is_shown_to_the_sas_by_their_own_yes_alone(cpts, coordinator):
    CareSettings.objects.update_or_create(cpts=cpts, defaults={"agreed_with_sas_on": now().date()})
    doctor, person = UserFactory(role=Role.MEMBER, on=cpts), PractitionerFactory()
    membership = MembershipFactory(cpts=cpts, practitioner=person, account=doctor, email=doctor.email)
    carded(doctor, person.pk)
    agenda = care.start_agenda(membership=membership, by=doctor, at=now())
    agenda.refresh_from_db()
    care.say_how(
        effector=agenda,
        read_version=agenda.version,
        phone="0553000017",
        agrees=True,
        extra_a_day=0,
        by=doctor,
        at=now(),
    )
    members.leave(membership=membership, on=timezone.localdate(), by=coordinator, at=now())
    browser(coordinator).post(reverse("members:take_back", args=[cpts.slug, membership.uuid]))
    assert not Effector.objects.shown_to_sas().exists()
    assert OutgoingMail.objects.filter(recipient=doctor.email, subject__endswith="est reprise").exists()
    assert RoleAssignment.objects.of(cpts).filter(user=doctor, role=Role.MEMBER).exists()
    browser(doctor).post(reverse("unscheduled_care:own_agenda", args=[cpts.slug]))
    assert Effector.objects.shown_to_sas().get() == agenda


# Who a page is


def test_whom_the_administrator_took_off_does_not_come_back_in_one_tap(cpts, thief, admin, page):
    claim = reverse("members:claim", args=[page.uuid])
    browser(thief).post(claim)
    page.refresh_from_db()
    assert page.account == thief
    unbind(page, admin)
    assert (page.account, page.email) == (None, "")  # its only address was theirs
    browser(thief).post(claim)
    Membership.objects.filter(pk=page.pk).update(email=thief.email)  # and a team that writes it again
    browser(thief).post(claim)
    page.refresh_from_db()
    assert page.account is None
    with pytest.raises(binding.RefusedBefore):
        binding.bind(membership=page, user=thief, by=thief, at=now(), because="essai")


def test_the_address_that_a_binding_replaced_comes_back_with_the_decision(cpts, thief, admin):
    person = PractitionerFactory()
    membership = MembershipFactory(cpts=cpts, practitioner=person, email="vraie@exemple.invalid")
    proof = vouched(thief, person.pk, cpts)
    binding.claim(membership=membership, user=thief, at=now())
    membership.refresh_from_db()
    assert membership.email == thief.email
    proofs.end_proof(proof=proof, reason="essai", at=now())
    unbind(membership, admin)
    assert membership.email == "vraie@exemple.invalid"
    # With the card of that number, it is theirs whatever was decided before.
    carded(thief, person.pk)
    assert binding.claim(membership=membership, user=thief, at=now()).account == thief


def test_what_being_a_member_opens_is_closed_while_contested_and_ends_with_it(cpts, thief, page, admin):
    home = reverse("members:own", args=[cpts.slug])
    assert browser(thief).get(home).status_code == 200
    binding.contest(membership=page, by=None, at=now())
    assert browser(thief).get(home).status_code == 404
    binding.settle_contest(membership=page, is_kept=True, by=admin, at=now())
    assert browser(thief).get(home).status_code == 200
    unbind(page, admin)
    assert browser(thief).get(home).status_code == 404
    assert not RoleAssignment.objects.filter(user=thief).exists()


def test_a_departure_ends_the_role_of_whoever_is_alone_at_the_address(cpts, thief, page, coordinator):
    members.leave(membership=page, on=timezone.localdate(), by=coordinator, at=now())
    assert not RoleAssignment.objects.filter(user=thief).exists()


def test_a_secretary_takes_no_role_away_by_recording_a_departure(cpts, coordinator):
    president = UserFactory(role=Role.PRESIDENT, on=cpts)
    membership = MembershipFactory(cpts=cpts, account=president, email=president.email)
    today = {"on": f"{timezone.localdate():%d/%m/%Y}"}
    leave = reverse("members:leave", args=[cpts.slug, membership.uuid])
    refused = browser(UserFactory(role=Role.SECRETARY, on=cpts)).post(leave, today)
    assert "tient un autre rôle" in text_of(refused)
    assert RoleAssignment.objects.filter(user=president).exists()
    browser(coordinator).post(leave, today)
    assert not RoleAssignment.objects.filter(user=president).exists()


@pytest.mark.parametrize("is_bound", [True, False])
def test_somebody_recognised_does_not_become_a_structure(cpts, coordinator, is_bound):
    account, person = UserFactory(), PractitionerFactory()
    carded(account, person.pk)
    membership = MembershipFactory(
        cpts=cpts, practitioner=person, email=account.email, account=account if is_bound else None
    )
    typed = {"kind": "structure", "structure": "Cabinet", "family_name": membership.family_name, "version": "0"}
    edit = reverse("members:edit", args=[cpts.slug, membership.uuid])
    page = browser(coordinator).post(edit, typed | {"email": account.email})
    assert "ne devient pas une structure" in text_of(page)
    membership.refresh_from_db()
    assert membership.kind == "person"


def test_a_request_binds_nobody_before_it_is_accepted_and_its_professional_contests_it(cpts, coordinator):
    person = PractitionerFactory()
    stranger = UserFactory(email="inconnu@exemple.invalid")
    asked = MembershipFactory(
        cpts=cpts, practitioner=person, email=stranger.email, status=MembershipStatus.REQUESTED, account=None
    )
    browser(stranger).post(reverse("members:claim", args=[asked.uuid]))
    asked.refresh_from_db()
    assert asked.account is None
    doctor = UserFactory()
    carded(doctor, person.pk)
    assert binding.of_others(doctor) == [asked]
    browser(doctor).post(reverse("members:contest", args=[asked.uuid]))
    asked.refresh_from_db()
    assert asked.contested_at


# While it is contested


@pytest.fixture
def contested(cpts):
    membership = MembershipFactory(
        cpts=cpts,
        practitioner=PractitionerFactory(),
        email="eve@exemple.invalid",
        family_name="Contestée",
        is_public=True,
    )
    binding.contest(membership=membership, by=None, at=now())
    membership.refresh_from_db()
    return membership


def test_a_contested_page_is_not_shown_in_public_again(contested, coordinator):
    keeping.edit(
        membership=contested, read_version=contested.version, fields={"is_public": True}, by=coordinator, at=now()
    )
    assert "Contestée" not in text_of(Client().get(reverse("members:public", args=[contested.cpts.slug])))


def test_nobody_vouches_for_a_contested_page_nor_moves_its_address(contested, coordinator):
    with pytest.raises(binding.AlreadyContested):
        binding.check_in_person(membership=contested, by=coordinator, at=now())
    with pytest.raises(binding.AlreadyContested):
        binding.ask_new_address(membership=contested, email="autre@exemple.invalid", by=coordinator, at=now())


def test_a_contested_member_is_not_entered_again_beside_the_contest(cpts, thief):
    eve = MembershipFactory(cpts=cpts, email="eve@exemple.invalid", family_name="Mas", given_name="Ève")
    binding.contest(membership=eve, by=None, at=now())
    twin = MembershipFactory(cpts=cpts, email=thief.email, family_name="Mas", given_name="Ève", account=None)
    browser(thief).post(reverse("members:claim", args=[twin.uuid]))
    twin.refresh_from_db()
    assert twin.account is None


# Links and proofs


def test_a_doubt_that_was_settled_is_not_begun_again_by_its_old_mail(cpts, coordinator, admin):
    person, real = PractitionerFactory(), UserFactory()
    MembershipFactory(cpts=cpts, practitioner=person, email="jaloux@exemple.invalid")
    proof = vouched(real, person.pk, cpts)
    mail = OutgoingMail.objects.filter(recipient="jaloux@exemple.invalid").latest("pk")
    link = link_in(mail, "/pas-mon-numero/")
    assert Client().post(link).status_code == 200
    kept = reverse("oversight:settle_number", args=[NumberDispute.objects.get().uuid])
    browser(admin).post(kept, {"do": "kept"})
    assert Client().post(link).status_code == 410
    proof.refresh_from_db()
    assert proof.contested_at is None


def test_a_card_answers_the_contest_of_a_check_in_person(cpts):
    real, person = UserFactory(), PractitionerFactory()
    proofs.doubt_proof(proof=vouched(real, person.pk, cpts), at=now())
    assert carded(real, person.pk).is_in_force
    assert not NumberDispute.objects.filter(outcome=DisputeOutcome.OPEN).exists()


def test_a_card_does_not_answer_somebody_else_s_card(cpts):
    real, person = UserFactory(), PractitionerFactory()
    vouched(real, person.pk, cpts)
    with pytest.raises(proofs.NumberOfSomebodyElse):
        carded(UserFactory(), person.pk)
    proofs.contest_by_claim(dispute=NumberDispute.objects.get(), at=now())
    with pytest.raises(proofs.ProofContested):
        carded(real, person.pk)
    assert not NumberProof.objects.in_force().exists()
