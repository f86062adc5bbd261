"""Identifiers, lines of the register, establishments, mailboxes: pure rules."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.core.text import normalised
from maillage.directory.rules import finess
from maillage.directory.rules.identifiers import (
    UnknownIdentifier,
    national_id_of,
    practitioner_key,
    role_key,
)
from maillage.directory.rules.mssante import mailboxes
from maillage.directory.rules.professions import group_of
from maillage.directory.rules.register import (
    COLUMN_NAMES,
    NULL,
    MissingColumns,
    Person,
    Places,
    Reader,
    line_fingerprint,
    read_header,
    search_key,
)
from maillage.portal.demo.register import Invented, Place, register_line, rpps

HEADER = "|".join(COLUMN_NAMES).encode() + b"|"
BERGERAC = Place("24037", "Bergerac", "24100", 27_110)
PLACES = Places({b"24037": b"24037", b"33063": b"33063", b"24999": b"24037"}, {b"24100": b"24037"})


def someone(serial=1, **changes):
    values = {
        "rpps": rpps(serial),
        "family_name": "DESPRÉS",
        "given_name": "Élodie-Ève",
        "profession": "10",
        "speciality": "SM54",
        "mode": "L",
        "place": BERGERAC,
        "site": 1,
    } | changes
    return Invented(**values)


class Told(list):
    """What a reader told of the lines."""

    def __call__(self, line, identifier, reason, *, kept=False):
        self.append((line, reason, kept))


def read(*lines, departements=frozenset(), header=HEADER):
    told = Told()
    reader = Reader(read_header(header), PLACES, told, departements)
    encoded = (line if isinstance(line, bytes) else line.encode() for line in lines)
    return [values_of(person) for person in reader.people(enumerate(encoded, 2))], told, reader


def values_of(person):
    """The staged rows of a person, as values."""
    row, organizations, roles = person
    return Person(
        tuple(row.split(b"|")),
        [tuple(one.split(b"|")) for one in organizations],
        [tuple(one.split(b"|")) for one in roles],
    )


@given(st.integers(0, 10**11 - 1))
def test_an_rpps_and_its_key_are_one(number):
    national_id = f"8{number:011d}"
    assert national_id_of(practitioner_key(national_id)) == national_id


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=9, max_size=9))
def test_an_adeli_number_and_its_key_are_one(number):
    assert national_id_of(practitioner_key(f"0{number}")) == f"0{number}"


@pytest.mark.parametrize(
    "text", ["", "8", "810000000", "8100000000177", "8١٠٠٠٠٠٠٠٠١٧", "1990000010", "0abcdefghi", "3456/1"]
)
def test_what_is_neither_rpps_nor_adeli_has_no_key(text):
    with pytest.raises(UnknownIdentifier):
        practitioner_key(text)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"Numéro FINESS site": "990000010", "Numéro SIRET site": "13000000000013"}, b"1990000010"),
        ({"Numéro SIRET site": "13000000000013"}, b"313000000000013"),
        ({}, b"499900000011001"),
        ({"Ancien identifiant de la structure": ""}, b"R99900000011001"),
        ({"Ancien identifiant de la structure": "", "Identifiant technique de la structure": ""}, NULL),
        ({"Ancien identifiant de la structure": "4" * 40}, b"4" * 20),
    ],
)
def test_a_structure_is_known_by_finess_then_siret_then_its_former_identifier(columns, expected):
    (person,), told, _ = read(register_line(someone(), **columns))
    assert person.roles[0][7] == expected
    assert not told


@pytest.mark.parametrize(
    ("profession", "specialities", "expected"),
    [
        ("10", ["SM54"], "10G"),
        ("10", ["SM04", "SM26"], "10G"),
        ("10", ["SM04"], "10S"),
        ("10", [], "10S"),
        ("60", [], "60"),
    ],
)
def test_general_practitioners_are_counted_apart(profession, specialities, expected):
    assert group_of(profession, specialities) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DUPONT", "dupont"),
        ("Élodie-Ève", "elodie eve"),
        ("D'ARTAGNAN", "d artagnan"),
        ("STE", "sainte"),
        ("LE GOFF", "le goff"),
    ],
)
def test_names_are_searched_without_accents_nor_hyphens(name, expected):
    assert search_key(name.encode()).decode() == expected


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("STEst- '’"), max_size=20))
def test_names_are_searched_alike_by_the_short_way_and_the_long_one(name):
    assert search_key(name.encode()).decode() == normalised(name)


def test_columns_are_found_by_name_whatever_their_order_and_capitals():
    shuffled = "|".join(name.upper() for name in reversed(COLUMN_NAMES)).encode()
    fields = register_line(someone())[:-1].split("|")
    people, told, _ = read("|".join(reversed(fields)), header=shuffled)
    assert people[0].row[2:4] == ("DESPRÉS".encode(), "Élodie-Ève".encode())
    assert not told


@pytest.mark.parametrize("missing", ["Code rôle", "Identification nationale PP", "Code commune (coord. structure)"])
def test_a_missing_or_renamed_column_is_named(missing):
    with pytest.raises(MissingColumns) as error:
        read_header(HEADER.replace(missing.encode(), b"Autre chose"))
    assert error.value.missing == [missing]


def test_the_file_of_2021_lacks_four_columns():
    old = "|".join(COLUMN_NAMES[:52]).encode()
    with pytest.raises(MissingColumns) as error:
        read_header(old)
    assert error.value.missing == list(COLUMN_NAMES[52:])


def test_lines_of_one_person_become_one_person_with_one_exercise_a_place():
    main = someone()
    second = register_line(main, **{"Code savoir-faire": "SM18"})
    elsewhere = register_line(someone(site=2))
    other = register_line(someone(2, family_name="LORET"))
    people, told, _ = read(register_line(main), second, elsewhere, other)
    assert [len(person.roles) for person in people] == [2, 1]
    role = people[0].roles[0]
    assert (role[3], role[6], role[8]) == (b"10G", b"SM18 SM54", b"24037")
    assert len(people[0].organizations) == 2
    assert not told


def test_the_fingerprint_does_not_depend_on_the_order_of_lines():
    lines = [register_line(someone()), register_line(someone(site=2))]
    (forward,), _, _ = read(*lines)
    (backward,), _, _ = read(*reversed(lines))
    assert forward.row[5] == backward.row[5] == b"%d" % sum(line_fingerprint(line.encode()) for line in lines)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("8|1", "2 champs au lieu de 56"),
        (register_line(someone()) + "|", "58 champs au lieu de 56"),
        (
            register_line(someone(family_name="DU|PONT"), **{"Libellé genre activité": "Soin"})[:-1],
            "57 champs au lieu de 56",
        ),
        (register_line(someone(profession="123456")), "code de profession, de catégorie ou de mode trop long"),
        (
            register_line(someone(), **{"Identification nationale PP": "3456780581/11"}),
            "identifiant inconnu : ni RPPS ni ADELI",
        ),
        (register_line(someone(family_name="")), "nom absent"),
        (register_line(someone(family_name="X" * 81)), "nom trop long"),
    ],
)
def test_a_line_that_cannot_be_taken_is_told_and_the_next_one_is_read(line, reason):
    people, told, _ = read(line, register_line(someone(2)))
    assert [person.row[0].decode() for person in people] == [f"8{rpps(2)}"]
    assert told == [(2, reason, False)]


def test_a_second_identity_under_the_same_number_is_refused():
    people, told, _ = read(register_line(someone()), register_line(someone(family_name="LORET", site=3)))
    assert len(people) == len(people[0].roles) == 1
    assert told == [(3, "même identifiant, autre identité", False)]


def test_an_unknown_commune_is_told_the_exercise_kept_and_the_line_reported_each_time():
    (person,), told, _ = read(register_line(someone(place=Place("24998", "Nulle-Part", "24998", 0))))
    assert told == [(2, "commune inconnue : 24998", True)]
    assert person.roles[0][8] == NULL
    assert person.row[5] == b"0"


@pytest.mark.parametrize(
    ("code", "postal_code", "expected"),
    [("24999", "", b"24037"), ("", "24100", b"24037"), ("", "24999", NULL), ("", "", NULL)],
)
def test_a_commune_is_found_by_its_code_its_former_code_or_a_postal_code_of_its_own(code, postal_code, expected):
    (person,), told, _ = read(register_line(someone(place=Place(code, "Bergerac", postal_code, 0))))
    assert person.roles[0][8] == expected
    assert not told


def test_a_quote_and_a_backslash_are_plain_characters():
    line = register_line(someone(), **{"Raison sociale site": 'CABINET "LE \\ PONT"'})
    (person,), told, _ = read(line)
    assert person.organizations[0][1] == b'CABINET "LE \\ PONT"'
    assert not told


def test_a_person_read_in_part_is_never_known_by_fingerprint():
    lines = [register_line(someone()), register_line(someone(site=3, place=Place("33063", "Bordeaux", "33000", 0)))]
    (whole,), _, _ = read(*lines)
    (part,), _, _ = read(*lines, departements=frozenset({b"24"}))
    assert part.row[5] != whole.row[5]


def test_only_the_departements_asked_for_are_read():
    here, there = register_line(someone()), register_line(someone(2, place=Place("33063", "Bordeaux", "33000", 0)))
    people, _, _ = read(here, there, departements=frozenset({b"24"}))
    assert [person.row[0].decode() for person in people] == [f"8{rpps(1)}"]


@given(
    st.lists(
        st.text(st.characters(exclude_characters="|\n\r\x00", exclude_categories=["Cs"]), max_size=12),
        min_size=1,
        max_size=60,
    )
)
def test_no_line_breaks_the_reader(fields):
    people, told, _ = read("|".join(fields).encode(), register_line(someone(7)))
    assert people[-1].row[0].decode() == f"8{rpps(7)}"
    assert len(people) == 1 or not told


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_exercises_that_differ_have_other_keys(one, other):
    assert (role_key(b"1", b"10", b"C", b"L", one) == role_key(b"1", b"10", b"C", b"L", other)) == (one == other)


def test_an_establishment_of_the_legacy_feed():
    row = dict.fromkeys(finess.LEGACY, "") | {
        "nofinesset": "990000010",
        "rs": "CPTS EX",
        "rslongue": "CPTS EXEMPLE NORD",
        "commune": "37",
        "departement": "24",
        "ligneacheminement": "24100 BERGERAC",
        "categetab": "604",
        "dateouv": "2020-02-30",
        "voie": 'DU "MARCHE"',
    }
    lines = [
        (1, "finess;etalab;93;2026-01-01"),
        (2, ";".join(["structureet", *row.values(), ""])),
        (3, "geolocalisation;1;2;3;4;5"),
        (4, "autrechose;1"),
        (5, "structureet;1;2"),
    ]
    told = Told()
    ((number, one),) = list(finess.from_legacy(lines, told))
    assert (number, one.finess, one.name, one.commune, one.city) == (
        2,
        "990000010",
        "CPTS EXEMPLE NORD",
        "24037",
        "BERGERAC",
    )
    assert (one.category_label, one.opened_on, one.street) == ("CPTS", "", 'DU "MARCHE"')
    assert [line for line, _, _ in told] == [4, 5]


@pytest.mark.parametrize(
    ("state", "closed", "expected"), [("A", None, ""), ("I", "2019-03-03", "2019-03-03"), ("I", None, "2019-03-04")]
)
def test_an_establishment_of_the_json_feed(state, closed, expected):
    site = {
        "informationsGeneralesEGE": {
            "nomEgeCourt": "EX",
            "nomEgeLong": "EXEMPLE  ",
            "numFinessEge": "990000010",
            "dateFermeture": closed,
        },
        "categorieentiteGeographiqueExercice": "620",
        "adresse": [{"cogCommune": "24037", "codePostal": "24100", "ligneQuatre": "3 PLACE DU MARCHE"}],
        "contact": [{"telecom": {"telephone": "05 36 49 00 00"}}],
        "etatObjet": state,
        "dateDerniereMaj": "2019-03-04 00:00:00",
    }
    stream = io.BytesIO(
        json.dumps({"schemaVersion": "v1.0.0", "gcc": [], "pmej": [{"ege": [site]}, {"ege": []}]}).encode()
    )
    ((_, one),) = list(finess.from_json(stream))
    assert (one.name, one.commune, one.phone, one.category_label) == (
        "EXEMPLE",
        "24037",
        "0536490000",
        "Pharmacie d’officine",
    )
    assert one.closed_on == expected


@pytest.mark.parametrize(
    ("departement", "commune", "code"), [("24", "37", "24037"), ("2A", "4", "2A004"), ("9A", "101", "97101")]
)
def test_communes_of_the_legacy_feed_are_joined_to_their_departement(departement, commune, code):
    row = dict.fromkeys(finess.LEGACY, "") | {"departement": departement, "commune": commune}
    ((_, one),) = list(finess.from_legacy([(1, ";".join(["structureet", *row.values(), ""]))], Told()))
    assert one.commune == code


def test_mailboxes_keep_whose_they_are():
    header = (
        "Type de BAL|Adresse BAL|Identification nationale PP|Type identifiant structure|Identification Structure|"
        "Service de rattachement|Dématérialisation"
    ).encode()
    lines = [
        (2, b"PER|a@exemple.invalid|899900000011||||O"),
        (3, b"ORG|b@exemple.invalid||1|990000010|URGENCES|N"),
        (4, b"PER|pas une adresse|899900000011||||"),
        (5, b"ORG|c@exemple.invalid|||||"),
        (6, b"PER|d@exemple.invalid|8999"),
    ]
    told = Told()
    found = list(mailboxes(lines, read_header(header, ["Adresse BAL"]), told))
    assert [row[1:7] for row in found] == [
        (b"a@exemple.invalid", b"1", b"899900000011", NULL, b"", b"1"),
        (b"b@exemple.invalid", b"0", NULL, b"1990000010", b"URGENCES", b"0"),
    ]
    assert [line for line, _, _ in told] == [4, 5, 6]
