"""Identities of the provider, Pro Santé Connect, tied to accounts by the people themselves."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class LinkedIdentityQuerySet(models.QuerySet["LinkedIdentity"]):
    """Chainable reads. Each name completes the sentence "identities ..."."""

    def in_force(self) -> Self:
        return self.filter(ended_at=None)


class LinkedIdentity(models.Model):
    """One account that opens by Pro Santé Connect. The key is the identifier it vouches for, never a name or address.

    Retention: five years after it ended, with the proofs of national numbers.
    """

    RETENTION_DAYS = 5 * 365
    PERSONAL_DATA = "identifiant national, noms transmis par Pro Santé Connect"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="linked_identities")
    issuer = models.CharField("fournisseur", max_length=250)
    identifier = models.CharField("identifiant national", max_length=120)
    given_name = models.CharField("prénom transmis", max_length=80, blank=True)
    family_name = models.CharField("nom transmis", max_length=80, blank=True)
    linked_at = models.DateTimeField("reliée le")
    used_at = models.DateTimeField("dernière connexion", null=True, blank=True)
    ended_at = models.DateTimeField("déliée le", null=True, blank=True)

    objects = LinkedIdentityQuerySet.as_manager()

    class Meta:
        verbose_name = "identité reliée"
        verbose_name_plural = "identités reliées"
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "identifier"], condition=Q(ended_at=None), name="identity_opens_one_account"
            ),
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at=None), name="account_has_one_identity"),
            models.CheckConstraint(
                name="identity_ends_after_it_begins", condition=Q(ended_at=None) | Q(ended_at__gte=F("linked_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.identifier
