"""Accounts of regulators, as the SAS declares them: known by identifier, never by e-mail."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q


class RegulatorQuerySet(models.QuerySet["Regulator"]):
    """Chainable, lazy reads. Each name completes the sentence "regulators ..."."""

    def known_as(self, system: str, value: str) -> Self:
        """By an identifier they bear, or bore: who bears it now first, then an open account, then the latest."""
        matching = self.filter(identifiers__system=system, identifiers__value=value)
        return matching.order_by("-identifiers__is_active", "-is_active", "-updated_at", "pk")


class Regulator(models.Model):
    """One person of a SAS who books for patients (FHIR Practitioner, profile FrPractitionerRegul).

    Apart from any member account: it opens nothing unless the person comes through the SAS.

    Retention: one year after the SAS closed it.
    """

    RETENTION_DAYS = 365
    PERSONAL_DATA = "identité et adresse électronique, données par le SAS"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    given_name = models.CharField("prénom", max_length=120)
    family_name = models.CharField("nom", max_length=120)
    email = models.CharField("adresse électronique", max_length=254)  # neither single nor checked: the contract says so
    is_active = models.BooleanField("ouvert", default=True)
    # What they sign in as, since they entered once: it tells which appointments they booked.
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="regulator"
    )
    entered_as = models.CharField("numéro national de la dernière entrée", max_length=120, blank=True)
    terms_accepted_at = models.DateTimeField("conditions acceptées le", null=True, blank=True)
    created_at = models.DateTimeField("créé le")
    updated_at = models.DateTimeField("modifié le")

    objects = RegulatorQuerySet.as_manager()

    class Meta:
        verbose_name = "compte de régulation"

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


class RegulatorIdentifier(models.Model):
    """One identifier of one regulator: national, or technical of the SAS.

    Retention: goes with the account.
    """

    RETENTION_DAYS = Regulator.RETENTION_DAYS
    PERSONAL_DATA = "identifiant d’un régulateur"

    regulator = models.ForeignKey(Regulator, models.CASCADE, related_name="identifiers")
    system = models.CharField("système", max_length=60)
    value = models.CharField("valeur", max_length=120)
    is_active = models.BooleanField("porté par un compte ouvert", default=True)

    class Meta:
        verbose_name = "identifiant de régulation"
        indexes = [models.Index(fields=["system", "value"], name="regulator_by_identifier")]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "value"], condition=Q(is_active=True), name="regulator_identifier_is_single"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system}|{self.value}"
