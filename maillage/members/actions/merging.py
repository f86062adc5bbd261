"""Two pages of one person become one, with the past of both."""

from datetime import datetime

from django.db import transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.hooks import Hook
from maillage.members import notifications
from maillage.members.actions.binding import MovedLately, is_named_as_proved, proved_number
from maillage.members.acts import Act
from maillage.members.models import Fee, Mandate, Membership, MembershipStatus
from maillage.members.queries.addresses import is_moved_lately
from maillage.members.rules.names import of

BLANKS = (
    "practitioner",
    "practitioner_role",
    "group",
    "structure",
    "occupation",
    "commune",
    "email",
    "phone",
    "college",
    "languages",
    "practical",
    "new_patients",
    "requested_at",
    "decided_at",
    "decided_by",
)
# The furthest of the two is where the person stands.
STANDING = (
    MembershipStatus.UP_TO_DATE,
    MembershipStatus.ACCEPTED,
    MembershipStatus.REQUESTED,
    MembershipStatus.LEFT,
    MembershipStatus.REFUSED,
)


@Hook
def on_merge(kept: Membership, other: Membership) -> None:
    """Two pages become one: the apps above bring their rows from the one that goes to the one that stays."""


class TwoPeople(DomainError):
    user_message = "Ces deux fiches portent deux numéros différents : ce sont deux personnes."


@transaction.atomic
def merge(*, kept: Membership, other: Membership, by: User, at: datetime) -> Membership:
    """Fill the blanks of `kept` with `other`, bring its fees and mandates over, and delete it.

    What `kept` says stays, consents first: nobody is shown in public because another page said so. The audit keeps
    what the deleted page was. Raises TwoPeople when two numbers tell them apart, PageGone when one is,
    and what the two checks below do.
    """
    pages = Membership.objects.select_for_update(of=("self",)).filter(cpts=kept.cpts).in_bulk([kept.pk, other.pk])
    if len(pages) < 2:
        raise PageGone
    kept, other = pages[kept.pk], pages[other.pk]
    if _differ(kept.practitioner_id, other.practitioner_id):
        raise TwoPeople
    _check_accounts(kept, other, at)
    _check_refusals(kept, other)
    before = _address_before(kept, other)
    was = {
        "name": str(other),
        "status": other.status,
        "joined_on": str(other.joined_on or ""),
        "left_on": str(other.left_on or ""),
        "email": other.email,
        "phone": other.phone,
    }
    blanks = {name: getattr(other, name) for name in BLANKS if not getattr(kept, name)}
    labels = ", ".join(str(Membership._meta.get_field(name).verbose_name) for name in blanks)  # type: ignore[union-attr]
    summary = f"Les deux fiches {of(str(kept))} sont réunies"
    details = {"was": was, "of": labels}
    audit.record(Act.MERGED, target=kept, by=by, at=at, cpts=kept.cpts, summary=summary, details=details)
    years = list(kept.fees.values_list("year", flat=True))
    Fee.objects.filter(membership=other).exclude(year__in=years).update(membership=kept)
    Mandate.objects.filter(membership=other).update(membership=kept)
    on_merge(kept, other)
    other.delete()
    for name, value in blanks.items():
        setattr(kept, name, value)
    if other.account_id and not kept.account_id:
        # From now on: what the page was before says nothing of this account.
        kept.account, kept.bound_at, kept.email = other.account, at, other.email
    kept.links_since = max(filter(None, [kept.links_since, other.links_since]), default=None)
    kept.former_email = before  # whoever reads there still says no
    kept.refused_account_id = kept.refused_account_id or other.refused_account_id
    _stand(kept, other)
    kept.version += 1
    kept.save()
    if kept.account:
        notifications.merged(kept, other, at)
    return kept


class PageGone(DomainError):
    user_message = "Une de ces deux fiches n’existe plus : quelqu’un vient de les réunir, ou de l’effacer."


class ContestedPage(DomainError):
    user_message = "Une de ces fiches est contestée : attendez que l’administration de l’instance tranche."


class TwoAddresses(DomainError):
    user_message = (
        "Ces deux fiches portent deux adresses : remplacez d’abord l’une par l’autre, la personne la confirmera, puis "
        "réunissez-les."
    )


class SeveralAddresses(DomainError):
    user_message = (
        "Ces deux fiches ont eu plusieurs adresses, et chacune peut encore dire non : elles ne se réunissent pas. "
        "Enregistrez plutôt le départ de l’une d’elles."
    )


