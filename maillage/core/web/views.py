"""Background work, for the person who asked for it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from maillage.core.models import Job
from maillage.core.screens.access import signed_in


@signed_in
@require_safe
def job(request: HttpRequest, job_uuid: UUID) -> HttpResponse:
    """How far it is, then its result and where it is seen."""
    row = get_object_or_404(Job, uuid=job_uuid, owner_id=request.user.pk)
    template = "components/progress.html" if request.headers.get("HX-Request") else "core/job.html"
    return render(request, template, {"job": row, "url": request.path})
