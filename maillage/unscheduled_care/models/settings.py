"""How a CPTS organises unscheduled care, and what the SAS knows of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from maillage.cpts.models import Cpts

TARGETS = [(12, "le jour même"), (24, "24 h"), (48, "48 h")]


class CareSettings(models.Model):
    """The delay aimed at, the number to call, what names the CPTS in exchanges, whether patients may be named.

    Retention: while the CPTS lives.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "contacts professionnels de la régulation"

    cpts = models.OneToOneField(Cpts, models.CASCADE, related_name="care_settings", primary_key=True)
    target_hours = models.PositiveSmallIntegerField("délai visé", choices=TARGETS, default=48)
    phone = models.CharField("numéro de l’accueil unique", max_length=40, blank=True)
    finess = models.CharField("FINESS de la CPTS", max_length=9, blank=True)
    sas_contacts = models.TextField("contacts de la régulation", max_length=2000, blank=True)
    answer_modes = models.TextField("modes de réponse convenus avec le SAS", max_length=2000, blank=True)
    agreed_with_sas_on = models.DateField("convention avec le SAS signée le", null=True, blank=True)
    # Health-data hosting: without it, nothing here may name a patient.
    hds_host = models.CharField("hébergeur certifié HDS", max_length=120, blank=True)
    hds_declared_at = models.DateTimeField("déclaré le", null=True, blank=True)
    hds_declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    patient_months = models.PositiveSmallIntegerField("mois de conservation après l’issue", default=3)
    version = models.PositiveIntegerField("version", default=0)

    class Meta:
        verbose_name = "réglages des soins non programmés"
        constraints = [
            models.CheckConstraint(
                name="care_settings_hds_is_declared_whole",
                condition=Q(hds_declared_at=None) | ~Q(hds_host=""),
            ),
        ]

    def __str__(self) -> str:
        return f"soins non programmés · {self.cpts_id}"

    @property
    def may_name_patients(self) -> bool:
        return self.hds_declared_at is not None
