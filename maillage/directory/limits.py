"""How many codes are sent to the mailbox of a number: enough for its owner, too few to fill it."""

from maillage.core.dates import DAY
from maillage.core.limits import By, limit

CODES_OF_ACCOUNT = limit(
    "mailbox-codes",
    "Codes MSSanté demandés par un compte",
    most=5,
    seconds=DAY,
    by=(By.ACCOUNT,),
)
CODES_OF_NUMBER = limit(
    "mailbox-codes-number",
    "Codes MSSanté demandés pour un numéro national",
    most=20,
    seconds=DAY,
    by=(By.OBJECT,),
)
