"""Limits of meetings: who comes forward, codes of the wall, messages to everybody."""

from maillage.core.dates import DAY, HOUR, MINUTE
from maillage.core.limits import By, limit

REGISTRATIONS = limit(
    "registrations",
    "Inscriptions à une réunion ouverte, depuis un réseau",
    most=40,
    seconds=HOUR,
    by=(By.NETWORK, By.OBJECT),
)
REGISTRATIONS_BLOCK = limit(
    "registrations-block", "Inscriptions, depuis un bloc de réseaux", most=200, seconds=DAY, by=(By.BLOCK,)
)
# A whole room asks at once, behind one address: three hundred people ask, type, and some of them twice. What is
# guessed is held by the code itself: five tries.
WALL_CODES = limit(
    "wall-codes",
    "Codes de présence demandés ou essayés à une réunion, depuis un réseau",
    most=1500,
    seconds=15 * MINUTE,
    by=(By.NETWORK, By.OBJECT),
)
# In silence: nothing tells whether somebody was expected.
WALK_INS = limit(
    "walk-ins",
    "Codes de présence envoyés à qui n’était pas attendu, depuis un réseau",
    most=60,
    seconds=15 * MINUTE,
    by=(By.NETWORK, By.OBJECT),
)
MAILINGS = limit(
    "mailings",
    "Envois à tous les participants demandés par un compte",
    most=120,
    seconds=HOUR,
    by=(By.ACCOUNT,),
    said="Trop d’envois en peu de temps",
)
