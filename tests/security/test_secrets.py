"""What is said of a patient, typed through every screen that takes it, is nowhere in clear: not in a table, a mail, a
feed, an address, the audit nor the logs; and it goes on one clock.
"""

import logging
import re
from datetime import timedelta
from urllib.parse import unquote_plus

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.core.models import Job, JobState
from maillage.core.secrecy.sealed import write_sealed
from maillage.core.work import jobs
from maillage.exchange.models import OutgoingMail
from maillage.geography.models import Commune
from maillage.sas.models import SasMessage
from maillage.unscheduled_care import actions, notifications
from maillage.unscheduled_care.models import (
    Appointment,
    CareRequest,
    Difficulty,
    Effector,
    RequestMessage,
    Solicitation,
)
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, MembershipFactory, RegulatorFactory, UserFactory
from tests.unscheduled_care.conftest import agree, agrees_with_the_sas

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MARKER = "douleur secrete 4217"
ANSWER = "reponse secrete 4217"
SECRET = "secrete 4217"
SEARCH = "commune=24037&profession=10G&delai=48"


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    cache.clear()


@pytest.fixture
def hosted(cpts, coordinator):
    fields = {"target_hours": 48, "hds_host": "Hébergeur", "declares_hds": True, "patient_months": 3}
    actions.save_settings(cpts=cpts, read_version=0, fields=fields, by=coordinator, at=NOON)
    return cpts


@pytest.fixture
def desk(cpts):
    return UserFactory(role=Role.MEDICAL_ASSISTANT, on=cpts)


@pytest.fixture
def doctor(cpts):
    user = UserFactory(role=Role.MEMBER, on=cpts)
    membership = MembershipFactory(cpts=cpts, group="10G", family_name="Després", email=user.email)
    agrees_with_the_sas(cpts)
    effector = actions.start_agenda(membership=membership, by=user, at=NOON)
    agree(effector)
    effector = Effector.objects.get()
    effector.user = user
    return effector


@pytest.fixture
def slots(doctor, cpts):
    spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in (2, 21, 23)]
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.CPTS | Kind.SNP | Kind.PRO, cpts=[cpts], reasons=[])
    return actions.open_slots(schedule=doctor.schedules.get(), spans=spans, opening=opening, by=None, at=NOON).slots


class Walker:
    """A browser that remembers every address it was given, and every page."""

    def __init__(self, client):
        self.client, self.addresses = client, []

    def visit(self, user, url, data=None):
        self.client.force_login(user)
        self.addresses.append(url)
        response = self.client.post(url, data, follow=True) if data is not None else self.client.get(url, follow=True)
        self.addresses += [address for address, _ in response.redirect_chain]
        assert response.status_code == 200, url
        return response

    def last(self):
        return self.addresses[-1]


def run_jobs():
    """And what they ask for."""
    for _ in range(3):
        for row in Job.objects.filter(state=JobState.WAITING).order_by("pk"):
            jobs.run_job.call(str(row.uuid))


