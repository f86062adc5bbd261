"""Files out: CSV and XLSX of the same rows. A cell never becomes a formula in the reader's spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils.timezone import localtime

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Cells = Sequence[Any]


class Share(float):
    """A share of a whole, shown as a percentage."""


def harmless(value: Any) -> Any:
    """Quote a text that a spreadsheet would execute; numbers and dates pass unchanged."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def csv_text(header: Cells, rows: Iterable[Cells]) -> str:
    """Semicolons and a byte-order mark: what a French Excel opens without asking."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow([harmless(cell) for cell in header])
    writer.writerows([_as_text(cell) for cell in row] for row in rows)
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + out.getvalue()


def _local(cell: Any) -> Any:
    """Instants leave on the clock of the reader: spreadsheets know no time zone."""
    return localtime(cell).replace(tzinfo=None, microsecond=0) if isinstance(cell, datetime) else cell


def _as_text(cell: Any) -> Any:
    """A cell of a French CSV: comma decimals, local instants."""
    if isinstance(cell, Decimal | float):
        return str(cell).replace(".", ",")
    return harmless(_local(cell))


def xlsx_bytes(sheets: Mapping[str, tuple[Cells, Iterable[Cells]]]) -> bytes:
    """One workbook: sheet name -> (header, rows). Decimals become amounts, shares percentages, dates dates."""
    import xlsxwriter  # noqa: PLC0415  # 9 MiB that a command, or a page, does without

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {
            Decimal: book.add_format({"num_format": "#,##0.00 €"}),
            Share: book.add_format({"num_format": "0.00 %"}),
            date: book.add_format({"num_format": "dd/mm/yyyy"}),
            datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
        }
        for name, (header, rows) in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, header, bold)
            sheet.freeze_panes(1, 0)
            for number, row in enumerate(rows, start=1):
                for column, cell in enumerate(row):
                    sheet.write(number, column, _local(cell), formats.get(type(cell)))
            sheet.autofit()
    return out.getvalue()


class Spreadsheet(HttpResponse):
    """A file of rows; `rows` says how many left, for the trace of exports."""

    def __init__(self, content: bytes, content_type: str, *, filename: str, rows: int) -> None:
        self.rows = rows
        headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
        super().__init__(content, content_type=content_type, headers=headers)


@dataclass
class Counted:
    """Rows, counted as they are written."""

    rows: Iterable[Cells]
    count: int = 0

    def __iter__(self) -> Iterator[Cells]:
        for row in self.rows:
            self.count += 1
            yield row


def csv_response(filename: str, header: Cells, rows: Iterable[Cells]) -> Spreadsheet:
    counted = Counted(rows)
    content = csv_text(header, counted).encode()
    return Spreadsheet(content, "text/csv; charset=utf-8", filename=f"{filename}.csv", rows=counted.count)


def xlsx_response(filename: str, sheets: Mapping[str, tuple[Cells, Iterable[Cells]]]) -> Spreadsheet:
    counted = {name: (header, Counted(rows)) for name, (header, rows) in sheets.items()}
    content = xlsx_bytes(counted)
    rows = sum(sheet.count for _, sheet in counted.values())
    return Spreadsheet(content, XLSX_TYPE, filename=f"{filename}.xlsx", rows=rows)
