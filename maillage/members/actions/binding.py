"""Whose a membership is: bound to an account by what the person proved, contested by whoever says it is not them."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from maillage.accounts import hooks
from maillage.accounts.actions import (
    account_of,
    grant_role,
    resume_membership,
    suspend_membership,
    withdraw_invitations,
    withdraw_membership,
)
from maillage.accounts.actions import proofs as number_proofs
from maillage.accounts.actions.granted import UNDONE_WITHIN, is_word_taken_back, record_way_in
from maillage.accounts.actions.proofs import Checker, NewCode
from maillage.accounts.models import DisputeOutcome, Invitation, NumberProof, ProofMeans, Role, RoleAssignment, User
from maillage.accounts.permissions import MEMBER_MANAGE, permissions_on, still_vouches
from maillage.audit import actions as audit
from maillage.audit.models import AuditEvent
from maillage.core.errors import DomainError
from maillage.core.hooks import Hook
from maillage.core.limits import spend
from maillage.core.text import plural
from maillage.core.work import jobs
from maillage.cpts.models import Approval, Cpts
from maillage.directory.actions.proving import is_offered
from maillage.directory.rules.identifiers import national_id_of
from maillage.members import notifications
from maillage.members.acts import Act
from maillage.members.limits import BINDINGS, NEW_ADDRESSES, NEW_ADDRESSES_OF_ACCOUNT
from maillage.members.models import Membership, MembershipStatus
from maillage.members.models.membership import OVER
from maillage.members.queries.addresses import is_moved_lately, is_of_an_address, words_behind
from maillage.members.rules.names import may_be_named, of

TELL_MAILBOX = "members.tell-mailbox"


class BoundToAnother(DomainError):
    user_message = "Cette adhésion est déjà reliée à un compte, ou le vôtre l’est déjà à une autre de cette CPTS."


class NotProvedYours(DomainError):
    user_message = (
        "Rien ne prouve encore que cette adhésion est la vôtre : prouvez votre numéro national, ou demandez à la CPTS "
        "de vous inviter à votre adresse."
    )


class NameDiffers(NotProvedYours):
    user_message = (
        "Cette fiche porte le numéro national que vous avez prouvé, mais un autre nom que celui de l’annuaire "
        "national : demandez à la CPTS de le corriger."
    )


class AddressJustMoved(NotProvedYours):
    user_message = (
        "La CPTS vient de remplacer l’adresse de cette fiche : « C’est moi » attend trois jours, le temps que "
        "l’adresse d’avant puisse dire non. Votre numéro national, une fois prouvé, n’attend pas."
    )


class NumberDiffers(DomainError):
    user_message = "Cette adhésion porte un autre numéro national que celui que votre compte a prouvé."


class NotApprovedYet(DomainError):
    user_message = (
        "Une CPTS vérifie l’identité de ses membres une fois approuvée par le guichet, l’ARS ou l’administration."
    )


class NoNumberToProve(DomainError):
    user_message = "Cette fiche n’est reliée à personne de l’annuaire national : il n’y a pas de numéro à prouver."


class AlreadyContested(DomainError):
    user_message = "Cette adhésion est déjà contestée."


class RefusedBefore(DomainError):
    user_message = "L’administration de l’instance a décidé que cette adhésion n’est pas la vôtre."


class AddressOfAnAccount(DomainError):
    user_message = "Cette adresse est celle du compte de la personne : elle seule la change, depuis son compte."


class MovedLately(DomainError):
    user_message = (
        "L’adresse de cette fiche vient d’être remplacée : attendez trois jours, le temps que l’adresse d’avant puisse "
        "dire non."
    )


class NothingToConfirm(DomainError):
    user_message = "Il n’y a plus d’adresse à confirmer : la demande a été annulée, ou a déjà servi."


def proved_number(user: User) -> int | None:
    """The national number that an account proved, while nobody contests it."""
    proof = NumberProof.objects.in_force().filter(user=user).first()
    return proof.national_id if proof else None


@transaction.atomic
def bind(*, membership: Membership, user: User, by: User, at: datetime, because: str) -> Membership:
    """Tie a membership to the account of its person, once. `because` is what proved it, as the journal says it.

    Callers checked that proof. Raises NumberDiffers when account and membership say two numbers, BoundToAnother when
    either is taken, NumberOfSomebodyElse when another account proved the number, RefusedBefore, and AlreadyContested
    while another page of that person is.
    """
    if membership.practitioner_id:
        check_number(membership.practitioner_id, user)
    is_proved_theirs = membership.practitioner_id and membership.practitioner_id == proved_number(user)
    if membership.refused_account_id == user.pk and not is_proved_theirs:
        raise RefusedBefore
    same = Q(search_name=membership.search_name) | Q(practitioner=membership.practitioner_id or -1) | Q(account=user)
    contested = Membership.objects.of(membership.cpts).filter(same, contested_at__isnull=False)
    contested = contested.exclude(status=MembershipStatus.REQUESTED)  # anybody asks, under any name
    if contested.exists() and not is_proved_theirs:
        raise AlreadyContested
    spend(BINDINGS, at=at, account=user.pk)
    free = Membership.objects.unbound().filter(pk=membership.pk)
    # The address their person had before the team asked for another one, else the one the team knows.
    former = membership.former_email or membership.email
    # An address that is the account's own already says nothing of anybody else.
    kept = "" if account_of(former) == user else former
    changes = {"account": user, "bound_at": at, "email": user.email, "former_email": kept, "pending_email": ""}
    try:
        with transaction.atomic():
            written = free.update(**changes, version=F("version") + 1)
    except IntegrityError as error:
        raise BoundToAnother from error
    if not written:
        raise BoundToAnother
    membership.refresh_from_db()
    withdraw_invitations(cpts=membership.cpts, addresses=[former], at=at, but=user)
    summary = f"Adhésion {of(str(membership))} reliée au compte de {user} : {because}"
    audit.record(Act.BOUND, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)
    notifications.membership_bound(membership, former, at)
    return membership


def check_number(number: int, user: User) -> None:
    """What an account proved, and what others did, do not contradict a number written beside it.

    Raises NumberDiffers or NumberOfSomebodyElse.
    """
    proved = proved_number(user)
    if proved and number != proved:
        raise NumberDiffers
    if NumberProof.objects.open().of_number(number).exclude(user=user).exists():
        raise number_proofs.NumberOfSomebodyElse


def claim(*, membership: Membership, user: User, at: datetime) -> Membership:
    """« C’est moi »: by the person, from their account. Raises NotProvedYours, and what `bind` raises.

    Proved by the national number of the membership, when its name may be that of the register: a number typed on the
    page of somebody else is a team's word. Or by its address, when no other membership of the CPTS has it:
    two people who share the address of a practice are two people.
    """
    number = proved_number(user)
    has_number = bool(number) and number == membership.practitioner_id
    if has_number and is_named_as_proved(membership):
        because = "numéro national prouvé"
    elif is_alone_at(membership, user) and is_moved_lately(membership, at):
        raise AddressJustMoved
    elif is_alone_at(membership, user):
        because = "adresse prouvée"
    else:
        raise NameDiffers if has_number else NotProvedYours
    with transaction.atomic():
        bind(membership=membership, user=user, by=user, at=at, because=because)
        let_in(membership, user, by=user, at=at)
    return membership


def is_named_as_proved(membership: Membership) -> bool:
    """Whether the page is named as the national register names the number it bears."""
    person = membership.practitioner
    return person is None or may_be_named(membership, person)


def is_alone_at(membership: Membership, user: User) -> bool:
    """Whether the account proved the address of this membership, and no other open one of the CPTS has it."""
    if not membership.email or account_of(membership.email) != user:
        return False
    sharing = Membership.objects.of(membership.cpts).current().at_address(membership.email)
    return not sharing.exclude(pk=membership.pk).exists()


def let_in(membership: Membership, user: User, *, by: User, at: datetime) -> None:
    """A member in force who says yes may open the workspace, on the word of whoever made them a member."""
    held = RoleAssignment.objects.of(membership.cpts).filter(user=user)
    if not membership.is_in or held.exists():
        return
    words = words_behind(membership) if by == user else [(by.pk, at)]
    accounts = User.objects.in_bulk([pk for pk, _ in words])  # those erased since vouch for nothing
    vouching = [(accounts[pk], given_at) for pk, given_at in words if pk in accounts]
    if any(is_word_taken_back(word, given_at) for word, given_at in vouching):
        return
    grant_role(user=user, role=Role.MEMBER, cpts=membership.cpts, by=by, at=at)
    for word, given_at in vouching:
        record_way_in(user=user, cpts=membership.cpts, by=word, given_at=given_at, at=at)


@hooks.invitation_accepted.register
def bind_the_invited(*, invitation: Invitation, user: User, at: datetime) -> None:
    """The link of an invitation proved an address: it binds the membership that has it, when one alone does."""
    waiting = Membership.objects.of(invitation.cpts).unbound().at_address(invitation.email).select_related("cpts")
    membership = waiting.order_by("pk").first()
    if membership is None or not is_alone_at(membership, user) or is_moved_lately(membership, at):
        return
    try:
        bind(membership=membership, user=user, by=user, at=at, because="invitation acceptée à son adresse")
    except DomainError:
        return  # the role stands, the identity does not: « Mon identité » says what is missing


@hooks.address_changed.register
def follow_the_address(*, user: User) -> None:
    """A bound member is written to where their account is."""
    Membership.objects.bound_to(user).update(email=user.email, version=F("version") + 1)


@hooks.account_taken_back.register
def end_links(*, user: User, at: datetime) -> None:
    """Whoever got into the account may have read the links mailed to its person."""
    Membership.objects.bound_to(user).update(links_since=at)


# Of one CPTS, by one account taken back, in seven days: beyond, a list was imported, which is undone as a whole.
MOST_SUSPENDED = 30


@hooks.account_taken_back.register
def suspend_what_it_wrote(*, user: User, at: datetime) -> None:
    """Pages made, and addresses written, from the account these last days: a member invented, or moved to a mailbox of
    a thief, signs and votes until somebody says whose it is. They wait for the administrator, who is told of the rest.
    A page whose person proved its number themselves is theirs, whoever typed it.
    """
    since = at - UNDONE_WITHIN
    for cpts in Cpts.objects.filter(pk__in=_written_by(user, since).values("cpts")):
        written = _written_by(user, since).filter(cpts=cpts)
        lately = Q(contested_at__gte=since) | Q(settled_at__gte=since)  # those that were kept are not asked of again
        suspended_before = written.filter(lately).count()
        pages = written.exclude(lately).filter(contested_at=None).order_by("account", "pk").select_related("cpts")
        unproved = [page for page in pages if _proof_behind(page) is None]
        is_of_the_team = MEMBER_MANAGE in permissions_on(user, cpts)
        most = max(0, MOST_SUSPENDED - suspended_before) if is_of_the_team else 0
        for membership in unproved[:most]:
            contest(membership=membership, by=None, at=at, because=f"écrite depuis le compte repris {of(str(user))}")
        kept = unproved[most:]
        if kept:
            pages_text = f"{len(kept)} {plural(len(kept), 'fiche')} de membre"
            what = f"{cpts} : {user}, dont le compte vient d’être repris, y avait écrit {pages_text}"
            hooks.identity_contested(what=what, at=at, is_urgent=True)


def _written_by(user: User, since: datetime) -> QuerySet[Membership]:
    """Pages in force that the account decided, or wrote the address of, since then; its own apart."""
    label = Membership._meta.label_lower
    events = AuditEvent.objects.filter(by_id=user.pk, at__gte=since, target_type=label)
    touched = [
        int(target)
        for target, type_, details in events.values_list("target_id", "type", "details")
        if is_of_an_address(type_, details)
    ]
    mine = Q(decided_by=user, decided_at__gte=since) | Q(pk__in=touched)
    return Membership.objects.current().filter(mine).exclude(account=user)


@hooks.number_proved.register
def follow_the_number(*, proof: NumberProof, at: datetime) -> None:
    """Once for a proof: a decision that keeps it suspends nothing again, and is not contested by a new mail."""
    if not proof.disputes.exists():
        _suspend_what_contradicts(proof, at)
        _tell_of_the_number(proof, at)


def _suspend_what_contradicts(proof: NumberProof, at: datetime) -> None:
    """Pages of the account that bear another number."""
    theirs = Membership.objects.open().bound_to(proof.user).filter(contested_at=None, practitioner__isnull=False)
    for membership in theirs.exclude(practitioner=proof.national_id).select_related("cpts"):
        contest(membership=membership, by=None, at=at)


def _tell_of_the_number(proof: NumberProof, at: datetime) -> None:
    """Whoever approved CPTS know under this number hears of it, at the address they know, with « Ce n’est pas moi »."""
    if proof.means == ProofMeans.FACE_TO_FACE and is_offered():
        jobs.enqueue(TELL_MAILBOX, label="Message à la boîte MSSanté d’un professionnel", at=at, proof=proof.pk)
    known = Membership.objects.current().filter(practitioner=proof.national_id, cpts__approval=Approval.APPROVED)
    known = known.select_related("cpts")
    for membership in known.exclude(account=proof.user).exclude(email="").exclude(email__iexact=proof.user.email):
        notifications.number_proved(membership, proof, at)


def proposals(user: User) -> list[Membership]:
    """Memberships that may be this person's: of their proved number, or alone at their own address; all CPTS together.

    What another number says is not theirs is left out.
    """
    number = proved_number(user)
    sharing = Membership.objects.current().filter(cpts=OuterRef("cpts"), email__iexact=OuterRef("email"))
    waiting = Membership.objects.unbound().annotate(is_shared=Exists(sharing.exclude(pk=OuterRef("pk"))))
    theirs = Q(email__iexact=user.email, is_shared=False) & ~Q(email="")
    if number:
        theirs = theirs & Q(practitioner=None) | Q(practitioner=number)
    refused = Q(refused_account=user) & ~Q(practitioner=number or -1)
    return list(
        waiting.filter(theirs).exclude(refused).select_related("cpts", "practitioner").order_by("cpts__name", "pk")
    )


def of_others(user: User) -> list[Membership]:
    """Memberships of the number this account proved that another account was bound to, or that somebody asks for; and
    those known at this account's address before a team, or a binding, put another one."""
    number = proved_number(user)
    asked = Q(status=MembershipStatus.REQUESTED) & ~Q(email__iexact=user.email)
    theirs = Q(practitioner=number or -1) & (Q(account__isnull=False) | asked) | _known_at(user)
    others = Membership.objects.filter(theirs, contested_at=None).exclude(account=user)
    others = others.filter(~Q(status__in=OVER) | _known_at(user))
    return list(others.select_related("cpts", "account"))