def everything_in_clear():
    """Every table, row after row, as somebody with the database reads it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                for cell in row:
                    text = bytes(cell).decode("latin-1") if isinstance(cell, (bytes, memoryview)) else str(cell)
                    yield table, text


@pytest.fixture
def typed(client, hosted, desk, doctor, slots, coordinator, caplog):
    """The marker typed through every screen that takes free text about a patient."""
    caplog.set_level(logging.DEBUG)
    walker, care = Walker(client), [hosted.slug]
    walker.visit(desk, reverse("unscheduled_care:desk", args=care) + f"?{SEARCH}")
    book = reverse("unscheduled_care:desk_book", args=[*care, slots[0].uuid])
    walker.visit(desk, book, {"query": SEARCH, "motif": MARKER})
    appointment = reverse("unscheduled_care:appointment", args=[*care, Appointment.objects.get().uuid])
    walker.visit(desk, appointment, {"do": "difficulty", "text": MARKER})
    zoe = UserFactory(role=Role.REGULATOR, on={"departement_id": "24"})
    walker.visit(zoe, reverse("sas:regulation_book", args=[slots[1].uuid]), {"query": SEARCH, "motif": MARKER})
    by_sas = Appointment.objects.get(origin="sas")
    act = reverse("sas:regulation_act", args=[by_sas.uuid])
    walker.visit(zoe, act, {"do": "difficulty", "text": MARKER})
    call = {
        "who": f"Jeanne {MARKER}",
        "commune": "Bergerac",
        "what": MARKER,
        "hours": "48",
        "group": "10G",
        "doctor": f"Dr {MARKER}",
    }
    walker.visit(desk, reverse("unscheduled_care:new_request", args=care), call)
    request = CareRequest.objects.get()
    page = reverse("unscheduled_care:request", args=[*care, request.uuid])
    walker.visit(desk, page, {"do": "message", "text": MARKER})
    walker.visit(desk, page, {"do": "solicit", "effector": str(doctor.uuid)})
    solve = reverse("unscheduled_care:solve", args=[*care, Difficulty.objects.order_by("pk")[0].uuid])
    walker.visit(coordinator, solve, {"answer": ANSWER})
    run_jobs()
    walker.desk, walker.zoe, walker.request_page, walker.by_sas = desk, zoe, page, by_sas
    walker.appointment = appointment
    return walker


def test_it_is_read_on_its_own_page_by_those_it_is_for(typed, hosted, doctor, coordinator):
    assertContains(typed.visit(typed.desk, typed.appointment), MARKER)
    assertContains(typed.visit(typed.desk, typed.request_page), MARKER, 4)  # who, what, doctor, message
    row = Appointment.objects.get(origin="desk")
    own = reverse("unscheduled_care:own_appointment", args=[hosted.slug, row.uuid])
    assertContains(typed.visit(doctor.user, own), MARKER)
    regulation = reverse("sas:regulation_appointment", args=[typed.by_sas.uuid])
    assertContains(typed.visit(typed.zoe, regulation), MARKER, 2)  # the reason, and what she told
    difficulties = reverse("unscheduled_care:difficulties", args=[hosted.slug])
    page = typed.visit(coordinator, difficulties)
    assertContains(page, MARKER, 2)
    assertContains(page, ANSWER)


def test_no_table_holds_it(typed):
    assert [table for table, text in everything_in_clear() if SECRET in text] == []
    assert CareRequest.objects.exclude(sealed=b"").count() == RequestMessage.objects.exclude(sealed=b"").count() == 1
    assert Appointment.objects.exclude(sealed=b"").count() == Difficulty.objects.exclude(sealed=b"").count() == 2


def test_no_mail_tells_it(typed, mailoutbox):
    assert OutgoingMail.objects.count() >= 3  # two appointments, one solicitation
    assert not any(SECRET in text for row in OutgoingMail.objects.values_list("subject", "body") for text in row)
    assert not any(SECRET in str(message.message()) for message in mailoutbox)
    assert len(mailoutbox) >= 3


def test_no_address_bears_it(typed):
    page = typed.visit(typed.desk, typed.request_page).content.decode()
    assert not [address for address in typed.addresses if SECRET in unquote_plus(address)]
    assert not [link for link in re.findall(r'(?:href|action|hx-get)="([^"]*)"', page) if SECRET in unquote_plus(link)]


def test_no_audit_row_nor_log_line_tells_it(typed, caplog, hosted, coordinator):
    typed.visit(coordinator, reverse("unscheduled_care:difficulties", args=[hosted.slug]))
    typed.visit(typed.desk, typed.request_page)
    told = AuditEvent.objects.values_list("summary", "target_label", "details", "by_name", "type")
    assert not [row for row in told if SECRET in str(row)]
    assert SECRET not in caplog.text
    assert {"reading.appointment", "reading.request", "reading.difficulties"} <= {row[4] for row in told}


def test_no_feed_list_export_nor_message_to_the_sas_tells_it(client, typed, hosted, doctor, coordinator):
    client.logout()
    feed = client.get(reverse("unscheduled_care:feed", args=[doctor.feed]))
    assertContains(feed, "Patient adress")
    assertNotContains(feed, SECRET)
    care = [hosted.slug]
    for name in ("appointments", "requests", "statistics", "desk", "own_agenda"):
        url = reverse(f"unscheduled_care:{name}", args=care)
        for query in ("", "?format=csv", f"?q={SECRET.split(maxsplit=1)[0]}"):
            body = typed.visit(doctor.user if name == "own_agenda" else coordinator, url + query).content.decode()
            assert MARKER not in body, url + query
    assertNotContains(typed.visit(typed.zoe, reverse("sas:regulation_appointments")), SECRET)


def test_the_sas_is_told_of_an_appointment_and_not_why(slots):
    booker = actions.Booker(user=RegulatorFactory().account, origin="sas")
    actions.book_slot(slot=slots[2], booker=booker, reason=MARKER, at=NOON)
    assert SasMessage.objects.get().content["status"] == "booked"
    assert SECRET not in str(SasMessage.objects.get().content)


def test_links_of_mails_show_it_to_nobody_who_is_not_signed_in(client, typed, doctor):
    client.logout()
    row = Appointment.objects.get(origin="desk")
    page = client.get(notifications.personal_path(row))
    assertContains(page, "À lire une fois connecté")
    assertNotContains(page, SECRET)
    assertNotContains(client.get(notifications.solicitation_path(Solicitation.objects.get())), SECRET)


def test_a_reason_is_not_taken_from_an_address(client, hosted, desk, slots):
    client.force_login(desk)
    book = reverse("unscheduled_care:desk_book", args=[hosted.slug, slots[0].uuid])
    client.post(book, {"query": f"{SEARCH}&motif={MARKER}"})
    assert bytes(Appointment.objects.get().sealed) == b""


def test_a_reason_follows_an_appointment_moved_to_another_cpts(hosted, slots, desk):
    booker = actions.Booker(user=desk, origin="desk", cpts=hosted)
    row = actions.book_slot(slot=slots[0], booker=booker, reason=MARKER, at=NOON)
    Appointment.objects.filter(pk=row.pk).update(cpts=None, sealed=b"")
    row = Appointment.objects.get()
    row.cpts_id = None
    write_sealed(row, "sealed", {"reason": MARKER}, at=NOON)
    row.save()
    moved = actions.move(appointment=row, to=slots[1], booker=booker, at=NOON)
    assert moved.cpts == hosted
    assert actions.read_appointment(appointment=Appointment.objects.get(), by=desk, at=NOON).reason == MARKER


def test_reasons_go_on_the_clock_of_what_names_patients(typed):
    assert actions.erase_patients(at=NOON + timedelta(days=80)) == 0
    kept = actions.erase_patients(at=NOON + timedelta(days=93))
    assert kept == 2 + 1  # two reasons, one difficulty that was answered
    assert not Appointment.objects.exclude(sealed=b"").exists()
    later = NOON + timedelta(days=110)
    assert actions.erase_patients(at=later) == 2  # the request that nobody closed, the difficulty that nobody answered
    request = CareRequest.objects.get()
    assert (request.outcome, request.ended_at, request.erased_at, bytes(request.sealed)) == (
        "expired",
        later,
        later,
        b"",
    )
    assert not RequestMessage.objects.exists()
    assert not Difficulty.objects.exclude(sealed=b"").exists()
    assert actions.erase_patients(at=later) == 0


def test_what_nobody_closes_is_told_once_before_it_is_erased(typed, hosted, coordinator):
    OutgoingMail.objects.all().delete()
    for day in (70, 75, 78, 79, 80, 85):
        actions.erase_patients(at=NOON + timedelta(days=day))
    told = OutgoingMail.objects.all()
    assert {mail.recipient for mail in told} == {coordinator.email, typed.desk.email}
    assert len(told) == 2
    assert "Demande sans issue : n° 1" in told[0].body.replace("\xa0", " ")
    assert "Difficultés sans réponse : 1" in told[0].body.replace("\xa0", " ")
    assert CareRequest.objects.get().is_waiting


def test_one_that_was_not_told_in_time_waits_for_it(typed):
    """The worker slept four months: the desk still has its fortnight."""
    late = NOON + timedelta(days=130)
    actions.erase_patients(at=late)
    assert CareRequest.objects.get().is_waiting
    actions.erase_patients(at=late + timedelta(days=13))
    assert CareRequest.objects.get().is_waiting
    actions.erase_patients(at=late + timedelta(days=14))
    assert CareRequest.objects.get().outcome == "expired"


def test_the_reason_goes_with_its_request(hosted, desk, slots, doctor):
    patient = {"who": "Jeanne", "what": MARKER, "doctor": ""}
    request = actions.open_request(
        cpts=hosted, patient=patient, commune=Commune.objects.get(code="24037"), group="10G", hours=48, by=desk, at=NOON
    )
    booker = actions.Booker(user=desk, origin="desk", cpts=hosted)
    row = actions.book_slot(slot=slots[2], booker=booker, reason=MARKER, at=NOON)
    actions.end_request(request=request, outcome="booked", appointment=row, by=desk, at=NOON - timedelta(days=2))
    assert timezone.localtime(row.ends_at).date() > NOON.date()
    assert actions.erase_patients(at=NOON + timedelta(days=90)) == 1
    assert bytes(Appointment.objects.get().sealed) == b""
