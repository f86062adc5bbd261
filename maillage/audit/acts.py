"""What the journal may say was done: each app lists its own in its module `acts`."""

from enum import StrEnum


class AnyAct(StrEnum):
    """One kind of act. `ACTS` of each workspace; the whole suite names those that no test plays."""
