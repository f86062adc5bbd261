"""Work shared with one more process."""

import os

import pytest

from maillage.core.loading.sharing import OtherProcessLost, shared

_told = ""


def prepare(told):
    global _told  # noqa: PLW0603
    _told = told


def there(item):
    if item == "poison":
        raise ValueError(item)
    if item == "death":
        os._exit(9)
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


def test_a_process_that_was_killed_is_told_not_waited_for():
    with pytest.raises(OtherProcessLost):
        both(["death", *range(2_000)], lambda item: item)


def test_answers_larger_than_what_a_pipe_holds_wait_for_nobody():
    large = [f"{number}" * 1_000_000 for number in range(8)]
    assert [item for item, *_ in both(large, lambda item: (item, "ici", 0))] == large


def test_what_nobody_reads_to_the_end_leaves_no_process_behind():
    done = shared(range(10_000), lambda item: (item, "ici", 0), there, prepare=prepare, arguments=("là-bas",))
    others = {next(done)[2] for _ in range(500)} - {0}
    done.close()
    assert len(others) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(others.pop(), 0)


def test_the_other_process_knows_the_modules_of_this_one_wherever_it_was_started(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert [item for item, *_ in both(range(3), lambda item: (item, "ici", 0))] == [0, 1, 2]


def unready(told):
    raise ValueError("not ready")


def test_what_preparing_raises_is_raised_here():
    with pytest.raises(ValueError, match="not ready"):
        list(shared(range(9), lambda item: item, there, prepare=unready, arguments=("là-bas",)))


def test_a_fault_here_ends_the_other_process_in_silence(capfd):
    def here(item):
        raise ValueError(item)

    with pytest.raises(ValueError, match=r"[0-9]"):
        both(range(1_000), here)
    assert capfd.readouterr().err == ""
