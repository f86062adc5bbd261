"""Who sees unscheduled patients: one row a professional, whatever the number of CPTS they are in."""

from typing import Self
from uuid import uuid4

from django.db import models
from django.db.models import Exists, OuterRef

from maillage.cpts.models import Cpts
from maillage.directory.models import GROUP_LABELS
from maillage.directory.rules.identifiers import national_id_of
from maillage.members.models import Membership
from maillage.members.models.membership import IN

# `in_force()` for the statements written by hand: the memberships of an owner, to be told which.
LINKS_IN_FORCE = f"""FROM unscheduled_care_effectormembership AS link
    JOIN members_membership AS membership ON membership.id = link.membership_id
        AND membership.status IN ({", ".join(f"'{one.value}'" for one in IN)})"""


class EffectorQuerySet(models.QuerySet["Effector"]):
    """Chainable, lazy reads. Each name completes the sentence "effectors ..."."""

    def of(self, cpts: Cpts) -> Self:
        """Active members of it."""
        return self.filter(Exists(_links(cpts=cpts)))

    def active(self) -> Self:
        """Members of at least one CPTS today."""
        return self.filter(Exists(_links()))

    def shown_to_sas(self) -> Self:
        """Who agreed to be, is still a member somewhere, and has a number: the SAS knows nobody without."""
        return self.active().filter(sas_agreed_at__isnull=False, national_id__isnull=False)

    def of_account(self, user: models.Model) -> Self:
        """The signed-in professional: by the memberships that bear their own address."""
        mine = Membership.objects.of_account(user).values("pk")
        return self.filter(pk__in=EffectorMembership.objects.filter(membership__in=mine).values("effector"))


def _links(**filters: object) -> models.QuerySet["EffectorMembership"]:
    return EffectorMembership.objects.in_force().filter(effector=OuterRef("pk"), **filters)


class Effector(models.Model):
    """One professional as they take unscheduled patients (« effecteur » of the SAS): one owner for all their slots.

    Retention: with the last of the memberships it comes from, and of the slots it opened (portal.retention).
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "identité et coordonnées professionnelles"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid4, editable=False)
    # The same key as directory.Practitioner; not a link: a member may open slots before the register is loaded.
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
        return self.filter(membership__status__in=IN)


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
