"""A matrix of road times, given by file: accessibility then needs no estimate."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from maillage.audit import actions as audit
from maillage.core.errors import UnreadableFile
from maillage.core.loading.sources import TextSource, delimiter_of, first_line, no_progress
from maillage.core.sql.bulk import insert_rows
from maillage.core.work.jobs import Progress
from maillage.territorial_diagnosis.acts import Act
from maillage.territorial_diagnosis.models import TravelTime
from maillage.territorial_diagnosis.queries.places import Gazetteer
from maillage.territorial_diagnosis.rules.cells import NotANumber, number

COLUMNS = ("origin", "destination", "minutes")
LONGEST_MINUTES = 24 * 60
LEAST_READ = 0.5


@dataclass
class TravelReport:
    """What the matrix gave."""

    pairs: int = 0
    refused: int = 0
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        examples = f" ({' ; '.join(self.examples)})" if self.examples else ""
        return f"{self.pairs} trajets chargés, {self.refused} lignes rejetées{examples}."

    def refuse(self, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.examples) < 5:
            self.examples.append(f"ligne {line} : {reason}")


def import_travel_times(
    *, path: Path, at: datetime, by: audit.Actor | None = None, progress: Progress = no_progress
) -> TravelReport:
    """Replace the matrix: origin,destination,minutes, INSEE codes, one line a pair. Raises UnreadableFile.

    A pair told twice keeps its first time. Pairs that are absent are out of reach.
    """
    source = TextSource(path, progress=progress)
    header = first_line(source).decode("utf-8-sig").strip()
    delimiter = delimiter_of(header, among=",;")
    names = [name.strip().lower() for name in header.split(delimiter)]
    if missing := [name for name in COLUMNS if name not in names]:
        raise UnreadableFile(f"{path.name} : il manque la colonne {', '.join(missing)}. Rien n’a changé.")
    report, today = TravelReport(), Gazetteer.read().today
    with transaction.atomic():
        TravelTime.objects.all().delete()
        pairs = _pairs(source, [names.index(name) for name in COLUMNS], delimiter, today, report)
        report.pairs = insert_rows(TravelTime, COLUMNS, pairs)
        if report.pairs < LEAST_READ * (report.pairs + report.refused) or not report.pairs:
            raise UnreadableFile(f"{path.name} : presque aucun trajet n’a pu être lu. Rien n’a changé.")
        travel_time = TravelTime.objects.order_by("pk")[0]
        audit.record(Act.TRAVEL_TIMES_LOADED, target=travel_time, by=by, at=at, summary=str(report))
    return report


def _pairs(
    source: TextSource, places: list[int], delimiter: str, today: Callable[[str], str], report: TravelReport
) -> Iterator[tuple[str, str, float]]:
    seen = set[tuple[str, str]]()
    lines = source.lines("Lecture des temps de trajet")
    next(lines)
    for line, raw in lines:
        cells = raw.decode().split(delimiter)
        if len(cells) <= max(places):
            report.refuse(line, "ligne incomplète")
            continue
        origin, destination = today(cells[places[0]]), today(cells[places[1]])
        try:
            minutes = number(cells[places[2]])
        except NotANumber:
            minutes = None
        if not origin or not destination:
            report.refuse(line, "commune inconnue")
        elif minutes is None or not 0 <= minutes <= LONGEST_MINUTES:
            report.refuse(line, "temps impossible")
        elif (origin, destination) not in seen:
            seen.add((origin, destination))
            yield origin, destination, minutes
