"""What libraries tell us of sign-in: a session opens, a second factor comes or goes."""

from datetime import timedelta
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from maillage.accounts import notifications
from maillage.accounts.actions import connections
from maillage.accounts.actions.addresses import not_me_token
from maillage.accounts.models import User
from maillage.accounts.permissions import ends_when_idle
from maillage.accounts.rules.devices import device_of, rough_network
from maillage.accounts.sessions import DEVICE, IDLE_SECONDS, NETWORK, OPENED_AT, stored_key_of
from maillage.accounts.signing_in import devices, means
from maillage.core.network import address_of

JUST_MADE = timedelta(hours=1)


@receiver(user_logged_in)
def note_session(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Every way in comes through here: the session learns when, from what, and when it ends."""
    session = request.session
    session[OPENED_AT] = timezone.now().timestamp()
    session[DEVICE] = device_of(request.META.get("HTTP_USER_AGENT", ""))
    session[NETWORK] = rough_network(address_of(request))
    session.pop(IDLE_SECONDS, None)
    if ends_when_idle(user):
        session[IDLE_SECONDS] = settings.SESSION_IDLE_MINUTES * 60
    _tell_of_a_new_device(request, user)


def _tell_of_a_new_device(request: HttpRequest, user: User) -> None:
    """By mail; not while an account is made, nor in the demonstration, whose people have no mailbox."""
    at = timezone.now()
    if settings.DEMO or not user.email or at - user.created_at < JUST_MADE or devices.knows(request, user):
        return
    facts = {"device": request.session[DEVICE], "network": request.session[NETWORK]}
    notifications.new_device(user, at=at, token=not_me_token(user), **facts)


@receiver(authenticator_added)
def note_new_factor(request: HttpRequest, user: User, authenticator: Any, **kwargs: Any) -> None:
    """Setting a second factor up is using it; sessions opened elsewhere before it end."""
    if authenticator.type != authenticator.Type.RECOVERY_CODES:
        means.prove(request, user, means.SECOND_FACTOR, type=authenticator.type, id=authenticator.pk)
    connections.end_others(user=user, kept=stored_key_of(request), at=timezone.now(), why="second facteur ajouté")


@receiver(authenticator_removed)
def note_lost_factor(request: HttpRequest, user: User, **kwargs: Any) -> None:
    connections.end_others(user=user, kept=stored_key_of(request), at=timezone.now(), why="second facteur retiré")


@receiver([password_changed, password_reset, password_set])
def note_new_password(request: HttpRequest, user: User, **kwargs: Any) -> None:
    key = stored_key_of(request) if request.user == user else None
    connections.end_others(user=user, kept=key, at=timezone.now(), why="mot de passe changé")
