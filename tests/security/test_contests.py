"""« Ce n'est pas moi », and what follows: whoever is contested, refused or gone acts in nobody's name any more."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts import actions as accounts
from maillage.accounts.actions import proofs
from maillage.accounts.actions.addresses import not_me_token, take_back
from maillage.accounts.models import (
    DisputeOutcome,
    Invitation,
    NumberDispute,
    NumberProof,
    ProofMeans,
    Role,
    RoleAssignment,
)
from maillage.core.limits import LimitReached
from maillage.cpts.models import Approval
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
    typed = {"family_name": "Després", "given_name": "Élodie", "occupation": "Médecin généraliste", "group": "60"}
    MembershipFactory(cpts=cpts, practitioner=own, account=coordinator, email=coordinator.email, **typed)
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


# By another way


def test_whoever_was_taken_off_keeps_no_patient_by_a_cpts_of_their_own(hosted, page, thief, admin, agenda):
    booked = booked_with(agenda, hosted, reason="douleur 4217")
    own = CptsFactory(approval=Approval.WAITING)
    RoleAssignment.objects.create(user=thief, cpts=own, role=Role.COORDINATOR, created_at=now())
    MembershipFactory(cpts=own, email=thief.email, account=thief, family_name="Voleur")
    browser(thief).post(reverse("unscheduled_care:own_agenda", args=[own.slug]))
    theirs = reverse("unscheduled_care:own_appointment", args=[own.slug, booked.uuid])
    feed = Effector.objects.get().feed
    assert browser(thief).get(theirs).status_code == 200
    unbind(page, admin)
    assert browser(thief).get(theirs).status_code == 404
    assert Client().get(reverse("unscheduled_care:feed", args=[feed])).status_code == 404
    agenda.refresh_from_db()
    assert agenda.account is None


def test_a_page_undone_leaves_a_proved_professional_their_agenda(cpts, admin):
    person, doctor = PractitionerFactory(), UserFactory()
    carded(doctor, person.pk)
    typed, real = (
        MembershipFactory(cpts=home, practitioner=number, account=doctor, email=doctor.email)
        for home, number in ((cpts, None), (CptsFactory(), person))
    )
    agenda = care.start_agenda(membership=real, by=doctor, at=now())
    care.start_agenda(membership=typed, by=doctor, at=now())
    unbind(typed, admin)
    agenda.refresh_from_db()
    assert agenda.account == doctor
    assert agenda.links.get().membership == real


def test_a_number_of_one_s_own_does_not_open_what_was_taken_under_another(hosted, admin, thief):
    membership = MembershipFactory(cpts=hosted, account=thief, email=thief.email)
    proof = vouched(thief, PractitionerFactory().pk, hosted)
    agenda = care.start_agenda(membership=membership, by=thief, at=now())
    booked = booked_with(agenda, hosted, reason="douleur 4217")
    proofs.end_proof(proof=proof, reason="retirée", at=now())
    carded(thief, PractitionerFactory().pk)
    theirs = reverse("unscheduled_care:own_appointment", args=[hosted.slug, booked.uuid])
    assert browser(thief).get(theirs).status_code == 404
    assert Client().get(personal_path(booked)).status_code == 410
    assert care.start_agenda(membership=membership, by=thief, at=now()) != agenda


def test_an_agenda_follows_its_person_to_the_number_that_the_administrator_gave_instead(cpts, admin):
    """ADELI one day, RPPS the next."""
    person = UserFactory()
    membership = MembershipFactory(cpts=cpts, account=person, email=person.email)
    carded(person, PractitionerFactory().pk)
    agenda = care.start_agenda(membership=membership, by=person, at=now())
    new = PractitionerFactory().pk
    with pytest.raises(proofs.AnotherNumberProved):
        carded(person, new)
    dispute = NumberDispute.objects.get()
    proofs.settle_dispute(dispute=dispute, outcome=DisputeOutcome.GIVEN, by=admin, at=now())
    agenda.refresh_from_db()
    assert (agenda.account, agenda.national_id) == (person, new)


@pytest.mark.parametrize("answer", ["", "no"])
def test_a_link_takes_no_patient_in_the_name_of_the_next_holder(answer, patient, page, thief, desk, hosted):
    person = PractitionerFactory()
    proof = vouched(thief, person.pk, hosted)
    agenda = care.start_agenda(membership=page, by=thief, at=now())
    path = ask(patient, agenda, desk)
    if answer:
        Client().post(path, {"do": answer})
    proofs.end_proof(proof=proof, reason="retirée", at=now())
    carded(UserFactory(), person.pk)
    assert Client().post(path, {"do": "yes"}).status_code == 410
    patient.refresh_from_db()
    assert patient.taken_by is None


@pytest.mark.parametrize("what", ["number", "page elsewhere"])
def test_nobody_is_booked_where_nobody_may_read(what, hosted, thief):
    doctor, person = UserFactory(), PractitionerFactory()
    membership = MembershipFactory(cpts=hosted, practitioner=person, account=doctor, email=doctor.email)
    proof = carded(doctor, person.pk)
    agenda = care.start_agenda(membership=membership, by=doctor, at=now())
    elsewhere = MembershipFactory(cpts=CptsFactory(), practitioner=person, account=doctor, email=doctor.email)
    care.start_agenda(membership=elsewhere, by=doctor, at=now())
    at, booker = now(), care.Booker(user=None, origin="desk", cpts=hosted)
    opening = care.Opening(modes=Mode.AMB, kinds=Kind.PRO, cpts=[])
    spans = [(at + 30 * HOUR, at + 31 * HOUR)]
    care.open_slots(schedule=agenda.schedules.first(), spans=spans, opening=opening, by=doctor, at=at)
    if what == "number":
        proofs.contest_proof(proof=proof, by=None, at=at)
    else:
        binding.contest(membership=elsewhere, by=None, at=at)
    with pytest.raises(care.NotOpenToYou):
        care.book_slot(slot=Slot.objects.get(), booker=booker, at=at)


def test_an_address_that_was_the_account_s_own_is_not_given_back_to_the_page(cpts, thief, admin):
    """They move their account, are refused, and sign up again at the address they left."""
    membership = MembershipFactory(cpts=cpts, email=thief.email, account=None)
    binding.claim(membership=membership, user=thief, at=now())
    thief.email = "ailleurs@exemple.invalid"
    thief.save()
    binding.follow_the_address(user=thief)
    membership.refresh_from_db()
    unbind(membership, admin)
    assert membership.email == ""


def test_a_second_decision_does_not_forget_whom_the_first_refused(cpts, thief, page, admin):
    unbind(page, admin)
    unbind(page, admin)
    assert page.refused_account == thief


@pytest.fixture
def invited(cpts, coordinator, thief):
    """A request accepted, whose link its author keeps unused after « C'est moi »."""
    RoleAssignment.objects.filter(user=thief).delete()
    asked = MembershipFactory(cpts=cpts, email=thief.email, account=None, status=MembershipStatus.REQUESTED)
    members.accept(membership=asked, college=None, with_account=True, by=coordinator, at=now())
    return asked


