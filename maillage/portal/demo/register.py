"""National files of invented people and structures, in the exact formats, for the demonstration and the tests.

RPPS start with 999, SIRET with 000, the third character of FINESS is 9, mail ends in .invalid, and the telephone
numbers are those kept for fiction. Densities are orders of magnitude, not statistics.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from maillage.directory.rules.finess import LEGACY
from maillage.directory.rules.register import COLUMN_NAMES
from maillage.portal.demo.names import FAMILY_NAMES, GIVEN_NAMES

DOMAIN = "medecin.exemple.invalid"
STREETS = ("Rue|DES LILAS", "Place|DU MARCHE", "Avenue|DE LA GARE", "Rue|DU MOULIN", "Route|DES VIGNES", "Rue|PASTEUR")
TOWN, CITY = 2_500, 9_000

# profession, savoir-faire, liberal per 10,000 inhabitants, smallest commune they settle in
LIBERAL = (
    ("10", "SM54", 7.2, 700),
    ("10", "SM04", 0.5, CITY),
    ("10", "SM38", 0.5, CITY),
    ("10", "SM42", 0.7, CITY),
    ("10", "SM15", 0.3, CITY),
    ("10", "SM40", 0.3, CITY),
    ("10", "SM20", 0.3, CITY),
    ("10", "SM44", 0.5, CITY),
    ("60", "", 16.0, 300),
    ("70", "", 11.0, 800),
    ("40", "", 5.0, 1_500),
    ("50", "", 1.2, TOWN),
    ("91", "", 2.9, 1_200),
    ("80", "", 2.2, 1_500),
    ("93", "", 3.8, TOWN),
    ("94", "", 0.5, TOWN),
    ("95", "", 1.0, TOWN),
    ("96", "", 0.7, TOWN),
    ("92", "", 0.5, CITY),
)
# profession, savoir-faire, salaried per 10,000 inhabitants, in towns with a hospital
SALARIED = (
    ("60", "", 48.0),
    ("10", "SM26", 1.6),
    ("10", "SM02", 1.0),
    ("10", "SM59", 0.8),
    ("10", "SM42", 0.9),
    ("70", "", 1.4),
    ("50", "", 2.0),
    ("93", "", 3.4),
    ("94", "", 1.4),
    ("95", "", 0.7),
    ("96", "", 0.9),
    ("91", "", 0.6),
)
# category, name, smallest commune, how often there is one
AROUND = (
    ("603", "MAISON DE SANTE", 2_000, 0.5),
    ("500", "RESIDENCE", 1_500, 0.7),
    ("611", "LABORATOIRE", 5_000, 0.9),
    ("124", "CENTRE DE SANTE", 6_000, 0.4),
)
PHARMACIES, PHARMACISTS = 2.9, 2.3
LABELS = {
    "10": "Médecin",
    "21": "Pharmacien",
    "35": "Aide-soignant",
    "40": "Chirurgien-Dentiste",
    "50": "Sage-Femme",
    "60": "Infirmier",
    "70": "Masseur-Kinésithérapeute",
    "80": "Pédicure-Podologue",
    "91": "Orthophoniste",
    "92": "Orthoptiste",
    "93": "Psychologue",
    "94": "Ergothérapeute",
    "95": "Diététicien",
    "96": "Psychomotricien",
}
SPECIALITIES = {
    "SM54": "Médecine Générale",
    "SM26": "Qualifié en Médecine Générale",
    "SM02": "Anesthesie-réanimation",
    "SM04": "Cardiologie et maladies vasculaires",
    "SM15": "Dermatologie et vénéréologie",
    "SM20": "Gynécologie-obstétrique",
    "SM38": "Ophtalmologie",
    "SM40": "Pédiatrie",
    "SM42": "Psychiatrie",
    "SM44": "Radio-diagnostic",
    "SM59": "Médecine d'urgence",
}


@dataclass(frozen=True)
class Place:
    """A commune as the generator needs it."""

    code: str
    name: str
    postal_code: str
    population: int


@dataclass(frozen=True)
class Invented:
    """One invented exercise: a line of the register."""

    rpps: str
    family_name: str
    given_name: str
    profession: str
    speciality: str
    mode: str
    place: Place
    site: int  # number of the structure in its commune
    finess: str = ""
    structure: str = ""
    pharmacy: str = ""

    @property
    def former_id(self) -> str:
        return f"1{self.finess}" if self.finess else f"4{self.rpps}{self.site:03d}"


def luhn_key(body: str) -> str:
    total = sum(
        sum(divmod(2 * int(digit), 10)) if place % 2 == 0 else int(digit) for place, digit in enumerate(body[::-1])
    )
    return str(-total % 10)


def rpps(serial: int) -> str:
    """An invented RPPS: 999, then the serial, then the Luhn key of the eleven digits."""
    body = f"999{serial:07d}"
    return body + luhn_key(body)


def finess_number(departement: str, serial: int) -> str:
    body = f"{departement[:2]}9{serial:05d}"
    return body + luhn_key(body)


def invent(places: Sequence[Place], first_serial: int, seed: int) -> list[Invented]:
    """Everybody of these communes, the same each time."""
    chance = random.Random(seed)
    serials = iter(range(first_serial, 10_000_000))
    people: list[Invented] = []
    for place in places:
        people += _liberal(place, serials, chance)
        people += _pharmacists(place, serials, chance)
        if place.population >= CITY:
            people += _hospital(place, serials, chance)
    return people


def _count(per_10_000: float, population: int, chance: random.Random) -> int:
    """The whole part, and one more as often as the rest says."""
    wanted = per_10_000 * population / 10_000
    return int(wanted) + (chance.random() < wanted % 1)


def _names(chance: random.Random) -> tuple[str, str]:
    family = chance.choice(FAMILY_NAMES)
    if chance.random() < 0.06:
        family = f"{family}-{chance.choice(FAMILY_NAMES)}"
    return family.upper(), chance.choice(GIVEN_NAMES)


def _liberal(place: Place, serials: Iterator[int], chance: random.Random) -> Iterator[Invented]:
    for profession, speciality, density, smallest in LIBERAL:
        if place.population < smallest:
            continue
        # Those who do not settle in small communes are in the larger ones.
        for number in range(_count(density * 1.25, place.population, chance)):
            family, given = _names(chance)
            yield Invented(rpps(next(serials)), family, given, profession, speciality, "L", place, number // 3)


def _pharmacists(place: Place, serials: Iterator[int], chance: random.Random) -> Iterator[Invented]:
    if place.population < 900:
        return
    for number in range(max(1, _count(PHARMACIES, place.population, chance))):
        finess = finess_number(place.code, 20_000 + int(place.code[2:]) * 20 + number)
        name = f"PHARMACIE {place.name.upper()} {number + 1} (FICTIF)"
        for _ in range(_count(PHARMACISTS * 10_000, 1, chance) or 1):
            family, given = _names(chance)
            yield Invented(
                rpps(next(serials)),
                family,
                given,
                "21",
                "",
                "L",
                place,
                number,
                finess=finess,
                structure=name,
                pharmacy="A",
            )


def _hospital(place: Place, serials: Iterator[int], chance: random.Random) -> Iterator[Invented]:
    finess, name = hospital_of(place)
    for profession, speciality, density in SALARIED:
        for _ in range(_count(density * 1.6, place.population, chance)):
            family, given = _names(chance)
            yield Invented(
                rpps(next(serials)), family, given, profession, speciality, "S", place, 0, finess=finess, structure=name
            )


def hospital_of(place: Place) -> tuple[str, str]:
    return finess_number(place.code, 100 + int(place.code[2:])), f"CENTRE HOSPITALIER DE {place.name.upper()} (FICTIF)"


def later(people: Sequence[Invented], first_serial: int, seed: int) -> list[Invented]:
    """The same register some months on: departures, arrivals, moves."""
    chance = random.Random(seed)
    serials = iter(range(first_serial, 10_000_000))
    liberal = [person for person in people if person.mode == "L" and not person.finess]
    now: list[Invented] = []
    for person in people:
        draw = chance.random()
        if draw < 0.015:
            continue
        if draw < 0.025 and person.mode == "L" and not person.finess:
            now.append(replace(person, place=chance.choice(liberal).place, site=9))
        else:
            now.append(person)
    for colleague in chance.sample(liberal, len(liberal) // 70):
        family, given = _names(chance)
        now.append(replace(colleague, rpps=rpps(next(serials)), family_name=family, given_name=given, site=8))
    return now


def register_line(person: Invented, **changes: str) -> str:
    """A line of `PS_LibreAcces_Personne_activite`: 56 fields and one more bar. `changes` by column name."""
    kind, _, street = STREETS[person.site % len(STREETS)].partition("|")
    cabinet = f"CABINET {person.place.name.upper()} {person.site + 1} (FICTIF)"
    values = {
        "Type d'identifiant PP": "8",
        "Identifiant PP": person.rpps,
        "Identification nationale PP": f"8{person.rpps}",
        "Code civilité d'exercice": "DR" if person.profession in ("10", "40") else "",
        "Nom d'exercice": person.family_name,
        "Prénom d'exercice": person.given_name,
        "Code profession": person.profession,
        "Libellé profession": LABELS.get(person.profession, ""),
        "Code catégorie professionnelle": "C",
        "Libellé catégorie professionnelle": "Civil",
        "Code type savoir-faire": "S" if person.speciality else "",
        "Libellé type savoir-faire": "Spécialité ordinale" if person.speciality else "",
        "Code savoir-faire": person.speciality,
        "Libellé savoir-faire": SPECIALITIES.get(person.speciality, ""),
        "Code mode exercice": person.mode,
        "Libellé mode exercice": {"L": "Libéral", "S": "Salarié"}.get(person.mode, ""),
        "Numéro FINESS site": person.finess,
        "Identifiant technique de la structure": f"F{person.finess}"
        if person.finess
        else f"R{person.rpps}{person.site:03d}",
        "Raison sociale site": person.structure or cabinet,
        "Numéro Voie (coord. structure)": str(person.site * 7 + 1),
        "Libellé type de voie (coord. structure)": kind,
        "Libellé Voie (coord. structure)": street,
        "Code postal (coord. structure)": person.place.postal_code,
        "Code commune (coord. structure)": person.place.code,
        "Libellé commune (coord. structure)": person.place.name,
        "Téléphone (coord. structure)": f"05364900{int(person.rpps[-3:-1]):02d}",
        "Ancien identifiant de la structure": person.former_id,
        "Code secteur d'activité": "SA01" if person.mode == "S" else "SA33" if person.pharmacy else "SA07",
        "Code section tableau pharmaciens": person.pharmacy,
        "Code rôle": "FON-01" if person.mode == "L" else "FON-33",
        "Code genre activité": "GENR01",
    }
    whole = dict.fromkeys(COLUMN_NAMES, "") | values | changes
    return "|".join(whole[name] for name in COLUMN_NAMES) + "|"


def write_register(path: Path, people: Iterable[Invented]) -> Path:
    lines = [("|".join(COLUMN_NAMES) + "|"), *(register_line(person) for person in people)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_mailboxes(path: Path, people: Sequence[Invented]) -> Path:
    """A mailbox for four people out of five."""
    names = (
        "Type de BAL|Adresse BAL|Type Identifiant PP|Identifiant PP|Identification nationale PP|"
        "Type identifiant structure|Identification Structure|Service de rattachement|Dématérialisation"
    ).split("|")
    lines = ["|".join(names)]
    for number, person in enumerate(people):
        if number % 5:
            address = f"{person.given_name}.{person.family_name}.{person.rpps[-4:]}@{DOMAIN}".lower().replace(" ", "-")
            lines.append(f"PER|{address}|8|{person.rpps}|8{person.rpps}||||{'O' if number % 3 else 'N'}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def establishments(places: Iterable[Place], people: Iterable[Invented], seed: int) -> Iterator[dict[str, str]]:
    """Hospitals and pharmacies of the register, and a few houses, centres, laboratories and homes around them."""
    chance = random.Random(seed)
    seen: dict[str, Invented] = {}
    for person in people:
        if person.finess:
            seen.setdefault(person.finess, person)
    for employee in seen.values():
        yield _legacy(employee.finess, employee.structure, "355" if employee.mode == "S" else "620", employee.place)
    for place in places:
        for rank, (category, name, smallest, odds) in enumerate(AROUND):
            if place.population >= smallest and chance.random() < odds:
                number = finess_number(place.code, 50_000 + rank * 10_000 + int(place.code[2:]))
                yield _legacy(number, f"{name} DE {place.name.upper()} (FICTIF)", category, place)


def _legacy(finess: str, name: str, category: str, place: Place) -> dict[str, str]:
    return {
        "nofinesset": finess,
        "rs": name[:38],
        "rslongue": name,
        "commune": place.code[2:],
        "departement": place.code[:2],
        "ligneacheminement": f"{place.postal_code} {place.name.upper()}",
        "telephone": "0536490000",
        "categetab": category,
        "dateouv": "2015-01-01",
    }


def write_finess(path: Path, rows: Iterable[Mapping[str, str]], on: date) -> Path:
    """The legacy feed: a first line of its own, no names, a line of location that nobody reads here."""
    lines = [f"finess;etalab;93;{on.isoformat()}"]
    for row in rows:
        lines.append(";".join(["structureet", *(row.get(name, "") for name in LEGACY), ""]))
        lines.append(
            f"geolocalisation;{row['nofinesset']};0;0;1,ATLASANTE,100,IGN,BD_ADRESSE,V2.2,LAMBERT_93;2026-01-01"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
