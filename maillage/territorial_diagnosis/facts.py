"""What happened to the diagnosis."""

from collections.abc import Iterator

from maillage.core.facts import Fact, Period, Way, count
from maillage.cpts.models import Cpts
from maillage.territorial_diagnosis.models import DiagnosisVersion

SOURCE = "Versions figées dans la période"


def facts_of(cpts: Cpts, period: Period) -> Iterator[Fact]:
    frozen = DiagnosisVersion.objects.of(cpts).readable(with_draft=False)
    frozen = frozen.filter(snapshot__taken_at__gte=period.start, snapshot__taken_at__lt=period.end)
    way = Way("diagnosis:versions")
    yield Fact("diagnosis.frozen", "Diagnostics figés", count(frozen), "version", period, SOURCE, way=way)
