"""JSON that a machine sends, when it is large: its shape is looked at before anybody holds it. Runs apart."""

from typing import Any

import orjson

from maillage.core.errors import UnreadableFile

DEEPEST, MOST_VALUES = 32, 20_000


def check(content: bytes) -> int:
    """How many values it holds. Raises UnreadableFile, whose words are for a machine."""
    try:
        values = count(orjson.loads(content))
    except orjson.JSONDecodeError as error:
        raise UnreadableFile("Le corps n’est pas du JSON lisible") from error
    return values


def count(value: Any) -> int:
    """Values at every depth, without recursion. Raises UnreadableFile when there are too many, or too deep."""
    waiting, total = [(value, 1)], 0
    while waiting:
        current, depth = waiting.pop()
        total += 1
        if depth > DEEPEST or total > MOST_VALUES:
            raise UnreadableFile("Le corps est trop profond, ou contient trop de valeurs")
        if isinstance(current, dict):
            waiting += [(child, depth + 1) for child in current.values()]
        elif isinstance(current, list):
            waiting += [(child, depth + 1) for child in current]
    return total
