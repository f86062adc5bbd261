"""Tables that people bring: CSV as Excel or a site writes it, XLSX, XLS, ODS. Texts in, texts out."""

import csv
import io
import json
import re
import subprocess
import sys

from django.conf import settings

from maillage.core.sources import UnreadableFile, delimiter_of

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")  # of a file with macros only the cells are read
Table = list[list[str]]
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_table(name: str, content: bytes, *, largest: int) -> list[tuple[int, list[str]]]:
    """Every row of the first sheet with its number as people count, blank rows left out, blanks around texts removed.

    Raises UnreadableFile.
    """
    if len(content) > largest:
        raise UnreadableFile(
            f"Le fichier dépasse {largest // 2**20} Mo : gardez les colonnes utiles, puis recommencez."
        )
    rows = workbook_rows(name, content) if name.lower().endswith(WORKBOOKS) else csv_rows(name, content)
    stripped = ([cell.strip() for cell in row] for row in rows)
    return [(number, row) for number, row in enumerate(stripped, start=1) if any(row)]


def workbook_rows(name: str, content: bytes) -> Table:
    """The first sheet of a workbook. A formula gives its last result; a merged cell its value once."""
    command = [sys.executable, "-m", "maillage.core.workbook"]
    done = subprocess.run(command, input=content, capture_output=True, cwd=settings.BASE_DIR, check=False)  # noqa: S603
    if done.returncode:
        raise UnreadableFile(f"{name} n’est pas un classeur lisible, ou il est trop grand.")
    return [[clean(cell) for cell in row] for row in json.loads(done.stdout)]


def clean(text: str) -> str:
    """A text without the control characters that a database refuses."""
    return CONTROL.sub(" ", text)


def csv_rows(name: str, content: bytes) -> Table:
    """A CSV in UTF-8, or as a French Excel saves it; semicolons, commas or tabs."""
    if b"\x00" in content[:4096] or content.startswith((b"%PDF", b"PK\x03\x04")):
        raise UnreadableFile(f"{name} n’est ni un CSV ni un classeur.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    delimiter = delimiter_of(text[:2_000], among=";,\t")
    try:
        return list(csv.reader(io.StringIO(clean(text), newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableFile(f"{name} n’est pas un CSV lisible.") from error
