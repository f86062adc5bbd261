"""Outlines of communes as drawings (SVG) and as open data (GeoJSON)."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from math import cos, radians
from typing import Any

from maillage.geography.rules.outlines import Point, decode_rings

WIDTH = 640
# Light to dark, so that the order reads in black and white; each class also carries its number.
FILLS = ("#ffffff", "#dcefeb", "#a5d1c8", "#5fa79b", "#237a6d", "#083f3a")
INK, PALE = "#16302d", "#ffffff"
NUMBERED_AT_MOST = 80
Rings = list[list[Point]]


def map_svg(outlines: Mapping[str, str], classes: Mapping[str, int], title: str) -> str:
    """A map of communes in their classes; communes without an outline are left out. '' when none has one."""
    rings = {code: decode_rings(text) for code, text in outlines.items() if text}
    points = [point for shape in rings.values() for ring in shape for point in ring]
    if not points:
        return ""
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    squeeze = cos(radians((south + north) / 2))
    scale = (WIDTH - 20) / max((east - west) * squeeze, (north - south), 1e-6)

    def place(point: Point) -> tuple[float, float]:
        return 10 + (point[0] - west) * squeeze * scale, 10 + (north - point[1]) * scale

    height = 20 + (north - south) * scale
    shapes = [_shape(shape, classes.get(code, 0), place) for code, shape in rings.items()]
    labels = (
        [_label(shape, classes.get(code, 0), place) for code, shape in rings.items()]
        if len(rings) <= NUMBERED_AT_MOST
        else []
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title>{''.join(shapes)}{''.join(labels)}</svg>"
    )


def _shape(rings: Rings, rank: int, place: Any) -> str:
    path = "".join("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in map(place, ring)) + "Z" for ring in rings)
    dash = "" if rank else ' stroke-dasharray="4 3"'
    return f'<path d="{path}" fill="{FILLS[rank]}" fill-rule="evenodd" stroke="{INK}" stroke-width="0.8"{dash}/>'


def _label(rings: Rings, rank: int, place: Any) -> str:
    x, y = place(centre(max(rings, key=len)))
    ink = PALE if rank > 3 else INK
    text = str(rank) if rank else "–"
    style = f'font-size="12" font-weight="bold" text-anchor="middle" fill="{ink}"'
    return f'<text x="{x:.1f}" y="{y + 4:.1f}" {style}>{text}</text>'


def centre(ring: Sequence[Point]) -> Point:
    """The centroid of a ring; the mean of its points when it encloses nothing."""
    area = x_sum = y_sum = 0.0
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x1 * y2 - x2 * y1
        area += cross
        x_sum += (x1 + x2) * cross
        y_sum += (y1 + y2) * cross
    if abs(area) < 1e-12:
        return sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)
    return x_sum / (3 * area), y_sum / (3 * area)


def feature(properties: Mapping[str, Any], outline: str) -> dict[str, Any]:
    """A commune as a GeoJSON feature (RFC 7946); without geometry when its outline is unknown."""
    polygons = _polygons(decode_rings(outline)) if outline else []
    geometry = {"type": "MultiPolygon", "coordinates": polygons} if polygons else None
    return {"type": "Feature", "properties": dict(properties), "geometry": geometry}


def _polygons(rings: Rings) -> list[list[list[list[float]]]]:
    """Outer rings with their holes: a ring that lies in another one is a hole of it."""
    closed = [ring if ring[0] == ring[-1] else [*ring, ring[0]] for ring in rings if len(ring) > 2]
    largest_first = sorted(closed, key=lambda ring: -abs(_area(ring)))
    polygons: list[list[list[Point]]] = []
    for ring in largest_first:
        holder = next((polygon for polygon in polygons if _inside(ring[0], polygon[0])), None)
        if holder is None:
            polygons.append([_turned(ring, counterclockwise=True)])
        else:
            holder.append(_turned(ring, counterclockwise=False))
    return [[[list(point) for point in ring] for ring in polygon] for polygon in polygons]


def _area(ring: Sequence[Point]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2


def _turned(ring: list[Point], *, counterclockwise: bool) -> list[Point]:
    return ring if (_area(ring) > 0) == counterclockwise else ring[::-1]


def _inside(point: Point, ring: Sequence[Point]) -> bool:
    x, y = point
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            crossings += 1
    return crossings % 2 == 1


def collection(features: Iterable[Mapping[str, Any]], **about: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", **about, "features": list(features)}
