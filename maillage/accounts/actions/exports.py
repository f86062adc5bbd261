"""A file of people that leaves: who took it, what it is, how many rows, and what was asked for."""

from collections.abc import Mapping
from datetime import datetime

from maillage.accounts.acts import Act
from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.text import plural
from maillage.cpts.models import Cpts

LONGEST_VALUE, MOST_FILTERS = 100, 20


def trace_export(
    *, what: str, rows: int | None, filters: Mapping[str, str], cpts: Cpts | None, by: User, at: datetime
) -> None:
    """`what`: the name of the file. `rows`: None for a document, whose rows nobody counts."""
    counted = "" if rows is None else f", {rows} {plural(rows, 'ligne')}"
    kept = {name[:LONGEST_VALUE]: value[:LONGEST_VALUE] for name, value in list(filters.items())[:MOST_FILTERS]}
    summary = f"Fichier sorti : {what}{counted}"
    if kept:
        summary += f" ({', '.join(f'{name} = {value}' for name, value in kept.items())})"
    details = {"file": what, "rows": rows, "filters": kept}
    audit.record(Act.EXPORT_MADE, target=cpts or by, by=by, at=at, cpts=cpts, summary=summary, details=details)
