"""The process that reads what others wrote: `python -m maillage.core.apart.child`, one reading, then it ends.

On its standard input one line of JSON (what to call, with what, within which limits), then the content. On its
standard output one JSON object: `value`, `refused` (a sentence for people) or `broken` (where it broke, for the log).
Its environment is empty, it opened no database, and it may start nothing.
"""

import importlib
import json
import resource
import sys
import traceback
from typing import Any

from maillage.core.errors import DomainError

TOO_MUCH_MEMORY = 3
FORBIDDEN = ("subprocess.Popen", "os.system", "os.fork", "os.exec", "os.posix_spawn", "ctypes.dlopen")
CONNECTIONS = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")


def main() -> None:
    asked = json.loads(sys.stdin.buffer.readline())
    set_limits(asked["memory"], asked["processor"])
    module, _, name = asked["function"].partition(":")
    function = getattr(importlib.import_module(module), name)
    write_nothing()
    refuse(FORBIDDEN if asked["connects"] else FORBIDDEN + CONNECTIONS)
    try:
        answer = json.dumps({"value": function(sys.stdin.buffer.read(), **asked["arguments"])})
    except DomainError as error:
        answer = json.dumps({"refused": error.user_message})
    except MemoryError:
        sys.exit(TOO_MUCH_MEMORY)
    except Exception as error:  # a file made to hurt breaks readers in any way: the log is told where, not what it held
        answer = json.dumps({"broken": place_of(error)})
    sys.stdout.write(answer)


def set_limits(memory: int, processor: int) -> None:
    """Bytes of address space, seconds of processor; no core left behind."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def write_nothing() -> None:
    """No file grows any more; called after the imports, whose compiled modules may be kept."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def refuse(events: tuple[str, ...]) -> None:
    """Refuse what no reading does. It guards against a careless library; it is no prison for hostile machine code."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in events:
            raise PermissionError(event)

    sys.addaudithook(hook)


def place_of(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"


if __name__ == "__main__":
    main()
