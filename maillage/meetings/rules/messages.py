"""What a participant has not been told yet. Pure: running it again after the telling finds nothing."""

from dataclasses import dataclass
from enum import StrEnum


class Due(StrEnum):
    POLL = "poll"
    INVITATION = "invitation"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    MINUTES = "minutes"


@dataclass(frozen=True)
class Told:
    """What one person was told, and where the meeting stands. `behind`: the meeting changed since."""

    status: str
    has_poll: bool
    has_begun: bool
    polled: bool
    invited: bool
    behind: bool
    comes_not: bool
    minutes_ready: bool
    minutes_sent: bool


def due(standing: Told) -> Due | None:
    """The one message to write now, or None."""
    match standing.status:
        case "draft":
            return Due.POLL if standing.has_poll and not standing.polled else None
        case "planned":
            if not standing.invited:
                return None if standing.has_begun else Due.INVITATION
            return Due.CHANGE if standing.behind and not standing.comes_not else None
        case "cancelled":
            return Due.CANCELLATION if standing.invited and standing.behind else None
    return Due.MINUTES if standing.minutes_ready and not standing.minutes_sent else None
