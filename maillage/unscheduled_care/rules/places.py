"""Where a place lies: distances of a few tens of kilometres, and the cells of a search around a point. Pure."""

from math import asin, ceil, cos, floor, hypot, radians, sin, sqrt

from maillage.geography.rules.distances import KM_PER_DEGREE

EARTH_KM = 6371.0
# A cell is some 10 km high and, in metropolitan France, 9 to 11 km wide.
CELL_HEIGHT, CELL_WIDTH = 0.09, 0.13
ROW = 10_000  # cells of one parallel, more than there are


def cell_of(latitude: float, longitude: float) -> int:
    """The cell of a point: neighbours on a parallel are neighbours in number."""
    return floor(latitude / CELL_HEIGHT) * ROW + floor(longitude / CELL_WIDTH)


def cells_around(latitude: float, longitude: float, km: float) -> list[int]:
    """Every cell that a circle touches, on the flat earth of a search."""
    wide_km = KM_PER_DEGREE * cos(radians(latitude))
    high, wide = ceil(km / (KM_PER_DEGREE * CELL_HEIGHT)), ceil(km / (wide_km * CELL_WIDTH))
    row, column = floor(latitude / CELL_HEIGHT), floor(longitude / CELL_WIDTH)
    ups = [(_gap(latitude, up, CELL_HEIGHT) * KM_PER_DEGREE, up) for up in range(row - high, row + high + 1)]
    alongs = [(_gap(longitude, at, CELL_WIDTH) * wide_km, at) for at in range(column - wide, column + wide + 1)]
    return [up * ROW + along for far_up, up in ups for far_along, along in alongs if hypot(far_up, far_along) <= km]


def _gap(value: float, cell: int, size: float) -> float:
    """How far a value is from a cell, 0 inside it."""
    return max(cell * size - value, value - (cell + 1) * size, 0.0)


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """As the crow flies."""
    up, along = radians(other_latitude - latitude), radians(other_longitude - longitude)
    part = sin(up / 2) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(along / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(part, 1.0)))
