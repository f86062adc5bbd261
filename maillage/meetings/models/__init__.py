"""Meetings of every kind, who is expected, who came, what was decided."""

from maillage.meetings.assemblies.models.ballot import (
    Ballot,
    BallotMode,
    BallotState,
    HandCount,
    MajorityKind,
    Proxy,
    SealedSlip,
    Signature,
    Slip,
    Voter,
)
from maillage.meetings.assemblies.models.governing import GoverningKind, GoverningText
from maillage.meetings.models.attendance import PROVEN, Means, Presence, SigninCode, Tablet
from maillage.meetings.models.meeting import BodyRule, Meeting, MeetingDocument, MeetingKind, MeetingStatus
from maillage.meetings.models.outcome import Decision, Minutes, Task
from maillage.meetings.models.participant import Answer, CalendarFeed, Participant
from maillage.meetings.models.poll import Choice, PollAnswer, PollOption

__all__ = [
    "PROVEN",
    "Answer",
    "Ballot",
    "BallotMode",
    "BallotState",
    "BodyRule",
    "CalendarFeed",
    "Choice",
    "Decision",
    "GoverningKind",
    "GoverningText",
    "HandCount",
    "MajorityKind",
    "Means",
    "Meeting",
    "MeetingDocument",
    "MeetingKind",
    "MeetingStatus",
    "Minutes",
    "Participant",
    "PollAnswer",
    "PollOption",
    "Presence",
    "Proxy",
    "SealedSlip",
    "Signature",
    "SigninCode",
    "Slip",
    "Tablet",
    "Task",
    "Voter",
]
