"""Figures as people read them. Pure."""

from maillage.core.money import NBSP, decimal
from maillage.territorial_diagnosis.rules.catalogue import Definition

NOT_PUBLISHED, MISSING = "non publié", "manquant"


def value_text(definition: Definition, value: float | None) -> str:
    """The value alone, without its unit."""
    if value is None:
        return NOT_PUBLISHED
    return decimal(value, 0 if definition.is_count else definition.decimals)


def with_unit(definition: Definition, value: float | None) -> str:
    """16,9 %, 21 390 € par an, 12 quartiers."""
    text = value_text(definition, value)
    return text if value is None else f"{text}{NBSP}{definition.unit}"


def compared_text(definition: Definition, value: float | None) -> str:
    """What stands beside the references: counts per 10,000 inhabitants."""
    if value is None:
        return "—"
    return decimal(value, 1 if definition.is_count else definition.decimals)
