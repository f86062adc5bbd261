"""allauth's forms of second factors, in words people know."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from maillage.accounts.models import User
from maillage.accounts.signing_in.guessing import try_code
from maillage.core.limits import LimitReached

LIFE_OF_A_CODE = 30 * (1 + 2 * settings.MFA_TOTP_TOLERANCE)  # seconds, from the first it can be typed to the last
LONGEST_KEY = 20_000
CODE_ATTRIBUTES = {"autocomplete": "one-time-code"}
NAME_LABEL, NAME_HELP = "Nom de la clé", "Pour la reconnaître : « Téléphone de Claire », « Clé USB du bureau »."


def serve_once(code: str, user: User) -> None:
    """Raises ValidationError for a code that served already.

    allauth forgets it after one period; with the neighbours that a slow telephone needs, it lives three.
    """
    if not cache.add(f"code-served:{user.pk}:{normalize_user_code(code)}", "served", timeout=LIFE_OF_A_CODE):
        raise get_adapter().validation_error("incorrect_code")


class Counted:
    """A code is counted before it is looked at, and given back when it is right; it serves once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs = dict(CODE_ATTRIBUTES)  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        try:
            spent = try_code(context.request, self.user, at=timezone.now())  # type: ignore[attr-defined]
        except LimitReached as error:
            raise forms.ValidationError(error.user_message) from error
        code: str = super().clean_code()  # type: ignore[misc]
        serve_once(code, self.user)  # type: ignore[attr-defined]
        spent.give_back()
        return code


class CodeForm(Counted, AuthenticateForm):
    """The second factor of a sign-in."""


class FreshCodeForm(Counted, ReauthenticateForm):
    """The same, asked again before what is sensitive."""


class KeyField(forms.JSONField):
    """What a browser says of a key: an object of a few kilobytes, read here before a library reads it."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            said = super().to_python(value) if len(value or "") <= LONGEST_KEY else None
        except (ValueError, RecursionError):  # numbers of thousands of digits, brackets in brackets
            said = None
        if not isinstance(said, dict):
            raise get_adapter().validation_error("incorrect_code")
        return said


@contextmanager
def odd_shapes_refused() -> Iterator[None]:
    """allauth foresees what a wrong key says, and not every shape of it: each is an incorrect code."""
    try:
        yield
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise get_adapter().validation_error("incorrect_code") from error


class ReadsAKey:
    """What a key answers, whatever its shape."""

    def clean_credential(self) -> Any:
        with odd_shapes_refused():
            return super().clean_credential()  # type: ignore[misc]


class KeyForm(ReadsAKey, AuthenticateWebAuthnForm):
    """A key as the second factor of a sign-in."""

    credential = KeyField()


class KeyAloneForm(ReadsAKey, LoginWebAuthnForm):
    """A key as the whole of a sign-in."""

    credential = KeyField()


class FreshKeyForm(ReadsAKey, ReauthenticateWebAuthnForm):
    """A key asked again before what is sensitive."""

    credential = KeyField()


class FirstCodeForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code affiché par l’application"
        self.fields["code"].widget.attrs = dict(CODE_ATTRIBUTES)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        serve_once(code, self.user)
        return code


class AddKeyForm(AddWebAuthnForm):
    credential = KeyField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(
            label=NAME_LABEL, help_text=NAME_HELP, max_length=60, required=False, initial=self.initial["name"]
        )
        self.fields["passwordless"] = forms.BooleanField(
            label="Me connecter avec elle sans mot de passe", required=False, initial=True
        )

    def clean(self) -> Any:
        with odd_shapes_refused():
            return super().clean()


class RenameKeyForm(EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(label=NAME_LABEL, help_text=NAME_HELP, max_length=60)
