"""Opening hours as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.territorial_diagnosis.rules.opening import HoursUnreadable, Opening, hours_text, merged, parse_hours

MORNING, AFTERNOON = (540, 720), (840, 1140)
WORKING = [Opening(day, *span) for day in range(5) for span in (MORNING, AFTERNOON)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lun-ven 9h-12h 14h-19h", WORKING),
        ("Du lundi au vendredi de 9h00 à 12h00 et de 14h00 à 19h00", WORKING),
        ("lundi – vendredi : 9:00-12:00, 14:00-19:00".replace(" :", ""), WORKING),
        ("lun mar mer jeu ven 9-12, 14-19", WORKING),
        ("lun., mar., mer., jeu. et ven. 9 h – 12 h, 14 h – 19 h", WORKING),
        ("lun 8h30-12h30 14h30-19h", [Opening(0, 510, 750), Opening(0, 870, 1140)]),
        ("lundi : 09:00-12:30 14:00-19:00", [Opening(0, 540, 750), Opening(0, 840, 1140)]),
        ("les samedis 9h-12h30", [Opening(5, 540, 750)]),
        ("sam 8h30-12h ; dim 9h-10h", [Opening(5, 510, 720), Opening(6, 540, 600)]),
        ("sam 8h30-12h\ndim 9h-10h", [Opening(5, 510, 720), Opening(6, 540, 600)]),
        ("7j/7 24h/24", [Opening(day, 0, 1440) for day in range(7)]),
        ("tous les jours 8h-20h", [Opening(day, 480, 1200) for day in range(7)]),
        ("ven 20h-8h", [Opening(4, 1200, 1440), Opening(5, 0, 480)]),
        ("dim 20h-0h", [Opening(6, 1200, 1440)]),
        ("sam-lun 9h-10h", [Opening(0, 540, 600), Opening(5, 540, 600), Opening(6, 540, 600)]),
        ("lun 9h-12h 11h-14h", [Opening(0, 540, 840)]),
        ("lun 9h-12h\u00a014h30-19h", [Opening(0, 540, 720), Opening(0, 870, 1140)]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(text, expected):
    assert parse_hours(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9h-12h", "dites les jours"),
        ("sur rendez-vous", "dites les jours"),
        ("lun", "dites les heures"),
        ("lun 9h", "heures à écrire"),
        ("lun 9h-12h sur rendez-vous", "heures à écrire"),
        ("lun 9h-9h", "finit quand elle commence"),
        ("lun 25h-26h", "n’est pas une heure"),
        ("lun 9h75-12h", "n’est pas une heure"),
        ("lun 9h-12h 😷", "heures à écrire"),
        ("lun " + "9h-10h " * 100, "300 caractères"),
    ],
)
def test_what_cannot_be_read_says_what_to_write(text, message):
    with pytest.raises(HoursUnreadable, match=message):
        parse_hours(text)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 287), st.integers(1, 288)), max_size=6))
def test_what_is_told_reads_back_the_same(drawn):
    openings = merged(Opening(day, min(a, b) * 5, max(a, b) * 5) for day, a, b in drawn if a != b)
    assert parse_hours(hours_text(openings)) == openings


@given(st.text(max_size=60))
def test_nothing_typed_breaks_the_reading(text):
    try:
        found = parse_hours(text)
    except HoursUnreadable:
        return
    assert all(0 <= one.start < one.end <= 1440 for one in found)


@pytest.mark.parametrize("text", ["lun-ven 9 h–12 h, 14 h–19 h ; sam. 9 h–12 h 30"])
def test_days_that_open_alike_are_named_together(text):
    assert hours_text(parse_hours(text)) == "lun.–ven. 9 h–12 h, 14 h–19 h ; sam. 9 h–12 h 30"
