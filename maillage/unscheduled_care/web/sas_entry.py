"""The door of the SAS: a regulator clicks a slot there, and arrives on the agenda of its professional here."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from maillage.core.access import public
from maillage.unscheduled_care.models import Effector, Slot
from maillage.unscheduled_care.publishing import keys_of
from maillage.unscheduled_care.rules.slots import MODE_BADGES
from maillage.unscheduled_care.web.access import is_regulator

SHOWN = timedelta(hours=72)
MOST = 60


@public
def agenda(request: HttpRequest) -> HttpResponse:
    """The free slots of one professional, for a regulator; anybody else signs in first.

    `origin`, which the SAS appends, is neither read nor followed: the identity provider is not joined yet.
    """
    if not request.user.is_authenticated:
        return _sign_in_first(request)
    if not is_regulator(request):
        text = "Cet agenda s’ouvre aux régulateurs du SAS. Votre compte n’en est pas un."
        return render(request, "portal/error.html", {"title": "Réservé à la régulation", "text": text}, status=404)
    keys = keys_of([request.GET.get("ps", "")[:20]])
    effector = get_object_or_404(Effector.objects.shown_to_sas(), national_id__in=keys)
    at = timezone.now()
    slots = Slot.objects.open().filter(effector=effector).starting_between(at, at + SHOWN).for_listing()
    rows = [{"slot": one, "modes": [MODE_BADGES[mode] for mode in one.mode_flags]} for one in slots[:MOST]]
    return render(request, "unscheduled_care/sas_agenda.html", {"effector": effector, "rows": rows})


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    come_back = urlencode({"next": request.get_full_path()})
    return redirect(f"{reverse(settings.LOGIN_URL)}?{come_back}")
