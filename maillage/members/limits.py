"""Limits of members: the public form to join, the new addresses that a team asks for, memberships bound."""

from maillage.core.dates import DAY, HOUR
from maillage.core.limits import By, limit

# An information meeting fits, behind one address; a flood shuts the form to its own network.
JOIN = limit(
    "join", "Demandes d’adhésion à une CPTS, depuis un réseau", most=40, seconds=HOUR, by=(By.NETWORK, By.OBJECT)
)
JOIN_BLOCK = limit(
    "join-block", "Demandes d’adhésion, depuis un bloc de réseaux", most=200, seconds=DAY, by=(By.BLOCK,)
)
JOIN_ADDRESS = limit(
    "join-address", "Demandes d’adhésion écrites à une adresse", most=3, seconds=DAY, by=(By.OBJECT,), is_shown=False
)
# Each writes to two mailboxes: the new one, and the one in use.
NEW_ADDRESSES = limit(
    "member-addresses",
    "Nouvelles adresses demandées pour un membre",
    most=3,
    seconds=DAY,
    by=(By.OBJECT,),
    said="Trop de nouvelles adresses demandées pour ce membre",
)
NEW_ADDRESSES_OF_ACCOUNT = limit(
    "member-addresses-account",
    "Nouvelles adresses de membres demandées par un compte",
    most=60,
    seconds=DAY,
    by=(By.ACCOUNT,),
    said="Trop de nouvelles adresses demandées par ce compte",
)
# Each is told to the address that the membership had, whatever else its CPTS may still write.
BINDINGS = limit(
    "member-bindings",
    "Adhésions reliées à un compte",
    most=10,
    seconds=DAY,
    by=(By.ACCOUNT,),
    said="Trop d’adhésions reliées à ce compte",
)
