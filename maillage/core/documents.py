"""PDF out, by Typst: data go in as JSON, never as source; tagged (PDF/UA-1), French, fonts inside."""

import json
import re
from pathlib import Path
from typing import Any

import typst
from django.http import HttpResponse

from maillage.core.typography import typographic

UNKNOWN_SIGN = re.compile(r'the text `?"([^"]+)"`? could not be displayed')
MOST_UNKNOWN_SIGNS = 200
CONTROLS = re.compile(r"\\u00[01][0-9a-f]")  # as JSON writes them
ROOT = Path(__file__).resolve().parent.parent


def pdf_bytes(template: Path, data: dict[str, Any]) -> bytes:
    """Compile a .typ template that reads `sys.inputs.data`. Raises RuntimeError on a faulty template.

    A sign that no font of ours draws (an emoji, another script) is printed as a question mark rather than refused.
    """
    text = CONTROLS.sub("", typographic(json.dumps(data, ensure_ascii=False)))
    for _ in range(MOST_UNKNOWN_SIGNS):
        try:
            pdf = typst.compile(template, root=ROOT, sys_inputs={"data": text}, pdf_standards=["ua-1"])
        except typst.TypstError as error:
            found = UNKNOWN_SIGN.search(str(error))
            if found is None:
                raise
            for sign in found[1]:
                text = text.replace(sign, "?")
        else:
            assert isinstance(pdf, bytes)
            return pdf
    raise RuntimeError("too many signs that no font draws")


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
