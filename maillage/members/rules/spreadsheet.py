"""A coordinator's own list of members: which column says what, what each cell says. Pure: no Django, no database."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from maillage.core.text import normalised
from maillage.directory.rules.identifiers import ADELI_LENGTH, RPPS_LENGTH, UnknownIdentifier, number_key

HEADER_WITHIN = 10  # rows: titles and merged cells often stand above the header
SAMPLE = 40
# In plain letters: those that only look alike make the address of somebody else.
EMAIL = re.compile(r"[!-+\--:<-?A-~]+@[!-+\--:<-?A-~]+\.[a-z]{2,}", re.IGNORECASE | re.ASCII)
DAY = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})")
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T].*)?")
PHONE = re.compile(r"(?:\+|00)?[\d .\-()/]{9,20}")
LAST_SHORT_YEAR = 60  # 31.12.60 is still to come, 01/09/98 was


@dataclass(frozen=True)
class Field:
    """Something a column may say: its name, the greatest length that is kept, how people title it."""

    key: str
    label: str
    longest: int
    titles: tuple[str, ...]


# key | label | greatest length | titles, normalised
COLUMNS = """
family_name | Nom | 80 | nom, nom de famille, nom d exercice, noms, nom usuel
given_name | Prénom | 80 | prenom, prenoms, prenom d exercice
full_name | Nom et prénom ensemble | 160 | nom prenom, nom et prenom, prenom nom, membre, adherent, professionnel
structure | Structure | 160 | structure, etablissement, organisme, raison sociale
occupation | Profession | 80 | profession, profession ou fonction, metier, fonction, specialite, activite
rpps | RPPS ou ADELI | 20 | rpps, n rpps, numero rpps, adeli, rpps adeli, numero adeli, rpps ou adeli, identifiant
email | Adresse électronique | 254 | email, e mail, mail, courriel, adresse mail, adresse email, adresse electronique
phone | Téléphone | 30 | telephone, tel, portable, mobile, tel portable, numero de telephone, telephone portable
commune | Commune | 80 | commune, ville, code postal, cp, lieu d exercice, commune d exercice, cp ville
college | Collège | 80 | college, college electoral
joined_on | Adhère depuis le | 30 | date d adhesion, date adhesion, adhere depuis, adhere depuis le, depuis le
languages | Langues | 120 | langues, langues parlees, langue
practical | À savoir, lu par tous les membres | 300 | a savoir
"""


def _field(line: str) -> Field:
    key, label, longest, titles = (part.strip() for part in line.split("|"))
    return Field(key, label, int(longest), tuple(titles.split(", ")))


FIELDS = tuple(map(_field, COLUMNS.strip().splitlines()))
BY_KEY = {column.key: column for column in FIELDS}
TITLES = {title: column.key for column in FIELDS for title in column.titles}
RANK = {
    title: rank for column in FIELDS for rank, title in enumerate(column.titles)
}  # a commune tells more than its code
NAMES = ("family_name", "full_name", "structure")


def find_header(table: Sequence[Sequence[str]]) -> int | None:
    """The row of titles: among the first ones, the one that holds most titles we know. None when there is none.

    >>> find_header([["Liste 2026", "", ""], ["Nom", "Prénom", "Mail"], ["Le Goff", "Ève", "e@x.fr"]])
    1
    """
    known = [sum(normalised(cell) in TITLES for cell in row) for row in table[:HEADER_WITHIN]]
    return known.index(max(known)) if any(known) else None


def guess_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Field -> place of the column that says it: by its title, then by what its cells look like."""
    columns: dict[str, int] = {}
    said = [(normalised(title), place) for place, title in enumerate(header)]
    for title, place in sorted((pair for pair in said if pair[0] in TITLES), key=lambda pair: (RANK[pair[0]], pair[1])):
        columns.setdefault(TITLES[title], place)
    for key, looks_like in LOOKS.items():
        if key not in columns:
            free = (place for place in range(len(header)) if place not in columns.values())
            alike = [place for place in free if _mostly(rows, place, looks_like)]
            if alike:
                columns[key] = alike[0]
    if "family_name" in columns and "full_name" in columns:
        del columns["full_name"]
    return columns


