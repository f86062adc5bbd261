"""The record of a person helped, shared by the missions that name patients."""

import uuid
from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from maillage.core.secrecy.keyring import Keyring
from maillage.core.secrecy.sealed import SealedField, read_sealed
from maillage.cpts.models import Cpts
from maillage.patients.rules.terms import TermKind


class PatientRecordQuerySet(models.QuerySet["PatientRecord"]):
    """Chainable, lazy reads. Each name completes the sentence "records ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def kept(self) -> Self:
        return self.filter(erased_at=None)

    def found_by(self, digests: Iterable[str]) -> Self:
        """That hold every one of these; none when nothing is looked for."""
        rows, is_asked = self, False
        for digest in digests:
            rows, is_asked = rows.filter(terms__digest=digest), True
        return rows if is_asked else self.none()


class PatientRecord(models.Model):
    """One person helped by a CPTS. What names them is sealed and read in the open by nobody; nothing medical is here.

    Missions point to it, each from a model that says when it erased its own (`erased_at`). Retention: until the last of
    them has (actions.release).
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "identité et coordonnées d’un patient, scellées, effacées avec la dernière demande qui les nomme"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.PROTECT, related_name="+")
    sealed = SealedField("identité, scellée")  # who, phone, born_on, doctor
    opened_at = models.DateTimeField("ouvert le")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    erased_at = models.DateTimeField("effacé le", null=True, blank=True)

    objects = PatientRecordQuerySet.as_manager()

    class Meta:
        verbose_name = "personne aidée"
        verbose_name_plural = "personnes aidées"
        constraints = [
            models.CheckConstraint(
                name="patient_record_erased_holds_nothing", condition=Q(erased_at=None) | Q(sealed=b"")
            ),
        ]

    def __str__(self) -> str:
        return "une personne aidée"

    def facts(self, keys: Keyring | None = None) -> dict[str, str]:
        """who, phone, born_on, doctor, as far as they were said. Whoever calls it writes that it was read."""
        return read_sealed(self, "sealed", keys=keys)


class PatientTerm(models.Model):
    """One thing that a record is found by, as a digest that means nothing without the secret of its CPTS.

    Retention: goes with what the record names.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "empreinte d’un mot du nom, d’un téléphone, d’une date de naissance"

    cpts = models.ForeignKey(Cpts, models.PROTECT, related_name="+")
    record = models.ForeignKey(PatientRecord, models.CASCADE, related_name="terms")
    kind = models.CharField("sorte", max_length=5, choices=[(kind.value, kind.value) for kind in TermKind])
    digest = models.CharField("empreinte", max_length=64)

    class Meta:
        verbose_name = "terme de recherche"
        indexes = [models.Index(fields=["cpts", "digest"], name="patient_term_by_digest")]
        constraints = [models.UniqueConstraint(fields=["record", "digest"], name="patient_term_is_single")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"


class IndexSecret(models.Model):
    """What the digests of a CPTS are made with, sealed under its key: sealed again and destroyed with it.

    Retention: while the CPTS names patients.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "aucune"

    uuid = models.UUIDField("identifiant", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.OneToOneField(Cpts, models.PROTECT, related_name="+")
    sealed = SealedField("secret, scellé")  # secret

    class Meta:
        verbose_name = "secret de recherche"

    def __str__(self) -> str:
        return f"secret de recherche de {self.cpts_id}"
