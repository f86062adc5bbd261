"""Entries of the menus: each app declares its own in its `workspace.py`.

An app never names a page of an app above it: the one above says under which page its own is found.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from django.urls import reverse

from maillage.accounts.permissions import CptsRequest, Permission
from maillage.core.workspaces import declared


class Section(StrEnum):
    """Groups of the menu of a CPTS, in their order."""

    MAIN = "Principal"
    STEERING = "Pilotage"
    SETTINGS = "Réglages"


@dataclass(frozen=True)
class Entry:
    """One page that people look for: in a section of the menu of a CPTS, or in the head of the page named `under`.

    `rank` orders the entries of one place; whoever has not the permission does not see it.
    """

    label: str
    url_name: str
    permission: Permission
    rank: int
    section: Section | None = None
    under: str = ""


@dataclass(frozen=True)
class InstanceEntry:
    """One page of whoever runs the instance."""

    label: str
    url_name: str
    rank: int


@cache
def entries() -> tuple[Entry, ...]:
    return tuple(sorted((entry for some in declared("ENTRIES") for entry in some), key=lambda entry: entry.rank))


@cache
def instance_entries() -> tuple[InstanceEntry, ...]:
    every = (entry for some in declared("INSTANCE_ENTRIES") for entry in some)
    return tuple(sorted(every, key=lambda entry: entry.rank))


def in_section(section: Section, permissions: Collection[Permission]) -> list[Entry]:
    return [entry for entry in entries() if entry.section == section and entry.permission in permissions]


def links_under(url_name: str, request: CptsRequest) -> list[dict[str, str]]:
    """The links that other apps put in the head of a page of a CPTS, as far as the person has their right."""
    return [
        {"label": entry.label, "url": reverse(entry.url_name, args=[request.cpts.slug])}
        for entry in entries()
        if entry.under == url_name and entry.permission in request.permissions
    ]
