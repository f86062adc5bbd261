"""People who sign in, and the roles they hold on a CPTS, a département, a région or the whole instance."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from maillage.cpts.models import Cpts
from maillage.geography.models import Departement, Region


class AccountKind(models.TextChoices):
    PASSWORD = "password", "adresse et mot de passe"
    EXTERNAL = "external", "fournisseur d’identité"


class Role(models.TextChoices):
    """Who somebody is on a scope. Rights hang from it in accounts.permissions, nowhere else."""

    COORDINATOR = "coordinator", "coordination"
    MEMBER = "member", "membre"
    PRESIDENT = "president", "présidence"
    TREASURER = "treasurer", "trésorerie"
    SECRETARY = "secretary", "secrétariat"
    MEDICAL_ASSISTANT = "medical-assistant", "assistance médicale"
    REGULATOR = "regulator", "régulation SAS"
    ARS_INSTRUCTOR = "ars-instructor", "instruction ARS"
    CPAM_INSTRUCTOR = "cpam-instructor", "instruction CPAM"
    GUICHET_AGENT = "guichet-agent", "guichet CPTS (URPS)"
    INSTANCE_ADMIN = "instance-admin", "administration de l’instance"


CPTS_ROLES = (
    Role.COORDINATOR,
    Role.MEMBER,
    Role.PRESIDENT,
    Role.TREASURER,
    Role.SECRETARY,
    Role.MEDICAL_ASSISTANT,
)
TERRITORY_ROLES = (Role.REGULATOR, Role.ARS_INSTRUCTOR, Role.CPAM_INSTRUCTOR, Role.GUICHET_AGENT)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """One account. An address is unique among password accounts only: regulators enter by identifier.

    Retention: one year after its last use, and its person is told a month before (accounts.actions.unused); the audit
    keeps the name it wrote.
    """

    RETENTION_DAYS = 365
    PERSONAL_DATA = "identité et adresse électronique"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("type de compte", max_length=10, choices=AccountKind, default=AccountKind.PASSWORD)
    identifier = models.CharField("identifiant externe", max_length=120, unique=True, null=True, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    given_name = models.CharField("prénom", max_length=80)
    family_name = models.CharField("nom", max_length=80)
    is_active = models.BooleanField("actif", default=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    erasure_told_at = models.DateTimeField("effacement annoncé le", null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "uuid"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = "compte"
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=Q(kind="password"), name="user_email_is_unique_among_password_accounts"
            ),
            models.CheckConstraint(
                name="user_has_what_it_signs_in_with",
                condition=(Q(kind="password") & ~Q(email="")) | Q(kind="external", identifier__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.email


class RoleAssignmentQuerySet(models.QuerySet["RoleAssignment"]):
    """Chainable reads. Each name completes the sentence "assignments ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def for_rights(self) -> Self:
        """All that rights and the choice of a space need, in one query."""
        held = self.filter(suspended_at=None).select_related("cpts__departement__region", "departement", "region")
        return held.order_by("cpts__name", "pk")


class RoleAssignment(models.Model):
    """One role of one person on one scope: a CPTS, a département, a région, or the instance (all empty)."""

    RETENTION_DAYS = 365
    PERSONAL_DATA = "rôle d’une personne"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="assignments")
    role = models.CharField("rôle", max_length=20, choices=Role)
    cpts = models.ForeignKey(Cpts, models.CASCADE, null=True, blank=True, related_name="assignments")
    departement = models.ForeignKey(Departement, models.PROTECT, null=True, blank=True, related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField("donné le")
    # Whose membership it is, is contested: the role opens nothing until the administrator decides.
    suspended_at = models.DateTimeField("suspendu le", null=True, blank=True)

    objects = RoleAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = "rôle"
        constraints = [
            models.CheckConstraint(
                name="role_is_held_on_the_scope_it_fits",
                condition=Q(role__in=CPTS_ROLES, cpts__isnull=False, departement=None, region=None)
                | Q(role__in=TERRITORY_ROLES, cpts=None, departement__isnull=False, region=None)
                | Q(role__in=TERRITORY_ROLES, cpts=None, departement=None, region__isnull=False)
                | Q(role="instance-admin", cpts=None, departement=None, region=None),
            ),
            # Two nulls are never equal in SQL: one constraint for each kind of scope.
            models.UniqueConstraint(
                fields=["user", "role", "cpts"], condition=Q(cpts__isnull=False), name="role_is_held_once_on_a_cpts"
            ),
            models.UniqueConstraint(
                fields=["user", "role", "departement"],
                condition=Q(departement__isnull=False),
                name="role_is_held_once_on_a_departement",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "region"],
                condition=Q(region__isnull=False),
                name="role_is_held_once_on_a_region",
            ),
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=Q(cpts=None, departement=None, region=None),
                name="role_is_held_once_on_the_instance",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.scope_label}"

    @property
    def scope_label(self) -> str:
        return str(self.cpts or self.departement or self.region or "toute l’instance")

    def covers(self, cpts: Cpts) -> bool:
        """Whether this role reaches that CPTS. Query-free when cpts.departement is loaded."""
        if self.cpts_id:
            return self.cpts_id == cpts.pk
        if self.departement_id:
            return self.departement_id == cpts.departement_id
        if self.region_id:
            return self.region_id == cpts.departement.region_id
        return True


class Invitation(models.Model):
    """A role offered by mail. The link carries a signature and this uuid, nothing personal.

    Retention: ninety days after it was accepted or expired.
    """

    RETENTION_DAYS = 90
    PERSONAL_DATA = "adresse électronique de la personne invitée"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="invitations")
    email = models.EmailField("adresse électronique")
    role = models.CharField("rôle", max_length=20, choices=Role)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField("envoyée le")
    expires_at = models.DateTimeField("expire le")
    accepted_at = models.DateTimeField("acceptée le", null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)

    class Meta:
        verbose_name = "invitation"
        constraints = [
            models.CheckConstraint(name="invitation_is_for_a_role_on_a_cpts", condition=Q(role__in=CPTS_ROLES)),
            models.UniqueConstraint(
                fields=["cpts", "email", "role"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_is_pending_once",
            ),
            models.CheckConstraint(
                name="invitation_is_not_both_accepted_and_withdrawn",
                condition=Q(accepted_at=None) | Q(withdrawn_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()}"
