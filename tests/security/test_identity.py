"""Nobody acts as somebody else: each attack is played through the screens, by whoever would gain from it."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.actions import proofs
from maillage.accounts.models import Invitation, NumberDispute, NumberProof, ProofMeans, Role, RoleAssignment, User
from maillage.core.letters import Letter
from maillage.core.limits import LimitReached
from maillage.cpts.models import Approval, Cpts
from maillage.directory.models import Mailbox, Practitioner
from maillage.exchange.actions import write_mail
from maillage.exchange.models import OutgoingMail
from maillage.members.actions import binding
from maillage.members.models import Mandate, Membership, MembershipStatus
from maillage.unscheduled_care import actions as care
from maillage.unscheduled_care.models import Appointment, CareSettings, Effector, Slot, SlotStatus, Solicitation
from maillage.unscheduled_care.notifications import personal_path, solicitation_path
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import (
    HOUR,
    NOON,
    CptsFactory,
    MembershipFactory,
    PractitionerFactory,
    PractitionerRoleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
PSC = ProofMeans.PSC


@pytest.fixture
def real(cpts):
    """A doctor who proved their number, opened slots in an approved CPTS, and is shown to the SAS."""
    person = PractitionerFactory(family_name="DESPRES", given_name="Élodie")
    PractitionerRoleFactory(practitioner=person, group="10G", profession="10")
    account = UserFactory(role=Role.MEMBER, on=cpts, email="elodie@exemple.invalid")
    membership = MembershipFactory(
        cpts=cpts, practitioner=person, account=account, email=account.email, group="10G", family_name="Després"
    )
    proofs.record_proof(user=account, national_id=person.pk, means=PSC, at=NOON)
    CareSettings.objects.update_or_create(cpts=cpts, defaults={"agreed_with_sas_on": NOON.date()})
    effector = care.start_agenda(membership=membership, by=account, at=NOON)
    for place in effector.schedules.all():
        care.confirm_place(place=place, by=account, at=NOON)
    care.say_how(effector=effector, read_version=0, phone="0553000017", agrees=True, extra_a_day=0, by=account, at=NOON)
    opening = care.Opening(modes=Mode.AMB, kinds=Kind.CPTS | Kind.SNP | Kind.PRO, cpts=[cpts])
    spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in (2, 21)]
    care.open_slots(schedule=effector.schedules.get(), spans=spans, opening=opening, by=account, at=NOON)
    return effector


@pytest.fixture(autouse=True)
def journal(settings):
    """Mail is written where it is in production."""
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"


@pytest.fixture
def thief(client, communes):
    """Somebody who signed up, and nothing more."""
    user = UserFactory(email="voleur@exemple.invalid")
    client.force_login(user)
    return user


def found(client, name="CPTS du Voleur"):
    client.post(reverse("territory:found"), {"name": name, "departement": "24"})
    return Cpts.objects.get(name=name)


def add_as_mine(client, cpts, person, user):
    """The doctor, entered as a member under the thief's own address."""
    page = reverse("members:add", args=[cpts.slug]) + f"?pro={person}"
    typed = {"kind": "person", "family_name": "Després", "given_name": "Élodie", "email": user.email}
    assert client.post(page, typed).status_code == 302
    return Membership.objects.get(cpts=cpts, practitioner=person)


def text_of(response):
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_a_stranger_who_adds_a_doctor_under_their_own_address_reaches_nothing_of_theirs(client, real, thief):
    cpts = found(client)
    mine = add_as_mine(client, cpts, real.national_id, thief)
    client.post(reverse("members:claim", args=[mine.uuid]))
    mine.refresh_from_db()
    assert mine.account is None  # another account proved this number
    page = client.post(reverse("unscheduled_care:own_agenda", args=[cpts.slug]), follow=True)
    assert "0553000017" not in text_of(page)
    for name in ("own_agenda", "places", "absences", "calendars", "how"):
        client.get(reverse(f"unscheduled_care:{name}", args=[cpts.slug]))
    assert Effector.objects.get() == real
    real.refresh_from_db()
    assert (real.account.email, real.links.count()) == ("elodie@exemple.invalid", 1)


def test_before_the_doctor_comes_a_typed_number_gives_an_agenda_that_the_sas_never_sees(client, thief, cpts):
    person = PractitionerFactory(family_name="DESPRES")
    own = found(client)
    mine = add_as_mine(client, own, person.pk, thief)
    assert "C’est moi" in text_of(client.get(reverse("members:identity")))
    client.post(reverse("members:claim", args=[mine.uuid]))
    client.post(reverse("unscheduled_care:own_agenda", args=[own.slug]))
    effector = Effector.objects.get(account=thief)
    assert effector.national_id is None
    how = reverse("unscheduled_care:how", args=[own.slug])
    refused = client.post(how, {"version": "0", "phone": "", "agrees": "on", "extra_a_day": "0", "number": "1"})
    assert "Prouvez d’abord votre numéro" in text_of(refused)
    assert not Effector.objects.shown_to_sas().exists()
    # The doctor arrives: the number is theirs, and what the thief opened stays without one.
    doctor = UserFactory()
    proofs.record_proof(user=doctor, national_id=person.pk, means=PSC, at=NOON)
    effector.refresh_from_db()
    assert (effector.account, effector.national_id) == (thief, None)
    assert binding.of_others(doctor) == [mine]


