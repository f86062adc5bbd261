"""What a perimeter amounts to: population, taille, contiguity, overlaps, neighbours that would change the taille."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from maillage.core.sql.bulk import rows_in
from maillage.core.text import normalised
from maillage.cpts.models import Approval, Cpts
from maillage.geography.models import Commune
from maillage.geography.rules.contiguity import Contiguity, contiguity
from maillage.territory.models import Perimeter, PerimeterPart, PerimeterStatus
from maillage.territory.rules.overlap import Part, overlapping_population
from maillage.territory.rules.size import CptsSize, SizeBand, band_of, size_of


@dataclass(frozen=True)
class Overlap:
    """Inhabitants that another CPTS counts too, in a perimeter in force."""

    cpts: Cpts
    communes: tuple[str, ...]
    codes: frozenset[str]
    population: int
    share: Decimal


@dataclass(frozen=True)
class SizeChanger:
    """A commune that would, alone, change the taille: by coming in (neighbour) or by leaving."""

    commune: Commune
    size: CptsSize
    comes_in: bool


@dataclass(frozen=True)
class PerimeterSummary:
    """All that the screen says of a perimeter at each change. Populations are municipal ones."""

    population: int
    vintages: tuple[int, ...]
    unpublished: tuple[str, ...]
    merged: tuple[str, ...]
    commune_count: int
    band: SizeBand
    to_next_size: int | None
    contiguity: Contiguity
    names: dict[str, str]
    overlaps: tuple[Overlap, ...]
    size_changers: tuple[SizeChanger, ...]
    epci_names: tuple[str, ...]

    @property
    def size(self) -> CptsSize:
        return self.band.size

    @property
    def islands(self) -> list[list[str]]:
        """Names in each piece apart from the main one."""
        return [sorted(self.names[code] for code in piece) for piece in self.contiguity.islands]

    @property
    def unknown_borders(self) -> list[str]:
        return sorted(self.names[code] for code in self.contiguity.unknown)


def alphabetical(parts: Iterable[PerimeterPart]) -> list[PerimeterPart]:
    """As people look a name up: accents and hyphens do not count."""
    return sorted(parts, key=lambda part: (normalised(part.commune.name), part.commune_id))


def draft_of(cpts: Cpts) -> tuple[Perimeter, list[PerimeterPart]] | None:
    """The draft and its parts, in one query unless it is empty; None when there is no draft."""
    return _with_parts(cpts, PerimeterStatus.DRAFT)


def in_force_of(cpts: Cpts) -> tuple[Perimeter, list[PerimeterPart]] | None:
    """The version in force and its parts, in one query; None when there is none."""
    return _with_parts(cpts, PerimeterStatus.IN_FORCE)


def readable_of(cpts: Cpts, *, with_draft: bool) -> tuple[Perimeter, list[PerimeterPart]] | None:
    """The version in force; failing it the draft, for those who may read it."""
    return in_force_of(cpts) or (draft_of(cpts) if with_draft else None)


def counted(parts: Sequence[PerimeterPart]) -> list[PerimeterPart]:
    """Parts without the communes that merged into another one of the perimeter: they are counted there, once."""
    codes = {part.commune_id for part in parts}
    return [part for part in parts if part.commune.merged_into_id not in codes]


def population_of(parts: Sequence[PerimeterPart]) -> int:
    """Inhabitants of a perimeter, each once; an unpublished population counts for nothing."""
    return sum(part.population or 0 for part in counted(parts))


def _with_parts(cpts: Cpts, status: PerimeterStatus) -> tuple[Perimeter, list[PerimeterPart]] | None:
    of_status = PerimeterPart.objects.filter(cpts=cpts, perimeter__cpts=cpts, perimeter__status=status)
    parts = alphabetical(of_status.for_summary().select_related("perimeter", "commune__epci"))
    if parts:
        return parts[0].perimeter, parts
    perimeter = Perimeter.objects.of(cpts).filter(status=status).first()
    return (perimeter, []) if perimeter else None


def summarise(perimeter: Perimeter, parts: Sequence[PerimeterPart], *, on: date) -> PerimeterSummary:
    """Two queries whatever the number of communes: other CPTS, and neighbours when one could change the taille."""
    merged = [part for part in parts if part.commune.merged_into_id]
    parts = counted(parts)
    population = population_of(parts)
    band = band_of(population, on=on)
    epci = Counter(part.commune.epci.name for part in parts if part.commune.epci)
    return PerimeterSummary(
        population=population,
        vintages=tuple(sorted({part.commune.population_year for part in parts if part.commune.population_year})),
        unpublished=tuple(part.commune.name for part in parts if part.population is None),
        merged=tuple(part.commune.name for part in merged),
        commune_count=len(parts),
        band=band,
        to_next_size=None if band.last is None else band.last + 1 - population,
        contiguity=_contiguity(parts),
        names={part.commune_id: part.commune.name for part in parts},
        overlaps=overlaps_of(perimeter, parts, population),
        size_changers=tuple(_size_changers(parts, population, on)),
        epci_names=tuple(name for name, _ in epci.most_common()),
    )


def _contiguity(parts: Sequence[PerimeterPart]) -> Contiguity:
    borders = {part.commune_id: part.commune.neighbour_codes for part in parts if part.commune.has_known_borders}
    unknown = {part.commune_id for part in parts} - borders.keys()
    return contiguity(borders, unknown=unknown)


def overlaps_of(perimeter: Perimeter, parts: Sequence[PerimeterPart], population: int) -> tuple[Overlap, ...]:
    """Other CPTS whose perimeter in force counts some of the same inhabitants, the largest share first."""
    here = [_part(part) for part in parts]
    by_place: dict[str, list[Part]] = defaultdict(list)
    for part in here:
        by_place[part.code].append(part)
        if part.parent:
            by_place[part.parent].append(part)
    counts: dict[Cpts, int] = defaultdict(int)
    communes: dict[Cpts, set[str]] = defaultdict(set)
    codes: dict[Cpts, set[str]] = defaultdict(set)
    for other in _parts_elsewhere(perimeter):
        there = _part(other)
        for mine in {*by_place[there.code], *(by_place[there.parent] if there.parent else ())}:
            if shared := overlapping_population(mine, there):
                counts[other.cpts] += shared
                communes[other.cpts].add(other.commune.name)
                codes[other.cpts].add(mine.code)
    overlaps = [
        Overlap(cpts, tuple(sorted(communes[cpts])), frozenset(codes[cpts]), count, Decimal(count) / population)
        for cpts, count in counts.items()
    ]
    return tuple(sorted(overlaps, key=lambda overlap: (-overlap.population, overlap.cpts.name)))


def _part(part: PerimeterPart) -> Part:
    return Part(part.commune_id, part.share, part.commune.population or 0, part.commune.parent_id)


def _parts_elsewhere(perimeter: Perimeter) -> QuerySet[PerimeterPart]:
    """Parts in force of other CPTS that stand on the same places, or inside, or around them."""
    mine = PerimeterPart.objects.filter(perimeter=perimeter)
    places = mine.values("commune_id")
    parents = mine.exclude(commune__parent=None).values("commune__parent_id")
    return (
        PerimeterPart.objects.in_force()
        .filter(cpts__approval=Approval.APPROVED)
        .exclude(cpts=perimeter.cpts_id)
        .filter(Q(commune__in=places) | Q(commune__parent__in=places) | Q(commune__in=parents))
        .select_related("cpts", "commune")
        .defer("commune__outline", "commune__neighbours")
    )


def _size_changers(parts: Sequence[PerimeterPart], population: int, on: date) -> list[SizeChanger]:
    band = band_of(population, on=on)
    changers = [
        SizeChanger(part.commune, size_of(population - (part.population or 0), on=on), comes_in=False)
        for part in parts
        if population - (part.population or 0) < band.first
    ]
    if band.last is not None and parts:
        parents = {part.commune.parent_id for part in parts if part.commune.parent_id}
        around = {code for part in parts for code in part.commune.neighbour_codes}
        around -= {part.commune_id for part in parts} | parents
        large_enough = Commune.objects.current().for_choosing().filter(population__gt=band.last - population)
        # Arrondissements are proposed only where the perimeter is already made of them.
        addable = large_enough.filter(Q(parent=None) | Q(parent__in=parents))
        changers += [
            SizeChanger(commune, size_of(population + (commune.population or 0), on=on), comes_in=True)
            for commune in rows_in(addable, "code", around)
        ]
    return sorted(changers, key=lambda changer: (not changer.comes_in, changer.commune.name))


def communes_of(cpts: Cpts) -> QuerySet[Any]:
    """Codes of the communes of the perimeter in force, as a subquery."""
    return PerimeterPart.objects.filter(cpts=cpts).in_force().values("commune_id")
