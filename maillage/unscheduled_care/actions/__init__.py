"""Every write on unscheduled care."""

from maillage.unscheduled_care.actions.booking import (
    FOLLOW,
    Booker,
    NotBooked,
    NotYet,
    Over,
    ProfessionalBusy,
    SlotAlreadyStarted,
    SlotNoLongerFree,
    WalkIn,
    acknowledge,
    book_slot,
    cancel,
    find_by_code,
    move,
    record_outcome,
)
from maillage.unscheduled_care.actions.campaign import UnreadableCampaign, load_campaign
from maillage.unscheduled_care.actions.outbox import flush_outbox
from maillage.unscheduled_care.actions.regulators import (
    IdentifierTaken,
    RegulatorExists,
    create_regulator,
    put_regulator,
)

__all__ = [
    "FOLLOW",
    "Booker",
    "IdentifierTaken",
    "NotBooked",
    "NotYet",
    "Over",
    "ProfessionalBusy",
    "RegulatorExists",
    "SlotAlreadyStarted",
    "SlotNoLongerFree",
    "UnreadableCampaign",
    "WalkIn",
    "acknowledge",
    "book_slot",
    "cancel",
    "create_regulator",
    "find_by_code",
    "flush_outbox",
    "load_campaign",
    "move",
    "put_regulator",
    "record_outcome",
]
