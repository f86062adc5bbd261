"""Fail when a dependency of pyproject.toml is absent from the lock, or locked outside its bounds."""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement


def locked(path: Path) -> dict[str, str]:
    """Name -> version of a compiled requirements file."""
    return dict(re.findall(r"^([a-z0-9.\-]+)==([^ \\;]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def problems(wanted: list[str], lock: dict[str, str], name: str) -> list[str]:
    found = []
    for requirement in map(Requirement, wanted):
        version = lock.get(requirement.name.lower())
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            found.append(f"requirements/{name}.txt: {requirement} is locked to {version}")
    return found


def main() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    base, dev = project["project"]["dependencies"], project["dependency-groups"]["dev"]
    wrong = problems(base, locked(Path("requirements/base.txt")), "base")
    wrong += problems(base + dev, locked(Path("requirements/dev.txt")), "dev")
    sys.exit("\n".join([*wrong, "Run make lock."]) if wrong else 0)


if __name__ == "__main__":
    main()
