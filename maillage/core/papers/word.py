"""A paper as DOCX, to be edited: the same headings, tables and pictures, in the styles of the word processor."""

import io
import re
from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from maillage.core.papers.documents import ROOT, png_bytes
from maillage.core.papers.tree import (
    Contents,
    Figures,
    Heading,
    PageBreak,
    Paper,
    Paragraph,
    Picture,
    Pictures,
    Points,
    Signatures,
    Table,
    whole,
)
from maillage.core.papers.typography import typographic

DRAWING = ROOT / "core" / "typst" / "drawing.typ"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
UNWRITABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML refuses
SMALL, GREY = Pt(8), RGBColor(0x56, 0x67, 0x64)


def docx_of(paper: Paper) -> bytes:
    document = docx.Document()
    document.core_properties.title, document.core_properties.language = _text(paper.title)[:255], "fr-FR"
    document.core_properties.author = _text(paper.author)[:255]
    document.styles["Normal"].font.size = Pt(10)
    document.sections[0].footer.paragraphs[0].text = _text(paper.footer)
    document.add_heading(_text(paper.title), level=0)
    document.add_paragraph(_text(paper.subtitle))
    for line in paper.cover:
        document.add_paragraph(_text(line))
    for block in paper.blocks:
        if isinstance(block, Contents):
            _contents(document, block, [heading for heading in paper.blocks if isinstance(heading, Heading)])
        else:
            _write(block, document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _text(words: str) -> str:
    return typographic(UNWRITABLE.sub(" ", words))


@singledispatch
def _write(block: Any, document: Any) -> None:
    raise NotImplementedError(type(block).__name__)


@_write.register
def _(block: Heading, document: Any) -> None:
    document.add_heading(_text(block.text), level=block.level)


@_write.register
def _(block: Paragraph, document: Any) -> None:
    _say(block, document.add_paragraph())


@_write.register
def _(block: Points, document: Any) -> None:
    for item in block.items:
        _say(item, document.add_paragraph(style="List Number" if block.is_numbered else "List Bullet"))


@_write.register
def _(block: Table, document: Any) -> None:
    if not block.rows:
        document.add_paragraph(_text(block.nothing))
        return
    table = document.add_table(rows=1, cols=len(block.columns), style="Light Grid Accent 1")
    for place, column in zip(table.rows[0].cells, block.columns, strict=True):
        place.text = _text(column.title)
    head = OxmlElement("w:tblHeader")  # repeated on each page
    table.rows[0]._tr.get_or_add_trPr().append(head)
    for row in block.rows:
        for place, said in zip(table.add_row().cells, map(whole, row), strict=True):
            _small(place.paragraphs[0], said.text)
            if said.note:
                _small(place.add_paragraph(), said.note)


@_write.register
def _(block: Figures, document: Any) -> None:
    if block.cards:
        table = document.add_table(rows=3, cols=len(block.cards))
        for number, card in enumerate(block.cards):
            for line, words in enumerate(card):
                table.cell(line, number).text = _text(words)
            table.cell(1, number).paragraphs[0].runs[0].bold = True


@_write.register
def _(block: Pictures, document: Any) -> None:
    for picture in block.pictures:
        _picture(picture, document)


@_write.register
def _(block: Signatures, document: Any) -> None:
    if block.names:
        table = document.add_table(rows=1, cols=len(block.names))
        for place, name in zip(table.rows[0].cells, block.names, strict=True):
            place.text = f"{_text(name)}\n\n\n"


@_write.register
def _(block: PageBreak, document: Any) -> None:
    document.add_page_break()


def _say(said: Paragraph, paragraph: Any) -> None:
    if said.lead:
        paragraph.add_run(f"{_text(said.lead)} ").bold = True
    run = paragraph.add_run(_text(said.text))
    if said.is_note:
        run.font.size, run.font.color.rgb = SMALL, GREY


def _small(paragraph: Any, words: str) -> None:
    paragraph.add_run(_text(words)).font.size = SMALL


def _picture(picture: Picture, document: Any) -> None:
    document.add_heading(_text(picture.title), level=2)
    document.add_picture(io.BytesIO(png_bytes(DRAWING, {"svg": picture.svg})), width=Cm(14))
    shape = document.inline_shapes[-1]._inline.docPr
    shape.set("descr", _text(picture.alt))
    legend = " · ".join(words for _, words in picture.legend)
    document.add_paragraph(_text(" ".join(filter(None, (picture.caption, legend)))))


def _contents(document: Any, block: Contents, headings: list[Heading]) -> None:
    """A field that the word processor makes anew with its pages, holding the headings until then."""
    document.add_paragraph(_text(block.title)).runs[0].bold = True
    paragraph = document.add_paragraph()
    for part in _field_begins():
        paragraph.add_run()._r.append(part)
    for place, heading in enumerate(headings):
        run = paragraph.add_run(f"{'    ' * (heading.level - 1)}{_text(heading.text)}")
        if place < len(headings) - 1:
            run.add_break()
    paragraph.add_run()._r.append(_field_mark("end"))


def _field_begins() -> Iterator[Any]:
    yield _field_mark("begin")
    instruction = OxmlElement("w:instrText")
    instruction.set(qn("xml:space"), "preserve")
    instruction.text = r'TOC \o "1-2" \h \z \u'
    yield instruction
    yield _field_mark("separate")


def _field_mark(kind: str) -> Any:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    return mark
