"""The backups of the instance: when the last good one was made, and one more now."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.permissions import INSTANCE_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in.proving import recently_proved
from maillage.core.models import Job
from maillage.core.work import jobs
from maillage.portal.actions.backups import BACKUP, LABEL, backups_at


@require_safe
@requires(INSTANCE_MANAGE)
def backups(request: CptsRequest) -> HttpResponse:
    """What is kept, what is planned, what is wrong."""
    context = {
        "backups": backups_at(timezone.now()),
        "jobs": Job.objects.filter(kind=BACKUP).order_by("-created_at")[:5],
        "folder": settings.BACKUP_DIR,
        "keep": settings.BACKUP_KEEP,
    }
    return render(request, "portal/backups.html", context)


@require_POST
@requires(INSTANCE_MANAGE)
@recently_proved
def make_backup(request: CptsRequest) -> HttpResponse:
    row = jobs.enqueue(BACKUP, label=LABEL, at=timezone.now(), owner_id=request.user.pk, by=request.user.pk)
    return redirect(row)
