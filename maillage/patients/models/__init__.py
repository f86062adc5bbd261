"""Persons helped: what names them, sealed; what they are found by, blind."""

from maillage.patients.models.record import IndexSecret, PatientRecord, PatientRecordQuerySet, PatientTerm

__all__ = ["IndexSecret", "PatientRecord", "PatientRecordQuerySet", "PatientTerm"]
