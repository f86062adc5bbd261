"""Mail out: kinds, choices, hours, refusals; links without an account."""

from datetime import timedelta
from io import BytesIO
from mailbox import Maildir
from smtplib import SMTPRecipientsRefused
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.audit.models import AuditEvent
from maillage.core import links
from maillage.core.letters import Letter
from maillage.core.models import Job
from maillage.exchange.actions import CONTACT_LINK, contact_of, forget, write_mail
from maillage.exchange.actions.contacts import key_of
from maillage.exchange.models import Contact, MailKind, MailState, OutgoingMail
from tests.exchange.test_rules import notice
from tests.factories import NOON

NIGHT = NOON.replace(hour=22)
EMAIL = "paule@exemple.invalid"


def write(cpts, at=NOON, kind=MailKind.INVITATION, email=EMAIL, **more):
    return write_mail(
        recipient=email, letter=Letter.plain("Réunion", "Venez."), at=at, cpts_id=cpts.pk, kind=kind, **more
    )


def test_an_invitation_carries_the_way_to_refuse_it(cpts, run_jobs):
    write(cpts)
    run_jobs()
    sent = outbox.outbox[-1]
    mail = OutgoingMail.objects.get()
    assert sent.extra_headers["Message-ID"].startswith(f"<{mail.uuid.hex}@")
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/messages/" in sent.body
    assert EMAIL not in sent.body + sent.extra_headers["List-Unsubscribe"]
    assert mail.state == MailState.SENT
    assert mail.body == ""


def test_an_answer_to_a_request_goes_at_once_at_any_hour(cpts, run_jobs):
    write(cpts, at=NIGHT, kind=MailKind.SERVICE)
    assert OutgoingMail.objects.get().not_before is None
    assert not Contact.objects.exists()
    run_jobs()
    assert "/messages/" not in outbox.outbox[-1].body


def test_a_night_invitation_waits_for_the_morning(cpts):
    mail = write(cpts, at=NIGHT)
    assert timezone.localtime(mail.not_before).hour == 8
    task = Job.objects.get()
    assert task.state == "waiting"


def test_the_fifth_message_of_a_day_waits_for_the_next(cpts):
    mails = [write(cpts, email=EMAIL.upper() if number else EMAIL) for number in range(9)]
    days = [timezone.localdate(one.not_before or one.created_at) - timezone.localdate(NOON) for one in mails]
    assert [one.days for one in days] == [0] * 4 + [1] * 4 + [2]


def test_a_reminder_that_would_come_after_the_event_is_dropped(cpts, run_jobs):
    mail = write(cpts, at=NIGHT, kind=MailKind.REMINDER, stale_at=NIGHT + timedelta(hours=2))
    assert (mail.state, mail.body) == (MailState.DROPPED, "")
    late = write(cpts, kind=MailKind.REMINDER, stale_at=NOON + timedelta(hours=1), email="b@exemple.invalid")
    run_jobs()  # the worker only wakes today, long after
    late.refresh_from_db()
    assert late.state == MailState.DROPPED
    assert not outbox.outbox


def test_what_a_person_refuses_is_kept_with_its_reason_and_never_leaves(cpts, client, run_jobs):
    waiting = write(cpts, kind=MailKind.NEWS)
    contact = Contact.objects.get()
    url = reverse(
        "exchange:choices", args=[links.sign(CONTACT_LINK, contact.uuid, until=timezone.now() + timedelta(1))]
    )
    assert client.get(url).status_code == 200
    contact.refresh_from_db()
    assert contact.refused_kinds == []
    client.post(url, {"accepted": ["invitation", "reminder"], "weekdays_only": "on"})
    contact.refresh_from_db()
    assert (contact.refused_kinds, contact.weekdays_only) == (["news"], True)
    run_jobs()
    waiting.refresh_from_db()
    assert waiting.state == MailState.REFUSED
    assert write(cpts, kind=MailKind.NEWS).state == MailState.REFUSED
    assert write(cpts).state == MailState.QUEUED


def test_the_one_click_way_out_needs_no_page_and_a_scanner_changes_nothing(cpts):
    write(cpts)
    contact = Contact.objects.get()
    client = Client(enforce_csrf_checks=True)
    token = links.sign(CONTACT_LINK, contact.uuid, until=timezone.now() + timedelta(1))
    url = reverse("exchange:stop", args=[token])
    assert client.get(url).status_code == 302
    contact.refresh_from_db()
    assert contact.refused_kinds == []
    assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    contact.refresh_from_db()
    assert contact.refused_kinds == ["invitation", "reminder", "news"]


