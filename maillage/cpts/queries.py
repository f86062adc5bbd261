"""Reads on CPTS that need more than a filter."""

from difflib import SequenceMatcher

from maillage.cpts.models import Cpts

SIMILAR = 0.75


def possible_duplicates(name: str, departement_code: str) -> list[Cpts]:
    """Approved CPTS whose name, common words left out, looks like this one; same département first.

    A word in common that carries meaning is enough: "CPTS du Bergeracois" and "Bergeracois Santé".
    """
    wanted = Cpts(name=name).bare_name
    if not wanted:
        return []
    duplicates = [
        cpts
        for cpts in Cpts.objects.approved().select_related("departement")
        if _alike(wanted, cpts.bare_name, nearby=cpts.departement_id == departement_code)
    ]
    return sorted(duplicates, key=lambda cpts: (cpts.departement_id != departement_code, cpts.name))


def _alike(left: str, right: str, *, nearby: bool) -> bool:
    """In the same département a shared word is enough; elsewhere only names that are nearly the same."""
    shared = any(_same_root(word, other) for word in left.split() for other in right.split())
    return (shared and nearby) or SequenceMatcher(None, left, right).ratio() >= SIMILAR


def _same_root(first: str, second: str) -> bool:
    """Bergerac and Bergeracois: a word of four letters or more that the other one begins with."""
    short, long = sorted((first, second), key=len)
    return len(short) > 3 and long.startswith(short)
