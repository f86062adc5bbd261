"""The archives of a folder: which are whole, which is the last, how many are kept."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PART = ".part"
NAMED = re.compile(r"maillage-(\d{8}T\d{6}Z)\.tar\.gz\.age")
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Kept:
    """A whole archive of the folder; `size` in bytes."""

    path: Path
    made_at: datetime
    size: int


def name_of(at: datetime) -> str:
    return f"maillage-{at.astimezone(UTC).strftime(STAMP)}.tar.gz.age"


def kept_archives(folder: Path) -> list[Kept]:
    """The newest first. Raises OSError."""
    named = [(path, NAMED.fullmatch(path.name)) for path in folder.iterdir()]
    archives = [
        Kept(path, datetime.strptime(match[1], STAMP).replace(tzinfo=UTC), path.stat().st_size)
        for path, match in named
        if match and path.is_file()
    ]
    return sorted(archives, key=lambda archive: archive.made_at, reverse=True)


def rotate(folder: Path, keep: int) -> list[Path]:
    """Erase the oldest, `keep` remaining (one at least); returns what was erased."""
    old = [archive.path for archive in kept_archives(folder)[max(keep, 1) :]]
    for path in old:
        path.unlink(missing_ok=True)
    return old