def test_somebody_forgotten_is_never_written_to_again_and_nothing_names_them(cpts, client):
    write(cpts)
    contact = Contact.objects.get()
    url = reverse(
        "exchange:choices", args=[links.sign(CONTACT_LINK, contact.uuid, until=timezone.now() + timedelta(1))]
    )
    assert "oubliée" in client.post(url, {"do": "forget"}).content.decode()
    assert client.get(url).status_code == 410
    assert not OutgoingMail.objects.filter(recipient=EMAIL).exists()
    assert write(cpts) is None
    assert not OutgoingMail.objects.exists()
    contact.refresh_from_db()
    assert (contact.email, contact.key) == ("", key_of(EMAIL))
    assert not AuditEvent.objects.filter(target_label__contains=EMAIL, type="contact.forgotten").exists()


def test_an_address_refused_by_its_server_is_shown_and_may_be_tried_again(
    cpts, coordinator, client, monkeypatch, run_jobs
):
    def refuse(self, messages):
        raise SMTPRecipientsRefused({EMAIL: (550, b"5.1.1 User unknown")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    mail = write(cpts)
    run_jobs()
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (MailState.BOUNCED, "5.1.1 User unknown")
    assert write(cpts).state == MailState.BOUNCED
    client.force_login(coordinator)
    page = client.get(reverse("exchange:journal", args=[cpts.slug])).content.decode()
    assert "User unknown" in page
    contact = Contact.objects.get()
    client.post(reverse("exchange:retry_address", args=[cpts.slug, contact.uuid]))
    assert write(cpts).state == MailState.QUEUED


def test_a_server_that_asks_to_wait_is_tried_again(cpts, monkeypatch, run_jobs):
    def busy(self, messages):
        raise SMTPRecipientsRefused({EMAIL: (450, b"greylisted")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", busy)
    mail = write(cpts)
    run_jobs()
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED
    assert Job.objects.get().attempts == 1


def test_notices_of_refusal_are_read_from_a_pipe_and_from_a_folder(cpts, tmp_path, monkeypatch, capsys, run_jobs):
    mail = write(cpts)
    run_jobs()
    raw = notice(identifier=mail.uuid.hex)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(raw)))
    call_command("receive_bounces")
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (MailState.BOUNCED, "550 5.1.1 User unknown")
    assert Contact.objects.get().bounced_at
    box = Maildir(tmp_path / "refus")
    for one in (raw, b"Subject: autre\n\nBonjour", notice(identifier=uuid4().hex)):
        box.add(one)
    call_command("receive_bounces", tmp_path / "refus")
    assert capsys.readouterr().out.split() == ["1", "1"]
    assert len(box) == 2


def test_a_calendar_travels_with_its_method(cpts, run_jobs):
    write(cpts, calendar="BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n")
    run_jobs()
    message = outbox.outbox[-1].message()
    part = next(one for one in message.walk() if one.get_filename() == "reunion.ics")
    assert part["Content-Type"].startswith('text/calendar; method="CANCEL"')


def test_the_sender_of_refusals_is_not_the_one_people_read(cpts, settings, run_jobs):
    settings.BOUNCE_EMAIL = "refus@exemple.invalid"
    write(cpts)
    run_jobs()
    sent: EmailMessage = outbox.outbox[-1]
    assert sent.from_email == "refus@exemple.invalid"
    assert sent.message()["From"] == settings.DEFAULT_FROM_EMAIL


def test_a_link_opens_its_own_door_until_it_expires():
    uuid, until = uuid4(), NOON + timedelta(days=1)
    token = links.sign("answer", uuid, until=until)
    assert links.read("answer", token, at=NOON) == uuid
    for purpose, text, at in (
        ("choices", token, NOON),
        ("answer", token[:-1] + "~", NOON),
        ("answer", "rien", NOON),
        ("answer", "", NOON),
    ):
        with pytest.raises(links.LinkUnusable) as caught:
            links.read(purpose, text, at=at)
        assert not isinstance(caught.value, links.LinkExpired)
    with pytest.raises(links.LinkExpired):
        links.read("answer", token, at=until)
    assert uuid.hex not in token


def test_the_journal_belongs_to_the_team(cpts, coordinator, member, stranger, client):
    write(cpts)
    url = reverse("exchange:journal", args=[cpts.slug])
    for person, status in ((member, 403), (stranger, 404), (coordinator, 200)):
        client.force_login(person)
        assert client.get(url).status_code == status
    assert EMAIL in client.get(f"{url}?format=csv").content.decode()
    contact_of(cpts.pk, EMAIL, NOON)
    assert Contact.objects.count() == 1


def test_two_forgettings_change_nothing_more(cpts):
    contact = contact_of(cpts.pk, EMAIL, NOON)
    forget(contact=contact, at=NOON)
    forget(contact=contact, at=NOON)
    assert Contact.objects.get().forgotten_at == NOON
