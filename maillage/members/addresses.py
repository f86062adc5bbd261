"""Where the address of a member comes from."""

from datetime import datetime

from maillage.audit.models import AuditEvent
from maillage.members.models import Membership

LABEL = str(Membership._meta.get_field("email").verbose_name)  # as the journal names what was written (details["of"])
CONFIRMED, MERGED = "member.address-confirmed", "member.merged"


def address_written_since(membership: Membership, since: datetime) -> bool:
    """Whether the page or its address entered the list since then: whoever keeps the list may be who reads there.

    A merge counts, whichever of the two addresses stayed: the one that stayed is new to the person of the other page.
    """
    entered_at = membership.requested_at or membership.decided_at
    if entered_at and entered_at >= since:
        return True
    events = AuditEvent.objects.of_cpts(membership.cpts_id).filter(
        at__gte=since, target_type=Membership._meta.label_lower, target_id=str(membership.pk)
    )
    return any(
        type_ in {CONFIRMED, MERGED} or LABEL in str(details.get("of", "")).split(", ")
        for type_, details in events.values_list("type", "details")
    )
