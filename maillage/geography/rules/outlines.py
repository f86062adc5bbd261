"""Outlines as encoded polylines: 4 decimals (≈ 10 m), differences, printable characters, rings split by spaces.

The algorithm is the public "encoded polyline" one. The same text goes from the file to the database to
the browser (static/geography/outlines.js decodes it), about a tenth of the GeoJSON.
"""

from collections.abc import Iterable, Iterator

Point = tuple[float, float]  # longitude, latitude
SCALE = 10_000
OFFSET = 63


def encode_rings(rings: Iterable[Iterable[Point]]) -> str:
    """Rings of (longitude, latitude) -> text. Points that fall together once rounded are written once."""
    return " ".join(filter(None, (_encode_ring(ring) for ring in rings)))


def decode_rings(text: str) -> list[list[Point]]:
    """The inverse, to the rounding. Raises IndexError on a truncated text."""
    return [_decode_ring(ring) for ring in text.split()]


def _encode_ring(ring: Iterable[Point]) -> str:
    out: list[str] = []
    last = (0, 0)
    for x, y in ring:
        point = (round(y * SCALE), round(x * SCALE))
        if point != last or not out:
            out += _encode_number(point[0] - last[0])
            out += _encode_number(point[1] - last[1])
            last = point
    return "".join(out)


def _encode_number(value: int) -> Iterator[str]:
    value = ~(value << 1) if value < 0 else value << 1
    while value >= 0x20:
        yield chr((0x20 | (value & 0x1F)) + OFFSET)
        value >>= 5
    yield chr(value + OFFSET)


def _decode_ring(text: str) -> list[Point]:
    points: list[Point] = []
    position = latitude = longitude = 0
    while position < len(text):
        change, position = _decode_number(text, position)
        latitude += change
        change, position = _decode_number(text, position)
        longitude += change
        points.append((longitude / SCALE, latitude / SCALE))
    return points


def _decode_number(text: str, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        chunk = ord(text[position]) - OFFSET
        position += 1
        value |= (chunk & 0x1F) << shift
        shift += 5
        if chunk < 0x20:
            break
    return (~(value >> 1) if value & 1 else value >> 1), position
