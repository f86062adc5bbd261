"""Establishments of FINESS, from each shape the file is met in. Pure: no Django, no clock.

- the legacy feed (until summer 2026): `;`, no header of names, two kinds of lines, positions fixed by its notice;
- the JSON feed that replaced it (`pmej[].ege[]`), read as a stream;
- a CSV with a header of names, as regional agencies republish it.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import IO, Any, NamedTuple

import ijson

from maillage.core.text import normalised
from maillage.directory.rules.register import Tell

LEGACY_MARK = "finess;etalab"
LEGACY_STRUCTURE, LEGACY_LOCATION = "structureet", "geolocalisation"
LEGACY = (
    "nofinesset nofinessej rs rslongue complrs compldistrib numvoie typvoie voie compvoie lieuditbp commune "
    "departement libdepartement ligneacheminement telephone telecopie categetab libcategetab categagretab "
    "libcategagretab siret codeape codemft libmft codesph libsph dateouv dateautor datemaj"
).split()
HEADED = ("nofinesset", "rs", "categetab", "code_commune", "ligneacheminement")
OPEN_STATE = "A"
OVERSEAS = ("9A", "9B", "9C", "9D", "9E", "9F")

# TRE_R66 / TRE_R397: the ones a territory is described with. The JSON feed gives codes without labels.
CATEGORIES = {
    "101": "Centre hospitalier régional",
    "355": "Centre hospitalier",
    "106": "Centre hospitalier, ex-hôpital local",
    "292": "Centre hospitalier spécialisé (santé mentale)",
    "365": "Établissement de soins pluridisciplinaire",
    "109": "Établissement de santé privé (SSR)",
    "128": "Établissement de soins chirurgicaux",
    "129": "Établissement de soins médicaux",
    "620": "Pharmacie d’officine",
    "500": "EHPAD",
    "603": "Maison de santé pluriprofessionnelle",
    "124": "Centre de santé",
    "611": "Laboratoire de biologie médicale",
    "606": "Dispositif d’appui à la coordination",
    "604": "CPTS",
    "617": "Maison médicale de garde",
    "354": "Service de soins infirmiers à domicile",
    "156": "Centre médico-psychologique",
    "223": "Protection maternelle et infantile",
    "197": "CSAPA (addictologie)",
    "228": "Centre de santé sexuelle",
    "202": "Résidence autonomie",
    "638": "Centre gratuit d’information, de dépistage et de diagnostic",
}


class Establishment(NamedTuple):
    """One site of FINESS, open or closed."""

    finess: str
    name: str
    category: str
    category_label: str
    siret: str
    complement: str
    street: str
    postal_code: str
    city: str
    commune: str
    phone: str
    opened_on: str
    closed_on: str


def from_legacy(lines: Iterable[tuple[int, str]], tell: Tell) -> Iterator[tuple[int, Establishment]]:
    """Sites of the legacy feed; lines of location are passed over, unknown kinds are told."""
    for number, line in lines:
        fields = next(csv.reader([line], delimiter=";", quoting=csv.QUOTE_NONE))
        if not fields or fields[0] in (LEGACY_LOCATION, "finess"):
            continue
        if fields[0] != LEGACY_STRUCTURE:
            tell(number, "", f"nature de ligne inconnue : {fields[0][:30]}")
        elif len(fields) <= len(LEGACY):
            tell(
                number,
                fields[1] if len(fields) > 1 else "",
                f"{len(fields)} champs au lieu de {len(LEGACY) + 2}",
            )
        else:
            yield number, _legacy(dict(zip(LEGACY, fields[1:], strict=False)))


def _legacy(row: Mapping[str, str]) -> Establishment:
    # The commune has three digits, to be joined to the département; overseas, 9A to 9F stand for 97.
    departement = row["departement"][:2]
    commune = ("97" if departement in OVERSEAS else departement) + row["commune"].zfill(3)
    return _named(row, commune=commune)


def from_headed_csv(rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[tuple[int, Establishment]]:
    """Sites of a CSV with names."""
    for number, row in rows:
        yield number, _named(row, commune=row.get("code_commune", ""))


def _named(row: Mapping[str, str], *, commune: str) -> Establishment:
    def value(name: str) -> str:
        return (row.get(name) or "").strip()

    postal_code, _, city = value("ligneacheminement").partition(" ")
    category = value("categetab")
    street = " ".join(filter(None, (value("numvoie"), value("typvoie"), value("voie"), value("compvoie"))))
    return Establishment(
        finess=value("nofinesset"),
        name=value("rslongue") or value("rs"),
        category=category,
        category_label=CATEGORIES.get(category) or value("libcategetab") or value("categorie"),
        siret=value("siret"),
        complement=", ".join(filter(None, (value("complrs"), value("compldistrib"), value("lieuditbp")))),
        street=street,
        postal_code=postal_code,
        city=city,
        commune=commune,
        phone=value("telephone").replace(" ", ""),
        opened_on=day(value("dateouv")),
        closed_on="",
    )


def from_json(stream: IO[bytes]) -> Iterator[tuple[int, Establishment]]:
    """Sites of the JSON feed, in file order. Raises ijson.JSONError on a file cut short."""
    number = 0
    for entity in ijson.items(stream, "pmej.item"):
        for site in entity.get("ege") or ():
            number += 1
            yield number, _site(site)


def _site(site: Mapping[str, Any]) -> Establishment:
    about = site.get("informationsGeneralesEGE") or {}
    address: Mapping[str, Any] = next(iter(site.get("adresse") or ()), {})
    contact: Mapping[str, Any] = next(iter(site.get("contact") or ()), {})
    category = str(site.get("categorieentiteGeographiqueExercice") or "")
    closed = day(about.get("dateFermeture") or "")
    if not closed and site.get("etatObjet") != OPEN_STATE:
        closed = day(site.get("dateDerniereMaj") or "")

    def text(source: Mapping[str, Any], name: str) -> str:
        return str(source.get(name) or "").strip()

    return Establishment(
        finess=text(about, "numFinessEge"),
        name=text(about, "nomEgeLong") or text(about, "nomEgeCourt"),
        category=category,
        category_label=CATEGORIES.get(category, ""),
        siret=text(about, "siret"),
        complement=text(address, "lieuDit"),
        street=text(address, "ligneQuatre"),
        postal_code=text(address, "codePostal"),
        city=text(address, "ligneAcheminement"),
        commune=text(address, "cogCommune"),
        phone=text(contact.get("telecom") or {}, "telephone").replace(" ", ""),
        opened_on=day(about.get("dateOuverture") or ""),
        closed_on=closed,
    )


def day(text: str) -> str:
    """2019-03-03, or 2019-03-04 00:00:00 -> 2019-03-03; '' when it is not a day."""
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""


def missing_names(header: Iterable[str]) -> list[str]:
    """Columns a headed CSV must have and this one lacks."""
    there = {normalised(name) for name in header}
    return [name for name in HEADED if normalised(name) not in there]
