"""Accounts of regulators: the SAS creates, changes and closes them (INT_R02). No mail is sent, no right is given.

What an account opens, it opens only to somebody who comes through the SAS and whom the identity provider vouches for.
"""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from maillage.accounts.models import AccountKind, User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.sas.acts import Act
from maillage.sas.models import Regulator, RegulatorIdentifier
from maillage.sas.rules.regulators import DeclaredRegulator
from maillage.sas.rules.sas_query import PRACTITIONER_SYSTEM

if TYPE_CHECKING:  # its OpenID Connect client weighs 7 MiB, in every command
    from maillage.accounts.signing_in.identity import Identity


class RegulatorExists(DomainError):
    user_message = "Un compte ouvert porte déjà cet identifiant."


class IdentifierTaken(DomainError):
    user_message = "Un autre compte ouvert porte déjà cet identifiant."


class RegulatorUnknown(DomainError):
    user_message = "Le SAS ne nous a pas déclaré de compte de régulation ouvert à votre identifiant national."


@transaction.atomic
def enter_regulator(*, identity: "Identity", at: datetime) -> tuple[Regulator, User]:
    """The open account of whom the identity provider vouches for, and what they sign in as. Raises RegulatorUnknown.

    What they sign in as has neither password nor role: alone, it opens nothing.
    """
    known = Regulator.objects.select_related("account").filter(
        is_active=True,
        identifiers__system=PRACTITIONER_SYSTEM,
        identifiers__value=identity.identifier,
        identifiers__is_active=True,
    )
    regulator = known.first()
    if regulator is None:
        raise RegulatorUnknown
    names = {"given_name": regulator.given_name[:80], "family_name": regulator.family_name[:80]}
    if regulator.account and _is_somebody_else(regulator, identity.identifier):
        _leave_account(regulator)
    user, _ = User.objects.update_or_create(
        kind=AccountKind.EXTERNAL,
        identifier=sign_in_name(regulator),
        defaults=names,
        create_defaults={**names, "password": make_password(None)},
    )
    regulator.account, regulator.entered_as = user, identity.identifier
    regulator.save(update_fields=["account", "entered_as"])
    audit.record(Act.ENTERED, target=regulator, by=user, at=at, summary=f"{regulator} est entré par le SAS")
    return regulator, user


def sign_in_name(regulator: Regulator) -> str:
    """What an external account is known by: this one of ours, not a number that the SAS may give to somebody else."""
    return f"regulator:{regulator.uuid}"


@transaction.atomic
def accept_terms(*, regulator: Regulator, by: User, at: datetime) -> None:
    """Once: the first day stays."""
    if Regulator.objects.filter(pk=regulator.pk, terms_accepted_at=None).update(terms_accepted_at=at):
        summary = f"{regulator} a accepté les conditions d’utilisation"
        audit.record(Act.TERMS, target=regulator, by=by, at=at, summary=summary)


@transaction.atomic
def create_regulator(*, declared: DeclaredRegulator, at: datetime) -> Regulator:
    """A new account. Raises RegulatorExists when an open one bears one of its identifiers."""
    try:
        with transaction.atomic():
            regulator = Regulator.objects.create(**_fields(declared), created_at=at, updated_at=at)
            _write_identifiers(regulator, declared.identifiers, is_active=declared.is_active)
    except IntegrityError as error:
        raise RegulatorExists from error
    audit.record(Act.CREATED, target=regulator, by=None, at=at, summary=f"Le SAS a créé le compte {regulator}")
    return regulator


def put_regulator(*, reference: tuple[str, str], declared: DeclaredRegulator, at: datetime) -> Regulator:
    """Make the account of that identifier what the SAS says; one that is unknown is created. Twice is once.

    An identifier of the body replaces the one of the same system, which stays known as a former one: so the SAS goes
    from its technical identifier to the national one, and a call that is replayed finds its account. Raises
    IdentifierTaken.
    """
    try:
        return _put(reference, declared, at)
    except IdentifierTaken:  # by the same call at the same instant, which the second try finds; or for good
        return _put(reference, declared, at)


