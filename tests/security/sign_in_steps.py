"""Signing in as people do: address, password, then what their telephone shows."""

import base64
import secrets
import time

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from tests.factories import PASSWORD

LOGIN = "/compte/login/"


def type_password(client, user, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": user.email, "password": password} | more)


def enrol(user) -> str:
    """An authenticator application, already set up; its secret, which only the telephone and the instance know."""
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def secret_of(user) -> str:
    row = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    return get_adapter().decrypt(row.data["secret"])


def code_of(secret: str, *, periods_ago: int = 0) -> str:
    """What the application shows now, or showed some half minutes ago."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 - periods_ago))


def sign_in(client, user, password=PASSWORD):
    """The whole way of somebody who has an application."""
    type_password(client, user, password)
    return client.post("/compte/2fa/authenticate/", {"code": code_of(secret_of(user))})


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session