def _known_at(user: User) -> Q:
    """Pages known at the address of this account before another one; a departure hides them from nobody."""
    return Q(former_email__iexact=user.email) & ~Q(former_email="")


def number_text(proof: NumberProof) -> str:
    """As it is written on a card, without its prefix."""
    return national_id_of(proof.national_id)[1:]


@transaction.atomic
def contest(*, membership: Membership, by: User | None, at: datetime, because: str = "« Ce n’est pas moi »") -> None:
    """« Ce n’est pas moi »: in one act, by whoever received the mail or proved the number. Raises AlreadyContested.

    The membership opens nothing any more, is shown to nobody outside its team, and waits for the administrator.
    """
    mine = Membership.objects.filter(pk=membership.pk, contested_at=None)
    if not mine.update(contested_at=at, is_public=False, pending_email="", version=F("version") + 1):
        raise AlreadyContested
    membership.refresh_from_db()
    addresses = [membership.email, membership.former_email]
    withdraw_invitations(cpts=membership.cpts, addresses=addresses, at=at)
    if membership.account:
        suspend_membership(user=membership.account, cpts=membership.cpts, at=at)
    summary = f"Adhésion {of(str(membership))} contestée : {because}"
    audit.record(Act.CONTESTED, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)
    notifications.contested(membership, at)
    hooks.identity_contested(what=summary, at=at)


