"""Sign-in by address and password, for password accounts only; others are vouched for by the identity provider."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.base_user import AbstractBaseUser

from maillage.accounts.models import AccountKind, User
from maillage.core.sql.rows import Columns, read_one

ACCOUNT = Columns(User)


class PasswordBackend(AuthenticationBackend):
    """allauth's backend, timing mitigation included, on accounts that own a password.

    An external account may carry the same address: it never opens with a password.
    """

    def _authenticate_by_email(self, email: str, password: str) -> AbstractBaseUser | None:
        user = User.objects.filter(email__iexact=email, kind=AccountKind.PASSWORD).first()
        checked: AbstractBaseUser | None = self._check_password(user, password)
        return checked

    def get_user(self, user_id: int) -> User | None:
        return _account(user_id, AccountKind.PASSWORD)


class IdentityBackend(BaseBackend):
    """Keeps the session of an external account. It opens none: that is for whoever heard the provider."""

    def get_user(self, user_id: int) -> User | None:
        return _account(user_id, AccountKind.EXTERNAL)


def _account(user_id: int, kind: AccountKind) -> User | None:
    """While it is open. Read by a statement made once: every page begins with it."""
    user = read_one(ACCOUNT, "one.id = %s", [user_id])
    return user if user and user.is_active and user.kind == kind else None
