"""Once a day: whoever has not paid for the year is no longer up to date; what ends soon is told."""

from typing import Any

from django.utils import timezone

from maillage.core import jobs
from maillage.core.text import plural
from maillage.members.actions import follow_the_year, remind_endings

UNPAID, ENDINGS = "members.unpaid", "members.endings"


@jobs.job(UNPAID, attempts=3)
def follow(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Running it twice changes nothing more."""
    count = follow_the_year(timezone.now())
    return f"{count} {plural(count, 'adhésion suit', 'adhésions suivent')} les cotisations de l’année."


@jobs.job(ENDINGS, attempts=3)
def remind(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Each ending is told once."""
    count = remind_endings(timezone.now())
    return f"{count} {plural(count, 'échéance rappelée', 'échéances rappelées')}."


jobs.daily(ENDINGS, "Fins de mandats et de conventions")
jobs.daily(UNPAID, "Cotisations de l’année")
