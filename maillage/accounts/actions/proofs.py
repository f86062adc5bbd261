"""Proving a national number, contesting a proof, settling what contradicts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from maillage.accounts import hooks, notifications
from maillage.accounts.actions.codes import CODE_LIVES, clean_code, digest_of, is_right, new_text
from maillage.accounts.acts import Act
from maillage.accounts.models import (
    AccountKind,
    DisputeOutcome,
    NumberDispute,
    NumberProof,
    ProofCode,
    ProofMeans,
    User,
)
from maillage.accounts.permissions import MEMBER_MANAGE, still_vouches
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts

# What replaces a proof of the same person: never a check in person.
STRONGER = {ProofMeans.PSC: 3, ProofMeans.MSSANTE: 2, ProofMeans.FACE_TO_FACE: 1, ProofMeans.TRIAL: 0}
REPLACED = "remplacée après décision de l’administration"


class NumberOfSomebodyElse(DomainError):
    user_message = (
        "Un autre compte a déjà prouvé ce numéro. Rien n’a changé : l’administration de l’instance est prévenue et "
        "vous répondra. Si ce compte n’est pas le vôtre, dites « Ce n’est pas moi »."
    )


class AnotherNumberProved(DomainError):
    user_message = "Votre compte a déjà prouvé un autre numéro : l’administration de l’instance est prévenue."


class ProofContested(DomainError):
    user_message = "Votre numéro est contesté : l’administration de l’instance tranchera, rien ne change d’ici là."


class CodeUnusable(DomainError):
    user_message = "Ce code n’est pas le bon, a expiré ou a déjà servi : demandez-en un nouveau."


class NothingToContest(DomainError):
    user_message = "Cette preuve est déjà contestée ou terminée."


class DisputeSettled(DomainError):
    user_message = "Cette demande a déjà été tranchée."


@dataclass(frozen=True)
class Checker:
    """Who checked an identity in person, for whom."""

    cpts: Cpts
    by: User


def record_proof(
    *, user: User, national_id: int, means: ProofMeans, at: datetime, checker: Checker | None = None
) -> NumberProof:
    """Keep what an account proved about its national number. Proving again is once, or a stronger means.

    Raises ProofContested, NumberOfSomebodyElse or AnotherNumberProved: the proof there is stays as it is. Of the last
    two the administrator finds the contradiction among the identities to settle, written though the action refuses:
    the caller opens no transaction around it.
    """
    try:
        with transaction.atomic():
            return _prove(user, national_id, means, at, checker)
    except (NumberOfSomebodyElse, AnotherNumberProved):
        claim_number(user, national_id, means, at)
        raise


def _prove(user: User, national_id: int, means: ProofMeans, at: datetime, checker: Checker | None) -> NumberProof:
    mine = NumberProof.objects.open().filter(user=user).first()
    if mine and mine.national_id != national_id:
        raise AnotherNumberProved
    if mine and mine.contested_at and not _replaces_a_check(mine, means, at):
        raise ProofContested
    if mine and STRONGER[ProofMeans(mine.means)] >= STRONGER[means]:
        return mine
    if mine:
        NumberProof.objects.filter(pk=mine.pk).update(ended_at=at, end_reason="remplacée par une preuve plus forte")
    try:
        with transaction.atomic():
            proof = NumberProof.objects.create(
                user=user,
                national_id=national_id,
                means=means,
                proved_at=at,
                cpts=checker.cpts if checker else None,
                checked_by=checker.by if checker else None,
                checked_by_name=str(checker.by) if checker else "",
            )
    except IntegrityError as error:  # two accounts within the same second too
        raise NumberOfSomebodyElse from error
    summary = f"{user} a prouvé son numéro national : {proof.get_means_display()}"
    # What was read aloud for this number before it was proved opens nothing more.
    ProofCode.objects.filter(national_id=national_id, means=ProofMeans.FACE_TO_FACE, used_at=None).update(expires_at=at)
    by = checker.by if checker else user
    audit.record(Act.NUMBER_PROVED, target=proof, by=by, at=at, cpts=proof.cpts, summary=summary)
    hooks.number_proved(proof=proof, at=at)
    return proof


def _replaces_a_check(contested: NumberProof, means: ProofMeans, at: datetime) -> bool:
    """Whether a card or a national mailbox answers the contest of a check in person, when nobody else claims it."""
    doubts = contested.disputes.filter(outcome=DisputeOutcome.OPEN)
    if contested.means != ProofMeans.FACE_TO_FACE or STRONGER[means] <= STRONGER[ProofMeans.FACE_TO_FACE]:
        return False
    if doubts.filter(claimant__isnull=False).exists():
        return False
    doubts.update(outcome=DisputeOutcome.KEPT, settled_at=at)
    return True


@transaction.atomic
def claim_number(user: User, national_id: int, means: ProofMeans, at: datetime) -> None:
    """Once for a claimant: asking a hundred times is asking once."""
    held = NumberProof.objects.open().of_number(national_id).exclude(user=user).first()
    proof = held or NumberProof.objects.open().filter(user=user).first()
    if proof is None:  # the other one ended meanwhile: proving again will do
        return
    dispute, created = NumberDispute.objects.get_or_create(
        proof=proof,
        claimant=user,
        outcome=DisputeOutcome.OPEN,
        defaults={"means": means, "national_id": national_id, "opened_at": at},
    )
    if created:
        summary = f"{user} réclame un numéro national déjà prouvé par un autre compte"
        audit.record(Act.NUMBER_CLAIMED, target=dispute, by=user, at=at, summary=summary)
        hooks.identity_contested(what=summary, at=at)


@transaction.atomic
def contest_proof(*, proof: NumberProof, by: User | None, at: datetime) -> None:
    """« Ce n’est pas moi »: what the proof opened closes until the administrator decides. Raises NothingToContest."""
    if not NumberProof.objects.in_force().filter(pk=proof.pk).update(contested_at=at):
        raise NothingToContest
    proof.contested_at = at
    dispute = NumberDispute.objects.create(proof=proof, national_id=proof.national_id, opened_at=at)
    summary = f"Preuve du numéro national de {proof.user} contestée : suspendue"
    audit.record(Act.NUMBER_CONTESTED, target=dispute, by=by, at=at, summary=summary)
    notifications.number_contested(proof, at)
    hooks.number_lost(proof=proof, at=at)
    hooks.identity_contested(what=summary, at=at)


def contest_by_claim(*, dispute: NumberDispute, at: datetime) -> None:
    """Whoever claims a number suspends a proof that is no stronger than their own. Raises NothingToContest."""
    if STRONGER[ProofMeans(dispute.means)] < STRONGER[ProofMeans(dispute.proof.means)]:
        raise NothingToContest("Cette preuve est plus forte que la vôtre : l’administration de l’instance tranchera.")
    contest_proof(proof=dispute.proof, by=dispute.claimant, at=at)


@transaction.atomic
def doubt_proof(*, proof: NumberProof, at: datetime) -> bool:
    """« Ce n’est pas moi » read in a mail: a link proves an address, never a person.

    It suspends a proof that rests on a team's check; one that the professional made with their card or their national
    mailbox stands until the administrator decides, or until somebody who proved the number contests it. Whether it is
    suspended. Raises NothingToContest.
    """
    if proof.means == ProofMeans.FACE_TO_FACE:
        contest_proof(proof=proof, by=None, at=at)
        return True
    if not proof.is_in_force or NumberDispute.objects.filter(proof=proof, outcome=DisputeOutcome.OPEN).exists():
        raise NothingToContest
    dispute = NumberDispute.objects.create(proof=proof, national_id=proof.national_id, opened_at=at)
    summary = f"Preuve du numéro national de {proof.user} mise en doute"
    audit.record(Act.NUMBER_DOUBTED, target=dispute, by=None, at=at, summary=summary)
    hooks.identity_contested(what=summary, at=at)
    return False


@transaction.atomic
def settle_dispute(*, dispute: NumberDispute, outcome: DisputeOutcome, by: User, at: datetime) -> None:
    """The administrator decides between two people, each of whom proved what they could. Raises DisputeSettled.

    The number goes to whoever claims it only by the means they proved it with: nobody is given one on a word.
    """
    if outcome == DisputeOutcome.GIVEN and not (dispute.claimant and dispute.means):
        raise DisputeSettled("Personne n’a prouvé ce numéro par un autre moyen : maintenez la preuve ou retirez-la.")
    waiting = NumberDispute.objects.filter(pk=dispute.pk, outcome=DisputeOutcome.OPEN)
    if not waiting.update(outcome=outcome, settled_at=at, settled_by=by):
        raise DisputeSettled
    dispute.outcome, proof = outcome, dispute.proof
    summary = f"{proof} : {outcome.label}"
    audit.record(Act.NUMBER_SETTLED, target=dispute, by=by, at=at, summary=summary)
    if outcome == DisputeOutcome.KEPT:
        _restore(proof, at)
    else:
        is_their_own = outcome == DisputeOutcome.GIVEN and dispute.claimant_id == proof.user_id
        end_proof(proof=proof, reason=REPLACED if is_their_own else outcome.label, at=at)
    if outcome == DisputeOutcome.GIVEN and dispute.claimant:
        end_proofs_of(dispute.claimant, at)
        _prove(dispute.claimant, dispute.national_id, ProofMeans(dispute.means), at, None)
    notifications.number_settled(dispute)


def _restore(proof: NumberProof, at: datetime) -> None:
    others = NumberDispute.objects.filter(proof=proof, claimant=None, outcome=DisputeOutcome.OPEN)
    suspended = NumberProof.objects.open().filter(pk=proof.pk, contested_at__isnull=False)
    if not others.exists() and suspended.update(contested_at=None):
        proof.contested_at = None
        hooks.number_proved(proof=proof, at=at)


def end_proofs_of(user: User, at: datetime) -> None:
    """What an account proved before holds no more."""
    for proof in NumberProof.objects.open().filter(user=user):
        end_proof(proof=proof, reason=REPLACED, at=at)


@transaction.atomic
def end_proof(*, proof: NumberProof, reason: str, at: datetime) -> None:
    """A proof holds no more; what it opened closes."""
    if NumberProof.objects.open().filter(pk=proof.pk).update(ended_at=at, end_reason=reason[:120]):
        proof.ended_at = at
        hooks.number_lost(proof=proof, at=at)


@transaction.atomic
def trial_account(*, email: str, given_name: str, family_name: str, national_id: int, at: datetime) -> User:
    """The account of an invented person, whose number counts as proved: a demonstration, a campaign of the SAS.

    Nobody signs in with it: it has no password. The account that really proved the number is given when there is one.
    """
    held = NumberProof.objects.open().of_number(national_id).select_related("user").first()
    if held:
        return held.user
    user, _ = User.objects.get_or_create(
        email=email,
        kind=AccountKind.PASSWORD,
        defaults={"given_name": given_name, "family_name": family_name, "password": make_password(None)},
    )
    record_proof(user=user, national_id=national_id, means=ProofMeans.TRIAL, at=at)
    return user


@dataclass(frozen=True)
class NewCode:
    """A code that was just made: the text is told once and kept nowhere."""

    row: ProofCode
    text: str


@transaction.atomic
def new_code(
    *,
    means: ProofMeans,
    national_id: int,
    at: datetime,
    user: User | None = None,
    checker: Checker | None = None,
    subject: UUID | None = None,
) -> NewCode:
    """A one-time code of eight characters, good for a quarter of an hour; one made before for the same use is over."""
    text = new_text()
    before = ProofCode.objects.filter(means=means, national_id=national_id, user=user, used_at=None)
    before.filter(cpts=checker.cpts if checker else None).update(expires_at=at)
    row = ProofCode.objects.create(
        means=means,
        national_id=national_id,
        user=user,
        subject=subject,
        digest=digest_of(text),
        cpts=checker.cpts if checker else None,
        issued_by=checker.by if checker else None,
        created_at=at,
        expires_at=at + CODE_LIVES,
    )
    return NewCode(row, text)


def renew_text(code: ProofCode) -> str:
    """Another text for a code that has not left yet: what was written before it opens nothing."""
    text = new_text()
    ProofCode.objects.filter(pk=code.pk).update(digest=digest_of(text))
    return text


def use_mailbox_code(*, user: User, text: str, at: datetime) -> NumberProof:
    """The code that a mailbox received, typed by the account that asked for it. Raises CodeUnusable, and what
    record_proof raises."""
    code = ProofCode.objects.filter(user=user, means=ProofMeans.MSSANTE, used_at=None).order_by("-pk").first()
    if code is None or not _spend(code, text, at):
        raise CodeUnusable
    return record_proof(user=user, national_id=code.national_id, means=ProofMeans.MSSANTE, at=at)


def _spend(code: ProofCode, text: str, at: datetime) -> bool:
    """Use a code once; each wrong try counts, kept even though the action refuses."""
    unused = ProofCode.objects.filter(pk=code.pk, used_at=None)
    return is_right(unused, text, digest=code.digest, at=at) and bool(unused.update(used_at=at))


def use_spoken_code(*, user: User, text: str, at: datetime) -> ProofCode:
    """A code read aloud by whoever checks in person, typed on the person's own device. Whoever made it cannot use it.

    Raises CodeUnusable. The caller then records the proof and binds the subject.
    """
    digest = digest_of(clean_code(text))
    code = (
        ProofCode.objects.filter(digest=digest, means=ProofMeans.FACE_TO_FACE)
        .select_related("cpts", "issued_by")
        .first()
    )
    if code is None or code.issued_by_id == user.pk:
        raise CodeUnusable
    stands = still_vouches(code.issued_by, MEMBER_MANAGE, on=code.cpts, since=code.created_at)
    if not stands or not _spend(code, text, at):
        raise CodeUnusable
    return code
