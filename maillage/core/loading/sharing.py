"""Share the work of a stream with one more process: each takes the next item when it has nothing to do.

A pool of `concurrent.futures` gives its work by a thread, which starves beside a busy one, and keeps a third process:
the other one did a seventh of the lines of a register, for 25 MiB more.
"""

import os
import pickle
import queue
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from maillage.core.errors import DomainError

Item = TypeVar("Item")
Result = TypeVar("Result")
Answer = list[Result]  # empty until it is known
WAITING = 2  # items that the other process holds: one in hand, one to go on with
SERVE = "from maillage.core.loading.sharing import serve; serve({descriptor})"


class OtherProcessLost(DomainError):
    """It was killed, or could not start: what it held is not done."""

    user_message = "Le second processus de lecture s’est arrêté : rien n’a changé. Recommencez."


def shared(
    items: Iterable[Item],
    here: Callable[[Item], Result],
    there: Callable[[Item], Result],
    *,
    prepare: Callable[..., None],
    arguments: tuple[Any, ...],
) -> Iterator[Result]:
    """What `here`, or `there` in the other process, makes of each item, in the order of the items.

    `there` is a function of a module, and finds what `prepare(*arguments)` left in its module. What either raises is
    raised; OtherProcessLost when the other process was killed.
    """
    with _another_process() as other:
        _send(other, (prepare, arguments, there))
        coming, awaited = deque[Answer[Result]](), deque[Answer[Result]]()
        for item in items:
            while awaited and other.poll():
                _receive(other, awaited)
            answer: Answer[Result] = []
            coming.append(answer)
            if len(awaited) < WAITING:
                _send(other, item)
                awaited.append(answer)
            else:
                answer.append(here(item))
            while coming and coming[0]:
                yield coming.popleft()[0]
        while coming:
            while not coming[0]:
                _receive(other, awaited)
            yield coming.popleft()[0]


@contextmanager
def _another_process() -> Iterator[Connection]:
    """One that serves as long as this one listens. Nothing of this one is copied: neither memory nor connections."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        # -P and the path: the modules of this process, wherever it was started from.
        command = [sys.executable, "-P", "-c", SERVE.format(descriptor=theirs.fileno())]
        where = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = subprocess.Popen(command, env=where, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
        theirs.close()
        connection = Connection(ours.detach())
    try:
        with connection:
            yield connection
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()


def _send(other: Connection, what: Any) -> None:
    try:
        other.send_bytes(pickle.dumps(what))
    except OSError as error:
        raise OtherProcessLost from error


def _receive(other: Connection, awaited: deque[Answer[Any]]) -> None:
    try:
        went_well, result = other.recv()
    except (EOFError, OSError) as error:
        raise OtherProcessLost from error
    if not went_well:
        raise result
    awaited.popleft().append(result)


def serve(descriptor: int) -> None:
    """In the other process: prepare, then answer each item by (it went well, what it made or raised)."""
    with Connection(descriptor) as asker:
        prepare, arguments, there = asker.recv()
        # Read apart: whoever asks is never kept waiting by an answer that nobody reads yet.
        asked: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(asker, asked), daemon=True).start()
        fault = _guarded(lambda: prepare(*arguments))[1]
        while (item := asked.get()) is not None:
            asker.send_bytes(_answer(there, item) if fault is None else pickle.dumps((False, fault)))


def _answer(there: Callable[[Any], Any], item: bytes) -> bytes:
    went_well, result = _guarded(lambda: pickle.dumps((True, there(pickle.loads(item)))))  # noqa: S301  # our own
    return result if went_well else pickle.dumps((False, result))


def _guarded(work: Callable[[], Any]) -> tuple[bool, Any]:
    """What is raised here is raised where it was asked."""
    try:
        return True, work()
    except Exception as error:
        return False, error


def _listen(asker: Connection, asked: "queue.SimpleQueue[bytes | None]") -> None:
    try:
        while True:
            asked.put(asker.recv_bytes())
    except (EOFError, OSError):
        asked.put(None)
