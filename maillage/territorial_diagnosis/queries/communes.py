"""One indicator, commune by commune: what a map, a table and a ranking are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from maillage.geography.rules.codes import departement_of
from maillage.territorial_diagnosis.queries.figures import Area, Edition
from maillage.territorial_diagnosis.rules.catalogue import Definition


@dataclass(frozen=True)
class Line:
    """A commune and what one indicator says of it."""

    code: str
    name: str
    is_district: bool
    population: int
    share: float
    numerator: float | None
    denominator: float | None
    is_told: bool
    definition_kind: str
    value: float | None
    density: float | None

    @property
    def shown(self) -> float | None:
        """What the map and the ranking compare: a density for counts, the value otherwise."""
        return self.density if self.density is not None else self.value


def lines_of(area: Area, definition: Definition, vintage: Edition | None) -> list[Line]:
    """Every commune of the perimeter, by name. One query."""
    sql = """
        SELECT c.code, c.name, c.parent_id, c.population, p.share, v.numerator, v.denominator, v.id
        FROM territory_perimeterpart p JOIN geography_commune c ON c.code = p.commune_id
        LEFT JOIN territorial_diagnosis_indicatorvalue v ON v.place = p.commune_id AND v.vintage_id = %s
        WHERE p.perimeter_id = %s ORDER BY c.name, c.code
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [vintage.pk if vintage else None, area.perimeter_id])
        rows = cursor.fetchall()
    covered = (vintage.covered if vintage and definition.absent_is_zero else None) or frozenset()
    return [_line(definition, row, absent_is_zero=departement_of(row[0]) in covered) for row in rows]


def _line(
    definition: Definition, row: tuple[str, str, str, int, float, float, float, int], *, absent_is_zero: bool
) -> Line:
    code, name, parent, population, share, numerator, denominator, value_id = row
    known = 0.0 if value_id is None and absent_is_zero else numerator
    value = definition.value(known, denominator)
    density = definition.density(known, population) if population else None
    kind = definition.kind if not definition.is_count or definition.per else "plain"
    return Line(
        code,
        name,
        parent is not None,
        population or 0,
        float(share),
        known,
        denominator,
        value_id is not None,
        kind,
        value,
        density,
    )


def values_of(
    area: Area, vintages: Mapping[str, Edition], known: Mapping[str, Definition]
) -> dict[str, dict[str, float | None]]:
    """Indicator -> commune -> value, for a few indicators at once. One query."""
    if not vintages:
        return {}
    codes = {vintage.pk: code for code, vintage in vintages.items()}
    marks = ", ".join(["%s"] * len(codes))
    sql = f"""
        SELECT v.vintage_id, v.place, v.numerator, v.denominator FROM territory_perimeterpart p
        CROSS JOIN territorial_diagnosis_indicatorvalue v
        WHERE p.perimeter_id = %s AND v.place = p.commune_id AND v.vintage_id IN ({marks})
    """  # noqa: S608  # marks only
    values: dict[str, dict[str, float | None]] = {code: {} for code in vintages}
    with connection.cursor() as cursor:
        cursor.execute(sql, [area.perimeter_id, *codes])
        for vintage, place, numerator, denominator in cursor.fetchall():
            code = codes[vintage]
            values[code][place] = known[code].value(numerator, denominator)
    return values


def names_of(area: Area) -> dict[str, str]:
    """Commune -> name. One query."""
    sql = (
        "SELECT c.code, c.name FROM territory_perimeterpart p JOIN geography_commune c ON c.code = p.commune_id "
        "WHERE p.perimeter_id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [area.perimeter_id])
        return dict(cursor.fetchall())
