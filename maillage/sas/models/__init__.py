"""Regulators as the SAS declares them, and what the SAS must be told."""

from maillage.sas.models.outbox import MessageState, SasMessage
from maillage.sas.models.regulator import Regulator, RegulatorIdentifier

__all__ = ["MessageState", "Regulator", "RegulatorIdentifier", "SasMessage"]
