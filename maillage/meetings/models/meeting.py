"""One meeting: what kind, when, where, for whom it has room."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from maillage.core.missions import LABELS
from maillage.cpts.models import Cpts
from maillage.members.models import Membership
from maillage.records.models import Attachment

MISSIONS = [(mission.value, label) for mission, label in LABELS.items()]
AROUND = timedelta(minutes=30)  # people sign in a little before, and on the way out


class MeetingKind(models.TextChoices):
    INFORMATION = "information", "réunion d’information"
    BUREAU = "bureau", "bureau"
    COUNCIL = "council", "conseil d’administration"
    ASSEMBLY = "assembly", "assemblée générale"
    GROUP = "group", "groupe de travail"
    CASE = "case", "concertation"
    TRAINING = "training", "formation"
    EXERCISE = "exercise", "exercice"


# What only those who are invited, and the team, may read.
RESERVED = (MeetingKind.BUREAU, MeetingKind.COUNCIL, MeetingKind.CASE)
# What the members are convened to whatever messages they chose: their vote depends on it.
STATUTORY = (MeetingKind.BUREAU, MeetingKind.COUNCIL, MeetingKind.ASSEMBLY)


class MeetingStatus(models.TextChoices):
    DRAFT = "draft", "en préparation"
    PLANNED = "planned", "convoquée"
    CLOSED = "closed", "terminée"
    CANCELLED = "cancelled", "annulée"


class MeetingQuerySet(models.QuerySet["Meeting"]):
    """Chainable, lazy reads. Each name completes the sentence "meetings ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def visible_to(self, user: models.Model, *, team: bool) -> Self:
        """All for the team; for a member, what concerns everybody once it is convened, and what they are invited to."""
        if team:
            return self
        mine = Membership.objects.of_account(user).values("pk")
        invited = Q(pk__in=Meeting.objects.filter(participants__membership__in=mine).values("pk"))
        return self.exclude(status=MeetingStatus.DRAFT).filter(invited | ~Q(kind__in=RESERVED))

    def coming(self, at: datetime) -> Self:
        return self.filter(status=MeetingStatus.PLANNED, ends_at__gt=at)

    def to_close(self, at: datetime) -> Self:
        """Over, and nobody said how they ended."""
        return self.filter(status=MeetingStatus.PLANNED, ends_at__lte=at)

    def with_counts(self) -> Self:
        """How many are expected, what they answered, who came. Subqueries: only the rows shown are counted."""
        return self.annotate(
            expected_count=_counted("participants"),
            yes_count=_counted("participants", participants__answer="yes"),
            no_count=_counted("participants", participants__answer="no"),
            waiting_count=_counted("participants", participants__answer="waiting"),
            present_count=_counted("presences", presences__contested_at=None),
        )


def _counted(relation: str, **filters: str | None) -> Coalesce:
    rows = Meeting.objects.filter(pk=OuterRef("pk"), **filters).order_by().values("pk")
    return Coalesce(Subquery(rows.annotate(n=Count(relation)).values("n")), 0)


