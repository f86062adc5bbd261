"""PDF that people join, opened to know that they are what they say. Runs apart."""

import io
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from maillage.core.errors import UnreadableFile

MOST_PAGES = 3_000
PROGRAMS = {"/JavaScript", "/Launch"}


def check_pdf(content: bytes) -> int:
    """How many pages it has. Raises UnreadableFile for what is no PDF, is locked, or carries a program."""
    if not content.startswith(b"%PDF-"):
        raise UnreadableFile("Ce fichier n’est pas un PDF : joignez un PDF.")
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise UnreadableFile("Ce PDF est protégé par un mot de passe : joignez-en une copie sans protection.")
        pages = len(reader.pages)
        root = reader.root_object
        actions = [root.get("/OpenAction"), *_of(root.get("/AA")).values()]
        carries = "/JavaScript" in _of(root.get("/Names")) or any(map(_is_program, actions))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise UnreadableFile("Ce PDF est abîmé : enregistrez-le de nouveau, puis recommencez.") from error
    if carries:
        raise UnreadableFile("Ce PDF contient un programme : imprimez-le en PDF, puis joignez cette copie.")
    if not 0 < pages <= MOST_PAGES:
        raise UnreadableFile(f"Ce PDF n’a aucune page, ou plus de {MOST_PAGES}.")
    return pages


def _of(value: Any) -> dict[str, Any]:
    """A dictionary of the PDF, wherever it lies; empty when there is none."""
    value = value.get_object() if value is not None else None
    return value if isinstance(value, dict) else {}


def _is_program(action: Any) -> bool:
    return str(_of(action).get("/S", "")) in PROGRAMS
