"""A paper: what it says, once, whatever it is printed as (core.papers.typeset for PDF, core.papers.word for DOCX).

Texts are plain; their line ends are kept. Headings of level 1 are chapters: those of a long paper begin a page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 1  # 1 or 2


@dataclass(frozen=True)
class Paragraph:
    """`lead` stands out at its beginning; a note is small and grey."""

    text: str
    lead: str = ""
    is_note: bool = False


@dataclass(frozen=True)
class Points:
    """A list; each item is said after its lead, which stands out."""

    items: Sequence[Paragraph]
    is_numbered: bool = False

    @classmethod
    def of(cls, texts: Iterable[str], *, is_numbered: bool = False) -> "Points":
        return cls([Paragraph(text) for text in texts], is_numbered)


@dataclass(frozen=True)
class Cell:
    """A value, and what is said of it in small under it."""

    text: str
    note: str = ""
    is_small: bool = False


@dataclass(frozen=True)
class Column:
    """`width`: its share of the page; 0 for what it holds."""

    title: str
    width: float = 1
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """Its head is repeated on each page; rows are as long as `columns`; `nothing` is said in place of an empty one."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | str]]
    nothing: str = ""


@dataclass(frozen=True)
class Figures:
    """A few values to be seen from afar: what, the value, its unit or its year."""

    cards: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Picture:
    """A drawing (SVG), what it shows for who does not see it, and its legend: colour (empty: without) and text."""

    title: str
    svg: str
    alt: str
    legend: Sequence[tuple[str, str]] = ()
    caption: str = ""


@dataclass(frozen=True)
class Pictures:
    """Side by side where the page is wide enough."""

    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Signatures:
    """Who signs, with room above each."""

    names: Sequence[str]


@dataclass(frozen=True)
class PageBreak:
    pass


@dataclass(frozen=True)
class Contents:
    """The table of contents, from the headings."""

    title: str = "Sommaire"


Block = Heading | Paragraph | Points | Table | Figures | Pictures | Signatures | PageBreak | Contents


@dataclass(frozen=True)
class Paper:
    """`footer` is at the foot of each page. A long paper has a cover, which `cover` lines finish, then its chapters."""

    title: str
    subtitle: str
    footer: str
    blocks: Sequence[Block]
    author: str = "Maillage"
    is_long: bool = False
    cover: Sequence[str] = field(default_factory=tuple)


def as_data(paper: Paper) -> dict[str, Any]:
    """The paper as the typesetter reads it: each block with its kind, each cell whole."""
    return asdict(paper) | {"blocks": [_block_data(block) for block in paper.blocks]}


def _block_data(block: Block) -> dict[str, Any]:
    data = asdict(block) | {"kind": type(block).__name__}
    if isinstance(block, Table):
        data["rows"] = [[asdict(whole(cell)) for cell in row] for row in block.rows]
    return data


def whole(cell: Cell | str) -> Cell:
    return cell if isinstance(cell, Cell) else Cell(cell)
