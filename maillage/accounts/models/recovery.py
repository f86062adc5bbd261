"""What gets an account back to its person, or takes it back from somebody else: a changed address, a lost telephone."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from maillage.cpts.models import Cpts


class AddressChange(models.Model):
    """An address that takes the place of another: proved by a code, told to the old one, undone from there.

    Retention: one year, the time somebody may ask how an account changed hands.
    """

    RETENTION_DAYS = 365
    PERSONAL_DATA = "ancienne et nouvelle adresses électroniques"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="address_changes")
    old_email = models.EmailField("ancienne adresse")
    new_email = models.EmailField("nouvelle adresse")
    digest = models.CharField("empreinte du code", max_length=64)
    tries = models.PositiveSmallIntegerField("essais", default=0)
    asked_at = models.DateTimeField("demandé le")
    expires_at = models.DateTimeField("expire le")
    confirmed_at = models.DateTimeField("confirmé le", null=True, blank=True)
    undone_at = models.DateTimeField("annulé le", null=True, blank=True)

    class Meta:
        verbose_name = "changement d’adresse"
        verbose_name_plural = "changements d’adresse"
        constraints = [
            models.CheckConstraint(name="address_really_changes", condition=~Q(old_email=F("new_email"))),
        ]

    def __str__(self) -> str:
        return f"changement d’adresse de {self.user}"


class AccountRecovery(models.Model):
    """A telephone or a key is lost: somebody checked in person who asks, and said them a code, kept as a digest.

    Retention: five years, as proofs of identity.
    """

    RETENTION_DAYS = 5 * 365
    PERSONAL_DATA = "compte récupéré, pièce vérifiée, nom de qui l’a vérifiée"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recoveries")
    # Null when the administrator checked: only for accounts that no CPTS knows.
    cpts = models.ForeignKey(Cpts, models.SET_NULL, null=True, blank=True, related_name="+")
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    checked_by_name = models.CharField("vérifié par", max_length=200)
    document = models.CharField("pièce vérifiée", max_length=80)
    digest = models.CharField("empreinte du code", max_length=64)
    tries = models.PositiveSmallIntegerField("essais", default=0)
    created_at = models.DateTimeField("vérifié le")
    expires_at = models.DateTimeField("expire le")
    used_at = models.DateTimeField("servi le", null=True, blank=True)

    class Meta:
        verbose_name = "récupération de compte"
        verbose_name_plural = "récupérations de comptes"
        constraints = [
            models.CheckConstraint(
                name="recovery_is_checked_by_somebody_else", condition=~Q(checked_by=F("user")) | Q(checked_by=None)
            ),
            models.CheckConstraint(name="recovery_says_what_was_checked", condition=~Q(document="")),
        ]

    def __str__(self) -> str:
        return f"récupération du compte de {self.user}"
