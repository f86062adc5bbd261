"""Open sessions, each of which knows whose it is and when it last served."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.crypto import salted_hmac


class SessionQuerySet(models.QuerySet["Session"]):
    """Chainable reads. Each name completes the sentence "sessions ..."."""

    def open_at(self, at: datetime) -> Self:
        return self.filter(expire_date__gt=at)

    def by_last_use(self) -> Self:
        return self.order_by("-used_at", "pk")


class Session(AbstractBaseSession):
    """What a browser keeps open. Its key is a digest of the secret of the cookie; pages name it by `reference`.

    Retention: erased the day after it expires.
    """

    RETENTION_DAYS = 1
    PERSONAL_DATA = "appareil, début d’adresse réseau et dernière utilisation"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="open_sessions"
    )
    used_at = models.DateTimeField("dernière utilisation")

    objects = SessionQuerySet.as_manager()  # type: ignore[assignment,misc]  # Django's manager only saves and decodes

    class Meta:
        verbose_name = "connexion"

    def __str__(self) -> str:
        return f"connexion du {self.used_at:%d/%m/%Y}"

    @classmethod
    def get_session_store_class(cls) -> Any:
        from maillage.accounts.sessions import SessionStore  # noqa: PLC0415  # which reads this model

        return SessionStore

    @property
    def reference(self) -> str:
        """Names the session in a page without giving it away."""
        return salted_hmac("accounts.session", self.session_key, algorithm="sha256").hexdigest()[:24]
