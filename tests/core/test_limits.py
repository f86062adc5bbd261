"""The mechanism of limits: arithmetic, what is kept, and the count under threads and processes."""

import re
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from maillage.core.checks import limits_are_known
from maillage.core.dates import DAY, HOUR, MINUTE, waiting_text
from maillage.core.limits import (
    REGISTER,
    By,
    Limit,
    LimitReached,
    allows,
    digest,
    read_setting,
    refusals_noted,
    spend,
)
from maillage.core.models import LimitCount, LimitRefusal
from maillage.core.network import block_of, network_of
from maillage.portal.actions.retention import erase_expired
from tests.factories import NOON

THREE = Limit("three", "Essai", 3, HOUR, (By.ACCOUNT,), "Trop d’essais")
WIDE = Limit("wide", "Essai", 10, DAY, (By.NETWORK,), "Trop d’essais")
PAIR = Limit("pair", "Essai", 2, MINUTE, (By.ACCOUNT, By.NETWORK), "Trop d’essais")
SECOND = timedelta(seconds=1)


def passed(limit, times, *, at=NOON, **keys):
    return sum(allows(limit, at=at, **keys) for _ in range(times))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "dans 1 seconde"),
        (45, "dans 45 secondes"),
        (89, "dans 89 secondes"),
        (90, "dans 2 minutes"),
        (181, "dans 4 minutes"),
        (HOUR, "dans 60 minutes"),
        (7201, "dans 3 heures"),
        (DAY, "dans 24 heures"),
        (2 * DAY, "dans 48 heures"),
        (2 * DAY + 1, "dans 3 jours"),
    ],
)
def test_when_to_try_again_is_told_in_the_unit_that_says_something(seconds, text):
    assert waiting_text(seconds) == text


@given(st.integers(min_value=1, max_value=90 * DAY))
def test_nobody_is_asked_back_too_early(seconds):
    count, unit = waiting_text(seconds).removeprefix("dans ").split()
    told = int(count) * {"seconde": 1, "minute": MINUTE, "heure": HOUR, "jour": DAY}[unit.rstrip("s")]
    assert seconds <= told <= seconds * 2 or told - seconds < MINUTE


@pytest.mark.parametrize(
    ("address", "network", "block"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64", "2001:db8:1::/48"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown", "unknown"),
    ],
)
def test_networks(address, network, block):
    assert (network_of(address), block_of(address)) == (network, block)


@pytest.mark.parametrize("text", ["", "3", "3/", "/3", "0/3", "3/0", "-1/3", "a/b", "3/3/3"])
def test_a_setting_that_says_nothing_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  # whatever it says
        read_setting(text)


def test_the_settings_change_a_limit_and_an_unknown_name_stops_the_instance(settings):
    name = next(iter(REGISTER))
    settings.LIMITS = {name: "7/70"}
    assert (REGISTER[name].most, REGISTER[name].seconds) == (7, 70)
    assert limits_are_known(None) == []
    settings.LIMITS = {"inconnue": "7/70", name: "beaucoup"}
    assert [error.id for error in limits_are_known(None)] == ["maillage.E002", "maillage.E003"]


def test_a_limit_lets_its_most_pass_then_says_when(db):
    assert passed(THREE, 5, account=1) == 3
    assert passed(THREE, 1, account=2) == 1
    with pytest.raises(LimitReached) as refusal:
        spend(THREE, at=NOON + timedelta(minutes=50), account=1)
    assert refusal.value.retry_after == 600
    assert refusal.value.user_message == "Trop d’essais : réessayez dans 10 minutes."


def test_a_span_begins_with_the_first_act_and_is_forgotten_after_it(db):
    assert passed(THREE, 3, at=NOON + timedelta(minutes=59), account=1) == 3
    assert passed(THREE, 1, at=NOON + timedelta(minutes=59) + timedelta(hours=1) - SECOND, account=1) == 0
    assert passed(THREE, 5, at=NOON + timedelta(minutes=59) + timedelta(hours=1), account=1) == 3


def test_several_limits_are_counted_together_or_not_at_all(db):
    address = "192.0.2.1"
    for _ in range(4):
        allows(THREE, WIDE, PAIR, at=NOON, account=1, address=address)
    assert dict(LimitCount.objects.values_list("name", "spent")) == {"three": 2, "wide": 2, "pair": 2}
    with pytest.raises(LimitReached) as refusal:
        spend(THREE, WIDE, PAIR, at=NOON, account=1, address=address)
    assert refusal.value.limit == PAIR


def test_the_wait_that_is_told_is_the_longest(db):
    spend(PAIR, at=NOON, cost=2, account=1, address="192.0.2.1")
    spend(THREE, at=NOON, cost=3, account=1)
    with pytest.raises(LimitReached) as refusal:
        spend(PAIR, THREE, at=NOON, account=1, address="192.0.2.1")
    assert refusal.value.limit == THREE


def test_what_went_well_is_given_back_once_and_to_its_own_span(db):
    spent = spend(THREE, at=NOON, account=1)
    spent.give_back()
    assert passed(THREE, 5, account=1) == 3
    later = NOON + timedelta(hours=2)
    assert passed(THREE, 3, at=later, account=1) == 3
    spent.give_back()
    assert passed(THREE, 1, at=later, account=1) == 0


