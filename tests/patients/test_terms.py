"""What of a person is searched, in what people type about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.patients.rules.terms import Term, TermKind, are_alike, terms_of


def told(*lines):
    return {f"{term.kind.value}:{term.text}" for term in terms_of(*lines)}


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        pytest.param("Mme Jeanne PATIENTE", {"word:jeanne", "word:patiente"}, id="a name"),
        pytest.param("Zoé Lœuvre-Été", {"word:zoe", "word:loeuvre", "word:ete"}, id="accents and hyphens"),
        pytest.param("M. D’Arc", {"word:arc"}, id="one letter is no word"),
        pytest.param("05 53 00 00 99", {"phone:553000099"}, id="telephone"),
        pytest.param("+33 5.53.00.00.99", {"phone:553000099"}, id="the same, from abroad"),
        pytest.param("0033553000099", {"phone:553000099"}, id="the same again"),
        pytest.param("née le 03/05/1941", {"birth:1941-05-03"}, id="birth date"),
        pytest.param("3.5.1941", {"birth:1941-05-03"}, id="the same, with points"),
        pytest.param("1941-05-03", {"birth:1941-05-03"}, id="the same, as machines write it"),
        pytest.param("31/02/1941", set(), id="a day that does not exist"),
        pytest.param("84 ans", set(), id="an age is no birth date"),
        pytest.param("", set(), id="nothing"),
        pytest.param(
            "Jeanne Patiente, née le 3/5/1941, tél. 05 53 00 00 99",
            {"word:jeanne", "word:patiente", "birth:1941-05-03", "phone:553000099"},
            id="a whole line",
        ),
    ],
)
def test_a_line_says_what_a_person_is_found_by(typed, terms):
    assert told(typed) == terms


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    for term in terms_of(text):
        assert term.text
        assert (term.kind == TermKind.WORD) == term.text.isalpha()


@given(st.lists(st.sampled_from(["Jeanne", "PATIENTE", "05 53 00 00 99", "03/05/1941"]), max_size=4))
def test_the_order_in_which_things_are_said_changes_nothing(parts):
    assert terms_of(", ".join(parts)) == terms_of(*reversed(parts))


WORDS = [Term(TermKind.WORD, word) for word in ("jeanne", "patiente", "louise")]
PHONE, BIRTH = Term(TermKind.PHONE, "553000099"), Term(TermKind.BIRTH, "1941-05-03")


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        pytest.param([PHONE], True, id="the same telephone"),
        pytest.param([BIRTH, WORDS[0]], True, id="born the same day, one word"),
        pytest.param([BIRTH], False, id="born the same day alone"),
        pytest.param(WORDS[:2], True, id="two words"),
        pytest.param(WORDS[:1], False, id="one word"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_two_records_may_be_of_one_person(other, alike):
    assert are_alike([*WORDS, PHONE, BIRTH], other) == alike
