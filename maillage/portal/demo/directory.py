"""The directory of the demonstration: written as the national files are, then imported like them."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from maillage.directory.actions import import_establishments, import_mailboxes, import_register
from maillage.geography.models import Commune
from maillage.geography.queries import communes_of_epci
from maillage.portal.demo import register
from maillage.portal.demo.seed import BERGERACOISE, SEED, invented_members, place_of

# Dordogne and what surrounds it: accessibility does not stop at a border.
DEPARTEMENTS = frozenset({"24", "16", "17", "19", "33", "46", "47", "87"})
FIRST_SERIAL, NEW_SERIAL = 10_000, 900_000


def load_directory(at: datetime) -> None:
    """Two registers some months apart, so that people have come, left and moved; establishments; mailboxes."""
    communes = Commune.objects.current().filter(departement__in=DEPARTEMENTS).exclude(population=None)
    places = [place_of(commune) for commune in communes.defer("outline", "neighbours").order_by("code")]
    own = Commune.objects.filter(code__in=communes_of_epci(BERGERACOISE)).order_by("code")
    members = [member for member, _ in invented_members(list(own.defer("outline", "neighbours")))]
    before = register.invent(places, FIRST_SERIAL, SEED)
    now = register.later(before, NEW_SERIAL, SEED)
    with tempfile.TemporaryDirectory() as folder:
        for people, days in ((before, 300), (now, 12)):
            day = at - timedelta(days=days)
            path = Path(folder) / f"PS_LibreAcces_Personne_activite_{day:%Y%m%d}0800.txt"
            register.write_register(path, [*members, *people])
            import_register(path=path, departements=DEPARTEMENTS, at=day)
        day = at - timedelta(days=12)
        rows = register.establishments(places, now, SEED)
        feed = register.write_finess(Path(folder) / f"etalab-cs1100502-stock-{day:%Y%m%d}-0338.csv", rows, day.date())
        import_establishments(path=feed, at=day)
        boxes = Path(folder) / f"Extraction_Correspondance_MSSante_{day:%Y%m%d}0800.txt"
        import_mailboxes(path=register.write_mailboxes(boxes, [*members, *now]), at=day)
