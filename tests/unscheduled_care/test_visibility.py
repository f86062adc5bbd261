"""Who may see a slot is one rule: search, booking, screens and the SAS give one answer, whatever the slot is."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from maillage.cpts.models import Approval, Cpts
from maillage.members.models import Membership
from maillage.sas.queries.publishing import published_slot, published_slots
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.actions.booking import check_open_to
from maillage.unscheduled_care.models import (
    CareSettings,
    Effector,
    EffectorMembership,
    Origin,
    Schedule,
    Slot,
    SlotAudience,
)
from maillage.unscheduled_care.queries.search import Need, find_slots, slot_to_book
from maillage.unscheduled_care.rules.places import cell_of
from tests.factories import NOON
from tests.unscheduled_care.campaign import hours, load, slot

pytestmark = pytest.mark.django_db
BERGERAC = (44.853, 0.483)
UNTIL = NOON + timedelta(hours=72)
PLACES = [("d", "d1"), ("d", "d2"), ("l", "l1"), ("n", "n1"), ("no", "no1"), ("alone", "alone1")]


def need(cpts):
    return Need(
        group="10G",
        latitude=BERGERAC[0],
        longitude=BERGERAC[1],
        km=25,
        since=NOON,
        until=UNTIL,
        cpts_id=cpts and cpts.pk,
    )


@pytest.fixture(params=[0, 2, 3, 4])  # of each, something is shown and something is not
def mixed(request):
    """Seventy slots of every sort, of people, places and CPTS of every sort."""
    draw = random.Random(request.param)  # noqa: S311
    load(*[slot(*PLACES[number % len(PLACES)], hours(1 + number / 2)) for number in range(70)])
    homes = list(Cpts.objects.all())
    for row in Slot.objects.all():
        row.kinds, row.modes = draw.choice([0, 1, 2, 4, 8, 8, 12]), draw.choice([0, 1, 1, 7])
        row.status = draw.choice(["free"] * 6 + ["busy", "busy-unavailable", "cancelled"])
        row.is_masked, row.reserved_for = draw.random() < 0.1, draw.choice([""] * 9 + ["own-patients", "structure"])
        row.group, row.cell, row.latitude, row.longitude = "10G", cell_of(*BERGERAC), *BERGERAC
        row.save()
        for home in draw.sample(homes, draw.choice([0, 1, 1, 2])):
            SlotAudience.objects.get_or_create(slot=row, cpts=home)
    someone = draw.choice(list(Schedule.objects.all()))
    Schedule.objects.filter(pk=someone.pk).update(confirmed_at=None)
    page = draw.choice(list(Membership.objects.filter(pk__in=EffectorMembership.objects.values("membership"))))
    change = draw.choice([{"contested_at": NOON}, {"status": "left", "left_on": NOON.date()}, {}])
    Membership.objects.filter(pk=page.pk).update(**change)
    waits = draw.choice([*homes, None])
    if waits:
        Cpts.objects.filter(pk=waits.pk).update(approval=Approval.WAITING, decided_at=None)
    if draw.random() < 0.5:
        CareSettings.objects.filter(cpts=draw.choice(homes)).update(agreed_with_sas_on=None)
    return [*Slot.objects.order_by("pk")]


def books(row, booker):
    """Whether the booking lets the booker through; a slot that is taken or masked is refused later, by its taking."""
    try:
        check_open_to(slot_to_book(row.uuid), booker)
    except actions.NotOpenToYou:
        return False
    return row in Slot.objects.open()


def test_a_desk_finds_counts_and_books_the_same_slots(mixed):
    seen = []
    for cpts in Cpts.objects.all():
        found = {one.slot.pk for one in find_slots(need(cpts), now=NOON)}
        assert found == set(Slot.objects.shown_to_desk(cpts).values_list("pk", flat=True))
        booker = actions.Booker(user=None, origin=Origin.DESK, cpts=cpts)
        assert found == {row.pk for row in mixed if books(row, booker)}
        seen.append(len(found))
    assert 0 < max(seen) < len(mixed)


def test_the_regulation_finds_and_books_what_the_sas_reads(mixed):
    told = set(Slot.objects.told_to_sas().values_list("pk", flat=True))
    assert told == {one.slot.pk for one in find_slots(need(None), now=NOON)}
    booker = actions.Booker(user=None, origin=Origin.SAS)
    assert told == {row.pk for row in mixed if books(row, booker)}
    assert told == {row.pk for row in mixed if published_slot(row.uuid, at=NOON)}
    numbers = [owner.idnps for owner in Effector.objects.exclude(national_id=None)]
    read = published_slots(numbers, since=NOON, until=UNTIL, with_cpts=True, at=NOON)
    assert {one.uuid for one in read} == set(Slot.objects.filter(pk__in=told).values_list("uuid", flat=True))
    assert 0 < len(told) < len(mixed)
    few = find_slots(replace(need(None), limit=3), now=NOON)  # where some may not be shown, asked again, strictly
    assert {one.slot.pk for one in few} <= told
    assert len(few) == min(3, len(told))
