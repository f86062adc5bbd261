"""Reads that join several apps on one screen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import Invitation, User
from maillage.accounts.permissions import APPROVERS, Permission, assignments_of
from maillage.audit.models import AuditEvent
from maillage.core.text import plural
from maillage.cpts.models import Approval, Cpts
from maillage.meetings.models import Meeting, Participant, Task
from maillage.members.actions import AHEAD
from maillage.members.models import Convention, Mandate, Membership, MembershipStatus
from maillage.territory.models import Perimeter, PerimeterPart
from maillage.territory.queries import population_of, readable_of
from maillage.territory.rules.size import size_of
from maillage.unscheduled_care.models import CareRequest


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
    found = readable_of(cpts, with_draft=Permission.TERRITORY_DRAFT_VIEW in permissions)
    parts: list[PerimeterPart] = found[1] if found else []
    population = population_of(parts)
    counts = _counts(cpts, at)
    today = timezone.localdate(at)
    meetings = list(_my_meetings(cpts, user, at)) if Permission.MEETING_LIST in permissions else []
    return {
        "perimeter": found[0] if found else None,
        "communes": len(parts),
        "population": population,
        "size": size_of(population, on=today),
        "counts": counts,
        "todo": [*_answers_todo(cpts, meetings), *_todo(cpts, counts, permissions, has_communes=bool(parts))],
        "meetings": meetings,
        "tasks": _my_tasks(cpts, user) if Permission.MEETING_LIST in permissions else None,
        "recent": _recent(cpts) if Permission.AUDIT_VIEW in permissions else None,
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
    memberships = Membership.objects.filter(cpts=OuterRef("pk"))
    invitations = Invitation.objects.filter(cpts=OuterRef("pk"), accepted_at=None, withdrawn_at=None)
    drafts = Perimeter.objects.filter(cpts=OuterRef("pk")).drafts()
    return Cpts.objects.annotate(
        members=_count(memberships.current()),
        professions=_count(memberships.current().exclude(group=""), "group"),
        requests=_count(memberships.filter(status=MembershipStatus.REQUESTED)),
        mandates_ending=_count(_ending(Mandate, at)),
        conventions_ending=_count(_ending(Convention, at).filter(is_renewed_tacitly=False)),
        to_close=_count(_of_outer(Meeting.objects.to_close(at))),
        tasks_late=_count(_of_outer(Task.objects.late(timezone.localdate(at)))),
        patients=_count(_of_outer(CareRequest.objects.waiting())),
        patients_late=_count(_of_outer(CareRequest.objects.late(at))),
        pending=_count(invitations.filter(expires_at__gt=at)),
        expired=_count(invitations.filter(expires_at__lte=at)),
        draft=drafts.values("number")[:1],
    ).get(pk=cpts.pk)


def _ending(model: Any, at: datetime) -> QuerySet[Any]:
    """Mandates or conventions of the CPTS of the outer query that end within two months."""
    today = timezone.localdate(at)
    found: QuerySet[Any] = model.objects.in_force(today).ending_before(today + AHEAD)
    return found.filter(cpts=OuterRef("pk"))


def _of_outer(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the CPTS of the outer query."""
    return rows.filter(cpts=OuterRef("pk"))


def _count(rows: QuerySet[Any], field: str = "pk") -> Any:
    counted = rows.order_by().values("cpts").annotate(n=Count(field, distinct=field != "pk")).values("n")
    return Coalesce(Subquery(counted), 0)


@dataclass(frozen=True)
class Todo:
    """One thing to do: how urgent, what, why, and where it is done."""

    tone: str
    badge: str
    text: str
    detail: str
    url: str
    label: str


