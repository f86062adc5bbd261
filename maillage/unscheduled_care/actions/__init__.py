"""Every write on unscheduled care."""

from maillage.unscheduled_care.actions.campaign import UnreadableCampaign, load_campaign
from maillage.unscheduled_care.actions.regulators import (
    IdentifierTaken,
    RegulatorExists,
    create_regulator,
    put_regulator,
)

__all__ = [
    "IdentifierTaken",
    "RegulatorExists",
    "UnreadableCampaign",
    "create_regulator",
    "load_campaign",
    "put_regulator",
]
