"""That somebody is who they say: a code sent to their own address, typed once. A personal link proves no person."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import constant_time_compare, salted_hmac

from maillage.accounts.models import NumberProof
from maillage.core.errors import DomainError
from maillage.exchange.actions import key_of
from maillage.meetings import notifications
from maillage.meetings.models import Means, Meeting, Participant, SigninCode, Voter
from maillage.members.models import Membership
from maillage.members.queries.addresses import address_written_since, identity_written_since

CODE_LIVES = timedelta(minutes=10)
TRIES = 5
AGAIN = timedelta(minutes=1)  # between two codes to one address
# To one address for one meeting, none of them typed, before a day without any: a guess has five chances in a million
# each, and whoever was forwarded an invitation does not shut its person out until the vote.
MOST_CODES, ANEW = 10, timedelta(days=1)


class NotProved(DomainError):
    user_message = "Prouvez d’abord que c’est bien vous : par votre compte, ou par un code reçu à votre adresse."


class WrongCode(DomainError):
    user_message = "Ce code n’est pas le bon, ou il a expiré. Demandez-en un autre."


class AddressProvesNothing(DomainError):
    user_message = "Nous n’avons pas d’adresse à vous : signez et votez depuis votre compte, ou sur une tablette."


class AddressShared(AddressProvesNothing):
    user_message = (
        "Votre adresse sert à plusieurs personnes de cette réunion : un code n’y prouverait pas que c’est vous. "
        "Signez et votez depuis votre compte, ou sur une tablette de l’organisation."
    )


class AddressChanged(AddressProvesNothing):
    user_message = (
        "Votre adresse a changé depuis que la liste des votants est dressée : un code n’y prouverait rien. "
        "Signez et votez depuis votre compte, ou sur une tablette de l’organisation."
    )


class MembershipContested(AddressProvesNothing):
    user_message = "Votre fiche est contestée : rien ne se signe ni ne se vote en son nom avant que ce soit réglé."


class AddressOfNoAccount(AddressProvesNothing):
    user_message = (
        "L’adresse que la CPTS a de vous n’est pas celle de votre compte : un code n’y prouverait rien. "
        "Signez et votez depuis votre compte, ou sur une tablette de l’organisation."
    )


class AddressTooRecent(AddressProvesNothing):
    user_message = (
        "Votre adresse est entrée dans la liste des membres après la création de cette réunion, et un code n’y "
        "prouverait pas que c’est vous : signez et votez depuis votre compte, ou sur une tablette de l’organisation."
    )


class AccountTooRecent(AddressProvesNothing):
    user_message = (
        "Votre compte est relié à votre fiche depuis la création de cette réunion, et la CPTS a écrit depuis son "
        "adresse, son nom ou son numéro : votez sur une tablette de l’organisation, ou prouvez votre numéro national "
        "dans « Mon identité » si l’adresse seule a changé."
    )


class PageRenamed(AddressProvesNothing):
    user_message = (
        "Votre fiche a reçu un autre nom ou un autre numéro après la création de cette réunion, et un code n’y "
        "prouverait pas que c’est vous : signez et votez sur une tablette de l’organisation."
    )


class TooManyCodes(DomainError):
    user_message = "Trop de codes ont été demandés : signez depuis votre compte, ou sur une tablette de l’organisation."


def expected_at(meeting: Meeting, email: str) -> list[Participant]:
    """Who is expected at that address: two members of one practice may share it."""
    theirs = Q(membership__email__iexact=email) | Q(membership=None, email__iexact=email)
    return list(meeting.participants.for_link().filter(theirs).order_by("pk")) if email else []


def check_address(person: Participant) -> None:
    """Whether a code sent to their address proves that person. Raises AddressProvesNothing, or one of its kinds."""
    if person.membership and person.membership.contested_at:
        raise MembershipContested
    if not person.address:
        raise AddressProvesNothing
    account = person.membership.account if person.membership else None
    if account and account.email.lower() != person.address.lower():  # bound to a person, it outweighs what a team typed
        raise AddressOfNoAccount
    if len(expected_at(person.meeting, person.address)) > 1:
        raise AddressShared
    if _moved_since_the_roll(person):
        raise AddressChanged
    _check_age(person, has_account=account is not None)


def _check_age(person: Participant, *, has_account: bool) -> None:
    """What was written on the page since the meeting was created. Raises one of the kinds of AddressProvesNothing."""
    is_named_since = _is_named_since(person)
    if has_account and is_named_since:
        raise AccountTooRecent
    if _may_vote(person) and is_address_recent(person):
        raise AddressTooRecent
    if is_named_since:
        raise PageRenamed


def is_address_recent(person: Participant) -> bool:
    """Whether a member is known at an address that entered the list since the meeting was created, and no account that
    was bound before answers for them: whoever keeps the list wrote it with that meeting in view.
    """
    membership = person.membership
    if membership is None:
        return False
    if membership.account and not _is_bound_by_address_since(membership, person.meeting.created_at):
        return False
    return address_written_since(membership, person.meeting.created_at)


def _is_bound_since(membership: Membership, since: datetime) -> bool:
    return membership.bound_at is not None and membership.bound_at >= since


def _is_bound_by_address_since(membership: Membership, since: datetime) -> bool:
    """Whether its account was bound since then, by no more than an address."""
    if not _is_bound_since(membership, since):
        return False
    return (
        not NumberProof.objects.in_force()
        .filter(user=membership.account, national_id=membership.practitioner_id or -1)
        .exists()
    )


def check_account(person: Participant) -> None:
    """Whether the account bound to a member proves them: one bound since the convocation, where the address was changed
    after the roll, may be anybody's; and so may one opened at an address written since the meeting was created.

    Raises AddressChanged, AccountTooRecent.
    """
    membership, convened_at = person.membership, person.meeting.convened_at
    is_recent = membership is not None and convened_at is not None and _is_bound_since(membership, convened_at)
    if is_recent and _moved_since_the_roll(person):
        raise AddressChanged
    if _is_named_since(person) or (_may_vote(person) and is_address_recent(person)):
        raise AccountTooRecent


def _is_named_since(person: Participant) -> bool:
    """Whether a team named or numbered the page since the meeting was created, while no account bound before answers
    for it: it may have been of somebody else until then."""
    membership, created_at = person.membership, person.meeting.created_at
    if membership is None or (membership.account and not _is_bound_since(membership, created_at)):
        return False
    return identity_written_since(membership, created_at)


def _may_vote(person: Participant) -> bool:
    """Whoever is not on the roll of a statutory meeting may be by its next drawing, there already."""
    return person.meeting.is_statutory or Voter.objects.filter(participant=person).exists()


def check_proof(person: Participant, means: Means) -> None:
    """Whether what somebody showed proves them. Raises NotProved, AddressProvesNothing or one of its kinds."""
    if means == Means.SESSION:
        check_account(person)
    elif means == Means.CODE:
        check_address(person)
    else:
        raise NotProved


def address_on_roll(meeting: Meeting, email: str) -> str:
    """What the roll keeps of an address: meaningless in another meeting, and the same under a secret that changes."""
    return hashlib.sha256(f"{meeting.uuid.hex}:{email.strip().lower()}".encode()).hexdigest()


def _moved_since_the_roll(person: Participant) -> bool:
    voter = Voter.objects.filter(participant=person).exclude(address_key="").first()
    return voter is not None and voter.address_key != address_on_roll(person.meeting, person.address)


@transaction.atomic
def send_own_code(*, participant: Participant, at: datetime) -> None:
    """To the address of whoever's page it is, before they vote or give their pouvoir. The screen never shows it.

    Raises AddressProvesNothing or one of its kinds, TooManyCodes.
    """
    # The meeting is locked first: two taps make one code.
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=participant.meeting_id)
    check_address(participant)
    write_code(meeting, participant.address, at)


def write_code(meeting: Meeting, email: str, at: datetime, **fields: Any) -> None:
    """A code on its way, unless one left a minute ago. The meeting is locked. Raises TooManyCodes."""
    codes = SigninCode.objects.filter(meeting=meeting, key=key_of(email))
    if codes.filter(expires_at__gt=at + CODE_LIVES - AGAIN).exists():
        return
    codes.filter(expires_at__lte=at + CODE_LIVES - ANEW).update(sent=0)
    if codes.filter(sent__gte=MOST_CODES).exists():
        raise TooManyCodes
    code = f"{secrets.randbelow(10**6):06d}"
    stored, _ = SigninCode.objects.update_or_create(
        meeting=meeting,
        key=key_of(email),
        defaults={"digest": _digest(meeting, email, code), "expires_at": at + CODE_LIVES, "attempts": 0} | fields,
    )
    SigninCode.objects.filter(pk=stored.pk).update(sent=F("sent") + 1)
    notifications.signin_code(meeting, email, code, at)


def prove(*, participant: Participant, code: str, at: datetime) -> None:
    """Somebody types the code that their address received: it is them, on this telephone. It serves once.

    Raises WrongCode, AddressProvesNothing or one of its kinds.
    """
    check_address(participant)
    use_up(take_code(participant.meeting, participant.address, code, at))


def take_code(meeting: Meeting, email: str, code: str, at: datetime) -> SigninCode:
    """The code that was sent, for `use_up`; a try is counted whatever follows. Raises WrongCode."""
    count_try(meeting, email, at)
    stored = SigninCode.objects.filter(meeting=meeting, key=key_of(email)).first()
    if stored is None or not constant_time_compare(stored.digest, _digest(meeting, email, "".join(code.split()))):
        raise WrongCode
    return stored


def use_up(stored: SigninCode) -> None:
    """Typed twice at the same second, a code serves once. Raises WrongCode."""
    if not SigninCode.objects.filter(pk=stored.pk, digest=stored.digest).delete()[0]:
        raise WrongCode


def count_try(meeting: Meeting, email: str, at: datetime) -> None:
    """One try more, kept whatever follows, before the code is compared: nobody tries a thousand. Raises WrongCode."""
    codes = SigninCode.objects.filter(meeting=meeting, key=key_of(email), expires_at__gt=at, attempts__lt=TRIES)
    if not codes.update(attempts=F("attempts") + 1):
        raise WrongCode


def _digest(meeting: Meeting, email: str, code: str) -> str:
    return salted_hmac("maillage.signin", f"{meeting.uuid.hex}:{key_of(email)}:{code}", algorithm="sha256").hexdigest()
