"""Which commune of today a file means."""

from collections.abc import Iterable

from maillage.directory.rules.register import Places
from maillage.geography.models import Commune, PlaceName, PlaceNameKind


def known_places() -> Places:
    """Communes of today by code, the codes that merged, and the postal codes of one commune only.

    Bytes from the start: texts in between would weigh more than what is kept.
    """
    merged = Commune.objects.exclude(merged_into=None).values_list("code", "merged_into_id")
    former = PlaceName.objects.filter(kind=PlaceNameKind.FORMER_CODE).values_list("label", "commune")
    communes = _encoded(merged.iterator()) | _encoded(former.iterator())
    for code in Commune.objects.current().values_list("code", flat=True).iterator():
        key = code.encode()
        communes[key] = key  # one object, not two: this goes to two processes
    postal_codes = PlaceName.objects.filter(kind=PlaceNameKind.POSTAL_CODE).values_list("label", "commune")
    single = _single(postal_codes.filter(commune__parent=None))
    # 75016 is an arrondissement, which tells more than Paris.
    single |= _single(postal_codes.filter(commune__parent__isnull=False))
    return Places(communes, single)


def _encoded(pairs: Iterable[tuple[str, str]]) -> dict[bytes, bytes]:
    return {label.upper().encode(): code.encode() for label, code in pairs}


def _single(pairs: Iterable[tuple[str, str]]) -> dict[bytes, bytes]:
    """Of (label, commune), labels of one commune only."""
    communes: dict[bytes, bytes] = {}
    for label, code in pairs:
        key, commune = label.upper().encode(), code.encode()
        communes[key] = commune if communes.get(key, commune) == commune else b""
    return {label: commune for label, commune in communes.items() if commune}
