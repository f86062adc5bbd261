"""Once a day: whoever has not paid for the year is no longer up to date; what ends soon is told."""

from typing import Any

from django.utils import timezone

from maillage.core import jobs
from maillage.core.text import plural
from maillage.members.actions import lower_unpaid, remind_endings

UNPAID, ENDINGS = "members.unpaid", "members.endings"


@jobs.job(UNPAID, attempts=3)
def lower(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Running it twice changes nothing more."""
    count = lower_unpaid(timezone.localdate())
    return f"{count} {plural(count, 'membre n’est plus à jour', 'membres ne sont plus à jour')}."


@jobs.job(ENDINGS, attempts=3)
def remind(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Each ending is told once."""
    count = remind_endings(timezone.now())
    return f"{count} {plural(count, 'échéance rappelée', 'échéances rappelées')}."


jobs.daily(ENDINGS, "Fins de mandats et de conventions")
jobs.daily(UNPAID, "Cotisations de l’année")
