"""Pro Santé Connect for every account: signing in, tying, proving again, opening an account, signing out."""

import secrets
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from allauth.account.views import LogoutView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.actions import identities
from maillage.accounts.limits import PSC_DOOR
from maillage.accounts.models import User
from maillage.accounts.permissions import was_taken_back
from maillage.accounts.signing_in import devices, identity, means
from maillage.accounts.signing_in.held import held, hold, release
from maillage.accounts.signing_in.identity import Identity, IdentityNotFresh, IdentityRefused
from maillage.accounts.signing_in.proving import recently_proved
from maillage.accounts.signing_in.psc_session import (
    ACTIVITIES,
    ACTIVITY,
    TO_LINK,
    UNKNOWN,
    as_facts,
    identity_from,
    keep_token,
    token_kept,
)
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.limits import spend_from
from maillage.core.screens.access import own_account, public

TITLE = "Pro Santé Connect"
SIGN_IN, AGAIN, LINK, PROVE = "connexion", "de-nouveau", "relier", "confirmer"
ANYBODY = {SIGN_IN, AGAIN}  # who has no account yet, or is signed out
LEFT, LEAVING, WANTED = "psc_left", "psc_leaving", "wanted_after_activity"
SKEW = 120  # seconds between two clocks


@require_safe
@public
def leave(request: HttpRequest) -> HttpResponse:
    """To the provider: to sign in, or, from one's own account, to tie it or to prove again that it is oneself."""
    intent = request.GET.get("pour", SIGN_IN)
    if intent not in {*ANYBODY, LINK, PROVE} or (intent not in ANYBODY and not isinstance(request.user, User)):
        intent = SIGN_IN
    try:
        spend_from(request, PSC_DOOR)  # each way out opens a session here, and is a call to the provider
        response = identity.leave(request, coming_back_to=_address(request, "psc_back"), fresh=intent != SIGN_IN)
    except DomainError as error:
        return _refused(request, error)
    # Two tabs are two ways out: each is found again by its own state.
    (state,) = parse_qs(urlsplit(response["Location"]).query)["state"]
    request.session[f"{LEFT}_{state}"] = {
        "intent": intent,
        "next": _own_page(request),
        "user": request.user.pk,
        "at": time.time(),
    }
    return response


@require_safe
@public
def back(request: HttpRequest) -> HttpResponse:
    """Whom the provider sends back: nothing that the address bears is believed but its state and its code."""
    left = request.session.pop(f"{LEFT}_{request.GET.get('state', '')}", None)
    try:
        if left is None:
            raise IdentityRefused
        person = identity.come_back(request)
        is_fresh = (person.authenticated_at or 0) >= left["at"] - SKEW
        if left["intent"] != SIGN_IN and not is_fresh:
            raise IdentityNotFresh
        if left["intent"] in ANYBODY:
            return _enter(request, person, left["next"], is_fresh=is_fresh)
        if request.user.pk != left["user"]:
            raise IdentityRefused("Vous avez changé de compte entre-temps. Recommencez.")
        if left["intent"] == PROVE:
            return _prove(request, person, left)
    except DomainError as error:
        return _refused(request, error)
    hold(request, TO_LINK, as_facts(person))
    return redirect("accounts:psc_link")


def _enter(request: HttpRequest, person: Identity, wanted: str, *, is_fresh: bool) -> HttpResponse:
    """The provider's own session may be that of whoever sat here before: it opens what it opened, as old as it is. To
    open an account, or one that was taken back since, the person shows their card again."""
    user = identities.account_of_identity(person)
    since = datetime.fromtimestamp(person.authenticated_at or 0, UTC)
    if not is_fresh and (user is None or was_taken_back(user, since=since)):
        return redirect(f"{reverse('accounts:psc')}?{urlencode({'pour': AGAIN, 'next': wanted})}")
    if user is None:
        hold(request, UNKNOWN, as_facts(person))
        return redirect("accounts:psc_unknown")
    return enter_as(request, user, person, wanted)