@transaction.atomic
def _put(reference: tuple[str, str], declared: DeclaredRegulator, at: datetime) -> Regulator:
    regulator = _known(reference, declared)
    try:
        with transaction.atomic():
            if regulator is None:
                return _created(reference, declared, at)
            _end_what_was(regulator, declared)
            Regulator.objects.filter(pk=regulator.pk).update(**_fields(declared), updated_at=at)
            _rewrite_identifiers(regulator, declared)
    except (IntegrityError, RegulatorExists) as error:
        raise IdentifierTaken from error
    regulator.refresh_from_db()
    what = "mis à jour" if declared.is_active else "fermé"
    audit.record(Act.PUT, target=regulator, by=None, at=at, summary=f"Le SAS a {what} le compte {regulator}")
    return regulator


def _end_what_was(regulator: Regulator, declared: DeclaredRegulator) -> None:
    """Sessions end with the account, and do not come back with it; who comes under another name agrees for themselves.

    A session holds as long as the password of its account, which nothing fits: another one ends it.
    """
    is_another = (regulator.family_name, regulator.given_name) != (declared.family_name, declared.given_name)
    if is_another:
        Regulator.objects.filter(pk=regulator.pk).update(terms_accepted_at=None)
    if is_another or not declared.is_active:
        User.objects.filter(identifier=sign_in_name(regulator)).update(password=make_password(None))


def _is_somebody_else(regulator: Regulator, number: str) -> bool:
    """Neither the name nor the number is that of whoever entered last: not a spelling that was corrected."""
    account = regulator.account
    assert account
    was = (account.family_name, account.given_name)
    return regulator.entered_as not in {"", number} and was != (regulator.family_name[:80], regulator.given_name[:80])


def _leave_account(regulator: Regulator) -> None:
    """What the former person booked stays under their account, which nobody enters any more."""
    identifier = f"{sign_in_name(regulator)}:{uuid4().hex[:8]}"
    User.objects.filter(identifier=sign_in_name(regulator)).update(identifier=identifier)
    regulator.account = None
    regulator.save(update_fields=["account"])


def _known(reference: tuple[str, str], declared: DeclaredRegulator) -> Regulator | None:
    """The account that bears the identifier of the call now, or bore it.

    The number of a closed account may be another person's: under another name, it is nobody's.
    """
    stored = Regulator.objects.known_as(*reference).select_for_update(of=("self",)).first()
    if stored is None or stored.is_active or not declared.is_active:
        return stored
    same = (stored.family_name, stored.given_name) == (declared.family_name, declared.given_name)
    return stored if same else None


def _rewrite_identifiers(regulator: Regulator, declared: DeclaredRegulator) -> None:
    """Those of the body, in the systems it speaks of; the others stay, unless an open account bears them by now."""
    regulator.identifiers.update(is_active=False)
    kept = regulator.identifiers.exclude(system__in={system for system, _ in declared.identifiers})
    if declared.is_active:
        for identifier in kept:
            if not RegulatorIdentifier.objects.filter(
                system=identifier.system, value=identifier.value, is_active=True
            ).exists():
                RegulatorIdentifier.objects.filter(pk=identifier.pk).update(is_active=True)
    for system, value in declared.identifiers:
        RegulatorIdentifier.objects.update_or_create(
            regulator=regulator, system=system, value=value, defaults={"is_active": declared.is_active}
        )


def _created(reference: tuple[str, str], declared: DeclaredRegulator, at: datetime) -> Regulator:
    """It answers to the identifier of the call too, unless the body gives another of the same system."""
    systems = {system for system, _ in declared.identifiers}
    extra = () if reference[0] in systems else (reference,)
    whole = replace(declared, identifiers=(*declared.identifiers, *extra))
    return create_regulator(declared=whole, at=at)


def _fields(declared: DeclaredRegulator) -> dict[str, object]:
    return {
        "family_name": declared.family_name,
        "given_name": declared.given_name,
        "email": declared.email,
        "is_active": declared.is_active,
    }


def _write_identifiers(regulator: Regulator, pairs: tuple[tuple[str, str], ...], *, is_active: bool) -> None:
    RegulatorIdentifier.objects.bulk_create(
        RegulatorIdentifier(regulator=regulator, system=system, value=value, is_active=is_active)
        for system, value in pairs
    )