def test_the_doctor_says_ce_n_est_pas_moi_in_one_tap_and_the_account_opens_nothing(client, thief, cpts):
    person = PractitionerFactory(family_name="DESPRES")
    own = found(client)
    mine = add_as_mine(client, own, person.pk, thief)
    client.post(reverse("members:claim", args=[mine.uuid]))
    doctor, theirs = UserFactory(), Client()
    proofs.record_proof(user=doctor, national_id=person.pk, means=PSC, at=NOON)
    theirs.force_login(doctor)
    assert "Sous mon numéro, mais reliées à un autre compte" in text_of(theirs.get(reverse("members:identity")))
    theirs.post(reverse("members:contest", args=[mine.uuid]))
    assert not Membership.objects.of_account(thief).exists()
    assert "n’est reliée à votre compte" in text_of(client.get(reverse("members:own", args=[own.slug])))
    # Somebody whom it does not concern contests nothing.
    other = MembershipFactory(cpts=cpts, email="x@exemple.invalid")
    assert theirs.post(reverse("members:contest", args=[other.uuid])).status_code == 404
    other.refresh_from_db()
    assert other.contested_at is None


def test_a_second_account_that_claims_a_proved_number_moves_nothing_and_goes_to_the_administrator(client, real):
    claimant = UserFactory()
    with pytest.raises(proofs.NumberOfSomebodyElse):
        proofs.record_proof(user=claimant, national_id=real.national_id, means=ProofMeans.MSSANTE, at=NOON)
    assert Effector.objects.of_account(real.account).exists()
    assert not Effector.objects.of_account(claimant).exists()
    client.force_login(UserFactory(role=Role.INSTANCE_ADMIN))
    page = text_of(client.get(reverse("oversight:identities")))
    assert str(claimant) in page
    # Whose number it is in the register is what the administrator decides about.
    assert str(real.national_id)[-11:] in page
    assert str(Practitioner.objects.get(pk=real.national_id)) in page
    dispute = NumberDispute.objects.get()
    client.post(reverse("oversight:settle_number", args=[dispute.uuid]), {"do": "given"})
    real.refresh_from_db()
    assert real.account == claimant  # what exists under the number goes with it
    assert not Effector.objects.of_account(NumberProof.objects.get(ended_at__isnull=False).user).exists()


def test_whoever_waits_and_whoever_decides_are_told(client, real, settings):
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"
    claimant, admin = UserFactory(), UserFactory(role=Role.INSTANCE_ADMIN)
    with pytest.raises(proofs.NumberOfSomebodyElse):
        proofs.record_proof(user=claimant, national_id=real.national_id, means=ProofMeans.MSSANTE, at=NOON)
    proofs.contest_proof(proof=NumberProof.objects.open().get(), by=None, at=NOON)
    asked = OutgoingMail.objects.filter(recipient=admin.email)
    assert [one.subject for one in asked] == ["Une identité est à trancher"]  # once: the page says the rest
    client.force_login(admin)
    dispute = NumberDispute.objects.get(claimant=claimant)
    client.post(reverse("oversight:settle_number", args=[dispute.uuid]), {"do": "given"})
    decided = OutgoingMail.objects.filter(subject__startswith="Votre numéro national", subject__endswith="décision")
    said = {one.recipient: one.body for one in decided}
    assert "vous est donné" in said[claimant.email]
    assert "n’ouvre plus rien" in said[real.account.email]


def test_a_contested_number_is_told_to_the_sas_no_more_and_is_again_once_settled(client, real):
    assert Effector.objects.shown_to_sas().exists()
    proof = NumberProof.objects.get()
    proofs.contest_proof(proof=proof, by=None, at=NOON)
    assert not Effector.objects.shown_to_sas().exists()
    assert not Effector.objects.of_account(real.account).exists()
    client.force_login(real.account)
    assert "contesté" in text_of(client.get(reverse("members:identity")))
    client.force_login(UserFactory(role=Role.INSTANCE_ADMIN))
    client.post(reverse("oversight:settle_number", args=[NumberDispute.objects.get().uuid]), {"do": "kept"})
    assert Effector.objects.shown_to_sas().exists()


def test_a_team_that_changes_an_address_moves_nothing_before_the_new_one_proves_itself(client, cpts, coordinator):
    membership = MembershipFactory(cpts=cpts, email="vraie@exemple.invalid", given_name="Ève", family_name="Mas")
    client.force_login(coordinator)
    typed = {"kind": "person", "family_name": "Mas", "given_name": "Ève", "email": coordinator.email, "version": "0"}
    client.post(reverse("members:edit", args=[cpts.slug, membership.uuid]), typed)
    membership.refresh_from_db()
    assert (membership.email, membership.pending_email) == ("vraie@exemple.invalid", coordinator.email)
    told = {one.recipient: one.body for one in OutgoingMail.objects.all()}
    assert "Ce n’est pas vous" in told["vraie@exemple.invalid"]
    link = told[coordinator.email].split("http://127.0.0.1:8000")[1].split()[0]
    assert Client().get(link).status_code == 200
    membership.refresh_from_db()
    assert membership.email == "vraie@exemple.invalid"  # mail scanners open every link
    not_me = told["vraie@exemple.invalid"].split("http://127.0.0.1:8000")[1].split()[0]
    assert Client().post(not_me).status_code == 200
    membership.refresh_from_db()
    assert membership.contested_at


