"""A backup holds what was acknowledged, and comes back as it was, on both engines, whatever is killed meanwhile."""

import threading
from base64 import urlsafe_b64encode
from datetime import timedelta
from io import StringIO
from pathlib import Path
from secrets import token_bytes

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from maillage.core.backups import making
from maillage.core.backups.keeping import kept_archives, name_of, rotate
from maillage.core.backups.making import AlreadyRunning, NotConfigured, make_backup
from maillage.core.backups.restoring import LaterVersion, TargetNotEmpty, restore_backup
from maillage.core.letters import Letter
from maillage.core.models import Job
from maillage.exchange.actions import write_mail
from maillage.exchange.models import OutgoingMail
from tests.core.backups import (  # noqa: F401  # fixtures
    SECRET,
    arguments,
    backups_in,
    files_of,
    instance,
    keep_file,
    killed_at,
    restored_rows,
    source_rows,
    target,
)
from tests.factories import NOON

WRITTEN_MEANWHILE = {"core_job", "exchange_outgoingmail", "exchange_contact", "django_tasks_database_dbtaskresult"}


def test_every_row_and_every_file_come_back(instance, settings, target):  # noqa: F811
    made = make_backup(at=NOON)
    restored = restore_backup(path=made.kept.path, **target)
    assert restored_rows(target) == source_rows()
    assert files_of(target["folder"] / "media") == files_of(settings.MEDIA_ROOT)
    assert sum(len(rows) for rows in source_rows().values()) > 1000
    assert (restored.files, restored.other_keys, made.files) == (3, (), 3)
    assert restored.manifest == made.manifest
    assert not list(instance.glob("restored.*"))


class Writer(threading.Thread):
    """Somebody who goes on working: a file, then the row that names it and the mail that tells of it, together."""

    def __init__(self):
        super().__init__()
        self.over, self.begun, self.acknowledged = threading.Event(), threading.Event(), 0

    def run(self):
        while not self.over.is_set():
            with transaction.atomic():
                name = keep_file(b"%PDF-1.7 " + self.acknowledged.to_bytes(4, "big") * 1000)
                Job.objects.create(kind="written", label=name, created_at=NOON)
                write_mail(recipient="a@exemple.invalid", letter=Letter.plain(name, "Bonjour"), at=NOON)
            self.acknowledged += 1
            if self.acknowledged > 20:
                self.begun.set()
        connection.close()


def test_a_backup_made_while_people_write_is_one_moment_of_the_instance(instance, target):  # noqa: F811
    writer = Writer()
    writer.start()
    assert writer.begun.wait(60)
    before, count = source_rows(), writer.acknowledged
    try:
        made = make_backup(at=NOON)
        assert writer.acknowledged > count
    finally:
        writer.over.set()
        writer.join()
    after = source_rows()
    restore_backup(path=made.kept.path, **target)
    held = restored_rows(target)
    assert set(held) == set(after)
    for table, rows in held.items():
        if table in WRITTEN_MEANWHILE:
            assert len(before[table]) <= len(rows) <= len(after[table]), table
        else:
            assert rows == before[table] == after[table], table
    written = Job.objects.filter(kind="written").values_list("label", flat=True)
    named = {name for name in written if any(name in str(row) for row in held["core_job"])}
    told = {name for name in written if any(name in str(row) for row in held["exchange_outgoingmail"])}
    assert len(named) >= count
    assert named == told  # one transaction, in whole or not at all
    assert named <= {Path(path).name for path in files_of(target["folder"] / "media")}
    assert OutgoingMail.objects.count() > len(told)


@pytest.mark.parametrize(
    ("module", "function", "call"),
    [
        ("making", "applied_migrations", 1),
        ("archive", "_add", 1),
        ("archive", "_add", 4),
        ("making", "_flush_names", 1),
    ],
    ids=["before-the-copy", "first-member", "amid-the-files", "once-in-its-place"],
)
def test_a_killed_backup_is_not_taken_for_one(instance, settings, target, module, function, call):  # noqa: F811
    first = make_backup(at=NOON - timedelta(days=1)).kept.path
    killed_at(module, function, call, settings)
    whole = [archive.path for archive in kept_archives(Path(settings.BACKUP_DIR))]
    if function != "_flush_names":  # by then it is whole
        assert whole == [first]
    restore_backup(path=whole[0], **target)
    assert restored_rows(target) == source_rows()
    after = make_backup(at=NOON + timedelta(days=900)).kept.path
    assert [path for path in backups_in(instance) if path.suffix != ".age"] == []
    assert after in backups_in(instance)
    assert not list(settings.VAR_DIR.glob("backup-work*"))  # no copy in clear stays behind


