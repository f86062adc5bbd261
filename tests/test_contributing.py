"""The app that CONTRIBUTING gives as an example is one: nothing else is written to add it."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^ *```python\n( *# (maillage/\S+)\n.*?)```", re.M | re.S)
SETTINGS = """
import maillage
maillage.__path__.append({folder!r})
from config.settings.test import *
INSTALLED_APPS = [*INSTALLED_APPS, "maillage.example"]
"""
TRIAL = """
import django
django.setup()
from types import SimpleNamespace
from django.core.exceptions import PermissionDenied
from django.urls import resolve, reverse
from maillage.accounts.menus import Section, in_section
from maillage.accounts.models import Role
from maillage.accounts.permissions import permissions_of

address = reverse("example:show", args=["cpts-essai"])
view = resolve(address).func
labels = lambda role: [entry.label for entry in in_section(Section.STEERING, permissions_of(role))]
assert "Exemple" in labels(Role.MEMBER) and "Exemple" not in labels(Role.REGULATOR)
member = SimpleNamespace(permissions=permissions_of(Role.MEMBER), cpts="la CPTS")
try:
    view(SimpleNamespace(permissions=permissions_of(Role.REGULATOR), cpts="la CPTS"))
except PermissionDenied:
    print(address, view(member).content.decode())
"""


def test_the_example_of_an_app_needs_nothing_else(tmp_path):
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(blocks) == 2
    for text, path in blocks:
        held = tmp_path / path
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_text(dedent(text), encoding="utf-8")
        (held.parent / "__init__.py").touch()
    (tmp_path / "example_settings.py").write_text(SETTINGS.format(folder=str(tmp_path / "maillage")))
    done = subprocess.run(
        [sys.executable, "-c", TRIAL],
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "DJANGO_SETTINGS_MODULE": "example_settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split("\n")[0] == "/cpts/cpts-essai/exemple/ Rien encore à la CPTS", done.stderr
