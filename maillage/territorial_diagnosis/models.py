"""The diagnosis of a territory: dated values of indicators by place, and what a team says and decides of them."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from maillage.core.missions import Mission
from maillage.cpts.models import Cpts
from maillage.geography.models import Commune
from maillage.records.models import Snapshot
from maillage.territorial_diagnosis.rules.catalogue import Definition, Kind, Source, Theme
from maillage.territorial_diagnosis.rules.opening import Opening, hours_text

MISSION_CHOICES = [(mission.value, mission.label) for mission in Mission]
THEME_CHOICES = [(theme.value, theme.label) for theme in Theme]


class CustomIndicator(models.Model):
    """An indicator that a CPTS added from a file of its own."""

    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    code = models.SlugField("code", max_length=60)
    label = models.CharField("libellé", max_length=120)
    theme = models.CharField("thème", max_length=12, choices=THEME_CHOICES, default=Theme.NEEDS)
    kind = models.CharField("nature", max_length=6, choices=[(kind.value, kind.value) for kind in Kind])
    unit = models.CharField("unité", max_length=40)
    definition = models.CharField("définition", max_length=400)
    source = models.CharField("source", max_length=200)
    licence = models.CharField("licence", max_length=100, blank=True)
    created_at = models.DateTimeField("ajouté le")

    class Meta:
        verbose_name = "indicateur ajouté"
        constraints = [
            models.UniqueConstraint(fields=["cpts", "code"], name="custom_indicator_code_is_single_in_a_cpts")
        ]

    def __str__(self) -> str:
        return self.label

    def as_definition(self) -> Definition:
        """The same shape as the indicators of the product."""
        return Definition(
            code=self.code,
            theme=Theme(self.theme),
            kind=Kind(self.kind),
            label=self.label,
            unit=self.unit,
            source=Source(self.source, self.licence or "non précisée"),
            definition=self.definition,
            numerator="valeur du fichier",
            denominator="" if self.kind == Kind.COUNT else "base du fichier, ou habitants",
            per=100 if self.unit == "%" and self.kind == Kind.RATE else 10_000 if self.kind == Kind.COUNT else 1,
            is_custom=True,
        )


class VintageQuerySet(models.QuerySet["Vintage"]):
    """Chainable, lazy reads. Each name completes the sentence "vintages ..."."""

    def of(self, cpts: Cpts) -> Self:
        """Those everybody shares, and the CPTS's own."""
        return self.filter(Q(cpts=None) | Q(cpts=cpts))

    def shared(self) -> Self:
        return self.filter(cpts=None)

    def newest_first(self, code: str) -> Self:
        """Those everybody shares of one indicator: their labels, years or ISO days, sort as dates do."""
        return self.shared().filter(code=code).order_by("-label")


