"""Colleges: how the statutes of a CPTS group its members."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Count, Q

from maillage.cpts.models import Cpts


class CollegeQuerySet(models.QuerySet["College"]):
    """Chainable, lazy reads. Each name completes the sentence "colleges ..."."""

    def with_counts(self) -> Self:
        """How many members each holds today, as `members_count`."""
        inside = Q(memberships__status__in=["accepted", "up-to-date"])
        return self.annotate(members_count=Count("memberships", filter=inside))


class College(models.Model):
    """One college of one CPTS: its name, its weight in votes, what its members pay a year. None is assumed.

    Retention: while the CPTS lives.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "aucune"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="colleges")
    name = models.CharField("nom", max_length=80)
    weight = models.DecimalField("poids dans les votes", max_digits=5, decimal_places=2, default=1)
    has_vote = models.BooleanField("vote", default=True)  # otherwise its voice is consultative
    # Null: the statutes say nothing; zero: they say that membership is free.
    yearly_fee = models.DecimalField("cotisation annuelle", max_digits=7, decimal_places=2, null=True, blank=True)

    objects = CollegeQuerySet.as_manager()

    class Meta:
        verbose_name = "collège"
        constraints = [
            models.UniqueConstraint(fields=["cpts", "name"], name="college_name_is_single_in_a_cpts"),
            models.CheckConstraint(
                name="college_weight_and_fee_are_not_negative",
                condition=Q(weight__gte=0) & (Q(yearly_fee=None) | Q(yearly_fee__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return self.name
