"""Sign-up and the forgotten password: the same answer, and the same work, whether the address is known or not."""

from typing import Any

from allauth.account.forms import BaseConfirmCodeForm
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.models import EmailAddress
from allauth.core import context
from django.contrib.auth.hashers import make_password
from django.forms import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from maillage.accounts.actions import account_of
from maillage.accounts.limits import PASSWORD_CHANGE, RESET, RESET_BLOCK, SIGN_UP, SIGN_UP_BLOCK, SIGN_UP_CODES
from maillage.accounts.models import AccountKind, User
from maillage.core.limits import Limit, LimitReached, spend, spend_from


class SignupForm(AllauthSignupForm):
    """allauth's form, where an external account of the same address (a regulator, say) does not stand in the way."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if not self.errors:
            _spend_or_refuse(SIGN_UP, SIGN_UP_BLOCK)
        return data

    def validate_unique_email(self, value: str) -> str:
        if account_of(value) is None and not EmailAddress.objects.filter(email__iexact=value).exists():
            self.account_already_exists = False
            return value.lower()
        email: str = super().validate_unique_email(value)
        return email

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])  # as long as the account that is not made would have taken
        return super().try_save(request)


class AddressCodeForm(BaseConfirmCodeForm):
    """The code of a sign-up, under the same rule: only an account that opens with a password holds the address."""

    def __init__(self, *args: Any, user: User | None = None, email: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.email = user, email
        self.fields["code"].widget.attrs = {"autocomplete": "one-time-code"}

    def clean_code(self) -> str:
        try:
            spent = spend(SIGN_UP_CODES, at=timezone.now(), of=(self.email or "").lower())
        except LimitReached as error:
            raise ValidationError(error.user_message) from error
        code: str = super().clean_code()
        spent.give_back()
        if account_of(self.email or "") != self.user:
            raise ValidationError("Cette adresse est celle d’un autre compte.")
        return code


class ResetPasswordForm(AllauthResetPasswordForm):
    """allauth's form, for accounts that open with a password: one message, whoever the address belongs to."""

    users: list[User]

    def clean_email(self) -> str:
        _spend_or_refuse(RESET, RESET_BLOCK)
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.kind == AccountKind.PASSWORD][:1]
        return email


class ChangePasswordForm(AllauthChangePasswordForm):
    """A session left open on a desk does not try the password that it asks for again and again."""

    def clean_oldpassword(self) -> str:
        try:
            spent = spend(PASSWORD_CHANGE, at=timezone.now(), account=self.user.pk)
        except LimitReached as error:
            raise ValidationError(error.user_message) from error
        password: str = super().clean_oldpassword()
        spent.give_back()
        return password


def _spend_or_refuse(*limits: Limit) -> None:
    """Raises ValidationError: the form keeps what was typed, and says when to try again."""
    try:
        spend_from(context.request, *limits)
    except LimitReached as error:
        raise ValidationError(error.user_message) from error
