"""Background work of the diagnosis."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from maillage.core import jobs
from maillage.directory.imports import last_done
from maillage.directory.models import ImportKind
from maillage.territorial_diagnosis.actions import load_open_data, refresh_computed
from maillage.territorial_diagnosis.models import Vintage

LOAD, REFRESH = "diagnosis.load-open-data", "diagnosis.refresh"


def open_data_folder() -> Path | None:
    """The folder that the instance reads, None when it has none."""
    return Path(settings.OPEN_DATA_DIR) if settings.OPEN_DATA_DIR else None


@jobs.job(LOAD, attempts=1, limit=timedelta(hours=2))
def load(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Load the folder of open data. Running it twice changes nothing."""
    by = get_user_model().objects.filter(pk=arguments.get("by") or 0).first()
    return str(load_open_data(open_data_folder(), at=timezone.now(), by=by, progress=progress))


@jobs.job(REFRESH, attempts=2, limit=timedelta(hours=1))
def refresh(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Count the directory again when a register came since the last count."""
    latest = last_done(ImportKind.REGISTER)
    counted = Vintage.objects.shared().filter(code="lib_10G").order_by("-loaded_at").first()
    if latest is None or (counted and latest.finished_at and counted.loaded_at > latest.finished_at):
        return "Le diagnostic est à jour de l’annuaire."
    done = refresh_computed(at=timezone.now(), progress=progress)
    return f"{done['supply']} effectifs et {done['accessibility']} accessibilités recalculés."


jobs.daily(REFRESH, "Diagnostic : effectifs et accessibilité")
