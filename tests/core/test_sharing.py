"""Work shared with one more process."""

import os

import pytest

from maillage.core.sharing import shared

_told = ""


def prepare(told):
    global _told  # noqa: PLW0603
    _told = told


def there(item):
    if item == "poison":
        raise ValueError(item)
    return item, _told, os.getpid()


def both(items, here):
    return list(shared(items, here, there, prepare=prepare, arguments=("là-bas",)))


def test_what_is_shared_comes_back_in_order_from_both_processes():
    done = both(range(200), lambda item: (item, "ici", os.getpid()))
    assert [item for item, _, _ in done] == list(range(200))
    assert {told for _, told, _ in done} == {"ici", "là-bas"}
    assert all((told == "ici") == (pid == os.getpid()) for _, told, pid in done)


def test_what_the_other_process_raises_is_raised_here():
    with pytest.raises(ValueError, match="poison"):
        both(["poison"], lambda item: item)


def test_nothing_to_share_is_nothing_done():
    assert both([], lambda item: item) == []
