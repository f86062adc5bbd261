"""Promises of the house about its own code."""

import re
import tomllib
from pathlib import Path

import lightningcss
import pytest
from django.apps import apps

from maillage import VERSION

ROOT = Path(__file__).parent.parent
RANKS = [
    "core", "audit", "geography", "cpts", "accounts", "exchange", "directory", "territory", "members", "meetings",
    "territorial_diagnosis", "unscheduled_care", "aci", "oversight", "portal",
]  # fmt: skip
SOURCES = [path for path in (ROOT / "maillage").rglob("*.py") if "migrations" not in path.parts]
OUR_MODELS = [model for model in apps.get_models() if model.__module__.startswith("maillage.")]
CSS = ROOT / "maillage/core/static/core/maillage.css"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: path.name)
def test_test_modules_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 800


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_foreign_keys_look_down(model):
    rank = RANKS.index(model._meta.app_label)
    for field in model._meta.get_fields():
        if field.is_relation and field.many_to_one and field.related_model._meta.app_label in RANKS:
            assert RANKS.index(field.related_model._meta.app_label) <= rank, field


def test_the_screens_of_an_app_are_nobody_else_s():
    """Other apps use its models, actions, queries and rules, never its web."""
    for path in SOURCES:
        app = path.relative_to(ROOT / "maillage").parts[0]
        others = re.findall(r"maillage\.(\w+)\.(?:web|api)\b", path.read_text(encoding="utf-8"))
        assert set(others) <= {app}, path


PERSONAL = {"email", "given_name", "family_name", "recipient", "by", "by_name", "user", "owner_id", "rpps"}


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_models_that_name_people_declare_purpose_and_retention(model):
    if PERSONAL & {field.name for field in model._meta.get_fields()}:
        assert model.PERSONAL_DATA
        assert hasattr(model, "RETENTION_DAYS")
    assert model.__doc__


def test_templates_hold_no_inline_style_nor_handler():
    for path in (ROOT / "maillage").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son(click|submit|change|load)=|<style|javascript:", text), path


def test_templates_call_no_third_party_host():
    for path in (ROOT / "maillage").rglob("*.html"):
        assert not re.search(r"(src|href)=\"(https?:)?//", path.read_text(encoding="utf-8")), path


def test_stylesheet_parses():
    assert lightningcss.process_stylesheet(CSS.read_text(encoding="utf-8"), filename=str(CSS), minify=True)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, ground: str) -> float:
    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "paper"), ("ink", "card"), ("muted", "paper"), ("muted", "card"), ("brand", "card"), ("brand", "paper"),
        ("on-brand", "brand"), ("on-brand", "brand-strong"), ("on-strong", "brand-strong"), ("accent", "accent-soft"),
        ("ok", "ok-soft"), ("danger", "danger-soft"), ("info", "info-soft"), ("danger", "card"), ("ink", "danger-soft"),
    ],
)  # fmt: skip
def test_text_is_readable_on_its_ground(ink, ground):
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", CSS.read_text(encoding="utf-8")))
    tokens = {
        name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:]) for name, value in tokens.items()
    }
    assert contrast(tokens[ink], tokens[ground]) >= 4.5


def test_every_template_is_used():
    """A template that nothing names is dead."""
    named = "".join(path.read_text(encoding="utf-8") for path in [*SOURCES, *(ROOT / "maillage").rglob("*.html")])
    for path in (ROOT / "maillage").rglob("*.html"):
        name = path.relative_to(next(p for p in path.parents if p.name == "templates")).as_posix()
        if not name.startswith(("allauth/", "account/", "mfa/", "components/form", "components/field")):
            assert f'"{name}' in named, name


def test_the_version_is_that_of_the_project():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION
