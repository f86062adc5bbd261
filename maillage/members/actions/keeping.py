"""The life of a membership: what is known of it, what is paid, its end."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from maillage.accounts.actions import account_of, withdraw_invitations, withdraw_role
from maillage.accounts.models import Role, RoleAssignment, User
from maillage.accounts.permissions import TEAM_MANAGE, allows
from maillage.audit import actions as audit
from maillage.audit.queries import who_changed
from maillage.core.errors import DomainError
from maillage.core.hooks import Hook
from maillage.core.stale import Stale, claim
from maillage.members import notifications
from maillage.members.actions.binding import AddressOfAnAccount, ask_new_address, is_alone_at, let_in
from maillage.members.actions.joining import AlreadyMember
from maillage.members.acts import Act
from maillage.members.models import Fee, FeeMethod, Membership, MembershipStatus
from maillage.members.models.membership import OVER
from maillage.members.rules.names import TypedName, may_be_named, of, search_name

OWN_FIELDS = frozenset(
    {"phone", "is_public", "may_be_reached", "new_patients", "home_visits", "languages", "practical"}
)


class ContestWaits(DomainError):
    user_message = "Cette adhésion est contestée : elle attend la décision de l’administration de l’instance."


class AddressKept(DomainError):
    user_message = (
        "Une adresse connue ne s’efface pas : remplacez-la, la nouvelle sera confirmée par la personne. Pour ne plus "
        "lui écrire, décochez « Accepte de recevoir les messages »."
    )


class NotYoursToChange(DomainError):
    user_message = "Seule la CPTS change cela de votre fiche : demandez-le-lui."


class KindKept(DomainError):
    user_message = (
        "Cette fiche est celle d’une personne reconnue (numéro national ou compte) : elle ne devient pas une "
        "structure. Ajoutez la structure à part."
    )


class RolesHeld(DomainError):
    user_message = (
        "Cette personne tient un autre rôle que celui de membre : qui gère les rôles de l’équipe les retire, ou "
        "enregistre le départ."
    )


class NotIn(DomainError):
    user_message = "Cette personne n’est pas membre : son adhésion n’est pas acceptée, ou elle est partie."


class NameOfItsPerson(DomainError):
    user_message = (
        "Cette fiche est reliée à un compte : elle garde le nom de sa personne, celui de l’annuaire national pour un "
        "numéro, celui du compte sinon."
    )


class NotOver(DomainError):
    user_message = "Cette adhésion n’est ni terminée ni refusée."


class LeftBeforeArriving(DomainError):
    user_message = "Le départ viendrait avant l’arrivée : vérifiez la date."


class FeeAlreadyPaid(DomainError):
    user_message = "La cotisation de cette année est déjà enregistrée."


@transaction.atomic
def edit(*, membership: Membership, read_version: int, fields: Mapping[str, Any], by: User, at: datetime) -> None:
    """Change what is known of a member.

    Raises LeftBeforeArriving, KindKept, NameOfItsPerson, what an address raises, or Stale when it changed
    meanwhile.
    """
    is_somebody = membership.account_id or membership.practitioner_id or membership.contested_at
    if is_somebody and fields.get("kind", membership.kind) != membership.kind:
        raise KindKept
    joined_on = fields.get("joined_on")
    if joined_on and membership.left_on and membership.left_on < joined_on:
        raise LeftBeforeArriving
    fields = _without_address(membership, fields, by, at)
    if membership.account and is_named_anew(membership, fields):
        raise NameOfItsPerson
    named = {name: fields.get(name, getattr(membership, name)) for name in ("structure", "family_name", "given_name")}
    changes = dict(fields) | {"search_name": search_name(**named)}
    written = {name: value for name, value in fields.items() if value != getattr(membership, name)}
    _write(membership, read_version, changes | _consents(membership, fields, at))
    changed = ", ".join(sorted(_labels(written)))
    summary = f"Fiche {of(str(membership))} modifiée"
    audit.record(
        Act.EDITED,
        target=membership,
        by=by,
        at=at,
        cpts=membership.cpts,
        summary=summary,
        details={"of": changed},
    )


def is_named_anew(membership: Membership, fields: Mapping[str, Any]) -> bool:
    """Whether a bound page would take a name that is neither the register's nor the account's: whoever it is bound to
    would act under it."""
    wanted = TypedName(
        fields.get("family_name", membership.family_name), fields.get("given_name", membership.given_name)
    )
    is_kept = wanted == TypedName(membership.family_name, membership.given_name)
    person = membership.practitioner or membership.account
    return not is_kept and person is not None and not may_be_named(wanted, person)


def _without_address(membership: Membership, fields: Mapping[str, Any], by: User, at: datetime) -> Mapping[str, Any]:
    """An address there already is changes only once the new one proved itself; emptied, anybody's would follow.

    Raises AddressOfAnAccount or AddressKept.
    """
    address = fields.get("email", membership.email)
    if membership.account and address.lower() != membership.account.email.lower():
        raise AddressOfAnAccount
    if not membership.email or address.lower() == membership.email.lower():
        return fields
    if address:
        ask_new_address(membership=membership, email=address, by=by, at=at)
    else:
        raise AddressKept
    return {name: value for name, value in fields.items() if name != "email"}


@transaction.atomic
def edit_own(*, membership: Membership, read_version: int, fields: Mapping[str, Any], by: User, at: datetime) -> None:
    """A member changes their own page: how to be reached, what colleagues should know, what is shown in public.

    Raises NotYoursToChange for any other field, and Stale.
    """
    if not set(fields) <= OWN_FIELDS:
        raise NotYoursToChange
    _write(membership, read_version, dict(fields) | _consents(membership, fields, at))
    summary = f"{membership} a mis à jour sa fiche"
    audit.record(Act.OWN_EDITED, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)


def _consents(membership: Membership, fields: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A choice that changes is dated."""
    named = ("is_public", "may_be_reached")
    changed = any(name in fields and fields[name] != getattr(membership, name) for name in named)
    return {"consented_at": at} if changed else {}


