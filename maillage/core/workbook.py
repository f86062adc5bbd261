"""Read one workbook in a process of its own: `python -m maillage.core.workbook` < file > rows as JSON.

A few kilobytes may claim a billion cells, and the reader then takes the whole memory or ends the process: here that
process is not the one that serves people.
"""

import io
import json
import resource
import sys
from datetime import date, datetime, time

import python_calamine

MOST_MEMORY, MOST_SECONDS = 2**30, 30


def cell_text(cell: object) -> str:
    """24037.0 -> 24037: codes and numbers often come out of a spreadsheet as decimals; days as 31/12/2026."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y}" if cell.time() == time() else f"{cell:%d/%m/%Y %H:%M}"
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    book = python_calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
    # Blank rows on top are kept: lines are counted as people count them.
    sheet = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    json.dump([[cell_text(cell) for cell in row] for row in sheet], sys.stdout)


if __name__ == "__main__":
    main()
