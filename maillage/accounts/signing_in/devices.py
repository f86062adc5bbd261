"""Devices that an account is used from: known by a signed cookie, set once the person has signed in there.

A guesser has none, so the person still enters while their account is guessed from elsewhere (the module guessing), and
hears of a sign-in from a device that is new. The cookie names nobody: it carries a number of its own, and for each
account a digest that a changed password makes worthless.
"""

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from maillage.accounts.actions import account_of
from maillage.accounts.models import User

SALT = "accounts.device"
KEPT_ACCOUNTS = 20  # of one device: the computer of a desk serves several people


@dataclass(frozen=True)
class Device:
    """What a cookie says of the device that holds it: its number, and the accounts known there, the latest first."""

    number: str
    accounts: tuple[str, ...] = ()


def device_of(request: HttpRequest) -> Device | None:
    """None without a cookie that we signed, not long ago."""
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        number, *accounts = signing.loads(cookie, salt=SALT, max_age=_seconds())
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Device(number, tuple(accounts))


def knows(request: HttpRequest, user: User | str | None) -> bool:
    """Whether that account, or that of this address, has already signed in from the device that asks."""
    device = device_of(request)
    if device is None:
        return False
    account = account_of(user) if isinstance(user, str) else user
    return account is not None and digest_of(account) in device.accounts


def remember(response: HttpResponse, user: User, *, request: HttpRequest) -> None:
    """The device that gets this response is known to that account from now on."""
    device = device_of(request) or Device(secrets.token_urlsafe(12))
    mine = digest_of(user)
    accounts = [mine, *(account for account in device.accounts if account != mine)][:KEPT_ACCOUNTS]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([device.number, *accounts], salt=SALT),
        max_age=_seconds(),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def digest_of(user: User) -> str:
    """Of the account and its password: as long as a session opened there would hold."""
    return salted_hmac(SALT, f"{user.uuid}{user.get_session_auth_hash()}", algorithm="sha256").hexdigest()[:20]


def _seconds() -> int:
    days: int = settings.DEVICE_DAYS
    return days * 86_400
