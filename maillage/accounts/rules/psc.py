"""What Pro Santé Connect says of a person, read with care: any claim may be missing or of another shape. Pure.

Sources: `ansforge/keycloak-prosanteconnect`, claims of userinfo (`SubjectRefPro` may be absent: staff without RPPS).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MODES = {"L": "libéral", "S": "salarié", "B": "bénévole", "R": "remplaçant"}  # TRE_R23-ModeExercice
RPPS_IDENTIFIER = re.compile(r"8\d{11}")
NAME_LENGTH, LABEL_LENGTH, MOST_ACTIVITIES = 80, 160, 20


@dataclass(frozen=True)
class Activity:
    """One way of exercising: where, and how. `key` names it among those of the same person."""

    key: str
    label: str


def practitioner_number(identifier: str) -> int | None:
    """The national number as the directory keys it: `8` and the RPPS. None for staff known otherwise."""
    return int(identifier) if RPPS_IDENTIFIER.fullmatch(identifier) else None


def name_of(claims: dict[str, Any], claim: str) -> str:
    value = claims.get(claim)
    return value.strip()[:NAME_LENGTH] if isinstance(value, str) else ""


def activities_of(claims: dict[str, Any]) -> tuple[Activity, ...]:
    """Those of `SubjectRefPro`, in its order, twins left out; none when it is absent or makes no sense."""
    activities: dict[str, Activity] = {}
    for exercise in _rows(claims.get("SubjectRefPro"), "exercices"):
        for row in _rows(exercise, "activities"):
            activity = _activity(exercise, row)
            activities.setdefault(activity.key, activity)
    return tuple(activities.values())[:MOST_ACTIVITIES]


def _rows(holder: Any, name: str) -> Iterator[dict[str, Any]]:
    rows = holder.get(name) if isinstance(holder, dict) else None
    yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _activity(exercise: dict[str, Any], row: dict[str, Any]) -> Activity:
    place = _text(row, "raisonSocialeSite") or "Sans structure"
    mode = MODES.get(_text(row, "codeModeExercice"), "")
    structure = _text(row, "identifiantTechniqueDeLaStructure") or _text(row, "numeroFinessSite")
    parts = (_text(exercise, "codeProfession"), structure, _text(row, "codeModeExercice"), _text(row, "codeRole"))
    return Activity("|".join(parts)[:LABEL_LENGTH], (f"{place} ({mode})" if mode else place)[:LABEL_LENGTH])


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value.strip()[:LABEL_LENGTH] if isinstance(value, str) else ""
