"""Limits counted a lease at a time: no more than the most, and a flood that asks the database nothing."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from maillage.core.leases import forget_leases, spend_leased
from maillage.core.limits import By, Limit, LimitReached, refusals_noted, uncounted
from maillage.core.models import LimitCount, LimitRefusal
from tests.factories import NOON

HUNDRED = Limit("hundred", "Essai", 100, 60, (By.OBJECT,), "Trop d’appels")
SMALL = Limit("small", "Essai", 3, 60, (By.OBJECT,), "Trop d’appels")


def passed(limit, times, *, lease=10, at=NOON, of="x"):
    count = 0
    for _ in range(times):
        try:
            spend_leased(limit, lease=lease, at=at, of=of)
            count += 1
        except LimitReached:
            pass
    return count


def test_a_lease_asks_the_database_once_for_many(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert passed(HUNDRED, 10) == 10
    with django_assert_num_queries(1):
        assert passed(HUNDRED, 1) == 1
    assert LimitCount.objects.get().spent == 20


def test_the_most_pass_and_no_more_until_the_span_is_over(db):
    assert passed(HUNDRED, 150) == 100
    assert passed(HUNDRED, 5, of="y") == 5
    assert passed(HUNDRED, 1, at=NOON + timedelta(seconds=59)) == 0
    assert passed(HUNDRED, 150, at=NOON + timedelta(seconds=60)) == 100


def test_a_limit_smaller_than_the_lease_is_held(db):
    assert passed(SMALL, 10) == 3


def test_a_refusal_is_remembered_and_says_when_to_come_back(db, django_assert_num_queries):
    passed(HUNDRED, 101)
    with django_assert_num_queries(0), pytest.raises(LimitReached) as refusal:
        spend_leased(HUNDRED, lease=10, at=NOON + timedelta(seconds=20), of="x")
    assert refusal.value.retry_after == 40


def test_refusals_of_a_flood_are_counted_a_lease_at_a_time(db):
    with refusals_noted():
        passed(HUNDRED, 100 + 1 + 25)
    assert LimitRefusal.objects.get().count == 21


def test_another_process_takes_its_own_leases_from_the_same_count(db):
    assert passed(HUNDRED, 45) == 45
    forget_leases()  # as another process would begin
    assert passed(HUNDRED, 100) == 50
    assert LimitCount.objects.get().spent == 100


def test_what_is_loaded_as_past_is_not_counted(db):
    with uncounted():
        assert passed(SMALL, 10) == 10
    assert not LimitCount.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_threads_no_more_than_the_most_pass():
    totals = []

    def run():
        try:
            totals.append(passed(HUNDRED, 40))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 100 - 6 * 10 < sum(totals) <= 100
