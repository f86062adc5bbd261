"""Sign-in by address and password, for password accounts only; others are vouched for by the identity provider."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.base_user import AbstractBaseUser

from maillage.accounts.models import AccountKind, User


class PasswordBackend(AuthenticationBackend):
    """allauth's backend, timing mitigation included, on accounts that own a password.

    An external account may carry the same address: it never opens with a password.
    """

    def _authenticate_by_email(self, email: str, password: str) -> AbstractBaseUser | None:
        user = User.objects.filter(email__iexact=email, kind=AccountKind.PASSWORD).first()
        checked: AbstractBaseUser | None = self._check_password(user, password)
        return checked

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()


class IdentityBackend(BaseBackend):
    """Keeps the session of an external account. It opens none: that is for whoever heard the provider."""

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True, kind=AccountKind.EXTERNAL).first()
