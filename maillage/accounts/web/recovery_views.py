"""What changes hands: an address, a lost telephone, an account somebody else got into."""

from uuid import UUID

from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.actions import addresses, recoveries
from maillage.accounts.limits import ADDRESS_CHANGES, SPOKEN_CODES
from maillage.accounts.models import AccountKind, RoleAssignment, User
from maillage.accounts.permissions import INSTANCE_MANAGE, TEAM_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in import means
from maillage.accounts.signing_in.proving import STRONG_WANTED, recently_proved
from maillage.accounts.web.forms import CheckForm, CodeForm, NewAddressForm
from maillage.core.errors import DomainError
from maillage.core.limits import LimitReached, spend
from maillage.core.screens.access import own_account, public
from maillage.core.screens.gone import gone
from maillage.cpts.models import Cpts


@own_account
@recently_proved
def address(request: HttpRequest) -> HttpResponse:
    """A new address for the account: a code is sent there, and the old one is warned."""
    assert isinstance(request.user, User)
    form = NewAddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            spend(ADDRESS_CHANGES, at=at, account=request.user.pk)
            addresses.ask_address_change(user=request.user, email=form.cleaned_data["email"], at=at)
        except DomainError as error:
            form.add_error("email", error.user_message)
        else:
            return redirect("accounts:address_code")
    return render(request, "accounts/address.html", {"form": form, "is_code": False})


@own_account
@recently_proved
def address_code(request: HttpRequest) -> HttpResponse:
    """The code that the new address received."""
    assert isinstance(request.user, User)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            addresses.confirm_address_change(user=request.user, text=form.cleaned_data["code"], at=at)
        except DomainError as error:
            form.add_error("code", error.user_message)
        else:
            messages.success(request, f"Votre adresse est maintenant {request.user.email}.")
            return redirect("accounts:connections")
    return render(request, "accounts/address.html", {"form": form, "is_code": True})


@public
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """« Ce n’est pas moi », from a mail. Opening the page changes nothing; the button does."""
    try:
        user = addresses.check_token(token)
        if request.method == "POST":
            addresses.take_back(token=token, at=timezone.now())
            return render(request, "accounts/taken_back.html")
    except DomainError as error:
        return gone(request, "Ce n’est pas moi", error.user_message)
    return render(request, "accounts/not_me.html", {"account": user})


@public
def lost_device(request: HttpRequest) -> HttpResponse:
    """After the password, without the second factor: the code that somebody who checked in person gave."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None:
        return redirect("account_login")
    user = stage.login.user
    form = CodeForm(request.POST or None)
    form.fields["code"].label = "Code donné en personne"
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            spend(SPOKEN_CODES, at=at, account=user.pk)
            recoveries.use_recovery(user=user, text=form.cleaned_data["code"], at=at)
        except (DomainError, LimitReached) as error:
            form.add_error("code", error.user_message)
        else:
            means.prove(request, user, means.FACE_TO_FACE)
            response: HttpResponse = stage.exit()
            if request.user.is_authenticated:  # what was lost is replaced now, or the password is alone again
                request.session[STRONG_WANTED] = True
                response["Location"] = reverse("accounts:protect")
            return response
    return render(request, "accounts/lost_device.html", {"form": form})


@requires(TEAM_MANAGE)
@recently_proved
def check_in_person(request: CptsRequest, user_uuid: UUID) -> HttpResponse:
    """For somebody of the CPTS whose telephone or key is lost, and who is here."""
    of_the_team = RoleAssignment.objects.of(request.cpts).values("user")
    user = get_object_or_404(User, uuid=user_uuid, kind=AccountKind.PASSWORD, pk__in=of_the_team)
    return _check(request, user, request.cpts)


@requires(INSTANCE_MANAGE)
@recently_proved
def check_for_instance(request: CptsRequest, user_uuid: UUID) -> HttpResponse:
    """The same, for whom no CPTS knows: an institution, another administrator."""
    user = get_object_or_404(User, uuid=user_uuid, kind=AccountKind.PASSWORD)
    return _check(request, user, None)


def _check(request: CptsRequest, user: User, cpts: Cpts | None) -> HttpResponse:
    form = CheckForm(request.POST or None)
    code = ""
    if request.method == "POST" and form.is_valid():
        facts = {"document": form.cleaned_data["document"], "by": request.user, "at": timezone.now()}
        try:
            code = recoveries.check_in_person(user=user, cpts=cpts, **facts)
        except DomainError as error:
            form.add_error(None, error.user_message)
    context = {"form": form, "account": user, "code": f"{code[:4]} {code[4:]}" if code else ""}
    return render(request, "accounts/check_in_person.html", context)