def _mostly(rows: Sequence[Sequence[str]], place: int, looks_like: Callable[[str], bool]) -> bool:
    cells = [row[place] for row in rows[:SAMPLE] if place < len(row) and row[place]]
    return bool(cells) and sum(map(looks_like, cells)) * 2 > len(cells)


def _is_number_of_person(text: str) -> bool:
    digits = "".join(text.split())
    return digits.isdecimal() and len(digits) == RPPS_LENGTH


LOOKS: Mapping[str, Callable[[str], bool]] = {
    "email": lambda text: bool(EMAIL.fullmatch(text)),
    "rpps": _is_number_of_person,
    "phone": lambda text: bool(PHONE.fullmatch(text)),
}


class Unreadable(ValueError):
    """What is wrong with a cell, in French."""


@dataclass
class Entry:
    """One row as it was understood: values by field, what is wrong beside which."""

    values: dict[str, object] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def read_row(texts: Mapping[str, str], readers: Mapping[str, Callable[[str], object]]) -> Entry:
    """Understand one row. `readers` know what only the database tells: communes, colleges, telephone numbers."""
    entry = Entry()
    for key, text in texts.items():
        if not text:
            continue
        try:
            entry.values[key] = readers[key](text) if key in readers else _short(text, BY_KEY[key].longest)
        except Unreadable as error:
            entry.errors[key] = str(error)
    if "full_name" in entry.values:
        family, given = split_name(str(entry.values.pop("full_name")))
        if max(len(family), len(given)) > BY_KEY["family_name"].longest:
            entry.errors["full_name"] = "Trop long : séparez le nom du prénom."
        entry.values |= {"family_name": family, "given_name": given}
    if not any(texts.get(key) for key in NAMES):
        column = next((key for key in NAMES if key in texts), "family_name")
        entry.errors[column] = "Il manque le nom."
    return entry


def _short(text: str, longest: int) -> str:
    if len(text) > longest:
        raise Unreadable(f"Trop long : {longest} caractères au plus.")
    return text


def split_name(text: str) -> tuple[str, str]:
    """A name and a given name written together. Capitals tell the name; failing them, the first word does.

    >>> split_name("Ève LE GOFF"), split_name("LE GOFF Ève"), split_name("Le Goff Ève")
    (('LE GOFF', 'Ève'), ('LE GOFF', 'Ève'), ('Le', 'Goff Ève'))
    """
    words = text.split()
    family = [word for word in words if word.isupper() and len(word) > 1]
    if family and len(family) < len(words):
        return " ".join(family), " ".join(word for word in words if word not in family)
    return (words[0], " ".join(words[1:])) if words else ("", "")


def read_email(text: str) -> str:
    """Raises Unreadable."""
    email = text.removeprefix("mailto:").strip().lower()
    if not EMAIL.fullmatch(email) or len(email) > BY_KEY["email"].longest:
        raise Unreadable("Ce n’est pas une adresse électronique.")
    return email


def read_day(text: str) -> date:
    """31/12/2026, 31.12.26 or 2026-12-31; a year alone is its first day. Raises Unreadable."""
    if text.isdecimal() and len(text) == 4:
        text = f"01/01/{text}"
    if match := ISO_DAY.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := DAY.fullmatch(text.partition(" 00:00")[0]):
        day, month, year = (int(part) for part in match.groups())
        year += (2000 if year <= LAST_SHORT_YEAR else 1900) if year < 100 else 0
    else:
        raise Unreadable("Ce n’est pas une date : par exemple 31/12/2026.")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Unreadable("Cette date n’existe pas.") from error


def read_number(text: str) -> int:
    """The key of a person by RPPS (11 digits) or ADELI number (9 characters). Raises Unreadable."""
    number = re.sub(r"[\s.\-]", "", text).upper()
    try:
        return number_key(number.zfill(ADELI_LENGTH))  # spreadsheets eat the first zeros
    except UnknownIdentifier as error:
        raise Unreadable("Un numéro RPPS a 11 chiffres, un numéro ADELI 9.") from error