def test_the_address_of_a_bound_member_is_changed_by_nobody_else(client, cpts, coordinator):
    account = UserFactory()
    membership = MembershipFactory(cpts=cpts, email=account.email, account=account, family_name="Mas")
    client.force_login(coordinator)
    typed = {"kind": "person", "family_name": "Mas", "email": coordinator.email, "version": "0"}
    page = client.post(reverse("members:edit", args=[cpts.slug, membership.uuid]), typed)
    assert "celle du compte de la personne" in text_of(page)
    membership.refresh_from_db()
    assert (membership.email, membership.pending_email) == (account.email, "")


def test_two_members_who_share_an_address_are_two_people(client, cpts, coordinator):
    first, second = (MembershipFactory(cpts=cpts, email="cabinet@exemple.invalid") for _ in range(2))
    client.force_login(coordinator)
    client.post(
        reverse("accounts:team", args=[cpts.slug]), {"email": "cabinet@exemple.invalid", "role": Role.MEMBER.value}
    )
    link = OutgoingMail.objects.get(recipient="cabinet@exemple.invalid").body
    path = link.split("http://127.0.0.1:8000")[1].split()[0]
    names = {"given_name": "Camille", "family_name": "Autre", "password": "une phrase assez longue"}
    visitor = Client()
    assert visitor.post(path, names).status_code == 302
    user = User.objects.get(email="cabinet@exemple.invalid")
    assert Invitation.objects.get().accepted_at
    assert not Membership.objects.of_account(user).exists()
    for membership in (first, second):
        assert visitor.post(reverse("members:claim", args=[membership.uuid])).status_code == 404


def test_an_invitation_binds_the_one_membership_of_its_address(client, cpts, coordinator):
    membership = MembershipFactory(cpts=cpts, email="seule@exemple.invalid")
    client.force_login(coordinator)
    client.post(
        reverse("accounts:team", args=[cpts.slug]), {"email": "seule@exemple.invalid", "role": Role.MEMBER.value}
    )
    path = OutgoingMail.objects.get(recipient="seule@exemple.invalid").body
    path = path.split("http://127.0.0.1:8000")[1].split()[0]
    Client().post(path, {"given_name": "A", "family_name": "B", "password": "une phrase assez longue"})
    membership.refresh_from_db()
    assert membership.account == User.objects.get(email="seule@exemple.invalid")


def test_a_check_in_person_takes_an_approved_cpts_and_the_person_s_own_device(client, cpts, coordinator, neighbour):
    person = PractitionerFactory()
    membership = MembershipFactory(cpts=cpts, practitioner=person, email="eve@exemple.invalid")
    client.force_login(coordinator)
    page = text_of(client.post(reverse("members:check_in_person", args=[cpts.slug, membership.uuid])))
    code = page.split('class="code-said">')[1].split("<b>")[1].split("<")[0]
    client.post(reverse("members:use_code_in_person"), {"code": code})
    assert not NumberProof.objects.exists()  # whoever made it cannot use it
    eve, own = UserFactory(email="eve@exemple.invalid"), Client()
    own.force_login(eve)
    own.post(reverse("members:use_code_in_person"), {"code": code.lower()})
    proof = NumberProof.objects.get()
    assert (proof.user, proof.means, proof.checked_by_name) == (eve, "face-to-face", str(coordinator))
    membership.refresh_from_db()
    assert membership.account == eve
    again = text_of(client.post(reverse("members:check_in_person", args=[cpts.slug, membership.uuid]), follow=True))
    assert "déjà prouvé" in again
    Cpts.objects.filter(pk=neighbour.pk).update(approval=Approval.WAITING, decided_at=None)
    lone = MembershipFactory(cpts=neighbour, practitioner=PractitionerFactory())
    client.force_login(UserFactory(role=Role.COORDINATOR, on=neighbour))
    refused = client.post(reverse("members:check_in_person", args=[neighbour.slug, lone.uuid]), follow=True)
    assert "une fois approuvée" in text_of(refused)


def test_a_code_goes_to_the_mailbox_of_the_register_and_nowhere_else(client, settings, communes, run_jobs, thief):
    settings.MSSANTE_FROM_EMAIL = "cpts@mssante.exemple.invalid"
    settings.MSSANTE_BACKEND, settings.MSSANTE_OPTIONS = "django.core.mail.backends.locmem.EmailBackend", {}
    person = PractitionerFactory(id=899_900_000_017)
    Mailbox.objects.create(id=1, address="eve@mssante.exemple.invalid", is_personal=True, practitioner=person)
    Mailbox.objects.create(id=2, address="aaa@mssante.exemple.invalid", is_personal=False, practitioner=person)
    unknown = text_of(client.post(reverse("members:ask_mailbox_code"), {"number": "99900000025"}, follow=True))
    said = text_of(client.post(reverse("members:ask_mailbox_code"), {"number": "99900000017"}, follow=True))
    assert "un code vient d’y partir" in said
    assert "un code vient d’y partir" in unknown  # a number does not tell who has a mailbox
    run_jobs()
    assert [message.to for message in mail.outbox] == [["eve@mssante.exemple.invalid"]]
    assert not OutgoingMail.objects.exists()
    client.post(reverse("members:use_mailbox_code"), {"code": "AAAA AAAA"})
    assert not NumberProof.objects.exists()
    spoken = mail.outbox[0].body.split("\n\n")[2]
    client.post(reverse("members:use_mailbox_code"), {"code": spoken})
    proof = NumberProof.objects.get()
    assert (proof.user, proof.national_id, proof.means) == (thief, person.pk, "mssante")


