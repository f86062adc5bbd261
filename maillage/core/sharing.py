"""Share the work of a stream with one more process: each takes the next item when it has nothing to do."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
WAITING = 2  # items that the other process holds: one in hand, one to go on with


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
    raised; BrokenProcessPool when the other process was killed.
    """
    # Spawned, not forked: a copy of this process would hold its database connections and its memory.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=prepare, initargs=arguments) as other:
        coming = deque[Future[Result]]()
        for item in items:
            if sum(not one.done() for one in coming) < WAITING:
                coming.append(other.submit(there, item))
            else:
                coming.append(_done(here(item)))
            while coming and coming[0].done():
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _done(result: Result) -> "Future[Result]":
    future: Future[Result] = Future()
    future.set_result(result)
    return future
