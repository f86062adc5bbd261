"""Which professional an account is: a national number and what proved it.

No key leads to the directory, which lies above: the number is the same integer as `directory.Practitioner.id`.
A number that somebody typed, or that a team wrote beside a name, is never here.
"""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from maillage.cpts.models import Cpts


class ProofMeans(models.TextChoices):
    """What the person did, themselves, to prove the number."""

    PSC = "psc", "Pro Santé Connect"
    MSSANTE = "mssante", "code reçu dans la boîte MSSanté personnelle de l’annuaire national"
    FACE_TO_FACE = "face-to-face", "vérification en personne par une CPTS"
    TRIAL = "trial", "personne inventée (démonstration ou campagne d’essai)"


class NumberProofQuerySet(models.QuerySet["NumberProof"]):
    """Chainable reads. Each name completes the sentence "proofs ..."."""

    def open(self) -> Self:
        """Not ended: a contested one still holds its number, so that nobody else takes it meanwhile."""
        return self.filter(ended_at=None)

    def in_force(self) -> Self:
        """Those that open something. `PROOF_IN_FORCE` says the same in SQL."""
        return self.open().filter(contested_at=None)

    def of_number(self, national_id: int) -> Self:
        return self.filter(national_id=national_id)


# `in_force()` for the statements written by hand: the proof of a number by the account that owns an agenda.
PROOF_IN_FORCE = "proof.ended_at IS NULL AND proof.contested_at IS NULL"


class NumberProof(models.Model):
    """One account proved to be one professional, by one means, on one day.

    Retention: five years after its end, the time somebody may ask who acted under their number.
    """

    RETENTION_DAYS = 5 * 365
    PERSONAL_DATA = "numéro national, moyen et date de la preuve"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="number_proofs")
    national_id = models.BigIntegerField("identifiant national")
    means = models.CharField("moyen", max_length=12, choices=ProofMeans)
    proved_at = models.DateTimeField("prouvé le")
    # Who checked, of a check in person.
    cpts = models.ForeignKey(Cpts, models.SET_NULL, null=True, blank=True, related_name="+")
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    checked_by_name = models.CharField("vérifié par", max_length=250, blank=True)
    contested_at = models.DateTimeField("contesté le", null=True, blank=True)
    ended_at = models.DateTimeField("terminé le", null=True, blank=True)
    end_reason = models.CharField("pourquoi", max_length=120, blank=True)

    objects = NumberProofQuerySet.as_manager()

    class Meta:
        verbose_name = "preuve de numéro national"
        constraints = [
            models.UniqueConstraint(
                fields=["national_id"], condition=Q(ended_at=None), name="number_is_proved_by_one_account"
            ),
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at=None), name="account_proves_one_number"),
            models.CheckConstraint(
                name="number_checked_in_person_says_by_whom",
                condition=~Q(means="face-to-face") | ~Q(checked_by_name=""),
            ),
            models.CheckConstraint(
                name="number_proof_ends_after_it_begins", condition=Q(ended_at=None) | Q(ended_at__gte=F("proved_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"numéro national de {self.user}"

    @property
    def is_in_force(self) -> bool:
        return self.ended_at is None and self.contested_at is None


class ProofCode(models.Model):
    """A code on its way: to a mailbox, or read aloud by whoever checks in person. Only its digest is kept.

    Retention: one day.
    """

    RETENTION_DAYS = 1
    PERSONAL_DATA = "empreinte d’un code à usage unique, numéro national"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    means = models.CharField("moyen", max_length=12, choices=ProofMeans)
    national_id = models.BigIntegerField("identifiant national")
    # Null while anybody may type it: a check in person does not know yet which account the person opened.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    # What it also binds, in the words of the app that made it: the membership checked in person.
    subject = models.UUIDField("objet", null=True, blank=True)
    digest = models.CharField("empreinte", max_length=64)
    cpts = models.ForeignKey(Cpts, models.CASCADE, null=True, blank=True, related_name="+")
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField("fait le")
    expires_at = models.DateTimeField("expire le")
    tries = models.PositiveSmallIntegerField("essais", default=0)
    used_at = models.DateTimeField("servi le", null=True, blank=True)

    class Meta:
        verbose_name = "code de preuve"
        indexes = [models.Index(fields=["digest"], name="proof_code_by_digest")]
        constraints = [
            models.CheckConstraint(
                name="proof_code_is_for_an_account_or_from_somebody",
                condition=Q(user__isnull=False) | Q(issued_by__isnull=False, cpts__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"code, {self.get_means_display()}"


class DisputeOutcome(models.TextChoices):
    OPEN = "open", "à trancher"
    KEPT = "kept", "la preuve contestée est maintenue"
    GIVEN = "given", "le numéro revient à la personne qui le réclame"
    WITHDRAWN = "withdrawn", "la preuve contestée est retirée"


class NumberDispute(models.Model):
    """Two accounts that say they are one professional, or a professional who says « ce n’est pas moi ».

    Nothing moves before the administrator of the instance settles it.

    Retention: five years, with the proof.
    """

    RETENTION_DAYS = NumberProof.RETENTION_DAYS
    PERSONAL_DATA = "numéro national réclamé ou contesté"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    proof = models.ForeignKey(NumberProof, models.CASCADE, related_name="disputes")
    national_id = models.BigIntegerField("numéro réclamé ou contesté")
    # Whoever proved the number too; null when somebody only said that it is not them.
    claimant = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    means = models.CharField("moyen", max_length=12, choices=ProofMeans, blank=True)
    opened_at = models.DateTimeField("ouvert le")
    outcome = models.CharField("issue", max_length=10, choices=DisputeOutcome, default=DisputeOutcome.OPEN)
    settled_at = models.DateTimeField("tranché le", null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "identité à trancher"
        constraints = [
            models.UniqueConstraint(
                fields=["proof", "claimant"],
                condition=Q(outcome="open", claimant__isnull=False),
                name="dispute_is_open_once_for_a_claimant",
            ),
            models.CheckConstraint(
                name="dispute_settled_at_goes_with_its_outcome",
                condition=Q(outcome="open", settled_at=None) | (~Q(outcome="open") & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="dispute_gives_to_a_claimant", condition=~Q(outcome="given") | Q(claimant__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proof}, {self.get_outcome_display()}"
