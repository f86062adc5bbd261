"""Finding communes and EPCI the way people name them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from maillage.core.sql.bulk import rows_in
from maillage.core.text import normalised
from maillage.geography.models import Commune, Epci, PlaceName, PlaceNameKind

SHOWN = 12
SHORTEST = 2
LONG_ENOUGH, SUGGESTED_AT_MOST = 4, 50
AFTER_ANY_KEY = "~"  # keys hold digits, small letters and spaces only


def search_communes(text: str, *, near: Iterable[str] = ()) -> list[PlaceName]:
    """Names, INSEE or postal codes that start with this text, one line a commune; exact ones and `near` first.

    One query on the index of keys. Each result carries its commune, EPCI and département.
    """
    key = normalised(text)
    if len(key) < SHORTEST:
        return []
    names = (
        PlaceName.objects.filter(key__gte=key, key__lt=key + AFTER_ANY_KEY)
        .annotate(rank=_rank(key, list(near)))
        .select_related("commune__epci", "commune__departement")
        .defer("commune__outline", "commune__neighbours")
        .order_by("rank", F("commune__population").desc(nulls_last=True), "commune_id", "pk")
    )
    return _one_a_commune(names[: SHOWN * 3])[:SHOWN]


def _rank(key: str, near: list[str]) -> Case:
    former = [PlaceNameKind.FORMER_NAME, PlaceNameKind.FORMER_CODE]
    return Case(
        When(key=key, commune__departement__in=near, then=Value(0)),
        When(commune__departement__in=near, then=Value(1)),
        When(key=key, kind__in=former, then=Value(3)),
        When(key=key, then=Value(2)),
        default=Value(4),
        output_field=IntegerField(),
    )


def _one_a_commune(names: Iterable[PlaceName]) -> list[PlaceName]:
    first: dict[str, PlaceName] = {}
    for name in names:
        first.setdefault(name.commune_id, name)
    return list(first.values())


def search_epci(text: str) -> QuerySet[Epci]:
    """EPCI whose name holds this text, the shortest names first."""
    key = normalised(text)
    if len(key) <= SHORTEST:
        return Epci.objects.none()
    return Epci.objects.filter(search_name__contains=key).order_by("name")[:5]


class NamedPlace(NamedTuple):
    """One commune behind one key, with what a line of a choice shows: no model instance, lists may be long."""

    key: str
    kind: str
    label: str
    code: str
    commune: str
    departement: str
    departement_name: str
    population: int | None


NAMED_PLACE = (
    "key",
    "kind",
    "label",
    "commune_id",
    "commune__name",
    "commune__departement_id",
    "commune__departement__name",
    "commune__population",
)


def places_by_key(keys: Iterable[str]) -> dict[str, list[NamedPlace]]:
    """Everything that each normalised key designates, for a whole pasted list at once."""
    places: dict[str, list[NamedPlace]] = defaultdict(list)
    for values in rows_in(PlaceName.objects.values_list(*NAMED_PLACE), "key", keys):
        places[values[0]].append(NamedPlace(*values))
    return places


def places_starting_with(keys: Iterable[str]) -> dict[str, list[NamedPlace]]:
    """For names that match nothing: present names that start with them (Sigoulès, Sigoulès-et-Flaugeac). One query."""
    wanted = sorted({key for key in keys if len(key) >= LONG_ENOUGH})[:SUGGESTED_AT_MOST]
    if not wanted:
        return {}
    condition = Q()
    for key in wanted:
        condition |= Q(key__gte=f"{key} ", key__lt=f"{key} {AFTER_ANY_KEY}")
    places: dict[str, list[NamedPlace]] = defaultdict(list)
    for values in PlaceName.objects.filter(condition, kind=PlaceNameKind.NAME).values_list(*NAMED_PLACE):
        for key in wanted:
            if values[0].startswith(f"{key} "):
                places[key].append(NamedPlace(*values))
    return places


def communes_of_epci(code: str) -> list[str]:
    """Codes of the communes of one EPCI, arrondissements left out: their commune stands for them."""
    communes = Commune.objects.current().filter(epci=code, parent=None)
    return list(communes.order_by("code").values_list("code", flat=True))
