"""Files and addresses made to hurt, sent through the screens: refused in words, in time, and in little memory.

The readings are real: each runs in the process that reads apart, with the limits of production.
"""

import json
import os
import threading
import time
from contextlib import contextmanager
from io import BytesIO
from mailbox import Maildir
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from maillage.accounts.models import Role
from maillage.core.apart.reading import Reader
from maillage.core.models import Job
from maillage.core.work import jobs
from maillage.members.models import Convention, SpreadsheetImport
from maillage.sas.models import Regulator
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.actions import calendars
from maillage.unscheduled_care.loading import fetching
from maillage.unscheduled_care.models import BusyCalendar
from tests.factories import NOON, MembershipFactory, UserFactory, pdf
from tests.security import hostile_files as hostile
from tests.unscheduled_care.test_fetching import HEAD, Host, redirect

pytestmark = pytest.mark.django_db
MOST_SECONDS = 15.0  # wall clock of one attack on a loaded machine; two processors take less than half of it
MOST_MEGABYTES = 64.0  # by which the process that serves people may grow
REFUSED = "à corriger"  # above the form, whatever the words
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_SIZE / 2**20


@contextmanager
def little():
    """Little time and little memory in the process that serves people, its peak watched every few milliseconds."""
    over, before = threading.Event(), megabytes()
    peak = [before]

    def watch():
        while not over.wait(0.005):
            peak[0] = max(peak[0], megabytes())

    watcher, started = threading.Thread(target=watch), time.monotonic()
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    assert time.monotonic() - started < MOST_SECONDS
    assert peak[0] - before < MOST_MEGABYTES


WORKBOOKS = [
    pytest.param("a.xlsx", hostile.shared_string_bomb, "trop lourd", id="one text named by 80,000 cells"),
    pytest.param("a.xlsx", hostile.far_cell, "trop lourd", id="two cells far apart"),
    pytest.param("a.xlsx", hostile.laughing_workbook, "", id="entities of entities"),
    pytest.param("a.xlsx", lambda: hostile.zip_bomb(says_so=True), "trop lourd", id="an archive of 600 MB"),
    pytest.param("a.xlsx", lambda: hostile.zip_bomb(says_so=False), "", id="the same, that lies"),
    pytest.param("a.ods", hostile.repeated_ods, "", id="a cell repeated over the sheet"),
    pytest.param("a.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 100_000, "", id="no workbook"),
    pytest.param("a.csv", lambda: b"Nom;Mail\n" + b"x" * 9_000_000, "pas un CSV lisible", id="a giant line"),
    pytest.param("a.csv", lambda: b'Nom;Mail\n"' + b"x;y\n" * 2_000_000, "pas un CSV", id="a quote never closed"),
    pytest.param("a.csv", lambda: b"a;b\n" * 3_000_000, "dépasse 10 Mo", id="too large"),
]


@pytest.fixture(scope="module")
def built():
    """Each hostile file, built once."""
    files = {}
    return lambda make: files[make] if make in files else files.setdefault(make, make())


@pytest.fixture
def signed(client, coordinator, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(coordinator)
    return client


@pytest.mark.parametrize(("name", "make", "words"), WORKBOOKS)
def test_a_spreadsheet_of_members_made_to_hurt_is_refused(signed, cpts, built, name, make, words):
    content = built(make)
    address = reverse("members:imports", args=[cpts.slug])
    with little():
        page = signed.post(address, {"file": SimpleUploadedFile(name, content)})
    assertContains(page, words or REFUSED)
    assert not SpreadsheetImport.objects.exists()


@pytest.mark.parametrize(("name", "make", "words"), WORKBOOKS)
def test_a_file_of_the_diagnosis_made_to_hurt_is_refused(signed, cpts, built, name, make, words):
    content = built(make)
    with little():
        page = signed.post(reverse("diagnosis:files", args=[cpts.slug]), {"file": SimpleUploadedFile(name, content)})
    assertContains(page, words or REFUSED)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param("a.xlsx", hostile.stray_row, id="a cell left at the bottom"),
        pytest.param("a.csv", lambda: b"Nom;Mail\nLe Goff" + b";a" * 4_000_000, id="millions of columns"),
    ],
)
def test_a_sheet_with_much_around_it_is_read(signed, cpts, name, make):
    address = reverse("members:imports", args=[cpts.slug])
    with little():
        page = signed.post(address, {"file": SimpleUploadedFile(name, make())}, follow=True)
    assertContains(page, "Le Goff")


