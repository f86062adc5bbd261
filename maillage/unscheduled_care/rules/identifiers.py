"""Identifiers of structures as the SAS takes them. Pure.

Source: SAS interface guide: `1` FINESS, `3` SIRET, `4` RPPS rank, `0` ADELI rank, in this order of preference.
People: directory.rules.identifiers.
"""

FINESS_LENGTH, SIRET_LENGTH, RPPS_RANK_LENGTH, ADELI_RANK_LENGTH = 9, 14, 14, 11


def bare_finess(text: str) -> str:
    """990000010 or 1990000010 -> 990000010; '' when it is neither."""
    return _bare(text, "1", FINESS_LENGTH)


def bare_siret(text: str) -> str:
    """14 digits, with or without the `3` of exchanges; '' when it is neither."""
    return _bare(text, "3", SIRET_LENGTH)


def _bare(text: str, prefix: str, length: int) -> str:
    compact = "".join(text.split()).upper()
    if len(compact) == length + 1 and compact.startswith(prefix):
        compact = compact[1:]
    return compact if len(compact) == length and compact.isascii() and compact.isalnum() else ""


def former_id(text: str) -> str:
    """The former identifier of the register: it carries its prefix; a bare RPPS or ADELI rank is given one."""
    compact = "".join(text.split()).upper()
    if len(compact) == RPPS_RANK_LENGTH:
        return f"4{compact}"
    if len(compact) == ADELI_RANK_LENGTH:
        return f"0{compact}"
    return compact


def structure_id(*, finess: str, siret: str, former: str) -> str:
    """What names a structure in exchanges; '' when nothing does."""
    if finess:
        return f"1{finess}"
    return f"3{siret}" if siret else former