def test_a_professional_hears_in_their_national_mailbox_that_a_team_vouched_for_somebody(
    settings, cpts, coordinator, run_jobs
):
    settings.MSSANTE_FROM_EMAIL = "cpts@mssante.exemple.invalid"
    settings.MSSANTE_BACKEND, settings.MSSANTE_OPTIONS = "django.core.mail.backends.locmem.EmailBackend", {}
    person = PractitionerFactory()
    Mailbox.objects.create(id=1, address="eve@mssante.exemple.invalid", is_personal=True, practitioner=person)
    membership = MembershipFactory(cpts=cpts, practitioner=person)
    code = binding.check_in_person(membership=membership, by=coordinator, at=timezone.now())
    binding.use_code_in_person(user=UserFactory(), text=code.text, at=timezone.now())
    run_jobs()
    (message,) = [message for message in mail.outbox if message.to == ["eve@mssante.exemple.invalid"]]
    assert Client().post(message.body.split("http://127.0.0.1:8000")[1].split()[0]).status_code == 200
    assert not NumberProof.objects.in_force().exists()


def test_no_code_is_offered_without_a_box_to_send_it_from(client, thief):
    assert "Recevoir un code" not in text_of(client.get(reverse("members:identity")))
    refused = client.post(reverse("members:ask_mailbox_code"), {"number": "99900000017"}, follow=True)
    assert "n’a pas de boîte MSSanté" in text_of(refused)


def test_a_mail_link_suspends_what_a_team_vouched_for_and_only_doubts_what_a_card_proved(client, cpts, coordinator):
    strong, weak = PractitionerFactory(), PractitionerFactory()
    for person in (strong, weak):
        MembershipFactory(cpts=cpts, practitioner=person, email=f"p{person.pk}@exemple.invalid")
    proofs.record_proof(user=UserFactory(), national_id=strong.pk, means=PSC, at=timezone.now())
    checker = proofs.Checker(cpts=cpts, by=coordinator)
    face = ProofMeans.FACE_TO_FACE
    proofs.record_proof(user=UserFactory(), national_id=weak.pk, means=face, at=timezone.now(), checker=checker)
    told = OutgoingMail.objects.filter(subject__startswith="Votre numéro national vient")
    assert told.count() == 2
    for message in told:
        path = message.body.split("http://127.0.0.1:8000")[1].split()[0]
        assert Client().post(path).status_code == 200
    assert NumberProof.objects.get(contested_at__isnull=False).national_id == weak.pk
    assert NumberDispute.objects.filter(national_id=strong.pk).count() == 1


def test_a_member_who_leaves_hands_over_roles_mandates_and_proposals(cpts, coordinator, real):
    membership = Membership.objects.get(account=real.account)
    Mandate.objects.create(
        cpts=cpts, membership=membership, body="bureau", function="trésorière", starts_on=NOON.date()
    )
    RoleAssignment.objects.create(user=real.account, role=Role.TREASURER, cpts=cpts, created_at=NOON)
    from maillage.members.actions import leave  # noqa: PLC0415

    leave(membership=membership, on=NOON.date(), by=coordinator, at=NOON)
    assert not RoleAssignment.objects.of(cpts).filter(user=real.account).exists()
    assert Mandate.objects.get().ends_on
    assert not Slot.objects.of(cpts).exists()
    assert not Effector.objects.shown_to_sas().exists()


# Founding


def test_a_cpts_is_unseen_before_it_is_approved(client, thief, cpts):
    own = found(client)
    stranger = Client()
    stranger.force_login(UserFactory(role=Role.REGULATOR, on={"departement_id": "24"}))
    assert own.name not in text_of(Client().get(reverse("territory:public_index")))
    for path in (f"/c/{own.slug}/", f"/c/{own.slug}/adherer/", f"/c/{own.slug}/annuaire/"):
        assert client.get(path).status_code == 404
    assert stranger.get(reverse("portal:home", args=[own.slug])).status_code == 404
    cpam = Client()
    cpam.force_login(UserFactory(role=Role.CPAM_INSTRUCTOR, on={"departement_id": "24"}))
    assert cpam.get(reverse("portal:home", args=[own.slug])).status_code == 404


def test_twenty_cpts_are_not_founded_by_one_stranger(client, thief):
    found(client, "CPTS Une")
    refused = client.post(reverse("territory:found"), {"name": "CPTS Deux", "departement": "24"})
    assert "attend encore d’être approuvée" in text_of(refused)
    assert Cpts.objects.filter(founder=thief.pk).count() == 1


