"""The coordinator's own spreadsheet: read, corrected in place, imported, undone."""

import io
import threading
from datetime import date

import pytest
import xlsxwriter
from django.db import connection
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from maillage.core.errors import UnreadableFile
from maillage.members import actions
from maillage.members.loading.spreadsheets import preview_of
from maillage.members.models import ImportState, Membership, MembershipStatus, SpreadsheetImport
from maillage.members.rules.spreadsheet import (
    FIELDS,
    Unreadable,
    find_header,
    guess_columns,
    read_day,
    read_row,
    split_name,
)
from tests.factories import (
    NOON,
    CollegeFactory,
    MembershipFactory,
    PractitionerFactory,
    PractitionerRoleFactory,
)

HEADER = ["Nom", "Prénom", "Métier", "N° RPPS", "Mail", "Tél portable", "CP Ville"]
ROWS = [
    ["LE GOFF", "Ève", "Infirmière", "", "eve@exemple.invalid", "05 36 49 00 17", "24100 Bergerac"],
    ["Vignal", "Paule", "Infirmière", "", "paule@exemple", "05 36 49 00 21", "Bergerac"],
    ["Mérigaud", "Jean", "Kiné", "", "jean@exemple.invalid", "12", "Nulle-Part"],
]


def workbook(rows, **options):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False} | options) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return out.getvalue()