def test_more_at_once_than_the_limit_allows_never_passes(db):
    with pytest.raises(LimitReached, match="3 au plus en 60 minutes"):
        spend(THREE, at=NOON, cost=4, account=1)
    spend(THREE, at=NOON, cost=2, account=1)
    assert not allows(THREE, at=NOON, cost=2, account=1)
    assert allows(THREE, at=NOON, cost=1, account=1)


def test_an_act_that_is_rolled_back_costs_nothing(db):
    with transaction.atomic():
        spend(THREE, at=NOON, account=1)
        transaction.set_rollback(True)
    assert not LimitCount.objects.exists()


def test_what_is_counted_names_nobody(db, settings):
    spend(WIDE, PAIR, at=NOON, account="claire@exemple.invalid", address="192.0.2.7")
    with refusals_noted():
        passed(PAIR, 3, account="claire@exemple.invalid", address="192.0.2.7")
    kept = str([list(model.objects.values()) for model in (LimitCount, LimitRefusal)])
    assert LimitRefusal.objects.exists()
    assert "claire" not in kept
    assert "192.0" not in kept
    before = digest(WIDE, ["192.0.2.7"])
    settings.SECRET_KEY = "another"
    assert digest(WIDE, ["192.0.2.7"]) != before


def test_keys_are_never_taken_for_each_other():
    assert digest(PAIR, ["a", "bc"]) != digest(PAIR, ["ab", "c"])
    assert digest(PAIR, ["a\x001:b", "c"]) != digest(PAIR, ["a", "b\x001:c"])
    assert digest(THREE, [1]) != digest(WIDE, [1])


def test_a_key_that_is_missing_is_a_bug_and_not_a_key(db):
    with pytest.raises(AssertionError):
        spend(THREE, at=NOON)
    with pytest.raises(AssertionError):
        spend(WIDE, at=NOON, account=1)


def test_refusals_are_counted_by_day_even_when_the_act_is_rolled_back(db):
    spend(THREE, at=NOON, cost=3, account=1)
    for day in (0, 0, 0):
        with refusals_noted(), pytest.raises(LimitReached), transaction.atomic():
            spend(THREE, at=NOON + timedelta(days=day), account=1)
    row = LimitRefusal.objects.get()
    assert (row.name, row.count, row.day) == ("three", 3, NOON.date())


def test_the_database_refuses_more_than_the_most(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        LimitCount.objects.create(name="x", key="x", spent=4, most=3, ends_at=NOON)
    LimitCount.objects.create(name="x", key="x", spent=3, most=3, ends_at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        LimitCount.objects.create(name="x", key="x", spent=1, most=3, ends_at=NOON)


def test_what_is_over_is_swept_each_day(db):
    now = timezone.now()
    for ago in (0, 2):
        spend(THREE, at=now - timedelta(hours=ago), account=ago)
    for ago in (30, 33):
        day = timezone.localdate(now - timedelta(days=ago))
        LimitRefusal.objects.create(name=str(ago), key="x", day=day, count=1, last_at=now)
    erase_expired({}, lambda *_: None)
    assert LimitCount.objects.count() == 1
    assert [row.name for row in LimitRefusal.objects.all()] == ["30"]


def test_one_act_costs_one_statement_however_many_limits(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        spend(THREE, at=NOON, account=1)
    with django_assert_num_queries(3):  # a savepoint around it
        spend(THREE, WIDE, PAIR, at=NOON, account=1, address="192.0.2.1")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("together", [(WIDE,), (WIDE, PAIR)], ids=["one", "several"])
def test_of_many_threads_no_more_than_the_most_pass(together):
    won, start = [], threading.Barrier(8)

    def run(number):
        start.wait()
        try:
            won.extend(allows(*together, at=NOON, account=number, address="192.0.2.1") for _ in range(5))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(won) == 10
    assert LimitCount.objects.get(name="wide").spent == 10


RACE = """
import django; django.setup()
from django.conf import settings
from django.db import connections
settings.DATABASES["default"]["NAME"] = {name!r}
connections["default"].settings_dict["NAME"] = {name!r}
from datetime import datetime
from maillage.core.limits import By, Limit, allows
WIDE = Limit("wide", "Essai", 10, 86400, (By.NETWORK,), "Trop")
at = datetime.fromisoformat({at!r})
print(sum(allows(WIDE, at=at, address="192.0.2.1") for _ in range(8)))
"""


@pytest.mark.django_db(transaction=True)
def test_of_several_processes_no_more_than_the_most_pass():
    code = RACE.format(name=str(connection.settings_dict["NAME"]), at=NOON.isoformat())
    workers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    totals = [int(worker.communicate(timeout=120)[0]) for worker in workers]
    assert sum(totals) == 10


def test_the_table_for_whoever_runs_an_instance_says_what_the_code_does():
    table = (Path(__file__).parents[2] / "docs/ops/limits.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\S+)` \| (.+?) \| `(\d+)/(\d+)` \| (.+?) \|$", table, re.MULTILINE)
    ours = [
        (row.name, row.label, str(row.usual_most), str(row.usual_seconds), row.by_label) for row in REGISTER.values()
    ]
    assert sorted(told) == sorted(ours)
