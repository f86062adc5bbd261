"""Loading the reference files: one transaction, written as a difference, readers never see half of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from maillage.audit import actions as audit
from maillage.core.sql.bulk import column_of, insert_rows
from maillage.core.text import normalised
from maillage.geography.acts import Act
from maillage.geography.loading.reference import Reference
from maillage.geography.models import (
    Commune,
    CommunePopulation,
    Departement,
    Epci,
    PlaceName,
    PlaceNameKind,
    ReferenceRelease,
    Region,
)

Progress = Callable[[str, int, int], None]
STEPS = 6
COMMUNE_FIELDS = (
    "code",
    "name",
    "kind",
    "parent",
    "departement",
    "epci",
    "population",
    "population_year",
    "latitude",
    "longitude",
    "postal_codes",
    "neighbours",
    "has_known_borders",
    "outline",
    "merged_into",
)


@dataclass(frozen=True)
class LoadReport:
    """What a loading changed. All zeros: the instance already had these files."""

    added: int = 0
    changed: int = 0
    merged: int = 0
    communes: int = 0
    already_loaded: bool = False

    def __str__(self) -> str:
        if self.already_loaded:
            return f"Référentiel déjà à jour : {self.communes} communes et arrondissements, rien n’a changé."
        return (
            f"{self.communes} communes et arrondissements : {self.added} ajoutés, "
            f"{self.changed} modifiés, {self.merged} absorbés par une autre commune."
        )


def no_progress(label: str, done: int, total: int) -> None:
    """Progress told to nobody."""


@transaction.atomic
def load_reference(
    reference: Reference, *, at: datetime, by: audit.Actor | None = None, progress: Progress = no_progress
) -> LoadReport:
    """Make the communes of the instance those of the files; old populations and merged communes stay.

    The files were checked whole by open_reference. Loading the same files twice changes nothing.
    """
    latest = ReferenceRelease.objects.order_by("-loaded_at", "-pk").first()
    if latest and latest.fingerprint == reference.fingerprint:
        return LoadReport(communes=reference.count("communes"), already_loaded=True)
    steps = iter(range(1, STEPS + 1))

    def tell(label: str) -> None:
        progress(label, next(steps), STEPS)

    tell("Régions, départements et EPCI")
    _synchronise(Region, ("code", "name"), reference.rows("regions"))
    _synchronise(Departement, ("code", "name", "region"), reference.rows("departements"))
    epci = ([code, name, normalised(name)] for code, name in reference.rows("epci"))
    _synchronise(Epci, ("code", "name", "search_name"), epci)

    tell("Communes et contours")
    former = list(reference.rows("former"))
    difference = _synchronise(Commune, COMMUNE_FIELDS, _commune_rows(reference))
    tell("Fusions")
    merged = _retire(difference.absent, {code: target for code, _, target in former})
    tell("Populations")
    _load_populations(reference.population_year)
    tell("Index des noms")
    _load_place_names(former)
    tell("Fin")
    release = ReferenceRelease.objects.create(
        fingerprint=reference.fingerprint,
        geography_year=reference.geography_year,
        population_year=reference.population_year,
        communes=reference.count("communes"),
        loaded_at=at,
    )
    report = LoadReport(difference.added, difference.changed, merged, reference.count("communes"))
    audit.record(Act.LOADED, target=release, by=by, at=at, summary=str(report))
    return report


def _commune_rows(reference: Reference) -> Iterator[list[Any]]:
    outlines = dict(reference.rows("outlines"))
    for row in reference.rows("communes"):
        code, name, kind, parent, departement, epci, population, latitude, longitude, postal_codes, near = row
        yield [
            code,
            name,
            kind,
            parent or None,
            departement,
            epci or None,
            int(population) if population else None,
            reference.population_year if population else None,
            float(latitude) if latitude else None,
            float(longitude) if longitude else None,
            postal_codes,
            near,
            code in outlines,
            outlines.get(code, ""),
            None,
        ]


@dataclass(frozen=True)
class _Difference:
    added: int
    changed: int
    absent: list[str]


def _synchronise(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> _Difference:
    """Insert what is new, update what differs, say what is absent; the first field is the key."""
    columns = [column_of(model, name) for name in fields]
    stored = {row[0]: row for row in model._default_manager.values_list(*columns).iterator()}
    new, changed = [], []
    for row in map(tuple, rows):
        before = stored.pop(row[0], None)
        if before is None:
            new.append(row)
        elif before != row:
            changed.append(model(**dict(zip(columns, row, strict=True))))
    insert_rows(model, fields, new)
    model._default_manager.bulk_update(changed, fields[1:], batch_size=200)
    return _Difference(len(new), len(changed), list(stored))


def _retire(absent: list[str], merged_into: dict[str, str]) -> int:
    """Communes that left the official code stay for what refers to them, tied to the one that absorbed them.

    One that merged without a delegated commune has no known successor: it keeps its last state.
    """
    known = [code for code in absent if merged_into.get(code, code) != code]
    communes = [Commune(code=code, merged_into_id=merged_into[code]) for code in known]
    Commune.objects.bulk_update(communes, ["merged_into"], batch_size=200)
    return len(known)


def _load_populations(year: int) -> None:
    CommunePopulation.objects.filter(year=year).delete()
    rows = Commune.objects.filter(population_year=year).values_list("code", "population_year", "population")
    insert_rows(CommunePopulation, ("commune", "year", "municipal"), list(rows))


def _load_place_names(former: list[list[str]]) -> None:
    """One row for each way of naming a commune. Rebuilt whole: readers see the old ones until the commit."""
    PlaceName.objects.all().delete()
    communes = list(Commune.objects.current().values_list("code", "name", "postal_codes"))
    insert_rows(PlaceName, ("key", "kind", "label", "commune"), _place_names(communes, former))


def _place_names(communes: list[tuple[str, str, str]], former: list[list[str]]) -> Iterator[tuple[str, str, str, str]]:
    current = set()
    for code, name, postal_codes in communes:
        current.add(code)
        yield code.lower(), PlaceNameKind.CODE, code, code
        yield normalised(name), PlaceNameKind.NAME, name, code
        for postal_code in postal_codes.split():
            yield postal_code, PlaceNameKind.POSTAL_CODE, postal_code, code
    for code, name, target in former:
        if target in current:
            if name:
                yield normalised(name), PlaceNameKind.FORMER_NAME, name, target
            if code not in current:
                yield code.lower(), PlaceNameKind.FORMER_CODE, code, target
