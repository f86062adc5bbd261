"""Sorts of files that people join, and what each is served as. Pure.

A sort is told by the content (core.apart.documents), never by the name of the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"


@dataclass(frozen=True)
class Sort:
    """`extension` of the file that is served, `media_type` it is served as, what it is called."""

    extension: str
    media_type: str
    label: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
SORTS = {
    Kind.PDF: Sort("pdf", "application/pdf", "PDF"),
    Kind.JPEG: Sort("jpg", "image/jpeg", "photo"),
    Kind.PNG: Sort("png", "image/png", "image"),
    Kind.DOCX: Sort("docx", f"{_OFFICE}.wordprocessingml.document", "Word"),
    Kind.XLSX: Sort("xlsx", f"{_OFFICE}.spreadsheetml.sheet", "Excel"),
    Kind.PPTX: Sort("pptx", f"{_OFFICE}.presentationml.presentation", "PowerPoint"),
    Kind.ODT: Sort("odt", f"{_OPEN}.text", "texte OpenDocument"),
    Kind.ODS: Sort("ods", f"{_OPEN}.spreadsheet", "tableur OpenDocument"),
    Kind.ODP: Sort("odp", f"{_OPEN}.presentation", "présentation OpenDocument"),
}
PDF_ONLY = frozenset({Kind.PDF})
ANY = frozenset(Kind)


def accepted(kinds: Iterable[Kind]) -> str:
    """The `accept` of a file input: names too, which some telephones alone understand."""
    named = [SORTS[kind] for kind in Kind if kind in set(kinds)]
    return ",".join([*(sort.media_type for sort in named), *(f".{sort.extension}" for sort in named)])


def file_name(title: str, kind: Kind) -> str:
    """What the file is called when it is saved: its title, made safe for every system, and its extension."""
    kept = "".join(char if char.isalnum() or char in " -_.,’'()" else " " for char in title)
    return f"{' '.join(kept.split())[:100].strip(' .') or 'document'}.{SORTS[kind].extension}"
