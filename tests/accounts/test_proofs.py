"""What proves a national number: once for an account, contested in one act, settled by nobody's word."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from maillage.accounts.actions import proofs
from maillage.accounts.models import DisputeOutcome, NumberDispute, NumberProof, ProofCode, ProofMeans, Role
from maillage.audit.models import AuditEvent
from tests.factories import NOON, UserFactory

NUMBER, OTHER = 899_900_000_017, 899_900_000_025
PSC, MSSANTE, FACE = ProofMeans.PSC, ProofMeans.MSSANTE, ProofMeans.FACE_TO_FACE

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    return UserFactory()


def proved(user, number=NUMBER, means=PSC, **fields):
    return proofs.record_proof(user=user, national_id=number, means=means, at=NOON, **fields)


def test_a_proof_is_kept_dated_and_traced(doctor):
    proof = proved(doctor)
    assert (proof.user, proof.national_id, proof.means, proof.proved_at) == (doctor, NUMBER, PSC, NOON)
    assert AuditEvent.objects.get(type="number.proved").by_id == doctor.pk


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        pytest.param(PSC, PSC, PSC, id="again"),
        pytest.param(PSC, MSSANTE, PSC, id="weaker"),
        pytest.param(MSSANTE, PSC, PSC, id="stronger"),
    ],
)
def test_proving_again_keeps_the_stronger_means(doctor, first, second, kept):
    proved(doctor, means=first)
    assert proved(doctor, means=second).means == kept
    assert NumberProof.objects.open().count() == 1


def test_a_check_in_person_replaces_no_proof(doctor, cpts):
    checker = proofs.Checker(cpts=cpts, by=UserFactory())
    first = proved(doctor, means=MSSANTE)
    assert proved(doctor, means=FACE, checker=checker) == first


def test_a_number_proved_by_another_account_moves_nothing_and_goes_to_the_administrator(doctor):
    first, claimant = proved(doctor), UserFactory()
    for _ in range(2):
        with pytest.raises(proofs.NumberOfSomebodyElse):
            proved(claimant)
    assert NumberProof.objects.open().get() == first
    dispute = NumberDispute.objects.get()  # asked twice, told once
    assert (dispute.proof, dispute.claimant, dispute.outcome) == (first, claimant, DisputeOutcome.OPEN)


def test_an_account_proves_one_number(doctor):
    proved(doctor)
    with pytest.raises(proofs.AnotherNumberProved):
        proved(doctor, OTHER)
    assert NumberProof.objects.open().get().national_id == NUMBER
    assert NumberDispute.objects.get().national_id == OTHER


def test_contested_it_opens_nothing_and_keeps_its_number(doctor, mailoutbox):
    proof = proved(doctor)
    proofs.contest_proof(proof=proof, by=None, at=NOON)
    assert not NumberProof.objects.in_force().exists()
    with pytest.raises(proofs.NumberOfSomebodyElse):
        proved(UserFactory())
    with pytest.raises(proofs.ProofContested):
        proved(doctor)
    with pytest.raises(proofs.NothingToContest):
        proofs.contest_proof(proof=proof, by=None, at=NOON)


@pytest.mark.parametrize(
    ("outcome", "in_force"), [(DisputeOutcome.KEPT, True), (DisputeOutcome.WITHDRAWN, False)], ids=["kept", "withdrawn"]
)
def test_the_administrator_settles_a_contested_proof_once(doctor, outcome, in_force):
    admin, proof = UserFactory(), proved(doctor)
    proofs.contest_proof(proof=proof, by=None, at=NOON)
    dispute = NumberDispute.objects.get()
    proofs.settle_dispute(dispute=dispute, outcome=outcome, by=admin, at=NOON)
    assert NumberProof.objects.in_force().exists() == in_force
    with pytest.raises(proofs.DisputeSettled):
        proofs.settle_dispute(dispute=dispute, outcome=outcome, by=admin, at=NOON)


def test_the_administrator_gives_a_number_only_to_whoever_proved_it(doctor):
    admin, claimant = UserFactory(), UserFactory()
    proof = proved(doctor, means=MSSANTE)
    with pytest.raises(proofs.NumberOfSomebodyElse):
        proved(claimant)
    claimed = NumberDispute.objects.get()
    proofs.contest_proof(proof=proof, by=claimant, at=NOON)
    word = NumberDispute.objects.get(claimant=None)
    with pytest.raises(proofs.DisputeSettled):
        proofs.settle_dispute(dispute=word, outcome=DisputeOutcome.GIVEN, by=admin, at=NOON)
    proofs.settle_dispute(dispute=claimed, outcome=DisputeOutcome.GIVEN, by=admin, at=NOON)
    now = NumberProof.objects.in_force().get()
    assert (now.user, now.national_id, now.means) == (claimant, NUMBER, PSC)


def test_the_database_refuses_two_accounts_for_one_number(doctor):
    proved(doctor)
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberProof.objects.create(user=UserFactory(), national_id=NUMBER, means=PSC, proved_at=NOON)


def test_the_database_wants_the_name_of_whoever_checked(doctor):
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberProof.objects.create(user=doctor, national_id=NUMBER, means=FACE, proved_at=NOON)


@pytest.mark.django_db(transaction=True)
def test_eight_accounts_at_once_prove_one_number_and_one_holds_it():
    users = [UserFactory() for _ in range(8)]

    def claim(user):
        try:
            return proved(user)
        except proofs.NumberOfSomebodyElse:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        winners = [proof for proof in pool.map(claim, users) if proof]
    assert len(winners) == 1
    assert NumberDispute.objects.count() == 7


def test_a_mailbox_code_serves_once_the_account_that_asked(doctor):
    code = proofs.new_code(means=MSSANTE, national_id=NUMBER, user=doctor, at=NOON)
    assert code.text not in str(ProofCode.objects.values_list("digest", flat=True).get())
    with pytest.raises(proofs.CodeUnusable):
        proofs.use_mailbox_code(user=UserFactory(), text=code.text, at=NOON)
    spaced = f" {code.text[:4].lower()}-{code.text[4:]} "
    assert proofs.use_mailbox_code(user=doctor, text=spaced, at=NOON).national_id == NUMBER
    with pytest.raises(proofs.CodeUnusable):
        proofs.use_mailbox_code(user=doctor, text=code.text, at=NOON)


def test_five_wrong_tries_spend_a_code(doctor):
    code = proofs.new_code(means=MSSANTE, national_id=NUMBER, user=doctor, at=NOON)
    for _ in range(5):
        with pytest.raises(proofs.CodeUnusable):
            proofs.use_mailbox_code(user=doctor, text="AAAAAAAA", at=NOON)
    with pytest.raises(proofs.CodeUnusable):
        proofs.use_mailbox_code(user=doctor, text=code.text, at=NOON)


def test_a_code_expires_and_a_new_one_ends_the_one_before(doctor):
    first = proofs.new_code(means=MSSANTE, national_id=NUMBER, user=doctor, at=NOON)
    second = proofs.new_code(means=MSSANTE, national_id=NUMBER, user=doctor, at=NOON)
    with pytest.raises(proofs.CodeUnusable):
        proofs.use_mailbox_code(user=doctor, text=first.text, at=NOON)
    with pytest.raises(proofs.CodeUnusable):
        proofs.use_mailbox_code(user=doctor, text=second.text, at=NOON + timedelta(minutes=15))


def test_a_spoken_code_is_not_for_whoever_made_it(doctor, cpts):
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    checker = proofs.Checker(cpts=cpts, by=secretary)
    code = proofs.new_code(means=FACE, national_id=NUMBER, checker=checker, at=NOON)
    with pytest.raises(proofs.CodeUnusable):
        proofs.use_spoken_code(user=secretary, text=code.text, at=NOON)
    assert proofs.use_spoken_code(user=doctor, text=code.text, at=NOON).national_id == NUMBER
    with pytest.raises(proofs.CodeUnusable):
        proofs.use_spoken_code(user=UserFactory(), text=code.text, at=NOON)
