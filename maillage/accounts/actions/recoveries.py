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
from maillage.accounts.acts import Act
from maillage.accounts.models import AccountRecovery, RoleAssignment, User
from maillage.accounts.permissions import INSTANCE_MANAGE, TEAM_MANAGE, still_vouches
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts


class OwnAccount(DomainError):
    user_message = "On ne vérifie pas sa propre identité : demandez à une autre personne de l’équipe."


class AccountOfElsewhere(DomainError):
    user_message = (
        "Ce compte ne relève pas de vous seul : sa CPTS vérifie qui le demande ; de plusieurs CPTS, ou d’aucune, "
        "c’est l’administration de l’instance."
    )


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
    audit.record(Act.RECOVERY_CHECKED, target=recovery, by=by, at=at, cpts=cpts, summary=summary)
    notifications.recovery_checked(recovery, not_me_token(user))
    return text


def _is_theirs(user: User, cpts: Cpts | None) -> bool:
    """A CPTS checks whoever holds roles in it alone: its word must not open what another one keeps. The others,
    institutions, administrators, people of two CPTS or of none, are checked by the administrator of the instance."""
    held = set(RoleAssignment.objects.filter(user=user).values_list("cpts", flat=True))
    is_of_one = len(held) == 1 and held != {None}
    return not is_of_one if cpts is None else held == {cpts.pk}


def use_recovery(*, user: User, text: str, at: datetime) -> None:
    """The code, typed by the person after their password: what was lost opens nothing more. Raises RecoveryRefused."""
    rows = AccountRecovery.objects.filter(user=user, used_at=None).select_related("checked_by", "cpts")
    recovery = rows.order_by("-pk").first()
    if recovery is None or not _stands(recovery) or not _spend(recovery, text, at):
        raise RecoveryRefused
    _use(recovery, at)


def _stands(recovery: AccountRecovery) -> bool:
    """Whoever checked still may."""
    right = TEAM_MANAGE if recovery.cpts else INSTANCE_MANAGE
    return still_vouches(recovery.checked_by, right, on=recovery.cpts, since=recovery.created_at)


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
    audit.record(Act.RECOVERY_USED, target=recovery, by=user, at=at, cpts=recovery.cpts, summary=summary)
    notifications.recovery_used(recovery, not_me_token(user))
