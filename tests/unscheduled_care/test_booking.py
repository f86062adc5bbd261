"""Giving a slot once; what becomes of it; and finding one."""

import random
from datetime import timedelta
from math import cos, radians, sin
from threading import Barrier, Thread

import pytest
from django.db import connection, connections
from hypothesis import given
from hypothesis import strategies as st

from maillage.accounts.actions.proofs import trial_account
from maillage.audit.models import AuditEvent
from maillage.core.models import Job
from maillage.cpts.models import Cpts
from maillage.geography.rules.distances import KM_PER_DEGREE
from maillage.members.models import Membership
from maillage.sas.actions import outbox
from maillage.sas.fhir.client import Answer
from maillage.sas.models import SasMessage
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import (
    Absence,
    Appointment,
    AppointmentStatus,
    BusyCalendar,
    BusyTime,
    Effector,
    EffectorMembership,
    Origin,
    Schedule,
    Slot,
    SlotStatus,
)
from maillage.unscheduled_care.queries.search import Need, find_slots, statement
from maillage.unscheduled_care.rules.places import cell_of, cells_around, distance_km
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, MembershipFactory, RegulatorFactory
from tests.unscheduled_care.campaign import hours, load, slot

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DESK = actions.Booker(user=None, origin=Origin.DESK)


@pytest.fixture
def free():
    """Two free slots of one doctor, the second an hour after the first."""
    load(slot("d", "d1", hours(2), codes=["PRO"]), slot("d", "d2", hours(3), codes=["PRO"]))
    return list(Slot.objects.order_by("starts_at"))


@pytest.fixture
def by_sas():
    regulator = RegulatorFactory(identifier="0b0e7c1a")
    return actions.Booker(user=regulator.account, origin=Origin.SAS)


def test_book_slot_takes_it_with_its_trace(free):
    appointment = actions.book_slot(slot=free[0], booker=DESK, reason="Fièvre", at=NOON)
    assert Slot.objects.get(pk=free[0].pk).status == SlotStatus.BUSY
    assert appointment.cpts.name == "CPTS Exemple Nord"
    assert len(appointment.code) == 8
    assert AuditEvent.objects.get(type="appointment.booked").cpts_id == appointment.cpts_id
    assert Job.objects.filter(kind=actions.FOLLOW).count() == 1
    assert not SasMessage.objects.exists()


def nothing_written():
    assert not Appointment.objects.exists()
    assert not AuditEvent.objects.filter(type__startswith="appointment").exists()
    assert not Slot.objects.filter(status=SlotStatus.BUSY).exists()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"status": SlotStatus.BLOCKED}, actions.SlotNoLongerFree),
        ({"status": SlotStatus.CANCELLED}, actions.SlotNoLongerFree),
        ({"is_masked": True}, actions.SlotNoLongerFree),
        ({"kinds": 0}, actions.NotOpenToYou),
        ({"reserved_for": "structure"}, actions.SlotNoLongerFree),
        ({"walk_in": True}, actions.WalkIn),
    ],
)
def test_book_slot_refuses_what_is_not_open_and_writes_nothing(free, change, refusal):
    Slot.objects.update(**change)
    with pytest.raises(refusal):
        actions.book_slot(slot=Slot.objects.first(), booker=DESK, at=NOON)
    nothing_written()


def test_book_slot_refuses_one_that_begins_during_the_booking(free):
    with pytest.raises(actions.SlotAlreadyStarted):
        actions.book_slot(slot=free[0], booker=DESK, at=free[0].starts_at)
    nothing_written()


@pytest.mark.parametrize("why", ["absence", "busy"])
def test_book_slot_checks_again_absences_and_busy_times(free, why):
    span = {
        "effector": free[0].effector,
        "starts_at": free[0].starts_at - HOUR,
        "ends_at": free[0].starts_at + HOUR / 60,
    }
    if why == "absence":
        Absence.objects.create(**span)
    else:
        BusyTime.objects.create(calendar=BusyCalendar.objects.create(effector=free[0].effector, name="Cabinet"), **span)
    with pytest.raises(actions.ProfessionalBusy):
        actions.book_slot(slot=free[0], booker=DESK, at=NOON)
    nothing_written()


