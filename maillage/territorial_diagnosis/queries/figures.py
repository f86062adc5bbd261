"""What the figures say of a perimeter: five queries from one commune to all of France."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import orjson

from maillage.core.sql.rows import Columns, one_of, read_rows
from maillage.cpts.models import Cpts
from maillage.territorial_diagnosis.models import CustomIndicator
from maillage.territorial_diagnosis.queries.places import FRANCE, Row, cpts_place, departement_place, region_place
from maillage.territorial_diagnosis.rules.catalogue import Definition, Theme, definitions
from maillage.territory.models import Perimeter, PerimeterStatus

POPULATION = "population"
NO_VALUE: Row = (None, None)
ADDED = Columns(CustomIndicator)
SINCE = (Perimeter._meta.get_field("in_force_since"),)


@dataclass(frozen=True)
class Area:
    """The perimeter that is described, as one line."""

    perimeter_id: int
    number: int
    status: str
    since: Any
    departements: Mapping[str, tuple[int, float]]  # communes and inhabitants in each

    @cached_property
    def communes(self) -> int:
        return sum(communes for communes, _ in self.departements.values())

    @cached_property
    def population(self) -> int:
        return round(sum(people for _, people in self.departements.values()))

    def inside(self, covered: Collection[str]) -> tuple[int, float]:
        """Communes and inhabitants in the départements that a source covers."""
        counts = [self.departements[code] for code in self.departements if code in covered]
        return sum(communes for communes, _ in counts), sum(people for _, people in counts)


class Edition(NamedTuple):
    """A vintage as figures carry it: what it is, and where it was found."""

    pk: int
    code: str
    label: str
    source: str
    note: str
    level: str
    covered_codes: str | None

    @property
    def covered(self) -> frozenset[str] | None:
        """Départements where an absent commune is a zero; None when what is absent is not told."""
        return None if self.covered_codes is None else _codes(self.covered_codes)


@cache
def _codes(text: str) -> frozenset[str]:
    """A few lists of départements serve every vintage of every CPTS."""
    return frozenset(orjson.loads(text))


class References(NamedTuple):
    """One indicator where a CPTS is compared."""

    departement: float | None = None
    region: float | None = None
    france: float | None = None


NO_REFERENCES = References()


class Figure(NamedTuple):
    """One indicator of one perimeter, beside its references; its values are worked out when they are read."""

    definition: Definition
    vintage: Edition | None
    row: Row
    population: float
    published: int
    absent: int
    facts: "Facts"
    own: tuple[Edition, float] | None

    @property
    def value(self) -> float | None:
        return self.definition.value(*self.row)

    @property
    def compared(self) -> float | None:
        """What stands beside the references: a count per 10,000 inhabitants, or the value itself."""
        return self.definition.comparable(*self.row, self.population)

    @property
    def references(self) -> References:
        """What stands beside it, of where the CPTS is compared."""
        if self.vintage is None:
            return NO_REFERENCES
        beside, people = self.facts.beside.get(self.vintage.pk, NOTHING), self.facts.people
        comparable = self.definition.comparable
        return References(
            comparable(beside.departement, beside.departement_base, people.departement),
            comparable(beside.region, beside.region_base, people.region),
            comparable(beside.france, beside.france_base, people.france),
        )

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
        return [figure for figure in self.figures.values() if figure.definition.theme == theme]


AREA = """
    SELECT perimeter.in_force_since, perimeter.id, perimeter.number, perimeter.status,
           c.departement_id, count(*), sum(c.population * p.share)
    FROM territory_perimeterpart p
    JOIN territory_perimeter perimeter ON perimeter.id = p.perimeter_id
    JOIN geography_commune c ON c.code = p.commune_id
    WHERE p.cpts_id = %s AND perimeter.status {statuses} AND c.merged_into_id IS NULL
    GROUP BY perimeter.id, perimeter.number, perimeter.status, perimeter.in_force_since, c.departement_id
