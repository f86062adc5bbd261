"""Reads that join several apps on one screen."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from maillage.accounts.models import User
from maillage.accounts.permissions import assignments_of
from maillage.accounts.web.forms import InviteForm
from maillage.core.models import Job, JobState
from maillage.cpts.models import Cpts
from maillage.members.models import Membership
from maillage.territory.models import PerimeterPart
from maillage.territory.queries import draft_of, in_force_of
from maillage.territory.rules.size import size_of


def spaces_of(user: User) -> QuerySet[Cpts]:
    """CPTS within reach of a person's roles, by name."""
    reach = Q(pk__in=[])
    for assignment in assignments_of(user):
        if assignment.cpts_id:
            reach |= Q(pk=assignment.cpts_id)
        elif assignment.departement_id:
            reach |= Q(departement=assignment.departement_id)
        elif assignment.region_id:
            reach |= Q(departement__region=assignment.region_id)
    return Cpts.objects.filter(reach).select_related("departement").order_by("name")[:200]


def home_facts(cpts: Cpts, on: date) -> dict[str, Any]:
    """Three queries: the perimeter in force, the draft when there is none, the members."""
    found = in_force_of(cpts) or draft_of(cpts)
    parts: list[PerimeterPart] = found[1] if found else []
    population = sum(part.population or 0 for part in parts)
    members = (
        Membership.objects.of(cpts)
        .current()
        .aggregate(count=Count("pk"), professions=Count("occupation", distinct=True))
    )
    return {
        "perimeter": found[0] if found else None,
        "communes": len(parts),
        "population": population,
        "size": size_of(population, on=on),
        "members": members,
        "on": on,
    }


def gallery_facts(on: date) -> dict[str, Any]:
    """Something to show in each component."""
    now = timezone.now()
    running = Job(
        label="Import", state=JobState.RUNNING, done=42, total=100, message="Lecture du fichier", created_at=now
    )
    return {
        "job": running,
        "form": InviteForm({"email": "pas-une-adresse", "role": ""}),
        "steps": [
            {"on": on, "title": "Signature du contrat", "text": "100 % du fonctionnement", "tone": ""},
            {
                "on": on + timedelta(days=180),
                "title": "Démarrage au plus tard",
                "text": "accès aux soins",
                "tone": "soon",
            },
        ],
    }


def at_noon(day: date) -> datetime:
    """Midday in Paris: an instant that no change of hour moves to another day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=timezone.get_current_timezone())
