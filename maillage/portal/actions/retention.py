"""Personal data erased on time: what each app declares in its workspace is done here, once a day."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from maillage.core.text import plural
from maillage.core.work import jobs
from maillage.core.workspaces import declared

ERASE = "portal.erase"


def expired(at: datetime) -> list[QuerySet[Any]]:
    """Rows whose time is over, those of the apps above first: they speak of rows below."""
    return [rows for of_app in reversed([*declared("expired")]) for rows in of_app(at)]


@jobs.job(ERASE, attempts=3, lane="long")
def erase_expired(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Running it twice erases nothing more."""
    at = timezone.now()
    erased = sum(rows.delete()[0] for rows in expired(at))
    erased += sum(erase(at) for erase in reversed([*declared("erase")]))
    return f"{erased} {plural(erased, 'ligne effacée', 'lignes effacées')}."


jobs.daily(ERASE, "Effacement des données arrivées à échéance")
