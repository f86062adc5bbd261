"""Mails between those who found a CPTS and those who approve it. Written in the caller's transaction."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.text import capfirst

from maillage.accounts.models import Role, RoleAssignment, User
from maillage.accounts.permissions import APPROVERS
from maillage.cpts.models import Cpts
from maillage.exchange.actions import write_mail

FOUNDERS = (Role.COORDINATOR, Role.PRESIDENT)


def approval_asked(cpts: Cpts, by: User, at: datetime) -> None:
    """To each of those who may decide, in its département, its région, or the instance."""
    link = settings.PUBLIC_URL + reverse("oversight:approval", args=[cpts.uuid])
    body = (
        f"Bonjour,\n\n{by} demande l’approbation de {cpts.with_article} ({cpts.departement}). D’ici là, elle n’est "
        f"visible que de son équipe.\n\nLire et répondre :\n{link}\n"
    )
    for email in approver_addresses(cpts):
        write_mail(recipient=email, subject=f"CPTS à approuver : {cpts}", body=body, at=at)


def approver_addresses(cpts: Cpts) -> list[str]:
    """Those of the territory; failing them, the administrators of the instance."""
    held = RoleAssignment.objects.filter(role__in=APPROVERS, user__is_active=True).exclude(user__email="")
    around = Q(departement=cpts.departement_id) | Q(region=cpts.departement.region_id)
    near = held.filter(around).values_list("user__email", flat=True)
    return sorted(set(near) or set(held.filter(role=Role.INSTANCE_ADMIN).values_list("user__email", flat=True)))


def approval_decided(cpts: Cpts, at: datetime) -> None:
    """To those who coordinate and preside it."""
    link = settings.PUBLIC_URL + reverse("oversight:own_approval", args=[cpts.slug])
    if cpts.is_approved:
        what = (
            f"{capfirst(cpts.with_article)} est approuvée : elle paraît dans la liste publique, ses voisines la "
            "voient, et ses professionnels peuvent paraître au SAS une fois la convention datée."
        )
    else:
        what = f"{capfirst(cpts.with_article)} n’est pas approuvée. Motif : {cpts.decision_reason}"
    body = f"Bonjour,\n\n{what}\n\n{link}\n"
    held = RoleAssignment.objects.of(cpts).filter(role__in=FOUNDERS, user__is_active=True).exclude(user__email="")
    for email in sorted(set(held.values_list("user__email", flat=True))):
        write_mail(
            recipient=email, subject=f"{cpts} : {cpts.get_approval_display()}", body=body, at=at, cpts_id=cpts.pk
        )
