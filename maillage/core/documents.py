"""PDF out, by Typst: data go in as JSON, never as source; tagged (PDF/UA-1), French, fonts inside."""

import json
from pathlib import Path
from typing import Any

import typst
from django.http import HttpResponse

from maillage.core.typography import typographic

ROOT = Path(__file__).resolve().parent.parent


def pdf_bytes(template: Path, data: dict[str, Any]) -> bytes:
    """Compile a .typ template that reads `sys.inputs.data`. Raises RuntimeError on a faulty template."""
    inputs = {"data": typographic(json.dumps(data, ensure_ascii=False))}
    pdf = typst.compile(template, root=ROOT, sys_inputs=inputs, pdf_standards=["ua-1"])
    assert isinstance(pdf, bytes)
    return pdf


def png_bytes(template: Path, data: dict[str, Any], ppi: float = 150) -> bytes:
    """The same as a picture of the first page, for documents that hold no drawing."""
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    png = typst.compile(template, root=ROOT, sys_inputs=inputs, format="png", ppi=ppi)
    found = png[0] if isinstance(png, list) else png
    assert isinstance(found, bytes)
    return found


def pdf_response(filename: str, template: Path, data: dict[str, Any]) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{filename}.pdf"'}
    return HttpResponse(pdf_bytes(template, data), content_type="application/pdf", headers=headers)
