"""Large text files on their way in: plain, .gz or .zip, read by blocks, checked for their encoding as they go."""

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

from maillage.core.errors import UnreadableFile

if TYPE_CHECKING:
    from maillage.core.work.jobs import Progress  # readings apart use this module, and import no Django

BLOCK = 128 * 1024
LONGEST_LINE = 1_000_000
DATE_IN_NAME = re.compile(r"(20[0-9]{2})-?(0[1-9]|1[0-2])-?(0[1-9]|[12][0-9]|3[01])")


def no_progress(message: str, done: int, total: int) -> None:
    """Progress told to nobody."""


class TextSource:
    """One file, read once or several times; `progress` is told after each block."""

    def __init__(self, path: Path, *, progress: "Progress" = no_progress, member: str = "") -> None:
        self.path, self.progress, self.member = path, progress, member
        if not path.is_file():
            raise UnreadableFile(f"Le fichier {path.name} n’existe pas.")
        self.total = path.stat().st_size
        self.ended_whole = True

    @contextmanager
    def open(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """The uncompressed stream, and the one whose position tells how far the reading is."""
        with self.path.open("rb") as raw:
            if self.path.suffix == ".gz":
                with gzip.open(raw) as unpacked:
                    yield unpacked, raw  # type: ignore[misc]
            elif self.path.suffix == ".zip":
                with zipfile.ZipFile(raw) as archive, archive.open(self._member_of(archive)) as unpacked:
                    yield unpacked, raw
            else:
                yield raw, raw

    def _member_of(self, archive: zipfile.ZipFile) -> str:
        names = [name for name in archive.namelist() if self.member.lower() in name.lower()]
        if not names:
            raise UnreadableFile(f"L’archive {self.path.name} ne contient pas de fichier {self.member}.")
        return names[0]

    def blocks(self, label: str) -> Iterator[tuple[int, list[bytes]]]:
        """Lines without their ends, by blocks, with the number of the first. Raises UnreadableFile."""
        number = 1
        with self.readable(), self.open() as (stream, raw):
            while block := stream.read(BLOCK):
                block += stream.readline()
                self.ended_whole = block.endswith(b"\n")
                self._check(block, number)
                lines = block.replace(b"\r\n", b"\n").split(b"\n")
                if not lines[-1]:
                    lines.pop()
                yield number, lines
                number += len(lines)
                self.progress(label, min(raw.tell(), self.total), self.total)

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Says plainly that an archive is damaged. Raises UnreadableFile."""
        try:
            yield
        except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableFile(f"L’archive {self.path.name} est incomplète ou abîmée : rien n’a changé.") from error

    def _check(self, block: bytes, number: int) -> None:
        try:
            block.decode()
        except UnicodeDecodeError as error:
            line = number + block.count(b"\n", 0, error.start)
            raise UnreadableFile(
                f"Le fichier {self.path.name} n’est pas en UTF-8 (ligne {line}) : rien n’a changé. "
                "Téléchargez-le de nouveau, sans l’ouvrir dans un tableur."
            ) from error
        if b"\x00" in block:
            line = number + block.count(b"\n", 0, block.index(b"\x00"))
            raise UnreadableFile(f"Le fichier {self.path.name} n’est pas un texte (ligne {line}) : rien n’a changé.")

    def lines(self, label: str) -> Iterator[tuple[int, bytes]]:
        """Every line with its number, the header included."""
        for number, lines in self.blocks(label):
            yield from enumerate(lines, number)


def delimiter_of(head: str, among: str = ";,\t|") -> str:
    """What separates the columns of a header: of these characters, the one it holds most."""
    return max(among, key=head.count)


def date_in(name: str) -> date | None:
    """The day that a file name carries: PS_LibreAcces_Personne_activite_202611200812.txt -> 20 November 2026."""
    for match in DATE_IN_NAME.finditer(name):
        try:
            return date(*(int(part) for part in match.groups()))
        except ValueError:
            continue
    return None


def first_line(source: TextSource) -> bytes:
    """The header, b"" when the file is empty; a million bytes when it holds no line end. Raises UnreadableFile."""
    with source.readable(), source.open() as (stream, _):
        line = bytes(stream.readline(LONGEST_LINE))
    if len(line) == LONGEST_LINE:
        line = line.decode(errors="ignore").encode()  # the last character may be cut
    source._check(line, 1)
    return line
