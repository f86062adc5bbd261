"""Contents frozen: one text, one fingerprint, never changed on either engine, erased with what names them."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from maillage.meetings import actions as meetings
from maillage.meetings.documents import papers
from maillage.meetings.models import Meeting, Minutes
from maillage.meetings.rules.minutes import MINUTES
from maillage.records.actions import freezing
from maillage.records.models import Snapshot
from maillage.records.rules.shapes import Difference, Shape, UnknownShape, differences, fingerprint
from maillage.territorial_diagnosis.models import DiagnosisVersion
from tests.factories import NOON, CptsFactory, MeetingFactory

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Paper:
    title: str
    lines: list[str]
    weight: float | None = None


PAPER = Shape("tests.paper", 2, Paper, {1: lambda values: values | {"weight": None}})


@pytest.fixture
def frozen(cpts, coordinator):
    return freezing.freeze(Paper("Été", ["a", "b"], 1.5), PAPER, cpts=cpts, by=coordinator, at=NOON)


def test_what_is_frozen_is_read_again_with_who_froze_it(frozen, coordinator):
    row = Snapshot.objects.get(pk=frozen.pk)
    assert freezing.thaw(row, PAPER) == Paper("Été", ["a", "b"], 1.5)
    assert (row.taken_by_id, row.taken_by_name, row.taken_at) == (coordinator.pk, str(coordinator), NOON)
    assert row.sha256 == fingerprint(row.content)


def test_the_same_content_is_the_same_text_whatever_the_order():
    assert PAPER.write(Paper("a", [])) == '{"lines":[],"title":"a","weight":null}'


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)


@dataclass(frozen=True)
class Anything:
    value: object


@given(JSON)
def test_what_is_written_is_read_back_and_written_alike(value):
    shape = Shape("tests.anything", 1, Anything)
    text = shape.write(Anything(value))
    assert shape.read(text, 1) == Anything(value)
    assert shape.write(shape.read(text, 1)) == text
    assert differences(value, value) == []


def test_a_content_of_a_former_number_is_read_as_today():
    assert PAPER.read('{"title":"a","lines":[]}', 1) == Paper("a", [])


@pytest.mark.parametrize(("text", "number"), [('{"title":"a"}', 2), ('{"title":"a","lines":[]}', 0), ("{}", 3)])
def test_a_content_that_no_reader_reads_is_refused(text, number):
    with pytest.raises(UnknownShape):
        PAPER.read(text, number)


@pytest.mark.parametrize(
    "changed",
    [
        {"content": "{}"},
        {"sha256": "0" * 64},
        {"taken_at": NOON + timedelta(days=1)},
        {"taken_by_name": "Un autre"},
        {"number": 9},
        {"content": None, "erased_at": NOON, "taken_by_name": "Un autre"},
        {"content": None},
    ],
)
def test_the_database_refuses_any_change(frozen, changed):
    with pytest.raises(DatabaseError), transaction.atomic():
        Snapshot.objects.update(**changed)
    frozen.refresh_from_db()
    assert freezing.thaw(frozen, PAPER).title == "Été"


def test_the_database_refuses_to_lose_it_until_it_is_erased(frozen):
    with pytest.raises(DatabaseError), transaction.atomic():
        Snapshot.objects.all().delete()
    kept = frozen.sha256
    assert freezing.erase_orphaned(before=NOON + timedelta(days=1), at=NOON) == 1
    frozen.refresh_from_db()
    assert (frozen.content, frozen.sha256, frozen.erased_at) == (None, kept, NOON)
    with pytest.raises(freezing.SnapshotErased):
        freezing.thaw(frozen, PAPER)
    with pytest.raises(DatabaseError), transaction.atomic():
        Snapshot.objects.update(content="{}", erased_at=None)


def test_a_content_changed_behind_the_database_is_told(frozen):
    trigger = "DROP TRIGGER snapshot_never_changes"
    with connection.cursor() as cursor:
        cursor.execute(f"{trigger} ON records_snapshot" if connection.vendor == "postgresql" else trigger)
    Snapshot.objects.filter(pk=frozen.pk).update(content=frozen.content.replace("Été", "Hiver"))
    with pytest.raises(freezing.SnapshotBroken):
        freezing.thaw(Snapshot.objects.get(pk=frozen.pk), PAPER)


def of_minutes():
    return Snapshot.objects.filter(shape=MINUTES.name)


def test_minutes_print_what_was_frozen_whatever_changes_since(cpts, coordinator):
    meeting = MeetingFactory(cpts=cpts, status="closed", closed_at=NOON)
    with pytest.raises(meetings.MinutesEmpty):
        validate(meeting, coordinator, "  ")
    assert not of_minutes().exists()
    validate(meeting, coordinator, "Dit.")
    Meeting.objects.update(title="Un autre titre")
    minutes = Minutes.objects.select_related("snapshot").get()
    assert freezing.thaw(minutes.snapshot, MINUTES).title == meeting.title
    with pytest.raises(DatabaseError), transaction.atomic():
        Minutes.objects.update(snapshot=None)


def validate(meeting, by, text):
    fields = {"read_version": 0, "record": papers.minutes_data, "at": timezone.now()}
    meetings.validate_minutes(meeting=meeting, text=text, by=by, **fields)


def test_a_frozen_content_goes_with_its_meeting_and_not_before(cpts, coordinator):
    meeting = MeetingFactory(cpts=cpts, status="closed", closed_at=NOON)
    validate(meeting, coordinator, "Dit.")
    later = timezone.now() + timedelta(days=1)
    assert freezing.erase_orphaned(before=later, at=later) == 0
    meeting.delete()
    assert freezing.erase_orphaned(before=later, at=later) == 1
    assert of_minutes().get().content is None


def test_a_snapshot_that_a_version_names_is_no_orphan(frozen, cpts):
    DiagnosisVersion.objects.create(cpts=cpts, number=1, title="v", snapshot=frozen)
    assert not Snapshot.objects.orphaned().exists()
    assert not Snapshot.objects.of(CptsFactory()).exists()


def test_two_contents_are_compared_value_by_value():
    before, after = asdict(Paper("a", ["x", "y"], 1.0)), asdict(Paper("b", ["x"], 1.0))
    assert differences(before, after) == [Difference("title", "a", "b"), Difference("lines.1", "y", None)]
    assert differences({"quorum": [{"needed": 3}]}, {"quorum": [{"needed": 4}]}) == [
        Difference("quorum.0.needed", 3, 4)
    ]
    assert differences({"on": date(2026, 1, 1).isoformat()}, {}) == [Difference("on", "2026-01-01", None)]
