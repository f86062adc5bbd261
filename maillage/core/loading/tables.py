"""Tables that people bring, read apart."""

from dataclasses import dataclass

from maillage.core.apart.reading import MEBI, Reader, read_apart

Table = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Shape:
    """The most that is kept of a table: rows, columns, characters of a cell."""

    rows: int
    columns: int
    cell: int


@dataclass(frozen=True)
class ReadTable:
    """Rows with their numbers as people count, blank ones left out; `total` counts those that were not kept too."""

    rows: Table
    total: int


TABLES = Reader("maillage.core.apart.tables:read", most_output=32 * MEBI)


def read_table(name: str, content: bytes, shape: Shape, *, patience: float | None = None) -> ReadTable:
    """The first sheet of a workbook, or a CSV. Raises UnreadableFile; TakesLonger once patience is over."""
    answer = read_apart(
        TABLES,
        content,
        patience=patience,
        name=name[:100],
        most_rows=shape.rows,
        most_columns=shape.columns,
        longest_cell=shape.cell,
    )
    return ReadTable([(number, cells) for number, cells in answer["rows"]], answer["total"])
