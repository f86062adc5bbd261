"""Memberships. One professional may belong to two CPTS."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q
from django.db.models.functions import Upper

from maillage.cpts.models import Cpts
from maillage.directory.models import Mailbox, Practitioner, PractitionerRole
from maillage.geography.models import Commune
from maillage.members.models.college import College


class MembershipStatus(models.TextChoices):
    REQUESTED = "requested", "demandée"
    ACCEPTED = "accepted", "acceptée"
    UP_TO_DATE = "up-to-date", "à jour"
    LEFT = "left", "terminée"
    REFUSED = "refused", "refusée"


class MemberKind(models.TextChoices):
    PERSON = "person", "personne"
    STRUCTURE = "structure", "structure"


class NewPatients(models.TextChoices):
    UNKNOWN = "", "non précisé"
    YES = "yes", "prend de nouveaux patients"
    NO = "no", "ne prend pas de nouveaux patients"


IN = (MembershipStatus.ACCEPTED, MembershipStatus.UP_TO_DATE)
OVER = (MembershipStatus.LEFT, MembershipStatus.REFUSED)


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Chainable, lazy reads. Each name completes the sentence "memberships ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def current(self) -> Self:
        return self.filter(status__in=IN)

    def waiting(self) -> Self:
        return self.filter(status=MembershipStatus.REQUESTED)

    def open(self) -> Self:
        """Asked for or in force: what a second one would be a duplicate of."""
        return self.exclude(status__in=OVER)

    def shown_in_public(self) -> Self:
        """Only whoever said yes."""
        return self.current().filter(is_public=True, contested_at=None)

    def of_account(self, user: models.Model) -> Self:
        """Those bound to the account of a signed-in person, and not contested. An address alone binds nothing."""
        return self.filter(account=user.pk, contested_at=None) if user.pk else self.none()

    def unbound(self) -> Self:
        """In force, of people that no account is bound to yet; a contested one waits for its decision.

        One that is asked for binds nobody: the bureau has not said that it is that person's.
        """
        return self.current().filter(account=None, kind=MemberKind.PERSON, contested_at=None)

    def at_address(self, email: str) -> Self:
        """Those whose address it is, as their team typed it."""
        return self.filter(email__iexact=email) if email else self.none()

    def bound_to(self, account: models.Model) -> Self:
        """Contested ones too: what their owner may still look at."""
        return self.filter(account=account.pk)

    def alike(self, membership: "Membership") -> Self:
        """Others of the same CPTS with the same name or the same address: perhaps the same person."""
        same = Q(search_name=membership.search_name) | (Q(email__iexact=membership.email) if membership.email else Q())
        return self.of(membership.cpts).filter(same).exclude(pk=membership.pk).order_by("search_name")

    def for_listing(self) -> Self:
        """All that the list of members touches, mailboxes included, in two queries."""
        mailboxes = Prefetch("practitioner__mailboxes", Mailbox.objects.order_by("-is_personal", "address"))
        whole = self.select_related("commune", "college", "practitioner").prefetch_related(mailboxes)
        return whole.defer("commune__outline", "commune__neighbours")

    def for_public(self) -> Self:
        """All that the public directory touches."""
        return self.select_related("commune").defer("commune__outline", "commune__neighbours")

    def for_page(self) -> Self:
        """All that the page of one member touches."""
        return self.for_listing().select_related("cpts", "decided_by", "account").prefetch_related("fees")


class Membership(models.Model):
    """One person or one structure in one CPTS; tied to their exercise in the directory when they have one.

    Retention: five years after they left, the time of the contract it is evidence for; one year after a refusal, or
    a request that nobody answered.
    """

    RETENTION_DAYS = 5 * 365
    REFUSED_DAYS = REQUESTED_DAYS = 365
    PERSONAL_DATA = "identité, coordonnées et adhésion"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="memberships")
    kind = models.CharField("nature", max_length=10, choices=MemberKind, default=MemberKind.PERSON)
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, null=True, blank=True, related_name="memberships")
    practitioner_role = models.ForeignKey(PractitionerRole, models.PROTECT, null=True, blank=True, related_name="+")
    # Of a structure, its name; then the person is who stands for it.
    structure = models.CharField("structure", max_length=160, blank=True)
    given_name = models.CharField("prénom", max_length=80, blank=True)
    family_name = models.CharField("nom", max_length=80, blank=True)
    search_name = models.CharField("nom normalisé", max_length=340)
    occupation = models.CharField("profession ou fonction", max_length=80, blank=True)
    # The census group of the directory (10G, 60…), '' when they are no health professional.
    group = models.CharField("profession recensée", max_length=4, blank=True)
    commune = models.ForeignKey(Commune, models.PROTECT, null=True, blank=True, related_name="+")
    email = models.EmailField("adresse électronique", blank=True)
    # What the team wants to write instead: nothing moves before somebody opens the link sent there.
    pending_email = models.EmailField("nouvelle adresse, à confirmer", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    college = models.ForeignKey(College, models.PROTECT, null=True, blank=True, related_name="memberships")

    # Whose it is: proved by the address it was invited at, by a national number, or in person (actions.binding).
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="memberships"
    )
    bound_at = models.DateTimeField("reliée à un compte le", null=True, blank=True)
    # « Ce n’est pas moi »: its account opens nothing until the administrator settles it.
    contested_at = models.DateTimeField("contestée le", null=True, blank=True)
    settled_at = models.DateTimeField("contestation tranchée le", null=True, blank=True)
    # « Ce n’est pas moi » of its account: links mailed before open nothing, whoever read them.
    links_since = models.DateTimeField("liens d’avant refusés le", null=True, blank=True)
    # What the administrator's decision goes back to, and whom it keeps out.
    former_email = models.EmailField("adresse connue avant le compte", blank=True)
    refused_account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    status = models.CharField("adhésion", max_length=12, choices=MembershipStatus, default=MembershipStatus.REQUESTED)
    message = models.CharField("message de la demande", max_length=500, blank=True)
    requested_at = models.DateTimeField("demandée le", null=True, blank=True)
    told_again_at = models.DateTimeField("prévenue d’une autre demande le", null=True, blank=True)
    decided_at = models.DateTimeField("décidée le", null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decision_reason = models.CharField("motif", max_length=300, blank=True)
    joined_on = models.DateField("adhère depuis le", null=True, blank=True)
    left_on = models.DateField("départ le", null=True, blank=True)

    is_public = models.BooleanField("accepte de paraître dans l’annuaire public", default=False)
    may_be_reached = models.BooleanField("accepte de recevoir les messages de la CPTS", default=False)
    consented_at = models.DateTimeField("choix faits le", null=True, blank=True)
    new_patients = models.CharField("nouveaux patients", max_length=3, choices=NewPatients, blank=True)
    home_visits = models.BooleanField("se déplace à domicile", default=False)
    languages = models.CharField("langues parlées", max_length=120, blank=True)
    practical = models.CharField("à savoir", max_length=300, blank=True)
    version = models.PositiveIntegerField("version", default=0)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "adhésion"
        indexes = [
            models.Index(fields=["cpts", "search_name"], name="membership_by_name"),
            models.Index(fields=["cpts", "status"], name="membership_by_status"),
            models.Index(Upper("email"), name="membership_by_email"),  # as iexact asks it
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cpts", "practitioner"],
                condition=Q(practitioner__isnull=False) & ~Q(status__in=["left", "refused"]),
                name="membership_is_single_in_a_cpts",
            ),
            models.UniqueConstraint(
                fields=["cpts", "account"],
                condition=Q(account__isnull=False, kind="person") & ~Q(status__in=["left", "refused"]),
                name="membership_is_single_for_an_account",
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_starts",
                condition=Q(left_on=None) | Q(joined_on=None) | Q(left_on__gte=F("joined_on")),
            ),
            models.CheckConstraint(
                name="membership_left_on_goes_with_left",
                condition=Q(status="left", left_on__isnull=False) | (~Q(status="left") & Q(left_on=None)),
            ),
            models.CheckConstraint(
                name="membership_names_a_person_or_a_structure",
                condition=Q(kind="person") & ~Q(family_name="") | Q(kind="structure") & ~Q(structure=""),
            ),
        ]

    def __str__(self) -> str:
        return self.structure if self.kind == MemberKind.STRUCTURE else self.person

    @property
    def person(self) -> str:
        """Who it is, or who stands for the structure."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def sorted_name(self) -> str:
        return self.structure if self.kind == MemberKind.STRUCTURE else f"{self.family_name} {self.given_name}".strip()

    @property
    def is_in(self) -> bool:
        return self.status in IN

    @property
    def rpps(self) -> str:
        """RPPS or ADELI number as it is written; '' out of the directory."""
        return self.practitioner.national_id[1:] if self.practitioner else ""

    @property
    def mssante(self) -> list[str]:
        """MSSanté addresses of the directory (for_listing prefetches them)."""
        return [mailbox.address for mailbox in self.practitioner.mailboxes.all()] if self.practitioner else []


class FeeMethod(models.TextChoices):
    TRANSFER = "transfer", "virement"
    CHEQUE = "cheque", "chèque"
    CASH = "cash", "espèces"
    CARD = "card", "carte"
    EXEMPT = "exempt", "exonération"


class Fee(models.Model):
    """What one member paid for one calendar year; an exemption is a fee of zero.

    Retention: goes with the membership.
    """

    RETENTION_DAYS = Membership.RETENTION_DAYS
    PERSONAL_DATA = "cotisation"

    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="fees")
    year = models.PositiveSmallIntegerField("année")
    amount = models.DecimalField("montant", max_digits=7, decimal_places=2)
    method = models.CharField("moyen", max_length=10, choices=FeeMethod)
    paid_on = models.DateField("payée le")

    class Meta:
        verbose_name = "cotisation"
        ordering = ["-year"]
        constraints = [
            models.UniqueConstraint(fields=["membership", "year"], name="fee_is_paid_once_a_year"),
            models.CheckConstraint(
                name="fee_is_zero_when_exempt_and_only_then",
                condition=Q(method="exempt", amount=0) | (~Q(method="exempt") & Q(amount__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} : {self.amount} €"
