"""The backup of each day, and what the administrator sees of it."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.core.backups.keeping import kept_archives, name_of
from maillage.core.models import Job, JobState
from maillage.core.work import jobs
from maillage.portal.actions.backups import BACKUP, LABEL, backups_at
from tests.core.backups import PUBLIC
from tests.factories import NOON, UserFactory

HOURS = timedelta(hours=1)


@pytest.fixture
def administrator(client, communes):
    user = UserFactory(role=Role.INSTANCE_ADMIN)
    client.force_login(user)
    return user


@pytest.fixture
def configured(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    settings.MEDIA_ROOT = settings.VAR_DIR / "media"
    settings.MEDIA_ROOT.mkdir(parents=True)
    settings.BACKUP_DIR, settings.BACKUP_PUBLIC_KEY = str(tmp_path / "backups"), PUBLIC
    Path(settings.BACKUP_DIR).mkdir()
    return Path(settings.BACKUP_DIR)


def planned(at=NOON) -> list[str]:
    return [row.kind for row in jobs.enqueue_daily(at) if row.kind == BACKUP]


def test_nothing_is_planned_without_a_folder_and_a_key(db, settings):
    settings.BACKUP_DIR = settings.BACKUP_PUBLIC_KEY = ""
    assert planned() == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is saved by a timer of its host")
def test_the_file_is_saved_once_a_day(db, configured):
    assert (planned(), planned(NOON + 5 * HOURS), planned(NOON + 24 * HOURS)) == ([BACKUP], [], [BACKUP])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="the embedded database is saved by the worker")
def test_a_server_is_not_saved_by_the_worker(db, configured):
    assert planned() == []


@pytest.mark.django_db(transaction=True)
def test_the_worker_makes_it_leaves_a_trace_and_keeps_so_many(configured, settings):
    settings.BACKUP_KEEP = 2
    for days in (3, 2, 1):
        (configured / name_of(timezone.now() - timedelta(days=days))).write_bytes(b"x")
    row = jobs.enqueue(BACKUP, label=LABEL, at=timezone.now())
    call_command("run_worker", batch=True, stdout=StringIO(), verbosity=0)
    row.refresh_from_db()
    assert row.state == JobState.DONE
    assert row.message.startswith("Sauvegarde maillage-")
    archives = kept_archives(configured)
    assert len(archives) == 2
    assert archives[0].size > 1000
    assert AuditEvent.objects.filter(type="instance.backed_up", summary__contains=archives[0].path.name).count() == 1
    assert backups_at(timezone.now()).warning == ""


@pytest.mark.parametrize(
    ("age", "words"), [(None, "encore été faite"), (1, ""), (36, ""), (36.1, "plus d’un jour et demi")]
)
def test_a_backup_too_old_or_absent_is_said(db, configured, age, words):
    if age is not None:
        (configured / name_of(NOON - age * HOURS)).write_bytes(b"x" * 1_500_000)
    told = backups_at(NOON).warning
    assert words in told
    assert bool(told) == bool(words)


def test_a_failed_attempt_is_said_until_one_succeeds(db, configured, run_jobs):
    (configured / name_of(NOON)).write_bytes(b"x")
    fields = {"kind": BACKUP, "label": LABEL, "created_at": NOON, "attempts": 3}
    Job.objects.create(**fields, state=JobState.FAILED, message="Plus de place.", finished_at=NOON)
    assert "Plus de place" in backups_at(NOON).warning
    Job.objects.create(**fields, state=JobState.DONE, finished_at=NOON + HOURS)
    assert backups_at(NOON).warning == ""


def test_the_administrator_sees_the_last_one_and_is_warned(client, administrator, configured):
    page = client.get("/instance/sauvegardes/").content.decode()
    assert "encore été faite" in page
    assert "encore été faite" in client.get("/instance/reference/").content.decode()
    (configured / name_of(timezone.now())).write_bytes(b"x" * 1_540_000)
    page = client.get("/instance/sauvegardes/").content.decode()
    assert "1,5" in page
    assert 'role="alert"' not in page
    assert "note late" not in client.get("/instance/reference/").content.decode()


def test_an_instance_without_backups_says_so(client, administrator, settings):
    settings.BACKUP_DIR = ""
    page = client.get("/instance/sauvegardes/").content.decode()
    assert "Aucune sauvegarde n’est prévue" in page
    assert "Sauvegarder maintenant" not in page


def test_the_administrator_asks_for_one_now(client, administrator, configured):
    response = client.post("/instance/sauvegardes/faire/")
    row = Job.objects.get(kind=BACKUP)
    assert response.url == f"/travaux/{row.uuid}/"
    assert row.arguments == {"by": administrator.pk}