def enter_as(request: HttpRequest, user: User, person: Identity, wanted: str = "") -> HttpResponse:
    """Open a session that Pro Santé Connect proved. The choice of an activity comes first when there are several."""
    means.open_session(request, user, means.PSC, at=person.authenticated_at or 0)
    identities.note_use(identity=person, user=user, at=timezone.now())
    keep_token(request, person)
    request.session[ACTIVITIES] = [[activity.key, activity.label] for activity in person.activities]
    request.session[ACTIVITY] = person.activities[0].label if len(person.activities) == 1 else ""
    page = wanted or links.page("after_login")
    if len(person.activities) > 1:
        request.session[WANTED] = page
        page = reverse("accounts:psc_activity")
    response = redirect(page)
    devices.remember(response, user, request=request)
    return response


def _prove(request: HttpRequest, person: Identity, left: dict[str, Any]) -> HttpResponse:
    """A fresh proof: the identity tied to this very account, which the provider asked again just now."""
    if identities.account_of_identity(person) != request.user:
        raise IdentityRefused("Cette identité Pro Santé Connect n’est pas celle de votre compte.")
    assert isinstance(request.user, User)
    means.prove(request, request.user, means.PSC, reauthenticated=True)
    keep_token(request, person)
    return redirect(left["next"] or "accounts:connections")


@own_account
@recently_proved
def link(request: HttpRequest) -> HttpResponse:
    """Tie to the account, by a press, the identity that the provider just vouched for."""
    assert isinstance(request.user, User)
    if request.method != "POST":
        facts = held(request, TO_LINK)
        if facts is None:
            return redirect("accounts:connections")
        return render(request, "accounts/psc_link.html", {"identity": identity_from(facts)})
    facts = release(request, TO_LINK)
    if facts is None:
        messages.error(request, "Le délai est passé : recommencez depuis « Relier Pro Santé Connect ».")
        return redirect("accounts:connections")
    person = identity_from(facts)
    try:
        identities.link_identity(user=request.user, identity=person, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.user_message)
        return redirect("accounts:connections")
    means.prove(request, request.user, means.PSC)
    keep_token(request, person)
    messages.success(request, "Pro Santé Connect est relié : il ouvre désormais votre compte.")
    return redirect("accounts:protect")


@require_POST
@own_account
@recently_proved
def unlink(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    has_another = request.user.has_usable_password() or means.has_passkey(request.user)
    try:
        identities.unlink_identity(user=request.user, at=timezone.now(), has_another_means=has_another)
    except DomainError as error:
        messages.error(request, error.user_message)
    else:
        messages.success(request, "Pro Santé Connect n’ouvre plus votre compte.")
    return redirect("accounts:connections")


@own_account
def choose_activity(request: HttpRequest) -> HttpResponse:
    """Which of one's activities one comes for, when Pro Santé Connect gives several."""
    choices: list[list[str]] = request.session.get(ACTIVITIES, [])
    if request.method == "POST":
        label = next((label for key, label in choices if key == request.POST.get("activity")), None)
        if label is not None:
            request.session[ACTIVITY] = label
            return redirect(request.session.pop(WANTED, links.page("after_login")))
    if not choices:
        return redirect(links.page("after_login"))
    current = request.session.get(ACTIVITY, "")
    return render(request, "accounts/psc_activity.html", {"choices": choices, "current": current})


class SignOut(LogoutView):
    """allauth's, on a press only; who came through the provider leaves it too, by their own browser.

    A call between servers would leave the provider's session open: the next person at a shared computer would enter.
    """

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        token = token_kept(self.request)
        response: HttpResponse = super().post(*args, **kwargs)
        if not token:
            return response
        state = secrets.token_urlsafe(24)
        try:
            address = identity.signing_out_url(
                token, state=state, coming_back_to=_address(self.request, "psc_signed_out")
            )
        except DomainError:
            address = ""
        self.request.session[LEAVING] = state
        return render(self.request, "accounts/psc_leaving.html", {"address": address})


@require_safe
@public
def signed_out(request: HttpRequest) -> HttpResponse:
    """Back from the provider, whose session is over."""
    is_ours = request.session.pop(LEAVING, None) == request.GET.get("state", "")
    return render(request, "accounts/psc_signed_out.html", {"is_ours": is_ours})


def _address(request: HttpRequest, name: str) -> str:
    """Exactly as it is registered at the provider."""
    return request.build_absolute_uri(reverse(f"accounts:{name}"))


def _own_page(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    allowed = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and allowed else ""


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    again = " Recommencez." if isinstance(error, IdentityRefused) else ""
    context = {"title": TITLE, "text": f"{error.user_message}{again}"}
    return render(request, "layout/error.html", context, status=403)
