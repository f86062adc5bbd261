"""A lost telephone or key: somebody checks in person who asks, and the person enrols again on their own device.

Whoever checks never holds what opens the account: the code serves only after the person's own password, and opens
nothing but the page where a second factor is set up.
"""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from maillage.accounts import notifications
from maillage.accounts.actions.addresses import not_me_token
from maillage.accounts.actions.codes import CODE_LIVES, digest_of, is_right, new_text
from maillage.accounts.actions.connections import end_others
from maillage.accounts.models import AccountRecovery, RoleAssignment, User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts


class OwnAccount(DomainError):
    user_message = "On ne vérifie pas sa propre identité : demandez à une autre personne de l’équipe."


class AccountOfElsewhere(DomainError):
    user_message = "Ce compte ne relève pas de vous : sa CPTS seule peut vérifier qui le demande."


class CptsNotApproved(DomainError):
    user_message = "Une CPTS qui attend son approbation ne vérifie pas encore d’identité."


class RecoveryRefused(DomainError):
    user_message = "Ce code n’est pas le bon, a expiré ou a déjà servi : demandez-en un autre à votre CPTS."


@transaction.atomic
def check_in_person(*, user: User, cpts: Cpts | None, document: str, by: User, at: datetime) -> str:
    """The code to say to the person in front of you, told once, good for a quarter of an hour.

    `cpts` is None for the administrator. Raises OwnAccount, AccountOfElsewhere or CptsNotApproved.
    """
    if user == by:
        raise OwnAccount
    if cpts and not cpts.is_approved:
        raise CptsNotApproved
    if not _is_theirs(user, cpts):
        raise AccountOfElsewhere
    text = new_text()
    AccountRecovery.objects.filter(user=user, used_at=None, expires_at__gt=at).update(expires_at=at)
    recovery = AccountRecovery.objects.create(
        user=user,
        cpts=cpts,
        checked_by=by,
        checked_by_name=str(by),
        document=document,
        digest=digest_of(text),
        created_at=at,
        expires_at=at + CODE_LIVES,
    )
    summary = f"Identité de {user} vérifiée en personne ({document}) : code donné pour un téléphone ou une clé perdus"
    audit.record("recovery.checked", target=recovery, by=by, at=at, cpts=cpts, summary=summary)
    notifications.recovery_checked(recovery, not_me_token(user))
    return text


def _is_theirs(user: User, cpts: Cpts | None) -> bool:
    """Institutions and administrators are checked by the administrator of the instance; the others, and they alone, by
    a CPTS where they hold a role."""
    held = RoleAssignment.objects.filter(user=user)
    of_institution = held.filter(cpts=None).exists()
    if cpts is None:
        return of_institution or not held.exists()
    return not of_institution and held.of(cpts).exists()


def use_recovery(*, user: User, text: str, at: datetime) -> None:
    """The code, typed by the person after their password: what was lost opens nothing more. Raises RecoveryRefused."""
    recovery = AccountRecovery.objects.filter(user=user, used_at=None).order_by("-pk").first()
    if recovery is None or not _spend(recovery, text, at):
        raise RecoveryRefused
    _use(recovery, at)


def _spend(recovery: AccountRecovery, text: str, at: datetime) -> bool:
    """Each wrong try counts, kept even though the action refuses."""
    unused = AccountRecovery.objects.filter(pk=recovery.pk, used_at=None)
    return is_right(unused, text, digest=recovery.digest, at=at)


@transaction.atomic
def _use(recovery: AccountRecovery, at: datetime) -> None:
    if not AccountRecovery.objects.filter(pk=recovery.pk, used_at=None).update(used_at=at):
        raise RecoveryRefused
    user = recovery.user
    Authenticator.objects.filter(user=user).delete()
    end_others(user=user, kept=None, at=at, why="téléphone ou clé perdus")
    summary = f"{user} a repris son compte : ses secondes preuves d’avant n’ouvrent plus rien"
    audit.record("recovery.used", target=recovery, by=user, at=at, cpts=recovery.cpts, summary=summary)
    notifications.recovery_used(recovery, not_me_token(user))
