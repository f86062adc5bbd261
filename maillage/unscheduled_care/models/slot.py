"""Slots of unscheduled care, and the CPTS each is open to."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.lookups import LessThanOrEqual

from maillage.core.sql.elapsed import ElapsedMilliseconds
from maillage.cpts.models import Approval, Cpts
from maillage.unscheduled_care.models.effector import Effector, EffectorMembership
from maillage.unscheduled_care.models.schedule import Schedule
from maillage.unscheduled_care.models.visibility import DESK_KINDS, OF_AN_AGREED_CPTS, OPEN, WITHOUT_CPTS
from maillage.unscheduled_care.rules.slots import ALL_KINDS, ALL_MODES, MODE_BADGES, Kind, Mode

LONGEST = timedelta(hours=24)  # the trigger of SQLite looks no further back (migration 0002)


class SlotStatus(models.TextChoices):
    """FHIR Slot.status, limited to the values we use, and cancelled: it keeps its id."""

    FREE = "free", "libre"
    BUSY = "busy", "réservé"
    BLOCKED = "busy-unavailable", "fermé"
    CANCELLED = "cancelled", "annulé"


class Reserved(models.TextChoices):
    """Slots that nobody outside may see, whatever their kinds."""

    NOBODY = "", "tous ceux à qui il est ouvert"
    OWN_PATIENTS = "own-patients", "mes propres patients"
    STRUCTURE = "structure", "ma structure"


class SlotQuerySet(models.QuerySet["Slot"]):
    """Chainable, lazy reads. Each name completes the sentence "slots ..."."""

    def of(self, cpts: Cpts) -> Self:
        """Opened to it by their owner."""
        audiences = SlotAudience.objects.filter(slot=OuterRef("pk"), cpts=cpts)
        return self.alias(kind_cpts=F("kinds").bitand(Kind.CPTS)).filter(Exists(audiences), kind_cpts__gt=0)

    def open(self) -> Self:
        """Free, said how and to whom, and hidden by nothing: the only ones that anybody outside may see."""
        return self.filter(OPEN)

    def shown_to_desk(self, cpts: Cpts) -> Self:
        """Open to this CPTS, of members who act (visibility.OPENED_TO_CPTS, FROM_A_MEMBER)."""
        opened = SlotAudience.objects.filter(slot=OuterRef("pk"), cpts=cpts)
        links = EffectorMembership.objects.in_force().filter(effector=OuterRef("effector"))
        reached = Q(cpts=cpts) | Q(cpts__approval=Approval.APPROVED) if cpts.is_approved else Q(cpts=cpts)
        kinds = {"to_desks": F("kinds").bitand(DESK_KINDS), "to_cpts": F("kinds").bitand(Kind.CPTS)}
        return (
            self.open()
            .alias(**kinds)
            .filter(Q(to_desks__gt=0) | Q(Exists(opened), to_cpts__gt=0))
            .filter(Exists(links.filter(reached)), effector__in=Effector.objects.uncontested())
        )

    def told_to_sas(self) -> Self:
        """Open to the regulation, and read by the SAS (visibility.TOLD_TO_SAS)."""
        opened = SlotAudience.objects.filter(OF_AN_AGREED_CPTS, slot=OuterRef("pk"))
        return (
            self.open()
            .alias(to_others=F("kinds").bitand(WITHOUT_CPTS))
            .filter(Q(to_others__gt=0) | Exists(opened))
            .filter(effector__in=Effector.objects.shown_to_sas(), schedule__confirmed_at__isnull=False)
        )

    def starting_between(self, start: datetime, end: datetime) -> Self:
        """Half-open interval, like every period in this code base."""
        return self.filter(starts_at__gte=start, starts_at__lt=end)

    def overlapping(self, start: datetime, end: datetime) -> Self:
        return self.filter(starts_at__lt=end, starts_at__gt=start - LONGEST, ends_at__gt=start)

    def live(self) -> Self:
        return self.exclude(status=SlotStatus.CANCELLED)

    def for_listing(self) -> Self:
        """All that a line of a list touches, in one query and a total order."""
        return self.select_related("schedule", "effector").order_by("starts_at", "pk")


class Slot(models.Model):
    """One time that a professional keeps for a patient they do not know yet (FHIR Slot).

    What a search reads is repeated here from the effector and the place, so that one index answers it. Two slots of
    one effector never overlap, all places together: the database refuses it (migration 0002).

    Retention: the time of the agreement they are evidence for.
    """

    RETENTION_DAYS = 6 * 365
    PERSONAL_DATA = "heures d’un professionnel"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    effector = models.ForeignKey(Effector, models.PROTECT, related_name="slots", db_index=False)
    schedule = models.ForeignKey(Schedule, models.PROTECT, related_name="slots", db_index=False)
    group = models.CharField("profession recensée", max_length=4, blank=True)
    cell = models.IntegerField("maille de recherche", null=True)
    latitude = models.FloatField("latitude", null=True)
    longitude = models.FloatField("longitude", null=True)
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin (exclue)")
    status = models.CharField("statut", max_length=20, choices=SlotStatus, default=SlotStatus.FREE)
    kinds = models.PositiveSmallIntegerField("ouvert à", default=0)  # rules.slots.Kind
    modes = models.PositiveSmallIntegerField("modes", default=0)  # rules.slots.Mode
    walk_in = models.BooleanField("sans rendez-vous", default=False)
    reserved_for = models.CharField("réservé à", max_length=12, choices=Reserved, default=Reserved.NOBODY, blank=True)
    reasons = models.JSONField("motifs acceptés", default=list, blank=True)
    # Hidden by an absence or by a busy time of another calendar; both are checked again at booking.
    is_masked = models.BooleanField("masqué", default=False)
    series = models.UUIDField("ouvert avec", null=True, blank=True)
    created_at = models.DateTimeField("ouvert le")

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = "créneau"
        verbose_name_plural = "créneaux"
        indexes = [
            models.Index(fields=["effector", "starts_at"], name="slot_by_effector"),
            # And `slot_search`, which migration 0002 writes for each engine.
        ]
        constraints = [
            models.CheckConstraint(name="slot_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="slot_lasts_a_day_at_most",
                condition=LessThanOrEqual(
                    ElapsedMilliseconds(F("starts_at"), F("ends_at")), LONGEST // timedelta(milliseconds=1)
                ),
            ),
            models.CheckConstraint(
                name="slot_kinds_and_modes_are_known", condition=Q(kinds__lte=ALL_KINDS, modes__lte=ALL_MODES)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%d/%m/%Y %H:%M}"

    @property
    def is_free(self) -> bool:
        return self.status == SlotStatus.FREE

    @property
    def kind_flags(self) -> Kind:
        return Kind(self.kinds)

    @property
    def mode_flags(self) -> Mode:
        return Mode(self.modes)

    @property
    def mode_labels(self) -> list[str]:
        """Ways of being seen, as a badge says them: cabinet, visite, téléconsultation."""
        return [label for mode, label in MODE_BADGES.items() if self.modes & mode]

    @property
    def phone(self) -> str:
        """Whom to call about this slot: the place, else the professional; '' when neither says."""
        return self.schedule.phone or self.effector.phone

    @property
    def is_incomplete(self) -> bool:
        """Without kind or mode, nobody outside sees it: its owner is told."""
        return self.is_free and not (self.kinds and self.modes)


class SlotAudience(models.Model):
    """One CPTS that the owner of a slot opened it to."""

    RETENTION_DAYS = Slot.RETENTION_DAYS
    PERSONAL_DATA = "aucune"

    slot = models.ForeignKey(Slot, models.CASCADE, related_name="audiences", db_index=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "CPTS à qui un créneau est ouvert"
        constraints = [models.UniqueConstraint(fields=["slot", "cpts"], name="slot_is_opened_once_to_a_cpts")]

    def __str__(self) -> str:
        return f"{self.slot_id} · {self.cpts_id}"
