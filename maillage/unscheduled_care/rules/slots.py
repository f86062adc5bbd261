"""What a slot says of itself: to whom it is shown, how the patient is seen. Pure.

Source: SAS interface guide (TRE_R314 type of slot, v3-ActCode mode of consultation).
"""

from enum import IntFlag


class Kind(IntFlag):
    """Who may see a slot. None: nobody but its owner."""

    PUBLIC = 1
    PRO = 2
    SNP = 4
    CPTS = 8


class Mode(IntFlag):
    """How the patient is seen."""

    AMB = 1
    HH = 2
    VR = 4


KIND_LABELS = {
    Kind.CPTS: "les CPTS que je choisis",
    Kind.SNP: "la régulation du SAS",
    Kind.PRO: "les autres professionnels",
    Kind.PUBLIC: "le public",
}
MODE_LABELS = {Mode.AMB: "au cabinet", Mode.HH: "en visite à domicile", Mode.VR: "à distance"}
MODE_BADGES = {Mode.AMB: "cabinet", Mode.HH: "visite", Mode.VR: "téléconsultation"}
ALL_KINDS = sum(Kind)
ALL_MODES = sum(Mode)


def names_of(flags: IntFlag) -> list[str]:
    """The codes, in the order of the terminology: ['PUBLIC', 'CPTS']."""
    return [str(flag.name) for flag in flags]


def kinds_from(codes: list[str]) -> Kind:
    """Raises KeyError for a code the terminology has not."""
    return Kind(sum({Kind[code] for code in codes}))


def modes_from(codes: list[str]) -> Mode:
    """Raises KeyError for a code the terminology has not."""
    return Mode(sum({Mode[code] for code in codes}))
