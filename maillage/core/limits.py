"""How often an act may be done: limits declared as data, counted in the database, told in French.

A limit counts from the first act on, for its span, then forgets. One statement counts all the limits of an act, and
nothing is counted when one of them is reached: of any number of threads and processes never more than `most` pass.
What is counted is a digest made with the secret of the instance: no address, no account is written.

Each app declares its own in `limits.py`; `LIMITS` of the settings changes them (docs/ops/limits.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from math import ceil
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from maillage.core.dates import span_text, waiting_text
from maillage.core.errors import DomainError
from maillage.core.models import KEY_LENGTH, NAME_LENGTH, LimitCount
from maillage.core.network import address_of, block_of, network_of
from maillage.core.sql.rows import Columns, read_rows


class By(StrEnum):
    """What an act is counted by. Several together are counted as one: this account from that network."""

    ACCOUNT = "account"
    NETWORK = "network"  # an IPv4 address, the /64 of an IPv6
    BLOCK = "block"  # the /48 of an IPv6: what one subscriber may be given
    OBJECT = "object"  # a CPTS, a meeting, an appointment, a device

    @property
    def label(self) -> str:
        labels = {"account": "compte", "network": "réseau", "block": "bloc de réseaux", "object": "objet"}
        return labels[self.value]


@dataclass(frozen=True)
class Limit:
    """`most` acts in `seconds`, counted by all of `by` together. `said` begins the refusal that people read."""

    name: str
    label: str
    usual_most: int
    usual_seconds: int
    by: tuple[By, ...]
    said: str
    is_shown: bool = True  # to the administrator

    @property
    def most(self) -> int:
        return self._in_force()[0]

    @property
    def seconds(self) -> int:
        return self._in_force()[1]

    @property
    def by_label(self) -> str:
        return " et ".join(part.label for part in self.by)

    def _in_force(self) -> tuple[int, int]:
        changed: str | None = settings.LIMITS.get(self.name)
        return read_setting(changed) if changed else (self.usual_most, self.usual_seconds)


REGISTER: dict[str, Limit] = {}
TOO_MANY_TRIES, TOO_MANY = "Trop d’essais", "Trop de demandes en peu de temps"


def limit(
    name: str, label: str, *, most: int, seconds: int, by: tuple[By, ...], said: str = TOO_MANY, is_shown: bool = True
) -> Limit:
    """Declare a limit, once: it is counted, shown to the administrator and changed by this name."""
    assert name not in REGISTER, name
    assert len(name) <= NAME_LENGTH, name
    declared = Limit(name, label, most, seconds, by, said, is_shown)
    REGISTER[name] = declared
    return declared


def read_setting(text: str) -> tuple[int, int]:
    """`30/3600` is thirty an hour. Raises ValueError."""
    most, _, seconds = text.partition("/")
    values = int(most), int(seconds)
    if min(values) < 1:
        raise ValueError(text)
    return values


class LimitReached(DomainError):
    """Too many, too soon. `retry_after`: seconds until the next try may pass; `is_silent`: nobody is told.

    `times`: how many refusals it stands for.
    """

    is_silent, times = False, 1

    def __init__(self, limit: Limit, key: str, at: datetime, retry_after: int, user_message: str = "") -> None:
        self.limit, self.key, self.at, self.retry_after = limit, key, at, retry_after
        super().__init__(user_message or f"{limit.said} : réessayez {waiting_text(retry_after)}.")


@dataclass(frozen=True)
class Spent:
    """What was counted, that an act which went well may give back: only failures then remain."""

    rows: tuple[tuple[str, str, datetime], ...] = ()
    cost: int = 0

    def give_back(self) -> None:
        for name, key, ends_at in self.rows:
            read_rows(GIVE_BACK, [self.cost, name, key, ends_at, self.cost], ())


GIVE_BACK = """UPDATE core_limitcount SET spent = spent - %s
WHERE name = %s AND key = %s AND ends_at = %s AND spent >= %s RETURNING id"""
SPEND = """INSERT INTO core_limitcount AS held (name, key, spent, most, ends_at) VALUES {rows}
ON CONFLICT (name, key) DO UPDATE SET most = excluded.most,
    spent = CASE WHEN held.ends_at <= %s THEN excluded.spent ELSE held.spent + excluded.spent END,
    ends_at = CASE WHEN held.ends_at <= %s THEN excluded.ends_at ELSE held.ends_at END
