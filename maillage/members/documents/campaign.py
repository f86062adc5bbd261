"""An information campaign to those who are missing: letters ready for the post."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.http import HttpResponse

from maillage.core.papers.documents import pdf_response
from maillage.core.papers.qr import qr_file
from maillage.core.templatetags.maillage import day
from maillage.cpts.models import Cpts
from maillage.directory.models import Practitioner
from maillage.members.rules.names import readable

LETTERS = Path(__file__).resolve().parent.parent / "typst" / "letters.typ"
MOST_LETTERS = 600


def address_of(person: Practitioner) -> list[str]:
    """The lines of an envelope; empty when the directory has no street for them. `person` carries its places."""
    for role in person.places:  # type: ignore[attr-defined]  # directory.queries.search.find
        place = role.organization
        if place and place.postal_code and (place.street or place.complement):
            name = f"{readable(person.given_name)} {readable(person.family_name)}"
            city = f"{place.postal_code} {place.city}".strip()
            lines = [name, place.name, place.complement, place.street, city]
            return list(dict.fromkeys(filter(None, lines)))
    return []


def letters_data(
    cpts: Cpts,
    people: Iterable[Practitioner],
    *,
    subject: str,
    body: str,
    signature: str,
    on: date,
    greeting: str = "Chère consœur, cher confrère,",
    link: str = "",
) -> dict[str, Any]:
    """One letter for each person whose address is known; a link is drawn as a code that a telephone reads."""
    addresses = filter(None, map(address_of, people))
    return {
        "cpts": cpts.name,
        "on": day(on),
        "subject": subject,
        "paragraphs": [" ".join(part.split()) for part in body.split("\n\n") if part.strip()],
        "signature": signature,
        "qr": qr_file(link) if link else "",
        "letters": [{"address": address, "greeting": greeting} for address in addresses],
    }


def letters_pdf(data: dict[str, Any]) -> HttpResponse:
    return pdf_response("courriers", LETTERS, data)


def with_address(people: Sequence[Practitioner]) -> int:
    return sum(bool(address_of(person)) for person in people)
