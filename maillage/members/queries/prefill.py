"""What the national directory already knows of a person: nobody types it again."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F

from maillage.core.sql.bulk import rows_in
from maillage.directory.models import Practitioner, PractitionerRole
from maillage.directory.rules.identifiers import UnknownIdentifier, number_key
from maillage.members.rules.names import readable


def practitioner_of(number: str) -> Practitioner | None:
    """Whoever has this RPPS (11 digits) or ADELI number (9 characters), spaces ignored."""
    try:
        key = number_key("".join(number.split()).upper())
    except UnknownIdentifier:
        return None
    return Practitioner.objects.filter(pk=key, until=None).first()


def main_role(practitioner: Practitioner) -> PractitionerRole | None:
    """The exercise that speaks for a person: one with a place first, in private practice first."""
    return main_roles([practitioner.pk]).get(practitioner.pk)


def main_roles(practitioners: Iterable[int]) -> dict[int, PractitionerRole]:
    """The same for many people at once, by their key."""
    roles = PractitionerRole.objects.current()
    shown = roles.select_related("organization", "commune").defer("commune__outline", "commune__neighbours")
    by_practitioner: dict[int, PractitionerRole] = {}
    ordered = shown.order_by(F("commune").asc(nulls_last=True), "mode", "pk")
    for role in rows_in(ordered, "practitioner", practitioners):
        by_practitioner.setdefault(role.practitioner_id, role)
    return by_practitioner


def fields_of(practitioner: Practitioner, role: PractitionerRole | None) -> dict[str, Any]:
    """Fields of a membership, from the directory."""
    organization = role.organization if role else None
    return {
        "practitioner": practitioner,
        "practitioner_role": role,
        "given_name": readable(practitioner.given_name),
        "family_name": readable(practitioner.family_name),
        "occupation": role.profession_label.capitalize()[:80] if role else "",
        "group": role.group if role else "",
        "commune": role.commune if role else None,
        "phone": organization.phone[:20] if organization else "",
    }
