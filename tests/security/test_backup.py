"""Somebody who holds the backups, or who can put a file among them, gets nothing by it."""

import io
import os
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path

import psycopg
import pyrage
import pytest
from django.conf import settings as now

from maillage.core.backups import archive, making, postgresql
from maillage.core.backups.archive import DamagedArchive, NoRoom, UntrustedArchive, WrongKey
from maillage.core.backups.keys import BadPublicKey, NoSecretKey, SecretKeyHere, new_pair
from maillage.core.backups.making import FolderAmongTheFiles, FolderUnusable, make_backup
from maillage.core.backups.postgresql import NotEmpty, ToolFailed, ToolMissing, Unreachable
from maillage.core.backups.restoring import NoDatabaseExpected, TargetNotEmpty, restore_backup
from tests.core.backups import (  # noqa: F401  # fixtures
    ENGINE,
    PUBLIC,
    SECRET,
    arguments,
    backups_in,
    files_of,
    instance,
    restored_rows,
    target,
)
from tests.factories import NOON

AGE_CHUNK = 64 * 1024


def untouched(target: dict) -> bool:  # noqa: F811
    nothing = not target["folder"].exists() and not list(target["folder"].parent.glob("*restored.*"))
    return nothing and (ENGINE == "sqlite" or restored_rows(target) == {})


def opened(path: Path) -> dict[str, bytes]:
    """What is in an archive, read by other means than ours."""
    content = pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(SECRET)])
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def test_without_the_key_the_archive_says_nothing(instance, target):  # noqa: F811
    path = make_backup(at=NOON).kept.path
    content = path.read_bytes()
    assert all(word not in content for word in (b"SQLite", b"PGDMP", b"%PDF", b"manifest", b"exemple.invalid"))
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongKey, match="n’ouvre pas"):
        restore_backup(path=path, **target | {"keys": new_pair()[1]})
    for text in ("", "AGE-SECRET-KEY-1FAUX", PUBLIC):
        with pytest.raises(NoSecretKey):
            restore_backup(path=path, **target | {"keys": text})
    assert untouched(target)


def test_the_keys_of_the_instance_are_never_in_it(instance, settings):  # noqa: F811
    settings.IDENTITY_CLIENT_SECRET = "secret-du-fournisseur-1234"
    members = opened(make_backup(at=NOON).kept.path)
    assert len(members) == 3 + 4
    secrets = (settings.SECRET_KEY, settings.PATIENT_DATA_KEY, settings.IDENTITY_CLIENT_SECRET, SECRET)
    for name, content in members.items():
        assert all(secret.encode() not in content for secret in secrets), name


def test_each_member_has_its_sum_in_the_format_of_sha256sum(instance):  # noqa: F811
    members = opened(make_backup(at=NOON).kept.path)
    sums = dict(reversed(line.split("  ")) for line in members["SHA256SUMS"].decode().splitlines())
    told = {name: sha256(content).hexdigest() for name, content in members.items()}
    assert sums == {name: digest for name, digest in told.items() if name not in {"SHA256SUMS", "SIGNATURE"}}


