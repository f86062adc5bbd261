"""Why a professional is, or is not, shown to the SAS. Pure: facts in, sentences out."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class PresenceFacts:
    """What publication asks of a professional: all of it must be true."""

    has_account: bool
    number_is_proved: bool
    number_is_contested: bool
    membership_is_contested: bool
    has_agreed: bool
    place_is_confirmed: bool
    cpts_is_approved: bool
    agreement_is_recorded: bool  # of an approved CPTS with the regulation


def missing(facts: PresenceFacts) -> Iterator[str]:
    """What keeps the professional from the SAS, in the order it is mended; nothing when they are shown."""
    yield from _of_the_person(facts)
    if not facts.cpts_is_approved:
        yield "la CPTS n’est pas encore approuvée"
    elif not facts.agreement_is_recorded:
        yield "la convention de la CPTS avec le SAS n’est pas datée dans les réglages"


def _of_the_person(facts: PresenceFacts) -> Iterator[str]:
    if not facts.has_account:
        yield "aucun compte n’est relié à l’adhésion"
    if facts.number_is_contested:
        yield "le numéro national est contesté : l’administration de l’instance va trancher"
    elif not facts.number_is_proved:
        yield "le numéro national n’est pas prouvé (« Mon identité »)"
    if facts.membership_is_contested:
        yield "une adhésion est contestée : l’administration de l’instance va trancher"
    if not facts.has_agreed:
        yield "l’accord pour paraître au SAS n’est pas donné"
    if not facts.place_is_confirmed:
        yield "aucun lieu n’a son adresse et son téléphone confirmés"
