"""Who governs, and with whom agreements are signed: both end on a day that somebody must see coming."""

import uuid
from datetime import date
from typing import Self, TypeVar

from django.db import models
from django.db.models import F, Q

from maillage.cpts.models import Cpts
from maillage.members.models.membership import Membership
from maillage.records.models import Attachment

Ending = TypeVar("Ending", bound=models.Model)


class EndingQuerySet(models.QuerySet[Ending]):
    """Chainable, lazy reads of what starts and ends."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def in_force(self, on: date) -> Self:
        """Started, and not over. Half-open: the day of the end is the first one without."""
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gt=on))

    def ending_before(self, on: date) -> Self:
        return self.filter(ends_on__isnull=False, ends_on__lte=on)


class MandateQuerySet(EndingQuerySet["Mandate"]):
    """Each name completes the sentence "mandates ..."."""


class ConventionQuerySet(EndingQuerySet["Convention"]):
    """Each name completes the sentence "conventions ..."."""


class Body(models.TextChoices):
    BUREAU = "bureau", "bureau"
    COUNCIL = "council", "conseil d’administration"
    OTHER = "other", "autre instance"


class Mandate(models.Model):
    """A function that one member holds in one body, from a day to another.

    Retention: goes with the membership.
    """

    RETENTION_DAYS = Membership.RETENTION_DAYS
    PERSONAL_DATA = "fonction d’un membre"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="mandates")
    body = models.CharField("instance", max_length=10, choices=Body)
    function = models.CharField("fonction", max_length=80)
    starts_on = models.DateField("depuis le")
    ends_on = models.DateField("jusqu’au (exclu)", null=True, blank=True)
    reminded_on = models.DateField("rappelé le", null=True, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = "mandat"
        constraints = [
            models.CheckConstraint(
                name="mandate_ends_after_it_starts", condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.function}, {self.get_body_display()}"


class Convention(models.Model):
    """An agreement with a partner: a hospital, an EHPAD, a DAC, a commune.

    Retention: six years after its end, with the proofs of the agreement with the Assurance maladie.
    """

    RETENTION_DAYS = 6 * 365
    PERSONAL_DATA = "signataires d’une convention"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    partner = models.CharField("partenaire", max_length=160)
    signatories = models.CharField("signataires", max_length=200, blank=True)
    purpose = models.CharField("objet", max_length=300)
    starts_on = models.DateField("en vigueur depuis le")
    ends_on = models.DateField("jusqu’au (exclu)", null=True, blank=True)
    is_renewed_tacitly = models.BooleanField("se renouvelle sans démarche", default=False)
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="document signé"
    )
    reminded_on = models.DateField("rappelée le", null=True, blank=True)

    objects = ConventionQuerySet.as_manager()

    class Meta:
        verbose_name = "convention"
        constraints = [
            models.CheckConstraint(
                name="convention_ends_after_it_starts", condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"convention avec {self.partner}"
