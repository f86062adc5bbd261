"""Background work of the diagnosis."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from maillage.core.loading.waiting import taken
from maillage.core.work import jobs
from maillage.cpts.models import Cpts
from maillage.directory.loading.imports import last_done
from maillage.directory.models import ImportKind
from maillage.territorial_diagnosis.actions import keep_own_file, load_open_data, read_own_file, refresh_computed
from maillage.territorial_diagnosis.actions.own_files import READ_FILE
from maillage.territorial_diagnosis.models import Vintage

LOAD, REFRESH = "diagnosis.load-open-data", "diagnosis.refresh"


def open_data_folder() -> Path | None:
    """The folder that the instance reads, None when it has none."""
    return Path(settings.OPEN_DATA_DIR) if settings.OPEN_DATA_DIR else None


@jobs.job(LOAD, attempts=1, limit=timedelta(hours=2), lane="long")
def load(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Load the folder of open data. Running it twice changes nothing."""
    by = get_user_model().objects.filter(pk=arguments.get("by") or 0).first()
    return str(load_open_data(open_data_folder(), at=timezone.now(), by=by, progress=progress))


@jobs.job(REFRESH, attempts=2, limit=timedelta(hours=1), lane="long")
def refresh(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Count the directory again when a register came since the last count."""
    if not _has_something_new():
        return "Le diagnostic est à jour de l’annuaire."
    done = refresh_computed(at=timezone.now(), progress=progress)
    return f"{done['supply']} effectifs et {done['accessibility']} accessibilités recalculés."


@jobs.job(READ_FILE, lane="files", limit=timedelta(minutes=2))
def read_file(arguments: dict[str, Any], progress: jobs.Progress) -> jobs.Outcome:
    """A file of one's own that nobody should wait for on a page; its columns come next."""
    progress("Lecture du fichier", 0, 1)
    cpts = Cpts.objects.get(pk=arguments["cpts"])
    with taken(arguments["key"]) as content:
        kept = keep_own_file(cpts, read_own_file(arguments["name"], content))
    address = reverse("diagnosis:files", args=[cpts.slug])
    return jobs.Outcome("Le fichier est lu.", f"{address}?{urlencode({'fichier': kept.token})}")


def _has_something_new() -> bool:
    """Whether a national file came since what is written last was computed from it."""
    for kind, code in ((ImportKind.REGISTER, "acc_10G"), (ImportKind.ESTABLISHMENTS, "fin_606")):
        latest = last_done(kind)
        written = Vintage.objects.shared().filter(code=code).order_by("-loaded_at").first()
        if latest and latest.finished_at and (written is None or written.loaded_at <= latest.finished_at):
            return True
    return False


jobs.daily(REFRESH, "Diagnostic : effectifs et accessibilité")
