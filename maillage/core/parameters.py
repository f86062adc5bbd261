"""Dated values read from YAML: what a text fixes, from when, and how sure we are. Pure: no Django, no clock."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml


class Status(StrEnum):
    """How a value is known."""

    SOURCED = "sourced"
    DERIVED = "derived"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return {"sourced": "sourcé", "derived": "déduit", "unknown": "inconnu"}[self.value]


@dataclass(frozen=True)
class Reference:
    """The text a value comes from."""

    title: str
    href: str = ""


@cache
def read_yaml(path: Path) -> Any:
    """Parse once a process: the files are part of the code."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def in_force(versions: dict[date, Any], on: date) -> tuple[date, Any]:
    """The version whose date is the latest not after `on`. Raises LookupError before the first one."""
    known = [since for since in versions if since <= on]
    if not known:
        raise LookupError(f"nothing in force on {on}")
    return max(known), versions[max(known)]
