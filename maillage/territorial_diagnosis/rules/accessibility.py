"""Potential accessibility of every commune: enhanced two-step floating catchment area, on sparse matrices. Pure.

Step one shares the professionals of a place among the inhabitants who can reach it, by time and by need; step two
adds up, for each commune, the shares it can reach. Weights by travel time are dated parameters. Travel time is an
estimate (straight line x detour / speed by density) until a matrix of road times is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree

from maillage.core.parameters import in_force, read_yaml
from maillage.geography.rules.distances import KM_PER_DEGREE
from maillage.territorial_diagnosis.rules.parameters import PATH

DENSITY_KM = 5.0
PER = 100_000
Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Catchment:
    """Weight of a professional by estimated minutes: the first step whose bound is not passed; zero beyond."""

    steps: tuple[tuple[float, float], ...]
    title: str
    href: str
    status: str

    def weights(self, minutes: Floats) -> Floats:
        bounds = np.array([limit for limit, _ in self.steps])
        values = np.array([*(weight for _, weight in self.steps), 0.0])
        return values[np.searchsorted(bounds, minutes, side="right")]


@dataclass(frozen=True)
class Travel:
    """How minutes are estimated from kilometres."""

    detour: float
    speeds: tuple[tuple[float, float], ...]
    reach_km: float
    title: str
    status: str

    def speed(self, density: Floats) -> Floats:
        """km/h by inhabitants per km²: the first threshold that the density reaches."""
        speeds = np.full(density.shape, float(self.speeds[-1][1]))
        for threshold, speed in reversed(self.speeds):
            speeds[density >= threshold] = speed
        return speeds

    def minutes(self, km: Floats, speed: Floats) -> Floats:
        return km * self.detour / speed * 60


@dataclass(frozen=True)
class Pairs:
    """Places within reach of each other, itself included: sorted by origin, with the minutes between them."""

    origin: Ints
    destination: Ints
    minutes: Floats


def catchment(on: date) -> Catchment:
    """The catchment in force on a day. Raises LookupError before the first one."""
    _, raw = in_force(read_yaml(PATH)["catchment"], on)
    return Catchment(tuple((float(a), float(b)) for a, b in raw["steps"]), raw["title"], raw["href"], raw["status"])


def travel(on: date) -> Travel:
    """The estimation of time in force on a day."""
    _, raw = in_force(read_yaml(PATH)["travel"], on)
    speeds = tuple((float(a), float(b)) for a, b in raw["speeds"])
    return Travel(float(raw["detour"]), speeds, float(raw["reach_km"]), raw["title"], raw["status"])


def demand_weights(group: str, on: date) -> tuple[float, ...] | None:
    """Care sought by age class for one profession, None when no text or fit gives it."""
    _, raw = in_force(read_yaml(PATH)["demand"], on)
    weights = {str(key): value for key, value in raw.items()}.get(group)
    return tuple(float(weight) for weight in weights) if weights else None


def project(latitude: Floats, longitude: Floats) -> Floats:
    """Points on a sphere of the Earth's radius, in km: chords are distances to 0.01 % at these ranges."""
    radius = KM_PER_DEGREE * 180 / np.pi
    lat, lon = np.radians(latitude), np.radians(longitude)
    return radius * np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def density_around(points: Floats, population: Floats) -> Floats:
    """Inhabitants per km² within 5 km of each point."""
    origins, destinations = _neighbours(points, DENSITY_KM)
    half = csr_matrix((np.ones(len(origins)), (origins, destinations)), shape=(len(points), len(points)))
    return np.asarray(half @ population + half.T @ population + population) / (np.pi * DENSITY_KM**2)


def _neighbours(points: Floats, km: float) -> tuple[Ints, Ints]:
    """Places within so many km of each other, each pair once."""
    half = cKDTree(points).query_pairs(km, output_type="ndarray").astype(np.int32)
    return half[:, 0], half[:, 1]


def _km(points: Floats, origins: Ints, destinations: Ints) -> Floats:
    """Distances, an axis at a time: millions of pairs stay within a few tens of MiB."""
    square = np.zeros(len(origins))
    for axis in points.T:
        square += (axis[origins] - axis[destinations]) ** 2
    return np.sqrt(square)


def pairs(points: Floats, population: Floats, how: Travel, within: float = np.inf) -> Pairs:
    """Every pair within reach, with its estimated minutes: the slower end sets the speed, so both ways take as long.

    `within`: minutes from which a pair is of no use and not kept.
    """
    origins, destinations = _neighbours(points, how.reach_km)
    speed = how.speed(density_around(points, population))
    minutes = how.minutes(_km(points, origins, destinations), np.minimum(speed[origins], speed[destinations]))
    useful = minutes < within
    origins, destinations, minutes = origins[useful], destinations[useful], minutes[useful]
    own = np.arange(len(points), dtype=np.int32)
    return Pairs(
        np.concatenate((origins, destinations, own)),
        np.concatenate((destinations, origins, own)),
        np.concatenate((minutes, minutes, np.zeros(len(points)))),
    )


def weight_matrix(reachable: Pairs, size: int, steps: Catchment) -> csr_matrix:
    """Rows: where people live; columns: where professionals exercise. Pairs of weight zero are left out."""
    weights = steps.weights(reachable.minutes)
    kept = weights > 0
    return csr_matrix((weights[kept], (reachable.origin[kept], reachable.destination[kept])), shape=(size, size))


def accessibility(weights: csr_matrix, supply: Floats, demand: Floats) -> Floats:
    """Professionals within reach per 100,000 weighted inhabitants, for each place and profession.

    `supply` and `demand` hold a column a profession. Supply that nobody can reach counts for nobody.
    """
    reached = weights.T @ demand
    shared = np.divide(supply, reached, out=np.zeros_like(supply), where=reached > 0)
    return np.asarray(weights @ shared) * PER


def standardised(population: Floats, ages: Floats, known: NDArray[np.bool_], weights: Sequence[float] | None) -> Floats:
    """Inhabitants weighted by the care their ages seek; as they are where ages or weights are not known."""
    if weights is None:
        return population
    weighted = ages @ np.asarray(weights)
    return np.where(known, population * weighted, population)


def nearest_minutes(points: Floats, places: Ints, population: Floats, how: Travel) -> Floats:
    """Estimated minutes to the nearest of some places, infinite when there is none."""
    if not len(places):
        return np.full(len(points), np.inf)
    km, which = cKDTree(points[places]).query(points)
    speed = how.speed(density_around(points, population))
    return how.minutes(km, np.minimum(speed, speed[places[which]]))
