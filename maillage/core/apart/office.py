"""Office files that people join, opened to know that they are what they say, and carry no program. Runs apart."""

import io
import zipfile

from maillage.core.errors import UnreadableFile

MOST_ENTRIES, MOST_BYTES = 5_000, 300 * 2**20
PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
OPEN = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}
OPEN_TYPE = "application/vnd.oasis.opendocument."
PROGRAMS = ("vbaproject.bin", "basic/", "scripts/", "/activex/", "/embeddings/oleobject")


def check_office(content: bytes) -> str:
    """docx, xlsx, pptx, odt, ods or odp. Raises UnreadableFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise UnreadableFile("Ce document est trop lourd une fois ouvert : enregistrez-le en PDF.")
            names = [entry.filename for entry in entries]
            if any(program in f"/{name.lower()}" for name in names for program in PROGRAMS):
                raise UnreadableFile("Ce document contient un programme : enregistrez-le en PDF, puis joignez le PDF.")
            if any(entry.flag_bits & 1 for entry in entries):
                raise UnreadableFile("Ce document est protégé par un mot de passe : joignez-en une copie sans.")
            return _sort(archive, set(names))
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile("Ce document est abîmé : enregistrez-le de nouveau, puis recommencez.") from error


def _sort(archive: zipfile.ZipFile, names: set[str]) -> str:
    for part, kind in PARTS.items():
        if part in names and "[Content_Types].xml" in names:
            return kind
    if "mimetype" in names:
        with archive.open("mimetype") as entry:
            kind = entry.read(100).decode("ascii", "replace").removeprefix(OPEN_TYPE)
        if kind in OPEN and "content.xml" in names:
            return OPEN[kind]
    raise UnreadableFile("Ce fichier n’est ni un PDF, ni une image, ni un document bureautique.")
