"""Names as people read them and as they are searched. Pure."""

from maillage.core.text import normalised


def search_name(*, structure: str = "", family_name: str = "", given_name: str = "") -> str:
    """What a member is searched by: the structure, then the person.

    >>> search_name(family_name="Le Goff", given_name="Ève")
    'le goff eve'
    """
    return normalised(f"{structure} {family_name} {given_name}")


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
