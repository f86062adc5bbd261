"""Tables that people bring: CSV as Excel or a site writes it, XLSX, XLS, ODS. Texts in, texts out. Runs apart."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

import python_calamine

from maillage.core.errors import UnreadableFile
from maillage.core.loading.sources import delimiter_of

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")  # of a file with macros only the cells are read
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
MOST_UNPACKED, MOST_PARTS = 256 * 2**20, 2_000


def read(content: bytes, *, name: str, most_rows: int, most_columns: int, longest_cell: int) -> dict[str, Any]:
    """Rows of the first sheet with their numbers as people count, blank rows left out, blanks around texts removed.

    `rows` holds the first `most_rows`; `total` counts them all. Raises UnreadableFile.
    """
    rows = workbook_rows(name, content) if name.lower().endswith(WORKBOOKS) else csv_rows(name, content)
    kept: list[tuple[int, list[str]]] = []
    total = 0
    for number, row in enumerate(rows, start=1):
        if not row:
            continue
        cells = [clean(cell).strip()[:longest_cell] for cell in row[:most_columns]]
        if any(cells):
            total += 1
            if len(kept) < most_rows:
                kept.append((number, cells))
    return {"rows": kept, "total": total}


def clean(text: str) -> str:
    """A text without the control characters that a database refuses."""
    return CONTROL.sub(" ", text)


def workbook_rows(name: str, content: bytes) -> Iterator[list[str]]:
    """The first sheet of a workbook. A formula gives its last result; a merged cell its value once."""
    check_archive(content)
    try:
        sheet = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0)
    except (python_calamine.CalamineError, IndexError, OSError, ValueError) as error:
        raise UnreadableFile(f"{name} n’est pas un classeur lisible.") from error
    for row in sheet.iter_rows():
        # A stray cell at the bottom of a sheet makes a million blank rows: they are counted, not read.
        yield [] if row.count("") == len(row) else [cell_text(cell) for cell in row]


def check_archive(content: bytes) -> None:
    """Refuse, before any of it is unpacked, what says that it unpacks to more than anybody types."""
    if not content.startswith(b"PK"):
        return
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise UnreadableFile("Ce classeur est incomplet ou abîmé.") from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise UnreadableFile("Ce classeur est trop lourd à lire : gardez la feuille utile, puis recommencez.")


def cell_text(cell: object) -> str:
    """24037.0 -> 24037: codes and numbers often come out of a spreadsheet as decimals; days as 31/12/2026."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y}" if cell.time() == time() else f"{cell:%d/%m/%Y %H:%M}"
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell)


def csv_rows(name: str, content: bytes) -> Iterable[list[str]]:
    """A CSV in UTF-8, or as a French Excel saves it; semicolons, commas or tabs."""
    if b"\x00" in content[:4096] or content.startswith((b"%PDF", b"PK\x03\x04")):
        raise UnreadableFile(f"{name} n’est ni un CSV ni un classeur.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    delimiter = delimiter_of(text[:2_000], among=";,\t")
    try:
        yield from csv.reader(io.StringIO(clean(text), newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableFile(f"{name} n’est pas un CSV lisible.") from error
