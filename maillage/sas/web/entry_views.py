"""The door of the SAS: a regulator clicks a slot there, and arrives on the agenda of its professional here.

`origin`, which the SAS appends, says only that the person comes from there: who they are is asked of the identity
provider, and the page they come back to is ours, kept in their session. Nothing that the address bears is followed.
"""

import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from maillage.accounts.models import User
from maillage.accounts.signing_in import identity
from maillage.accounts.signing_in.psc_session import keep_token
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.limits import spend_from
from maillage.core.screens.access import also_external, public, signed_in
from maillage.geography.rules.clocks import zone_of
from maillage.sas.actions import regulators
from maillage.sas.limits import DOOR
from maillage.sas.queries.publishing import keys_of
from maillage.sas.web.access import NUMBER, THROUGH_SAS, WANTED, is_regulator, regulator_of, terms_missing
from maillage.unscheduled_care.models import Effector, Slot
from maillage.unscheduled_care.queries.places import departement_of_place

SHOWN = timedelta(hours=72)
MOST = 60
FROM_SAS = "sas"  # how `origin` begins
BACKEND = "maillage.accounts.backends.IdentityBackend"
TITLE = "Entrée par le SAS"


@public
def agenda(request: HttpRequest) -> HttpResponse:
    """The free slots of one professional, for a regulator; the others say first who they are."""
    if not is_regulator(request):
        return _who_are_you(request)
    if terms_missing(request):
        return _terms_first(request)
    keys = keys_of([request.GET.get("ps", "")[:20]])
    effector = get_object_or_404(Effector.objects.shown_to_sas(), national_id__in=keys)
    at = timezone.now()
    slots = Slot.objects.told_to_sas().filter(effector=effector).starting_between(at, at + SHOWN).for_listing()
    shown = list(slots[:MOST])
    zone = zone_of(departement_of_place(shown[0].schedule)) if shown else None
    with timezone.override(zone or timezone.get_current_timezone()):
        return render(request, "sas/agenda.html", {"effector": effector, "slots": shown})


def _who_are_you(request: HttpRequest) -> HttpResponse:
    """From the SAS: the identity provider, even for somebody signed in here under another account."""
    if identity.is_joined() and request.GET.get("origin", "").startswith(FROM_SAS):
        return _leave(request, request.get_full_path(), is_fresh=False)
    if not request.user.is_authenticated:
        return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}")
    text = "Cet agenda s’ouvre aux régulateurs du SAS. Votre compte n’en est pas un."
    return render(request, "layout/error.html", {"title": "Réservé à la régulation", "text": text}, status=404)


def _leave(request: HttpRequest, wanted: str, *, is_fresh: bool) -> HttpResponse:
    """To the provider, who asks for the card again when `is_fresh`."""
    try:
        spend_from(request, DOOR)
        there = request.build_absolute_uri(reverse("sas:back"))
        left = identity.leave(request, coming_back_to=there, fresh=is_fresh)
    except DomainError as error:
        return _refused(request, error)
    # Two clicks in the SAS are two pages: each is found again by the state of its own way out.
    (state,) = parse_qs(urlsplit(left["Location"]).query)["state"]
    request.session[f"{WANTED}_{state}"] = [wanted, is_fresh]
    return left


@require_safe
@public
def back(request: HttpRequest) -> HttpResponse:
    """Whom the identity provider sends back enters as the regulator of that number, and goes where they wanted.

    The provider may still know who sat there before: a card shown longer ago than a session lives is shown again.
    """
    page, was_fresh = request.session.pop(
        f"{WANTED}_{request.GET.get('state', '')}", (reverse("sas:regulation"), False)
    )
    try:
        person = identity.come_back(request)
        if (person.authenticated_at or 0) < time.time() - settings.SESSION_IDLE_MINUTES * 60:
            if was_fresh:
                raise identity.IdentityNotFresh
            return _leave(request, page, is_fresh=True)
        regulator, user = regulators.enter_regulator(identity=person, at=timezone.now())
    except DomainError as error:
        return _refused(request, error)
    login(request, user, backend=BACKEND)
    keep_token(request, person)  # signing out leaves the provider too
    request.session[THROUGH_SAS], request.session[NUMBER] = str(regulator.uuid), person.identifier
    return redirect(page)


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    again = " Recommencez depuis le SAS." if isinstance(error, identity.IdentityRefused) else ""
    context = {"title": TITLE, "text": f"{error.user_message}{again}"}
    return render(request, "layout/error.html", context, status=403)


def _terms_first(request: HttpRequest) -> HttpResponse:
    request.session[WANTED] = request.get_full_path()
    return redirect("sas:terms")


@also_external
@signed_in
def terms(request: HttpRequest) -> HttpResponse:
    """What a regulator agrees to, once, before the first page."""
    regulator = regulator_of(request)
    assert isinstance(request.user, User)
    if regulator is None:
        return redirect(links.page("after_login"))
    if request.method == "POST":
        regulators.accept_terms(regulator=regulator, by=request.user, at=timezone.now())
        return redirect(request.session.pop(WANTED, reverse("sas:regulation")))
    return render(request, "sas/terms.html", {"regulator": regulator})
