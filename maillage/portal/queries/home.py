"""Reads that join several apps on one screen."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import User
from maillage.accounts.permissions import APPROVERS, AUDIT_VIEW, Permission, assignments_of
from maillage.audit.models import AuditEvent
from maillage.core.waiting import SOON, Waiting, all_that_waits, everything_counted
from maillage.cpts.models import Approval, Cpts
from maillage.meetings.models import Meeting, Participant, Task
from maillage.meetings.permissions import MEETING_LIST
from maillage.territory.models import PerimeterPart
from maillage.territory.permissions import TERRITORY_DRAFT_VIEW
from maillage.territory.queries.perimeters import population_of, readable_of
from maillage.territory.rules.size import size_of


def spaces_of(user: User) -> QuerySet[Cpts]:
    """CPTS within reach of a person's roles, by name."""
    reach = Q(pk__in=[])
    for assignment in assignments_of(user):
        seen = Q() if assignment.role in APPROVERS else Q(approval=Approval.APPROVED)
        if assignment.cpts_id:
            reach |= Q(pk=assignment.cpts_id)
        elif assignment.departement_id:
            reach |= Q(departement=assignment.departement_id) & seen
        elif assignment.region_id:
            reach |= Q(departement__region=assignment.region_id) & seen
    return Cpts.objects.filter(reach).select_related("departement").order_by("name")[:200]


def home_facts(cpts: Cpts, user: User, permissions: frozenset[Permission], at: datetime) -> dict[str, Any]:
    """Five queries: the perimeter in force (or the draft), counts, what was done lately, one's meetings and tasks."""
    readable = readable_of(cpts, with_draft=TERRITORY_DRAFT_VIEW in permissions)
    parts: list[PerimeterPart] = readable[1] if readable else []
    population = population_of(parts)
    counts = _counts(cpts, at)
    today = timezone.localdate(at)
    meetings = list(_my_meetings(cpts, user, at)) if MEETING_LIST in permissions else []
    return {
        "perimeter": readable[0] if readable else None,
        "communes": len(parts),
        "population": population,
        "size": size_of(population, on=today),
        "counts": counts,
        "todo": [*_answers(cpts, meetings), *all_that_waits(cpts, counts, permissions)],
        "meetings": meetings,
        "tasks": _my_tasks(cpts, user) if MEETING_LIST in permissions else None,
        "recent": _recent(cpts) if AUDIT_VIEW in permissions else None,
        "on": today,
    }


def _my_meetings(cpts: Cpts, user: User, at: datetime) -> QuerySet[Participant]:
    """Where this person is expected next."""
    coming = Participant.objects.of(cpts).of_account(user).filter(meeting__in=Meeting.objects.of(cpts).coming(at))
    return coming.select_related("meeting").order_by("meeting__starts_at", "pk")[:4]


def _my_tasks(cpts: Cpts, user: User) -> QuerySet[Task]:
    mine = Task.objects.of(cpts).open().of_account(user)
    return mine.select_related("meeting").order_by("due_on", "pk")[:5]


def _recent(cpts: Cpts) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.of_cpts(cpts.pk).order_by("-at", "-pk")[:6]


def _counts(cpts: Cpts, at: datetime) -> Any:
    """Everything that is only counted, in one query."""
    return Cpts.objects.annotate(**everything_counted(at)).get(pk=cpts.pk)


def _answers(cpts: Cpts, meetings: list[Participant]) -> Iterator[Waiting]:
    """Invitations that wait for this person's answer."""
    for meeting in meetings:
        if meeting.answer == "none":
            page = reverse("meetings:show", args=[cpts.slug, meeting.meeting.uuid])
            yield Waiting(SOON, "à répondre", meeting.meeting.title, "Venez-vous ?", page, "Répondre")
