"""Small pure things everything else stands on."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from maillage.core.dates import add_months, full_months
from maillage.core.money import format_euros, to_cents
from maillage.core.papers.spreadsheets import Share, csv_text, harmless, xlsx_bytes
from maillage.core.papers.typography import typographic, typographic_html
from maillage.core.templatetags.maillage import day, tone
from maillage.core.text import listed, normalised, of, plural

DAYS = st.dates(date(2000, 1, 1), date(2080, 12, 31))


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        pytest.param("Saint-Étienne", "saint etienne", id="accent and hyphen"),
        pytest.param("St-Étienne", "saint etienne", id="abbreviation"),
        pytest.param("STE FOY LA GRANDE", "sainte foy la grande", id="capitals"),
        pytest.param("L’Haÿ-les-Roses", "l hay les roses", id="typographic apostrophe"),
        pytest.param("Œuilly", "oeuilly", id="ligature"),
        pytest.param("  Le   Bugue ", "le bugue", id="spaces"),
        pytest.param("24037", "24037", id="code"),
        pytest.param("—", "", id="nothing readable"),
    ],
)
def test_names_are_compared_as_people_type_them(typed, key):
    assert normalised(typed) == key


@given(st.text(max_size=80))
def test_a_normalised_key_is_plain_and_stable(text):
    key = normalised(text)
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
    assert normalised(key) == key


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Decimal(2640), "2\u202f640\xa0€"),
        (Decimal("16875.5"), "16\u202f875,50\xa0€"),
        (Decimal("0.05"), "0,05\xa0€"),
        (Decimal("-1200"), "−1\u202f200\xa0€"),
        (None, "à confirmer"),
    ],
)
def test_euros_are_written_the_french_way(amount, shown):
    assert format_euros(amount) == shown


def test_cents_round_half_up():
    assert to_cents(Decimal("0.125")) == Decimal("0.13")


@pytest.mark.parametrize(("count", "word"), [(0, "commune"), (1, "commune"), (1.5, "commune"), (2, "communes")])
def test_plural_starts_at_two(count, word):
    assert plural(count, "commune") == word


def test_lists_read_as_sentences():
    assert listed([]) == ""
    assert listed(["Eymet"]) == "Eymet"
    assert listed(["Eymet", "Issigeac", "Lalinde"]) == "Eymet, Issigeac et Lalinde"


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        pytest.param(date(2026, 9, 1), date(2027, 3, 1), 6, id="same day"),
        pytest.param(date(2026, 9, 2), date(2027, 3, 1), 5, id="one day short"),
        pytest.param(date(2026, 8, 31), date(2027, 2, 28), 6, id="end of a shorter month"),
        pytest.param(date(2027, 3, 1), date(2026, 9, 1), 0, id="never negative"),
    ],
)
def test_full_months_counts_whole_months_only(start, end, months):
    assert full_months(start, end) == months


@given(DAYS, st.integers(0, 200))
def test_adding_months_then_counting_them_comes_back(day, months):
    assert full_months(day, add_months(day, months)) == months


@given(DAYS, DAYS)
def test_full_months_never_overruns(start, end):
    assert start > end or add_months(start, full_months(start, end)) <= end
    assert add_months(start, full_months(start, end) + 1) > end - timedelta(days=0) or start > end


@pytest.mark.parametrize("cell", ["=1+1", "+33", "-2", "@cmd", "\tx"])
def test_a_cell_never_becomes_a_formula(cell):
    assert harmless(cell) == f"'{cell}"
    assert f"'{cell}" in csv_text(["a"], [[cell]])


def test_numbers_pass_unchanged():
    assert harmless(Decimal(-2)) == Decimal(-2)


@pytest.mark.parametrize(
    ("plain", "typeset"),
    [
        ("Rôle : « membre » ?", "Rôle\xa0: «\xa0membre\xa0»\xa0?"),
        ("12:30, https://exemple.org", "12:30, https://exemple.org"),
        ("Oui ; non !", "Oui\xa0; non\xa0!"),
        ("de 18 h à 20 h 30", "de 18\xa0h à 20\xa0h\xa030"),
        ("2 hommes, 3 h 5", "2 hommes, 3\xa0h 5"),
    ],
)
def test_french_marks_are_held_to_their_word(plain, typeset):
    assert typographic(plain) == typeset


@pytest.mark.parametrize(
    "kept",
    [
        '<input value="a : b">',
        "<textarea>a : b ; c</textarea>",
        '<script type="application/json">{"a" : 1}</script>',
        "<code>a ? b : c</code>",
        "<textarea>a : b</textarea >",
    ],
)
def test_what_people_typed_is_never_touched(kept):
    assert typographic_html(f"<p>Bonjour : {kept} fin !</p>") == f"<p>Bonjour\xa0: {kept} fin\xa0!</p>"


@pytest.mark.parametrize(
    ("name", "told"),
    [("Bergerac", "de Bergerac"), ("Eymet", "d’Eymet"), ("Issigeac", "d’Issigeac"), ("Le Fleix", "du Fleix")],
)
def test_de_is_elided_and_contracted(name, told):
    assert of(name) == told


def test_the_first_of_a_month_is_said_premier():
    assert day(date(2026, 10, 1)) == "1er octobre 2026"
    assert day(date(2026, 10, 2)) == "2 octobre 2026"
    assert day(datetime(2026, 9, 30, 22, 30, tzinfo=UTC)) == "1er octobre 2026"


def test_exports_say_shares_dates_and_local_instants():
    noon = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    row = [Decimal("2640.5"), Share(0.405), date(2026, 3, 1), noon]
    assert csv_text(["a"], [row]).splitlines()[1] == "2640,5;0,405;2026-03-01;2026-11-23 12:00:00"
    sheet = CalamineWorkbook.from_filelike(BytesIO(xlsx_bytes({"x": (["a"] * 4, [row])}))).get_sheet_by_name("x")
    assert sheet.to_python()[1] == [2640.5, 0.405, date(2026, 3, 1), datetime(2026, 11, 23, 12, 0)]  # noqa: DTZ001


def test_a_long_page_is_typeset_in_linear_time():
    """One megabyte of colons in a field: the shape that once took minutes."""
    page = f"<p>Bonjour :</p><textarea>{' :' * 500_000}</textarea>"
    assert typographic_html(page) == page.replace("Bonjour :", "Bonjour\xa0:")


@pytest.mark.parametrize(
    ("state", "tones", "word"),
    [
        ("sent", "sent:ok failed:late quiet", "ok"),
        ("failed", "sent:ok failed:late quiet", "late"),
        ("queued", "sent:ok failed:late quiet", "quiet"),
        ("queued", "sent:ok", ""),
        ("", "sent:ok quiet", "quiet"),
        (None, "sent:ok", ""),
    ],
)
def test_a_badge_takes_its_colour_of_the_state_it_says(state, tones, word):
    assert tone(state, tones) == word