class Meeting(models.Model):
    """One meeting of one CPTS (FHIR has Appointment; a meeting outlives its appointment by its minutes).

    Retention: six years, with the proofs of the agreement it gives.
    """

    RETENTION_DAYS = 6 * 365
    PERSONAL_DATA = "qui l’a organisée"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="meetings")
    kind = models.CharField("nature", max_length=12, choices=MeetingKind)
    title = models.CharField("intitulé", max_length=160)
    mission = models.CharField("mission", max_length=3, choices=MISSIONS, blank=True)
    starts_at = models.DateTimeField("début", null=True, blank=True)
    ends_at = models.DateTimeField("fin", null=True, blank=True)
    place = models.CharField("lieu", max_length=200, blank=True)
    video_link = models.URLField("lien de visioconférence", max_length=300, blank=True)
    capacity = models.PositiveSmallIntegerField("places", null=True, blank=True)
    # Counted here, so that the last place is taken by one conditional update and never twice.
    seats_taken = models.PositiveSmallIntegerField("places prises", default=0)
    agenda = models.TextField("ordre du jour", blank=True)
    is_open = models.BooleanField("ouverte à qui n’est pas invité", default=False)
    status = models.CharField("état", max_length=10, choices=MeetingStatus, default=MeetingStatus.DRAFT)
    sequence = models.PositiveIntegerField("version de l’agenda", default=0)
    version = models.PositiveIntegerField("version", default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField("créée le")
    convened_at = models.DateTimeField("convoquée le", null=True, blank=True)
    closed_at = models.DateTimeField("close le", null=True, blank=True)
    late_reason = models.CharField("motif d’une convocation hors délai", max_length=300, blank=True)
    change_note = models.CharField("dernier changement annoncé", max_length=700, blank=True)
    cancel_reason = models.CharField("motif de l’annulation", max_length=300, blank=True)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = "réunion"
        indexes = [models.Index(fields=["cpts", "-starts_at"], name="meeting_by_date")]
        constraints = [
            models.CheckConstraint(
                name="meeting_ends_after_it_starts",
                condition=Q(starts_at=None, ends_at=None) | Q(ends_at__gt=F("starts_at")),
            ),
            models.CheckConstraint(
                name="meeting_convened_has_a_date",
                condition=Q(status__in=["draft", "cancelled"]) | Q(starts_at__isnull=False),
            ),
            models.CheckConstraint(
                name="meeting_never_holds_more_than_it_can",
                condition=Q(capacity=None) | Q(seats_taken__lte=F("capacity")),
            ),
            models.CheckConstraint(
                name="meeting_closed_at_goes_with_closed",
                condition=Q(status="closed", closed_at__isnull=False) | (~Q(status="closed") & Q(closed_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_statutory(self) -> bool:
        """A body of the statutes: it is convened, it votes, its minutes are a procès-verbal."""
        return self.kind in STATUTORY

    @property
    def agenda_points(self) -> list[str]:
        """One point a line, without the dashes people type."""
        return [point for line in self.agenda.splitlines() if (point := line.strip(" -•\t."))]

    @property
    def minutes_name(self) -> str:
        """What its minutes are called: a body that votes has a procès-verbal."""
        return "procès-verbal" if self.is_statutory else "compte rendu"

    @property
    def is_live(self) -> bool:
        """Convened and neither cancelled nor closed."""
        return self.status == MeetingStatus.PLANNED

    @property
    def is_over(self) -> bool:
        return self.status in {MeetingStatus.CLOSED, MeetingStatus.CANCELLED}

    def has_opened(self, at: datetime) -> bool:
        """People are in the room: signing and voting make sense, however long it lasts."""
        return self.is_live and self.starts_at is not None and at >= self.starts_at - AROUND

    def takes_presences(self, at: datetime) -> bool:
        """Whether people sign in by themselves at that moment."""
        if not self.is_live or self.starts_at is None or self.ends_at is None:
            return False
        return self.starts_at - AROUND <= at < self.ends_at + AROUND


class MeetingDocument(models.Model):
    """A file that goes with a meeting. Retention: goes with the meeting."""

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="documents")
    name = models.CharField("titre", max_length=120)
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+", verbose_name="fichier")

    class Meta:
        verbose_name = "document de réunion"

    def __str__(self) -> str:
        return self.name


class BodyRule(models.Model):
    """What the statutes of one CPTS say of one kind of meeting.

    Retention: while the CPTS lives.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "aucune"

    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    kind = models.CharField("nature", max_length=12, choices=MeetingKind)
    notice_days = models.PositiveSmallIntegerField("délai de convocation, en jours", null=True, blank=True)
    quorum_percent = models.PositiveSmallIntegerField("quorum, en pourcentage des votants", null=True, blank=True)
    quorum_by_college = models.BooleanField("quorum à atteindre dans chaque collège", default=False)
    # Null: the statutes say nothing, and no pouvoir is taken.
    proxies_max = models.PositiveSmallIntegerField("pouvoirs par personne, au plus", null=True, blank=True)
    is_weighted = models.BooleanField("chaque collège pèse son poids", default=False)
    needs_fee = models.BooleanField("il faut être à jour de sa cotisation", default=False)

    class Meta:
        verbose_name = "règle d’instance"
        constraints = [
            models.UniqueConstraint(fields=["cpts", "kind"], name="body_rule_is_single_for_a_kind"),
            models.CheckConstraint(
                name="body_rule_quorum_is_a_percentage",
                condition=Q(quorum_percent=None) | Q(quorum_percent__gte=1, quorum_percent__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
