"""The neighbourhood of one commune, read from the database, for a what-if that answers in a page."""

from dataclasses import dataclass
from datetime import date
from math import cos, pi, radians, sin, sqrt

from maillage.core.parameters import in_force, read_yaml
from maillage.geography.models import Commune
from maillage.geography.rules.distances import KM_PER_DEGREE
from maillage.territorial_diagnosis.models import IndicatorValue, TravelTime, Vintage
from maillage.territorial_diagnosis.rules.parameters import PATH
from maillage.territorial_diagnosis.rules.what_if import changes

Point = tuple[float, float, float]


def changes_around(code: str, more: float, *, on: date) -> dict[str, float]:
    """Commune -> change of accessibility if `more` professionals exercised in `code`. Four queries at most.

    Inhabitants count as they are: weighting them by age moves the answer by a few hundredths.
    """
    raw = read_yaml(PATH)
    _, how = in_force(raw["travel"], on)
    _, catchment = in_force(raw["catchment"], on)
    near = _near(code, float(how["reach_km"]))
    if code not in near:
        return {}
    steps = [(float(a), float(b)) for a, b in catchment["steps"]]
    if given := _given_minutes(code):
        known = dict(Commune.objects.filter(code__in=given).values_list("code", "population"))
        return changes(given, {origin: float(known.get(origin) or 0) for origin in given}, steps, more)
    here = near[code]
    minutes = {}
    for origin, place in near.items():
        km = sqrt(sum((a - b) ** 2 for a, b in zip(here.point, place.point, strict=True)))
        if km <= how["reach_km"]:
            speed = min(_speed(here.density, how["speeds"]), _speed(place.density, how["speeds"]))
            minutes[origin] = km * how["detour"] / speed * 60
    demand = {minute: float(near[minute].population) for minute in minutes}
    return changes(minutes, demand, steps, more)


def practises_in(group: str, code: str) -> bool:
    """Whether a professional of this kind is counted in a commune by the latest register."""
    latest = Vintage.objects.newest_first(f"lib_{group}").values("pk")[:1]
    return IndicatorValue.objects.filter(place=code, vintage__in=latest, numerator__gt=0).exists()


@dataclass(frozen=True)
class Near:
    """A commune around: where, how many, how dense."""

    point: Point
    population: int
    density: float


def _near(code: str, km: float) -> dict[str, Near]:
    centre = Commune.objects.filter(code=code).values_list("latitude", "longitude").first()
    if centre is None or centre[0] is None or centre[1] is None:
        return {}
    latitude, longitude = float(centre[0]), float(centre[1])
    north = km / KM_PER_DEGREE
    east = north / cos(radians(latitude))
    # The absorbed communes are few and left out here: asked of SQLite, it would read every current commune instead.
    boxed = Commune.objects.filter(
        latitude__range=(latitude - north, latitude + north), longitude__range=(longitude - east, longitude + east)
    ).values_list("code", "latitude", "longitude", "population", "parent_id", "merged_into_id")
    rows = [row for row in boxed if row[-1] is None]
    split = {parent for *_, parent, _ in rows if parent}
    density = _densities([code for code, *_ in rows])
    return {
        code: Near(_point(float(lat or 0), float(lon or 0)), people or 0, density.get(code, 0.0))
        for code, lat, lon, people, *_ in rows
        if code not in split
    }


def _given_minutes(code: str) -> dict[str, float]:
    """Minutes to `code` from each commune of the matrix that was loaded; empty when none was."""
    given = dict(TravelTime.objects.filter(destination=code).values_list("origin", "minutes"))
    return given | {code: 0.0} if given else {}


def _densities(codes: list[str]) -> dict[str, float]:
    latest = Vintage.objects.newest_first("densite_5km").values("pk")[:1]
    values = IndicatorValue.objects.filter(place__in=codes, vintage__in=latest, denominator__gt=0)
    rows = values.values_list("place", "numerator", "denominator")
    return {place: numerator / denominator for place, numerator, denominator in rows if numerator and denominator}


def _point(latitude: float, longitude: float) -> Point:
    radius, lat, lon = KM_PER_DEGREE * 180 / pi, radians(latitude), radians(longitude)
    return radius * cos(lat) * cos(lon), radius * cos(lat) * sin(lon), radius * sin(lat)


def _speed(density: float, speeds: list[list[float]]) -> float:
    """km/h by the inhabitants per km² around: the first threshold that the density reaches."""
    return next(float(speed) for threshold, speed in speeds if density >= threshold)
