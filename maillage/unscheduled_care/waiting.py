"""Patients whom nobody sees yet."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse

from maillage.core.text import plural
from maillage.core.waiting import LATE, SOON, Counted, Waiting, count_of
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.models import CareRequest
from maillage.unscheduled_care.permissions import PATIENT_DESK


def counted(at: datetime) -> Counted:
    return {
        "patients": count_of(CareRequest.objects.waiting()),
        "patients_late": count_of(CareRequest.objects.late(at)),
    }


def waiting(cpts: Cpts, counts: Any, permissions: Collection[str]) -> Iterator[Waiting]:
    """First those whose time is over."""
    if PATIENT_DESK not in permissions:
        return
    page = reverse("unscheduled_care:requests", args=[cpts.slug])
    if counts.patients_late:
        text = f"{counts.patients_late} {plural(counts.patients_late, 'patient')} à voir hors délai"
        yield Waiting(LATE, "en retard", text, "Soins non programmés", page)
    if on_time := counts.patients - counts.patients_late:
        text = f"{on_time} {plural(on_time, 'patient')} à voir"
        yield Waiting(SOON, "en attente", text, "Soins non programmés", page)