def test_a_cancelled_appointment_frees_its_slot_for_somebody_else(free):
    first = actions.book_slot(slot=free[0], booker=DESK, at=NOON)
    actions.cancel(appointment=first, by=None, at=NOON)
    second = actions.book_slot(slot=Slot.objects.get(pk=free[0].pk), booker=DESK, at=NOON)
    assert second.pk != first.pk
    with pytest.raises(actions.NotBooked):
        actions.cancel(appointment=first, by=None, at=NOON)
    assert Slot.objects.get(pk=free[0].pk).status == SlotStatus.BUSY


def test_when_the_professional_cannot_the_slot_is_closed(free):
    first = actions.book_slot(slot=free[0], booker=DESK, at=NOON)
    actions.cancel(appointment=first, by=None, at=NOON, keep_slot=True)
    assert Slot.objects.get(pk=free[0].pk).status == SlotStatus.BLOCKED


def test_an_outcome_is_told_once_and_after_the_hour(free):
    booked = actions.book_slot(slot=free[0], booker=DESK, at=NOON)
    with pytest.raises(actions.NotYet):
        actions.record_outcome(appointment=booked, came=True, by=None, at=NOON)
    with pytest.raises(actions.AppointmentOver):
        actions.cancel(appointment=booked, by=None, at=booked.starts_at)
    actions.record_outcome(appointment=booked, came=False, by=None, at=booked.ends_at)
    with pytest.raises(actions.NotBooked):
        actions.record_outcome(appointment=booked, came=True, by=None, at=booked.ends_at)
    assert Appointment.objects.get().status == AppointmentStatus.NO_SHOW


def test_a_move_takes_one_slot_and_frees_the_other(free):
    booked = actions.book_slot(slot=free[0], booker=DESK, at=NOON)
    actions.move(appointment=booked, to=free[1], booker=DESK, at=NOON)
    assert [one.status for one in Slot.objects.order_by("starts_at")] == [SlotStatus.FREE, SlotStatus.BUSY]
    assert Appointment.objects.get().starts_at == free[1].starts_at


def test_a_move_to_a_taken_slot_changes_nothing(free):
    booked = actions.book_slot(slot=free[0], booker=DESK, at=NOON)
    actions.book_slot(slot=free[1], booker=DESK, at=NOON)
    with pytest.raises(actions.SlotNoLongerFree):
        actions.move(appointment=booked, to=free[1], booker=DESK, at=NOON)
    assert Appointment.objects.get(pk=booked.pk).slot == free[0]


def test_a_patient_s_code_names_one_appointment_of_the_day(free):
    booked = actions.book_slot(slot=free[0], booker=DESK, at=NOON)
    day = NOON.date()
    spaced = " ".join([booked.code[:4], booked.code[4:]])
    assert actions.find_by_code(code=spaced, on=day) == booked
    assert actions.find_by_code(code=booked.code, on=day + timedelta(days=1)) is None
    assert actions.find_by_code(code="", on=day) is None


def test_the_day_of_a_code_is_that_of_the_place(free):
    """Two in the morning in Paris is the evening before in Martinique."""
    booked = actions.book_slot(slot=free[0], booker=DESK, at=NOON)
    night = (NOON + 24 * HOUR).replace(hour=1)
    Appointment.objects.update(starts_at=night, ends_at=night + HOUR)
    assert actions.find_by_code(code=booked.code, on=night.date()) == booked
    Schedule.objects.update(commune=None, postal_code="97200")
    assert actions.find_by_code(code=booked.code, on=night.date()) is None
    assert actions.find_by_code(code=booked.code, on=NOON.date()) == booked