def contest_by_link(*, membership: Membership, at: datetime) -> bool:
    """« Ce n’est pas moi » read in a mail: whether it is suspended. Raises AlreadyContested or NothingToContest.

    A link proves an address that a team may have typed: where the account proved the number of the page by a card or a
    national mailbox, it opens a doubt for the administrator and suspends nothing.
    """
    proof = _proof_behind(membership)
    if proof:
        if proof.disputes.filter(outcome=DisputeOutcome.KEPT).exists():
            raise number_proofs.NothingToContest
        return number_proofs.doubt_proof(proof=proof, at=at)
    contest(membership=membership, by=None, at=at)
    return True


def _proof_behind(membership: Membership) -> NumberProof | None:
    """By a card or the national mailbox, of the very number and name of the page: what no team types."""
    proof = NumberProof.objects.in_force().filter(user=membership.account or -1).first()
    if proof is None or proof.means == ProofMeans.FACE_TO_FACE or proof.national_id != membership.practitioner_id:
        return None
    return proof if is_named_as_proved(membership) else None


def contest_from_account(*, membership: Membership, user: User, at: datetime) -> bool:
    """« Ce n’est pas moi » on one's own page, on one that no account answers for, or under one's proved number. Known
    at this account's address once, it is worth what the link of a mail is. Whether it is suspended. Raises as above."""
    number = proved_number(user)
    is_theirs = membership.account_id in {None, user.pk} or (number and membership.practitioner_id == number)
    if not is_theirs:
        return contest_by_link(membership=membership, at=at)
    contest(membership=membership, by=user, at=at)
    return True