@pytest.fixture
def doctor(cpts):
    user = UserFactory(role=Role.MEMBER, on=cpts)
    effector = actions.start_agenda(membership=MembershipFactory(cpts=cpts, email=user.email), by=user, at=NOON)
    effector.user = user
    return effector


@pytest.fixture
def member_client(client, doctor, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(doctor.user)
    return client


def add_file(member_client, cpts, content, **options):
    sent = {"name": "Cabinet", "file": SimpleUploadedFile("a.ics", content)}
    return member_client.post(reverse("unscheduled_care:calendars", args=[cpts.slug]), sent, **options)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(hostile.calendar("RRULE:FREQ=WEEKLY;INTERVAL=0"), "n’avance pas", id="interval 0"),
        pytest.param(hostile.calendar(zone="RRULE:FREQ=YEARLY;INTERVAL=0"), "n’avance pas", id="zone, interval 0"),
        pytest.param(hostile.calendar(zone="RRULE:FREQ=SECONDLY"), "n’avance pas", id="zone, every second"),
        pytest.param(hostile.many_series(), "trop de temps", id="45,000 series since 1900"),
        pytest.param(b"BEGIN:VCALENDAR\n" * 200_000, "", id="200,000 calendars one in the other"),
        pytest.param(b"BEGIN:VCALENDAR\nX:" + b"y" * 4_000_000, "pas un calendrier", id="a giant line"),
        pytest.param(b"\x00" * 1_000_000, "pas un calendrier", id="nothing"),
    ],
)
def test_a_calendar_made_to_hurt_is_refused(member_client, cpts, content, words):
    with little():
        page = add_file(member_client, cpts, content)
    assertContains(page, words or REFUSED)
    assert not BusyCalendar.objects.exists()


def test_a_rule_that_never_comes_is_read_or_refused_in_time(member_client, cpts):
    with little():
        add_file(member_client, cpts, hostile.calendar("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"))


@pytest.fixture
def host(settings):
    hosts = []

    def make(pieces, pause=0.0):
        hosts.append(Host(pieces, pause))
        settings.CALENDAR_OWN_HOSTS = [one.name for one in hosts]
        return hosts[-1]

    yield make
    for one in hosts:
        one.listener.close()


def subscribe(member_client, cpts, address):
    page = reverse("unscheduled_care:calendars", args=[cpts.slug])
    return member_client.post(page, {"name": address, "url": address}, follow=True)


