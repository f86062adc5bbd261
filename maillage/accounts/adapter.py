"""What we change of allauth: the names asked at sign-up, its limits, the device that is known after a sign-in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from maillage.accounts import devices
from maillage.accounts.limits import ACCOUNT_MAILS, try_password
from maillage.accounts.models import User
from maillage.core.limits import LimitReached, allows


class AccountAdapter(DefaultAccountAdapter):
    """Its own limits are off (ACCOUNT_RATE_LIMITS): they lock people out of their account."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.given_name = form.cleaned_data["given_name"]
        user.family_name = form.cleaned_data["family_name"]
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Before a password is looked at, here or where it is asked again: the try is counted."""
        try:
            self._spent = try_password(request, credentials.get("email", ""), at=timezone.now())
        except LimitReached as error:
            raise ValidationError(error.user_message) from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user:
            self._spent.give_back()
        return user

    def post_login(self, request: HttpRequest, user: User, **facts: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **facts)
        devices.remember(response, user, request=request)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A few an hour to one address, whoever asks: nobody's mailbox is filled from our forms."""
        if allows(ACCOUNT_MAILS, at=timezone.now(), of=email.lower()):
            super().send_mail(template_prefix, email, context)
