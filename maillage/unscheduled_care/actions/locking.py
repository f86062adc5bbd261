"""Rows locked in one order, so that two people who change several slots never wait for each other."""

from maillage.unscheduled_care.models import SlotQuerySet


def lock_slots(slots: SlotQuerySet) -> list[int]:
    """Their keys, as they are once nobody else changes them. (SQLite has one writer: there is nothing to lock.)"""
    return list(slots.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
