"""What is left of a record that was erased goes once no mission's row names it."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from maillage.patients.acts import Act
from maillage.patients.models import PatientRecord
from maillage.records.models.naming import unnamed

ACTS = Act


def expired(at: datetime) -> list[QuerySet[Any]]:
    return [PatientRecord.objects.filter(unnamed(PatientRecord), erased_at__lte=at)]
