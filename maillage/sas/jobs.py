"""Work behind the interface: the outbox sent."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from maillage.core.models import Job, JobState
from maillage.core.work import jobs
from maillage.sas.actions.outbox import FLUSH, flush_outbox
from maillage.sas.fhir.client import HttpSasClient
from maillage.sas.models import MessageState, SasMessage

LONGEST_PAUSE = timedelta(minutes=5)


@jobs.job(FLUSH, limit=timedelta(minutes=10), lane="sas")
def flush(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    return _flush()


def _flush() -> str:
    """Whatever still waits asks for another round when its time comes."""
    if not settings.SAS_BASE_URL:
        return "Aucune adresse du SAS : les messages attendent."
    sent, waiting = flush_outbox(HttpSasClient(settings.SAS_BASE_URL), clock=timezone.now)
    if waiting:
        _ask_again()
    return f"Messages au SAS envoyés : {sent} ; en attente : {waiting}."


def _ask_again() -> None:
    """Another round when the first of those that wait is due, or in a few minutes: one at a time."""
    at = timezone.now()
    first = SasMessage.objects.filter(state=MessageState.WAITING).order_by("next_at").first()
    if first and not Job.objects.filter(kind=FLUSH, state=JobState.WAITING).exists():
        moment = min(max(first.next_at, at + timedelta(seconds=5)), at + LONGEST_PAUSE)
        jobs.enqueue(FLUSH, label="Messages au SAS", at=at, not_before=moment)