@Hook
def on_unbound(membership: Membership) -> None:
    """The account of a membership was taken off: what it opened here is no longer its person's."""


@transaction.atomic
def settle_contest(*, membership: Membership, is_kept: bool, by: User, at: datetime) -> None:
    """The administrator decides: the binding stands, or it is undone and the membership waits for its person."""
    account = membership.account
    changes = {"contested_at": None, "settled_at": at} | ({"former_email": ""} if is_kept else _undone(membership))
    contested = Membership.objects.filter(pk=membership.pk, contested_at__isnull=False)
    if not contested.update(**changes, version=F("version") + 1):
        raise AlreadyContested("Cette adhésion n’est plus contestée.")
    membership.refresh_from_db()
    if is_kept and account:
        resume_membership(user=account, cpts=membership.cpts)
    elif not is_kept:
        if account:
            withdraw_membership(user=account, cpts=membership.cpts, by=by, at=at)
        on_unbound(membership)
    decided = "maintenue" if is_kept else "déliée de son compte"
    summary = f"Adhésion contestée {of(str(membership))} : {decided}"
    audit.record(Act.CONTEST_SETTLED, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)
    if account:
        notifications.contest_settled(membership, account, is_kept=is_kept, at=at)


def _undone(membership: Membership) -> dict[str, Any]:
    """The account is taken off and kept out, and the address known before it comes back."""
    changes: dict[str, Any] = {"account": None, "bound_at": None}
    if membership.account:
        changes["refused_account"] = membership.account
    if membership.account or membership.former_email:
        changes |= {"email": membership.former_email, "former_email": ""}
    return changes


