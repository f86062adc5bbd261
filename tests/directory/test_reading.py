"""Blocks of lines, read here or in another process."""

import csv
import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory.actions import import_register
from maillage.directory.loading import reading
from maillage.directory.loading.reading import whole_people
from maillage.directory.loading.register import LOADED_IN_BULK
from maillage.directory.models import DirectoryCode
from maillage.members.models import Membership
from tests.directory.test_imports import lines_of, load, people, state, text_file
from tests.factories import NOON

BLOCKS = st.lists(st.lists(st.sampled_from([b"8|A", b"8|B", b"8|C", b""]), max_size=6), max_size=6)


@given(BLOCKS)
def test_blocks_are_cut_where_the_person_changes_and_no_line_is_lost(blocks):
    numbered, first = [], 2
    for lines in blocks:
        numbered.append((first, lines))
        first += len(lines)
    everything = [line for lines in blocks for line in lines]
    cut = list(whole_people(numbered, 1))
    assert [line for _, lines in cut for line in lines] == everything
    for (first, lines), (following, after) in itertools.pairwise(cut):
        assert following == first + len(lines)
        assert lines[-1] != after[0]
    assert all(lines for _, lines in cut)
    assert not cut or cut[0][0] == 2


@pytest.mark.django_db(transaction=True)
def test_a_file_shared_with_another_process_gives_what_one_process_gives(communes, tmp_path, monkeypatch, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    # Blocks of a few lines, and among them lines that are refused.
    monkeypatch.setattr("maillage.core.loading.sources.BLOCK", 2_000)
    everybody = people(300)
    twice = [replace(one, speciality="SM26") for one in everybody[::3]]
    lines = lines_of(sorted([*everybody, *twice], key=lambda one: one.rpps))
    path = text_file(tmp_path, [*lines[:50], "8|trop court", *lines[50:200], "8|1", *lines[200:]])
    alone = import_register(path=path, at=NOON, dry_run=True)
    monkeypatch.setattr(reading, "LARGE", 0)
    row = import_register(path=path, at=NOON)
    assert row.counts == alone.counts
    assert row.counts["rejected"] == 2
    with (Path(settings.MEDIA_ROOT) / "imports" / row.rejects).open(encoding="utf-8-sig", newline="") as file:
        assert [line["ligne"] for line in csv.DictReader(file, delimiter=";")] == ["51", "202"]
    assert DirectoryCode.objects.filter(system="savoir-faire", code="SM26").exists()
    before = state()
    again = import_register(path=path, at=NOON)
    assert (again.counts["people_changed"], again.counts["rejected"]) == (0, 2)
    assert state() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("met_twice", [False, True])
def test_the_keys_and_indexes_of_the_tables_are_back_after_the_first_load(communes, tmp_path, met_twice, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    everybody = people(12)
    concerned = (*LOADED_IN_BULK, Membership)  # which refers to them
    before = [_constraints(model) for model in concerned]
    load(tmp_path, [*everybody, everybody[0]] if met_twice else everybody)
    assert [_constraints(model) for model in concerned] == before


def _constraints(model):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return {name: (one["columns"], one["unique"], one["primary_key"]) for name, one in found.items()}
