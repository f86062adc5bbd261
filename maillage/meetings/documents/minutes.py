"""The minutes as a paper: what their PDF and their DOCX both say. From what was frozen once validated."""

from collections.abc import Iterator, Mapping
from typing import Any

from maillage.core.papers.tree import Block, Column, Heading, Paper, Paragraph, Points, Signatures, Table

FINGERPRINT_SHOWN = 16  # signs of it at the foot of each page


def minutes_paper(data: Mapping[str, Any]) -> Paper:
    """`data`: meetings.rules.minutes.MinutesRecord as a mapping, with its `fingerprint` ('' while it may change)."""
    fingerprint = f" · empreinte {data['fingerprint'][:FINGERPRINT_SHOWN]}" if data["fingerprint"] else ""
    place = f"\nLieu : {data['place']}" if data["place"] else ""
    return Paper(
        title="Procès-verbal" if data["is_official"] else "Compte rendu",
        subtitle=f"{data['cpts']} · {data['title']} ({data['kind']})",
        author=data["cpts"],
        footer=f"{data['cpts']} · {data['title']} · édité le {data['on']}{fingerprint}",
        blocks=[
            Paragraph(f"{data['when']}{place}"),
            *_presences(data),
            *_quorum(data),
            *_words(data),
            *_votes(data),
            *_outcome(data),
            *([Signatures(("La présidence", "Le secrétariat"))] if data["is_official"] else []),
            Paragraph(f"Validé {data['validated']}." if data["validated"] else "Projet, non validé.", is_note=True),
        ],
    )


def _presences(data: Mapping[str, Any]) -> Iterator[Block]:
    present, excused = data["present"], data["excused"]
    yield Heading("Présences")
    if present:
        yield Paragraph(f"Étaient là ({len(present)}) : {', '.join(present)}.")
    else:
        yield Paragraph("Aucune présence écrite.")
    if excused:
        yield Paragraph(f"Avaient prévenu de leur absence : {', '.join(excused)}.")
    for word in data.get("words", ()):
        yield Paragraph(word, is_note=True)


def _quorum(data: Mapping[str, Any]) -> Iterator[Block]:
    if not data["quorum"]:
        return
    yield Heading("Quorum")
    yield Table(
        columns=(
            Column("Collège", 3),
            Column("Votants", is_number=True),
            Column("Présents ou représentés", 1.5, is_number=True),
            Column("Nécessaires", is_number=True),
            Column("Quorum", 1.2),
        ),
        rows=[_college(line) for line in data["quorum"]],
    )
    if data["proxies"]:
        yield Paragraph(f"Pouvoirs : {', '.join(data['proxies'])}.")


def _college(line: Mapping[str, Any]) -> tuple[str, ...]:
    if not line["needed"]:
        needed, reached = "—", "non exigé"
    else:
        needed, reached = str(line["needed"]), "atteint" if line["reached"] else "non atteint"
    return line["college"], str(line["voters"]), str(line["there"]), needed, reached


def _words(data: Mapping[str, Any]) -> Iterator[Block]:
    if data["paragraphs"]:
        yield Heading("Échanges")
        yield from map(Paragraph, data["paragraphs"])


def _votes(data: Mapping[str, Any]) -> Iterator[Block]:
    if data["votes"]:
        yield Heading("Votes")
    for vote in data["votes"]:
        majority = f", {vote['majority']}" if vote["majority"] else ""
        yield Heading(vote["question"], level=2)
        yield Paragraph(f"{vote['how']}{majority}", is_note=True)
        yield Table(
            columns=(Column("Réponse", 3), Column("Voix", is_number=True), Column("Part", is_number=True)),
            rows=[(score["choice"], str(score["votes"]), score["share"] or "—") for score in vote["scores"]],
        )
        if vote["weights"]:
            yield Paragraph(vote["weights"], is_note=True)
        if vote["outcome"]:
            yield Paragraph("", lead=f"Résolution {vote['outcome']}.")
        if vote["masked"]:
            yield Paragraph(vote["masked"], is_note=True)
        if vote["digest"]:
            yield Paragraph(f"Empreinte du journal des bulletins : {vote['digest']}", is_note=True)


def _outcome(data: Mapping[str, Any]) -> Iterator[Block]:
    if data["decisions"]:
        yield Heading("Décisions")
        yield Points.of(data["decisions"], is_numbered=True)
    if data["tasks"]:
        yield Heading("Tâches")
        yield Table(
            columns=(Column("Quoi", 3), Column("Qui", 1.4), Column("Pour le", 1.2)),
            rows=[(task["text"], task["owner"], task["due"]) for task in data["tasks"]],
        )
