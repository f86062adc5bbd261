"""What waits for whoever approves: CPTS of their territory, identities of the instance."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from maillage.accounts.models import DisputeOutcome, NumberDispute, User
from maillage.accounts.permissions import APPROVERS, assignments_of
from maillage.cpts.models import Approval, Cpts
from maillage.directory.models import Practitioner
from maillage.directory.rules.identifiers import national_id_of


def approves(user: User) -> bool:
    """Whether this person approves CPTS at all."""
    return any(assignment.role in APPROVERS for assignment in assignments_of(user))


def within_reach(user: User) -> QuerySet[Cpts]:
    """CPTS that this person may approve or refuse, whatever their state; none for whoever approves nothing."""
    reach = Q(pk__in=[])
    for assignment in assignments_of(user):
        if assignment.role not in APPROVERS:
            continue
        if assignment.departement_id:
            reach |= Q(departement=assignment.departement_id)
        elif assignment.region_id:
            reach |= Q(departement__region=assignment.region_id)
        elif assignment.cpts_id is None:
            reach |= Q(pk__isnull=False)
    return Cpts.objects.filter(reach).select_related("departement__region")


def waiting(user: User) -> QuerySet[Cpts]:
    """Those whose team asked, the oldest request first."""
    asked = within_reach(user).filter(approval=Approval.WAITING, approval_asked_at__isnull=False)
    return asked.order_by("approval_asked_at")


@dataclass(frozen=True)
class NamedDispute:
    """An identity to settle, with whom the national register names under its number (None: not in it)."""

    dispute: NumberDispute
    number: str
    person: Practitioner | None


def named_disputes(most: int) -> list[NamedDispute]:
    """The oldest first."""
    rows = list(disputes()[:most])
    people = Practitioner.objects.in_bulk({row.national_id for row in rows})
    return [NamedDispute(row, national_id_of(row.national_id)[1:], people.get(row.national_id)) for row in rows]


def disputes() -> QuerySet[NumberDispute]:
    """Identities to settle, the oldest first."""
    open_ = NumberDispute.objects.filter(outcome=DisputeOutcome.OPEN)
    return open_.select_related("proof__user", "claimant").order_by("opened_at")
