"""The folder of open data, and what is computed from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from maillage.audit import actions as audit
from maillage.core.errors import DomainError, UnreadableFile
from maillage.core.loading.sources import no_progress
from maillage.core.work.jobs import Progress
from maillage.directory.actions import directory_files, import_file
from maillage.directory.loading.register import follow_merges
from maillage.geography.models import ReferenceRelease
from maillage.territorial_diagnosis.acts import Act
from maillage.territorial_diagnosis.loading.supply import refresh_establishments, refresh_population, refresh_supply
from maillage.territorial_diagnosis.loading.vintages import OpenFile, Recipe, header_of, read_csv
from maillage.territorial_diagnosis.models import Vintage
from maillage.territorial_diagnosis.queries.places import Gazetteer
from maillage.territorial_diagnosis.rules.catalogue import FileRecipe, recognise

CSV_ENDS = (".csv", ".csv.gz")


class NoOpenData(DomainError):
    user_message = (
        "Aucun dossier de données ouvertes n’est réglé sur cette instance (OPEN_DATA_DIR), ou il n’existe pas."
    )


@dataclass
class OpenDataReport:
    """What one loading of the folder found."""

    loaded: dict[str, int] = field(default_factory=dict)
    directory: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unmatched: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        figures = sum(self.loaded.values())
        parts = [
            f"{len(self.loaded) + len(self.directory)} fichiers reconnus, {figures} millésimes d’indicateurs chargés"
        ]
        if self.refused:
            parts.append(f"{len(self.refused)} refusés ({' ; '.join(self.refused.values())})")
        parts.append(f"{len(self.unknown)} fichiers laissés de côté")
        return ", ".join(parts) + "."


def load_open_data(
    folder: Path | None, *, at: datetime, by: audit.Actor | None = None, progress: Progress = no_progress
) -> OpenDataReport:
    """Load all that is recognised in a folder, then what is computed from it. Each file is whole or not at all.

    Raises NoOpenData. A file that cannot be read is reported, the others are loaded.
    """
    if folder is None or not folder.is_dir():
        raise NoOpenData
    report, places = OpenDataReport(), Gazetteer.read()
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for path, kind in directory_files(files):
        try:
            report.directory[path.name] = import_file(kind, path, at=at, by=by, progress=progress).message
        except DomainError as error:
            report.refused[path.name] = error.user_message
    left = [path for path in files if path.name not in {*report.directory, *report.refused}]
    recognised = _recognised([path for path in left if path.name.endswith(CSV_ENDS)], report)
    links = _links(recognised, report)
    figures = [(path, recipe) for path, recipe in recognised if recipe.level != "links"]
    for number, (path, recipe) in enumerate(figures, start=1):
        progress(f"Lecture de {path.name}", number, len(figures) + 3)
        _load(path, report, partial(Recipe, recipe=recipe, places=places, at=at, links=links))
    refresh_computed(at=at, places=places, progress=progress)
    latest = Vintage.objects.order_by("-pk").first()
    if latest:
        audit.record(Act.OPEN_DATA_LOADED, target=latest, by=by, at=at, summary=str(report))
    return report


def _recognised(files: list[Path], report: OpenDataReport) -> list[tuple[Path, FileRecipe]]:
    recognised = []
    for path in files:
        try:
            recipe = recognise(header_of(path))
        except UnreadableFile as error:
            report.refused[path.name] = error.user_message
            continue
        if recipe:
            recognised.append((path, recipe))
        else:
            report.unknown.append(path.name)
    return recognised


def _links(recognised: list[tuple[Path, FileRecipe]], report: OpenDataReport) -> dict[str, str]:
    """Commune -> area of study, from the file that ties them."""
    links: dict[str, str] = {}
    for path, recipe in recognised:
        if recipe.level == "links":
            try:
                links |= {row[recipe.key]: row[recipe.link] for row in read_csv(path).rows}
            except UnreadableFile as error:
                report.refused[path.name] = error.user_message
            else:
                report.loaded[path.name] = 0
    return links


def _load(path: Path, report: OpenDataReport, recipe_for: Callable[[OpenFile], Recipe]) -> None:
    """One file, whole or not at all."""
    try:
        file = read_csv(path)
    except UnreadableFile as error:
        report.refused[path.name] = error.user_message
        return
    with transaction.atomic():
        stored = list(recipe_for(file).vintages())
    report.loaded[path.name] = len(stored)
    report.unmatched[path.name] = max((len(vintage.unmatched) for vintage in stored), default=0)


def refresh_computed(
    *, at: datetime, places: Gazetteer | None = None, progress: Progress = no_progress
) -> dict[str, int]:
    """Count the directory again, and compute what follows: accessibility, time to emergencies."""
    # numpy and scipy weigh 60 MB: pages never load them.
    from maillage.territorial_diagnosis.loading.accessing import refresh_accessibility, refresh_emergency  # noqa: PLC0415

    follow_merges()
    places = places or Gazetteer.read()
    on = timezone.localdate(at)
    release = ReferenceRelease.objects.order_by("-loaded_at").first()
    if release:
        refresh_population(places, release.population_year, at)
    progress("Professionnels par commune", 1, 3)
    done = {"supply": refresh_supply(places, at), "establishments": refresh_establishments(places, at)}
    progress("Accessibilité de chaque commune", 2, 3)
    done["accessibility"] = refresh_accessibility(places, at, on)
    done["emergency"] = refresh_emergency(places, at, on)
    progress("Fin", 3, 3)
    return done