@pytest.mark.parametrize("fate", ["contested", "undone", "left"])
def test_a_kept_invitation_gives_no_role_back(fate, invited, thief, admin, coordinator):
    binding.claim(membership=invited, user=thief, at=now())
    if fate == "left":
        members.leave(membership=invited, on=timezone.localdate(), by=coordinator, at=now())
    elif fate == "undone":
        unbind(invited, admin)
    else:
        binding.contest(membership=invited, by=None, at=now())
    with pytest.raises(accounts.InvitationAlreadyUsed):
        accounts.accept_invitation(invitation=Invitation.objects.earliest("pk"), user=thief, at=now())


def test_an_invitation_to_the_address_before_ends_when_the_page_finds_its_person(invited, cpts, thief):
    person = PractitionerFactory(family_name=invited.family_name, given_name=invited.given_name)
    doctor = UserFactory()
    Membership.objects.filter(pk=invited.pk).update(practitioner=person)
    invited.refresh_from_db()
    carded(doctor, person.pk)
    binding.claim(membership=invited, user=doctor, at=now())
    with pytest.raises(accounts.InvitationAlreadyUsed):
        accounts.accept_invitation(invitation=Invitation.objects.earliest("pk"), user=thief, at=now())


def test_a_contested_request_is_not_accepted(cpts, coordinator):
    asked = MembershipFactory(cpts=cpts, email="x@exemple.invalid", account=None, status=MembershipStatus.REQUESTED)
    binding.contest(membership=asked, by=None, at=now())
    asked.refresh_from_db()
    with pytest.raises(binding.AlreadyContested):
        members.accept(membership=asked, college=None, with_account=True, by=coordinator, at=now())


def test_a_contested_request_shuts_nobody_else_out(cpts):
    person, doctor = PractitionerFactory(), UserFactory()
    own = MembershipFactory(cpts=cpts, family_name="Després", given_name="Élodie", email=doctor.email, account=None)
    fake = MembershipFactory(
        cpts=cpts,
        family_name="Després",
        given_name="Élodie",
        practitioner=person,
        account=None,
        email="imposteur@exemple.invalid",
        status=MembershipStatus.REQUESTED,
    )
    binding.contest(membership=fake, by=None, at=now())
    assert binding.claim(membership=own, user=doctor, at=now()).account == doctor


def test_keeping_a_proof_mails_no_new_way_to_contest_it(cpts, admin):
    person = PractitionerFactory()
    MembershipFactory(cpts=cpts, practitioner=person, email="jaloux@exemple.invalid")
    proofs.doubt_proof(proof=vouched(UserFactory(), person.pk, cpts), at=now())
    written = OutgoingMail.objects.filter(recipient="jaloux@exemple.invalid").count()
    kept = DisputeOutcome.KEPT
    proofs.settle_dispute(dispute=NumberDispute.objects.get(), outcome=kept, by=admin, at=now())
    assert NumberProof.objects.in_force().exists()
    assert OutgoingMail.objects.filter(recipient="jaloux@exemple.invalid").count() == written


def test_bindings_of_an_account_are_counted(cpts):
    account = UserFactory()
    *pages, last = (MembershipFactory(cpts=CptsFactory(), email=account.email, account=None) for _ in range(11))
    for page in pages:
        binding.claim(membership=page, user=account, at=now())
    with pytest.raises(LimitReached):
        binding.claim(membership=last, user=account, at=now())


def test_a_calendar_that_a_thief_added_goes_when_the_account_is_taken_back(cpts, thief, agenda):
    long_ago = now() - timedelta(days=30)
    care.add_calendar(effector=agenda, name="Doctolib", url="https://exemple.invalid/a.ics", by=thief, at=long_ago)
    care.add_calendar(effector=agenda, name="Toujours pris", url="https://exemple.invalid/b.ics", by=thief, at=now())
    take_back(token=not_me_token(thief), at=now())
    assert agenda.calendars.get().name == "Doctolib"


def test_a_known_number_without_any_exercise_has_no_profession(cpts, thief, agenda):
    assert agenda.group == "10G"
    carded(thief, PractitionerFactory().pk)
    agenda.refresh_from_db()
    assert (agenda.group, agenda.skills) == ("", [])
