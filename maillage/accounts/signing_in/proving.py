"""A fresh proof before what is sensitive: the person proves it is them, then does what they were doing.

A page asked for is simply asked again. What was typed in a form is held, sealed, and shown again to be sent: nothing is
lost, and nothing is done without a press.
"""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from maillage.accounts.signing_in import means
from maillage.accounts.signing_in.held import hold, keep_latest
from maillage.core.links import page
from maillage.core.screens.access import View

STOPPED, STRONG_WANTED = "stopped", "strong_wanted"
ASSEMBLY_MINUTES = 120
NEVER_HELD = ("csrfmiddlewaretoken",)
LONGEST_HELD = 300_000  # signs: minutes, a page of settings
MOST_HELD = 2  # forms, of two tabs


def recently_proved(view: View) -> View:
    """The view demands a proof less than `PROOF_MINUTES` old: code, passkey, Pro Santé Connect, or a password where
    nothing stronger opened the session."""
    return recently_proved_when(_always)(view)


def recently_proved_when(
    is_sensitive: Callable[[HttpRequest], bool], *, minutes: int | None = None
) -> Callable[[View], View]:
    """The same, for what a view does sometimes: an export, one of its buttons; `minutes`: another age of the proof."""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if is_sensitive(request) and not means.is_recent(request, minutes):
                return ask_again(request)
            return view(request, *args, **kwargs)

        wrapper.demands_fresh_proof = True  # type: ignore[attr-defined]  # read by the walk of all URLs
        return wrapper

    return decorator


def _always(request: HttpRequest) -> bool:
    return True


def strongly_proved(view: View) -> View:
    """The view names a patient: whatever the role of the person, a password alone does not open it, nor a session that
    was proved more than two hours ago."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not means.is_strong(request):
            request.session[STRONG_WANTED] = True
            return redirect(f"{reverse('accounts:protect')}?{urlencode({'next': request.get_full_path()})}")
        if not means.is_recent(request, ASSEMBLY_MINUTES):
            return ask_again(request)
        return view(request, *args, **kwargs)

    wrapper.demands_second_factor = True  # type: ignore[attr-defined]
    return wrapper


def proved_this_session(view: View) -> View:
    """For what is pressed many times in an assembly: a proof of two hours at most."""
    return recently_proved_when(_always, minutes=ASSEMBLY_MINUTES)(view)


def is_sent(request: HttpRequest) -> bool:
    """A form sent, where looking at the page is free."""
    return request.method == "POST"


def sent_in_this_session(view: View) -> View:
    """The same for a page that anybody of the team may look at: a form sent asks for it."""
    return recently_proved_when(is_sent, minutes=ASSEMBLY_MINUTES)(view)


def is_export(request: HttpRequest) -> bool:
    """A list asked for as a file (core.screens.listing)."""
    return bool(request.GET.get("format"))


def ask_again(request: HttpRequest, *, holds_typed: bool = True) -> HttpResponse:
    """To the strongest means of the person, then back here. A vote is never held: it is given again."""
    come_back = request.get_full_path()
    if request.method == "POST" and holds_typed:
        come_back = _held_form(request)
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    if not methods:
        return redirect("accounts:protect")
    address = f"{methods[0]['url']}{'&' if '?' in methods[0]['url'] else '?'}{urlencode({'next': come_back})}"
    if "HX-Request" in request.headers:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    return redirect(address)


def _held_form(request: HttpRequest) -> str:
    """Where what was typed is shown again; the first page, for a form that is too long to wait in a session."""
    typed = [[key, value] for key, values in request.POST.lists() for value in values if key not in NEVER_HELD]
    if sum(len(key) + len(value) for key, value in typed) > LONGEST_HELD:
        messages.warning(request, "Ce que vous aviez tapé était trop long pour être gardé : envoyez-le de nouveau.")
        return page("after_login")
    name = f"{STOPPED}_{secrets.token_urlsafe(9)}"
    hold(request, name, {"path": request.get_full_path(), "typed": typed, "files": sorted(request.FILES)})
    keep_latest(request, STOPPED, MOST_HELD)
    return reverse("accounts:resume", args=[name])
