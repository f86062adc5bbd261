"""How the house is measured: lines and files by app, what is long, what switches a tool off, SQL written by hand.

Run by `make quality`; docs/quality.md says what each figure is for. Nothing here passes or fails: `make check` does.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONG_FUNCTION, LONG_MODULE, LONG_TEMPLATE = 35, 400, 250
# Written apart, or this file would be one of them.
SWITCHES = re.compile("|".join(("fmt: *(?:skip|off)", "djangofmt" + ":ignore", "beautify " + "ignore")))
SQL = re.compile(r"\b(?:SELECT|UPDATE|INSERT INTO|DELETE FROM|CREATE|ALTER TABLE|DROP)\b")


def modules(app: Path) -> list[Path]:
    return [path for path in app.rglob("*.py") if "migrations" not in path.parts]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and lines of each."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def sql_strings(path: Path) -> int:
    """Texts that read as a statement, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return sum(1 for node in texts if id(node) not in docs and SQL.search(str(node.value)))


def lines(paths: list[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def report() -> str:
    apps = sorted(path for path in (ROOT / "maillage").iterdir() if (path / "apps.py").exists())
    told = ["| app | modules | lines | templates | lines | tests, lines |", "|---|---|---|---|---|---|"]
    every: list[Path] = []
    for app in apps:
        own, pages = modules(app), list(app.rglob("*.html"))
        tests = list((ROOT / "tests" / app.name).rglob("*.py"))
        told.append(f"| {app.name} | {len(own)} | {lines(own)} | {len(pages)} | {lines(pages)} | {lines(tests)} |")
        every += own
    pages = list((ROOT / "maillage").rglob("*.html"))
    measured = [one for path in every for one in functions(path)]
    switched = [path for path in [*every, *pages] if SWITCHES.search(path.read_text(encoding="utf-8"))]
    told += [
        "",
        f"- {len(every)} modules, {lines(every)} lines; {len(pages)} templates, {lines(pages)} lines; "
        f"tests: {lines(list((ROOT / 'tests').rglob('*.py')))} lines",
        f"- functions of more than {LONG_FUNCTION} lines: {sum(size > LONG_FUNCTION for _, size in measured)} "
        f"of {len(measured)}",
        f"- modules of more than {LONG_MODULE} lines: {sum(lines([path]) > LONG_MODULE for path in every)}; "
        f"templates of more than {LONG_TEMPLATE}: {sum(lines([path]) > LONG_TEMPLATE for path in pages)}",
        f"- files that switch a formatter off: {len(switched)}",
        f"- texts that read as SQL, outside migrations: {sum(map(sql_strings, every))}",
    ]
    return "\n".join(told)


if __name__ == "__main__":
    print(report())
