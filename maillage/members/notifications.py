"""Who is told what of a membership, in the caller's transaction."""

from datetime import datetime, timedelta

from maillage.accounts.models import DisputeOutcome, NumberProof, RoleAssignment, User
from maillage.accounts.permissions import MEMBER_MANAGE
from maillage.core import links
from maillage.core.letters import Letter
from maillage.cpts.models import Cpts
from maillage.exchange.actions import write_mail
from maillage.members import letters
from maillage.members.models import Convention, Mandate, Membership

CONFIRM_ADDRESS = "member.address"
CONTEST_LIVES, CONFIRM_LIVES = timedelta(days=60), timedelta(days=7)


def _write(membership: Membership, letter: Letter, at: datetime, *recipients: str) -> None:
    for recipient in recipients:
        write_mail(recipient=recipient, letter=letter, at=at, cpts_id=membership.cpts_id)


def _tell_of_identity(membership: Membership, letter: Letter, at: datetime, *recipients: str) -> None:
    """Whose a membership is, and who doubts it: told even when its CPTS wrote all it may before its approval."""
    for recipient in recipients:
        write_mail(recipient=recipient, letter=letter, at=at, cpts_id=membership.cpts_id, is_limited=False)


def _deciders(cpts: Cpts) -> list[str]:
    """Addresses of those who manage the members of a CPTS."""
    held = RoleAssignment.objects.of(cpts).filter(role__in=MEMBER_MANAGE.roles, user__is_active=True)
    return sorted(set(held.exclude(user__email="").values_list("user__email", flat=True)))


def _each_of(*addresses: str) -> list[str]:
    """Once each, those that are known."""
    return sorted({address.lower() for address in addresses if address})


def address_purpose(membership: Membership) -> str:
    """A link confirms the address it was sent to, and no other one asked for since."""
    return f"{CONFIRM_ADDRESS}.{membership.pending_email.lower()}"


def contest_purpose(membership: Membership) -> str:
    """A link contests the binding that its mail told of, until the administrator decides; not a later one."""
    return f"member.contest.{membership.bound_at}.{membership.settled_at}"


def _contest_url(membership: Membership, at: datetime) -> str:
    """« Ce n’est pas moi », for whoever reads the mail: a page whose button suspends, and nothing else."""
    token = links.sign(contest_purpose(membership), membership.uuid, until=at + CONTEST_LIVES)
    return links.absolute("members:not_me", membership.uuid, token)


def doubt_purpose(proof: NumberProof) -> str:
    """A link doubts a proof until the administrator decides; a decision is not begun again by an old mail."""
    return f"number.doubt.{proof.disputes.exclude(outcome=DisputeOutcome.OPEN).count()}"


def doubt_url(proof: NumberProof, at: datetime) -> str:
    token = links.sign(doubt_purpose(proof), proof.uuid, until=at + CONTEST_LIVES)
    return links.absolute("members:not_my_number", proof.uuid, token)


def request_received(membership: Membership, at: datetime) -> None:
    _write(membership, letters.request_received(membership), at, membership.email)


def already_known(membership: Membership, at: datetime) -> None:
    _write(membership, letters.already_known(membership), at, membership.email)


def asked_from_elsewhere(membership: Membership, email: str, at: datetime) -> None:
    _write(membership, letters.asked_from_elsewhere(membership, email), at, *_deciders(membership.cpts))


def request_to_decide(membership: Membership, at: datetime) -> None:
    _write(membership, letters.request_to_decide(membership), at, *_deciders(membership.cpts))


def welcome(membership: Membership, at: datetime, *, with_account: bool) -> None:
    _write(membership, letters.welcome(membership, with_account=with_account), at, membership.email)


def refused(membership: Membership, at: datetime) -> None:
    _write(membership, letters.refused(membership), at, membership.email)


def ending(expiring: Mandate | Convention, at: datetime) -> None:
    letter = letters.ending(expiring)
    for email in _deciders(expiring.cpts):
        write_mail(recipient=email, letter=letter, at=at, cpts_id=expiring.cpts_id)


def membership_bound(membership: Membership, former: str, at: datetime) -> None:
    """To the account that was bound, and to the address the team knew before when it is another one."""
    letter = letters.membership_bound(membership, _contest_url(membership, at))
    _tell_of_identity(membership, letter, at, *_each_of(membership.email, former))


def merged(kept: Membership, other: Membership, at: datetime) -> None:
    """To the account of a page that another one was brought into, and to the address that the other one had."""
    letter = letters.merged(kept, other, _contest_url(kept, at))
    _write(kept, letter, at, *_each_of(kept.email, other.email, kept.former_email, other.former_email))


def number_proved(membership: Membership, proof: NumberProof, at: datetime) -> None:
    """To an address that a team knows under a number which another account just proved."""
    letter = letters.number_proved(membership, proof, doubt_url(proof, at))
    _tell_of_identity(membership, letter, at, membership.email)


def contested(membership: Membership, at: datetime) -> None:
    _tell_of_identity(membership, letters.contested(membership), at, *_deciders(membership.cpts))


def contest_settled(membership: Membership, account: User, *, is_kept: bool, at: datetime) -> None:
    _tell_of_identity(membership, letters.contest_settled(membership, is_kept=is_kept), at, account.email)


def address_asked(membership: Membership, at: datetime) -> None:
    """The new address proves itself; the one in use is warned, and keeps receiving meanwhile."""
    token = links.sign(address_purpose(membership), membership.uuid, until=at + CONFIRM_LIVES)
    url = links.absolute("members:confirm_address", membership.uuid, token)
    _write(membership, letters.address_to_confirm(membership, url), at, membership.pending_email)
    _write(membership, letters.address_changing(membership, _contest_url(membership, at)), at, membership.email)


def address_replaced(membership: Membership, before: str, at: datetime) -> None:
    """To the address in use before a team's was confirmed, and to the one `before` it: a second move is not silent."""
    letter = letters.address_replaced(membership, _contest_url(membership, at))
    _tell_of_identity(membership, letter, at, *_each_of(membership.former_email, before))


def left(membership: Membership, at: datetime) -> None:
    _write(membership, letters.left(membership), at, *_each_of(membership.email, membership.former_email))


def taken_back(membership: Membership, at: datetime) -> None:
    letter = letters.taken_back(membership, _contest_url(membership, at))
    _write(membership, letter, at, *_each_of(membership.email, membership.former_email))
