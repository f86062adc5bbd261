"""Forms of accounts: names at sign-up, invitations, and the account made from one."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from maillage.accounts.models import CPTS_ROLES, Role, User
from maillage.core.addresses import EmailField
from maillage.core.screens.fields import NameField


class SignupNameForm(forms.Form):
    """What allauth's sign-up form lacks."""

    given_name = NameField(label="Prénom", max_length=80)
    family_name = NameField(label="Nom", max_length=80)

    field_order = ["given_name", "family_name", "email", "password1", "password2"]

    def signup(self, request: Any, user: User) -> None:
        """Asked for by allauth; the adapter has already saved the names."""


CPTS_ROLE_CHOICES = [(role.value, role.label) for role in CPTS_ROLES]


class InviteForm(forms.Form):
    email = EmailField(label="Adresse électronique", max_length=254)
    role = forms.ChoiceField(
        label="Rôle", initial=Role.MEMBER.value, choices=[(role.value, role.label) for role in CPTS_ROLES]
    )

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class AddressForm(forms.Form):
    """The address of an account, proved by a code sent there."""

    email = EmailField(label="Adresse électronique", max_length=254)


class CodeForm(forms.Form):
    """A one-time code of eight characters."""

    code = forms.CharField(
        label="Code reçu", max_length=20, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )


class NewAddressForm(forms.Form):
    """The address that takes the place of the one an account has."""

    email = EmailField(label="Nouvelle adresse électronique", max_length=254)


DOCUMENTS = ("Carte nationale d’identité", "Passeport", "Titre de séjour", "Carte de professionnel de santé (CPS)")


class CheckForm(forms.Form):
    """What was looked at, in person, before a code is given."""

    document = forms.ChoiceField(label="Pièce vérifiée", choices=[(name, name) for name in DOCUMENTS])
    is_there = forms.BooleanField(label="La personne est devant moi, et c’est bien elle")


class AcceptInvitationForm(forms.Form):
    """The account made by somebody who has none yet."""

    given_name = NameField(label="Prénom", max_length=80)
    family_name = NameField(label="Nom", max_length=80)
    password = forms.CharField(
        label="Mot de passe",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="12 caractères au moins, pas seulement des chiffres ; une phrase convient très bien.",
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            user = User(
                email=self.email, given_name=data.get("given_name", ""), family_name=data.get("family_name", "")
            )
            try:
                validate_password(password, user)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data