def test_an_unapproved_cpts_books_no_slot_of_others_and_finds_none(client, thief, real):
    own = found(client)
    slot = Slot.objects.earliest("starts_at")
    booker = care.Booker(user=thief, origin="desk", cpts=own)
    with pytest.raises(care.NotOpenToYou):
        care.book_slot(slot=slot, booker=booker, at=NOON)
    assert slot.status == SlotStatus.FREE
    assert not Appointment.objects.exists()


def test_an_unapproved_cpts_writes_little_outside_its_team(client, thief):
    own = found(client)
    page = reverse("accounts:team", args=[own.slug])
    for number in range(22):
        client.post(page, {"email": f"p{number}@exemple.invalid", "role": Role.MEMBER.value})
    assert OutgoingMail.objects.filter(cpts=own).count() == 20
    assert Invitation.objects.filter(cpts=own).count() == 20  # what could not be written was not done


def test_nothing_of_an_unapproved_cpts_reaches_the_sas(real, cpts):
    Cpts.objects.filter(pk=cpts.pk).update(approval=Approval.WAITING, decided_at=None)
    assert not Effector.objects.shown_to_sas().exists()
    with pytest.raises(care.NotOpenToYou):
        care.book_slot(slot=Slot.objects.earliest("starts_at"), booker=care.Booker(user=None, origin="sas"), at=NOON)


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (Role.GUICHET_AGENT, {"region_id": "75"}, 200),
        (Role.ARS_INSTRUCTOR, {"departement_id": "24"}, 200),
        (Role.INSTANCE_ADMIN, None, 200),
        (Role.GUICHET_AGENT, {"region_id": "76"}, 404),
        (Role.CPAM_INSTRUCTOR, {"departement_id": "24"}, 404),
        (Role.REGULATOR, {"departement_id": "24"}, 404),
    ],
)
def test_who_approves_and_where(communes, role, scope, status):
    waiting = CptsFactory(approval=Approval.WAITING, approval_asked_at=NOON)
    agent = Client()
    agent.force_login(UserFactory(role=role, on=scope))
    assert agent.get(reverse("oversight:approval", args=[waiting.uuid])).status_code == status
    agent.post(reverse("oversight:approval", args=[waiting.uuid]), {"do": "approve", "reason": ""})
    waiting.refresh_from_db()
    assert waiting.is_approved == (status == 200)


def test_its_own_team_approves_nothing_and_a_refusal_says_why(client, thief, sample_reference):
    own = found(client)
    assert client.get(reverse("oversight:approvals")).status_code == 404
    ask = reverse("oversight:own_approval", args=[own.slug])
    assert "Composez d’abord le périmètre" in text_of(client.post(ask, {"do": "ask"}, follow=True))
    client.post(ask, {"do": "demo"})
    own.refresh_from_db()
    assert not own.is_approved
    agent = Client()
    agent.force_login(UserFactory(role=Role.GUICHET_AGENT, on={"departement_id": "24"}))
    page = reverse("oversight:approval", args=[own.uuid])
    assert "Dites pourquoi" in text_of(agent.post(page, {"do": "refuse", "reason": " "}))
    agent.post(page, {"do": "refuse", "reason": "Le territoire est déjà couvert."})
    assert "Le territoire est déjà couvert." in text_of(client.get(ask))
    assert any("déjà couvert" in one.body for one in OutgoingMail.objects.filter(recipient=thief.email))


# Regulators


def test_a_regulator_books_in_the_departements_of_the_role_alone(client, real):
    other = Client()
    other.force_login(UserFactory(role=Role.REGULATOR, on={"departement_id": "33"}))
    slot = Slot.objects.earliest("starts_at")
    booker = care.Booker(user=None, origin="sas", departements=frozenset({"33"}))
    with pytest.raises(care.OutOfTerritory):
        care.book_slot(slot=slot, booker=booker, at=NOON)
    response = other.post(reverse("sas:regulation_book", args=[slot.uuid]), follow=True)
    assert response.status_code == 200
    assert not Appointment.objects.exists()
    assert care.book_slot(
        slot=slot, booker=care.Booker(user=None, origin="sas", departements=frozenset({"24"})), at=NOON
    )


def test_requests_of_strangers_bind_nobody(client, cpts):
    """Somebody who asks to join in another's name is a listing, whatever address they type."""
    account = UserFactory()
    client.force_login(account)
    membership = MembershipFactory(
        cpts=cpts, status=MembershipStatus.REQUESTED, practitioner=PractitionerFactory(), email="autre@exemple.invalid"
    )
    assert client.post(reverse("members:claim", args=[membership.uuid])).status_code == 404
    membership.refresh_from_db()
    assert membership.account is None


def test_a_bound_member_is_written_to_where_their_account_is(cpts):
    from maillage.accounts import hooks  # noqa: PLC0415

    account = UserFactory()
    membership = MembershipFactory(cpts=cpts, account=account, email=account.email)
    account.email = "nouvelle@exemple.invalid"
    hooks.address_changed(user=account)
    membership.refresh_from_db()
    assert membership.email == "nouvelle@exemple.invalid"


