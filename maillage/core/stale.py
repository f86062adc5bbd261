"""Two people editing the same thing: a save carries the version it read, and the second is told who came first.

The caller says what was edited and who changed it (audit.queries.who_changed): the ground knows neither.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import F, Model, QuerySet

from maillage.core.errors import DomainError

TYPED_IS_KEPT = "Ce que vous avez tapé est encore là : regardez ce qui a changé, puis enregistrez de nouveau."
NOT_DONE = "Votre changement n’a pas été fait : la page montre maintenant la dernière version."


class Stale(DomainError):
    """`what`: « cette réunion ». `who`: « Claire Aubert, aujourd’hui à 14 h 02 »; '' when nothing says it. `changes`:
    what they did, where something says it; `then`: what becomes of what the second person did."""

    def __init__(
        self, what: str, who: str = "", *, changes: str = "", then: str = TYPED_IS_KEPT, are_several: bool = False
    ) -> None:
        verb = "ont" if are_several else "a"
        said = f"{who or 'Quelqu’un'} {verb} modifié {what} pendant que vous l’aviez sous les yeux"
        super().__init__(f"{said}{f' : {changes}' if changes else ''}. {then}")


def claim(rows: QuerySet[Any], version: int, changes: dict[str, Any], *, refusal: Callable[[], Stale]) -> None:
    """Write the changes on the one row of `rows`, if it still is at that version; it is then at the next.

    One conditional update: of two at the same instant, one writes. Raises what `refusal` makes.
    """
    if not rows.filter(version=version).update(**changes, version=F("version") + 1):
        raise refusal()


def check_version(row: Model, version: int, *, refusal: Callable[[], Stale]) -> None:
    """The same of a row that the caller locked. Raises what `refusal` makes."""
    if getattr(row, "version", None) != version:
        raise refusal()
