"""Every write on members."""

from maillage.members.actions.campaign import keep_campaign
from maillage.members.actions.colleges import CollegeInUse, CollegeNameTaken, remove_college, save_college
from maillage.members.actions.joining import (
    AlreadyMember,
    DecisionAlreadyMade,
    accept,
    add_member,
    refuse,
    request_membership,
)
from maillage.members.actions.keeping import (
    FeeAlreadyPaid,
    NotIn,
    StaleMembership,
    cancel_fee,
    edit,
    edit_own,
    leave,
    lower_unpaid,
    record_fee,
)
from maillage.members.actions.spreadsheets import (
    ImportEnded,
    NothingToImport,
    apply_import,
    correct,
    say_columns,
    start_import,
    undo_import,
)

__all__ = [
    "AlreadyMember",
    "CollegeInUse",
    "CollegeNameTaken",
    "DecisionAlreadyMade",
    "FeeAlreadyPaid",
    "ImportEnded",
    "NotIn",
    "NothingToImport",
    "StaleMembership",
    "accept",
    "add_member",
    "apply_import",
    "cancel_fee",
    "correct",
    "edit",
    "edit_own",
    "keep_campaign",
    "leave",
    "lower_unpaid",
    "record_fee",
    "refuse",
    "remove_college",
    "request_membership",
    "save_college",
    "say_columns",
    "start_import",
    "undo_import",
]