def test_a_slow_calendar_a_broken_one_and_a_good_one_are_read_in_one_round(member_client, cpts, host, run_jobs):
    """A byte now and then, for five minutes: cut in time, and the others do not wait for it."""
    good, endless = hostile.calendar(), hostile.calendar("RRULE:FREQ=DAILY;INTERVAL=0")
    slow = host([HEAD + b"\r\n", *[b"B"] * 3_000], 0.1)
    fine, broken = host([HEAD + b"\r\n" + good]), host([HEAD + b"\r\n" + endless])
    inside = host(redirect("http://127.0.0.1:5432/"))
    for server in (slow, broken, inside, fine):
        assertContains(subscribe(member_client, cpts, f"http://{server.name}/a.ics"), "Agenda relié")
    Job.objects.all().delete()  # those of the additions: the round is what is tried
    jobs.enqueue(actions.READ, label="Agendas", at=timezone.now())
    started = time.monotonic()
    run_jobs()
    assert time.monotonic() - started < fetching.TOTAL_SECONDS + MOST_SECONDS
    page = member_client.get(reverse("unscheduled_care:calendars", args=[cpts.slug]))
    for words in (f"en {fetching.TOTAL_SECONDS} secondes", "n’avance pas", "pas joignable depuis Internet"):
        assertContains(page, words)
    told = {calendar.name: calendar for calendar in BusyCalendar.objects.all()}
    assert told[f"http://{fine.name}/a.ics"].busy_times.count() == 1
    assert [calendar.failures for calendar in told.values()].count(1) == 3
    last = told[f"http://{slow.name}/a.ics"].tried_at - told[f"http://{fine.name}/a.ics"].read_at
    assert last.total_seconds() > fetching.TOTAL_SECONDS / 2  # the good one was kept long before the slow one was cut


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/a.ics",
        "http://[::1]/a.ics",
        "http://169.254.169.254/latest",
        "http://[64:ff9b::7f00:1]/a",
        "http://[2002:7f00:1::]/",
        "http://[fec0::1]/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://100.64.0.1/",
        "http://2130706433/",
    ],
)
def test_a_subscription_inside_is_refused_by_the_job(member_client, cpts, run_jobs, address):
    assertContains(subscribe(member_client, cpts, address), "Agenda relié")
    run_jobs()
    page = member_client.get(reverse("unscheduled_care:calendars", args=[cpts.slug]))
    assertContains(page, "pas joignable depuis Internet")


SLOW = {"processor": 30, "wall": 3.0}


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_long_to_read_holds_no_write_of_others(member_client, cpts, monkeypatch):
    """Whoever sends it waits; everybody else writes meanwhile."""
    monkeypatch.setattr(calendars, "FILES", Reader("tests.core.readings:sleep_with", **SLOW))
    answers = []

    def send():
        answers.append(add_file(member_client, cpts, b"x"))
        connection.close()

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(1)
    started = time.monotonic()
    MembershipFactory(cpts=cpts)
    elapsed, is_reading = time.monotonic() - started, sender.is_alive()
    sender.join()
    assert is_reading
    assert elapsed < 1
    assertContains(answers[0], "trop de temps")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"%PDF-1.7\n<html><script>alert(1)</script>", "abîmé", id="a page under the name of a PDF"),
        pytest.param(b"<html>", "ni un PDF", id="a page"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "image est abîmée", id="an image cut"),
        pytest.param(hostile.pdf_with_program(), "programme", id="a program inside"),
        pytest.param(hostile.locked_pdf(), "mot de passe", id="locked"),
        pytest.param(hostile.endless_pdf(), "PDF", id="pages that hold themselves"),
        pytest.param(pdf()[:200], "abîmé", id="cut short"),
        pytest.param(b"%PDF-" + b"[" * 5_000_000, "PDF", id="brackets without end"),
    ],
)
def test_a_document_that_is_no_plain_pdf_is_refused(signed, cpts, tmp_path, content, words):
    sent = {"partner": "Hôpital (fictif)", "purpose": "Parcours", "starts_on": "01/01/2026"}
    with little():
        page = signed.post(
            reverse("members:conventions", args=[cpts.slug]), sent | {"file": SimpleUploadedFile("a.pdf", content)}
        )
    assertContains(page, words)
    assert not Convention.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b'{"a":' * 500 + b"1" + b"}" * 500, 400, id="500 deep"),
        pytest.param(b"[" * 30_000, 400, id="brackets"),
        pytest.param(b'{"a":' * 8_000 + b"1" + b"}" * 8_000, 400, id="8,000 deep"),
        pytest.param(b'{"a":[' + b"[]," * 300_000 + b"1]}", 400, id="300,000 lists"),
        pytest.param(b'{"a":"' + b"x" * 1_100_000 + b'"}', 413, id="over a megabyte"),
    ],
)
def test_a_body_made_to_hurt_is_refused_in_json(client, body, status):
    with little():
        response = client.post("/fhir/sas/Practitioner", body, content_type="application/json")
    assert response.status_code == status
    assert json.loads(response.content)["resourceType"] == "OperationOutcome"
    assert not Regulator.objects.exists()


