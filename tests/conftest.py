"""Shared ground of the tests: real communes in small number, personas, fixed instants."""

import csv
import gzip
import hashlib
import io
import json
import time
from pathlib import Path

import hypothesis
import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as RECORDS_KEY
from django.db import connection
from django.test import Client
from django.test.utils import teardown_databases

from maillage.accounts.models import Role, User
from maillage.core.leases import forget_leases
from maillage.core.work import jobs
from maillage.cpts.models import Cpts
from maillage.geography.actions import load_reference
from maillage.geography.loading.reference import DATA_DIR, FILES, Reference, open_reference
from maillage.geography.models import Commune
from maillage.records.models import Snapshot
from tests.acts_played import pytest_sessionfinish, pytest_testnodedown, say_what_is_missing  # noqa: F401
from tests.databases import ready_databases
from tests.factories import NOON, CptsFactory, PerimeterFactory, UserFactory

# A loaded machine is slow, not wrong.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

RECORDS_OWNER_KEY = f"{RECORDS_KEY}_user"
BERGERACOISE = "200070647"
# Marseille and Paris with their arrondissements, islands, overseas without outline, a place without inhabitants.
SPECIAL = {"13055", "75056", "85113", "17004", "97501", "98711", "98901", "32389", "67426", "62447", "33324", "47079"}
PARENTS = {"13055", "75056"}


@pytest.fixture(autouse=True)
def strong_sessions(monkeypatch):
    """`force_login` opens a session as a second factor would, so that a test of a page is about that page.

    With `means=()` it opens what a password alone opens. The real ways in are played in tests/security.
    """
    plain = Client.force_login

    def force_login(self, user, backend=None, *, means=("mfa",)):
        plain(self, user, backend)
        session = self.session
        session[RECORDS_KEY] = [{"method": method, "at": time.time()} for method in means]
        session[RECORDS_OWNER_KEY] = str(user.pk)
        session.save()

    monkeypatch.setattr(Client, "force_login", force_login)


def _rows(name: str) -> list[list[str]]:
    with gzip.open(DATA_DIR / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        csv.field_size_limit(2**31 - 1)
        return list(csv.reader(file))


def write_reference(directory: Path, files: dict[str, list[list[str]]], **manifest: int) -> Path:
    """Reference files of any content, with a manifest that vouches for them."""
    digests = {}
    for name, rows in files.items():
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        content = gzip.compress(out.getvalue().encode(), mtime=0)
        (directory / f"{name}.csv.gz").write_bytes(content)
        digests[name] = {"rows": len(rows) - 1, "sha256": hashlib.sha256(content).hexdigest()}
    whole = {"geography_year": 2026, "population_year": 2023, "sources": [], "files": digests} | manifest
    (directory / "manifest.json").write_text(json.dumps(whole), encoding="utf-8")
    return directory


@pytest.fixture(scope="session")
def sample_files() -> dict[str, list[list[str]]]:
    """Dordogne and a few special places, out of the real files."""
    files = {name: _rows(name) for name in FILES}
    kept = {row[0] for row in files["communes"] if row[4] == "24" or row[0] in SPECIAL or row[3] in PARENTS}
    for name, column in (("communes", 0), ("outlines", 0), ("former", 2)):
        head, *rows = files[name]
        files[name] = [head, *[row for row in rows if row[column] in kept]]
    return files


@pytest.fixture(scope="session")
def sample_reference(tmp_path_factory: pytest.TempPathFactory, sample_files: dict[str, list[list[str]]]) -> Reference:
    return open_reference(write_reference(tmp_path_factory.mktemp("reference"), sample_files))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings, sample_reference):
    """The database of this process, the communes in it: every test begins with them."""
    with django_db_blocker.unblock():
        databases = ready_databases(lambda: load_reference(sample_reference, at=NOON))
    yield
    with django_db_blocker.unblock():
        teardown_databases(databases, verbosity=0)


@pytest.fixture
def communes(db: None, sample_reference: Reference) -> None:
    """Dordogne and the special places, loaded anew where a test marked transaction=True emptied the database."""
    if not Commune.objects.exists():
        load_reference(sample_reference, at=NOON)


@pytest.fixture
def cpts(communes: None) -> Cpts:
    """CPTS du Bergeracois, whose perimeter in force is the CA Bergeracoise."""
    cpts = CptsFactory(name="CPTS du Bergeracois", slug="cpts-du-bergeracois")
    PerimeterFactory(cpts=cpts, in_force=True, epci=BERGERACOISE)
    return cpts


@pytest.fixture
def neighbour(communes: None) -> Cpts:
    return CptsFactory(name="CPTS voisine", slug="cpts-voisine")


@pytest.fixture
def coordinator(cpts: Cpts) -> User:
    return UserFactory(role=Role.COORDINATOR, on=cpts, given_name="Claire", family_name="Aubert")


@pytest.fixture
def member(cpts: Cpts) -> User:
    """A colleague without the right."""
    return UserFactory(role=Role.MEMBER, on=cpts)


@pytest.fixture
def stranger(neighbour: Cpts) -> User:
    """Coordinates the next CPTS, is nobody here."""
    return UserFactory(role=Role.COORDINATOR, on=neighbour)


@pytest.fixture
def run_jobs():
    """Run the jobs that wait, as the worker would."""
    from maillage.core.models import Job, JobState  # noqa: PLC0415

    def run() -> None:
        for row in Job.objects.filter(state=JobState.WAITING).order_by("pk"):
            jobs.run_job.call(str(row.uuid))

    return run


def pytest_terminal_summary(terminalreporter) -> None:
    """Say plainly how many journeys were not played."""
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if "tests/browser" in one.nodeid]
    say_what_is_missing(terminalreporter)
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} browser journeys skipped: install Chromium to play them.")


@pytest.fixture(autouse=True)
def leases_begin_anew():
    """What a process took of a limit was counted in a database that the next test does not have."""
    forget_leases()


@pytest.fixture(autouse=True)
def frozen_contents_let_go(request):
    """A snapshot refuses to be deleted while it holds something, and SQLite empties its tables by deleting."""
    marker = request.node.get_closest_marker("django_db")
    is_emptied = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    if connection.vendor != "sqlite" or not is_emptied:  # a test without a database is given none
        yield
        return
    request.getfixturevalue("_django_db_helper")
    yield
    Snapshot.objects.filter(content__isnull=False).update(content=None, erased_at=NOON)
