"""A perimeter to compose, or a draft to finish."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists
from django.urls import reverse

from maillage.core.waiting import SOON, Counted, Waiting, of_outer
from maillage.cpts.models import Cpts
from maillage.territory.models import Perimeter, PerimeterPart, PerimeterStatus
from maillage.territory.permissions import TERRITORY_EDIT


def counted(at: datetime) -> Counted:
    parts = PerimeterPart.objects.exclude(perimeter__status=PerimeterStatus.SUPERSEDED)
    return {
        "draft": of_outer(Perimeter.objects.drafts()).values("number")[:1],
        "has_communes": Exists(of_outer(parts)),
    }


def waiting(cpts: Cpts, counts: Any, permissions: Collection[str]) -> Iterator[Waiting]:
    if TERRITORY_EDIT in permissions and (counts.draft or not counts.has_communes):
        is_begun = counts.has_communes and counts.draft
        text = f"Projet de périmètre n° {counts.draft} en cours" if is_begun else "Périmètre à composer"
        draft = reverse("territory:draft", args=[cpts.slug])
        yield Waiting(SOON, "projet", text, "Il n’est public qu’une fois en vigueur", draft, "Reprendre")
