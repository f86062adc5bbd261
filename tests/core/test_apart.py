"""Reading apart: within its memory, its time and its size, without a secret, outside transactions."""

import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection, transaction

import maillage
from maillage.core.apart.reading import (
    MEBI,
    NotReadable,
    Reader,
    ReadInsideTransaction,
    TakesLonger,
    TooHeavyToRead,
    TooLongToRead,
    read_apart,
)
from maillage.core.errors import UnreadableFile
from maillage.core.loading.tables import TABLES
from maillage.exchange.management.commands.receive_bounces import NOTICES
from maillage.records.actions.attaching import OFFICE, PDFS, PICTURES
from maillage.sas.api.answering import LARGE_BODIES
from maillage.unscheduled_care.actions.calendars import ADDRESSES, FILES


def reader(name, **limits):
    return Reader(f"tests.core.readings:{name}", **limits)


def test_it_returns_what_the_function_returns():
    assert read_apart(reader("length"), b"x" * 3_000_000, name="é") == {"length": 3_000_000, "name": "é"}


def test_the_process_has_no_secret_and_no_connection(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    told = read_apart(reader("surroundings"))
    assert told["environment"] == ["LC_ALL", "PATH"] or told["environment"] == ["LC_ALL", "LC_CTYPE", "PATH"]
    assert told["files"] <= 4  # its three streams, and the folder that lists them


@pytest.mark.parametrize(
    ("name", "limits", "refusal"),
    [
        ("eat", {}, TooHeavyToRead),
        ("eat_slowly", {"memory": 128 * MEBI}, TooHeavyToRead),
        ("spin", {"processor": 1}, TooLongToRead),
        ("sleep", {"wall": 0.5}, TooLongToRead),
        ("talk", {"most_output": MEBI}, TooHeavyToRead),
        ("break_", {}, NotReadable),
        ("end", {}, TooHeavyToRead),
        ("connect", {}, NotReadable),
        ("start", {}, NotReadable),
    ],
)
def test_what_takes_too_much_is_refused_in_time(name, limits, refusal):
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(refusal) as refused:
        read_apart(reader(name, **limits))
    assert refused.value.user_message.endswith(".")
    assert time.monotonic() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024  # KiB


def test_a_content_too_large_is_refused_before_anything_starts(monkeypatch):
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("started"))
    with pytest.raises(TooHeavyToRead, match="dépasse 1 Mo"):
        read_apart(reader("length", largest=MEBI), b"x" * (MEBI + 1))


def test_a_refusal_keeps_its_words():
    with pytest.raises(UnreadableFile, match="parle de travers"):
        read_apart(reader("refuse"))


def test_the_log_says_where_it_broke_and_nothing_of_what_it_read(caplog):
    with caplog.at_level("WARNING"), pytest.raises(NotReadable):
        read_apart(reader("break_"))
    assert "ValueError at " in caplog.text
    assert "Untel" not in caplog.text


def test_it_writes_no_file(tmp_path):
    with pytest.raises(NotReadable):
        read_apart(reader("write"), path=str(tmp_path / "a"))
    assert not (tmp_path / "a").exists() or not (tmp_path / "a").read_text()


def test_patience_over_is_no_refusal():
    started = time.monotonic()
    with pytest.raises(TakesLonger):
        read_apart(reader("sleep"), patience=0.3)
    assert time.monotonic() - started < 2


@pytest.mark.django_db(transaction=True)
def test_it_refuses_loudly_inside_a_transaction():
    with transaction.atomic(), pytest.raises(ReadInsideTransaction):
        read_apart(reader("length"))
    assert not connection.in_atomic_block
    assert read_apart(reader("length")) == {"length": 0}


READERS = [TABLES, PDFS, OFFICE, PICTURES, FILES, ADDRESSES, NOTICES, LARGE_BODIES]


@pytest.mark.parametrize("reader_", READERS, ids=lambda one: one.function)
def test_a_reading_function_exists_and_imports_no_django(reader_):
    module, _, name = reader_.function.partition(":")
    check = f"import sys, {module} as m; m.{name}; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_libraries_that_read_files_of_others_are_imported_by_readings_alone():
    readings = {"tables", "documents", "pictures"}
    allowed = {*(f"core/apart/{name}.py" for name in readings), "unscheduled_care/rules/busy_times.py"}
    root = Path(maillage.__file__).parent
    reads = re.compile(
        r"^\s*(?:import|from) (?:python_calamine|pypdf|recurring_ical_events|openpyxl|PIL)\b", re.MULTILINE
    )
    found = {str(path.relative_to(root)) for path in root.rglob("*.py") if reads.search(path.read_text("utf-8"))}
    assert found == allowed
