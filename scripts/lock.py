"""Resolve pyproject.toml into requirements/*.txt: hashes, every platform, no registry named.

A week of cool-down: a release that turns out to be malicious is usually withdrawn within days.
"""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

COOL_DOWN = timedelta(days=7)
COMMON = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header", "--quiet"]


def main() -> None:
    uv = Path(sys.executable).parent / "uv"
    newest = (datetime.now(UTC) - COOL_DOWN).strftime("%Y-%m-%dT00:00:00Z")
    for target, extra in (("base", []), ("dev", ["--group", "dev"])):
        subprocess.run(
            [str(uv), "pip", "compile", *COMMON, "--exclude-newer", newest, *extra]
            + ["pyproject.toml", "-o", f"requirements/{target}.txt"],
            check=True,
        )


if __name__ == "__main__":
    main()
