"""Members of a CPTS: people and structures, their colleges, what they pay, and the spreadsheets they came from."""

from maillage.members.models.college import College
from maillage.members.models.governance import Body, Convention, Mandate
from maillage.members.models.imports import ImportState, SpreadsheetImport
from maillage.members.models.membership import (
    Fee,
    FeeMethod,
    MemberKind,
    Membership,
    MembershipQuerySet,
    MembershipStatus,
    NewPatients,
)

__all__ = [
    "Body",
    "College",
    "Convention",
    "Fee",
    "FeeMethod",
    "ImportState",
    "Mandate",
    "MemberKind",
    "Membership",
    "MembershipQuerySet",
    "MembershipStatus",
    "NewPatients",
    "SpreadsheetImport",
]