class Vintage(models.Model):
    """One indicator at one date, from one source; shared, or a CPTS's own."""

    cpts = models.ForeignKey(Cpts, models.CASCADE, null=True, related_name="+")
    code = models.CharField("indicateur", max_length=60)
    label = models.CharField("millésime", max_length=20)
    source = models.CharField("fichier ou origine", max_length=200)
    note = models.CharField("remarque", max_length=400, blank=True)
    level = models.CharField("niveau publié", max_length=12, default="commune")
    places = models.PositiveIntegerField("lieux renseignés", default=0)
    unpublished = models.PositiveIntegerField("lieux non publiés", default=0)
    unmatched = models.JSONField("codes sans commune", default=list)
    # Départements that the source covers, where an absent commune is a zero; null: what is absent is not told.
    covered = models.JSONField("départements couverts", null=True)
    loaded_at = models.DateTimeField("chargé le")

    objects = VintageQuerySet.as_manager()

    class Meta:
        verbose_name = "millésime d’indicateur"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "label"], condition=Q(cpts=None), name="vintage_is_single_among_the_shared"
            ),
            models.UniqueConstraint(
                fields=["cpts", "code", "label"], condition=Q(cpts__isnull=False), name="vintage_is_single_in_a_cpts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class IndicatorValue(models.Model):
    """What a vintage says of one place: a commune (its code), D24, R75, F for France, X7 for CPTS number 7.

    Without a numerator the figure exists and is not published. No constraint on the vintage: values are written by
    millions, with it, and go with it.
    """

    vintage = models.ForeignKey(Vintage, models.CASCADE, related_name="values", db_constraint=False)
    place = models.CharField("lieu", max_length=12)
    numerator = models.FloatField("numérateur", null=True)
    denominator = models.FloatField("dénominateur", null=True)

    class Meta:
        verbose_name = "valeur d’indicateur"
        constraints = [
            # A diagnosis starts from the places: their values lie side by side.
            models.UniqueConstraint(fields=["place", "vintage"], name="indicator_says_a_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.numerator}"


class SharedPerson(models.Model):
    """A professional counted in several communes: a territory that holds two of them counts the person once.

    Retention: replaced at each new register.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "lieux d’exercice publiés par l’Annuaire Santé"

    code = models.CharField("indicateur", max_length=60)
    practitioner_id = models.BigIntegerField("professionnel")
    place = models.CharField("commune", max_length=5)

    class Meta:
        verbose_name = "professionnel de plusieurs communes"
        indexes = [models.Index(fields=["place", "code"], name="shared_person_by_place")]

    def __str__(self) -> str:
        return f"{self.practitioner_id} {self.place}"


class TravelTime(models.Model):
    """Minutes by road from one commune to another, from a matrix given by file: they replace the estimate."""

    origin = models.CharField("départ", max_length=5)
    destination = models.CharField("arrivée", max_length=5)
    minutes = models.FloatField("minutes")

    class Meta:
        verbose_name = "temps de trajet"
        constraints = [
            models.UniqueConstraint(fields=["destination", "origin"], name="travel_time_is_told_once"),
            models.CheckConstraint(name="travel_time_is_not_negative", condition=Q(minutes__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.origin} → {self.destination} : {self.minutes}"


class ResourceKind(models.TextChoices):
    """What a census of existing organisations looks for."""

    UNSCHEDULED = "snp", "soins non programmés"
    DUTY = "pds", "permanence des soins"
    MSP = "msp", "maison de santé (MSP)"
    ESP = "esp", "équipe de soins primaires (ESP)"
    CENTRE = "cds", "centre de santé"
    DAC = "dac", "dispositif d’appui à la coordination (DAC)"
    CLS = "cls", "contrat local de santé (CLS)"
    CPTS = "cpts", "autre CPTS"
    HOSPITAL = "hop", "établissement de santé"
    ASSOCIATION = "asso", "association, réseau"


class ResourceQuerySet(models.QuerySet["Resource"]):
    """Chainable, lazy reads. Each name completes the sentence "resources ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)


class Resource(models.Model):
    """Something that already exists on the territory, as the team knows it.

    Retention: as long as the CPTS keeps it; the contact is professional.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "contact professionnel donné par la CPTS"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    kind = models.CharField("nature", max_length=5, choices=ResourceKind)
    name = models.CharField("nom", max_length=160)
    commune = models.ForeignKey(Commune, models.PROTECT, null=True, related_name="+")
    scope = models.CharField("portée", max_length=160, blank=True)
    contact = models.CharField("contact", max_length=160, blank=True)
    source = models.CharField("source", max_length=160)
    # Triples (weekday, start, end) of rules.opening; empty: not known, which is not closed.
    opening = models.JSONField("horaires d’ouverture", default=list, blank=True)
    # Where it was proposed from: the same establishment is not proposed twice.
    organization_id = models.CharField("structure", max_length=20, blank=True)
    created_at = models.DateTimeField("ajouté le")

    objects = ResourceQuerySet.as_manager()

    class Meta:
        verbose_name = "ressource du territoire"
        constraints = [
            models.UniqueConstraint(
                fields=["cpts", "organization_id"], condition=~Q(organization_id=""), name="resource_is_listed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def openings(self) -> list[Opening]:
        return [Opening(*span) for span in self.opening]

    @property
    def hours(self) -> str:
        """As it is told, '' when not known."""
        return hours_text(self.openings)


class GapStatus(models.TextChoices):
    CONFIRMED = "confirmed", "confirmé"
    DISMISSED = "dismissed", "écarté"


class GapDecision(models.Model):
    """What the team answered to a gap that the figures show.

    Retention: as long as the CPTS keeps its diagnosis.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "auteur de la décision"

    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    key = models.CharField("manque", max_length=80)
    status = models.CharField("réponse", max_length=10, choices=GapStatus)
    reason = models.CharField("raison", max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField("le")

    class Meta:
        verbose_name = "réponse à un manque"
        constraints = [
            models.UniqueConstraint(fields=["cpts", "key"], name="gap_is_answered_once"),
            models.CheckConstraint(name="gap_dismissed_has_a_reason", condition=Q(status="confirmed") | ~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.get_status_display()}"


class Priority(models.Model):
    """One need of the territory, ranked by the team, and the mission that answers it."""

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="priorities")
    rank = models.PositiveSmallIntegerField("rang")
    title = models.CharField("besoin", max_length=160)
    why = models.TextField("ce qui le montre", max_length=1000, blank=True)
    mission = models.CharField("mission", max_length=3, choices=MISSION_CHOICES)
    indicators = models.JSONField("indicateurs", default=list)
    created_at = models.DateTimeField("ajouté le")

    class Meta:
        verbose_name = "priorité"
        ordering = ["rank", "pk"]
        constraints = [models.UniqueConstraint(fields=["cpts", "title"], name="priority_is_said_once")]

    def __str__(self) -> str:
        return self.title


class DiagnosisVersionQuerySet(models.QuerySet["DiagnosisVersion"]):
    """Chainable, lazy reads. Each name completes the sentence "versions ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def readable(self, *, with_draft: bool) -> Self:
        """One that was frozen on a draft perimeter is for those who may read drafts."""
        return self if with_draft else self.filter(is_of_draft=False)


class DiagnosisVersion(models.Model):
    """A diagnosis as it was on a day: figures, census, gaps and priorities, never changed afterwards.

    Retention: as long as the CPTS: it is a piece of its dossiers.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "auteur du diagnostic figé (records.Snapshot)"

    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="diagnoses")
    number = models.PositiveSmallIntegerField("version")
    title = models.CharField("titre", max_length=120)
    snapshot = models.OneToOneField(Snapshot, models.PROTECT, related_name="+")
    is_of_draft = models.BooleanField("sur un projet de périmètre", default=False)

    objects = DiagnosisVersionQuerySet.as_manager()

    class Meta:
        verbose_name = "version du diagnostic"
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["cpts", "number"], name="diagnosis_number_is_single_in_a_cpts")]

    def __str__(self) -> str:
        return f"Version {self.number} : {self.title}"