def _labels(fields: Mapping[str, Any]) -> list[str]:
    return [str(Membership._meta.get_field(name).verbose_name) for name in fields]  # type: ignore[union-attr]


def _write(membership: Membership, read_version: int, changes: Mapping[str, Any]) -> None:
    rows = Membership.objects.filter(pk=membership.pk)
    claim(rows, read_version, dict(changes), refusal=lambda: Stale("cette fiche", who_changed(membership)))
    for name, value in changes.items():
        setattr(membership, name, value)
    membership.version = read_version + 1


@Hook
def on_leave(membership: Membership, at: datetime) -> None:
    """A member left: what a departure changes in the apps above."""


@transaction.atomic
def leave(*, membership: Membership, on: date, by: User, at: datetime) -> None:
    """A member leaves, on a day that is not before they joined; roles and mandates they held here end with it.

    Raises LeftBeforeArriving, NotIn, ContestWaits, RolesHeld, or LastCoordinator rather than leave the CPTS with
    nobody.
    """
    if membership.joined_on and on < membership.joined_on:
        raise LeftBeforeArriving
    if membership.contested_at:
        raise ContestWaits
    held = _roles_here(membership)
    if any(assignment.role != Role.MEMBER for assignment in held) and not allows(by, TEAM_MANAGE, on=membership.cpts):
        raise RolesHeld
    inside = Membership.objects.current().filter(pk=membership.pk, contested_at=None)
    if not inside.update(status=MembershipStatus.LEFT, left_on=on, version=F("version") + 1):
        raise NotIn
    membership.refresh_from_db()
    withdraw_invitations(cpts=membership.cpts, addresses=[membership.email, membership.former_email], at=at)
    for assignment in held:
        withdraw_role(assignment=assignment, by=by, at=at)
    _end_mandates(membership, on)
    on_leave(membership, at)
    if membership.email or membership.former_email:
        notifications.left(membership, at)
    summary = f"{membership} a quitté la CPTS le {on:%d/%m/%Y}"
    audit.record(Act.LEFT, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)


def _roles_here(membership: Membership) -> list[RoleAssignment]:
    """Those of its account, or of the one whose address it is alone to have."""
    account = membership.account
    if account is None and membership.email:
        account = account_of(membership.email)
        account = account if account and is_alone_at(membership, account) else None
    held = RoleAssignment.objects.of(membership.cpts).filter(user=account).select_related("user", "cpts")
    return list(held) if account else []


