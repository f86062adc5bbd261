"""What is lacking, from the figures of a perimeter, with what the team answered."""

from dataclasses import dataclass

from maillage.territorial_diagnosis.models import GapDecision
from maillage.territorial_diagnosis.queries.communes import names_of, values_of
from maillage.territorial_diagnosis.queries.figures import Diagnosis
from maillage.territorial_diagnosis.rules import gaps as rules
from maillage.territorial_diagnosis.rules.gaps import Gap

BY_COMMUNE = ("apl_mg", "urgences_minutes")


@dataclass(frozen=True)
class Answered:
    """A gap and its answer, None while nobody answered."""

    gap: Gap
    decision: GapDecision | None


def unchecked(diagnosis: Diagnosis) -> list[str]:
    """Labels of the figures without which some gaps cannot be told."""
    return [diagnosis.figures[code].definition.label for code in BY_COMMUNE if not diagnosis.figures[code].vintage]


def gaps_of(diagnosis: Diagnosis) -> list[Answered]:
    """Gaps of a perimeter in the order they matter. Three queries beyond those of the diagnosis."""
    figures = diagnosis.figures
    known = {code: figures[code].definition for code in BY_COMMUNE}
    vintages = {code: vintage for code in BY_COMMUNE if (vintage := figures[code].vintage)}
    values = values_of(diagnosis.area, vintages, known)
    names = names_of(diagnosis.area)
    liberal = {code: figure for code, figure in figures.items() if code.startswith("lib_") and figure.vintage}
    labels = {code: figure.definition.label for code, figure in liberal.items()}
    gaps = [
        *rules.under_threshold(values.get("apl_mg", {}), names),
        *rules.far_from_emergency(values.get("urgences_minutes", {}), names),
        *rules.absent_professions({code: figure.value for code, figure in liberal.items()}, labels),
        *rules.thin_professions(
            {code: (figure.compared, figure.references.departement) for code, figure in liberal.items()}, labels
        ),
    ]
    decisions = {
        gap_decision.key: gap_decision
        for gap_decision in GapDecision.objects.filter(cpts=diagnosis.cpts).select_related("by")
    }
    return [Answered(gap, decisions.get(gap.key)) for gap in gaps]
