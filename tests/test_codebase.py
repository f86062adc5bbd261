"""Promises of the house about its own code."""

import ast
import re
import shlex
import tomllib
from io import StringIO
from pathlib import Path

import lightningcss
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands

from maillage import VERSION

ROOT = Path(__file__).parent.parent
RANKS = [name.removeprefix("maillage.") for name in settings.INSTALLED_APPS if name.startswith("maillage.")]
SOURCES = [path for path in (ROOT / "maillage").rglob("*.py") if "migrations" not in path.parts]
OUR_MODELS = [model for model in apps.get_models() if model.__module__.startswith("maillage.")]
CSS = ROOT / "maillage/core/static/core/maillage.css"


def test_formatters_are_never_switched_off():
    """A formatter decides the shape of each file: what is hard to read is split, not packed."""
    switch = re.compile(r"fmt: *(skip|off|on)\b|djangofmt:ignore|noformat|beautify +(ignore|preserve)")
    for folder in ("maillage", "tests", "scripts", "benchmarks", "config"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in {".py", ".html", ".css"} and path != Path(__file__):
                assert not switch.search(path.read_text(encoding="utf-8")), path


# What an app may hold, and nothing else: the rooms of docs/architecture (README, "The house").
ROOMS = {
    "models",
    "actions",
    "queries",
    "rules",
    "documents",
    "loading",
    "api",
    "fhir",
    "web",
    "acts",
    "permissions",
    "waiting",
    "letters",
    "notifications",
    "facts",
    "jobs",
    "workspace",
    "demo",
    "screens",
    "hooks",
    "limits",
    "management",
    "migrations",
    "templates",
    "static",
    "typst",
    "apps",
    "__init__",
}
OF_ONE_APP = {
    "core": {
        "apart",
        "backups",
        "papers",
        "work",
        "sql",
        "secrecy",
        "templatetags",
        "addresses",
        "checks",
        "dates",
        "errors",
        "files",
        "leases",
        "links",
        "limits_met",
        "missions",
        "money",
        "network",
        "parameters",
        "terminal",
        "scene",
        "stale",
        "text",
        "workspaces",
    },
    "accounts": {"signing_in", "menus", "middleware", "backends", "sessions"},
    "exchange": {"backends"},
    "geography": {"fields", "data"},
    "meetings": {"assemblies"},  # votes and statutes, in rooms of their own
    "portal": {"navigation"},
}


def test_each_module_lies_in_a_room():
    apps = [*(ROOT / "maillage").iterdir(), ROOT / "maillage" / "meetings" / "assemblies"]
    for app in apps:
        if app.is_dir() and app.name != "__pycache__":
            held = {path.stem for path in app.iterdir() if path.name != "__pycache__"}
            assert held <= ROOMS | OF_ONE_APP.get(app.name, set()), app.name


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


VAGUE = {"one", "found", "told", "bound"}


def bound_names(path: Path) -> list[tuple[int, str]]:
    """(line, name) of what a module binds: variables, parameters, functions."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append((node.lineno, node.id))
        elif isinstance(node, ast.arg):
            names.append((node.lineno, node.arg))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.append((node.lineno, node.name))
    return names


def test_names_say_the_noun():
    """A loop variable is the thing (`member`, `slot`), and so is what a function returns."""
    vague = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in SOURCES
        for line, name in bound_names(path)
        if name in VAGUE
    ]
    assert not vague, vague


PERSONAL = {"email", "given_name", "family_name", "recipient", "by", "by_name", "user", "owner_id", "rpps"}


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_models_that_name_people_declare_purpose_and_retention(model):
    if PERSONAL & {field.name for field in model._meta.get_fields()}:
        assert model.PERSONAL_DATA
        assert hasattr(model, "RETENTION_DAYS")
    assert model.__doc__


def test_templates_hold_no_inline_style_nor_handler():
    """Those of a letter excepted: mail readers drop style sheets."""
    for path in (ROOT / "maillage").rglob("*.html"):
        if path.parent.name == "letters":
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son(click|submit|change|load)=|<style|javascript:", text), path


def test_templates_hold_no_line_that_nobody_reads():
    for path in (ROOT / "maillage").rglob("*.html"):
        assert not [line for line in path.read_text(encoding="utf-8").splitlines() if len(line) > 160], path


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
        ("ink", "paper"),
        ("ink", "card"),
        ("muted", "paper"),
        ("muted", "card"),
        ("brand", "card"),
        ("brand", "paper"),
        ("on-brand", "brand"),
        ("on-brand", "brand-strong"),
        ("on-strong", "brand-strong"),
        ("accent", "accent-soft"),
        ("ok", "ok-soft"),
        ("danger", "danger-soft"),
        ("info", "info-soft"),
        ("danger", "card"),
        ("ink", "danger-soft"),
    ],
)
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
        if not name.startswith(("allauth/", "account/", "mfa/", "django/", "components/form", "components/field")):
            assert f'"{name}' in named, name


def test_the_version_is_that_of_the_project():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION


def test_files_that_the_docs_name_exist():
    """`core/links.py` in a text leads somewhere: under the root, the package or the tests."""
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]:
        for named in re.findall(r"[\w/.-]+/[\w-]+\.(?:py|html|css|yaml)\b", path.read_text(encoding="utf-8")):
            name = named.lstrip("./")
            if name.startswith("maillage/example/"):  # what one would write, run by test_contributing
                continue
            places = [ROOT / name, ROOT / "maillage" / name, ROOT / "tests" / name, path.parent / named]
            assert any(place.exists() for place in places) or "://" in named, f"{path.name}: {named}"


DOCS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks/README.md"]
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
TARGET = re.compile(r"`make ([a-z-]+)")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_the_docs_name_exist(path):
    """Commands of the product by their name, targets as `make help` lists them."""
    text = path.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(COMMAND.findall(text)) <= set(get_commands())
    assert {name.rstrip("-") for name in TARGET.findall(text)} <= targets | {"bench"}


def test_the_examples_of_the_simulation_run_as_they_are_written(communes):
    """Each line of docs/ops/simulate_aci.md, as somebody would paste it."""
    text = (ROOT / "docs/ops/simulate_aci.md").read_text(encoding="utf-8")
    examples = re.findall(r"^python manage\.py (simulate_aci .+)$", text, re.MULTILINE)
    assert len(examples) > 1
    for example in examples:
        output = StringIO()
        call_command(*shlex.split(example), stdout=output)
        assert output.getvalue()


NAMESPACES = {"diagnosis": "territorial_diagnosis", "sas_api": "sas"}
URL_NAME = re.compile(r"""(?:url |reverse\(|redirect\(|absolute\()\s*["']([a-z_]+):[a-z_]+""")
TEMPLATE = re.compile(r"""["']([a-z_]+)/[\w/]+\.html""")


@pytest.mark.parametrize("app", RANKS)
def test_names_of_pages_and_templates_look_down(app):
    """What is above names itself (accounts.menus, core.links.page): an app never names a page or a template of it."""
    for path in (ROOT / "maillage" / app).rglob("*"):
        if path.suffix in {".py", ".html"} and path.name != "workspace.py":
            text = path.read_text(encoding="utf-8")
            named = {*URL_NAME.findall(text), *TEMPLATE.findall(text)}
            known = {NAMESPACES.get(name, name) for name in named} & set(RANKS)
            assert all(RANKS.index(name) <= RANKS.index(app) for name in known), (path, known)
