"""What we change of allauth: names at sign-up, limits, what a fresh proof is, the device known after a sign-in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.actions.addresses import not_me_url
from maillage.accounts.limits import ACCOUNT_MAILS
from maillage.accounts.models import User
from maillage.accounts.signing_in import devices, means
from maillage.accounts.signing_in.guessing import try_password
from maillage.accounts.signing_in.secrets import open_text, seal_text
from maillage.core.addresses import check_plain
from maillage.core.limits import LimitReached, allows

FACTOR, BEGUN_WITH = "factor", "begun_with"
RESET = "account/email/password_reset_key"
ASKED_FROM_FORMS = (
    RESET,
    "account/email/email_confirm",
    "account/email/account_already_exists",
    "account/email/unknown_account",
)


class AccountAdapter(DefaultAccountAdapter):
    """Its own limits are off (ACCOUNT_RATE_LIMITS): they lock people out of their account."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.given_name = form.cleaned_data["given_name"]
        user.family_name = form.cleaned_data["family_name"]
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def clean_email(self, email: str) -> str:
        cleaned: str = super().clean_email(email)
        check_plain(cleaned)
        return cleaned

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Before a password is looked at, here or where it is asked again: the try is counted, under one spelling."""
        check_plain(credentials.get("email", ""))
        try:
            self._spent = try_password(request, credentials.get("email", ""), at=timezone.now())
        except LimitReached as error:
            raise ValidationError(error.user_message) from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user:
            self._spent.give_back()
        return user

    def pre_login(self, request: HttpRequest, user: User, **facts: Any) -> HttpResponse | None:
        """A sign-in that waits for its second proof holds to the password it began with."""
        request.session[BEGUN_WITH] = user.get_session_auth_hash()
        response: HttpResponse | None = super().pre_login(request, user, **facts)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Not once the account was taken back, or has another password, since the first step."""
        if request.session.pop(BEGUN_WITH, None) not in {None, user.get_session_auth_hash()}:
            messages.error(request, "Ce compte a changé depuis que vous avez commencé : connectez-vous de nouveau.")
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **facts: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **facts)
        devices.remember(response, user, request=request)
        return response

    def send_notification_mail(self, template_prefix: str, user: User, context: Any = None, email: Any = None) -> None:
        """Whatever changed, the mail says how to take the account back in one press."""
        mail_context = (context or {}) | {"not_me_url": not_me_url(user)}
        super().send_notification_mail(template_prefix, user, mail_context, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What anybody may ask for from our forms fills nobody's mailbox: a few an hour to one address. A notice of
        what was done to an account always leaves: silencing it would hide a thief."""
        is_asked = template_prefix.startswith(ASKED_FROM_FORMS)
        if is_asked and not allows(ACCOUNT_MAILS, at=timezone.now(), of=email.lower()):
            return
        user = context.get("user")
        if template_prefix == RESET and isinstance(user, User) and means.is_tied(user):
            template_prefix = "account/email/opens_by_card"  # its card, not its mailbox
        super().send_mail(template_prefix, email, context)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """One rule for allauth's pages and ours: signing in a moment ago is a fresh proof."""
        return not means.is_recent(self.request)

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """A session that was opened by more than a password asks for more than a password."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if means.is_tied(user):
            address = f"{reverse('accounts:psc')}?pour=confirmer"
            methods.append({"id": means.PSC, "description": "Pro Santé Connect", "url": address})
        strong = [method for method in methods if method["id"] != "reauthenticate"]
        return strong if strong and means.asks_for_more(self.request) else methods


class FactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are sealed: a copy of the database gives nobody's codes."""

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return "Clé d’accès" if number == 1 else f"Clé d’accès {number}"

    def encrypt(self, text: str) -> str:
        return seal_text(text, purpose=FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return open_text(encrypted_text, purpose=FACTOR)