@pytest.mark.django_db(transaction=True)
def test_of_eight_people_at_the_same_second_one_gets_the_slot():
    load(slot("d", "d1", hours(2), codes=["PRO"]))
    start, results = Barrier(8), []

    def attempt():
        start.wait()
        try:
            actions.book_slot(slot=Slot.objects.get(), booker=DESK, at=NOON)
            results.append("won")
        except actions.SlotNoLongerFree:
            results.append("lost")
        finally:
            connections.close_all()

    threads = [Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["lost"] * 7 + ["won"]
    assert Appointment.objects.count() == 1


def flush(sas, at):
    """At one instant, whatever the calls last."""
    return outbox.flush_outbox(sas, clock=lambda: at)


class Sas:
    """A recorder that answers what it is told to, then takes everything."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), []

    def create(self, resource):
        return self._answer("POST", resource)

    def update(self, resource, *, system, value):
        assert resource["identifier"] == [{"system": system, "value": value}]
        return self._answer("PUT", resource)

    def _answer(self, method, resource):
        self.calls.append((method, resource["status"]))
        answer = self.answers.pop(0) if self.answers else 201
        if isinstance(answer, OSError):
            raise answer
        return answer if isinstance(answer, Answer) else Answer(answer)


def test_the_sas_is_told_what_its_regulators_book_without_any_patient(free, by_sas):
    booked = actions.book_slot(slot=free[0], booker=by_sas, reason="Fièvre", commune="24037", at=NOON)
    actions.cancel(appointment=booked, by=None, at=NOON)
    sas = Sas()
    assert flush(sas, NOON) == (2, 0)
    assert sas.calls == [("POST", "booked"), ("PUT", "cancelled")]
    content = SasMessage.objects.order_by("pk")[0].content
    assert content["extension"][0]["valueReference"]["identifier"]["value"] == "0b0e7c1a"
    assert content["participant"][0]["actor"]["identifier"]["value"] == "899900000017"
    assert content["start"] == "2026-11-23T14:00:00.000+01:00"
    assert not {"Fièvre", "24037", booked.code} & set(str(content).split("'"))


def test_an_absent_sas_is_called_again_later_and_in_order(free, by_sas):
    booked = actions.book_slot(slot=free[0], booker=by_sas, at=NOON)
    actions.cancel(appointment=booked, by=None, at=NOON)
    sas = Sas(OSError("refusé"), 500, 503)
    assert flush(sas, NOON) == (0, 2)
    assert flush(sas, NOON) == (0, 2)  # not before its time
    assert len(sas.calls) == 1
    for later in (1, 2, 3, 4):
        flush(sas, NOON + later * HOUR)
    assert sas.calls == [
        ("POST", "booked"),
        ("PUT", "booked"),
        ("PUT", "booked"),
        ("PUT", "booked"),
        ("PUT", "cancelled"),
    ]
    assert set(SasMessage.objects.values_list("state", flat=True)) == {"sent"}


def test_what_was_lost_on_the_way_is_put_and_posted_only_when_unknown(free, by_sas):
    actions.book_slot(slot=free[0], booker=by_sas, at=NOON)
    sas = Sas(OSError("coupé"), 404, 201)
    flush(sas, NOON)
    assert flush(sas, NOON + HOUR) == (1, 0)
    assert [method for method, _ in sas.calls] == ["POST", "PUT", "POST"]


def test_what_the_sas_refuses_is_not_said_again(free, by_sas):
    actions.book_slot(slot=free[0], booker=by_sas, at=NOON)
    assert flush(Sas(422), NOON) == (0, 0)
    assert SasMessage.objects.get().error == "Réponse 422"


BERGERAC = (44.853, 0.483)


def need(**more):
    fields = {
        "group": "10G",
        "latitude": BERGERAC[0],
        "longitude": BERGERAC[1],
        "km": 25,
        "since": NOON,
        "until": NOON + 48 * HOUR,
    }
    return Need(**fields | more)


@pytest.fixture
def scattered():
    """Slots all around, each of another professional, some begun, some far, some late."""
    draw = random.Random(3)  # noqa: S311
    load()
    place = Effector.objects.get(family_name="DESPRÉS").schedules.first()
    cpts = Cpts.objects.get(name="CPTS Exemple Nord")
    for number in range(200):
        national_id = 899_900_100_000 + number
        account = trial_account(
            email=f"n{number}@exemple.invalid",
            given_name="A",
            family_name=f"N{number}",
            national_id=national_id,
            at=NOON,
        )
        owner = Effector.objects.create(
            family_name=f"N{number}",
            given_name="A",
            group="10G",
            sas_agreed_at=NOON,
            national_id=national_id,
            account=account,
        )
        EffectorMembership.objects.create(
            effector=owner, cpts=cpts, membership=MembershipFactory(cpts=cpts, commune_id=None)
        )
        latitude, longitude = BERGERAC[0] + draw.uniform(-0.4, 0.4), BERGERAC[1] + draw.uniform(-0.6, 0.6)
        starts_at = NOON + HOUR * draw.uniform(-2, 60)
        Slot.objects.create(
            effector=owner,
            schedule=place,
            group="10G",
            cell=cell_of(latitude, longitude),
            latitude=latitude,
            longitude=longitude,
            kinds=int(draw.choice(list(Kind))),
            modes=int(draw.choice(list(Mode))),
            starts_at=starts_at,
            ends_at=starts_at + HOUR / 4,
            created_at=NOON,
        )


def test_a_search_finds_what_a_look_at_every_slot_finds(scattered):
    found = find_slots(need(modes=int(Mode.AMB | Mode.HH), limit=500), now=NOON)
    wanted = {
        one.pk
        for one in Slot.objects.all()
        if one.kinds & 7
        and one.modes & 3
        and NOON < one.starts_at <= NOON + 48 * HOUR
        and distance_km(*BERGERAC, one.latitude, one.longitude) <= 25
    }
    assert {one.slot.pk for one in found} == wanted
    assert 10 < len(wanted) < 100
    assert [one.bucket for one in found] == sorted(one.bucket for one in found)
    first = [one.km for one in found if one.bucket == found[0].bucket]
    assert first == sorted(first)


def test_the_own_doctor_comes_first(scattered):
    last = find_slots(need(), now=NOON)[-1]
    found = find_slots(need(own_doctor_id=last.slot.effector_id), now=NOON)
    assert found[0].slot == last.slot
    assert found[0].is_own_doctor


def test_a_cpts_sees_the_slots_opened_to_it_only(django_assert_num_queries):
    load(
        slot("d", "d1", hours(2), codes=["CPTS"], cpts=["a"]),
        slot("l", "l1", hours(2), codes=["CPTS"], cpts=["b"]),
        slot("n", "n1", hours(2), codes=["PRO"]),
        slot("n", "n1", hours(3), codes=["SNP"]),
    )
    Slot.objects.update(group="10G", cell=cell_of(*BERGERAC), latitude=BERGERAC[0], longitude=BERGERAC[1])
    cpts = Cpts.objects.get(name="CPTS Exemple Nord")
    with django_assert_num_queries(2):
        found = find_slots(need(cpts_id=cpts.pk), now=NOON)
    assert {one.slot.effector.family_name for one in found} == {"DESPRÉS", "FERRAND"}
    assert len(found) == 2


def test_one_that_may_not_be_shown_leaves_its_place_to_the_next(scattered, django_assert_num_queries):
    first, second = find_slots(need(limit=2), now=NOON)
    Membership.objects.filter(pk__in=first.slot.effector.links.values("membership")).update(
        status="left", left_on=NOON.date()
    )
    Effector.objects.filter(pk=second.slot.effector_id).update(sas_agreed_at=None)
    found = find_slots(need(limit=2), now=NOON)
    assert len(found) == 2
    assert not {one.slot.pk for one in found} & {first.slot.pk, second.slot.pk}
    everything = find_slots(need(limit=500), now=NOON)
    assert not {one.slot.pk for one in everything} & {first.slot.pk, second.slot.pk}


@given(st.floats(43, 50), st.floats(-4, 7), st.sampled_from([5, 10, 25, 40, 60]), st.floats(0, 1), st.floats(0, 6.28))
def test_the_cells_of_a_circle_hold_every_point_of_it(latitude, longitude, km, share, angle):
    up = km * share * sin(angle) / KM_PER_DEGREE
    along = km * share * cos(angle) / (KM_PER_DEGREE * cos(radians(latitude)))
    cells = cells_around(latitude, longitude, km * 1.000001)
    assert cell_of(latitude + up, longitude + along) in cells
    assert len(cells) == len(set(cells))


def test_a_search_reads_its_index_only():
    load()
    sql, parameters = statement(need())
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # an empty table is read faster whole
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(explain + sql, parameters)
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "slot_search" in plan
    assert "COVERING" in plan or "Index Only Scan" in plan
