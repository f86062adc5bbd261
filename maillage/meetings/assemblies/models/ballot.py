"""Votes: who may, for whom, on what; and, of a secret ballot, who voted apart from what was voted."""

import uuid
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from maillage.cpts.models import Cpts
from maillage.meetings.assemblies.rules.ballots import BALLOT, BallotRecord
from maillage.meetings.assemblies.rules.tally import Majority, Score, is_adopted
from maillage.meetings.models.attendance import Means, Tablet
from maillage.meetings.models.meeting import Meeting
from maillage.meetings.models.participant import Participant
from maillage.records.actions.freezing import thaw
from maillage.records.models import Snapshot


class MajorityKind(models.TextChoices):
    SIMPLE = "simple", "plus de la moitié des voix exprimées"
    TWO_THIRDS = "two-thirds", "au moins les deux tiers des voix exprimées"
    THREE_QUARTERS = "three-quarters", "au moins les trois quarts des voix exprimées"


class Voter(models.Model):
    """One line of the roll of voters: written down before the votes, so that nobody enters it by voting.

    Retention: goes with the meeting.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "droit de vote"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="voters")
    participant = models.OneToOneField(Participant, models.RESTRICT, related_name="voter")
    college = models.CharField("collège", max_length=80, blank=True)
    weight = models.DecimalField("poids du collège", max_digits=5, decimal_places=2, default=1)
    # A code proves the person only at the address of that day. '' on rolls drawn up before it was kept.
    address_key = models.CharField("empreinte de l’adresse", max_length=64, blank=True)

    class Meta:
        verbose_name = "électeur"
        constraints = [models.CheckConstraint(name="voter_weight_is_not_negative", condition=Q(weight__gte=0))]

    def __str__(self) -> str:
        return str(self.participant)


class Proxy(models.Model):
    """A pouvoir: one voter lets another vote for them. It sleeps while the giver is there.

    Retention: goes with the meeting.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "qui représente qui"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="proxies")
    giver = models.OneToOneField(Voter, models.CASCADE, related_name="proxy_given")
    holder = models.ForeignKey(Voter, models.CASCADE, related_name="proxies_held")
    given_at = models.DateTimeField("donné le")
    # By the giver, who proved it; or from a paper that they signed, and somebody wrote down.
    means = models.CharField("donné par", max_length=7, choices=Means, default=Means.LINK)
    signed_on = models.DateField("papier signé le", null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    contested_at = models.DateTimeField("contesté le", null=True, blank=True)

    class Meta:
        verbose_name = "pouvoir"
        constraints = [
            models.CheckConstraint(name="proxy_is_given_to_somebody_else", condition=~Q(giver=F("holder"))),
            models.CheckConstraint(
                name="proxy_on_paper_says_when_it_was_signed",
                condition=Q(means="paper", signed_on__isnull=False) | (~Q(means="paper") & Q(signed_on=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver} → {self.holder}"

    @property
    def how(self) -> str:
        """'' when the giver gave it; papier signé le 12/11/2026, enregistré par Claire Aubert."""
        if self.signed_on is None:
            return f"enregistré par {self.recorded_by}" if self.recorded_by else ""
        return f"papier signé le {self.signed_on:%d/%m/%Y}, enregistré par {self.recorded_by or 'l’organisation'}"


class BallotMode(models.TextChoices):
    HANDS = "hands", "à main levée"
    SECRET = "secret", "à bulletin secret"


class BallotState(models.TextChoices):
    PREPARED = "prepared", "en préparation"
    OPEN = "open", "ouvert"
    CLOSED = "closed", "clos"


class Ballot(models.Model):
    """One question put to the vote. Its result is frozen at its closing. Retention: goes with the meeting."""

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="ballots")
    question = models.CharField("question", max_length=300)
    mode = models.CharField("manière", max_length=6, choices=BallotMode)
    majority = models.CharField("majorité", max_length=14, choices=MajorityKind, default=MajorityKind.SIMPLE)
    # Three for a resolution; the names, and a blank, for an election.
    choices = models.JSONField("choix")
    is_weighted = models.BooleanField("chaque collège pèse son poids", default=False)
    state = models.CharField("état", max_length=8, choices=BallotState, default=BallotState.PREPARED)
    voices = models.PositiveIntegerField("voix présentes ou représentées à l’ouverture", null=True, blank=True)
    opened_at = models.DateTimeField("ouvert le", null=True, blank=True)
    closed_at = models.DateTimeField("clos le", null=True, blank=True)
    counted_at = models.DateTimeField("mains comptées le", null=True, blank=True)
    # Colleges too small for their votes to be told apart: their name is on no slip of the journal.
    is_masked = models.BooleanField("collèges masqués dans le journal", default=False)
    snapshot = models.OneToOneField(Snapshot, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "vote"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="ballot_moments_go_with_its_state",
                condition=Q(state="prepared", opened_at=None, closed_at=None)
                | Q(state="open", opened_at__isnull=False, closed_at=None)
                | Q(state="closed", opened_at__isnull=False, closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ballot_is_frozen_when_closed",
                condition=Q(state="closed", snapshot__isnull=False) | (~Q(state="closed") & Q(snapshot=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def is_resolution(self) -> bool:
        return "Pour" in self.choices

    @cached_property
    def record(self) -> BallotRecord | None:
        """What was frozen at its closing. Raises SnapshotBroken."""
        return thaw(self.snapshot, BALLOT) if self.snapshot else None

    @property
    def scores(self) -> list[Score]:
        """What was counted; nothing before it is closed."""
        return [
            Score(score["choice"], score["votes"], Fraction(*score["share"]) if score["share"] else None)
            for score in (self.record.scores if self.record else ())
        ]

    @property
    def readable_scores(self) -> list[dict[str, Any]]:
        """The same as it is read: 66,67 %; '' for what weighs on no side."""
        return [{"choice": score.choice, "votes": score.votes, "share": score.share_text} for score in self.scores]

    @property
    def is_adopted(self) -> bool:
        return is_adopted(self.scores, Majority(self.majority))


class HandCount(models.Model):
    """Hands counted in the room, college by college. Retention: goes with the meeting."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="hands")
    college = models.CharField("collège", max_length=80, blank=True)
    choice = models.CharField("choix", max_length=160)
    count = models.PositiveIntegerField("mains")

    class Meta:
        verbose_name = "mains levées"
        constraints = [
            models.UniqueConstraint(fields=["ballot", "college", "choice"], name="hands_are_counted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.choice} : {self.count}"


class Signature(models.Model):
    """That somebody voted in a secret ballot. It says neither what nor when: the day of the meeting is enough.

    Retention: goes with the meeting.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "participation à un vote"

    # Drawn by lot: a count would tell in which order people voted.
    id = models.UUIDField("identifiant", primary_key=True, default=uuid.uuid4, editable=False)
    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="signatures")
    voter = models.ForeignKey(Voter, models.RESTRICT, related_name="signatures")
    # Who held their pouvoir, when they were not there themselves.
    cast_by = models.ForeignKey(Voter, models.RESTRICT, null=True, blank=True, related_name="+")
    means = models.CharField("prouvé par", max_length=7, choices=Means, default=Means.LINK)
    # On whose tablet: the vote of somebody without a telephone is given under the eyes of whoever lent it.
    tablet = models.ForeignKey(Tablet, models.RESTRICT, null=True, blank=True, related_name="signatures")
    is_contested = models.BooleanField("contesté", default=False)

    class Meta:
        verbose_name = "émargement d’un vote"
        constraints = [
            models.UniqueConstraint(fields=["ballot", "voter"], name="signature_is_single_in_a_ballot"),
            models.CheckConstraint(
                name="signature_on_a_tablet_says_which",
                condition=Q(means="tablet", tablet__isnull=False) | (~Q(means="tablet") & Q(tablet=None)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.voter)


class SealedSlip(models.Model):
    """One paper in the urn while the vote is open: what it says is sealed (rules.urn), whatever it lies beside.

    Retention: until the closing, which leaves nothing of it in the files of the database (core.sql.wiping).
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "vote, scellé jusqu’à la clôture"

    id = models.UUIDField("identifiant", primary_key=True, default=uuid.uuid4, editable=False)
    # Untied in the database: a table is emptied for good only when no key holds it.
    ballot = models.ForeignKey(Ballot, models.CASCADE, db_constraint=False, related_name="sealed_slips")
    content = models.BinaryField("bulletin scellé")

    class Meta:
        verbose_name = "bulletin scellé"

    def __str__(self) -> str:
        return "un bulletin scellé"


class Slip(models.Model):
    """One paper of a closed ballot. Nothing ties it to a person: no key, no date, and an identifier drawn by lot.

    All those of a ballot are written at its closing, in one transaction, in the order of their receipts. The receipt is
    shown once to whoever voted, who finds it again in the published journal. Retention: goes with the meeting.
    """

    id = models.UUIDField("identifiant", primary_key=True, default=uuid.uuid4, editable=False)
    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="slips")
    receipt = models.CharField("reçu", max_length=16)
    # Only where colleges weigh: without it they could not be counted.
    college = models.CharField("collège", max_length=80, blank=True)
    choice = models.CharField("choix", max_length=160)

    class Meta:
        verbose_name = "bulletin"
        constraints = [models.UniqueConstraint(fields=["ballot", "receipt"], name="receipt_is_single_in_a_ballot")]

    def __str__(self) -> str:
        return self.receipt
