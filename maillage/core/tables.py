"""Tables that people bring: CSV as Excel or a site writes it, XLSX, XLS, ODS. Texts in, texts out."""

import csv
import io
from datetime import date, datetime, time

import python_calamine

from maillage.core.sources import UnreadableFile, delimiter_of

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")  # of a file with macros only the cells are read
Table = list[list[str]]


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
    try:
        sheet = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise UnreadableFile(f"{name} n’est pas un classeur lisible.") from error
    return [[cell_text(cell) for cell in row] for row in sheet]


def cell_text(cell: object) -> str:
    """24037.0 -> 24037: codes and numbers often come out of a spreadsheet as decimals; days as 31/12/2026."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y}" if cell.time() == time() else f"{cell:%d/%m/%Y %H:%M}"
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell)


def csv_rows(name: str, content: bytes) -> Table:
    """A CSV in UTF-8, or as a French Excel saves it; semicolons, commas or tabs."""
    if b"\x00" in content[:4096]:
        raise UnreadableFile(f"{name} n’est ni un CSV ni un classeur.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    delimiter = delimiter_of(text[:2_000], among=";,\t")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableFile(f"{name} n’est pas un CSV lisible.") from error
