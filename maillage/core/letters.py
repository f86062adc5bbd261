"""A letter: what is written to somebody, once, and the text and the HTML that a mail carries of it.

Each app writes its letters in its module `letters`, from its rows and without a statement more, shows one of each with
invented people (`LETTERS` of its workspace, read by the gallery of the instance), and sends them from `notifications`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format

from maillage.core.papers.typography import typographic, typographic_html
from maillage.core.workspaces import declared

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Link:
    """A page, and what one does there: « Répondre », « Ce n’est pas vous ? Dites-le ici »."""

    label: str
    url: str

    def __str__(self) -> str:
        return self.url if self.label == self.url else f"{self.label} :\n{self.url}"


@dataclass(frozen=True)
class Points:
    """Lines of one list."""

    items: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(f"- {item}" for item in self.items)


@dataclass(frozen=True)
class Facts:
    """What, and its value; those without a value are left out."""

    values: Mapping[str, str]

    @property
    def rows(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self.values.items() if value]

    def __str__(self) -> str:
        return "\n".join(f"{name} : {value}" for name, value in self.rows)


Block = str | Points | Facts | Link


@dataclass(frozen=True)
class Letter:
    """Paragraphs, at most one action that stands out, what is said after it, and who signs.

    A paragraph is plain text; its line ends are kept. Nothing of what a person typed is read as markup, nor becomes a
    link: facts alone do, which the team of the CPTS wrote.
    """

    subject: str
    paragraphs: tuple[Block, ...]
    action: Link | None = None
    after: tuple[Block, ...] = ()
    signature: str = ""
    greeting: str = "Bonjour,"

    @classmethod
    def plain(cls, subject: str, text: str) -> "Letter":
        """One that a library wrote, greeting and signature included; its addresses stand on lines of their own."""
        return cls(subject, tuple(_with_link(paragraph) for paragraph in text.strip().split("\n\n")), greeting="")

    @property
    def title(self) -> str:
        """The subject as it leaves: on one line, and no longer than a mailbox shows."""
        return typographic(" ".join(self.subject.split()))[:SUBJECT_LENGTH]

    def followed_by(self, *blocks: Block) -> "Letter":
        """The same, with more to say at its end."""
        return replace(self, after=(*self.after, *blocks))

    def blocks(self) -> Iterator[Block]:
        """All of it, in order."""
        yield from filter(None, (self.greeting, *self.paragraphs, self.action, self.signature, *self.after))

    def text(self) -> str:
        return typographic("\n\n".join(str(block) for block in self.blocks())) + "\n"

    def html(self) -> str:
        return typographic_html(render_to_string("letters/letter.html", {"letter": self}))


def _with_link(paragraph: str) -> Block:
    said, _, last = paragraph.strip().rpartition("\n")
    if not last.startswith(("https://", "http://")) or " " in last:
        return paragraph
    return Link(said.rstrip(" :") or last, last)


class LetterMessage(EmailMessage):
    """A letter on its way to one address: the journal of mails takes it whole (exchange.backends).

    `cpts_id`: whose journal it is filed in.
    """

    def __init__(self, letter: Letter, to: str, cpts_id: int | None = None) -> None:
        super().__init__(letter.title, letter.text(), to=[to])
        self.letter, self.cpts_id = letter, cpts_id


def post(letter: Letter, *, to: str, cpts_id: int | None = None) -> None:
    """Write it to somebody, in the caller's transaction; for the apps that the journal of mails rests on."""
    LetterMessage(letter, to, cpts_id).send()


def moment(at: datetime) -> str:
    """lundi 30 novembre 2026 à 14:05."""
    return date_format(timezone.localtime(at), "l j F Y à H:i")


Samples = dict[str, Letter]


def letters_of_the_product() -> dict[str, Samples]:
    """App -> what each of its letters looks like, by its name."""
    gathered: dict[str, Samples] = {}
    samples: Callable[[], Samples]
    for samples in declared("LETTERS"):
        gathered[samples.__module__.split(".")[1]] = samples()
    return gathered
