"""A burst of bookings, for the coordination of the professionals concerned: seen, and given back."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from maillage.accounts.permissions import CptsRequest, requires
from maillage.core.screens.posted import sent_uuid
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Appointment, BookingBurst, Effector
from maillage.unscheduled_care.models.burst import LASTS
from maillage.unscheduled_care.permissions import CARE_MANAGE

SHOWN, MOST = timedelta(days=30), 20


def bursts_of(cpts: Cpts, at: datetime) -> QuerySet[BookingBurst]:
    """Those of the last month that took slots of the professionals of a CPTS, the latest first."""
    taken = Appointment.objects.filter(
        booked_by=OuterRef("booked_by"),
        starts_at__gte=OuterRef("started_at"),
        booked_at__range=(OuterRef("started_at"), OuterRef("started_at") + LASTS),
        effector__in=Effector.objects.of(cpts).values("pk"),
    )
    rows = BookingBurst.objects.filter(Exists(taken), started_at__gt=at - SHOWN)
    return rows.select_related("booked_by").order_by(F("started_at").desc())[:MOST]


@requires(CARE_MANAGE)
def burst(request: CptsRequest, burst_uuid: UUID) -> HttpResponse:
    """What one account took in a few minutes of the professionals of this CPTS; those chosen are given back."""
    row = get_object_or_404(BookingBurst.objects.select_related("booked_by"), uuid=burst_uuid)
    appointments, at = list(row.appointments_of(request.cpts).for_listing()), timezone.now()
    if not appointments:
        raise Http404  # of other CPTS: it does not exist here
    if request.method == "POST":
        chosen = [uuid for uuid in map(sent_uuid, request.POST.getlist("appointment")) if uuid]
        freed = actions.cancel_burst(burst=row, cpts=request.cpts, chosen=chosen, by=request.user, at=at)
        messages.success(request, f"{freed} {plural(freed, 'rendez-vous annulé', 'rendez-vous annulés')}.")
        return redirect("unscheduled_care:burst", request.cpts.slug, row.uuid)
    can_cancel = any(appointment.is_booked and appointment.starts_at > at for appointment in appointments)
    context = {"burst": row, "appointments": appointments, "at": at, "can_cancel": can_cancel}
    return render(request, "unscheduled_care/burst.html", context)
