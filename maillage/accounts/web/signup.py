"""Sign-up: an address is taken only by the account that opens with it."""

from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.models import EmailAddress

from maillage.accounts.actions import account_of


class SignupForm(AllauthSignupForm):
    """allauth's form, where an external account of the same address (a regulator, say) does not stand in the way."""

    def validate_unique_email(self, value: str) -> str:
        if account_of(value) is None and not EmailAddress.objects.filter(email__iexact=value).exists():
            self.account_already_exists = False
            return value.lower()
        email: str = super().validate_unique_email(value)
        return email