def test_codes_are_asked_and_tried_a_few_times(client, settings, thief):
    settings.MSSANTE_FROM_EMAIL, settings.MSSANTE_BACKEND = "a@mssante.exemple.invalid", "locmem"
    asked = [
        text_of(client.post(reverse("members:ask_mailbox_code"), {"number": "99900000017"}, follow=True))
        for _ in range(6)
    ]
    assert ["un code vient d’y partir" in page for page in asked] == [True] * 5 + [False]
    tried = [
        text_of(client.post(reverse("members:use_code_in_person"), {"code": "AAAAAAAA"}, follow=True))
        for _ in range(11)
    ]
    assert "n’est pas le bon" in tried[0]
    assert "Trop d’essais" in tried[10]


def test_every_button_of_identity_and_of_places_carries_its_token(client, real, cpts):
    """A fragment included alone loses the token of forms, and its button then does nothing."""
    care_place = real.schedules.get()
    type(care_place).objects.filter(pk=care_place.pk).update(confirmed_at=None)
    checked = Client(enforce_csrf_checks=True)
    checked.force_login(real.account)
    for page in (reverse("members:identity"), reverse("unscheduled_care:places", args=[cpts.slug])):
        forms = text_of(checked.get(page)).split("<form")[1:]
        posted = [form.split("</form>")[0] for form in forms if 'method="post"' in form]
        assert len(posted) > 1
        assert all("csrfmiddlewaretoken" in form for form in posted), page


# What a second attack found


def test_a_page_bound_to_an_account_is_not_merged_into_somebody_else_s(client, cpts, coordinator, thief):
    absent = MembershipFactory(cpts=cpts, email="absente@exemple.invalid", family_name="Absente")
    mine = MembershipFactory(cpts=cpts, email=thief.email, account=thief, family_name="Voleuse")
    client.force_login(coordinator)
    for kept, other in ((absent, mine), (mine, absent)):
        page = reverse("members:merge", args=[cpts.slug, kept.uuid])
        assert "rien ne prouve" in text_of(client.post(page, {"other": str(other.uuid)}, follow=True))
    absent.refresh_from_db()
    assert absent.account is None


def test_a_contest_is_cleared_by_the_administrator_alone(client, cpts, coordinator, thief):
    membership = MembershipFactory(cpts=cpts, email="vraie@exemple.invalid")
    binding.ask_new_address(membership=membership, email=thief.email, by=coordinator, at=timezone.now())
    link = OutgoingMail.objects.get(recipient=thief.email).body.split("http://127.0.0.1:8000")[1].split()[0]
    binding.contest(membership=membership, by=None, at=timezone.now())
    assert Client().post(link).status_code == 410
    Membership.objects.filter(pk=membership.pk).update(email=thief.email)
    assert client.post(reverse("members:claim", args=[membership.uuid])).status_code == 404
    membership.refresh_from_db()
    assert (membership.account, membership.pending_email) == (None, "")
    assert membership.contested_at
    twin = MembershipFactory(cpts=cpts, email=thief.email, account=None)
    client.force_login(coordinator)
    page = reverse("members:merge", args=[cpts.slug, twin.uuid])
    assert "contestée" in text_of(client.post(page, {"other": str(membership.uuid)}, follow=True))


def test_a_link_confirms_the_address_it_was_sent_to_and_no_other(cpts, coordinator):
    membership = MembershipFactory(cpts=cpts, email="vraie@exemple.invalid")
    for address in ("un@exemple.invalid", "deux@exemple.invalid"):
        binding.ask_new_address(membership=membership, email=address, by=coordinator, at=timezone.now())
    first = OutgoingMail.objects.get(recipient="un@exemple.invalid").body.split("http://127.0.0.1:8000")[1].split()[0]
    assert Client().post(first).status_code == 410
    membership.refresh_from_db()
    assert membership.email == "vraie@exemple.invalid"


def test_an_address_is_not_emptied_to_be_written_anew(client, cpts, coordinator):
    membership = MembershipFactory(cpts=cpts, email="vraie@exemple.invalid", family_name="Mas")
    client.force_login(coordinator)
    typed = {"kind": "person", "family_name": "Mas", "email": "", "version": "0"}
    assert "ne s’efface pas" in text_of(client.post(reverse("members:edit", args=[cpts.slug, membership.uuid]), typed))
    membership.refresh_from_db()
    assert membership.email == "vraie@exemple.invalid"


def test_what_a_thief_said_of_an_agenda_does_not_go_with_it(real):
    claimant = UserFactory()
    feed = real.feed
    real.calendars.create(name="Doctolib", url="https://exemple.invalid/a.ics")
    proofs.end_proof(proof=NumberProof.objects.get(), reason="essai", at=timezone.now())
    proofs.record_proof(user=claimant, national_id=real.national_id, means=PSC, at=timezone.now())
    real.refresh_from_db()
    assert (real.account, real.phone, real.sas_agreed_at) == (claimant, "", None)
    assert not real.schedules.filter(confirmed_at__isnull=False).exists()
    assert not real.links.exists()
    assert real.feed != feed  # the private addresses of the former holder open nothing
    assert not real.calendars.exists()
    assert not Effector.objects.shown_to_sas().exists()


