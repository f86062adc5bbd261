"""What a frozen content holds, number after number: written the same way for ever, read whatever its number. Pure."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import orjson

Values = dict[str, Any]


class Record(Protocol):
    """A dataclass whose fields hold what JSON holds."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Kept = TypeVar("Kept", bound=Record)


class UnknownShape(ValueError):
    """A content that no reader reads: a bug of ours, or a row written by a later version."""


@dataclass(frozen=True)
class Shape(Generic[Kept]):
    """One kind of content: its name, the number its dataclass stands at, and how each former number became the next."""

    name: str
    number: int
    record: type[Kept]
    upgrades: Mapping[int, Callable[[Values], Values]] = field(default_factory=dict)

    def write(self, record: Kept) -> str:
        """Its one text: keys in order, no blank. The same content is the same text, whoever writes it."""
        return orjson.dumps(asdict(record), option=orjson.OPT_SORT_KEYS).decode()

    def read(self, text: str, number: int) -> Kept:
        """Raises UnknownShape."""
        values: Values = orjson.loads(text)
        for step in range(number, self.number):
            if step not in self.upgrades:
                raise UnknownShape(f"{self.name} {number}")
            values = self.upgrades[step](values)
        if number > self.number or set(values) != {attribute.name for attribute in fields(self.record)}:
            raise UnknownShape(f"{self.name} {number}")
        return self.record(**values)


def fingerprint(text: str) -> str:
    """SHA-256 of the text, in 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Difference:
    """One value that is not the same: where (« quorum.0.needed »), what it was and is; None: it was not, or is not."""

    where: str
    before: Any
    after: Any


def differences(before: Any, after: Any, where: str = "") -> list[Difference]:
    """In the order of what is now; then what is no more."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [*after, *(name for name in before if name not in after)]
        return [
            difference
            for name in names
            for difference in differences(before.get(name), after.get(name), _in(where, name))
        ]
    if isinstance(before, list) and isinstance(after, list):
        return [
            difference
            for place in range(max(len(before), len(after)))
            for difference in differences(_at(before, place), _at(after, place), _in(where, place))
        ]
    return [] if before == after else [Difference(where, before, after)]


def _in(where: str, name: object) -> str:
    return f"{where}.{name}" if where else f"{name}"


def _at(values: list[Any], place: int) -> Any:
    return values[place] if place < len(values) else None
