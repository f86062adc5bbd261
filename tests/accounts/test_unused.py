"""Accounts that nobody uses: told a month before, erased after a year, roles withdrawn; those who sign in stay."""

from datetime import timedelta

import pytest
from django.core import mail

from maillage.accounts.actions.unused import erase_unused_accounts
from maillage.accounts.models import Invitation, Role, RoleAssignment, User
from maillage.audit.models import AuditEvent
from tests.factories import NOON, UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def account(role, on, *, used=NOON):
    user = UserFactory(role=role, on=on)
    User.objects.filter(pk=user.pk).update(last_login=used, created_at=used)
    return user


def erase_on(day):
    return erase_unused_accounts(at=NOON + day * DAY)


def test_it_is_told_once_a_month_before_then_erased_with_its_roles(cpts):
    account(Role.COORDINATOR, cpts, used=NOON + 400 * DAY)
    member = account(Role.MEMBER, cpts)
    assert [erase_on(day) for day in (334, 335, 336, 350, 364)] == [0, 0, 0, 0, 0]
    assert [letter.to for letter in mail.outbox] == [[member.email]]
    assert erase_on(365) == 1
    assert not User.objects.filter(pk=member.pk).exists()
    assert not RoleAssignment.objects.filter(role=Role.MEMBER).exists()
    assert set(AuditEvent.objects.filter(by_id=None).values_list("type", flat=True)) >= {
        "role.withdrawn",
        "account.erased",
    }
    assert erase_on(366) == 0


def test_the_day_that_is_told_is_that_of_the_clock_on_the_wall(cpts):
    midnight = NOON + timedelta(hours=12.5)  # half past midnight in Paris, still the day before in UTC
    account(Role.COORDINATOR, cpts, used=NOON + 900 * DAY)
    account(Role.MEMBER, cpts)
    erase_unused_accounts(at=midnight + 335 * DAY)
    assert "après le 23 novembre 2027" not in mail.outbox[0].body.replace("\xa0", " ")
    assert "après le 24 novembre 2027" in mail.outbox[0].body.replace("\xa0", " ")


def test_signing_in_after_the_message_keeps_it_and_starts_again(cpts):
    account(Role.COORDINATOR, cpts, used=NOON + 900 * DAY)
    member = account(Role.MEMBER, cpts)
    erase_on(335)
    User.objects.filter(pk=member.pk).update(last_login=NOON + 340 * DAY)
    assert [erase_on(day) for day in (365, 400, 600)] == [0, 0, 0]
    assert len(mail.outbox) == 1
    erase_on(340 + 335)
    assert len(mail.outbox) == 2
    assert erase_on(340 + 365) == 1


def test_one_that_was_not_told_in_time_has_its_month(cpts):
    account(Role.COORDINATOR, cpts, used=NOON + 900 * DAY)
    account(Role.MEMBER, cpts)
    assert [erase_on(day) for day in (500, 529)] == [0, 0]
    assert erase_on(530) == 1


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INSTANCE_ADMIN])
def test_whoever_alone_holds_a_place_is_told_and_kept(cpts, role):
    user = account(role, None if role == Role.INSTANCE_ADMIN else cpts)
    erase_on(335)
    assert erase_on(500) == 0
    assert User.objects.filter(pk=user.pk).exists()
    assert len(mail.outbox) == 1


def test_one_whose_work_others_need_stays_and_names_nobody(cpts):
    account(Role.COORDINATOR, cpts, used=NOON + 900 * DAY)
    user = account(Role.PRESIDENT, cpts)
    Invitation.objects.create(
        cpts=cpts, email="x@exemple.invalid", role=Role.MEMBER, invited_by=user, created_at=NOON, expires_at=NOON
    )
    erase_on(335)
    assert erase_on(365) == 1
    emptied = User.objects.get(pk=user.pk)
    assert (str(emptied), emptied.email, emptied.is_active, emptied.has_usable_password()) == (
        "Compte effacé",
        "",
        False,
        False,
    )
    assert not emptied.assignments.exists()
    assert erase_on(366) == 0