@pytest.mark.parametrize(
    ("module", "function", "call"),
    [("archive", "_extract", 1), ("archive", "_extract", 4), ("restoring", "_put", 1), ("postgresql", "load", 1)],
    ids=["first-member", "amid-the-files", "before-its-place", "before-the-database"],
)
def test_a_killed_restore_is_not_taken_for_one(instance, settings, target, module, function, call):  # noqa: F811
    if module == "postgresql" and connection.vendor == "sqlite":
        pytest.skip("the database of SQLite comes with the folder")
    path = make_backup(at=NOON).kept.path
    killed_at(module, function, call, settings, restore={"path": path, **target})
    if module == "postgresql":  # the files are there, the database is empty: it is not an instance
        assert restored_rows(target) == {}
        with pytest.raises(TargetNotEmpty):
            restore_backup(path=path, **target)
        return
    assert not target["folder"].exists()
    restore_backup(path=path, **target)
    assert restored_rows(target) == source_rows()
    assert not list(instance.glob("*restored.*"))


def test_the_commands_make_a_key_a_backup_and_its_way_back(instance, settings, target):  # noqa: F811
    key, out = instance / "secret.key", StringIO()
    call_command("backup_key", key, stdout=out, stderr=StringIO())
    settings.BACKUP_PUBLIC_KEY = out.getvalue().strip().removeprefix("BACKUP_PUBLIC_KEY=")
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="Rien n’est remplacé"):
        call_command("backup_key", key)
    call_command("backup", stdout=out)
    (path,) = backups_in(instance)
    assert path.name in out.getvalue()
    options = {"key": key, "to": target["folder"], "stdout": out}
    if "server" in target:
        server = target["server"]
        password = f":{server['password']}" if "password" in server else ""
        options["database"] = (
            f"postgres://{server['user']}{password}@{server['host']}:{server['port']}/{server['dbname']}"
        )
    call_command("restore", path, **options)
    assert "toutes les empreintes concordent" in out.getvalue()
    assert "Attention" not in out.getvalue()
    assert restored_rows(target) == source_rows()


def test_a_restore_says_which_keys_are_not_those_of_the_backup(instance, settings, target):  # noqa: F811
    made = make_backup(at=NOON)
    assert made.manifest.keys["PATIENT_DATA_KEY"]
    settings.PATIENT_DATA_KEY = urlsafe_b64encode(token_bytes(32)).decode()
    restored = restore_backup(path=made.kept.path, **target)
    assert restored.other_keys == ("PATIENT_DATA_KEY",)
    assert "ne se lira pas sans elle" in str(restored)


def test_a_backup_of_a_later_version_is_refused(instance, target, monkeypatch):  # noqa: F811
    monkeypatch.setattr(making, "applied_migrations", lambda _: ("core.0999_something_to_come",))
    made = make_backup(at=NOON)
    with pytest.raises(LaterVersion):
        restore_backup(path=made.kept.path, **target)
    assert not target["folder"].exists()


def test_the_last_ones_are_kept_and_nothing_else_is_erased(tmp_path):
    for days in range(5):
        (tmp_path / name_of(NOON + timedelta(days=days))).write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("à garder")
    (tmp_path / "maillage-20261101T000000Z.tar.gz.age.part").write_bytes(b"x")
    assert len(rotate(tmp_path, 3)) == 2
    assert [archive.made_at for archive in kept_archives(tmp_path)] == [
        NOON + timedelta(days=days) for days in (4, 3, 2)
    ]
    assert len(rotate(tmp_path, 0)) == 2
    assert len(list(tmp_path.iterdir())) == 3


def test_two_backups_at_once_are_one(instance):  # noqa: F811
    with making._alone(), pytest.raises(AlreadyRunning):
        make_backup(at=NOON)
    assert make_backup(at=NOON).files == 3


def test_without_folder_or_key_nothing_is_made(settings, db):
    settings.BACKUP_DIR, settings.BACKUP_PUBLIC_KEY = "", ""
    with pytest.raises(NotConfigured):
        make_backup(at=NOON)
    with pytest.raises(CommandError, match="BACKUP_DIR"):
        call_command("backup")


def test_a_file_erased_while_the_backup_runs_is_left_out(instance, target, monkeypatch):  # noqa: F811
    add, erased = making.archive._add, []

    def erasing(tar, name, source):
        if name == making.NAME:
            erased.append(next(Path(instance / "var/media").rglob("*.pdf")))
            erased[0].unlink()
        return add(tar, name, source)

    monkeypatch.setattr(making.archive, "_add", erasing)
    made = make_backup(at=NOON)
    restored = restore_backup(path=made.kept.path, **target)
    assert (made.files, restored.files) == (2, 2)
    assert erased[0].name not in {path.name for path in target["folder"].rglob("*")}


def test_a_key_file_of_age_keygen_is_read():
    from maillage.core.backups.keys import secret_keys  # noqa: PLC0415

    assert len(secret_keys(f"# created: 2026\n# public key: age1…\n{SECRET}\n")) == 1
