"""Reads of the journal that other apps need."""

from django.db import models

from maillage.audit.models import AuditEvent
from maillage.core.templatetags.maillage import hour, near_day


def who_changed(target: models.Model) -> str:
    """« Claire Aubert, aujourd’hui à 14 h 02 »: the last thing that was done to a row; '' when nothing was."""
    events = AuditEvent.objects.filter(target_type=target._meta.label_lower, target_id=str(target.pk))
    last = events.exclude(type__startswith="reading.").order_by("-pk").first()
    return f"{last.by_name}, {near_day(last.at)} à {hour(last.at)}," if last else ""
