"""Limits of what is kept."""

from maillage.core.dates import HOUR
from maillage.core.limits import By, limit

DRAFTS = limit(
    "drafts",
    "Brouillons enregistrés par un compte",
    most=2_400,
    seconds=HOUR,
    by=(By.ACCOUNT,),
    said="Trop d’enregistrements de brouillon",
    is_shown=False,
)