def test_links_mailed_to_the_holder_of_an_agenda_open_nothing_once_it_is_another_s(client, real, cpts, coordinator):
    hosted = {"target_hours": 48, "hds_host": "Hébergeur", "declares_hds": True, "patient_months": 3}
    version = CareSettings.objects.get(cpts=cpts).version
    care.save_settings(cpts=cpts, read_version=version, fields=hosted, by=coordinator, at=NOON)
    booker = care.Booker(user=None, origin="desk", cpts=cpts)
    booked = care.book_slot(slot=Slot.objects.earliest("starts_at"), booker=booker, at=NOON)
    patient = {"who": "Madame X", "what": "douleur", "phone": "", "doctor": ""}
    commune = real.schedules.get().commune
    asked = care.open_request(
        cpts=cpts, patient=patient, commune=commune, group="10G", hours=48, by=coordinator, at=timezone.now()
    )
    care.solicit(request=asked, effectors=[real], by=coordinator, at=timezone.now())
    mailed = [personal_path(booked), solicitation_path(Solicitation.objects.get())]
    assert [client.get(path).status_code for path in mailed] == [200, 200]
    proofs.end_proof(proof=NumberProof.objects.get(), reason="essai", at=timezone.now())
    proofs.record_proof(user=UserFactory(), national_id=real.national_id, means=PSC, at=timezone.now())
    assert [client.post(path, {"do": "yes"}).status_code for path in mailed] == [410, 410]
    assert not Solicitation.objects.get().answered_at
    booked.refresh_from_db()
    assert [client.get(path).status_code for path in (personal_path(booked),)] == [200]  # of the new holder


def test_a_contest_that_was_settled_is_not_begun_again_by_its_old_mail(client, cpts):
    account, admin = UserFactory(), UserFactory(role=Role.INSTANCE_ADMIN)
    membership = MembershipFactory(cpts=cpts, email=account.email, account=None)
    binding.bind(membership=membership, user=account, by=account, at=timezone.now(), because="essai")
    mail_of_binding = OutgoingMail.objects.latest("pk").body
    link = mail_of_binding.split("http://127.0.0.1:8000")[1].split()[0]
    assert client.post(link).status_code == 200
    membership.refresh_from_db()
    binding.settle_contest(membership=membership, is_kept=True, by=admin, at=timezone.now())
    assert client.post(link).status_code == 410
    membership.refresh_from_db()
    assert membership.contested_at is None


def test_an_account_taken_off_a_membership_leaves_no_agenda_behind(cpts, thief):
    membership = MembershipFactory(cpts=cpts, email=thief.email, account=thief)
    theirs = care.start_agenda(membership=membership, by=thief, at=timezone.now())
    binding.contest(membership=membership, by=None, at=timezone.now())
    admin, owner = UserFactory(role=Role.INSTANCE_ADMIN), UserFactory()
    binding.settle_contest(membership=membership, is_kept=False, by=admin, at=timezone.now())
    Membership.objects.filter(pk=membership.pk).update(account=owner)
    membership.refresh_from_db()
    assert care.start_agenda(membership=membership, by=owner, at=timezone.now()) != theirs
    assert not theirs.links.exists()


def test_an_appointment_is_never_filed_under_a_cpts_that_waits(real, cpts):
    other = CptsFactory()
    CareSettings.objects.create(cpts=other, agreed_with_sas_on=NOON.date())
    membership = MembershipFactory(cpts=other, account=real.account, email=real.account.email)
    care.start_agenda(membership=membership, by=real.account, at=NOON)
    Cpts.objects.filter(pk=cpts.pk).update(approval=Approval.WAITING, decided_at=None)  # the first of the two
    slot = Slot.objects.earliest("starts_at")
    booked = care.book_slot(slot=slot, booker=care.Booker(user=None, origin="sas"), at=NOON)
    assert booked.cpts == other


def test_a_reason_asks_for_more_than_a_password(client, real, cpts):
    slot = Slot.objects.earliest("starts_at")
    booker = care.Booker(user=None, origin="desk", cpts=cpts)
    booked = care.book_slot(slot=slot, booker=booker, reason="douleur 4217", at=NOON)
    page = reverse("unscheduled_care:own_appointment", args=[cpts.slug, booked.uuid])
    client.force_login(real.account, means=("password",))
    assert "douleur 4217" not in text_of(client.get(page))
    client.force_login(real.account, means=("password", "mfa"))
    assert "douleur 4217" in text_of(client.get(page))


# What a third look found


def test_two_unbound_pages_of_two_addresses_do_not_become_one(client, cpts, coordinator):
    absent = MembershipFactory(cpts=cpts, email="absente@exemple.invalid")
    fresh = MembershipFactory(cpts=cpts, email="voleuse@exemple.invalid")
    client.force_login(coordinator)
    page = reverse("members:merge", args=[cpts.slug, fresh.uuid])
    assert "deux adresses" in text_of(client.post(page, {"other": str(absent.uuid)}, follow=True))
    assert Membership.objects.filter(pk=absent.pk).exists()


