"""Names, telephone numbers, cards: what is true on paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.core.screens.fields import phone_number
from maillage.members.rules.names import readable, search_name
from maillage.members.rules.vcard import LONGEST_LINE, card, folded


@pytest.mark.parametrize(
    ("name", "expected"),
    [("DUPONT-MARTIN", "Dupont-Martin"), ("LE GOFF", "Le Goff"), ("D'ARC", "D'Arc"), ("de Sède", "de Sède"), ("", "")],
)
def test_a_name_in_capitals_becomes_readable_and_others_are_left_alone(name, expected):
    assert readable(name) == expected


def test_a_structure_is_searched_by_its_name_then_by_who_stands_for_it():
    assert search_name(structure="EHPAD Les Tilleuls", family_name="Vérgnolle") == "ehpad les tilleuls vergnolle"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("05 36 49 00 17", "0536490017"),
        ("+33 (0)5 36 49 00 17", "0536490017"),
        ("05.36.49.00.17", "0536490017"),
        ("+32 2 555 12 12", "+3225551212"),
        ("12", None),
        ("mon numéro", None),
    ],
)
def test_a_telephone_number_is_read_as_people_type_it(typed, kept):
    assert phone_number(typed) == kept


LINES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)


@given(LINES)
def test_a_folded_line_reads_back_and_no_part_is_too_long(line):
    parts = list(folded(line))
    assert all(len(part.encode()) <= LONGEST_LINE for part in parts)
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line


def test_a_card_holds_what_is_known_and_nothing_executable():
    text = card(family_name="D’Arc; Jeanne", given_name="Ève", title="Infirmière, libérale", note="lundi\nmardi")
    assert "N:D’Arc\\; Jeanne;Ève;;;" in text
    assert "TITLE:Infirmière\\, libérale" in text
    assert "NOTE:lundi\\nmardi" in text
    assert "TEL" not in text
    assert text.startswith("BEGIN:VCARD\r\n")
    assert text.endswith("END:VCARD\r\n")
