"""What the figures say is lacking: a gap has a key that lasts, a sentence, and the indicator that shows it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maillage.core.money import decimal
from maillage.core.text import listed, plural

APL_THRESHOLD = 2.5  # consultations a year and per inhabitant: the threshold of under-served communes
FAR_MINUTES = 20
FAR_BELOW = 0.8  # of the département's density
NAMED = 6


@dataclass(frozen=True)
class Gap:
    """One thing that seems to be lacking."""

    key: str
    title: str
    detail: str
    indicator: str


def under_threshold(values: Mapping[str, float | None], names: Mapping[str, str]) -> list[Gap]:
    """Communes whose published APL to general practitioners is under 2.5."""
    low = sorted((value, names[code]) for code, value in values.items() if value is not None and value < APL_THRESHOLD)
    if not low:
        return []
    title = f"{len(low)} {plural(len(low), 'commune')} sous le seuil de 2,5 consultations par an et par habitant"
    return [Gap("apl-2-5", title, _named([name for _, name in low]), "apl_mg")]


def far_from_emergency(minutes: Mapping[str, float | None], names: Mapping[str, str]) -> list[Gap]:
    """Communes at more than twenty estimated minutes from emergency care."""
    far = sorted(
        ((value, names[code]) for code, value in minutes.items() if value is not None and value > FAR_MINUTES),
        reverse=True,
    )
    if not far:
        return []
    title = f"{len(far)} {plural(len(far), 'commune')} à plus de 20 minutes estimées des urgences"
    return [Gap("urgences-20", title, _named([name for _, name in far]), "urgences_minutes")]


def absent_professions(counts: Mapping[str, float | None], labels: Mapping[str, str]) -> list[Gap]:
    """Professions that nobody exercises as a liberal in the territory."""
    return [
        Gap(f"absent-{code}", f"Aucun professionnel : {labels[code]}", "D’après l’Annuaire Santé.", code)
        for code, count in counts.items()
        if count == 0
    ]


def thin_professions(
    densities: Mapping[str, tuple[float | None, float | None]], labels: Mapping[str, str]
) -> list[Gap]:
    """Professions whose density is under four fifths of that of the département."""
    gaps = []
    for code, (here, there) in densities.items():
        if here and there and here < FAR_BELOW * there:
            detail = f"{decimal(here, 1)} pour 10 000 habitants, contre {decimal(there, 1)} dans le département."
            gaps.append(Gap(f"peu-{code}", f"Peu de professionnels : {labels[code]}", detail, code))
    return gaps


def _named(names: Sequence[str]) -> str:
    shown = list(names[:NAMED])
    if len(names) > NAMED:
        shown.append(f"{len(names) - NAMED} {plural(len(names) - NAMED, 'autre')}")
    return f"{listed(shown)}."
