"""One tree, two papers that say the same."""

import io

import docx
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maillage.core.papers.tree import (
    Cell,
    Column,
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
)
from maillage.core.papers.typeset import pdf_of
from maillage.core.papers.word import docx_of

SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'
EVERY_BLOCK = [
    Contents(),
    Heading("Chapitre"),
    Paragraph("Une phrase", lead="Début."),
    Paragraph("Petite", is_note=True),
    Heading("Partie", level=2),
    Points.of(["premier", "second"]),
    Points([Paragraph("suite", lead="Numéro")], is_numbered=True),
    Table((Column("Nom", 2), Column("Nombre", 0, is_number=True)), [("Ligne", Cell("12", "au plus"))]),
    Table((Column("Vide"),), [], nothing="Rien ici."),
    Figures([("Habitants", "61 915", "INSEE")]),
    Pictures([Picture("Dessin", SQUARE, "Un carré", legend=[("#0d5c54", "plein"), ("", "sans")], caption="Unité")]),
    PageBreak(),
    Signatures(["La présidence", "Le secrétariat"]),
]
SAID = [
    "Sommaire",
    "Chapitre",
    "Début. Une phrase",
    "Petite",
    "Partie",
    "premier",
    "second",
    "Numéro suite",
    "Ligne",
    "12",
    "au plus",
    "Rien ici.",
    "Habitants",
    "61 915",
    "Dessin",
    "plein",
    "Unité",
    "La présidence",
    "Le secrétariat",
]


def paper(*blocks, **more):
    return Paper("Titre", "Sous-titre", "Pied de page", blocks, **more)


def words_of_pdf(content):
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def words_of_docx(content):
    document = docx.Document(io.BytesIO(content))
    texts = [paragraph.text for paragraph in document.paragraphs]
    texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return " ".join(" ".join(texts).split())


@pytest.mark.parametrize("is_long", [True, False])
def test_both_say_every_block(is_long):
    made = paper(*EVERY_BLOCK, is_long=is_long, cover=("Une ligne", "En bas") if is_long else ())
    for words in (words_of_pdf(pdf_of(made)), words_of_docx(docx_of(made))):
        missing = [said for said in ["Titre", "Sous-titre", *SAID] if said not in words.replace("\xa0", " ")]
        assert missing == []


def test_the_pdf_is_tagged_and_its_contents_lead_to_pages():
    reader = pypdf.PdfReader(io.BytesIO(pdf_of(paper(*EVERY_BLOCK))))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "fr-FR"
    assert [one.title for one in reader.outline if not isinstance(one, list)] != []


def test_the_table_of_contents_of_word_is_a_field_that_holds_the_headings():
    document = docx.Document(io.BytesIO(docx_of(paper(*EVERY_BLOCK))))
    assert "TOC" in document.element.xml
    assert any("Chapitre" in one.text and "Partie" in one.text for one in document.paragraphs)
    assert document.inline_shapes[0]._inline.docPr.get("descr") == "Un carré"


@settings(max_examples=25, deadline=None)
@given(st.text(), st.text())
def test_whatever_people_wrote_is_printed(first, second):
    made = paper(
        Heading(first), Paragraph(second, lead=first), Table((Column(first),), [(second,)]), Points.of([first])
    )
    assert pdf_of(made).startswith(b"%PDF")
    assert docx_of(made).startswith(b"PK")
