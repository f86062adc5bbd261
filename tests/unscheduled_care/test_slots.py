"""What the database refuses, and what the loader of campaigns takes."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from maillage.audit.models import AuditEvent
from maillage.core.sql.rows import read_rows
from maillage.members.models import Membership, MembershipStatus
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import (
    Appointment,
    Effector,
    EffectorMembership,
    Slot,
    SlotStatus,
)
from maillage.unscheduled_care.models.visibility import LINKS_IN_FORCE, OPEN_SQL
from tests.factories import NOON
from tests.unscheduled_care.campaign import CAMPAIGN, hours, load, slot

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def refused(write, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        write()


def test_the_database_shows_nobody_to_the_sas_without_a_national_number():
    effector = Effector.objects.create(family_name="Sansnumero", search_name="sansnumero")
    refused(
        lambda: Effector.objects.filter(pk=effector.pk).update(sas_agreed_at=NOON),
        "effector_agrees_to_the_sas_with_a_number",
    )


def again(one: Slot, **more) -> Slot:
    """Another slot of the same professional."""
    fields = {"effector": one.effector, "schedule": one.schedule, "starts_at": one.starts_at, "ends_at": one.ends_at}
    return Slot(**{**fields, "created_at": NOON, **more})


def test_two_slots_of_one_professional_never_overlap_whatever_the_place():
    load(slot("d", "d1", hours(2)), slot("d", "d2", hours(3)))
    first, second = Slot.objects.order_by("starts_at")
    refused(again(first).save, "slot_never_overlaps")
    refused(
        again(
            first, schedule=second.schedule, starts_at=first.starts_at + 19 * MINUTE, ends_at=first.ends_at + MINUTE
        ).save,
        "slot_never_overlaps",
    )
    refused(
        again(first, starts_at=first.starts_at - 60 * MINUTE, ends_at=first.ends_at + 9 * MINUTE).save, "slot_never"
    )
    refused(lambda: Slot.objects.filter(pk=second.pk).update(starts_at=first.starts_at), "slot_never_overlaps")
    refused(lambda: Slot.objects.bulk_create([again(first)]), "slot_never_overlaps")


def test_slots_may_touch_and_a_cancelled_one_leaves_its_time():
    load(slot("d", "d1", hours(2)))
    first = Slot.objects.get()
    again(first, starts_at=first.ends_at, ends_at=first.ends_at + MINUTE).save()
    Slot.objects.filter(pk=first.pk).update(status=SlotStatus.CANCELLED)
    again(first).save()
    refused(lambda: Slot.objects.filter(pk=first.pk).update(status=SlotStatus.FREE), "slot_never_overlaps")


def test_two_professionals_may_see_patients_at_the_same_time():
    load(slot("d", "d1", hours(2)), slot("l", "l1", hours(2)))
    assert Slot.objects.count() == 2


def test_a_slot_is_booked_once():
    load(slot("d", "d1", hours(2), state="booked"))
    held = Appointment.objects.get()
    fields = {
        "slot": held.slot,
        "effector": held.effector,
        "starts_at": held.starts_at,
        "ends_at": held.ends_at,
        "origin": "desk",
        "booked_at": NOON,
        "code": "",
    }
    refused(
        lambda: Appointment.objects.create(**fields),
        "appointment_is_single_for_a_slot|unscheduled_care_appointment.slot",
    )
    Appointment.objects.update(status="cancelled", ended_at=NOON)
    Appointment.objects.create(**fields)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"ends_at": NOON + timedelta(hours=1)}, "slot_ends_after_it_starts"),
        ({"ends_at": NOON + timedelta(hours=27)}, "slot_lasts_a_day_at_most"),
        ({"kinds": 16}, "slot_kinds_and_modes_are_known"),
        ({"modes": 8}, "slot_kinds_and_modes_are_known"),
    ],
)
def test_the_database_refuses_what_must_not_be(fields, name):
    load(slot("d", "d1", hours(2)))
    refused(lambda: Slot.objects.update(**fields), name)


def run(content) -> dict:
    out = io.StringIO()
    text = content if isinstance(content, str) else json.dumps(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(text))
        call_command("load_sas_fixture", stdout=out)
    return json.loads(out.getvalue())


def test_the_loader_says_which_identifiers_it_gave():
    ids = run(
        CAMPAIGN | {"slots": [slot("d", "d1", hours(2)), slot("d", "d1", hours(3), minutes=7.5, codes=[], modes=[])]}
    )
    assert set(ids["cpts"]) == {"a", "b", "c"}
    assert Effector.objects.filter(uuid__in=ids["practitioners"].values()).count() == 5
    assert [Slot.objects.get(uuid=one).is_incomplete for one in ids["slots"]] == [False, True]
    assert run(CAMPAIGN | {"slots": []})["practitioners"] == ids["practitioners"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "illisible"),
        ("[]", "objet JSON"),
        ({"cpts": [{"key": "a"}]}, "name"),
        (CAMPAIGN | {"slots": [slot("d", "l1", hours(2))]}, "n’est pas celui"),
        (CAMPAIGN | {"slots": [slot("x", "l1", hours(2))]}, "renvoi inconnu"),
        (CAMPAIGN | {"slots": [slot("d", "d1", "demain")]}, "illisible"),
        (CAMPAIGN | {"slots": [slot("d", "d1", hours(2), codes=["VIP"])]}, "VIP"),
        (CAMPAIGN | {"slots": [slot("d", "d1", hours(2))] * 2}, "slot_never_overlaps"),
        ({"practitioners": [{"key": "z", "rpps": "12", "family": "X"}]}, "ni RPPS ni ADELI"),
    ],
)
def test_the_loader_writes_nothing_of_a_file_it_refuses(content, said):
    with pytest.raises(CommandError, match=said):
        run(content)
    assert not Effector.objects.exists()


def test_three_thousand_slots_are_loaded():
    slots = [slot("d", "d1", hours(1 + number / 2)) for number in range(3000)]
    assert len(load(*slots)["slots"]) == 3000


@pytest.mark.parametrize(
    ("changed", "is_open"),
    [
        ({}, True),
        ({"status": "busy-unavailable"}, False),
        ({"status": "cancelled"}, False),
        ({"is_masked": True}, False),
        ({"reserved_for": "own-patients"}, False),
        ({"kinds": 0}, False),
        ({"modes": 0}, False),
    ],
)
def test_an_open_slot_is_the_same_in_both_writings(slots, changed, is_open):
    Slot.objects.filter(pk=slots[0].pk).update(**changed)
    asked = Slot.objects.filter(pk=slots[0].pk)
    assert asked.open().exists() is is_open
    sql = "SELECT id FROM unscheduled_care_slot AS one WHERE one.id = %s AND {open}"
    sql = sql.format(open=OPEN_SQL.format(slot="one"))
    assert bool(read_rows(sql, [slots[0].pk], ())) is is_open


@pytest.mark.parametrize("status", MembershipStatus.values)
def test_a_membership_in_force_is_the_same_in_both_writings(slots, doctor, status):
    Membership.objects.update(status=status, left_on=NOON.date() if status == "left" else None)
    sql = f"SELECT link.id {LINKS_IN_FORCE} WHERE link.effector_id = %s"
    assert bool(read_rows(sql, [doctor.pk], ())) is EffectorMembership.objects.in_force().exists()


@pytest.mark.usefixtures("slots")
def test_a_place_is_left_once_nothing_is_open_there(doctor):
    place = doctor.schedules.get()
    with pytest.raises(actions.SlotsAhead):
        actions.close_place(place=place, by=doctor.account, at=NOON)
    place.refresh_from_db()
    assert not place.is_closed
    Slot.objects.all().delete()
    actions.close_place(place=place, by=doctor.account, at=NOON)
    place.refresh_from_db()
    assert place.is_closed
    assert AuditEvent.objects.get(type="place.closed").by_name == str(doctor.account)
