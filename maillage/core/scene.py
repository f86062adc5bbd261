"""The invented CPTS of a demonstration, as each app finds it when it tells its part (`tell` of its module `demo`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

DOMAIN = "exemple.invalid"  # no mail leaves for there (RFC 2606)


@dataclass(frozen=True)
class Scene:
    """`cpts` lives since two years, `neighbour` shares members with it. `people`: the accounts one can be, by the
    beginning of their address: `claire.aubert` coordinates."""

    today: date
    cpts: Any
    neighbour: Any
    people: Mapping[str, Any]

    @property
    def coordinator(self) -> Any:
        return self.people["claire.aubert"]


def at_hour(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=timezone.get_current_timezone())