@transaction.atomic
def check_in_person(*, membership: Membership, by: User, at: datetime) -> NewCode:
    """A code that the team reads aloud to the member in front of them.

    Raises NotApprovedYet, NoNumberToProve, AlreadyContested.
    """
    if not membership.cpts.is_approved:
        raise NotApprovedYet
    if membership.contested_at:
        raise AlreadyContested
    if not membership.practitioner_id or not membership.is_in:
        raise NoNumberToProve
    if NumberProof.objects.open().of_number(membership.practitioner_id).exists():
        raise number_proofs.NumberOfSomebodyElse("Ce numéro est déjà prouvé : il n’y a rien à vérifier.")
    checker = Checker(cpts=membership.cpts, by=by)
    summary = f"Vérification en personne {of(str(membership))} commencée"
    audit.record(Act.CHECKED, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)
    return number_proofs.new_code(
        means=ProofMeans.FACE_TO_FACE,
        national_id=membership.practitioner_id,
        checker=checker,
        subject=membership.uuid,
        at=at,
    )


def use_code_in_person(*, user: User, text: str, at: datetime) -> NumberProof:
    """The code heard in person, typed on one's own device: it proves the number and binds the membership.

    Raises CodeUnusable, and what record_proof raises.
    """
    code = number_proofs.use_spoken_code(user=user, text=text, at=at)
    assert code.cpts
    assert code.issued_by
    assert code.subject
    proof = number_proofs.record_proof(
        user=user,
        national_id=code.national_id,
        means=ProofMeans.FACE_TO_FACE,
        at=at,
        checker=Checker(cpts=code.cpts, by=code.issued_by),
    )
    membership = Membership.objects.unbound().filter(uuid=code.subject).select_related("cpts").first()
    if membership:
        with suppress(DomainError):  # the proof stands; « Mon identité » says what the membership lacks
            claim(membership=membership, user=user, at=at)
    return proof


