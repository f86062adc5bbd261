"""Pages of unscheduled care; what it erases."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from maillage.accounts.menus import Entry, Section
from maillage.unscheduled_care.actions import erase_patients
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.facts import facts_of
from maillage.unscheduled_care.letters import samples
from maillage.unscheduled_care.models import (
    Appointment,
    BookingBurst,
    CareRequest,
    Difficulty,
    Effector,
    EffectorMembership,
    Slot,
)
from maillage.unscheduled_care.permissions import CARE_MANAGE, PATIENT_DESK, SLOT_BOOK, SLOT_PUBLISH
from maillage.unscheduled_care.waiting import counted, waiting

ACTS = Act
PERMISSIONS = (
    SLOT_PUBLISH,
    SLOT_BOOK,
    CARE_MANAGE,
    PATIENT_DESK,
)
COUNTED, WAITING = counted, waiting
ENTRIES = (Entry("Soins non programmés", "unscheduled_care:desk", SLOT_BOOK, rank=50, section=Section.MAIN),)
FACTS = facts_of
LETTERS = samples


def expired(at: datetime) -> list[QuerySet[Any]]:
    """Appointments before their slots, slots before their owners."""
    old = at - timedelta(days=Slot.RETENTION_DAYS)
    linked = EffectorMembership.objects.filter(effector=OuterRef("pk"))
    return [
        Difficulty.objects.filter(told_at__lt=at - timedelta(days=Difficulty.RETENTION_DAYS)),
        BookingBurst.objects.filter(told_at__lt=at - timedelta(days=BookingBurst.RETENTION_DAYS)),
        CareRequest.objects.filter(ended_at__lt=old),
        Appointment.objects.filter(ends_at__lt=old),
        Slot.objects.filter(ends_at__lt=old),
        Effector.objects.filter(~Exists(linked), ~Exists(Slot.objects.filter(effector=OuterRef("pk")))),
    ]


def erase(at: datetime) -> int:
    """What names patients, on a clock of its own."""
    return erase_patients(at=at)
