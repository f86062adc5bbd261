"""Papers of the members: attestation, printed directory; and the card of one for a telephone."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.utils.text import capfirst

from maillage.core.papers.documents import pdf_response
from maillage.core.templatetags.maillage import day, phone
from maillage.core.text import normalised
from maillage.cpts.models import Cpts
from maillage.directory.rules.professions import PLURALS
from maillage.members.models import MemberKind, Membership, MembershipStatus
from maillage.members.rules.vcard import card

TYPST = Path(__file__).resolve().parent.parent / "typst"
WITHOUT = "Sans profession précisée"


def attestation_pdf(membership: Membership, on: date) -> HttpResponse:
    """That somebody is a member, since when, and whether up to date, on a day."""
    return pdf_response("attestation", TYPST / "attestation.typ", attestation_data(membership, on))


def attestation_data(membership: Membership, on: date) -> dict[str, Any]:
    cpts = membership.cpts
    number = membership.practitioner.identifier_label if membership.practitioner else ""
    is_structure = membership.kind == MemberKind.STRUCTURE
    return {
        "cpts": cpts.name,
        "with_article": cpts.with_article,
        "name": str(membership),
        "stands_for": membership.person if is_structure else "",
        "what": ", ".join(filter(None, (_in_a_sentence(membership.occupation), number))),
        "commune": membership.commune.name if membership.commune else "",
        "since": day(membership.joined_on) if membership.joined_on else "",
        "year": on.year,
        "is_up_to_date": membership.status == MembershipStatus.UP_TO_DATE,
        "on": day(on),
    }


def _in_a_sentence(occupation: str) -> str:
    """« Sage-femme » in the middle of a sentence; IDE keeps its capitals."""
    return occupation if occupation.isupper() else occupation[:1].lower() + occupation[1:]


def directory_pdf(cpts: Cpts, members: Sequence[Membership], on: date) -> HttpResponse:
    """Members by profession then by commune, to pin on a wall or keep near a telephone."""
    return pdf_response(f"annuaire-{cpts.slug}", TYPST / "directory.typ", directory_data(cpts, members, on))


def directory_data(cpts: Cpts, members: Sequence[Membership], on: date) -> dict[str, Any]:
    inside = sorted(members, key=_place)
    groups = [list(rows) for _, rows in groupby(inside, key=lambda membership: normalised(_profession(membership)))]
    return {
        "cpts": cpts.name,
        "on": day(on),
        "total": len(inside),
        "groups": [{"title": _profession(rows[0]), "rows": [_row(row) for row in rows]} for rows in groups],
    }


def _profession(membership: Membership) -> str:
    """The profession of the census, in the plural; what they say they do, out of the directory."""
    return capfirst(PLURALS.get(membership.group, "")) or membership.occupation or WITHOUT


def _place(membership: Membership) -> tuple[str, str, str]:
    commune = membership.commune.name if membership.commune else ""
    return normalised(_profession(membership)), normalised(commune), membership.search_name


def _row(membership: Membership) -> dict[str, str]:
    notes = [
        membership.get_new_patients_display() if membership.new_patients else "",
        "à domicile" if membership.home_visits else "",
    ]
    return {
        "commune": membership.commune.name if membership.commune else "",
        "name": membership.sorted_name,
        "phone": phone(membership.phone),
        "mssante": membership.mssante[0] if membership.mssante else "",
        "notes": " · ".join(filter(None, (*notes, membership.languages, membership.practical))),
    }


def vcard_text(membership: Membership) -> str:
    """vCard 3.0, which every telephone reads."""
    return card(
        family_name=membership.family_name,
        given_name=membership.given_name,
        structure=membership.structure,
        title=membership.occupation,
        organization=membership.cpts.name,
        phone=membership.phone,
        emails=[*membership.mssante, *filter(None, [membership.email])],
        city=membership.commune.name if membership.commune else "",
        note=membership.practical,
    )
