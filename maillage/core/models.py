"""Background work: one row a job, so that people see it advance and nothing is lost when a machine stops."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

NAME_LENGTH, KEY_LENGTH = 60, 32  # of a limit and of what it counts by


class JobState(models.TextChoices):
    WAITING = "waiting", "en attente"
    RUNNING = "running", "en cours"
    DONE = "done", "terminé"
    FAILED = "failed", "en échec"


class Job(models.Model):
    """One piece of background work. No foreign key: this floor knows nothing of users nor of CPTS.

    Retention: ninety days after its end; it names nobody but its owner's account.
    """

    RETENTION_DAYS = 90
    PERSONAL_DATA = "compte qui a demandé le travail"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("nature", max_length=60)
    label = models.CharField("libellé", max_length=200)
    arguments = models.JSONField("paramètres", default=dict)
    owner_id = models.BigIntegerField("demandé par", null=True)
    state = models.CharField("état", max_length=10, choices=JobState, default=JobState.WAITING)
    attempts = models.PositiveSmallIntegerField("tentatives", default=0)
    interruptions = models.PositiveSmallIntegerField("pannes subies", default=0)
    done = models.PositiveIntegerField("fait", default=0)
    total = models.PositiveIntegerField("à faire", default=0)
    message = models.CharField("étape ou résultat", max_length=500, blank=True)
    link = models.CharField("où en voir le résultat", max_length=500, blank=True)
    worker = models.CharField("exécuté par", max_length=120, blank=True)
    due_on = models.DateField("travail du jour", null=True)
    created_at = models.DateTimeField("demandé le")
    started_at = models.DateTimeField("commencé le", null=True)
    finished_at = models.DateTimeField("terminé le", null=True)

    class Meta:
        verbose_name = "travail de fond"
        indexes = [models.Index(fields=["state", "started_at"], name="job_by_state")]
        constraints = [
            # Two workers look at the calendar: the daily work of one day exists once.
            models.UniqueConstraint(
                fields=["kind", "due_on"], condition=Q(due_on__isnull=False), name="job_of_a_day_is_made_once"
            ),
            models.CheckConstraint(name="job_running_has_a_start", condition=~Q(state="running", started_at=None)),
            models.CheckConstraint(
                name="job_finished_at_goes_with_its_end",
                condition=Q(state__in=["done", "failed"], finished_at__isnull=False)
                | Q(state__in=["waiting", "running"], finished_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        """For the person who asked for it."""
        return reverse("core:job", args=[self.uuid])

    @property
    def is_over(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


class LimitCount(models.Model):
    """How often one act was done by one key in the running span of a limit (core.limits).

    Retention: until the span is over, swept each day.
    """

    RETENTION_DAYS = 1
    PERSONAL_DATA = "empreinte d’un compte, d’un réseau ou d’un objet, illisible sans le secret de l’instance"

    name = models.CharField("limite", max_length=NAME_LENGTH)
    key = models.CharField("empreinte", max_length=KEY_LENGTH)
    spent = models.PositiveIntegerField("compté")
    most = models.PositiveIntegerField("au plus")
    ends_at = models.DateTimeField("oublié le", db_index=True)

    class Meta:
        verbose_name = "compte d’une limite"
        constraints = [
            models.UniqueConstraint(fields=["name", "key"], name="limit_is_counted_once_a_key"),
            models.CheckConstraint(name="limit_lets_no_more_than_its_most", condition=Q(spent__lte=F("most"))),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.spent}/{self.most}"


class LimitRefusal(models.Model):
    """How often one limit refused one key on one day: what the administrator reads, without any name.

    Retention: a month.
    """

    RETENTION_DAYS = 31
    PERSONAL_DATA = "empreinte d’un compte, d’un réseau ou d’un objet, illisible sans le secret de l’instance"

    name = models.CharField("limite", max_length=NAME_LENGTH)
    key = models.CharField("empreinte", max_length=KEY_LENGTH)
    day = models.DateField("jour")
    count = models.PositiveIntegerField("refus")
    last_at = models.DateTimeField("dernier refus")

    class Meta:
        verbose_name = "refus d’une limite"
        constraints = [models.UniqueConstraint(fields=["name", "key", "day"], name="refusals_of_a_day_are_one_row")]

    def __str__(self) -> str:
        return f"{self.name} · {self.day} · {self.count}"


class DataKey(models.Model):
    """A key that seals what one CPTS must not let be read, itself wrapped by the key of the instance
    (core.secrecy.keyring).

    Retention: while something is sealed with it; destroyed, its line stays to say so, and holds no key.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "aucune : une clé, enveloppée"

    uuid = models.UUIDField("identifiant", unique=True, default=uuid.uuid4, editable=False)
    owner_id = models.BigIntegerField("CPTS, ou zéro pour ce qui n’est à aucune")
    wrapped = models.BinaryField("clé, enveloppée", default=bytes)
    wrapped_by = models.CharField("empreinte de la clé de l’instance", max_length=16)
    created_at = models.DateTimeField("tirée le")
    retired_at = models.DateTimeField("remplacée le", null=True, blank=True)
    destroyed_at = models.DateTimeField("détruite le", null=True, blank=True)

    class Meta:
        verbose_name = "clé de données"
        constraints = [
            models.UniqueConstraint(
                fields=["owner_id"], condition=Q(retired_at=None), name="data_key_in_use_is_single_for_an_owner"
            ),
            models.CheckConstraint(
                name="data_key_destroyed_holds_nothing",
                condition=Q(destroyed_at=None) & ~Q(wrapped=b"") | Q(destroyed_at__isnull=False, wrapped=b""),
            ),
        ]

    def __str__(self) -> str:
        return f"clé {self.uuid}"
