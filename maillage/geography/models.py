"""Communes of France and what surrounds them. INSEE codes are the keys: they are what every open file joins on."""

from typing import Self

from django.db import models
from django.db.models import F, Q


class CommuneKind(models.TextChoices):
    """Types of the official geographic code that a perimeter may hold."""

    COMMUNE = "COM", "commune"
    ARRONDISSEMENT = "ARM", "arrondissement municipal"


class PlaceNameKind(models.TextChoices):
    """Ways people name a commune, in the order in which an exact match is preferred."""

    CODE = "code", "code INSEE"
    POSTAL_CODE = "postal", "code postal"
    NAME = "name", "nom"
    FORMER_CODE = "former-code", "ancien code INSEE"
    FORMER_NAME = "former-name", "ancienne commune"


ON_EARTH = Q(latitude=None, longitude=None) | Q(
    latitude__isnull=False, latitude__range=(-90, 90), longitude__isnull=False, longitude__range=(-180, 180)
)

LONG_FIELDS = ("outline", "neighbours")  # of a commune: read for a map, and nowhere else


class Region(models.Model):
    code = models.CharField("code INSEE", max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=60)

    class Meta:
        verbose_name = "région"

    def __str__(self) -> str:
        return self.name


class Departement(models.Model):
    """A département or an overseas collectivity, which the official files give as one."""

    code = models.CharField("code INSEE", max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=60)
    region = models.ForeignKey(Region, models.PROTECT, related_name="departements")

    class Meta:
        verbose_name = "département"

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Epci(models.Model):
    """An intermunicipal body with its own taxation."""

    code = models.CharField("SIREN", max_length=9, primary_key=True)
    name = models.CharField("nom", max_length=120)
    search_name = models.CharField("nom normalisé", max_length=120)

    class Meta:
        verbose_name = "EPCI"

    def __str__(self) -> str:
        return self.name


class CommuneQuerySet(models.QuerySet["Commune"]):
    """Chainable, lazy reads. Each name completes the sentence "communes ..."."""

    def current(self) -> Self:
        """In the official code of the day: those that merged since stay only for what refers to them."""
        return self.filter(merged_into=None)

    def for_choosing(self) -> Self:
        """All that a line of a choice shows, without the outline, in a total order."""
        return self.select_related("epci", "departement").defer(*LONG_FIELDS)


class Commune(models.Model):
    """A commune or an arrondissement municipal, with its latest municipal population."""

    code = models.CharField("code INSEE", max_length=5, primary_key=True)
    name = models.CharField("nom", max_length=80)
    kind = models.CharField("type", max_length=3, choices=CommuneKind, default=CommuneKind.COMMUNE)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="arrondissements", verbose_name="commune de l’arrondissement"
    )
    departement = models.ForeignKey(Departement, models.PROTECT, related_name="communes")
    epci = models.ForeignKey(Epci, models.PROTECT, null=True, related_name="communes")
    population = models.PositiveIntegerField("population municipale", null=True)
    population_year = models.PositiveSmallIntegerField("millésime de la population", null=True)
    latitude = models.FloatField("latitude de la mairie", null=True)
    longitude = models.FloatField("longitude de la mairie", null=True)
    postal_codes = models.CharField("codes postaux", max_length=200)
    # Codes of the communes that share a border, separated by spaces.
    neighbours = models.TextField("communes limitrophes")
    # Without an outline, contiguity cannot be told: such a commune is never an island.
    has_known_borders = models.BooleanField("limites connues")
    # Rings as encoded polylines (geography.rules.outlines), read as they are by the browser.
    outline = models.TextField("contour")
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="absorbed", verbose_name="commune qui l’a absorbée"
    )

    objects = CommuneQuerySet.as_manager()

    class Meta:
        verbose_name = "commune"
        indexes = [
            models.Index(fields=["departement", "code"], name="commune_by_departement"),
            models.Index(fields=["latitude", "longitude"], name="commune_by_place"),  # what lies around a place
        ]
        constraints = [
            models.CheckConstraint(
                name="commune_population_and_vintage_go_together",
                condition=Q(population=None, population_year=None)
                | Q(population__isnull=False, population_year__isnull=False),
            ),
            models.CheckConstraint(
                name="commune_arrondissement_has_its_commune",
                condition=Q(kind="ARM", parent__isnull=False) | Q(kind="COM", parent=None),
            ),
            models.CheckConstraint(
                name="commune_is_on_earth",  # not a number is above all numbers for PostgreSQL
                condition=ON_EARTH,
            ),
            models.CheckConstraint(name="commune_is_not_merged_into_itself", condition=~Q(merged_into=F("code"))),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @property
    def neighbour_codes(self) -> frozenset[str]:
        return frozenset(self.neighbours.split())


class CommunePopulation(models.Model):
    """Municipal population of one vintage. Old vintages stay: trends are made of them."""

    commune = models.ForeignKey(Commune, models.CASCADE, related_name="populations")
    year = models.PositiveSmallIntegerField("millésime")
    municipal = models.PositiveIntegerField("population municipale")

    class Meta:
        verbose_name = "population d’une commune"
        constraints = [
            models.UniqueConstraint(fields=["commune", "year"], name="commune_has_one_population_a_vintage"),
        ]

    def __str__(self) -> str:
        return f"{self.commune_id} {self.year} : {self.municipal}"


class PlaceName(models.Model):
    """One way of naming a commune, normalised: the single index behind search and pasted lists."""

    key = models.CharField("clé normalisée", max_length=80)
    kind = models.CharField("nature", max_length=12, choices=PlaceNameKind)
    label = models.CharField("libellé", max_length=80)
    commune = models.ForeignKey(Commune, models.CASCADE, related_name="place_names")

    class Meta:
        verbose_name = "nom de lieu"
        indexes = [models.Index(fields=["key"], name="place_name_key")]

    def __str__(self) -> str:
        return self.label


class ReferenceRelease(models.Model):
    """One loading of the reference files: what the communes on this instance are made of."""

    fingerprint = models.CharField("empreinte", max_length=64)
    geography_year = models.PositiveSmallIntegerField("code officiel géographique")
    population_year = models.PositiveSmallIntegerField("millésime des populations")
    communes = models.PositiveIntegerField("communes")
    loaded_at = models.DateTimeField("chargé le")

    class Meta:
        verbose_name = "version du référentiel"
        get_latest_by = "loaded_at"

    def __str__(self) -> str:
        return f"COG {self.geography_year}, populations {self.population_year}"
