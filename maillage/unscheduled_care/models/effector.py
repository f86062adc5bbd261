"""Who sees unscheduled patients: one row a professional, whatever the number of CPTS they are in."""

from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from maillage.accounts.models import NumberProof
from maillage.cpts.models import Cpts
from maillage.directory.models import GROUP_LABELS
from maillage.directory.rules.identifiers import national_id_of
from maillage.members.models import Membership
from maillage.members.models.membership import IN
from maillage.unscheduled_care.models.visibility import OF_AN_AGREED_CPTS


class EffectorQuerySet(models.QuerySet["Effector"]):
    """Chainable, lazy reads. Each name completes the sentence "effectors ..."."""

    def of(self, cpts: Cpts) -> Self:
        """Active members of it."""
        return self.filter(Exists(_links(cpts=cpts)))

    def active(self) -> Self:
        """Members of at least one CPTS today."""
        return self.filter(Exists(_links()))

    def with_proof(self) -> Self:
        """Those whose account proved their national number, while nobody contests it."""
        return self.filter(Exists(_proofs()))

    def shown_to_sas(self) -> Self:
        """Who proved their number, agreed, and is a member of an approved CPTS whose agreement with the regulation is
        recorded."""
        agreed = _links().filter(OF_AN_AGREED_CPTS)
        return self.with_proof().uncontested().filter(Exists(agreed), sas_agreed_at__isnull=False)

    def of_account(self, user: models.Model) -> Self:
        """That of a signed-in professional. What exists under a national number opens to whoever proved it alone."""
        return self.uncontested().filter(account=user.pk) if user.pk else self.none()

    def uncontested(self) -> Self:
        """Those that act, by the link of a mail too: their number proved, or none, and no membership contested."""
        contested = EffectorMembership.objects.filter(effector=OuterRef("pk"), membership__contested_at__isnull=False)
        # Of a proved number, what was left elsewhere says nothing; of the others, a departure does not close a contest.
        contested = contested.filter(Q(membership__status__in=IN) | Q(effector__national_id=None))
        return self.filter(Q(national_id=None) | Exists(_proofs()), ~Exists(contested))


def _proofs() -> models.QuerySet[NumberProof]:
    in_force = NumberProof.objects.in_force()
    return in_force.filter(user=OuterRef("account"), national_id=OuterRef("national_id"))


def _links(**filters: object) -> models.QuerySet["EffectorMembership"]:
    return EffectorMembership.objects.in_force().filter(effector=OuterRef("pk"), **filters)


class Effector(models.Model):
    """One professional as they take unscheduled patients (« effecteur » of the SAS): one owner for all their slots.

    Retention: with the last of the memberships it comes from, and of the slots it opened (portal.actions.retention).
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "identité et coordonnées professionnelles"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid4, editable=False)
    # Whose agenda it is, whatever the number of CPTS they are in.
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="effector"
    )
    # The number that this account proved (the key of directory.Practitioner); never one that somebody typed.
    national_id = models.BigIntegerField("identifiant national", unique=True, null=True, blank=True)
    given_name = models.CharField("prénom", max_length=80)
    family_name = models.CharField("nom", max_length=80)
    search_name = models.CharField("nom normalisé", max_length=170)
    group = models.CharField("profession recensée", max_length=4, blank=True)
    # Specialities and skills as pairs (code of TRE_R38 or '', label).
    skills = models.JSONField("spécialités et savoir-faire", default=list, blank=True)
    phone = models.CharField("téléphone professionnel", max_length=40, blank=True)
    sas_agreed_at = models.DateTimeField("accepte de paraître au SAS depuis le", null=True, blank=True)
    extra_a_day = models.PositiveSmallIntegerField("patients « en sus » par jour", default=0)
    feed = models.UUIDField("adresse privée du calendrier", unique=True, default=uuid4, editable=False)
    version = models.PositiveIntegerField("version", default=0)

    objects = EffectorQuerySet.as_manager()

    class Meta:
        verbose_name = "effecteur"
        indexes = [models.Index(fields=["search_name"], name="effector_by_name")]
        constraints = [
            models.CheckConstraint(
                name="effector_agrees_to_the_sas_with_a_number",
                condition=Q(sas_agreed_at=None) | Q(national_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def idnps(self) -> str:
        """`8` + RPPS or `0` + ADELI; '' when unknown: such a professional cannot be shown to the SAS."""
        return national_id_of(self.national_id) if self.national_id else ""

    @property
    def profession_label(self) -> str:
        return GROUP_LABELS.get(self.group, "")


class EffectorMembershipQuerySet(models.QuerySet["EffectorMembership"]):
    """Chainable, lazy reads. Each name completes the sentence "links ..."."""

    def in_force(self) -> Self:
        """LINKS_IN_FORCE says the same in SQL."""
        return self.filter(membership__status__in=IN, membership__contested_at=None)


class EffectorMembership(models.Model):
    """Which memberships are those of an effector.

    Retention: goes with the membership.
    """

    RETENTION_DAYS = Membership.RETENTION_DAYS
    PERSONAL_DATA = "aucune de plus que l’adhésion"

    effector = models.ForeignKey(Effector, models.CASCADE, related_name="links")
    membership = models.OneToOneField(Membership, models.CASCADE, related_name="+")
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")

    objects = EffectorMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "adhésion d’un effecteur"

    def __str__(self) -> str:
        return f"{self.effector_id} · {self.cpts_id}"
