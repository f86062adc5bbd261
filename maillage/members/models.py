"""Members of a CPTS. One professional may belong to two."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from maillage.cpts.models import Cpts
from maillage.directory.models import Practitioner, PractitionerRole
from maillage.geography.models import Commune


class MembershipStatus(models.TextChoices):
    REQUESTED = "requested", "demandée"
    ACCEPTED = "accepted", "acceptée"
    UP_TO_DATE = "up-to-date", "à jour"
    LEFT = "left", "partie"


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Chainable, lazy reads. Each name completes the sentence "memberships ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def current(self) -> Self:
        return self.filter(status__in=[MembershipStatus.ACCEPTED, MembershipStatus.UP_TO_DATE])

    def for_listing(self) -> Self:
        """All that the list of members touches, in one query."""
        return self.select_related("commune", "practitioner_role")


class Membership(models.Model):
    """One person in one CPTS; tied to their exercise in the directory when they have one.

    Retention: five years after they left, the time of the contract it is evidence for.
    """

    RETENTION_DAYS = 5 * 365
    PERSONAL_DATA = "identité et adhésion"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="memberships")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, null=True, blank=True, related_name="memberships")
    practitioner_role = models.ForeignKey(PractitionerRole, models.PROTECT, null=True, blank=True, related_name="+")
    given_name = models.CharField("prénom", max_length=80)
    family_name = models.CharField("nom", max_length=80)
    search_name = models.CharField("nom normalisé", max_length=170)
    occupation = models.CharField("profession ou fonction", max_length=80)
    commune = models.ForeignKey(Commune, models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField("adhésion", max_length=12, choices=MembershipStatus, default=MembershipStatus.REQUESTED)
    joined_on = models.DateField("adhère depuis le", null=True, blank=True)
    left_on = models.DateField("partie le", null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "adhésion"
        indexes = [models.Index(fields=["cpts", "search_name"], name="membership_by_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["cpts", "practitioner"],
                condition=Q(practitioner__isnull=False) & ~Q(status="left"),
                name="membership_is_single_in_a_cpts",
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_starts",
                condition=Q(left_on=None) | Q(joined_on=None) | Q(left_on__gte=F("joined_on")),
            ),
            models.CheckConstraint(
                name="membership_left_on_goes_with_left",
                condition=Q(status="left", left_on__isnull=False) | (~Q(status="left") & Q(left_on=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"
