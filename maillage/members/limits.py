"""Limits of members: the public form to join."""

from maillage.core.dates import DAY, HOUR
from maillage.core.limits import By, limit

# An information meeting fits, behind one address; a flood shuts the form to its own network.
JOIN = limit(
    "join", "Demandes d’adhésion à une CPTS, depuis un réseau", most=40, seconds=HOUR, by=(By.NETWORK, By.OBJECT)
)
JOIN_BLOCK = limit(
    "join-block", "Demandes d’adhésion, depuis un bloc de réseaux", most=200, seconds=DAY, by=(By.BLOCK,)
)
