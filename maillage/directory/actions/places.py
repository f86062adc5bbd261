"""Which commune of today a file means."""

from collections.abc import Mapping

from maillage.directory.rules.register import Places
from maillage.geography.models import Commune, PlaceName, PlaceNameKind


def known_places() -> Places:
    """Communes of today by code, the codes that merged, and the postal codes of one commune only."""
    codes = {code: code for code in Commune.objects.current().values_list("code", flat=True)}
    merged = Commune.objects.exclude(merged_into=None).values_list("code", "merged_into_id")
    former = PlaceName.objects.filter(kind=PlaceNameKind.FORMER_CODE).values_list("label", "commune")
    postal: dict[str, set[str]] = {}
    by_postal_code = PlaceName.objects.filter(kind=PlaceNameKind.POSTAL_CODE, commune__parent=None)
    for code, commune in by_postal_code.values_list("label", "commune"):
        postal.setdefault(code, set()).add(commune)
    single = {code: min(communes) for code, communes in postal.items() if len(communes) == 1}
    # 75016 is an arrondissement, which tells more than Paris.
    in_cities = PlaceName.objects.filter(kind=PlaceNameKind.POSTAL_CODE, commune__parent__isnull=False)
    districts: dict[str, set[str]] = {}
    for code, district in in_cities.values_list("label", "commune"):
        districts.setdefault(code, set()).add(district)
    single |= {code: min(found) for code, found in districts.items() if len(found) == 1}
    return Places(_encoded(dict(merged) | dict(former) | codes), _encoded(single))


def _encoded(mapping: Mapping[str, str]) -> dict[bytes, bytes]:
    return {key.upper().encode(): value.encode() for key, value in mapping.items()}
