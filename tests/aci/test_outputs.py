"""The simulation on screen, in PDF, in XLSX and from the shell."""

import csv
import io
import json
from io import BytesIO

import pytest
from django.core.management import CommandError, call_command
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from tests.factories import PerimeterFactory

URL = "/cpts/cpts-du-bergeracois/financement/"
TYPED = {
    "agreement": "2019",
    "taille": "3",
    "signed_on": "01/03/2026",
    "proration": "months",
    "variable_percent": "100",
    "start_PAR": "2026-09-01",
}


def run(*arguments):
    out = io.StringIO()
    call_command("simulate_aci", *arguments, stdout=out)
    return out.getvalue()


def test_the_shell_gives_json_of_the_documented_shape(communes):
    text = run(
        "--communes",
        "24037,24520",
        "--agreement",
        "2019",
        "--signed-on",
        "2026-03-01",
        "--start",
        "PAR=2026-09-01",
        "--format",
        "json",
    )
    found = json.loads(text)
    assert list(found) == [
        "population",
        "taille",
        "agreement",
        "total",
        "total_with_snp_supplement",
        "at_least",
        "lines",
        "payments",
    ]
    assert (found["population"], found["taille"], found["agreement"]) == (35_873, 1, "2019")
    assert (found["total"], found["total_with_snp_supplement"], found["at_least"]) == ("185000.00", "220000.00", False)
    assert list(found["lines"][0]) == ["code", "label", "fixed", "variable", "status", "reference"]
    assert list(found["payments"][0]) == ["date", "label", "amount"]
    assert {"date": "2026-09-01", "amount": "9375.00"}.items() <= found["payments"][1].items()


def test_the_shell_says_unknown_as_null(communes):
    found = json.loads(run("--taille", "1", "--agreement", "AV2", "--signed-on", "2026-03-01", "--format", "json"))
    assert (found["population"], found["at_least"]) == (None, True)
    assert next(line for line in found["lines"] if line["code"] == "ACC")["fixed"] is None


def test_the_shell_gives_csv_and_a_table(communes):
    rows = list(csv.DictReader(io.StringIO(run("--taille", "3", "--signed-on", "2026-03-01", "--format", "csv"))))
    assert {row["kind"] for row in rows} == {"line", "payment"}
    table = run("--taille", "3", "--signed-on", "2026-03-01", "--start", "par=2026-09-01")
    assert "16\u202f875\xa0€" in table
    assert "315\u202f000\xa0€" in table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--communes", "99999"], "99999"),
        (["--communes", " , "], "vide"),
        (["--communes", "13055,13203"], "comptés ensemble"),
        (["--taille", "3", "--agreement", "AV9"], "AV9"),
        (["--taille", "3", "--signed-on", "hier"], "Date illisible"),
        (["--taille", "3", "--start", "XXX=2026-01-01"], "Mission inconnue"),
        (["--taille", "3", "--signed-on", "2026-03-01", "--start", "PAR=2026-01-01"], "avant la signature"),
        (["--taille", "3", "--signed-on", "1999-01-01"], "La signature va du"),
        ([], "required"),
    ],
)
def test_the_shell_refuses_clearly(communes, arguments, message):
    with pytest.raises(CommandError, match=message):
        run(*arguments)


def test_the_page_takes_the_taille_of_the_perimeter(client, coordinator):
    client.force_login(coordinator)
    page = client.get(URL).content.decode()
    assert "242\u202f000\xa0€ pour une première année pleine, en taille 2" in page


def test_a_draft_is_said_to_be_one(client, stranger, neighbour):
    PerimeterFactory(cpts=neighbour, communes=["24037"])
    client.force_login(stranger)
    assert "qui n’est pas en vigueur" in client.get("/cpts/cpts-voisine/financement/").content.decode()


def test_dates_typed_the_french_way_are_understood(client, communes):
    page = client.get("/simulateur/", TYPED).content.decode()
    assert "16\u202f875\xa0€" in page
    assert "1er septembre 2026" in page


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"signed_on": "31/02/2026"}, "date valide"),
        ({"signed_on": "2010-01-01"}, "La signature va du 25/08/2019"),
        ({"start_PAR": "2026-01-01"}, "ne peut pas démarrer avant la signature"),
        ({"agreement": "AV9"}, "AV9"),
        ({"taille": "5"}, "5"),
        ({"variable_percent": "cent"}, "nombre entier"),
        ({"start_CRI": "2026-09-01"}, "n’existe pas dans cette version"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_typed(client, communes, wrong, message):
    typed = TYPED | wrong
    page = client.get("/simulateur/", typed).content.decode()
    assert message in page
    assert 'role="alert"' in page
    assert f'value="{typed["start_PAR"]}"' in page
    assert "Ce que verse l’ACI, par mission" in page


def test_the_pdf_says_what_the_page_says(client, coordinator):
    client.force_login(coordinator)
    response = client.get(URL, TYPED | {"taille": "2", "format": "pdf"})
    assert response["Content-Type"] == "application/pdf"
    reader = PdfReader(BytesIO(response.content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split()).replace("\u202f", " ")
    for expected in ("Financement ACI · CPTS du Bergeracois", "242 000 €", "38 communes", "Calendrier", "13 125 €"):
        assert expected in text.replace("\xa0", " ")
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "fr-FR"


def test_the_xlsx_holds_amounts_dates_and_says_unknown(client, communes):
    typed = TYPED | {"agreement": "AV2", "taille": "1", "format": "xlsx"}
    book = CalamineWorkbook.from_filelike(BytesIO(client.get("/simulateur/", typed).content))
    assert book.sheet_names == ["Hypothèses", "Grille", "Versements", "Par année civile", "Échéances"]
    grid = book.get_sheet_by_name("Grille").to_python()
    assert grid[1][:5] == ["FON", "Fonctionnement", 50_000.0, 0.0, 50_000.0]
    assert grid[2][2] == "à confirmer"
    payments = book.get_sheet_by_name("Versements").to_python()
    assert str(payments[1][0]) == "2026-03-01"
