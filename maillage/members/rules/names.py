"""Names as people read them and as they are searched. Pure."""

from dataclasses import dataclass
from typing import Protocol

from maillage.core.text import normalised


def search_name(*, structure: str = "", family_name: str = "", given_name: str = "") -> str:
    """What a member is searched by: the structure, then the person.

    >>> search_name(family_name="Le Goff", given_name="Ève")
    'le goff eve'
    """
    return normalised(f"{structure} {family_name} {given_name}")


class Named(Protocol):
    """Whatever bears the two names of a person."""

    @property
    def family_name(self) -> str: ...
    @property
    def given_name(self) -> str: ...


@dataclass(frozen=True)
class TypedName:
    """Two names as somebody wants them to be."""

    family_name: str
    given_name: str


PARTICLES = frozenset("d de des du l la le les van von".split())


def share_a_word(typed: str, registered: str) -> bool:
    """Whether a name that a team typed may be that of the register: married and double names included, particles apart.

    >>> share_a_word("Dupont-Roussel", "ROUSSEL"), share_a_word("Le Bihan", "LE GOFF"), share_a_word("", "LE GOFF")
    (True, False, False)
    """
    words, theirs = (set(normalised(name).split()) for name in (typed, registered))
    return bool((words - PARTICLES or words) & (theirs - PARTICLES or theirs))


def may_be_named(typed: Named, registered: Named) -> bool:
    """Whether a page and the register, or an account, may speak of one person: by both of their names."""
    return share_a_word(typed.family_name, registered.family_name) and share_a_word(
        typed.given_name, registered.given_name
    )


def readable(name: str) -> str:
    """A name that a register writes in capitals, as people write it; any other is left alone.

    >>> readable("LE GOFF-D'ARC")
    "Le Goff-D'Arc"
    """
    return name.title() if name.isupper() else name


def of(name: str) -> str:
    """« de » before the name of a person or a structure, with its elision.

    >>> of("Aurore Bastidel"), of("Le Goff")
    ('d’Aurore Bastidel', 'de Le Goff')
    """
    return f"d’{name}" if normalised(name)[:1] in tuple("aeiouy") else f"de {name}"
