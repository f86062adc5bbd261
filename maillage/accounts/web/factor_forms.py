"""allauth's forms of second factors, in words people know."""

from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from maillage.accounts.models import User
from maillage.accounts.signing_in.guessing import try_code
from maillage.core.limits import LimitReached

LIFE_OF_A_CODE = 30 * (1 + 2 * settings.MFA_TOTP_TOLERANCE)  # seconds, from the first it can be typed to the last
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
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(
            label=NAME_LABEL, help_text=NAME_HELP, max_length=60, required=False, initial=self.initial["name"]
        )
        self.fields["passwordless"] = forms.BooleanField(
            label="Me connecter avec elle sans mot de passe", required=False, initial=True
        )


class RenameKeyForm(EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(label=NAME_LABEL, help_text=NAME_HELP, max_length=60)
