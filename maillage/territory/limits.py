"""Limits of territory: founding a CPTS. One account founds one at a time; one network does not have twenty accounts."""

from maillage.core.dates import DAY
from maillage.core.limits import By, limit

FOUNDINGS = limit("foundings", "CPTS fondées depuis un réseau", most=5, seconds=DAY, by=(By.NETWORK,))
FOUNDINGS_BLOCK = limit(
    "foundings-block", "CPTS fondées depuis un bloc de réseaux", most=10, seconds=DAY, by=(By.BLOCK,)
)
