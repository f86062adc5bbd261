"""Accounts that nobody uses: their person is told, then they are erased and their roles withdrawn."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import F, ManyToOneRel, ProtectedError, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from maillage.accounts import notifications
from maillage.accounts.acts import Act
from maillage.accounts.models import AccountKind, Role, RoleAssignment, User
from maillage.audit import actions as audit

TOLD_BEFORE = timedelta(days=30)
ERASED = "erased-"  # how the identifier of an account begins whose row others still need


def erase_unused_accounts(*, at: datetime) -> int:
    """Tell those whose time comes; erase those that were told, and did not sign in. Running it twice does no more.

    Whoever alone coordinates a CPTS or runs the instance is told, and kept: nobody else could give the place.
    """
    unused_since = at - timedelta(days=User.RETENTION_DAYS)
    for user in _unused(unused_since + TOLD_BEFORE).exclude(erasure_told_at__gt=F("used_at")):
        _tell(user, at)
    warned = _unused(unused_since).filter(erasure_told_at__gt=F("used_at"), erasure_told_at__lte=at - TOLD_BEFORE)
    return sum(_erase(user, at) for user in warned if not _is_alone_in_a_place(user))


def _unused(since: datetime) -> QuerySet[User]:
    """Accounts with a password that nobody entered since; regulators follow the SAS."""
    accounts = User.objects.filter(kind=AccountKind.PASSWORD)
    return accounts.annotate(used_at=Coalesce("last_login", "created_at")).filter(used_at__lte=since).order_by("pk")


def _is_alone_in_a_place(user: User) -> bool:
    held = RoleAssignment.objects.filter(user__is_active=True).exclude(user=user)
    for assignment in user.assignments.filter(Q(role=Role.COORDINATOR) | Q(role=Role.INSTANCE_ADMIN)):
        if not held.filter(role=assignment.role, cpts=assignment.cpts_id).exists():
            return True
    return False


@transaction.atomic
def _tell(user: User, at: datetime) -> None:
    User.objects.filter(pk=user.pk).update(erasure_told_at=at)
    notifications.account_unused(user, on=timezone.localdate(at + TOLD_BEFORE))
    audit.record(Act.ACCOUNT_TOLD, target=user, by=None, at=at, summary="Compte inutilisé : son effacement est annoncé")


@transaction.atomic
def _erase(user: User, at: datetime) -> int:
    """The row goes; when what others wrote needs its author, it stays and names nobody."""
    for assignment in user.assignments.select_related("cpts"):
        summary = f"Rôle « {assignment.get_role_display()} » retiré : compte inutilisé, effacé"
        audit.record(Act.ROLE_WITHDRAWN, target=assignment, by=None, at=at, cpts=assignment.cpts, summary=summary)
    audit.record(Act.ACCOUNT_ERASED, target=user, by=None, at=at, summary="Compte inutilisé effacé")
    try:
        with transaction.atomic():
            user.delete()
    except ProtectedError:
        _empty(user)
    return 1


def _empty(user: User) -> None:
    """Nothing of the person is left, and nobody signs in with it."""
    for relation in User._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel):
            continue
        rows = relation.related_model._default_manager.filter(**{relation.field.name: user})
        if relation.on_delete is models.CASCADE:
            rows.delete()
        elif relation.field.name == "account":  # what was theirs waits for whoever proves that it is
            rows.update(account=None)
    user.kind, user.identifier, user.email = AccountKind.EXTERNAL, f"{ERASED}{user.uuid}", ""
    user.given_name, user.family_name, user.is_active = "Compte", "effacé", False
    user.set_unusable_password()
    user.save()
