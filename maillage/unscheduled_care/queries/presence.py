"""What the SAS sees of each professional, and what is missing: for them, and for whoever coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from maillage.accounts.models import NumberProof
from maillage.cpts.models import Approval
from maillage.unscheduled_care.models import Effector, EffectorMembership, Schedule
from maillage.unscheduled_care.models.visibility import OF_AN_AGREED_CPTS
from maillage.unscheduled_care.rules.presence import PresenceFacts, missing


@dataclass(frozen=True)
class Presence:
    """One professional: shown to the SAS when nothing is missing."""

    effector: Effector
    missing: Sequence[str]

    @property
    def is_shown(self) -> bool:
        return not self.missing


def presences(effectors: QuerySet[Effector]) -> list[Presence]:
    """By name. One query, whatever their number."""
    rows = _with_facts(effectors).order_by("search_name", "pk")
    return [Presence(effector, list(missing(_facts(effector)))) for effector in rows]


def _with_facts(rows: QuerySet[Effector]) -> QuerySet[Effector]:
    proofs = NumberProof.objects.open().filter(user=OuterRef("account"), national_id=OuterRef("national_id"))
    links = EffectorMembership.objects.in_force().filter(effector=OuterRef("pk"))
    approved = links.filter(cpts__approval=Approval.APPROVED)
    return rows.annotate(
        is_proved=Exists(proofs.filter(contested_at=None)),
        is_contested=Exists(proofs.filter(contested_at__isnull=False)),
        has_contest=Exists(
            EffectorMembership.objects.filter(effector=OuterRef("pk"), membership__contested_at__isnull=False)
        ),
        has_place=Exists(Schedule.objects.filter(effector=OuterRef("pk"), is_closed=False, confirmed_at__isnull=False)),
        is_approved=Exists(approved),
        is_recorded=Exists(links.filter(OF_AN_AGREED_CPTS)),
    )


def _facts(effector: Effector) -> PresenceFacts:
    """What `_with_facts` annotated."""
    return PresenceFacts(
        has_account=effector.account_id is not None,
        number_is_proved=effector.is_proved,  # type: ignore[attr-defined]
        number_is_contested=effector.is_contested,  # type: ignore[attr-defined]
        membership_is_contested=effector.has_contest,  # type: ignore[attr-defined]
        has_agreed=effector.sas_agreed_at is not None,
        place_is_confirmed=effector.has_place,  # type: ignore[attr-defined]
        cpts_is_approved=effector.is_approved,  # type: ignore[attr-defined]
        agreement_is_recorded=effector.is_recorded,  # type: ignore[attr-defined]
    )