def _todo(cpts: Cpts, counts: Any, permissions: frozenset[Permission], *, has_communes: bool) -> Iterator[Todo]:
    """What waits for somebody with these rights, the most urgent first."""
    if Permission.PATIENT_DESK in permissions:
        yield from _patients_todo(cpts, counts)
    if Permission.TEAM_MANAGE in permissions:
        team = reverse("accounts:team", args=[cpts.slug])
        if counts.expired:
            text = f"{counts.expired} {plural(counts.expired, 'invitation expirée', 'invitations expirées')}"
            yield Todo("late", "à renvoyer", text, "Le lien reçu ne sert plus", team, "Voir")
        if counts.pending:
            text = f"{counts.pending} {plural(counts.pending, 'invitation')} sans réponse"
            yield Todo("", "en attente", text, "Équipe de la CPTS", team, "Voir")
    if Permission.TERRITORY_EDIT in permissions and (counts.draft or not has_communes):
        draft = reverse("territory:draft", args=[cpts.slug])
        text = "Périmètre à composer" if not has_communes else f"Projet de périmètre n° {counts.draft} en cours"
        yield Todo("soon", "projet", text, "Il n’est public qu’une fois en vigueur", draft, "Reprendre")
    if Permission.MEMBER_MANAGE in permissions:
        yield from _members_todo(cpts, counts)
    if Permission.MEETING_MANAGE in permissions:
        yield from _meetings_todo(cpts, counts)


def _patients_todo(cpts: Cpts, counts: Any) -> Iterator[Todo]:
    """Patients whom nobody sees yet; first those whose time is over."""
    page = reverse("unscheduled_care:requests", args=[cpts.slug])
    if counts.patients_late:
        text = f"{counts.patients_late} {plural(counts.patients_late, 'patient')} à voir hors délai"
        yield Todo("late", "en retard", text, "Soins non programmés", page, "Voir")
    if on_time := counts.patients - counts.patients_late:
        text = f"{on_time} {plural(on_time, 'patient')} à voir"
        yield Todo("soon", "en attente", text, "Soins non programmés", page, "Voir")


def _answers_todo(cpts: Cpts, meetings: list[Participant]) -> Iterator[Todo]:
    """Invitations that wait for this person's answer."""
    for one in meetings:
        if one.answer == "none":
            page = reverse("meetings:show", args=[cpts.slug, one.meeting.uuid])
            yield Todo("soon", "à répondre", one.meeting.title, "Venez-vous ?", page, "Répondre")


def _meetings_todo(cpts: Cpts, counts: Any) -> Iterator[Todo]:
    """Meetings that nobody closed, tasks whose day is past."""
    if counts.to_close:
        text = f"{counts.to_close} {plural(counts.to_close, 'réunion passée', 'réunions passées')} à clore"
        yield Todo(
            "soon",
            "à clore",
            text,
            "Heures et attestations en dépendent",
            reverse("meetings:list", args=[cpts.slug]),
            "Voir",
        )
    if counts.tasks_late:
        text = f"{counts.tasks_late} {plural(counts.tasks_late, 'tâche')} en retard"
        yield Todo(
            "late", "en retard", text, "Confiées en réunion", reverse("meetings:tasks", args=[cpts.slug]), "Voir"
        )


def _members_todo(cpts: Cpts, counts: Any) -> Iterator[Todo]:
    """Requests that wait, mandates and conventions that end."""
    if counts.requests:
        members = reverse("members:list", args=[cpts.slug]) + "?statut=requested"
        text = f"{counts.requests} {plural(counts.requests, 'demande')} d’adhésion"
        yield Todo("soon", "à décider", text, "Membres", members, "Voir")
    for name, count, what in (
        ("mandates", counts.mandates_ending, ("mandat s’achève", "mandats s’achèvent")),
        ("conventions", counts.conventions_ending, ("convention s’achève", "conventions s’achèvent")),
    ):
        if count:
            page, text = reverse(f"members:{name}", args=[cpts.slug]), f"{count} {plural(count, *what)} d’ici deux mois"
            yield Todo("soon", "bientôt", text, "Membres", page, "Voir")