def test_undoing_an_import_empties_no_address(cpts, coordinator, client):
    membership = MembershipFactory(cpts=cpts, family_name="Mas", given_name="Ève", email="")
    content = "Nom;Prénom;Courriel\nMas;Ève;eve@exemple.invalid\n".encode()
    from maillage.members import actions  # noqa: PLC0415

    sheet = actions.start_import(cpts=cpts, name="m.csv", content=content, by=coordinator, at=NOON)
    choices = {0: str(membership.uuid)}
    actions.correct(sheet=sheet, read_version=sheet.version, cells={}, choices=choices)
    actions.apply_import(sheet=sheet, read_version=sheet.version, by=coordinator, at=NOON)
    membership.refresh_from_db()
    assert membership.email == "eve@exemple.invalid"
    actions.undo_import(sheet=sheet, by=coordinator, at=NOON)
    membership.refresh_from_db()
    assert membership.email == "eve@exemple.invalid"


def test_a_contested_page_neither_leaves_nor_is_entered_again(client, cpts, coordinator, thief):
    person = PractitionerFactory()
    membership = MembershipFactory(cpts=cpts, practitioner=person, email="x@exemple.invalid", account=UserFactory())
    binding.contest(membership=membership, by=None, at=timezone.now())
    client.force_login(coordinator)
    page = reverse("members:leave", args=[cpts.slug, membership.uuid])
    assert "contestée" in text_of(client.post(page, {"on": f"{timezone.localdate():%d/%m/%Y}"}, follow=True))
    Membership.objects.filter(pk=membership.pk).update(status="left", left_on=timezone.localdate())
    assert binding.contested_memberships() == [membership]
    again = MembershipFactory(cpts=cpts, practitioner=person, email=thief.email, account=None)
    client.force_login(thief)
    client.post(reverse("members:claim", args=[again.uuid]))
    again.refresh_from_db()
    assert again.account is None


def test_a_code_read_aloud_before_a_card_opens_and_suspends_nothing(client, cpts, coordinator, thief):
    person = PractitionerFactory()
    membership = MembershipFactory(cpts=cpts, practitioner=person)
    code = binding.check_in_person(membership=membership, by=coordinator, at=timezone.now())
    proof = proofs.record_proof(user=UserFactory(), national_id=person.pk, means=PSC, at=timezone.now())
    client.post(reverse("members:use_code_in_person"), {"code": code.text})
    assert not NumberDispute.objects.exists()
    weak = NumberDispute.objects.create(
        proof=proof, national_id=person.pk, claimant=thief, means=ProofMeans.FACE_TO_FACE, opened_at=timezone.now()
    )
    assert "plus forte que la vôtre" in text_of(client.post(reverse("members:contest_number"), follow=True))
    proof.refresh_from_db()
    assert proof.is_in_force
    assert weak.claimant == thief


def test_a_copy_of_the_database_opens_no_session(client, cpts, coordinator):
    from maillage.accounts.models import Session  # noqa: PLC0415

    client.force_login(coordinator)
    row = Session.objects.get(user=coordinator)
    copy = Client()
    copy.cookies["sessionid"] = row.session_key
    assert copy.get(reverse("members:identity")).status_code == 302
    assert client.get(reverse("members:identity")).status_code == 200
    assert row.session_key != client.session.session_key


def test_an_account_taken_back_closes_even_when_its_old_address_was_taken(communes):
    from maillage.accounts.actions.addresses import take_back, token_of  # noqa: PLC0415
    from maillage.accounts.models import AddressChange  # noqa: PLC0415

    at = timezone.now()
    victim = UserFactory(email="voleur@exemple.invalid")
    UserFactory(email="victime@exemple.invalid")  # whose address somebody proved meanwhile
    change = AddressChange.objects.create(
        user=victim,
        old_email="victime@exemple.invalid",
        new_email=victim.email,
        digest="x",
        asked_at=at,
        expires_at=at,
        confirmed_at=at,
    )
    take_back(token=token_of(f"change:{change.uuid.hex}"), at=at)
    victim.refresh_from_db()
    assert not victim.is_active
    assert not victim.has_usable_password()


def test_a_cpts_that_spent_its_mails_keeps_nobody_from_saying_who_they_are(client, communes):
    own = CptsFactory(approval=Approval.WAITING)
    doctor, person = UserFactory(email="elodie@exemple.invalid"), PractitionerFactory()
    membership = MembershipFactory(cpts=own, practitioner=person, email="x@exemple.invalid")
    proofs.record_proof(user=doctor, national_id=person.pk, means=PSC, at=timezone.now())
    for number in range(20):
        facts = {"letter": Letter.plain("s", "b"), "at": timezone.now(), "cpts_id": own.pk}
        write_mail(recipient=f"{number}@exemple.invalid", **facts)
    client.force_login(doctor)
    client.post(reverse("members:claim", args=[membership.uuid]))
    membership.refresh_from_db()
    assert membership.account == doctor
    told = OutgoingMail.objects.filter(subject__contains="un compte y est relié")
    assert set(told.values_list("recipient", flat=True)) == {doctor.email, "x@exemple.invalid"}
    UserFactory(role=Role.COORDINATOR, on=own, email="equipe@exemple.invalid")
    client.post(reverse("members:contest", args=[membership.uuid]))
    membership.refresh_from_db()
    assert membership.contested_at
    with pytest.raises(LimitReached):
        write_mail(recipient="encore@exemple.invalid", **facts)
