"""A paper as PDF."""

from maillage.core.papers.documents import ROOT, pdf_bytes
from maillage.core.papers.tree import Paper, as_data

TEMPLATE = ROOT / "core" / "typst" / "paper.typ"


def pdf_of(paper: Paper) -> bytes:
    return pdf_bytes(TEMPLATE, as_data(paper))