"""


def area_of(cpts: Cpts, *, with_draft: bool) -> Area | None:
    """The perimeter in force, failing it the draft for those who may read it. One query."""
    among, statuses = one_of([PerimeterStatus.IN_FORCE.value, *([PerimeterStatus.DRAFT.value] if with_draft else [])])
    rows = read_rows(AREA.format(statuses=among), [cpts.pk, *statuses], SINCE)
    kept = [row for row in rows if row[3] == PerimeterStatus.IN_FORCE] or rows
    if not kept:
        return None
    since, perimeter, number, status, *_ = kept[0]
    return Area(perimeter, number, status, since, {row[4]: (row[5], float(row[6] or 0)) for row in kept})


ADDITIONS = f"""
    SELECT {ADDED.of("one")} FROM territorial_diagnosis_customindicator one WHERE one.cpts_id = %s ORDER BY one.label
"""  # noqa: S608  # names of columns only


def definitions_of(cpts: Cpts) -> dict[str, Definition]:
    """Those of the product, then those the CPTS added. One query."""
    own = [ADDED.made(row) for row in read_rows(ADDITIONS, [cpts.pk], ADDED.fields)]
    return definitions() | {indicator.code: indicator.as_definition() for indicator in own}


# Labels of the product are years and ISO days; those of a CPTS's own files are free: the last one loaded wins.
EDITIONS = """
    SELECT id, code, label, source, note, level, CAST(covered AS text)
    FROM territorial_diagnosis_vintage
    WHERE (cpts_id IS NULL OR cpts_id = %s) {codes}
    ORDER BY CASE WHEN code LIKE 'cpts-%%' THEN '' ELSE label END, loaded_at, id
"""


def latest_vintages(cpts: Cpts, codes: Iterable[str] | None = None) -> tuple[dict[str, Edition], dict[str, Edition]]:
    """The newest vintage of each indicator: those published, and those of the CPTS. One query."""
    among, wanted = ("", []) if codes is None else one_of(list(codes))
    sql = EDITIONS.format(codes=f"AND code {among}" if among else "")
    editions = [Edition._make(row) for row in read_rows(sql, [cpts.pk, *wanted], ())]
    published = {edition.code: edition for edition in editions if edition.level != "cpts"}
    return published, {edition.code: edition for edition in editions if edition.level == "cpts"}


def diagnosis_of(
    cpts: Cpts, area: Area, known: Mapping[str, Definition], codes: Iterable[str] | None = None
) -> Diagnosis:
    """Figures of a perimeter, or some of them: vintages, sums, references. Three queries."""
    wanted = known.keys() if codes is None else set(codes)
    published, own = latest_vintages(cpts, None if codes is None else {*wanted, POPULATION})
    shown = [vintage.pk for code, vintage in published.items() if code in wanted]
    beside = _beside(cpts, [edition.pk for edition in (*published.values(), *own.values())])
    people = published.get(POPULATION)
    sums, twice = _sums(area, shown)
    facts = Facts(area, sums, twice, beside, beside.get(people.pk, NOTHING) if people else NOTHING)
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
    communes_told: int = 0
    rows: int = 0


NO_SUMS = Sums()


class Beside(NamedTuple):
    """What a vintage says of the places of reference, and of the CPTS itself when it was typed."""

    departement: float | None = None
    departement_base: float | None = None
    region: float | None = None
    region_base: float | None = None
    france: float | None = None
    france_base: float | None = None
    own: float | None = None
    own_base: float | None = None


NOTHING = Beside()


class Facts(NamedTuple):
    """What the queries brought, put together indicator by indicator."""

    area: Area
    sums: Mapping[int, Sums]
    twice: Mapping[str, float]
    beside: Mapping[int, Beside]
    people: Beside  # inhabitants of the places of reference

    def figure(self, definition: Definition, vintage: Edition | None, own: Edition | None) -> Figure:
        typed = self._typed(definition, own) if own else None
        people: float = self.area.population
        if vintage is None:
            return Figure(definition, None, NO_VALUE, people, 0, 0, self, typed)
        numerator, denominator, communes_told, rows = self.sums.get(vintage.pk, NO_SUMS)
        absent = self.area.communes - communes_told
        if definition.absent_is_zero and (covered := vintage.covered) is not None:
            # Only where the source is exhaustive is an absent commune a zero.
            communes, people = self.area.inside(covered)
            absent = self.area.communes - communes + rows - communes_told
            numerator = (numerator or 0.0) - self.twice.get(definition.code, 0.0) if communes else None
        return Figure(definition, vintage, (numerator, denominator), people, communes_told, absent, self, typed)

    def _typed(self, definition: Definition, own: Edition) -> tuple[Edition, float] | None:
        typed = self.beside.get(own.pk, NOTHING)
        value = definition.value(typed.own, typed.own_base)
        return None if value is None else (own, value)


# The same for both engines: from the places, which the index of values is made for (CROSS JOIN: SQLite, which would
# start from a few vintages, and read all their places, keeps to the order). The second half is how many times
# too many people are counted, for each code: of one who exercises in two communes, only the larger part stays.
SUMS = """
    SELECT v.vintage_id, '', sum(v.numerator * p.share),
           sum(CASE WHEN v.numerator IS NOT NULL THEN v.denominator * p.share END), count(v.numerator), count(*)
    FROM (SELECT perimeter_id, commune_id, CAST(share AS double precision) AS share FROM territory_perimeterpart) p
    CROSS JOIN territorial_diagnosis_indicatorvalue v
    WHERE p.perimeter_id = %s AND v.place = p.commune_id AND v.vintage_id IN ({vintages})
    GROUP BY v.vintage_id
    UNION ALL
    SELECT 0, code, sum(counted - largest), NULL, 0, 0 FROM (
        SELECT s.code, s.practitioner_id, sum(p.share) AS counted, max(p.share) AS largest
        FROM (SELECT perimeter_id, commune_id, CAST(share AS double precision) AS share FROM territory_perimeterpart) p
        JOIN territorial_diagnosis_sharedperson s ON s.place = p.commune_id
        WHERE p.perimeter_id = %s GROUP BY s.code, s.practitioner_id
    ) people GROUP BY code
