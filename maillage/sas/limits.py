"""Limits of the interface: the door of regulators, machines."""

from maillage.core.dates import MINUTE
from maillage.core.limits import By, limit

# Each way out to the provider opens a session here; a whole regulation may come from one address.
DOOR = limit(
    "sas-door",
    "Entrées par le SAS, depuis un réseau",
    most=300,
    seconds=15 * MINUTE,
    by=(By.NETWORK,),
    said="Trop d’entrées depuis votre réseau",
)
# Machines: ceilings far above what the platform of the SAS asks, counted a lease at a time (core.leases).
MACHINE_LEASE = 50
SAS_CALLS = limit("fhir-certificate", "Appels du SAS par un certificat", most=12_000, seconds=MINUTE, by=(By.OBJECT,))
FHIR_CALLS = limit(
    "fhir-network", "Appels FHIR sans certificat, depuis un réseau", most=3_000, seconds=MINUTE, by=(By.NETWORK,)
)
