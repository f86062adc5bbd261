"""Mails between those who found a CPTS and those who approve it. Written in the caller's transaction."""

from datetime import datetime, timedelta

from django.db.models import Q

from maillage.accounts import hooks
from maillage.accounts.models import Role, RoleAssignment, User
from maillage.accounts.permissions import APPROVERS
from maillage.cpts.models import Cpts
from maillage.exchange.actions import write_mail
from maillage.exchange.models import OutgoingMail
from maillage.oversight import letters

FOUNDERS = (Role.COORDINATOR, Role.PRESIDENT)


SILENT_FOR = timedelta(hours=1)


@hooks.identity_contested.register
def identity_to_settle(*, what: str, at: datetime, is_urgent: bool = False) -> None:
    """To the administrators: somebody waits for them. Once an hour: a hundred contests are one page to read."""
    letter = letters.identity_to_settle(what, is_urgent=is_urgent)
    administrators = RoleAssignment.objects.filter(role=Role.INSTANCE_ADMIN, user__is_active=True)
    for email in sorted(set(administrators.exclude(user__email="").values_list("user__email", flat=True))):
        recent = OutgoingMail.objects.filter(recipient=email, created_at__gt=at - SILENT_FOR)
        if is_urgent or not recent.filter(subject=letters.IDENTITY).exists():
            write_mail(recipient=email, letter=letter, at=at)


def approval_asked(cpts: Cpts, by: User, at: datetime) -> None:
    """To each of those who may decide, in its département, its région, or the instance."""
    letter = letters.approval_asked(cpts, by)
    for email in approver_addresses(cpts):
        write_mail(recipient=email, letter=letter, at=at)


def approver_addresses(cpts: Cpts) -> list[str]:
    """Those of the territory; failing them, the administrators of the instance."""
    held = RoleAssignment.objects.filter(role__in=APPROVERS, user__is_active=True).exclude(user__email="")
    around = Q(departement=cpts.departement_id) | Q(region=cpts.departement.region_id)
    near = held.filter(around).values_list("user__email", flat=True)
    return sorted(set(near) or set(held.filter(role=Role.INSTANCE_ADMIN).values_list("user__email", flat=True)))


def approval_decided(cpts: Cpts, at: datetime) -> None:
    """To those who coordinate and preside it."""
    letter = letters.approval_decided(cpts)
    held = RoleAssignment.objects.of(cpts).filter(role__in=FOUNDERS, user__is_active=True).exclude(user__email="")
    for email in sorted(set(held.values_list("user__email", flat=True))):
        write_mail(recipient=email, letter=letter, at=at, cpts_id=cpts.pk)
