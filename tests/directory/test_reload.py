"""A register read again: who is compared, what a doubt leaves, what a loading that was cut leaves behind it."""

import threading
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection

from maillage.core.loading.difference import comparing_all, has_key
from maillage.directory.actions import import_register
from maillage.directory.actions.register import IndexesLack
from maillage.directory.loading.imports import SeemsIncomplete
from maillage.directory.loading.register import LOADED_IN_BULK
from maillage.directory.models import DirectoryImport, ImportState, Practitioner, PractitionerRole
from maillage.portal.demo.register import register_line
from tests.directory.test_imports import SARLAT, lines_of, load, people, text_file
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = {"Code commune (coord. structure)": "99999"}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def indexes():
    with connection.cursor() as cursor:
        return {
            name
            for model in LOADED_IN_BULK
            for name in connection.introspection.get_constraints(cursor, model._meta.db_table)
        }


@pytest.mark.parametrize("again", [False, True], ids=["left as it was", "with a line repeated apart"])
def test_an_exercise_kept_with_a_doubt_ends_when_its_line_leaves(communes, tmp_path, again):
    first, second = people(2)
    doubtful = register_line(replace(first, site=70), **NOWHERE)
    header, own, other, end = lines_of([first, second])
    import_register(path=text_file(tmp_path, [header, own, doubtful, other, end]), at=NOON)
    assert PractitionerRole.objects.current().count() == 3
    kept = [header, own, other, *([own] if again else []), end]
    import_register(path=text_file(tmp_path, kept), at=NOON)
    assert PractitionerRole.objects.current().count() == 2


def test_lines_that_lie_apart_do_not_make_a_file_look_whole(communes, tmp_path):
    everybody = people(120)
    load(tmp_path, everybody)
    header, *lines, end = lines_of(everybody[:70])
    elsewhere = [register_line(replace(one, place=SARLAT, site=500 + one.site)) for one in everybody[:70]]
    with pytest.raises(SeemsIncomplete, match="70 personnes, contre 120"):
        import_register(path=text_file(tmp_path, [header, *lines, *elsewhere, end]), at=NOON)
    assert Practitioner.objects.filter(until=None).count() == 120


def test_indexes_that_fail_are_told_and_made_by_the_next_import(communes, tmp_path, monkeypatch):
    before = indexes()

    def full(models):
        raise DatabaseError("No space left on device")

    monkeypatch.setattr("maillage.directory.actions.register.make_indexes", full)
    with pytest.raises(IndexesLack):
        load(tmp_path, people())
    assert DirectoryImport.objects.get().state == ImportState.DONE  # the rows are there, and their keys
    assert Practitioner.objects.count() == 12
    assert all(map(has_key, LOADED_IN_BULK))
    assert indexes() < before
    monkeypatch.undo()
    load(tmp_path, people(), day="20261115")
    assert indexes() == before


def test_a_comparison_keeps_no_writer_waiting(communes):
    told = []

    def write():
        told.append(Practitioner.objects.create(id=899900000001, family_name="VIDAL", given_name="Ève"))
        connection.close()

    with comparing_all():
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(10)
        assert told
