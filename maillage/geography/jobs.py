"""Background work of the geography."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from maillage.core.work.jobs import Progress, job
from maillage.geography.actions import load_reference
from maillage.geography.loading.reference import open_reference

RELOAD = "geography.reload"


@job(RELOAD, attempts=2, limit=timedelta(minutes=10), lane="long")
def reload_reference(arguments: dict[str, Any], progress: Progress) -> str:
    """Check the reference files, then load what they change. Running it twice changes nothing."""
    progress("Contrôle des fichiers", 0, 2)
    reference = open_reference()
    progress("Fichiers intacts, chargement en cours", 1, 2)
    by = get_user_model().objects.filter(pk=arguments.get("by") or 0).first()
    return str(load_reference(reference, at=timezone.now(), by=by))