WHERE held.ends_at <= %s OR held.spent + excluded.spent <= excluded.most
RETURNING name, ends_at"""
RETURNED = Columns(LimitCount, "name", "ends_at").fields


def spend(*limits: Limit, at: datetime, cost: int = 1, account: Any = None, address: str = "", of: Any = None) -> Spent:
    """Count an act in all these limits, or in none. Raises LimitReached.

    `account`: who acts; `address`: from where (core.network.address_of); `of`: on what. Inside a transaction that is
    rolled back nothing was counted: an act that failed costs nothing.
    """
    if _uncounted.get():
        return Spent()
    keys = {declared: key_of(declared, account=account, address=address, of=of) for declared in limits}
    too_small = [declared for declared in limits if cost > declared.most]
    if too_small:
        declared = too_small[0]
        raise noted(LimitReached(declared, keys[declared], at, declared.seconds, _too_much(declared)))
    passed = _counted(keys, at, cost)
    reached = [declared for declared in limits if declared.name not in passed]
    if reached:
        raise _slowest(reached, keys, at)
    return Spent(tuple((declared.name, keys[declared], passed[declared.name]) for declared in limits), cost)


def spend_from(request: HttpRequest, *limits: Limit, of: Any = None) -> Spent:
    """Count what the network of a request asks for, now: public forms, codes, machines. Raises LimitReached."""
    return spend(*limits, at=timezone.now(), address=address_of(request), of=of)


_uncounted: ContextVar[bool] = ContextVar("uncounted", default=False)


@contextmanager
def uncounted() -> Iterator[None]:
    """While the past is loaded, as a demonstration does: what is written then is nobody's act of now."""
    token = _uncounted.set(True)
    try:
        yield
    finally:
        _uncounted.reset(token)


def allows(*limits: Limit, at: datetime, **keys: Any) -> bool:
    """The same, for what is left out in silence when it comes too often."""
    try:
        spend(*limits, at=at, **keys)
    except LimitReached as error:
        error.is_silent = True
        return False
    return True


def key_of(declared: Limit, *, account: Any = None, address: str = "", of: Any = None) -> str:
    """What a limit counts an act by, unreadable without the secret of the instance."""
    parts = {By.ACCOUNT: account, By.NETWORK: network_of(address), By.BLOCK: block_of(address), By.OBJECT: of}
    return digest(declared, [parts[part] for part in declared.by])


def digest(declared: Limit, values: list[Any]) -> str:
    assert all(value not in {None, ""} for value in values), declared.name
    text = "\0".join(f"{len(str(value))}:{value}" for value in (declared.name, *values))
    return salted_hmac("maillage.core.limits", text, algorithm="sha256").hexdigest()[:KEY_LENGTH]


def _counted(keys: dict[Limit, str], at: datetime, cost: int) -> dict[str, datetime]:
    """Name -> end of its span, of the limits that passed; nothing is kept unless all did."""
    values: list[Any] = []
    for declared in sorted(keys, key=lambda limit: limit.name):  # in one order, or two acts would wait for each other
        values += [declared.name, keys[declared], cost, declared.most, at + timedelta(seconds=declared.seconds)]
    statement = _statement(len(keys))
    if len(keys) == 1:
        return dict(read_rows(statement, [*values, at, at, at], RETURNED))
    with transaction.atomic():
        passed: dict[str, datetime] = dict(read_rows(statement, [*values, at, at, at], RETURNED))
        if len(passed) < len(keys):
            transaction.set_rollback(True)
    return passed


@cache
def _statement(rows: int) -> str:
    return SPEND.format(rows=", ".join(["(%s, %s, %s, %s, %s)"] * rows))


def _slowest(reached: list[Limit], keys: dict[Limit, str], at: datetime) -> LimitReached:
    """Of the limits that are reached, the one that opens again last."""
    rows = LimitCount.objects.filter(name__in=[declared.name for declared in reached], key__in=keys.values())
    ends = dict(rows.values_list("name", "ends_at"))
    waits = {declared: max(1, ceil((ends.get(declared.name, at) - at).total_seconds())) for declared in reached}
    slowest = max(reached, key=lambda declared: waits[declared])
    return noted(LimitReached(slowest, keys[slowest], at, waits[slowest]))


def _too_much(declared: Limit) -> str:
    return f"{declared.said} : {declared.most} au plus en {span_text(declared.seconds)}."


# What is refused while a request runs is written once it is over: whoever is refused rolls back what they write.
_refusals: ContextVar[list[LimitReached] | None] = ContextVar("refusals", default=None)


def noted(error: LimitReached) -> LimitReached:
    """The refusal, to be counted for the administrator."""
    refusals = _refusals.get()
    if refusals is not None:
        refusals.append(error)
    elif not connection.in_atomic_block:  # a command, a job
        _write(error)
    return error


def _write(error: LimitReached) -> None:
    if error.limit.is_shown and error.times:
        day = timezone.localdate(error.at)
        read_rows(REFUSED, [error.limit.name, error.key, day, error.times, error.at], ())


REFUSED = """INSERT INTO core_limitrefusal AS held (name, key, day, count, last_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (name, key, day) DO UPDATE SET count = held.count + excluded.count, last_at = excluded.last_at
RETURNING id"""


@contextmanager
def refusals_noted() -> Iterator[list[LimitReached]]:
    """What is refused meanwhile, written at the end: how often each limit was met, each day."""
    refusals: list[LimitReached] = []
    token = _refusals.set(refusals)
    try:
        yield refusals
    finally:
        _refusals.reset(token)
        for error in refusals:
            with suppress(OperationalError):  # a database too busy to count a refusal still refuses
                _write(error)


LINKS = limit(
    "links",
    "Liens qui n’ouvrent rien, depuis un réseau",
    most=120,
    seconds=900,
    by=(By.NETWORK,),
    said="Trop de liens qui n’ouvrent rien",
)