@transaction.atomic
def ask_new_address(*, membership: Membership, email: str, by: User, at: datetime) -> None:
    """A team wants to write to a member elsewhere: the new address proves itself, the old one is warned, nothing moves.

    Raises AddressOfAnAccount: the address of a bound member is that of their account. AlreadyContested, MovedLately,
    LimitReached.
    """
    if membership.account_id:
        raise AddressOfAnAccount
    if membership.contested_at:
        raise AlreadyContested
    if is_moved_lately(membership, at):
        raise MovedLately
    spend(NEW_ADDRESSES, NEW_ADDRESSES_OF_ACCOUNT, at=at, account=by.pk, of=membership.pk)
    Membership.objects.filter(pk=membership.pk).update(pending_email=email)
    membership.pending_email = email
    summary = f"Nouvelle adresse demandée pour {membership}, à confirmer"
    audit.record(Act.ADDRESS_ASKED, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)
    notifications.address_asked(membership, at)


def _move_stands(membership: Membership) -> bool:
    """Whoever asked for the new address still may."""
    asked = AuditEvent.objects.filter(
        type=Act.ADDRESS_ASKED, target_type=membership._meta.label_lower, target_id=str(membership.pk)
    )
    event = asked.order_by("-pk").first()
    by = User.objects.filter(pk=event.by_id).first() if event and event.by_id else None
    return event is not None and still_vouches(by, MEMBER_MANAGE, on=membership.cpts, since=event.at)


@transaction.atomic
def confirm_address(*, membership: Membership, email: str, at: datetime) -> None:
    """Whoever opened the link sent to the new address. The one before is kept, and told: whoever reads there may say
    that it is not so, now or once an account is bound. Raises NothingToConfirm."""
    if not _move_stands(membership):
        raise NothingToConfirm
    replaced, before = membership.email, membership.former_email
    waiting = Membership.objects.unbound().filter(pk=membership.pk, pending_email=email)
    changes = {"email": email, "former_email": replaced, "pending_email": ""}
    if not email or not waiting.update(**changes, version=F("version") + 1):
        raise NothingToConfirm
    membership.refresh_from_db()
    notifications.address_replaced(membership, before, at)
    summary = f"Nouvelle adresse {of(str(membership))} confirmée"
    audit.record(Act.ADDRESS_CONFIRMED, target=membership, by=None, at=at, cpts=membership.cpts, summary=summary)


def contested_memberships() -> list[Membership]:
    """What waits for the administrator."""
    contested = Membership.objects.filter(contested_at__isnull=False)
    return list(contested.select_related("cpts", "account", "practitioner").order_by("contested_at"))
