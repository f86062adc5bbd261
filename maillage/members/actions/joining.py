"""Entering a CPTS: the request, the decision, or the coordinator's own hand."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from maillage.accounts import actions as accounts
from maillage.accounts.models import Role, User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.limits import allows
from maillage.cpts.models import Cpts
from maillage.members import notifications
from maillage.members.actions.binding import AlreadyContested
from maillage.members.acts import Act
from maillage.members.limits import JOIN_ADDRESS
from maillage.members.models import College, Membership, MembershipStatus
from maillage.members.rules.names import of, search_name


class AlreadyMember(DomainError):
    user_message = "Cette personne est déjà membre, ou sa demande est en cours."


class DecisionAlreadyMade(DomainError):
    user_message = "Cette demande a déjà reçu sa réponse."


@transaction.atomic
def request_membership(*, cpts: Cpts, fields: Mapping[str, Any], at: datetime) -> Membership | None:
    """Keep a request made in public, confirm it by mail to whoever asks, tell those who decide.

    None when the person is in already, or asked before. Nothing then tells the sender of the form: a public page must
    not say who is a member. The member hears of it, at the address they gave, if they gave one.
    """
    known = _known(cpts, fields)
    if known is not None:
        _tell_again(known, fields["email"], at)
        return None
    try:
        membership = _create(cpts, fields, status=MembershipStatus.REQUESTED, requested_at=at, consented_at=at)
    except AlreadyMember:  # two forms of the same person, at once
        return None
    summary = f"Demande d’adhésion {of(str(membership))}"
    audit.record(Act.REQUESTED, target=membership, by=None, at=at, cpts=cpts, summary=summary)
    if _may_write_to(membership.email, at):
        notifications.request_received(membership, at)
    notifications.request_to_decide(membership, at)
    return membership


def _may_write_to(email: str, at: datetime) -> bool:
    """A few times a day, whatever name is typed: nobody is flooded by forms that others fill."""
    return allows(JOIN_ADDRESS, at=at, of=email.lower())


def _known(cpts: Cpts, fields: Mapping[str, Any]) -> Membership | None:
    """The membership, or request, that a new request would repeat."""
    there = Membership.objects.of(cpts).open().select_related("cpts")
    practitioner = fields.get("practitioner")
    same = there.filter(practitioner=practitioner).first() if practitioner is not None else None
    named = search_name(**_named(fields))
    return same or there.filter(email__iexact=fields["email"], search_name=named).first()


def _tell_again(known: Membership, email: str, at: datetime) -> None:
    """Once a day at most: a form that anybody may send must not be a way to flood an address.

    Under one number from two addresses, one of the two is perhaps not the professional: those who decide are told.
    """
    day_before = at - timedelta(days=1)
    if known.told_again_at is not None and known.told_again_at >= day_before:
        return
    Membership.objects.filter(pk=known.pk).update(told_again_at=at)
    if known.email and _may_write_to(known.email, at):
        notifications.already_known(known, at)
    if known.email.lower() != email.lower():
        notifications.asked_from_elsewhere(known, email, at)
        summary = f"Deuxième demande sous l’identité {of(str(known))}, depuis une autre adresse"
        audit.record(Act.ASKED_AGAIN, target=known, by=None, at=at, cpts=known.cpts, summary=summary)


@transaction.atomic
def add_member(*, cpts: Cpts, fields: Mapping[str, Any], by: User, at: datetime) -> Membership:
    """A member entered by the team: accepted at once. Raises AlreadyMember."""
    today = timezone.localdate(at)
    membership = _create(
        cpts,
        {"joined_on": today} | dict(fields),
        status=MembershipStatus.ACCEPTED,
        decided_at=at,
        decided_by=by,
    )
    summary = f"Nouveau membre : {membership}"
    audit.record(Act.ADDED, target=membership, by=by, at=at, cpts=cpts, summary=summary)
    return membership


def _create(cpts: Cpts, fields: Mapping[str, Any], **more: Any) -> Membership:
    try:
        with transaction.atomic():
            return Membership.objects.create(cpts=cpts, search_name=search_name(**_named(fields)), **fields, **more)
    except IntegrityError as error:
        raise AlreadyMember from error


def _named(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: fields.get(name, "") for name in ("structure", "family_name", "given_name")}


@transaction.atomic
def accept(
    *, membership: Membership, college: College | None, with_account: bool, by: User, at: datetime
) -> Membership:
    """The bureau says yes: a welcome by mail, and an invitation to open an account when it is wanted.

    Raises AlreadyContested, or DecisionAlreadyMade: two people may decide within the same second.
    """
    if membership.contested_at:
        raise AlreadyContested
    _decide(
        membership, by=by, at=at, status=MembershipStatus.ACCEPTED, joined_on=timezone.localdate(at), college=college
    )
    summary = f"{membership} : adhésion acceptée"
    audit.record(Act.ACCEPTED, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)
    if membership.email:
        notifications.welcome(membership, at, with_account=with_account)
        if with_account:
            _invite(membership, by, at)
    return membership


def _invite(membership: Membership, by: User, at: datetime) -> None:
    try:
        accounts.invite(cpts=membership.cpts, email=membership.email, role=Role.MEMBER, by=by, at=at)
    except (accounts.RoleAlreadyHeld, accounts.InvitationAlreadySent):
        return  # they can enter already


@transaction.atomic
def refuse(*, membership: Membership, reason: str, by: User, at: datetime) -> Membership:
    """The bureau says no, with a reason that the person reads. Raises DecisionAlreadyMade."""
    _decide(membership, by=by, at=at, status=MembershipStatus.REFUSED, decision_reason=reason)
    summary = f"{membership} : adhésion refusée"
    audit.record(Act.REFUSED, target=membership, by=by, at=at, cpts=membership.cpts, summary=summary)
    if membership.email:
        notifications.refused(membership, at)
    return membership


def _decide(membership: Membership, *, by: User, at: datetime, **changes: Any) -> None:
    waiting = Membership.objects.filter(pk=membership.pk, status=MembershipStatus.REQUESTED)
    changes |= {"decided_by": by, "decided_at": at}
    if not waiting.update(**changes, version=F("version") + 1):
        raise DecisionAlreadyMade
    for name, value in changes.items():
        setattr(membership, name, value)
    membership.version += 1
