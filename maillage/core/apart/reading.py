"""Ask for a reading in a process of its own, and come back with its result or a refusal in time.

A reading function lives in a module that imports no Django, is named `module:function`, takes the content and plain
arguments, and returns what JSON holds. It refuses with UnreadableFile.
"""

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections

from maillage.core.apart.child import TOO_MUCH_MEMORY
from maillage.core.errors import UnreadableFile

logger = logging.getLogger(__name__)
MEBI = 2**20
BLOCK = 64 * 1024
KEEP_LESS = "gardez les lignes et les colonnes utiles, puis recommencez."
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
COMMAND = (sys.executable, "-E", "-s", "-m", "maillage.core.apart.child")


class TooHeavyToRead(UnreadableFile):
    user_message = f"Ce fichier est trop lourd à lire : {KEEP_LESS}"


class TooLongToRead(UnreadableFile):
    user_message = "La lecture de ce fichier prend trop de temps : vérifiez-le, ou gardez-en une partie."


class NotReadable(UnreadableFile):
    user_message = "Ce fichier est illisible : il est abîmé, ou d’une autre sorte que ce que dit son nom."


class TakesLonger(Exception):
    """The reading was stopped before its limits, because nobody should wait for it on a page: the worker will do it."""


class ReadInsideTransaction(RuntimeError):
    """A bug of ours: rows stay locked while somebody else's file is read."""


@dataclass(frozen=True)
class Reader:
    """A reading function, and the most that one reading may take."""

    function: str
    largest: int = 10 * MEBI  # bytes in
    memory: int = 512 * MEBI  # bytes of address space
    processor: int = 10  # seconds
    wall: float = 20.0  # seconds
    most_output: int = 16 * MEBI  # bytes out
    connects: bool = False  # whether it goes and fetches what it reads


def read_apart(reader: Reader, content: bytes = b"", *, patience: float | None = None, **arguments: Any) -> Any:
    """What the reading function returns. `patience` in seconds: shorter than the limits, when somebody waits.

    Raises UnreadableFile or one of its kinds; TakesLonger once patience is over; ReadInsideTransaction.
    """
    refuse_inside_transaction()
    if len(content) > reader.largest:
        raise TooHeavyToRead(f"Ce fichier dépasse {max(reader.largest // MEBI, 1)} Mo : {KEEP_LESS}")
    asked = {
        "function": reader.function,
        "arguments": arguments,
        "memory": reader.memory,
        "processor": reader.processor,
        "connects": reader.connects,
    }
    wall = reader.wall if patience is None else min(patience, reader.wall)
    started = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        output = _exchange(process, json.dumps(asked).encode() + b"\n" + content, reader.most_output, started + wall)
        process.wait(max(started + wall - time.monotonic(), 0.01))
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        if wall < reader.wall:
            raise TakesLonger from error
        raise TooLongToRead from error
    finally:
        _end(process)
    return _value(reader, process.returncode, output)


def refuse_inside_transaction() -> None:
    """Raises ReadInsideTransaction, the transactions of the tests set aside, as Django does for durable blocks."""
    for connection in connections.all(initialized_only=True):
        if connection.atomic_blocks and not getattr(connection.atomic_blocks[-1], "_from_testcase", False):
            raise ReadInsideTransaction


def _exchange(process: subprocess.Popen[bytes], message: bytes, most: int, deadline: float) -> bytes:
    """Write all, read all, within the time and the size. Raises TimeoutError, TooHeavyToRead."""
    assert process.stdin
    assert process.stdout
    left, output = memoryview(message), bytearray()
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.get_map():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            for key, _ in selector.select(remaining):
                if key.fileobj is process.stdin:
                    left = left[_written(key.fd, left) :]
                    if not left:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                elif block := os.read(key.fd, BLOCK):
                    output += block
                    if len(output) > most:
                        raise TooHeavyToRead
                else:
                    selector.unregister(process.stdout)
    return bytes(output)


def _written(descriptor: int, left: memoryview) -> int:
    """How much was taken; all of it once nobody reads any more."""
    try:
        return os.write(descriptor, left[:BLOCK])
    except BrokenPipeError:
        return len(left)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever happened, nothing of it stays."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def _value(reader: Reader, code: int, output: bytes) -> Any:
    """What a finished process says. Raises UnreadableFile."""
    if code == -signal.SIGXCPU:
        raise TooLongToRead
    # A reader in machine code aborts when memory is refused; the system kills when there is none left.
    if code in (TOO_MUCH_MEMORY, -signal.SIGABRT, -signal.SIGKILL):
        raise TooHeavyToRead
    if code:
        logger.warning("%s ended with %s", reader.function, code)
        raise NotReadable
    answer = json.loads(output)
    if "refused" in answer:
        raise UnreadableFile(answer["refused"])
    if "broken" in answer:
        logger.warning("%s broke: %s", reader.function, answer["broken"])
        raise NotReadable
    return answer["value"]
