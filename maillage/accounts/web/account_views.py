"""One's own account: how one signs in, where one is signed in, and the second factor that a role demands."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from maillage.accounts import queries
from maillage.accounts.actions.connections import end_others, end_session
from maillage.accounts.models import AccountKind, User
from maillage.accounts.permissions import demands_second_factor
from maillage.accounts.sessions import stored_key_of
from maillage.accounts.signing_in import means
from maillage.accounts.signing_in.held import held
from maillage.accounts.signing_in.proving import MOST_HELD, STOPPED, STRONG_WANTED, recently_proved
from maillage.accounts.signing_in.psc_session import ACTIVITIES, ACTIVITY
from maillage.core.errors import DomainError
from maillage.core.screens.access import own_account

WANTED = "wanted_after_protection"


@own_account
def connections(request: HttpRequest) -> HttpResponse:
    """« Mes connexions »: what opens the account, and where it is open."""
    user = request.user
    assert isinstance(user, User)
    context = {
        "sessions": queries.open_sessions_of(user, current=stored_key_of(request), at=timezone.now()),
        "factors": queries.factors_of(user),
        "is_demanded": demands_second_factor(user),
        "identity": user.linked_identities.in_force().first(),
        "activity": request.session.get(ACTIVITY, ""),
        "activities": len(request.session.get(ACTIVITIES, [])),
        "is_external": user.kind == AccountKind.EXTERNAL,
    }
    return render(request, "accounts/connections.html", context)


@require_POST
@own_account
def end_one_session(request: HttpRequest) -> HttpResponse:
    """One session of one's own, or all the others."""
    user, at = request.user, timezone.now()
    assert isinstance(user, User)
    if request.POST.get("reference"):
        try:
            end_session(user=user, reference=request.POST["reference"], at=at)
        except DomainError as error:
            messages.error(request, error.user_message)
        else:
            messages.success(request, "Connexion fermée.")
    else:
        end_others(user=user, kept=stored_key_of(request), at=at, why="à la demande de la personne")
        messages.success(request, "Toutes les autres connexions sont fermées.")
    return redirect("accounts:connections")


@own_account
def protect(request: HttpRequest) -> HttpResponse:
    """The second factor that a role or a page demands: set up here; then back to the page that was wanted."""
    user = request.user
    assert isinstance(user, User)
    wanted = request.GET.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        request.session[WANTED] = wanted
    is_wanted = bool(request.session.get(STRONG_WANTED)) or demands_second_factor(user)
    if means.is_strong(request) or not is_wanted:
        request.session.pop(STRONG_WANTED, None)
        return redirect(request.session.pop(WANTED, None) or "portal:after_login")
    return render(request, "accounts/protect.html", {"factors": queries.factors_of(user)})


@own_account
@recently_proved
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """What the person was sending when they were asked who they are: shown, to be sent by a press."""
    facts = held(request, name) if name.startswith(f"{STOPPED}_") else None
    if facts is None:
        text = (
            f"Ce que vous aviez commencé est gardé un quart d’heure, et les {MOST_HELD} dernières pages seulement. "
            "Reprenez depuis la page où vous étiez."
        )
        return render(request, "layout/error.html", {"title": "Ce n’est plus gardé", "text": text}, status=404)
    return render(request, "accounts/resume.html", facts)
