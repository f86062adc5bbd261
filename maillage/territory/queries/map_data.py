"""What the map needs: which départements to draw, which communes to fill, and how."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from maillage.geography.rules.codes import departement_of
from maillage.territory.models import PerimeterPart
from maillage.territory.queries.perimeters import PerimeterSummary

DEPARTEMENTS_DRAWN = 12


def map_data(
    parts: Sequence[PerimeterPart], summary: PerimeterSummary | None, *, departement: str = "", editable: bool = False
) -> dict[str, Any]:
    """A dict for json_script. Drawn: the départements of the perimeter and its neighbours; `departement` if empty."""
    selected = {part.commune_id: float(part.share) for part in parts}
    # An arrondissement is shown by its commune, whose outline is drawn: in part, never as a whole.
    parent_of = {part.commune_id: part.commune.parent_id for part in parts if part.commune.parent_id}
    selected |= dict.fromkeys(parent_of.values(), 0.5)
    near = {code for part in parts for code in part.commune.neighbour_codes}
    counts: dict[str, int] = {}
    for code in [*selected, *near]:
        if code:
            counts[departement_of(code)] = counts.get(departement_of(code), 0) + 1
    drawn = sorted(counts, key=lambda code: -counts[code])[:DEPARTEMENTS_DRAWN] or [departement or "24"]
    overlapped = {code for overlap in summary.overlaps for code in overlap.codes} if summary else set()
    shown = frozenset(drawn)
    return {
        # What lies in départements that are not drawn would only weigh the page down.
        "selected": {code: share for code, share in selected.items() if code and departement_of(code) in shown},
        "overlapping": sorted(overlapped | {parent_of[code] for code in overlapped if code in parent_of}),
        "islands": [
            code
            for piece in (summary.contiguity.islands if summary else ())
            for code in piece
            if departement_of(code) in shown
        ],
        "outlines": [reverse("geography:outlines", args=[code]) for code in drawn],
        "editable": editable,
    }
