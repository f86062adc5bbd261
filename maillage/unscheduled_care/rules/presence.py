"""Why a professional is, or is not, shown to the SAS. Pure: facts in, sentences out."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class PresenceFacts:
    """What publication asks of a professional: all of it must be true."""

    has_account: bool
    number_is_proved: bool
    number_is_contested: bool
    has_agreed: bool
    place_is_confirmed: bool
    cpts_is_approved: bool
    agreement_is_recorded: bool  # of an approved CPTS with the regulation


def missing(facts: PresenceFacts) -> Iterator[str]:
    """What keeps the professional from the SAS, in the order it is mended; nothing when they are shown."""
    if not facts.has_account:
        yield "n’a pas encore relié de compte à son adhésion"
    if facts.number_is_contested:
        yield "son numéro national est contesté : l’administration de l’instance va trancher"
    elif not facts.number_is_proved:
        yield "n’a pas encore prouvé son numéro national (« Mon identité »)"
    if not facts.has_agreed:
        yield "n’a pas accepté de paraître au SAS"
    if not facts.place_is_confirmed:
        yield "n’a confirmé l’adresse et le téléphone d’aucun de ses lieux"
    if not facts.cpts_is_approved:
        yield "sa CPTS n’est pas encore approuvée"
    elif not facts.agreement_is_recorded:
        yield "la convention de sa CPTS avec le SAS n’est pas datée dans les réglages"
