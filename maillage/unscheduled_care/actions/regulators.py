"""Accounts of regulators: the SAS creates, changes and closes them (INT_R02). No mail is sent, no right is given.

What an account opens, it opens only to somebody who comes through the SAS and whom the identity provider vouches for.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.unscheduled_care.models import Regulator, RegulatorIdentifier
from maillage.unscheduled_care.rules.regulators import DeclaredRegulator


class RegulatorExists(DomainError):
    user_message = "Un compte ouvert porte déjà cet identifiant."


class IdentifierTaken(DomainError):
    user_message = "Un autre compte ouvert porte déjà cet identifiant."


@transaction.atomic
def create_regulator(*, declared: DeclaredRegulator, at: datetime) -> Regulator:
    """A new account. Raises RegulatorExists when an open one bears one of its identifiers."""
    try:
        with transaction.atomic():
            regulator = Regulator.objects.create(**_fields(declared), created_at=at, updated_at=at)
            _write_identifiers(regulator, declared.identifiers, is_active=declared.is_active)
    except IntegrityError as error:
        raise RegulatorExists from error
    audit.record("regulator.created", target=regulator, by=None, at=at, summary=f"Le SAS a créé le compte {regulator}")
    return regulator


@transaction.atomic
def put_regulator(*, reference: tuple[str, str], declared: DeclaredRegulator, at: datetime) -> Regulator:
    """Make the account of that identifier what the SAS says; one that is unknown is created. Twice is once.

    An identifier of the body replaces the one of the same system: so the SAS goes from its technical identifier to
    the national one. The others stay, and the call that is replayed finds its account. Raises IdentifierTaken.
    """
    regulator = _known(reference, declared)
    if regulator is None:
        return _created(reference, declared, at)
    for name, value in _fields(declared).items():
        setattr(regulator, name, value)
    regulator.updated_at = at
    try:
        with transaction.atomic():
            regulator.save()
            systems = {system for system, _ in declared.identifiers}
            regulator.identifiers.filter(system__in=systems).delete()
            regulator.identifiers.update(is_active=declared.is_active)
            _write_identifiers(regulator, declared.identifiers, is_active=declared.is_active)
    except IntegrityError as error:
        raise IdentifierTaken from error
    what = "mis à jour" if declared.is_active else "fermé"
    audit.record("regulator.put", target=regulator, by=None, at=at, summary=f"Le SAS a {what} le compte {regulator}")
    return regulator


def _known(reference: tuple[str, str], declared: DeclaredRegulator) -> Regulator | None:
    """By the identifier of the call, else by one of the body: the call that is replayed after a change of number."""
    for system, value in (reference, *declared.identifiers):
        stored = Regulator.objects.select_for_update(of=("self",)).known_as(system, value).first()
        if stored and (stored.is_active or (system, value) == reference):
            return stored
    return None


def _created(reference: tuple[str, str], declared: DeclaredRegulator, at: datetime) -> Regulator:
    """It answers to the identifier of the call too, unless the body gives another of the same system."""
    systems = {system for system, _ in declared.identifiers}
    extra = () if reference[0] in systems else (reference,)
    whole = DeclaredRegulator(
        (*declared.identifiers, *extra), declared.family_name, declared.given_name, declared.email, declared.is_active
    )
    return create_regulator(declared=whole, at=at)


def _fields(declared: DeclaredRegulator) -> dict[str, object]:
    return {
        "family_name": declared.family_name, "given_name": declared.given_name, "email": declared.email,
        "is_active": declared.is_active,
    }  # fmt: skip


def _write_identifiers(regulator: Regulator, pairs: tuple[tuple[str, str], ...], *, is_active: bool) -> None:
    RegulatorIdentifier.objects.bulk_create(
        RegulatorIdentifier(regulator=regulator, system=system, value=value, is_active=is_active)
        for system, value in pairs
    )
