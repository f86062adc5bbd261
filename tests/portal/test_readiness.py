"""/sante/pret tells what runs the product to send nobody here: a disk, a database that cannot take a write."""

import subprocess
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from maillage.geography.models import ReferenceRelease
from maillage.portal.queries import readiness
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
MEBI = 1024 * 1024


@pytest.fixture
def loaded(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    ReferenceRelease.objects.create(
        fingerprint="x", geography_year=2026, population_year=2023, communes=1, loaded_at=NOON
    )


def answer(client) -> tuple[int, dict]:
    response = client.get("/sante/pret")
    return response.status_code, response.json()


READY = {"database": True, "migrations": True, "communes": True, "disk": True}


def mount(*arguments: str) -> None:
    if subprocess.run(["/usr/bin/mount", *arguments], check=False, capture_output=True).returncode:
        pytest.skip("a disk of one's own needs to be root")


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 24 MiB."""
    place = tmp_path / "petit"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place))
    yield place
    subprocess.run(["/usr/bin/umount", place], check=True)


def test_a_disk_that_fills_is_said_before_and_after_it_is_full(client, settings, loaded, small_disk):
    settings.MEDIA_ROOT = small_disk / "media"
    assert answer(client) == (200, READY)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(10 * MEBI))
    assert answer(client) == (503, READY | {"disk": False})
    with pytest.raises(OSError, match="No space"), ballast.open("ab") as file:
        file.write(bytes(20 * MEBI))
    assert answer(client) == (503, READY | {"disk": False})
    ballast.unlink()
    assert answer(client) == (200, READY)
    assert list(settings.MEDIA_ROOT.iterdir()) == []  # nothing stays of what was tried


def test_a_disk_that_became_read_only_is_said(client, settings, loaded, small_disk):
    settings.MEDIA_ROOT = small_disk / "media"
    assert answer(client) == (200, READY)
    mount("-o", "remount,ro", str(small_disk))
    assert answer(client) == (503, READY | {"disk": False})


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the disk of the embedded database")
def test_the_folder_of_the_embedded_database_counts(client, loaded, small_disk, monkeypatch):
    assert readiness.written_folders()[1] == Path(connection.settings_dict["NAME"]).parent
    monkeypatch.setitem(connection.settings_dict, "NAME", str(small_disk / "maillage.sqlite3"))
    mount("-o", "remount,ro", str(small_disk))
    assert answer(client)[0] == 503
    assert answer(client)[1]["disk"] is False


@pytest.fixture
def elsewhere(monkeypatch):
    """A database where there is none."""

    def point(**place) -> None:
        connection.close()
        for name, value in place.items():
            monkeypatch.setitem(connection.settings_dict, name, value)

    yield point
    connection.close()
    monkeypatch.undo()


def test_a_database_that_does_not_answer_is_said(client, loaded, elsewhere, tmp_path):
    if connection.vendor == "sqlite":
        elsewhere(NAME=str(tmp_path / "nulle-part" / "maillage.sqlite3"))
        expected = {"database": False, "disk": True}
    else:
        elsewhere(HOST="127.0.0.1", PORT="1")
        expected = {"database": False, "disk": True}
    status, checks = answer(client)
    assert (status, checks) == (503, expected)
    assert client.get("/sante/vivant").status_code == 200


@pytest.mark.skipif(connection.vendor != "postgresql", reason="a standby")
def test_a_database_that_takes_no_write_is_said(client, loaded):
    assert answer(client)[0] == 200
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        assert answer(client) == (503, READY | {"database": False})
    finally:
        connection.close()


def test_the_answer_says_no_place(client, loaded):
    assert answer(client) == (200, READY)
    assert str(timezone.now().year) not in client.get("/sante/pret").content.decode()
