"""Limits of unscheduled care: codes of patients, bookings and their bursts, requests, searches."""

from maillage.core.dates import DAY, HOUR, MINUTE
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
DESK_BOOKINGS = limit(
    "booking-desk",
    "Rendez-vous pris par un compte, à l’accueil",
    most=30,
    seconds=HOUR,
    by=(By.ACCOUNT,),
    said="Trop de rendez-vous pris par ce compte en peu de temps",
)
SAS_BOOKINGS = limit(
    "booking-regulator",
    "Rendez-vous pris par un compte, à la régulation",
    most=60,
    seconds=HOUR,
    by=(By.ACCOUNT,),
    said="Trop de rendez-vous pris par ce compte en peu de temps",
)
# Beyond it nothing is refused: whose slots are taken hears of it (actions.bursts).
BURST = limit("booking-burst", "Rafales de rendez-vous d’un compte", most=10, seconds=5 * MINUTE, by=(By.ACCOUNT,))
BURST_ALERTS = limit(
    "booking-burst-alerts",
    "Alertes d’une rafale, à chacun",
    most=1,
    seconds=HOUR,
    by=(By.ACCOUNT, By.OBJECT),
    is_shown=False,
)
# A request names a patient, and each professional solicited is a mail.
REQUESTS = limit(
    "care-requests",
    "Demandes de soins ouvertes par un compte",
    most=30,
    seconds=HOUR,
    by=(By.ACCOUNT,),
    said="Trop de demandes ouvertes par ce compte en peu de temps",
)
SOLICITATIONS = tuple(
    limit(name, label, most=most, seconds=seconds, by=(By.ACCOUNT,), said="Trop de professionnels sollicités")
    for name, label, most, seconds in (
        ("solicitations", "Professionnels sollicités par un compte", 60, HOUR),
        ("solicitations-day", "Professionnels sollicités par un compte, en un jour", 200, DAY),
    )
)
SEARCH_LEASE = 20
SEARCHES = limit(
    "json-searches", "Recherches de créneaux par un logiciel, d’un compte", most=600, seconds=MINUTE, by=(By.ACCOUNT,)
)