def test_a_cut_or_altered_archive_restores_nothing(instance, target):  # noqa: F811
    """Cut anywhere, at the edges of the blocks of the cipher above all, or with one byte changed."""
    path = make_backup(at=NOON).kept.path
    whole, bad = path.read_bytes(), instance / "abimee.age"
    header = whole.index(b"\n--- ")
    header = whole.index(b"\n", header + 1) + 1 + 16
    block = AGE_CHUNK + 16
    assert len(whole) > header + block
    cuts = [0, 1, 100, header, header + block, header + block - 1, len(whole) // 2, len(whole) - 1]
    changed = [10, header + 5, len(whole) // 2, len(whole) - 1]
    altered = [whole[:cut] for cut in cuts] + [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in changed]
    for content in [*altered, whole + b"x", whole + whole, b"PK\x03\x04", b"SQLite format 3\0"]:
        bad.write_bytes(content)
        with pytest.raises((DamagedArchive, WrongKey)):
            restore_backup(path=bad, **target)
        assert untouched(target)


def forged(path: Path, entries: list[tuple[tarfile.TarInfo, bytes]], *, sign_with: str, tail: bytes = b"") -> Path:
    """What somebody who knows the public key makes: well encrypted, its sums right."""
    out, lines = io.BytesIO(), b""
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
            lines += archive._line(sha256(content).hexdigest(), entry.name)
        signature = archive._signature(sha256(lines).hexdigest(), sign_with).encode()
        for name, content in (("SHA256SUMS", lines), ("SIGNATURE", signature), *([("plus", tail)] if tail else [])):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    path.write_bytes(pyrage.encrypt(out.getvalue(), [pyrage.x25519.Recipient.from_str(PUBLIC)]))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


HURTFUL = {
    "climbs": [(entry("files/../../../pris"), b"x")],
    "absolute": [(entry("/tmp/maillage-pris"), b"x")],  # noqa: S108  # where it must not be written
    "symlink": [(entry("files", tarfile.SYMTYPE, "/etc"), b""), (entry("files/pris"), b"x")],
    "hard-link": [(entry("files/pris", tarfile.LNKTYPE, "/etc/passwd"), b"")],
    "device": [(entry("files/pris", tarfile.CHRTYPE), b"")],
    "pipe": [(entry("files/pris", tarfile.FIFOTYPE), b"")],
    "folder": [(entry("files", tarfile.DIRTYPE), b"")],
    "twice": [(entry("files/a"), b"x"), (entry("files/a"), b"y")],
    "file-and-folder": [(entry("files/a"), b"x"), (entry("files/a/b"), b"y")],
    "no-manifest": [(entry("database.sqlite3"), b"SQLite format 3\0"), (entry("database.dump"), b"PGDMP")],
    "manifest-is-text": [(entry("manifest.json"), b"[]"), (entry("database.sqlite3"), b"x")],
    "nothing": [],
}


@pytest.mark.parametrize("entries", HURTFUL.values(), ids=HURTFUL)
def test_a_file_made_to_hurt_writes_nowhere(entries, tmp_path):
    """Even signed as ours: what reads it trusts no name."""
    path = forged(tmp_path / "faite.age", entries, sign_with=now.SECRET_KEY)
    before = files_of(tmp_path)
    with pytest.raises(DamagedArchive):
        restore_backup(path=path, keys=SECRET, folder=tmp_path / "loin" / "restored")
    assert files_of(tmp_path) == before
    assert not Path("/tmp/maillage-pris").exists()  # noqa: S108


def test_what_somebody_else_made_is_not_taken_for_ours(instance, target):  # noqa: F811
    """Whoever knows the public key can encrypt for us; only the instance can sign."""
    members = opened(make_backup(at=NOON).kept.path)
    entries = [(entry(name), text) for name, text in members.items() if name not in {"SHA256SUMS", "SIGNATURE"}]
    foreign = forged(instance / "ailleurs.age", entries, sign_with="la clé d’une autre instance")
    with pytest.raises(UntrustedArchive, match="--from-elsewhere"):
        restore_backup(path=foreign, **target)
    assert untouched(target)
    with pytest.raises(DamagedArchive):
        restore_backup(path=forged(instance / "suite.age", entries, sign_with=now.SECRET_KEY, tail=b"x"), **target)
    assert untouched(target)
    assert restore_backup(path=foreign, from_elsewhere=True, **target).files == 3


def test_sums_that_do_not_match_are_refused_even_signed(instance, target, monkeypatch):  # noqa: F811
    members = opened(make_backup(at=NOON).kept.path)
    entries = [(entry(name), text) for name, text in members.items() if name not in {"SHA256SUMS", "SIGNATURE"}]
    line = archive._line
    monkeypatch.setattr(archive, "_line", lambda digest, name: line(digest, name).replace(b"0", b"1", 1))
    path = forged(instance / "sommes.age", entries, sign_with=now.SECRET_KEY)
    monkeypatch.undo()
    with pytest.raises(DamagedArchive):
        restore_backup(path=path, **target)
    assert untouched(target)


def test_a_member_larger_than_the_disk_is_refused_before_it_is_written(instance, target, monkeypatch):  # noqa: F811
    path = make_backup(at=NOON).kept.path
    usage = archive.shutil.disk_usage(instance)
    monkeypatch.setattr(archive.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(NoRoom):
        restore_backup(path=path, **target)
    assert untouched(target)


def test_a_place_that_holds_something_is_left_as_it_is(instance, target):  # noqa: F811
    path = make_backup(at=NOON).kept.path
    target["folder"].mkdir()
    precious = target["folder"] / "maillage.sqlite3"
    precious.write_bytes(b"la base de tous les jours")
    with pytest.raises(TargetNotEmpty):
        restore_backup(path=path, **target)
    assert files_of(target["folder"]) == {"maillage.sqlite3": sha256(b"la base de tous les jours").hexdigest()}


@pytest.mark.skipif(ENGINE != "postgresql", reason="a server and its tools")
class TestServer:
    def test_a_database_that_holds_anything_is_left_as_it_is(self, instance, target):  # noqa: F811
        path = make_backup(at=NOON).kept.path
        for made in ("TABLE", "VIEW"):
            with psycopg.connect(**target["server"]) as database:
                database.execute(f"CREATE {made} precious AS SELECT 1 AS one")
            with pytest.raises(NotEmpty):
                restore_backup(path=path, **target)
            with psycopg.connect(**target["server"]) as database:
                assert database.execute("SELECT one FROM precious").fetchall() == [(1,)]
                database.execute(f"DROP {made} precious")
        assert not target["folder"].exists()

    def test_a_failed_restore_leaves_neither_rows_nor_files(self, instance, target, monkeypatch):  # noqa: F811
        path = make_backup(at=NOON).kept.path
        run = postgresql._run
        monkeypatch.setattr(postgresql, "_run", lambda tool, *rest: run(tool, *rest[:-1], rest[-1] + ".absent"))
        with pytest.raises(ToolFailed, match="pg_restore"):
            restore_backup(path=path, **target)
        assert untouched(target)

    def test_the_password_is_not_on_the_command_line(self, monkeypatch, tmp_path):
        seen = {}

        def ran(command, *, env, **options):
            seen.update(command=command, env=env)
            return subprocess.CompletedProcess(command, 0)

        monkeypatch.setattr(postgresql.subprocess, "run", ran)
        postgresql._run("pg_dump", {"host": "h", "password": "très secret"}, "--file=x")
        assert "très secret" not in " ".join(seen["command"])
        assert seen["env"]["PGPASSWORD"] == "très secret"
        assert "PGPASSWORD" not in os.environ

    def test_without_its_tools_or_its_server_it_says_so(self, instance, monkeypatch):  # noqa: F811
        with pytest.raises(Unreachable):
            postgresql.refuse_unless_empty({"host": "127.0.0.1", "port": "1", "connect_timeout": "2"})
        monkeypatch.setattr(postgresql.shutil, "which", lambda _: None)
        with pytest.raises(ToolMissing, match="postgresql-client"):
            make_backup(at=NOON)
        assert backups_in(instance) == []


@pytest.mark.skipif(ENGINE != "sqlite", reason="a database in the folder")
def test_a_backup_of_sqlite_does_not_go_to_a_server(instance, target, monkeypatch):  # noqa: F811
    path = make_backup(at=NOON).kept.path
    monkeypatch.setattr(postgresql, "refuse_unless_empty", lambda _: None)
    with pytest.raises(NoDatabaseExpected):
        restore_backup(path=path, **target, server={"host": "127.0.0.1"})
    assert untouched(target)


def test_settings_that_would_give_the_secret_away_are_refused(instance, settings):  # noqa: F811
    settings.BACKUP_PUBLIC_KEY = SECRET
    with pytest.raises(SecretKeyHere):
        make_backup(at=NOON)
    settings.BACKUP_PUBLIC_KEY = "age1faux"
    with pytest.raises(BadPublicKey):
        make_backup(at=NOON)
    settings.BACKUP_PUBLIC_KEY = PUBLIC
    settings.BACKUP_DIR = str(settings.MEDIA_ROOT / "sauvegardes")
    with pytest.raises(FolderAmongTheFiles):
        make_backup(at=NOON)


def test_nothing_in_clear_is_left_nor_read_by_others(instance, settings, monkeypatch):  # noqa: F811
    write, modes = making.archive.write_archive, []

    def watched(path, *rest, **options):
        modes.append((settings.VAR_DIR / making.WORK).stat().st_mode & 0o777)
        return write(path, *rest, **options)

    monkeypatch.setattr(making.archive, "write_archive", watched)
    make_backup(at=NOON)
    assert modes == [0o700]
    assert not (settings.VAR_DIR / making.WORK).exists()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of half a megabyte: a real one where we may mount it."""
    place = tmp_path / "petit"
    place.mkdir()
    mounted = subprocess.run(
        ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs to be root")
    yield place
    subprocess.run(["/usr/bin/umount", place], check=True)


def test_a_disk_that_fills_leaves_the_last_good_backup(instance, settings, small_disk):  # noqa: F811
    settings.BACKUP_DIR = str(small_disk)
    good = small_disk / "maillage-20260101T000000Z.tar.gz.age"
    good.write_bytes(b"x" * 400_000)
    with pytest.raises(FolderUnusable, match="No space left"):
        make_backup(at=NOON)
    assert list(small_disk.iterdir()) == [good]
    assert not (settings.VAR_DIR / making.WORK).exists()
