"""Identifiers of people and structures, as the national files write them. Pure: no Django, no clock.

A person is known by a national identifier: `8` + RPPS (11 digits) or `0` + ADELI (9 characters, letters in
Corsica). Here it is kept as one integer, which joins and indexes at half the cost of its text. A structure is
known by `1` + FINESS, `3` + SIRET, or the former identifier of the register (`4` + RPPS rank, `0` + ADELI rank).
Sources: Annuaire Santé, extraction in free access; SAS interface guide, rule of prefixes.
"""

import xxhash

ADELI_FLOOR = 10**15
RPPS_FLOOR, RPPS_CEILING = 8 * 10**11, 9 * 10**11
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ADELI_LENGTH, RPPS_LENGTH = 9, 11


class UnknownIdentifier(ValueError):
    """Neither an RPPS nor an ADELI number."""


def practitioner_key(national_id: str) -> int:
    """810000000017 -> 810000000017; 0019710001 -> ADELI_FLOOR + its value in base 36. Raises UnknownIdentifier.

    >>> national_id_of(practitioner_key("02A9710001"))
    '02A9710001'
    """
    body = national_id[1:]
    if national_id[:1] == "8" and len(body) == RPPS_LENGTH and body.isascii() and body.isdigit():
        return int(national_id)
    if national_id[:1] == "0" and len(body) == ADELI_LENGTH and all(char in ALPHABET for char in body):
        return ADELI_FLOOR + int(body, 36)
    raise UnknownIdentifier(national_id)


def rpps_key(rpps: str) -> int:
    """The key of a person known by RPPS. Raises UnknownIdentifier."""
    return practitioner_key(f"8{rpps}")


def number_key(number: str) -> int:
    """The key of a number as people write it: RPPS (11 digits), ADELI (9 characters), or either with its prefix.

    Raises UnknownIdentifier.
    """
    if len(number) == RPPS_LENGTH:
        return rpps_key(number)
    return practitioner_key(number if len(number) != ADELI_LENGTH else f"0{number}")


def national_id_of(key: int) -> str:
    """The inverse of practitioner_key."""
    if key < ADELI_FLOOR:
        return str(key)
    value, text = key - ADELI_FLOOR, ""
    for _ in range(ADELI_LENGTH):
        value, digit = divmod(value, 36)
        text = ALPHABET[digit] + text
    return f"0{text}"


def role_key(practitioner: bytes, profession: bytes, category: bytes, mode: bytes, organization: bytes) -> int:
    """What identifies an exercise, as a 63-bit digest: the same exercise keeps its key from one file to the next."""
    return xxhash.xxh3_64_intdigest(b"|".join((practitioner, profession, category, mode, organization))) >> 1
