"""How much a CPTS that nobody approved yet may write to others."""

from datetime import datetime

from maillage.accounts.models import RoleAssignment
from maillage.core.dates import DAY
from maillage.core.limits import By, limit, spend
from maillage.cpts.models import Approval, Cpts

UNAPPROVED_MAILS = limit(
    "unapproved-mails",
    "Messages d’une CPTS pas encore approuvée, hors de son équipe",
    most=20,
    seconds=DAY,
    by=(By.OBJECT,),
    said="Tant qu’elle n’est pas approuvée, une CPTS écrit peu hors de son équipe",
)


def spend_mail(cpts_id: int, recipient: str, at: datetime) -> None:
    """Count one message to somebody outside the team of a CPTS that waits. Raises LimitReached."""
    if Cpts.objects.filter(pk=cpts_id, approval=Approval.APPROVED).exists():
        return
    team = RoleAssignment.objects.filter(cpts=cpts_id, user__email__iexact=recipient)
    if not team.exists():
        spend(UNAPPROVED_MAILS, at=at, of=cpts_id)