def _end_mandates(membership: Membership, on: date) -> None:
    """Whoever comes next is named, never inherits in silence."""
    mandates = membership.mandates.in_force(on)
    mandates.filter(starts_on__lt=on).update(ends_on=on)
    mandates.filter(starts_on=on).update(ends_on=on + timedelta(days=1))


@Hook
def on_taken_back(membership: Membership) -> None:
    """A departure is taken back: what the person said yes to before, the apps above ask again."""


@transaction.atomic
def take_back(*, membership: Membership, by: User, at: datetime) -> None:
    """A departure recorded by mistake, or somebody who comes back: the same page, its fees and its history.

    Raises AlreadyMember when another membership of theirs is open meanwhile, NotOver when this one is not over,
    ContestWaits while the administrator has not said whose it is.
    """
    if membership.contested_at:
        raise ContestWaits
    over = Membership.objects.filter(pk=membership.pk, status__in=OVER)
    status = MembershipStatus.ACCEPTED if membership.status == MembershipStatus.LEFT else MembershipStatus.REQUESTED
    try:
        with transaction.atomic():
            written = over.update(status=status, left_on=None, decision_reason="", version=F("version") + 1)
    except IntegrityError as error:
        raise AlreadyMember from error
    if not written:
        raise NotOver
    membership.refresh_from_db()
    on_taken_back(membership)
    if membership.account and status == MembershipStatus.ACCEPTED:
        let_in(membership, membership.account, by=by, at=at)
    if membership.email:
        notifications.taken_back(membership, at)
    summary = f"{membership} : adhésion reprise"
    audit.record(Act.TAKEN_BACK, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)


@transaction.atomic
def record_fee(
    *, membership: Membership, year: int, amount: Decimal, method: FeeMethod, paid_on: date, by: User, at: datetime
) -> Fee:
    """The fee of a year; that of this year puts the member up to date. Raises NotIn or FeeAlreadyPaid."""
    if not membership.is_in:
        raise NotIn
    try:
        with transaction.atomic():
            fee = Fee.objects.create(
                cpts=membership.cpts, membership=membership, year=year, amount=amount, method=method, paid_on=paid_on
            )
    except IntegrityError as error:
        raise FeeAlreadyPaid from error
    if year == timezone.localdate(at).year:
        _set_status(membership, MembershipStatus.UP_TO_DATE)
    summary = f"Cotisation {year} {of(str(membership))} : {fee.get_method_display()}"
    audit.record(Act.FEE_PAID, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)
    return fee


@transaction.atomic
def cancel_fee(*, fee: Fee, by: User, at: datetime) -> None:
    """Take back a fee entered by mistake."""
    membership = fee.membership
    fee.delete()
    if fee.year == timezone.localdate(at).year and membership.status == MembershipStatus.UP_TO_DATE:
        _set_status(membership, MembershipStatus.ACCEPTED)
    summary = f"Cotisation {fee.year} {of(str(membership))} retirée"
    audit.record(Act.FEE_CANCELLED, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)


def _set_status(membership: Membership, status: MembershipStatus) -> None:
    Membership.objects.current().filter(pk=membership.pk).update(status=status, version=F("version") + 1)
    membership.status = status
    membership.version += 1


@transaction.atomic
def follow_the_year(at: datetime) -> int:
    """Each member is up to date when the fee of this year is paid, and only then. Returns how many changed.

    Fees paid in advance count from the first of January, when those of last year no longer do.
    """
    paid = Exists(Fee.objects.filter(membership=OuterRef("pk"), year=timezone.localdate(at).year))
    changed = 0
    for was, becomes, condition in (
        (MembershipStatus.UP_TO_DATE, MembershipStatus.ACCEPTED, ~paid),
        (MembershipStatus.ACCEPTED, MembershipStatus.UP_TO_DATE, paid),
    ):
        concerned = list(Membership.objects.filter(condition, status=was).select_related("cpts"))
        for membership in concerned:
            summary = f"{membership} : adhésion {becomes.label}, d’après les cotisations de l’année"
            audit.record(Act.YEAR_FOLLOWED, target=membership, by=None, at=at, cpts=membership.cpts, summary=summary)
        rows = Membership.objects.filter(pk__in=[membership.pk for membership in concerned], status=was)
        changed += rows.update(status=becomes, version=F("version") + 1)
    return changed