def bomb():
    """A few kilobytes that claim a sheet of seventeen billion cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Nom")
        sheet.write(1_048_575, 16_383, "fin")
    return out.getvalue()


@pytest.fixture
def send(cpts, coordinator):
    def send(rows, name="membres.xlsx"):
        content = rows if isinstance(rows, bytes) else workbook(rows)
        return actions.start_import(cpts=cpts, name=name, content=content, by=coordinator, at=NOON)

    return send


def apply(sheet, by):
    return actions.apply_import(sheet=sheet, read_version=sheet.version, by=by, at=NOON)


def correct(sheet, cells=(), choices=()):
    actions.correct(sheet=sheet, read_version=sheet.version, cells=dict(cells), choices=dict(choices))


def test_columns_are_guessed_by_their_titles_in_any_order():
    columns = guess_columns(list(reversed(HEADER)), [list(reversed(row)) for row in ROWS])
    assert columns == {
        "family_name": 6,
        "given_name": 5,
        "occupation": 4,
        "rpps": 3,
        "email": 2,
        "phone": 1,
        "commune": 0,
    }


def test_columns_without_a_title_are_guessed_by_what_they_hold():
    rows = [["Le Goff", "eve@exemple.invalid", "05 36 49 00 17", "999 0000 0999"]] * 3
    assert guess_columns(["Nom", "?", "", "x"], rows) == {"family_name": 0, "email": 1, "phone": 2, "rpps": 3}


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ([HEADER], 0),
        ([["Liste 2026", ""], ["", ""], HEADER], 2),
        ([["Identité", "", "Contact"], ["Nom", "Prénom", "Mail"]], 1),
        ([["a", ""], ["b", "c"]], None),
        ([], None),
    ],
)
def test_the_header_is_found_under_titles_and_merged_cells(table, place):
    assert find_header(table) == place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("31/12/2026", date(2026, 12, 31)),
        ("1.2.26", date(2026, 2, 1)),
        ("2026-12-31", date(2026, 12, 31)),
        ("2026-12-31 00:00:00", date(2026, 12, 31)),
        ("2024", date(2024, 1, 1)),
    ],
)
def test_a_day_is_read_as_people_write_it(text, expected):
    assert read_day(text) == expected


@pytest.mark.parametrize("text", ["31/02/2026", "demain", "2026-13-01", "12"])
def test_what_is_no_day_is_told(text):
    with pytest.raises(Unreadable):
        read_day(text)


@given(st.dictionaries(st.sampled_from([one.key for one in FIELDS]), st.text(max_size=400)))
def test_no_row_breaks_the_reading_and_each_cell_is_a_value_or_an_error(texts):
    entry = read_row(texts, {})
    for key, text in texts.items():
        if text and key != "full_name":
            assert key in entry.values or key in entry.errors
    assert entry.errors or entry.values.get("family_name") or entry.values.get("structure") or texts.get("full_name")


@given(st.text(max_size=60))
def test_a_name_in_one_cell_loses_no_word(text):
    family, given_name = split_name(text)
    assert sorted(f"{family} {given_name}".split()) == sorted(text.split())


def test_nothing_is_written_before_the_last_click_then_everything_at_once(cpts, coordinator, send):
    sheet = send([["Adhérents 2026"], HEADER, *ROWS])
    assert not Membership.objects.exists()
    preview = preview_of(sheet)
    wrong = {row.line: set(row.entry.errors) for row in preview.wrong}
    assert wrong == {4: {"email"}, 5: {"phone", "commune"}}
    correct(sheet, {(1, "email"): "paule@exemple.invalid", (2, "phone"): "", (2, "commune"): "Eymet"})
    assert not preview_of(sheet).wrong
    apply(sheet, coordinator)
    found = {one.family_name: one for one in Membership.objects.of(cpts)}
    assert set(found) == {"Le Goff", "Vignal", "Mérigaud"}
    eve = found["Le Goff"]
    assert (eve.phone, eve.commune_id, eve.status, eve.search_name) == (
        "0536490017",
        "24037",
        MembershipStatus.ACCEPTED,
        "le goff eve",
    )
    sheet.refresh_from_db()
    assert (sheet.state, sheet.rows, len(sheet.journal)) == (ImportState.DONE, [], 3)


def test_rows_still_in_red_are_left_out_and_the_others_imported(coordinator, send):
    sheet = send([HEADER, *ROWS])
    apply(sheet, coordinator)
    assert [one.family_name for one in Membership.objects.all()] == ["Le Goff"]


def test_an_import_without_a_good_row_is_refused_and_stays_open(coordinator, send):
    sheet = send([HEADER, ROWS[2]])
    with pytest.raises(actions.NothingToImport):
        apply(sheet, coordinator)
    sheet.refresh_from_db()
    assert sheet.state == ImportState.DRAFT


def test_an_import_is_undone_but_what_people_changed_since(cpts, coordinator, send):
    known = MembershipFactory(cpts=cpts, family_name="Le Goff", given_name="Ève", email="eve@exemple.invalid", phone="")
    sheet = send([HEADER, *ROWS[:1], ["Autre", "Ana", "", "", "", "", ""], ["Gardée", "Zoé", "", "", "", "", ""]])
    apply(sheet, coordinator)
    known.refresh_from_db()
    assert (known.phone, known.occupation) == ("0536490017", "Infirmière")
    kept = Membership.objects.get(family_name="Gardée")
    actions.edit(membership=kept, read_version=0, fields={"languages": "anglais"}, by=coordinator, at=NOON)
    sheet.refresh_from_db()
    assert actions.undo_import(sheet=sheet, by=coordinator, at=NOON) == {"modification": 1}
    assert set(Membership.objects.values_list("family_name", flat=True)) == {"Le Goff", "Gardée"}
    known.refresh_from_db()
    assert known.phone == ""
    with pytest.raises(actions.ImportEnded):
        actions.undo_import(sheet=sheet, by=coordinator, at=NOON)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["Goff", "Eva", "", "", "EVE@exemple.invalid", "", ""], "même adresse"),
        (["Collègue", "Paul", "", "", "eve@exemple.invalid", "", ""], "même adresse"),
        (["Ève", "LE GOFF", "", "", "", "", ""], "même nom"),
        (["Tout-Autre", "Nom", "", "", "", "0536490017", ""], "même téléphone"),
        (["Tout-Autre", "Nom", "", "", "", "", ""], None),
    ],
)
def test_whoever_may_be_there_already_is_proposed(cpts, send, row, why):
    MembershipFactory(
        cpts=cpts, family_name="Le Goff", given_name="Ève", email="eve@exemple.invalid", phone="0536490017"
    )
    (one,) = preview_of(send([HEADER, row])).rows
    assert [alike.why for alike in one.alike] == ([why] if why else [])
    # Sure enough to complete the page of the member; an address or a telephone alone may be that of a whole cabinet.
    assert (one.choice == "new") == (row[0] in ("Collègue", "Tout-Autre"))


def test_a_member_of_another_cpts_is_no_duplicate(neighbour, send):
    MembershipFactory(cpts=neighbour, family_name="Le Goff", given_name="Ève", email="eve@exemple.invalid")
    (one,) = preview_of(send([HEADER, ROWS[0]])).rows
    assert one.alike == []


def test_the_directory_completes_a_row_known_by_its_number(cpts, coordinator, send):
    person = PractitionerFactory(id=899900000999, family_name="CASTAGNÉ", given_name="LOUISE")
    role = PractitionerRoleFactory(practitioner=person, group="50")
    rows = [["", "", "", 99900000999, "l@exemple.invalid", "", ""], ["Tartempion", "", "", 99900000999, "", "", ""]]
    sheet = send([HEADER, *rows])
    preview = preview_of(sheet)
    assert "celui de LOUISE CASTAGNÉ" in preview.rows[1].entry.errors["rpps"]
    apply(sheet, coordinator)
    one = Membership.objects.get()
    assert (one.family_name, one.practitioner, one.practitioner_role, one.group, one.commune_id) == (
        "Castagné",
        person,
        role,
        "50",
        "24037",
    )


def test_somebody_said_twice_is_imported_once_and_never_breaks_the_import(cpts, coordinator, send):
    PractitionerRoleFactory(practitioner=PractitionerFactory(id=899900000999, family_name="UNIQUE", given_name="UNE"))
    row = ["Unique", "Une", "", 99900000999, "", "", ""]
    sheet = send([HEADER, row, row])
    first, second = preview_of(sheet).rows
    assert (first.choice, second.choice, second.twin) == ("new", "skip", "2")
    correct(sheet, choices={1: "new"})
    assert "Déjà là" in preview_of(sheet).rows[1].entry.errors["rpps"]
    apply(sheet, coordinator)
    assert Membership.objects.of(cpts).count() == 1


def test_two_people_of_one_name_and_two_numbers_are_two_people(cpts, coordinator, send):
    for number in (899900000998, 899900000999):
        PractitionerRoleFactory(practitioner=PractitionerFactory(id=number, family_name="MARTIN", given_name="LUC"))
    sheet = send([HEADER, *(["Martin", "Luc", "", number, "", "", ""] for number in ("99900000998", "99900000999"))])
    apply(sheet, coordinator)
    assert Membership.objects.of(cpts).count() == 2


def test_a_number_never_goes_to_the_page_of_another_name(cpts, coordinator, send):
    """Whatever is chosen on the screen: not to a colleague of the same address, nor beside who has it already."""
    person = PractitionerFactory(id=899900000999, family_name="VIGNAL", given_name="PAUL")
    PractitionerRoleFactory(practitioner=person)
    eve = MembershipFactory(cpts=cpts, family_name="Ève", email="cabinet@exemple.invalid")
    sheet = send([HEADER, ["Vignal", "Paul", "", 99900000999, "cabinet@exemple.invalid", "", ""]])
    assert preview_of(sheet).rows[0].choice == "new"
    correct(sheet, choices={0: str(eve.uuid)})
    assert "n’est pas celui de" in preview_of(sheet).rows[0].entry.errors["rpps"]
    homonym = MembershipFactory(cpts=cpts, family_name="Vignal", given_name="Paul")
    MembershipFactory(cpts=cpts, family_name="Vignal", given_name="Paul", practitioner=person)
    correct(sheet, choices={0: str(homonym.uuid)})
    assert "Déjà là" in preview_of(sheet).rows[0].entry.errors["rpps"]
    with pytest.raises(actions.NothingToImport):
        apply(sheet, coordinator)


def test_a_list_without_titles_loses_nobody(coordinator, send):
    sheet = send([["MARTIN", "Luc", "luc@exemple.invalid"], ["DURAND", "Léa", "lea@exemple.invalid"]])
    assert (sheet.header, len(sheet.rows), sheet.columns) == (["colonne 1", "colonne 2", "colonne 3"], 2, {"email": 2})
    columns = {"family_name": 0, "given_name": 1, "email": 2}
    actions.say_columns(sheet=sheet, read_version=0, columns=columns)
    apply(sheet, coordinator)
    assert Membership.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [("Eymet", True), ("24500 Eymet", True), ("24500", False), ("Eymet 24100", True), ("31/12/2099", False)],
)
def test_a_commune_is_the_one_that_answers_to_its_name_and_its_code(send, text, is_taken):
    (row,) = preview_of(send([HEADER, ["Nom", "", "", "", "", "", text]])).rows
    assert ("commune" not in row.entry.errors) == is_taken


def test_an_arrival_to_come_and_a_name_too_long_are_told(send):
    sheet = send([["Adhérent", "Adhère depuis"], ["LE GOFF Ève", "01/01/2090"], [f"{'X' * 90} Ève", "01/09/98"]])
    first, second = preview_of(sheet).rows
    assert (set(first.entry.errors), set(second.entry.errors)) == ({"joined_on"}, {"full_name"})
    assert second.entry.values["joined_on"] == date(1998, 9, 1)


def test_the_commune_counts_more_than_its_postal_code_and_what_is_not_read_is_told(client, cpts, coordinator, send):
    sheet = send([["Nom", "Code postal", "Commune", "Taille"], ["Un", "24500", "Eymet", "L"]])
    assert sheet.columns["commune"] == 2
    client.force_login(coordinator)
    html = client.get(url("import", cpts.slug, sheet.uuid)).content.decode()
    assert "Colonnes non reprises : Code postal et Taille" in html.replace("\N{NO-BREAK SPACE}", " ")


def test_control_characters_never_reach_the_database(coordinator, send):
    sheet = send("Nom;Mail\nEt\x01é;e@exemple.invalid\n".encode(), "m.csv")
    correct(sheet, {(0, "family_name"): "Fin\x00"})
    apply(sheet, coordinator)
    assert Membership.objects.get().family_name == "Fin"


def test_colleges_are_those_of_the_cpts(cpts, neighbour, coordinator, send):
    mine = CollegeFactory(cpts=cpts, name="Médecins")
    CollegeFactory(cpts=neighbour, name="Usagers")
    sheet = send([["Nom", "Collège"], ["Un", "medecins"], ["Deux", "Usagers"]])
    assert "n’existe pas" in preview_of(sheet).rows[1].entry.errors["college"]
    apply(sheet, coordinator)
    assert Membership.objects.get().college == mine


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + b"\x00" * 200, "n’est pas un classeur"),
        ("texte.csv", b"%PDF-1.7 rien", "ni un CSV ni un classeur"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n\x00", "ni un CSV ni un classeur"),
        ("bombe.xlsx", bomb(), "trop lourd à lire"),
        ("vide.csv", b"", "ne contient pas de tableau"),
        ("titres.csv", b"Nom;Mail\n", "ne contient pas de tableau"),
        ("gros.csv", b"a;b\n" * 3_000_000, "dépasse 10 Mo"),
        ("long.csv", b"Nom;Mail\n" + b"x;y\n" * 20_000, "20000 lignes"),
    ],
)
def test_a_file_that_cannot_be_one_is_refused_and_nothing_is_kept(send, name, content, message):
    with pytest.raises(UnreadableFile, match=message):
        send(content, name)
    assert not SpreadsheetImport.objects.exists()


def test_a_formula_and_a_macro_workbook_are_read_as_plain_cells(cpts, coordinator, send):
    sheet = send([["Nom", "À savoir"], ["=1+1", "@SUM(A1)"]], name="membres.xlsm")
    apply(sheet, coordinator)
    assert Membership.objects.get().practical == "@SUM(A1)"


def test_a_csv_as_a_french_excel_saves_it_is_read(coordinator, send):
    sheet = send("Nom;Prénom;Mail\r\nÉté;Ève;eve@exemple.invalid\r\n".encode("cp1252"), "membres.csv")
    apply(sheet, coordinator)
    assert Membership.objects.get().search_name == "ete eve"


@pytest.mark.parametrize("count", [5, 200])
def test_a_preview_costs_the_same_queries_whatever_the_rows(send, django_assert_num_queries, count):
    people = ([f"Nom{number}", "Ève", "", "", f"{number}@exemple.invalid", "", "Eymet"] for number in range(count))
    sheet = send([HEADER, *people])
    with django_assert_num_queries(4):  # communes, the territory, colleges, members
        preview_of(sheet)


@pytest.mark.django_db(transaction=True)
def test_of_eight_clicks_at_once_one_imports(cpts, coordinator, send):
    sheet = send([HEADER, *ROWS])
    start, results = threading.Barrier(8), []

    def click():
        mine = SpreadsheetImport.objects.select_related("cpts").get(pk=sheet.pk)
        start.wait()
        try:
            apply(mine, coordinator)
            results.append("imported")
        except actions.ImportEnded:
            results.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["imported"] + ["too late"] * 7
    assert Membership.objects.count() == 1


def url(name, *args):
    return reverse(f"members:{name}", args=args)


def test_from_the_screen_a_file_is_sent_corrected_imported_and_undone(client, cpts, coordinator):
    client.force_login(coordinator)
    file = io.BytesIO(workbook([HEADER, *ROWS]))
    file.name = "membres.xlsx"
    response = client.post(url("imports", cpts.slug), {"file": file}, follow=True)
    html = response.content.decode()
    assert "2 lignes à corriger" in html.replace("\N{NO-BREAK SPACE}", " ")
    assert 'name="cell-1-email"' in html
    assert "aria-invalid" in html
    sheet = SpreadsheetImport.objects.get()
    here = url("import", cpts.slug, sheet.uuid)
    client.post(here, {"do": "correct", "version": "0", "cell-1-email": "paule@exemple.invalid", "choice-2": "skip"})
    lost = {"do": "correct", "version": "0", "cell-1-email": "perdu@exemple.invalid"}
    for stale in (lost, {"do": "apply", "version": "0"}, {"do": "apply"}):
        assert "modifié par quelqu’un d’autre" in client.post(here, stale, follow=True).content.decode()
    client.post(here, {"do": "apply", "version": "1"})
    assert set(Membership.objects.values_list("family_name", flat=True)) == {"Le Goff", "Vignal"}
    again = client.post(here, {"do": "apply", "version": "2"}, follow=True).content.decode()
    assert "a déjà été fait" in again
    kept = Membership.objects.get(family_name="Vignal")
    actions.edit(membership=kept, read_version=0, fields={"languages": "anglais"}, by=coordinator, at=NOON)
    told = client.post(here, {"do": "undo"}, follow=True).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "1 fiche reste (modification : 1)" in told
    assert Membership.objects.get() == kept
    assert "a été annulé" in client.get(here).content.decode()


def test_a_choice_left_as_it_was_shown_follows_the_corrections(client, cpts, coordinator, send):
    MembershipFactory(cpts=cpts, family_name="Vignal", given_name="Paule")
    sheet = send([HEADER, ["Vignol", "Paule", "", "", "paule@exemple", "", ""]])
    client.force_login(coordinator)
    shown = {"choice-0": "new", "shown-0": "new", "cell-0-email": "", "cell-0-family_name": "Vignal"}
    client.post(url("import", cpts.slug, sheet.uuid), shown | {"do": "correct", "version": "0"})
    sheet.refresh_from_db()
    assert sheet.choices == {}
    assert preview_of(sheet).rows[0].choice == str(Membership.objects.get().uuid)


def test_a_file_sent_by_mistake_is_thrown_away(client, cpts, coordinator, send):
    sheet = send([HEADER, *ROWS])
    client.force_login(coordinator)
    client.post(url("import", cpts.slug, sheet.uuid), {"do": "discard"})
    assert not SpreadsheetImport.objects.exists()


def test_undoing_blanks_each_thing_that_nobody_changed(cpts, coordinator, send):
    known = MembershipFactory(cpts=cpts, family_name="Le Goff", given_name="Ève", email="", phone="", occupation="")
    sheet = send([HEADER, ROWS[0]])
    apply(sheet, coordinator)
    Membership.objects.filter(pk=known.pk).update(phone="0536490099")
    sheet.refresh_from_db()
    assert actions.undo_import(sheet=sheet, by=coordinator, at=NOON) == {"modification": 1}
    known.refresh_from_db()
    # An address somebody may have proved since is replaced, never emptied.
    assert (known.email, known.occupation, known.phone) == ("eve@exemple.invalid", "", "0536490099")


def test_columns_are_confirmed_from_the_screen(client, cpts, coordinator, send):
    sheet = send([["Quoi", "Prénom"], ["Infirmière", "Le Goff"]])
    client.force_login(coordinator)
    here = url("import", cpts.slug, sheet.uuid)
    said = {"column-family_name": "1", "column-occupation": "0", "column-email": "99"}
    client.post(here, said | {"do": "columns", "version": "0"})
    sheet.refresh_from_db()
    assert sheet.columns == {"family_name": 1, "occupation": 0}
    odd = {"choice-0": "n’importe quoi", "cell-99-email": "x", "cell-0-version": "7"}
    client.post(here, odd | {"do": "apply", "version": "1"})
    assert Membership.objects.get().occupation == "Infirmière"


def test_an_unreadable_file_is_told_beside_its_field(client, cpts, coordinator):
    client.force_login(coordinator)
    file = io.BytesIO(b"\x89PNG")
    file.name = "photo.xlsx"
    assert "n’est pas un classeur lisible" in client.post(url("imports", cpts.slug), {"file": file}).content.decode()


def test_the_import_of_another_cpts_does_not_exist(client, cpts, neighbour, stranger, send):
    sheet = send([HEADER, *ROWS])
    client.force_login(stranger)
    for slug in (neighbour.slug, cpts.slug):
        for asked in ("apply", "undo", "discard"):
            assert client.post(url("import", slug, sheet.uuid), {"do": asked, "version": "0"}).status_code == 404
    assert not Membership.objects.exists()
