"""Which commune an address is in, and from where a distance is measured."""

from maillage.core.text import normalised
from maillage.geography.models import Commune, PlaceName, PlaceNameKind
from maillage.geography.rules.codes import departement_of
from maillage.unscheduled_care.models import Schedule


def commune_named(postal_code: str, city: str) -> Commune | None:
    """The commune of that postal code and name; of the postal code alone when it has one commune only."""
    if not postal_code:
        return None
    inside = Commune.objects.filter(
        pk__in=PlaceName.objects.filter(key=postal_code, kind=PlaceNameKind.POSTAL_CODE).values("commune")
    ).defer("outline", "neighbours")
    communes = list(inside)
    named = [commune for commune in communes if normalised(commune.name) == normalised(city)]
    chosen = named or (communes if len(communes) == 1 else [])
    return chosen[0] if chosen else None


def point_of(schedule: Schedule) -> tuple[float, float] | None:
    """Where it lies; failing that the town hall of its commune; None when neither is known."""
    if schedule.latitude is not None and schedule.longitude is not None:
        return schedule.latitude, schedule.longitude
    commune = schedule.commune
    if commune and commune.latitude is not None and commune.longitude is not None:
        return commune.latitude, commune.longitude
    return None


def departement_of_place(schedule: Schedule) -> str:
    """Whose public holidays and clock are those of the place; the metropole's when nothing says it."""
    if schedule.commune_id:
        return departement_of(schedule.commune_id)
    code = schedule.postal_code
    if code.startswith("20"):  # Corsica, whose postal codes know no letter
        return "2A" if code.startswith(("200", "201")) else "2B"
    return code[:3] if code.startswith(("97", "98")) else code[:2]
