"""What is nobody's fault and ends by itself: a lock, a full disk, a database that restarts."""

import errno
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, connections

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, PATIENCE_SECONDS = 0.2, 10.0, 600.0


def is_outage(error: BaseException) -> bool:
    """Whether waiting may mend it."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return isinstance(error, OSError) and error.errno in FULL


def longer(pause: float) -> float:
    return min(pause * 2, LONGEST_PAUSE_SECONDS)


def outlive(write: Callable[[], Result]) -> Result:
    """Do a small write again until it goes through, ten minutes at most, and say so in the log.

    Inside a transaction there is nothing to try again: the error goes to whoever opened it.
    """
    pause, deadline = FIRST_PAUSE_SECONDS, time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            logger.warning("the database refused a write, tried again in %.1f s: %s", pause, one_line(error))
        connections.close_all()
        time.sleep(pause)
        pause = longer(pause)


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]
