"""PDF out, by Typst: data go in as JSON, never as source; tagged (PDF/UA-1), French, fonts inside."""

import json
from pathlib import Path
from typing import Any

import typst
from django.http import HttpResponse

from maillage.core.papers.signs import LATIN, drawable
from maillage.core.papers.typography import typographic

UNDRAWN_SAID = "could not be displayed"
ROOT = Path(__file__).resolve().parents[2]  # the folder of the package: templates import each other from there


def pdf_bytes(template: Path, data: dict[str, Any]) -> bytes:
    """Compile a .typ template that reads `sys.inputs.data`. Raises typst.TypstError on a faulty template.

    A sign that no font of ours draws (an emoji, another script) is printed as a question mark rather than refused.
    The fonts are those of the package, so that a paper looks alike on every machine.
    """
    try:
        return _compiled(template, drawable(data))
    except typst.TypstError as error:
        if UNDRAWN_SAID not in str(error):
            raise
        return _compiled(template, drawable(data, LATIN))  # signs that a font draws apart, and not together


def _compiled(template: Path, data: dict[str, Any]) -> bytes:
    inputs = {"data": typographic(json.dumps(data, ensure_ascii=False))}
    pdf = typst.compile(template, root=ROOT, sys_inputs=inputs, pdf_standards=["ua-1"], ignore_system_fonts=True)
    assert isinstance(pdf, bytes)
    return pdf


def png_bytes(template: Path, data: dict[str, Any], ppi: float = 150) -> bytes:
    """The same as a picture of the first page, for documents that hold no drawing."""
    inputs = {"data": json.dumps(drawable(data), ensure_ascii=False)}
    png = typst.compile(template, root=ROOT, sys_inputs=inputs, format="png", ppi=ppi, ignore_system_fonts=True)
    page = png[0] if isinstance(png, list) else png
    assert isinstance(page, bytes)
    return page


def pdf_response(filename: str, template: Path, data: dict[str, Any]) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{filename}.pdf"'}
    return HttpResponse(pdf_bytes(template, data), content_type="application/pdf", headers=headers)
