"""What is kept, until when, and the daily work that erases it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from maillage.accounts.actions import invite
from maillage.accounts.models import Invitation, Role
from maillage.audit.models import AuditEvent
from maillage.core import jobs
from maillage.core.models import Job, JobState
from maillage.exchange.actions import write_mail
from maillage.exchange.models import OutgoingMail
from maillage.meetings.jobs import REMIND
from maillage.members.jobs import ENDINGS, UNPAID
from maillage.members.models import Membership
from maillage.portal.retention import ERASE, erase_expired
from maillage.territorial_diagnosis.jobs import REFRESH
from tests.factories import MembershipFactory


def aged(days):
    return timezone.now() - timedelta(days=days)


def test_what_is_over_is_erased_and_the_rest_stays(cpts, coordinator):
    for days in (89, 91):
        write_mail(recipient="a@exemple.invalid", subject=str(days), body="x", at=aged(days))
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


def test_the_daily_work_is_asked_for_once_a_day(db):
    assert {job.kind for job in jobs.enqueue_daily(timezone.now())} == {ERASE, REFRESH, UNPAID, ENDINGS, REMIND}
    assert jobs.enqueue_daily(timezone.now()) == []
    assert len(jobs.enqueue_daily(timezone.now() + timedelta(days=1))) == 5


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