@pytest.mark.parametrize(
    "notice",
    [
        pytest.param(b"Subject: x\n\n" + b"x" * 3_000_000, id="three megabytes"),
        pytest.param(
            b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3_000)),
            id="3,000 deep",
        ),
        pytest.param(b"Content-Type: multipart/report; boundary=x\n" + b"To: " + b"a@b, " * 150_000, id="recipients"),
    ],
)
def test_a_notice_of_refusal_made_to_hurt_is_left_and_stops_no_other(tmp_path, monkeypatch, capsys, notice):
    with little():
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(notice)))
        call_command("receive_bounces")
        box = Maildir(tmp_path / "refus")
        for content in (notice, b"Subject: autre\n\nBonjour"):
            box.add(content)
        call_command("receive_bounces", tmp_path / "refus")
    assert capsys.readouterr().out.split() == ["0", "0"]
    assert len(box) == 2


@pytest.fixture
def impatient(settings):
    """Whoever is on a page waits for nothing: every file is long to read."""
    settings.READ_PATIENCE_SECONDS = 0.001


def follow_job(client, response, run_jobs):
    """The page of the job, before and after the worker came."""
    job = Job.objects.order_by("pk").last()
    assert response["Location"] == reverse("core:job", args=[job.uuid])
    before = client.get(response["Location"])
    run_jobs()
    return before, client.get(response["Location"])


def test_a_spreadsheet_long_to_read_is_read_by_the_worker(signed, cpts, impatient, run_jobs, tmp_path):
    sheet = SimpleUploadedFile("membres.csv", b"Nom;Mail\nLe Goff;eve@exemple.invalid\n")
    response = signed.post(reverse("members:imports", args=[cpts.slug]), {"file": sheet})
    before, after = follow_job(signed, response, run_jobs)
    assertContains(before, "en attente")
    assertContains(after, "Le fichier est lu.")
    link = reverse("members:import", args=[cpts.slug, SpreadsheetImport.objects.get().uuid])
    assertContains(after, f'href="{link}"')
    assertContains(signed.get(link), "Le Goff")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_one_that_hurts_is_refused_by_the_worker_and_forgotten(signed, cpts, impatient, run_jobs, tmp_path):
    sheet = SimpleUploadedFile("membres.xlsx", hostile.far_cell())
    response = signed.post(reverse("members:imports", args=[cpts.slug]), {"file": sheet})
    with little():
        _, after = follow_job(signed, response, run_jobs)
    assertContains(after, "trop lourd")
    assertContains(after, "Recommencer")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_job_of_another_is_not_seen(signed, client, cpts, impatient, stranger):
    sheet = SimpleUploadedFile("membres.csv", b"Nom;Mail\nLe Goff;eve@exemple.invalid\n")
    address = signed.post(reverse("members:imports", args=[cpts.slug]), {"file": sheet})["Location"]
    client.force_login(stranger)
    assert client.get(address).status_code == 404


def test_a_file_of_the_diagnosis_long_to_read_goes_on_from_its_job(signed, cpts, impatient, run_jobs):
    sent = SimpleUploadedFile("logements.csv", b"CODGEO;logements\n24037;12\n24322;3\n")
    response = signed.post(reverse("diagnosis:files", args=[cpts.slug]), {"file": sent})
    _, after = follow_job(signed, response, run_jobs)
    link = Job.objects.order_by("pk").last().link
    assertContains(after, "Continuer")
    assertContains(signed.get(link), "Que dit ce fichier")
    assertContains(signed.get(f"{link}x", follow=True), "envoyez-le de nouveau")


def test_a_calendar_file_long_to_read_is_joined_by_the_worker(member_client, cpts, impatient, run_jobs):
    response = add_file(member_client, cpts, hostile.calendar())
    _, after = follow_job(member_client, response, run_jobs)
    assertContains(after, "Agenda relié")
    page = member_client.get(reverse("unscheduled_care:calendars", args=[cpts.slug]))
    assertNotContains(page, "Aucun agenda relié")
