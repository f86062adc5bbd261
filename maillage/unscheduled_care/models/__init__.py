"""Slots: whose they are, where, when, to whom they are open, and who was given one."""

from maillage.unscheduled_care.models.appointment import (
    Appointment,
    AppointmentQuerySet,
    AppointmentStatus,
    Origin,
)
from maillage.unscheduled_care.models.burst import BookingBurst
from maillage.unscheduled_care.models.difficulty import Difficulty, DifficultyQuerySet
from maillage.unscheduled_care.models.effector import Effector, EffectorMembership, EffectorQuerySet
from maillage.unscheduled_care.models.request import (
    CareRequest,
    CareRequestQuerySet,
    Outcome,
    RequestMessage,
    Solicitation,
)
from maillage.unscheduled_care.models.schedule import Absence, BusyCalendar, BusyTime, Schedule
from maillage.unscheduled_care.models.settings import CareSettings
from maillage.unscheduled_care.models.slot import Reserved, Slot, SlotAudience, SlotQuerySet, SlotStatus

__all__ = [
    "Absence",
    "Appointment",
    "AppointmentQuerySet",
    "AppointmentStatus",
    "BookingBurst",
    "BusyCalendar",
    "BusyTime",
    "CareRequest",
    "CareRequestQuerySet",
    "CareSettings",
    "Difficulty",
    "DifficultyQuerySet",
    "Effector",
    "EffectorMembership",
    "EffectorQuerySet",
    "Origin",
    "Outcome",
    "RequestMessage",
    "Reserved",
    "Schedule",
    "Slot",
    "SlotAudience",
    "SlotQuerySet",
    "SlotStatus",
    "Solicitation",
]
