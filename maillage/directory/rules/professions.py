"""Professions as a territory counts them: the codes of the register, general practitioners apart. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

GENERAL_PRACTICE = frozenset({"SM26", "SM53", "SM54"})  # TRE_R38: qualified, specialist, general medicine
DOCTOR = "10"
GENERALIST, SPECIALIST = "10G", "10S"


@dataclass(frozen=True)
class Group:
    """One profession of a census: code, name in the singular and in the plural."""

    code: str
    singular: str
    plural: str


GROUPS = tuple(
    Group(*values)
    for values in (
        (GENERALIST, "médecin généraliste", "médecins généralistes"),
        (SPECIALIST, "médecin d’une autre spécialité", "médecins d’une autre spécialité"),
        ("60", "infirmier", "infirmiers"),
        ("70", "masseur-kinésithérapeute", "masseurs-kinésithérapeutes"),
        ("40", "chirurgien-dentiste", "chirurgiens-dentistes"),
        ("50", "sage-femme", "sages-femmes"),
        ("21", "pharmacien", "pharmaciens"),
        ("91", "orthophoniste", "orthophonistes"),
        ("80", "pédicure-podologue", "pédicures-podologues"),
        ("92", "orthoptiste", "orthoptistes"),
        ("93", "psychologue", "psychologues"),
        ("94", "ergothérapeute", "ergothérapeutes"),
        ("95", "diététicien", "diététiciens"),
        ("96", "psychomotricien", "psychomotriciens"),
    )
)
PLURALS = {group.code: group.plural for group in GROUPS}


def group_of(profession: str, specialities: Collection[str]) -> str:
    """The group a line is counted in: doctors by speciality, everybody else by profession."""
    if profession != DOCTOR:
        return profession
    return GENERALIST if GENERAL_PRACTICE.intersection(specialities) else SPECIALIST
