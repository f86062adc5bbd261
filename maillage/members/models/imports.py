"""A coordinator's own spreadsheet on its way to becoming members."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from maillage.cpts.models import Cpts


class ImportState(models.TextChoices):
    DRAFT = "draft", "à vérifier"
    DONE = "done", "importé"
    UNDONE = "undone", "annulé"


class SpreadsheetImport(models.Model):
    """One file as it was read, what was said of its columns and corrected in it, and what it made.

    Retention: ninety days, the time to undo it.
    """

    RETENTION_DAYS = 90
    PERSONAL_DATA = "lignes du tableur de la CPTS"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    filename = models.CharField("fichier", max_length=200)
    state = models.CharField("état", max_length=6, choices=ImportState, default=ImportState.DRAFT)
    header = models.JSONField("titres", default=list)
    rows = models.JSONField("lignes", default=list)  # texts, in the order of the header
    lines = models.JSONField("numéros des lignes", default=list)  # in the file, as people count
    columns = models.JSONField("colonnes", default=dict)  # field -> place of its column
    corrections = models.JSONField("corrections", default=dict)  # "row" -> field -> text
    choices = models.JSONField("choix", default=dict)  # "row" -> new, skip, or the uuid of a member to complete
    journal = models.JSONField("ce qui a été fait", default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField("envoyé le")
    ended_at = models.DateTimeField("importé ou annulé le", null=True, blank=True)
    version = models.PositiveIntegerField("version", default=0)

    class Meta:
        verbose_name = "import de membres"
        constraints = [
            models.CheckConstraint(
                name="spreadsheet_ended_at_goes_with_its_end",
                condition=Q(state="draft", ended_at=None) | (~Q(state="draft") & Q(ended_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.filename
