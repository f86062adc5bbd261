"""The extraction of MSSanté mailboxes (`Extraction_Correspondance_MSSante`), line by line. Pure.

UTF-8, `|`, a header, several mailboxes a person, exact duplicates.
"""

from collections.abc import Iterable, Iterator

import xxhash

from maillage.directory.rules.identifiers import UnknownIdentifier, practitioner_key
from maillage.directory.rules.register import NULL, Layout, Tell

COLUMN_NAMES = (
    "Type de BAL",
    "Adresse BAL",
    "Identification nationale PP",
    "Type identifiant structure",
    "Identification Structure",
    "Service de rattachement",
    "Dématérialisation",
)
PERSONAL = b"PER"
YES = frozenset({b"O", b"OUI", b"TRUE", b"1"})


def mailboxes(lines: Iterable[tuple[int, bytes]], layout: Layout, tell: Tell) -> Iterator[tuple[bytes, ...]]:
    """Staged rows: key, address, personal, practitioner, organization, service, paperless, line."""
    pick = layout.pick(COLUMN_NAMES)
    for number, line in lines:
        fields = line.split(b"|")
        if len(fields) != layout.width and (len(fields) != layout.width + 1 or fields[-1]):
            tell(number, "", f"{len(fields)} champs au lieu de {layout.width}")
            continue
        kind, address, national_id, structure_kind, structure, service, paperless = pick(fields)
        practitioner, organization = _person(national_id), _structure(structure_kind, structure)
        if b"@" not in address or len(address) > 200:
            tell(number, national_id.decode(), "adresse absente ou mal formée")
        elif not practitioner and not organization:
            tell(number, national_id.decode(), "ni personne ni structure connue")
        else:
            key = xxhash.xxh3_64_intdigest(b"|".join((address.lower(), practitioner, organization))) >> 1
            yield (
                b"%d" % key,
                address,
                b"1" if kind == PERSONAL else b"0",
                practitioner or NULL,
                organization or NULL,
                service.decode()[:200].encode(),
                b"1" if paperless.upper() in YES else b"0",
                b"%d" % number,
            )


def _person(national_id: bytes) -> bytes:
    try:
        return b"%d" % practitioner_key(national_id.decode())
    except UnknownIdentifier:
        return b""


def _structure(kind: bytes, number: bytes) -> bytes:
    """FINESS (9 characters) and SIRET (14) get their prefix; numbers that carry one stay as they are."""
    prefix = {9: b"1", 14: b"3"}.get(len(number), b"")
    return (prefix + number)[:20]
