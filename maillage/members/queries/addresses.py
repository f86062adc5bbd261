"""Where the address of a member comes from."""

from datetime import datetime, timedelta
from typing import Any

from maillage.audit.models import AuditEvent
from maillage.members.acts import Act
from maillage.members.models import Membership


def _label(name: str) -> str:
    """As the journal names what was written (details["of"])."""
    return str(Membership._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


LABEL, NUMBER = _label("email"), _label("practitioner")
# What says whose a page is.
IDENTITY = {NUMBER, *map(_label, ("family_name", "given_name", "kind", "structure"))}
CONFIRMED, MERGED = Act.ADDRESS_CONFIRMED, Act.MERGED


OBJECTION_LIVES = timedelta(days=3)


def is_moved_lately(membership: Membership, at: datetime) -> bool:
    """Whether a team's new address was confirmed these last days in place of another, which may still say no."""
    if not membership.former_email:
        return False
    confirmed = AuditEvent.objects.of_cpts(membership.cpts_id).filter(
        at__gte=at - OBJECTION_LIVES,
        type=CONFIRMED,
        target_type=Membership._meta.label_lower,
        target_id=str(membership.pk),
    )
    return confirmed.exists()


def address_written_since(membership: Membership, since: datetime) -> bool:
    """Whether the page or its address entered the list since then: whoever keeps the list may be who reads there.

    A merge counts, whichever of the two addresses stayed: the one that stayed is new to the person of the other page.
    """
    if any(at >= since for at in (membership.requested_at, membership.decided_at) if at):
        return True
    return _is_written_since(membership, since, {LABEL}, {CONFIRMED, MERGED})


def identity_written_since(membership: Membership, since: datetime) -> bool:
    """Whether a team wrote a name or a number on the page since then, or merged it: it may be of somebody else now."""
    return _is_written_since(membership, since, IDENTITY, {MERGED})


def writes(details: dict[str, Any]) -> set[str]:
    """What an event of the journal says was written on a page, by the names of its fields."""
    return set(str(details.get("of", "")).split(", "))


def is_of_an_address(type_: str, details: dict[str, Any]) -> bool:
    """Whether somebody of the team wrote the address of a page, or asked for another one."""
    return type_ == Act.ADDRESS_ASKED or LABEL in writes(details)


def words_behind(membership: Membership) -> list[tuple[int, datetime]]:
    """Who of the team vouches for the page as it is, and since when: whoever decided, then whoever wrote or asked for
    its address after. As account and instant, the last one first."""
    events = AuditEvent.objects.of_cpts(membership.cpts_id).filter(
        by_id__isnull=False, target_type=Membership._meta.label_lower, target_id=str(membership.pk)
    )
    written = [
        (by_id, at)
        for by_id, at, type_, details in events.values_list("by_id", "at", "type", "details")
        if by_id != membership.account_id and is_of_an_address(type_, details)
    ]
    decided = [(membership.decided_by_id, membership.decided_at)] if membership.decided_by_id else []
    known = [(by_id, at) for by_id, at in [*decided, *written] if by_id and at]
    return sorted(known, key=lambda word: word[1], reverse=True)


def _is_written_since(membership: Membership, since: datetime, labels: set[str], types: set[str]) -> bool:
    events = AuditEvent.objects.of_cpts(membership.cpts_id).filter(
        at__gte=since, target_type=Membership._meta.label_lower, target_id=str(membership.pk)
    )
    return any(
        type_ in types or bool(labels & writes(details)) for type_, details in events.values_list("type", "details")
    )