class NothingTiesThem(DomainError):
    user_message = (
        "Une de ces fiches est reliée à un compte, et rien ne prouve que l’autre soit de la même personne : "
        "demandez-lui de dire « C’est moi » dans « Mon identité »."
    )


class SharedAddress(DomainError):
    user_message = (
        "Ces deux fiches ont la même adresse, mais ni le même nom ni un numéro national que leur compte a prouvé : "
        "deux personnes d’un même cabinet restent deux personnes."
    )


class TwoNames(DomainError):
    user_message = (
        "Ces deux fiches n’ont ni le même nom ni le même numéro national : rien ne dit que ce soit une seule personne."
    )


class AccountRefused(DomainError):
    user_message = (
        "L’administration de l’instance a décidé qu’une de ces fiches n’est pas celle du compte de l’autre : elles ne "
        "se réunissent pas."
    )


class TwoRefusals(DomainError):
    user_message = (
        "L’administration de l’instance a refusé un compte différent à chacune de ces fiches : elles ne se réunissent "
        "pas."
    )


def _address_before(kept: Membership, other: Membership) -> str:
    """The one address of the two pages that will not be written to any more, '' when there is none.

    Raises SeveralAddresses: each would have its say, and a page hears one.
    """
    final = (other if other.account_id and not kept.account_id else kept).email or other.email
    known = {address.lower() for page in (kept, other) for address in (page.email, page.former_email) if address}
    before = known - {final.lower()}
    if len(before) > 1:
        raise SeveralAddresses
    return before.pop() if before else ""


def _check_refusals(kept: Membership, other: Membership) -> None:
    """What the administrator took off does not come back by a merge, unless a number proves it.

    Raises AccountRefused, or TwoRefusals: a page keeps one.
    """
    if _differ(kept.refused_account_id, other.refused_account_id):
        raise TwoRefusals
    account, number = kept.account or other.account, kept.practitioner_id or other.practitioner_id
    if account is None or account.pk != (kept.refused_account_id or other.refused_account_id):
        return
    if number is None or number != proved_number(account):
        raise AccountRefused


def _check_accounts(kept: Membership, other: Membership, at: datetime) -> None:
    """An account never takes the voice of another member by a team's word. Raises TwoPeople, ContestedPage,
    MovedLately, NothingTiesThem, TwoAddresses, SharedAddress or TwoNames.

    Two pages are one person's by the number the account proved, or by one address and one name; without account, by one
    number or one name.
    """
    if kept.contested_at or other.contested_at:
        raise ContestedPage
    if is_moved_lately(kept, at) or is_moved_lately(other, at):
        raise MovedLately
    if _differ(kept.account_id, other.account_id):
        raise TwoPeople("Ces deux fiches sont reliées à deux comptes : ce sont deux personnes.")
    account = kept.account or other.account
    if account is None:
        if _differ(kept.email.lower(), other.email.lower()):
            raise TwoAddresses  # which of the two is theirs, the person confirms
        if not (_same_number(kept, other) or _same_name(kept, other)):
            # Alone at their address, either would then claim both.
            raise SharedAddress if kept.email and other.email else TwoNames
    elif kept.account_id != other.account_id:
        loose, owned = (other, kept) if kept.account else (kept, other)
        _check_loose(loose, owned, account)


def _check_loose(loose: Membership, owned: Membership, account: User) -> None:
    """Whether a page that no account answers for is of the account of the other. Raises as above."""
    if loose.practitioner_id and loose.practitioner_id == proved_number(account) and is_named_as_proved(loose):
        return
    if not loose.email or loose.email.lower() != account.email.lower():
        raise NothingTiesThem
    brings_number = loose.practitioner_id and not _same_number(loose, owned)
    if brings_number or not _same_name(loose, owned):
        raise SharedAddress


def _same_number(first: Membership, second: Membership) -> bool:
    return bool(first.practitioner_id) and first.practitioner_id == second.practitioner_id


def _same_name(first: Membership, second: Membership) -> bool:
    """Whatever the order in which it was typed."""
    return sorted(first.search_name.split()) == sorted(second.search_name.split())


def _differ(first: int | str | None, second: int | str | None) -> bool:
    return bool(first and second and first != second)


def _stand(kept: Membership, other: Membership) -> None:
    """Status and dates of the two lives put together."""
    kept.joined_on = min((page.joined_on for page in (kept, other) if page.joined_on), default=None)
    kept.status = min(kept.status, other.status, key=lambda status: STANDING.index(MembershipStatus(status)))
    ends = [page.left_on for page in (kept, other) if page.left_on]
    kept.left_on = max(ends) if kept.status == MembershipStatus.LEFT else None
