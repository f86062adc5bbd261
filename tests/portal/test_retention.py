"""What is kept, until when, and the daily work that erases it."""

import threading
from datetime import timedelta

import pytest
from django.apps import apps as django_apps
from django.db import connection
from django.db.models import CASCADE
from django.utils import timezone

from maillage.accounts.actions import invite
from maillage.accounts.models import AccountKind, Invitation, Role, User
from maillage.audit.models import AuditEvent
from maillage.core.letters import Letter
from maillage.core.models import Job, JobState
from maillage.core.secrecy.resealing import RESEAL
from maillage.core.work import jobs
from maillage.exchange.actions import contact_of, forget, write_mail
from maillage.exchange.models import Contact, OutgoingMail
from maillage.meetings.jobs import REMIND
from maillage.meetings.models import Meeting, SigninCode
from maillage.members.jobs import ENDINGS, UNPAID
from maillage.members.models import Convention, Membership
from maillage.portal.actions.retention import ERASE, erase_expired, expired
from maillage.territorial_diagnosis.jobs import REFRESH
from maillage.unscheduled_care.actions import READ
from tests.factories import MeetingFactory, MembershipFactory


def aged(days):
    return timezone.now() - timedelta(days=days)


def test_what_is_over_is_erased_and_the_rest_stays(cpts, coordinator):
    for days in (89, 91):
        write_mail(recipient="a@exemple.invalid", letter=Letter.plain(str(days), "x"), at=aged(days))
    Job.objects.update(state=JobState.DONE, finished_at=aged(91))
    for days, email in ((103, "gardee"), (105, "effacee")):
        invite(cpts=cpts, email=f"{email}@exemple.invalid", role=Role.MEMBER, by=coordinator, at=aged(days))
    for years, name in ((4, "Gardée"), (6, "Effacée")):
        day = aged(365 * years).date()
        MembershipFactory(cpts=cpts, family_name=name, status="left", joined_on=day, left_on=day)
    erase_expired({}, lambda *_: None)
    assert "91" not in OutgoingMail.objects.values_list("subject", flat=True)
    assert "89" in OutgoingMail.objects.values_list("subject", flat=True)
    assert [one.email for one in Invitation.objects.all()] == ["gardee@exemple.invalid"]
    assert [one.family_name for one in Membership.objects.all()] == ["Gardée"]
    assert not Job.objects.filter(state=JobState.DONE).exists()
    assert AuditEvent.objects.exists()


def test_meetings_codes_and_addresses_go_on_their_day(cpts):
    for years, title in ((5, "Gardée"), (7, "Effacée")):
        day = aged(365 * years)
        MeetingFactory(cpts=cpts, title=title, starts_at=day, ends_at=day + timedelta(hours=1))
    MeetingFactory(cpts=cpts, undated=True, title="Jamais datée", created_at=aged(365 * 7))
    held = Meeting.objects.get(title="Gardée")
    for hours in (1, 30):
        SigninCode.objects.create(meeting=held, key=str(hours), digest="x", expires_at=aged(0) - timedelta(hours=hours))
    for years in (2, 4):
        contact_of(cpts.pk, f"{years}@exemple.invalid", aged(365 * years))
    forget(contact=contact_of(cpts.pk, "oubliee@exemple.invalid", aged(365 * 9)), at=aged(365 * 9))
    erase_expired({}, lambda *_: None)
    assert [one.title for one in Meeting.objects.all()] == ["Gardée"]
    assert [one.key for one in SigninCode.objects.all()] == ["1"]
    assert sorted(one.email for one in Contact.objects.all()) == ["", "2@exemple.invalid"]


def test_what_a_regulator_signed_in_as_goes_a_year_after_their_last_entry(db):
    for days in (364, 366):
        User.objects.create_user(
            "", kind=AccountKind.EXTERNAL, identifier=f"regulator:{days}", last_login=aged(days), family_name="Loret"
        )
    erase_expired({}, lambda *_: None)
    assert [one.identifier for one in User.objects.all()] == ["regulator:364"]


DAILY = {ERASE, REFRESH, UNPAID, ENDINGS, REMIND, READ, RESEAL}


def test_the_daily_work_is_asked_for_once_a_day(db):
    assert {job.kind for job in jobs.enqueue_daily(timezone.now())} == DAILY
    assert jobs.enqueue_daily(timezone.now()) == []
    assert len(jobs.enqueue_daily(timezone.now() + timedelta(days=1))) == len(DAILY)


@pytest.mark.django_db(transaction=True)
def test_of_four_workers_one_asks():
    start, at = threading.Barrier(4), timezone.now()

    def ask():
        start.wait()
        jobs.enqueue_daily(at)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.filter(kind=ERASE).count() == 1


# Erased by an action of its own, which tells people before, or one row after another: its test is named beside it.
ERASED_BY_ACTION = {
    "User": "tests/accounts/test_unused.py",
}


def test_each_retention_that_is_declared_is_done(db):
    """A row goes by a statement of its app's workspace, or with a row that does."""
    erased = {rows.model for rows in expired(timezone.now())}
    timed = {model for model in django_apps.get_models() if getattr(model, "RETENTION_DAYS", None) is not None}
    done = erased | {model for model in timed if model.__name__ in ERASED_BY_ACTION}
    while more := {model for model in django_apps.get_models() if model not in done and _owners(model) & done}:
        done |= more
    assert {model.__name__ for model in timed - done} == set()


def _owners(model):
    """The models whose rows take its own with them."""
    fields = [field for field in model._meta.get_fields() if field.is_relation and field.concrete]
    return {field.related_model for field in fields if getattr(field.remote_field, "on_delete", None) is CASCADE}


def test_a_convention_goes_six_years_after_its_end_unless_it_is_renewed(cpts):
    for years, renewed, partner in ((5, False, "récente"), (7, False, "ancienne"), (7, True, "reconduite")):
        end = aged(365 * years).date()
        Convention.objects.create(
            cpts=cpts,
            partner=partner,
            purpose="Essai",
            starts_on=end - timedelta(days=300),
            ends_on=end,
            is_renewed_tacitly=renewed,
        )
    erase_expired({}, lambda *_: None)
    assert sorted(one.partner for one in Convention.objects.all()) == ["reconduite", "récente"]
