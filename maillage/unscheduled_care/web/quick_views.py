"""« Je peux voir 3 patients demain matin », from a mail, without an account."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.screens.access import public
from maillage.core.screens.gone import gone
from maillage.unscheduled_care.models import Effector
from maillage.unscheduled_care.notifications import AGENDA
from maillage.unscheduled_care.web.agenda_forms import QuickForm
from maillage.unscheduled_care.web.agenda_views import open_quickly, usual_audience


@public
def quick(request: HttpRequest, token: str) -> HttpResponse:
    """A visit changes nothing; what is opened is visible to whom the professional ticks."""
    at = timezone.now()
    try:
        effector = Effector.objects.active().uncontested().filter(feed=links.read(AGENDA, token, at=at)).first()
    except links.LinkUnusable as error:
        return gone(request, "Mes créneaux", error.user_message)
    if effector is None:
        return gone(request, "Mes créneaux", "Cet agenda n’est plus celui d’un membre de la CPTS.")
    form = QuickForm(
        request.POST or None, effector=effector, at=at, today=timezone.localdate(at), initial=usual_audience(effector)
    )
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, open_quickly(effector, form, by=None, at=at).message + " Merci !")
            return redirect("unscheduled_care:quick", token)
        except DomainError as error:
            form.add_error(None, error.user_message)
    return render(request, "unscheduled_care/quick.html", {"form": form, "effector": effector})
