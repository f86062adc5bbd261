"""What each app declares of itself in its `workspace.py`, gathered: an app is added without touching the others.

A workspace may hold, all of them optional:

- `AGENDA_FOR_SOFTWARE`: name of the address where a software reads one agenda (one app alone);
- `IDENTITY_RETURNS`: names of addresses where an identity provider sends people back;
- `PERMISSIONS` (accounts.permissions): what one may do there, and which roles may;
- `COUNTED(at)`, `WAITING(cpts, counts, permissions)`: what waits for somebody there (core.waiting);
- `ACTS` (audit.acts): what the journal may say was done there;
- `ENTRIES`, `INSTANCE_ENTRIES` (accounts.menus): its pages in the menus;
- `FACTS(cpts, period)`: what happened there then, as it counts it over its rows (core.facts);
- `LETTERS()`: one of each of its letters, about invented people (core.letters);
- `expired(at)`: the rows whose time is over, as querysets;
- `erase(at)`: what its retention asks beyond deleting rows; how many were erased.

What it shows of itself in a demonstration lies in a module of its own, `demo` (`demonstrated`).
"""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from django.apps import apps

from maillage.core.scene import Scene


@cache
def workspaces() -> tuple[ModuleType, ...]:
    """From the ground up, in the order of INSTALLED_APPS."""
    names = [f"{config.name}.workspace" for config in apps.get_app_configs() if config.name.startswith("maillage.")]
    return tuple(import_module(name) for name in names if find_spec(name))


def declared(name: str) -> Iterator[Any]:
    """What each workspace that has this name says under it, from the ground up."""
    return (getattr(workspace, name) for workspace in workspaces() if hasattr(workspace, name))


def demonstrated() -> Iterator[Callable[[Scene], None]]:
    """What each app shows of itself in a demonstration, `tell(scene)` of its module `demo`: from the ground up, and
    imported there alone."""
    names = [f"{config.name}.demo" for config in apps.get_app_configs() if config.name.startswith("maillage.")]
    modules = (import_module(name) for name in names if find_spec(name))
    return (module.tell for module in modules if hasattr(module, "tell"))


def url_modules() -> list[str]:
    """Addresses of each app, to be included. Machines first: they call most, and wait least."""
    names = [config.name for config in reversed([*apps.get_app_configs()]) if config.name.startswith("maillage.")]
    modules = [f"{name}.{room}" for room in ("api", "web") for name in names if find_spec(f"{name}.{room}")]
    return [f"{module}.urls" for module in modules if find_spec(f"{module}.urls")]
