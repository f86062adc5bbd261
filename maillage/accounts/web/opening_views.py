"""An account opened by Pro Santé Connect: the address is proved by a code, typed where the identity is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from maillage.accounts import notifications
from maillage.accounts.actions import account_of, identities
from maillage.accounts.actions.codes import clean_code, digest_of, new_text
from maillage.accounts.limits import ACCOUNT_MAILS, SIGN_UP, SIGN_UP_BLOCK
from maillage.accounts.signing_in.held import held, hold, release
from maillage.accounts.signing_in.psc_session import OPENING, UNKNOWN, identity_from
from maillage.accounts.web.forms import AddressForm, CodeForm
from maillage.accounts.web.psc_views import enter_as
from maillage.core.errors import DomainError
from maillage.core.limits import allows, spend_from
from maillage.core.screens.access import public

MOST_TRIES = 5


@public
def unknown(request: HttpRequest) -> HttpResponse:
    """Nobody tied this identity: open an account with it, or sign in to one's own and tie it there."""
    facts = held(request, UNKNOWN)
    if facts is None:
        return redirect("account_login")
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        spend_from(request, SIGN_UP, SIGN_UP_BLOCK)
        email = form.cleaned_data["email"].lower()
        code = new_text()
        _write(email, code)
        facts = {"identity": facts, "email": email, "digest": digest_of(code), "tries": 0}
        hold(request, OPENING, facts)
        return redirect("accounts:psc_open")
    return render(request, "accounts/psc_unknown.html", {"form": form, "identity": identity_from(facts)})


def _write(email: str, code: str) -> None:
    """A code, or word that the account exists: the screen says the same of both."""
    if not allows(ACCOUNT_MAILS, at=timezone.now(), of=email):
        return
    if account_of(email):
        notifications.new_account_exists(email)
    else:
        notifications.new_account_code(email, code)


@public
def open_account(request: HttpRequest) -> HttpResponse:
    """The code received at the address, typed in the very session that the provider sent back."""
    facts = held(request, OPENING)
    if facts is None:
        return redirect("account_login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        hold(request, OPENING, facts | {"tries": facts["tries"] + 1})
        is_right = constant_time_compare(digest_of(clean_code(form.cleaned_data["code"])), facts["digest"])
        if facts["tries"] < MOST_TRIES and is_right:
            return _opened(request, facts["email"])
        form.add_error("code", "Ce code n’est pas le bon, ou il a été essayé trop de fois.")
    return render(request, "accounts/psc_open.html", {"form": form, "email": facts["email"]})


def _opened(request: HttpRequest, email: str) -> HttpResponse:
    facts = release(request, OPENING)
    assert facts
    release(request, UNKNOWN)
    person = identity_from(facts["identity"])
    try:
        user = identities.open_account(identity=person, email=email, at=timezone.now())
    except DomainError as error:
        context = {"title": "Pro Santé Connect", "text": error.user_message}
        return render(request, "layout/error.html", context, status=403)
    return enter_as(request, user, person)
