"""A campaign of invented people, near the fixed instant of the tests."""

from copy import deepcopy
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maillage.sas.actions.campaign import load_campaign
from tests.factories import NOON

PARIS = ZoneInfo("Europe/Paris")
DOCTOR, OTHER, ADELI = "99900000017", "99900000025", "999710001"
CAMPAIGN = {
    "cpts": [
        {"key": "a", "finess": "990000010", "name": "CPTS Exemple Nord", "phone": "01 99 00 00 01"},
        {"key": "b", "finess": "1990000028", "name": "CPTS Exemple Sud", "phone": "0262 99 00 02"},
        {"key": "c", "name": "CPTS sans numéro"},
    ],
    "practitioners": [
        {
            "key": "d",
            "rpps": DOCTOR,
            "family": "DESPRÉS",
            "given": "Élodie",
            "cpts": ["a", "b"],
            "sas": True,
            "phone": "01 99 00 00 17",
        },
        {
            "key": "l",
            "rpps": f"8{OTHER}",
            "family": "LORET",
            "given": "Paul",
            "cpts": ["a"],
            "sas": True,
            "phone": "abc",
        },
        {"key": "n", "rpps": ADELI, "family": "FERRAND", "given": "Nadia", "cpts": ["c"], "sas": True},
        {"key": "no", "rpps": "99900000033", "family": "REFUS", "given": "Zoé", "cpts": ["a"], "sas": False},
        {"key": "alone", "rpps": "99900000041", "family": "SEUL", "given": "Ali", "cpts": [], "sas": True},
    ],
    "places": [
        {
            "key": "d1",
            "of": "d",
            "line": "3 place du Marché",
            "city": "Villeneuve",
            "postal": "99100",
            "structure": {"finess": "990000101", "siret": "99900000000011", "old_id": "410000000017001"},
        },
        {
            "key": "d2",
            "of": "d",
            "line": "Maison de santé",
            "city": "Lalinde",
            "postal": "24150",
            "structure": {"siret": "99900000000029"},
        },
        {
            "key": "l1",
            "of": "l",
            "line": "",
            "city": "Eymet",
            "postal": "24500",
            "structure": {"old_id": "99900000025001"},
        },
        {"key": "n1", "of": "n", "line": "1 rue Basse", "city": "Eymet", "postal": "24500"},
        {"key": "no1", "of": "no", "line": "1 rue Haute", "city": "Eymet", "postal": "24500"},
        {"key": "alone1", "of": "alone", "line": "1 rue Haute", "city": "Eymet", "postal": "24500"},
    ],
    "slots": [],
}


def slot(of: str, at: str, start: str, **more: object) -> dict:
    usual = {
        "minutes": 20,
        "codes": ["SNP"],
        "cpts": [],
        "modes": ["AMB"],
        "reasons": [],
        "walkin": False,
        "state": "free",
        "audience": "all",
    }
    return {"of": of, "at": at, "start": start, **usual, **more}


def hours(number: float) -> str:
    """So many hours after the fixed instant, as it is written in Paris."""
    return (NOON + timedelta(hours=number)).astimezone(PARIS).isoformat()


def load(*slots: dict, at: datetime = NOON) -> dict:
    content = deepcopy(CAMPAIGN)
    content["slots"] = list(slots)
    return load_campaign(content=content, at=at)
