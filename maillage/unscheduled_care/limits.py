"""Limits of unscheduled care: codes of patients, the door of the SAS."""

from maillage.core.dates import MINUTE
from maillage.core.limits import TOO_MANY_TRIES, By, limit

CODES = limit(
    "patient-codes",
    "Codes de rendez-vous inconnus, depuis un réseau",
    most=10,
    seconds=15 * MINUTE,
    by=(By.NETWORK,),
    said=TOO_MANY_TRIES,
)
CODES_BLOCK = limit(
    "patient-codes-block",
    "Codes de rendez-vous inconnus, depuis un bloc de réseaux",
    most=40,
    seconds=15 * MINUTE,
    by=(By.BLOCK,),
    said=TOO_MANY_TRIES,
)
# Each way out to the provider opens a session here; a whole regulation may come from one address.
DOOR = limit(
    "sas-door",
    "Entrées par le SAS, depuis un réseau",
    most=300,
    seconds=15 * MINUTE,
    by=(By.NETWORK,),
    said="Trop d’entrées depuis votre réseau",
)
