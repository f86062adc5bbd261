"""Once a day: whoever has not paid for the year that begins is no longer up to date."""

from typing import Any

from django.utils import timezone

from maillage.core import jobs
from maillage.core.text import plural
from maillage.members.actions import lower_unpaid

UNPAID = "members.unpaid"


@jobs.job(UNPAID, attempts=3)
def lower(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Running it twice changes nothing more."""
    count = lower_unpaid(timezone.localdate())
    return f"{count} {plural(count, 'membre n’est plus à jour', 'membres ne sont plus à jour')}."


jobs.daily(UNPAID, "Cotisations de l’année")
