"""How many of the changes that `make mutants` made some test saw, file by file.

Read from what mutmut keeps in `mutants/`: beside each file, the exit code of the tests of each change; 0: none saw it.
"""

import json
from collections import Counter
from pathlib import Path

FOLDER = Path("mutants")
UNSEEN, WITHOUT_TEST, NOT_RUN = 0, 33, None


def counted() -> dict[str, Counter[int | None]]:
    """By file, how many changes ended by each exit code."""
    metas = sorted(FOLDER.rglob("*.py.meta"))
    read = ((path, json.loads(path.read_text(encoding="utf-8"))) for path in metas)
    return {
        str(path.relative_to(FOLDER)).removesuffix(".meta"): Counter(meta["exit_code_by_key"].values())
        for path, meta in read
    }


def main() -> None:
    whole: Counter[int | None] = Counter()
    for name, codes in counted().items():
        run = sum(codes.values()) - codes[NOT_RUN]
        if run:
            whole += Counter({code: number for code, number in codes.items() if code is not NOT_RUN})
            print(f"{name}: {run - codes[UNSEEN] - codes[WITHOUT_TEST]} seen of {run}")
    run = sum(whole.values())
    seen = run - whole[UNSEEN] - whole[WITHOUT_TEST]
    print(f"{seen} seen of {run}{f', {100 * seen / run:.0f} %' if run else ''}; {whole[WITHOUT_TEST]} met no test")


if __name__ == "__main__":
    main()
