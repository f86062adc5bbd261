"""What the figures say of a perimeter: five queries from one commune to all of France."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, Sum

from maillage.cpts.models import Cpts
from maillage.territorial_diagnosis.models import CustomIndicator, IndicatorValue, Vintage
from maillage.territorial_diagnosis.places import FRANCE, Row, cpts_place, departement_place, region_place
from maillage.territorial_diagnosis.rules.catalogue import Definition, Kind, Theme, definitions
from maillage.territory.models import PerimeterPart, PerimeterStatus

REFERENCES = ("departement", "region", "france")
POPULATION = "population"
NO_VALUE: Row = (None, None)
OWN_PREFIX = "cpts-"


@dataclass(frozen=True)
class Area:
    """The perimeter that is described, as one line."""

    perimeter_id: int
    number: int
    status: str
    since: Any
    departements: Mapping[str, tuple[int, float]]  # communes and inhabitants in each

    @property
    def communes(self) -> int:
        return sum(communes for communes, _ in self.departements.values())

    @property
    def population(self) -> int:
        return round(sum(people for _, people in self.departements.values()))

    def inside(self, covered: Collection[str]) -> tuple[int, float]:
        """Communes and inhabitants in the départements that a source covers."""
        told = [self.departements[code] for code in self.departements if code in covered]
        return sum(communes for communes, _ in told), sum(people for _, people in told)


@dataclass(frozen=True)
class Figure:
    """One indicator of one perimeter, beside its references."""

    definition: Definition
    vintage: Vintage | None
    row: Row
    population: float
    published: int = 0
    absent: int = 0
    references: Mapping[str, float | None] = field(default_factory=dict)
    own: tuple[Vintage, float] | None = None

    @property
    def value(self) -> float | None:
        return self.definition.value(*self.row)

    @property
    def compared(self) -> float | None:
        """What stands beside the references: a count per 10,000 inhabitants, or the value itself."""
        if self.definition.kind == Kind.COUNT:
            return self.definition.density(self.row[0], self.population)
        return self.value

    @property
    def is_missing(self) -> bool:
        """Nothing was loaded, nor typed."""
        return self.vintage is None and self.own is None


@dataclass(frozen=True)
class Diagnosis:
    """Every figure of a perimeter, in the order of the catalogue."""

    cpts: Cpts
    area: Area
    figures: Mapping[str, Figure]

    def of_theme(self, theme: Theme) -> list[Figure]:
        return [one for one in self.figures.values() if one.definition.theme == theme]


def area_of(cpts: Cpts, *, with_draft: bool) -> Area | None:
    """The perimeter in force, failing it the draft for those who may read it. One query."""
    statuses = [PerimeterStatus.IN_FORCE, *([PerimeterStatus.DRAFT] if with_draft else [])]
    found = (
        PerimeterPart.objects.filter(cpts=cpts, perimeter__status__in=statuses, commune__merged_into=None)
        .order_by()
        .values(
            "perimeter_id",
            "perimeter__number",
            "perimeter__status",
            "perimeter__in_force_since",
            "commune__departement",
        )
        .annotate(communes=Count("pk"), people=Sum(F("commune__population") * F("share")))
    )
    rows = list(found)
    in_force = [row for row in rows if row["perimeter__status"] == PerimeterStatus.IN_FORCE]
    kept = in_force or rows
    if not kept:
        return None
    return Area(
        kept[0]["perimeter_id"],
        kept[0]["perimeter__number"],
        kept[0]["perimeter__status"],
        kept[0]["perimeter__in_force_since"],
        {row["commune__departement"]: (row["communes"], float(row["people"] or 0)) for row in kept},
    )


def definitions_of(cpts: Cpts) -> dict[str, Definition]:
    """Those of the product, then those the CPTS added. One query."""
    own = {one.code: one.as_definition() for one in CustomIndicator.objects.filter(cpts=cpts).order_by("label")}
    return definitions() | own


def latest_vintages(cpts: Cpts, codes: Iterable[str] | None = None) -> tuple[dict[str, Vintage], dict[str, Vintage]]:
    """The newest vintage of each indicator: those published, and those of the CPTS. One query."""
    published: dict[str, Vintage] = {}
    own: dict[str, Vintage] = {}
    vintages = Vintage.objects.of(cpts).defer("unmatched")
    if codes is not None:
        vintages = vintages.filter(code__in=list(codes))
    # Labels of the product are years and ISO days; those of a CPTS's own files are free: the last one loaded wins.
    for vintage in sorted(
        vintages, key=lambda one: ("" if one.code.startswith(OWN_PREFIX) else one.label, one.loaded_at)
    ):
        (own if vintage.level == "cpts" else published)[vintage.code] = vintage
    return published, own


def diagnosis_of(
    cpts: Cpts, area: Area, known: Mapping[str, Definition], codes: Iterable[str] | None = None
) -> Diagnosis:
    """Figures of a perimeter, or some of them: vintages, sums, references. Three queries."""
    wanted = set(known if codes is None else codes)
    published, own = latest_vintages(cpts, None if codes is None else {*wanted, POPULATION})
    shown = [vintage.pk for code, vintage in published.items() if code in wanted]
    references = _references(cpts, [*published.values(), *own.values()])
    people = published.get(POPULATION)
    sums, twice = _sums(area, shown)
    facts = _Facts(
        cpts=cpts,
        area=area,
        sums=sums,
        twice=twice,
        references=references,
        populations={name: references.get((people.pk, name), (None, None))[0] for name in REFERENCES} if people else {},
    )
    figures = {
        code: facts.figure(definition, published.get(code), own.get(code))
        for code, definition in known.items()
        if code in wanted
    }
    return Diagnosis(cpts, area, figures)


class Sums(NamedTuple):
    """A vintage over a perimeter: sums weighted by the parts counted, communes told, rows found."""

    numerator: float | None = None
    denominator: float | None = None
    told: int = 0
    rows: int = 0


@dataclass(frozen=True)
class _Facts:
    """What the queries brought, put together indicator by indicator."""

    cpts: Cpts
    area: Area
    sums: Mapping[int, Sums]
    twice: Mapping[str, float]
    references: Mapping[tuple[int, str], Row]
    populations: Mapping[str, float | None]

    def figure(self, definition: Definition, vintage: Vintage | None, own: Vintage | None) -> Figure:
        typed = self._typed(definition, own)
        if vintage is None:
            return Figure(definition, None, NO_VALUE, float(self.area.population), own=typed)
        numerator, denominator, told, rows = self.sums.get(vintage.pk, Sums())
        absent, people = self.area.communes - told, float(self.area.population)
        if definition.absent_is_zero and vintage.covered is not None:
            # Only where the source is exhaustive is an absent commune a zero.
            communes, people = self.area.inside(vintage.covered)
            absent = self.area.communes - communes + rows - told
            numerator = (numerator or 0.0) - self.twice.get(definition.code, 0.0) if communes else None
        compared = {name: self._reference(definition, vintage, name) for name in REFERENCES}
        return Figure(definition, vintage, (numerator, denominator), people, told, absent, compared, typed)

    def _reference(self, definition: Definition, vintage: Vintage, name: str) -> float | None:
        row = self.references.get((vintage.pk, name), NO_VALUE)
        if definition.kind == Kind.COUNT:
            return definition.density(row[0], self.populations.get(name))
        return definition.value(*row)

    def _typed(self, definition: Definition, own: Vintage | None) -> tuple[Vintage, float] | None:
        row = self.references.get((own.pk, "own"), NO_VALUE) if own else NO_VALUE
        value = definition.value(*row)
        return (own, value) if own and value is not None else None


def _sums(area: Area, vintages: list[int]) -> tuple[dict[int, Sums], dict[str, float]]:
    """What communes say, added up for each vintage; and how many times too many people are counted, for each code.

    A person who exercises in two communes of the perimeter is in the sums twice: only the larger part stays. One query.
    """
    if not vintages:
        return {}, {}
    marks = ", ".join(["%s"] * len(vintages))
    # SQL, the same for both engines: the join on codes that the index of values is made for.
    sql = f"""
        SELECT CAST(v.vintage_id AS varchar(60)), sum(v.numerator * p.share),
               sum(CASE WHEN v.numerator IS NOT NULL THEN v.denominator * p.share END), count(v.numerator), count(*)
        FROM territory_perimeterpart p
        JOIN territorial_diagnosis_indicatorvalue v ON v.place = p.commune_id
        WHERE p.perimeter_id = %s AND v.vintage_id IN ({marks})
        GROUP BY v.vintage_id
        UNION ALL
        SELECT code, sum(counted - largest), NULL, 0, 0 FROM (
            SELECT s.code, s.practitioner_id, sum(p.share) AS counted, max(p.share) AS largest
            FROM territory_perimeterpart p
            JOIN territorial_diagnosis_sharedperson s ON s.place = p.commune_id
            WHERE p.perimeter_id = %s GROUP BY s.code, s.practitioner_id
        ) people GROUP BY code
    """  # noqa: S608  # marks only
    sums: dict[int, Sums] = {}
    twice: dict[str, float] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [area.perimeter_id, *vintages, area.perimeter_id])
        for what, numerator, denominator, told, rows in cursor.fetchall():
            if what.isdigit():
                sums[int(what)] = Sums(_float(numerator), _float(denominator), int(told), int(rows))
            else:
                twice[what] = float(numerator)
    return sums, twice


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def reference_places(cpts: Cpts) -> dict[str, str]:
    """Where a CPTS is compared: place -> name of the reference."""
    return {
        departement_place(cpts.departement_id): "departement",
        region_place(cpts.departement.region_id): "region",
        FRANCE: "france",
        cpts_place(cpts.pk): "own",
    }


def _references(cpts: Cpts, vintages: list[Vintage]) -> dict[tuple[int, str], Row]:
    """(vintage, reference) -> row; populations of the areas come with the vintage of the population."""
    places = reference_places(cpts)
    rows = IndicatorValue.objects.filter(place__in=places, vintage__in=vintages)
    return {
        (vintage, places[place]): (numerator, denominator)
        for vintage, place, numerator, denominator in rows.values_list(
            "vintage_id", "place", "numerator", "denominator"
        )
    }