"""


def _sums(area: Area, vintages: list[int]) -> tuple[dict[int, Sums], dict[str, float]]:
    """What communes say, added up for each vintage; and what to take away from each code. One query."""
    if not vintages:
        return {}, {}
    rows = read_rows(SUMS.format(vintages=_written(vintages)), [area.perimeter_id] * 2, ())
    sums = {vintage: Sums._make(added) for vintage, code, *added in rows if not code}
    return sums, {code: taken for _, code, taken, *_ in rows if code}


def _written(numbers: list[int]) -> str:
    """The same for every page until a file is loaded: planned once, and nothing to bind at each row."""
    return ", ".join(map(str, numbers))


def reference_places(cpts: Cpts) -> tuple[str, str, str]:
    """Where a CPTS is compared, as References names them."""
    return departement_place(cpts.departement_id), region_place(cpts.departement.region_id), FRANCE


BESIDE = """
    SELECT v.id, d.numerator, d.denominator, r.numerator, r.denominator, f.numerator, f.denominator,
           o.numerator, o.denominator
    FROM territorial_diagnosis_vintage v
    LEFT JOIN territorial_diagnosis_indicatorvalue d ON d.vintage_id = v.id AND d.place = %s
    LEFT JOIN territorial_diagnosis_indicatorvalue r ON r.vintage_id = v.id AND r.place = %s
    LEFT JOIN territorial_diagnosis_indicatorvalue f ON f.vintage_id = v.id AND f.place = %s
    LEFT JOIN territorial_diagnosis_indicatorvalue o ON v.level = 'cpts' AND o.vintage_id = v.id AND o.place = %s
    WHERE v.id IN ({vintages})
"""


def _beside(cpts: Cpts, vintages: list[int]) -> dict[int, Beside]:
    """What each vintage says elsewhere; of one replaced meanwhile, nothing. One query."""
    if not vintages:
        return {}
    places = [*reference_places(cpts), cpts_place(cpts.pk)]
    rows = read_rows(BESIDE.format(vintages=_written(vintages)), places, ())
    return {vintage: Beside._make(values) for vintage, *values in rows}
