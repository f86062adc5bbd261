"""Where a place lies: distances of a few tens of kilometres, and the cells of a search around a point. Pure."""

from math import asin, ceil, cos, floor, radians, sin, sqrt

from maillage.geography.rules.distances import KM_PER_DEGREE

EARTH_KM = 6371.0
# A cell is some 10 km high and, in metropolitan France, 9 to 11 km wide.
CELL_HEIGHT, CELL_WIDTH = 0.09, 0.13
ROW = 10_000  # cells of one parallel, more than there are


def cell_of(latitude: float, longitude: float) -> int:
    """The cell of a point: neighbours on a parallel are neighbours in number."""
    return floor(latitude / CELL_HEIGHT) * ROW + floor(longitude / CELL_WIDTH)


def cells_around(latitude: float, longitude: float, km: float) -> list[int]:
    """Every cell that a circle may touch."""
    high = ceil(km / (KM_PER_DEGREE * CELL_HEIGHT))
    wide = ceil(km / (KM_PER_DEGREE * cos(radians(latitude)) * CELL_WIDTH))
    centre = cell_of(latitude, longitude)
    return [centre + up * ROW + along for up in range(-high, high + 1) for along in range(-wide, wide + 1)]


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """As the crow flies."""
    up, along = radians(other_latitude - latitude), radians(other_longitude - longitude)
    part = sin(up / 2) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(along / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(part, 1.0)))
