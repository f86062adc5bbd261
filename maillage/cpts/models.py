"""The tenant: one communauté professionnelle territoriale de santé."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.text import slugify

from maillage.core.text import normalised
from maillage.geography.models import Departement


class Stage(models.TextChoices):
    """Where a CPTS stands, in the terms of the national statistics."""

    EMERGENCE = "emergence", "émergence"
    LETTER_SENT = "letter-sent", "lettre d’intention déposée"
    LETTER_VALIDATED = "letter-validated", "lettre d’intention validée"
    PROJECT_SENT = "project-sent", "projet de santé déposé"
    PROJECT_VALIDATED = "project-validated", "projet de santé validé"
    CONTRACT_SIGNED = "contract-signed", "contrat ACI signé"


class Approval(models.TextChoices):
    """Whether somebody who answers for the territory said that this CPTS is one. Anybody may found a workspace."""

    WAITING = "waiting", "en attente d’approbation"
    APPROVED = "approved", "approuvée"
    REFUSED = "refused", "refusée"


class CptsQuerySet(models.QuerySet["Cpts"]):
    """Chainable reads. Each name completes the sentence "CPTS ..."."""

    def approved(self) -> Self:
        """Those that others than their own team may see: the public, neighbours, institutions, the SAS."""
        return self.filter(approval=Approval.APPROVED)


class Cpts(models.Model):
    """One CPTS. Once approved its name and stage are public; everything else of it hangs from `cpts`."""

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField("nom", max_length=120)
    # Unique whatever the accents and capitals: two CPTS never answer to one name.
    search_name = models.CharField("nom normalisé", max_length=120, unique=True)
    slug = models.SlugField("nom dans les adresses", max_length=80, unique=True)
    # Decides which institutions see it: they hold their roles on a département or a région.
    departement = models.ForeignKey(Departement, models.PROTECT, related_name="cpts", verbose_name="département")
    stage = models.CharField("étape", max_length=20, choices=Stage, default=Stage.EMERGENCE)
    # Wanted for patient data, off by default: such modules demand an HDS-certified host.
    modules = models.JSONField("modules activés", default=list, blank=True)
    settings = models.JSONField("réglages", default=dict, blank=True)
    created_at = models.DateTimeField("créée le")
    approval = models.CharField("approbation", max_length=8, choices=Approval, default=Approval.WAITING)
    # Asked of the guichet by its founders, once their project is ready to be read.
    approval_asked_at = models.DateTimeField("approbation demandée le", null=True, blank=True)
    decided_at = models.DateTimeField("décidée le", null=True, blank=True)
    decision_reason = models.CharField("motif de la décision", max_length=500, blank=True)
    # The account that founded it; accounts lie above, so no key leads there.
    founder = models.BigIntegerField("compte fondateur", null=True, blank=True)

    objects = CptsQuerySet.as_manager()

    class Meta:
        verbose_name = "CPTS"
        verbose_name_plural = "CPTS"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["founder"], condition=Q(approval="waiting"), name="cpts_waits_one_at_a_time_for_an_account"
            ),
            models.CheckConstraint(
                name="cpts_decided_at_goes_with_its_decision",
                condition=Q(approval="waiting", decided_at=None)
                | (~Q(approval="waiting") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_approved(self) -> bool:
        return self.approval == Approval.APPROVED

    @property
    def with_article(self) -> str:
        """As it is said in a sentence: la CPTS du Bergeracois."""
        return f"la {self.name}" if self.name.startswith("CPTS") else f"la CPTS {self.name}"

    @property
    def bare_name(self) -> str:
        """Normalised, without the words that every CPTS name holds: what duplicates are compared on."""
        return " ".join(word for word in normalised(self.name).split() if len(word) > 1 and word not in COMMON_WORDS)


COMMON_WORDS = frozenset("cpts communaute professionnelle territoriale de du des la le les en pays sante et".split())


def slug_for(name: str, taken: set[str]) -> str:
    """A free slug for this name: cpts-du-bergeracois, then cpts-du-bergeracois-2."""
    base = slugify(name)[:70] or "cpts"
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
