"""What a team types, lists, answers, ranks and freezes; its own files; documents. Refusals write nothing."""

import io
import json
import threading
from dataclasses import fields
from datetime import date

import docx
import pypdf
import pytest
import python_calamine
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from pytest_django.asserts import assertContains

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.core.errors import DomainError, UnreadableFile
from maillage.core.missions import Mission
from maillage.territorial_diagnosis import actions
from maillage.territorial_diagnosis.actions.own_files import ColumnsMap, NothingJoined, join, read_own_file
from maillage.territorial_diagnosis.actions.team import AlreadyListed, HoursChanged, ImpossibleFigure, ReasonNeeded
from maillage.territorial_diagnosis.actions.versions import AlreadyFrozen
from maillage.territorial_diagnosis.documents.content import content_of, differences
from maillage.territorial_diagnosis.documents.printed import (
    diagnosis_docx,
    diagnosis_pdf,
    diagnosis_xlsx,
    perimeter_geojson,
)
from maillage.territorial_diagnosis.models import (
    CustomIndicator,
    DiagnosisVersion,
    GapDecision,
    GapStatus,
    Priority,
    Resource,
    Vintage,
)
from maillage.territorial_diagnosis.queries.figures import area_of
from maillage.territorial_diagnosis.rules.catalogue import Kind, definitions
from maillage.territorial_diagnosis.rules.frozen import DiagnosisRecord
from maillage.territorial_diagnosis.rules.gaps import Gap
from maillage.territorial_diagnosis.rules.opening import parse_hours
from tests.factories import NOON, OrganizationFactory, UserFactory

BASE = "cpts-du-bergeracois"
GAP = Gap("apl-2-5", "22 communes sous le seuil", "Bosset.", "apl_mg")


def url(name, *args):
    return reverse(f"diagnosis:{name}", args=[BASE, *args])


def type_one(cpts, by, code="sans_medecin_traitant", numerator=10.0, denominator=100.0):
    return actions.type_figure(
        cpts=cpts,
        definition=definitions()[code],
        numerator=numerator,
        denominator=denominator,
        on=date(2026, 6, 30),
        source="CPAM",
        by=by,
        at=NOON,
    )


def test_a_typed_figure_stands_beside_the_published_one(cpts, coordinator, figure, put):
    put("lib_10G", "2026-11-12", {"24037": (75.0, None)}, covered=frozenset({"24"}))
    type_one(cpts, coordinator, "lib_10G", 61, None)
    one = figure("lib_10G")
    assert (one.value, one.own[1]) == (75, 61)
    type_one(cpts, coordinator, "lib_10G", 62, None)  # the same date: corrected
    assert figure("lib_10G").own[1] == 62
    assert Vintage.objects.filter(cpts=cpts).count() == 1
    assert AuditEvent.objects.filter(type="diagnosis.figure-typed", cpts_id=cpts.pk).count() == 2


@pytest.mark.parametrize(
    ("numerator", "denominator", "part"), [(101, 100, "numerator"), (1, None, "denominator"), (1, 0, "denominator")]
)
def test_an_impossible_figure_is_refused_and_nothing_is_written(cpts, coordinator, numerator, denominator, part):
    with pytest.raises(ImpossibleFigure) as refusal:
        type_one(cpts, coordinator, numerator=numerator, denominator=denominator)
    assert refusal.value.part == part
    assert not Vintage.objects.exists()


def test_a_gap_is_dismissed_with_a_reason_only(cpts, coordinator):
    answer = {"cpts": cpts, "gap": GAP, "by": coordinator, "at": NOON}
    with pytest.raises(ReasonNeeded):
        actions.answer_gap(**answer, status=GapStatus.DISMISSED, reason="  ")
    assert not GapDecision.objects.exists()
    actions.answer_gap(**answer, status=GapStatus.CONFIRMED, reason="")
    actions.answer_gap(**answer, status=GapStatus.DISMISSED, reason="MSP ouverte en mars")
    assert GapDecision.objects.get().reason == "MSP ouverte en mars"


def test_an_establishment_is_listed_once(cpts, coordinator):
    one = {
        "cpts": cpts,
        "by": coordinator,
        "at": NOON,
        "commune": None,
        "kind": "msp",
        "name": "MSP",
        "source": "FINESS",
    }
    actions.add_resource(**one, organization_id="1240000018")
    with pytest.raises(AlreadyListed):
        actions.add_resource(**one, organization_id="1240000018")
    with pytest.raises(AlreadyListed):
        actions.add_resource(**one | {"name": one["name"].upper()})
    actions.add_resource(**one | {"name": "Un autre nom"})
    assert Resource.objects.count() == 2


def test_hours_of_what_exists_are_typed_told_and_kept_when_they_are_wrong(client, cpts, coordinator, member):
    one = actions.add_resource(
        cpts=cpts, by=coordinator, at=NOON, commune=None, kind="snp", name="Centre", source="Équipe"
    )
    url = reverse("diagnosis:hours", args=[cpts.slug, one.uuid])
    client.force_login(coordinator)
    wrong = client.post(url, {"opening": "sur rendez-vous"})
    assertContains(wrong, "dites les jours")
    assertContains(wrong, "sur rendez-vous")
    client.post(url, {"opening": "lun-ven 9h-12h"})
    one.refresh_from_db()
    assert one.hours == "lun.–ven. 9 h–12 h"
    assertContains(client.get(reverse("diagnosis:resources", args=[cpts.slug])), "lun.–ven.")
    assert AuditEvent.objects.filter(type="diagnosis.resource-hours").count() == 1
    client.force_login(member)
    assert client.post(url, {"opening": ""}).status_code == 403


def test_two_people_who_type_hours_at_once_are_told(client, cpts, coordinator):
    one = actions.add_resource(
        cpts=cpts, by=coordinator, at=NOON, commune=None, kind="snp", name="Centre", source="Équipe"
    )
    url = reverse("diagnosis:hours", args=[cpts.slug, one.uuid])
    client.force_login(coordinator)
    client.post(url, {"opening": "lun-ven 9h-12h", "was": ""})
    late = client.post(url, {"opening": "sam 9h-12h", "was": ""})
    assertContains(late, "changés par quelqu’un d’autre")
    assertContains(late, "À présent\xa0: lun.–ven. 9")
    assertContains(late, "sam 9h-12h")
    one.refresh_from_db()
    assert one.hours == "lun.–ven. 9 h–12 h"
    read = late.context["form"]["was"].value()
    assert client.post(url, {"opening": "sam 9h-12h", "was": read}).status_code == 302
    one.refresh_from_db()
    assert one.hours == "sam. 9 h–12 h"
    Resource.objects.update(opening=parse_hours("dim 9h-12h"))  # after the page read it, before it writes
    with pytest.raises(HoursChanged):
        actions.set_hours(resource=one, opening=[], was=one.hours, by=coordinator, at=NOON)


def rank(cpts, by, *titles):
    for title in titles:
        actions.add_priority(cpts=cpts, title=title, why="", mission=Mission.ACCESS, indicators=[], by=by, at=NOON)


def test_priorities_move_one_place_and_stop_at_the_ends(cpts, coordinator):
    rank(cpts, coordinator, "A", "B", "C")
    third = Priority.objects.select_related("cpts").get(title="C")
    for _ in range(4):
        actions.move_priority(priority=third, up=True, by=coordinator, at=NOON)
    assert list(Priority.objects.values_list("title", "rank")) == [("C", 1), ("A", 2), ("B", 3)]
    with pytest.raises(AlreadyListed):
        rank(cpts, coordinator, "A")


def content(cpts):
    return content_of(cpts, area_of(cpts, with_draft=True), on=date(2026, 11, 24))


def test_a_frozen_version_does_not_change_and_is_compared_with_the_next(cpts, coordinator, put):
    put("apl_mg", "2022", {"24037": (30.0, 10.0)})
    first = actions.freeze(cpts=cpts, title="Dossier", content=content(cpts), by=coordinator, at=NOON)
    put("apl_mg", "2023", {"24037": (25.0, 10.0)})
    second = actions.freeze(cpts=cpts, title="Bilan", content=content(cpts), by=coordinator, at=NOON)
    first.refresh_from_db()
    assert (first.number, second.number) == (1, 2)
    (change,) = differences(*map(actions.frozen_content, (first, second)))
    assert (change["code"], change["before"]["value"], change["after"]["value"]) == ("apl_mg", "3,00", "2,50")


def test_the_same_version_is_frozen_once(cpts, coordinator, put):
    put("apl_mg", "2022", {"24037": (30.0, 10.0)})
    actions.freeze(cpts=cpts, title="Dossier", content=content(cpts), by=coordinator, at=NOON)
    with pytest.raises(AlreadyFrozen):
        actions.freeze(cpts=cpts, title="Dossier", content=content(cpts), by=coordinator, at=NOON)
    put("apl_mg", "2023", {"24037": (25.0, 10.0)})
    assert actions.freeze(cpts=cpts, title="Dossier", content=content(cpts), by=coordinator, at=NOON).number == 2


def test_what_a_cpts_adds_is_a_change_between_versions(cpts, coordinator, places):
    first = actions.freeze(cpts=cpts, title="Un", content=content(cpts), by=coordinator, at=NOON)
    type_one(cpts, coordinator)
    actions.add_custom_indicator(
        cpts=cpts, joined=joined_of(places), fields=FIELDS, filename="x.csv", places=places, by=coordinator, at=NOON
    )
    second = actions.freeze(cpts=cpts, title="Deux", content=content(cpts), by=coordinator, at=NOON)
    labels = {change["label"] for change in differences(*map(actions.frozen_content, (first, second)))}
    assert labels == {"Patients sans médecin traitant", FIELDS["label"]}


def test_gaps_that_cannot_be_told_are_said(signed, put):
    page = signed.get(url("gaps")).content.decode()
    assert "Impossible de tout dire" in page
    assert "APL aux médecins généralistes (DREES)" in page
    put("apl_mg", "2023", {"24037": (30.0, 10.0)})
    put("urgences_minutes", "2023", {"24037": (30.0, 10.0)})
    assert "Impossible de tout dire" not in signed.get(url("gaps")).content.decode()


def test_nobody_is_taken_away_where_nobody_is(signed, put):
    put("lib_10G", "2026-11-12", {"24037": (3.0, None)}, covered=frozenset({"24"}))
    put("acc_10G", "2026-11-12", {"24037": (50.0, 1.0), "24051": (20.0, 1.0)}, covered=frozenset({"24"}))
    address = url("what_if", "acc_10G")
    refused = signed.get(address, {"commune": "24051", "sens": "moins"}).content.decode()
    assert "Personne n’exerce en libéral à Bosset" in refused
    assert "Un professionnel de moins" not in refused
    assert "Un professionnel de moins" in signed.get(address, {"commune": "24037", "sens": "moins"}).content.decode()
    assert "n’est pas dans le territoire" in signed.get(address, {"commune": "75056"}).content.decode()


def test_the_tab_of_files_is_for_those_who_add_some(signed, client, member):
    assert "Nos fichiers" in signed.get(url("overview")).content.decode()
    client.force_login(member)
    assert "Nos fichiers" not in client.get(url("overview")).content.decode()


NOTHING_SAID = dict.fromkeys((field.name for field in fields(DiagnosisRecord)), "") | {"perimeter": {}}


@pytest.mark.django_db(transaction=True)
def test_eight_people_freezing_at_once_never_share_a_number(cpts, coordinator):
    kept, refused = [], []
    start, content = threading.Barrier(8), NOTHING_SAID

    def one(place):
        try:
            start.wait(20)
            kept.append(actions.freeze(cpts=cpts, title=f"De {place}", content=content, by=coordinator, at=NOON).number)
        except DomainError:
            refused.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[place]) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(kept) + len(refused) == 8
    assert sorted(kept) == list(range(1, len(kept) + 1))
    assert DiagnosisVersion.objects.count() == len(kept) >= 1


HEADINGS = (
    "Diagnostic territorial",
    "Synthèse",
    "Population",
    "Offre de soins",
    "Accessibilité",
    "Besoins de santé",
    "Ce qui existe",
    "Priorités",
    "Méthode",
    "Sources",
)


@pytest.fixture
def full(cpts, coordinator, put, places):
    """A diagnosis with something in each part."""
    inside = {code: (2.5 * people, float(people)) for code, people in places.populations.items() if code[:2] == "24"}
    put("apl_mg", "2023", inside | {"24051": (1.2 * 234, 234.0), "24148": (None, None)})
    put("lib_10G", "2026-11-12", {"24037": (40.0, None)}, covered=frozenset({"24"}))
    rank(cpts, coordinator, "Trouver un médecin traitant")
    actions.add_resource(
        cpts=cpts, by=coordinator, at=NOON, commune=None, kind="cls", name="CLS", source="=cmd|' /C calc'!A0"
    )
    type_one(cpts, coordinator)
    return content(cpts)


def test_the_pdf_holds_its_ten_headings_sources_and_no_blank_page(full):
    reader = pypdf.PdfReader(io.BytesIO(diagnosis_pdf(full)))
    texts = [page.extract_text() for page in reader.pages]
    whole = "\n".join(texts)
    assert [heading for heading in HEADINGS if heading not in whole] == []
    assert all(len(text) > 80 for text in texts)
    assert 8 <= len(texts) <= 20
    assert "DREES, accessibilité potentielle localisée" in whole
    assert "manquant" in whole
    assert reader.trailer["/Root"]["/Lang"] == "fr-FR"


def test_the_docx_holds_the_same_chapters(full):
    document = docx.Document(io.BytesIO(diagnosis_docx(full)))
    titles = [one.text for one in document.paragraphs if one.style.name.startswith(("Heading", "Title"))]
    assert [one for one in HEADINGS if not any(one in title for title in titles)] == []
    assert len(document.inline_shapes) == len(full["maps"])


def test_the_xlsx_holds_every_table_and_no_formula(full):
    book = python_calamine.load_workbook(io.BytesIO(diagnosis_xlsx(full)))
    assert {"Population", "Offre de soins", "Communes", "Priorités", "Sources"} <= set(book.sheet_names)
    rows = book.get_sheet_by_name("Accessibilité").to_python()
    (apl,) = [row for row in rows if row[1] == "apl_mg"]
    assert apl[3] == pytest.approx(2.495, abs=0.01)
    communes = {row[1]: row for row in book.get_sheet_by_name("Communes").to_python()[1:]}
    assert communes["Cunèges"][4] == "non publié"


def test_the_geojson_is_closed_and_carries_the_figures(full):
    found = perimeter_geojson(full)
    assert len(found["features"]) == 38
    by_code = {one["properties"]["code"]: one for one in found["features"]}
    assert by_code["24148"]["properties"]["apl_mg"] is None
    for one in found["features"]:
        for polygon in one["geometry"]["coordinates"]:
            assert polygon[0][0] == polygon[0][-1]
    json.dumps(found)


CSV = (
    "CODGEO;libellé;logements vacants\n24037;Bergerac;1 200\n24051;Bosset;12\n24148;Cunèges;\n24999;?;5\n1001;?;8\n"
    "24054;Bouniagues;-3\n24126;Colombier;abc\n"
)


def joined_of(places, text=CSV, kind=Kind.COUNT, base=""):
    file = read_own_file("logements.csv", text.encode())
    return join(file, ColumnsMap(file.header[0], file.header[2], base), places, kind)


def test_each_line_of_a_file_is_joined_or_told(places):
    found = joined_of(places)
    assert dict(found.rows) == {"24037": (1200, None), "24051": (12, None), "24148": (None, None)}
    assert found.unmatched == ["24999", "1001"]
    assert (found.not_numbers, found.impossible, found.unpublished) == ([(8, "abc")], [(7, "-3")], 1)
    assert found.rate == pytest.approx(5 / 7)


def workbook(rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return out.getvalue()


def test_a_workbook_is_read_with_codes_that_became_numbers(places):
    content_ = workbook([["code", "taux", "base"], [24037, 12.5, 200], [24051.0, 4, 100]])
    file = read_own_file("taux.xlsx", content_)
    found = join(file, ColumnsMap("code", "taux", "base"), places, Kind.MEAN)
    assert dict(found.rows) == {"24037": (2500, 200), "24051": (400, 100)}


@pytest.mark.parametrize(
    ("kind", "line", "highest", "is_taken"),
    [
        pytest.param(Kind.RATE, "24037;30;40", None, True, id="a part of its base"),
        pytest.param(Kind.RATE, "24037;50;40", None, False, id="a part above its base"),
        pytest.param(Kind.MEAN, "24037;100;40", 100, True, id="a hundred per cent"),
        pytest.param(Kind.MEAN, "24037;100,1;40", 100, False, id="more than a hundred per cent"),
        pytest.param(Kind.MEAN, "24037;21500;40", None, True, id="a mean that is no percentage"),
    ],
)
def test_a_value_that_cannot_be_is_left_out_and_told(places, kind, line, highest, is_taken):
    file = read_own_file("x.csv", f"code;valeur;base\n{line}\n".encode())
    found = join(file, ColumnsMap("code", "valeur", "base"), places, kind, highest=highest)
    assert (bool(found.rows), len(found.impossible)) == (is_taken, 0 if is_taken else 1)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("x.xlsx", b"pas un classeur"),
        ("x.csv", b"\x00\x01\x02"),
        ("x.csv", b""),
        ("x.xlsx", workbook([["seul"]])),
        ("gros.csv", b"a" * (10 * 1024 * 1024 + 1)),
    ],
)
def test_an_unreadable_file_is_refused(name, sent):
    with pytest.raises(UnreadableFile):
        read_own_file(name, sent)


def test_a_csv_as_a_french_excel_saves_it_is_read():
    file = read_own_file("excel.csv", "code;été\n24037;1\n".encode("cp1252"))
    assert list(file.header) == ["code", "été"]


FIELDS = {
    "label": "Logements vacants",
    "theme": "needs",
    "kind": "count",
    "unit": "logements",
    "definition": "Vacants.",
    "source": "INSEE",
    "licence": "",
    "vintage": "2024",
}


def test_an_indicator_of_its_own_belongs_to_the_cpts_alone(cpts, neighbour, coordinator, places, figure):
    actions.add_custom_indicator(
        cpts=cpts, joined=joined_of(places), fields=FIELDS, filename="l.csv", places=places, by=coordinator, at=NOON
    )
    one = figure(CustomIndicator.objects.get().code)
    assert (one.value, one.definition.label) == (1212, "Logements vacants")
    assert not CustomIndicator.objects.filter(cpts=neighbour).exists()
    assert not Vintage.objects.of(neighbour).exists()


def test_a_file_of_which_nothing_joins_is_refused(cpts, coordinator, places):
    found = joined_of(places, "a;b;c\n1;2;3\n4;5;6\n")
    with pytest.raises(NothingJoined):
        actions.add_custom_indicator(
            cpts=cpts, joined=found, fields=FIELDS, filename="l.csv", places=places, by=coordinator, at=NOON
        )
    assert not CustomIndicator.objects.exists()


@pytest.fixture
def signed(client, coordinator, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(coordinator)
    return client


def test_a_file_goes_from_the_screen_to_the_diagnosis(signed, cpts):
    page = signed.post(url("files"), {"file": SimpleUploadedFile("logements.csv", CSV.encode())})
    assert "7\xa0lignes, 3\xa0colonnes" in page.content.decode()
    token = page.context["token"]
    fields = FIELDS | {"token": token, "code": "CODGEO", "value": "logements vacants", "base": ""}
    seen = signed.post(url("map_columns"), fields)
    assert "71,43\xa0% des lignes se rattachent" in seen.content.decode()
    assert not CustomIndicator.objects.exists()
    done = signed.post(url("map_columns"), fields | {"accept": "1"}, follow=True)
    assert "Logements vacants" in done.content.decode()
    assert CustomIndicator.objects.get().cpts == cpts
    gone = signed.post(url("map_columns"), fields, follow=True)
    assert "envoyez-le de nouveau" in gone.content.decode()


def test_two_indicators_with_long_names_stay_two_and_one_keeps_its_nature(cpts, coordinator, places):
    def add(label, **more):
        fields = FIELDS | {"label": label} | more
        return actions.add_custom_indicator(
            cpts=cpts, joined=joined_of(places), fields=fields, filename="l.csv", places=places, by=coordinator, at=NOON
        )

    beginning = "Bénéficiaires de la complémentaire santé solidaire parmi les "
    first = add(f"{beginning}hommes")
    add(f"{beginning}femmes")
    assert CustomIndicator.objects.count() == 2
    add(f"{beginning}hommes", vintage="2025")
    assert CustomIndicator.objects.count() == 2
    with pytest.raises(DomainError, match="autre nature"):
        add(f"{beginning}hommes", kind="mean")
    for vintage in Vintage.objects.select_related("cpts").filter(code=first.code):
        actions.erase_figure(vintage=vintage, label="x", by=coordinator, at=NOON)
    assert CustomIndicator.objects.count() == 1


def test_a_version_of_a_draft_is_for_those_who_read_drafts(client, cpts, coordinator, member):
    kept = content(cpts) | {"perimeter": {"status": "draft", "communes": 1, "population": 1, "number": 2, "since": ""}}
    actions.freeze(cpts=cpts, title="Avant-projet", content=kept, by=coordinator, at=NOON)
    for person, expected in ((coordinator, 200), (member, 404)):
        client.force_login(person)
        assert client.get(url("version", 1)).status_code == expected
        assert client.get(url("export", "xlsx"), {"version": "1"}).status_code == expected
        assert ("Avant-projet" in client.get(url("versions")).content.decode()) == (expected == 200)


@pytest.mark.parametrize("address", ["versions/99999999999999999999/", "versions/0/"])
def test_a_version_that_cannot_be_is_not_found(signed, address):
    assert signed.get(f"/cpts/{BASE}/diagnostic/{address}").status_code == 404


@pytest.mark.parametrize("text", ["nd", "s", "-", "", "1e999"])
def test_a_figure_that_says_nothing_is_refused(signed, text):
    fields = {"indicator": "lib_10G", "numerator": text, "on": "30/06/2026", "source": "CPAM"}
    assert signed.post(url("entries"), fields).status_code == 200
    assert not Vintage.objects.exists()


def test_headings_that_are_all_the_same_are_read(signed):
    page = signed.post(url("files"), {"file": SimpleUploadedFile("x.csv", b"a;a\n24037;1\n")})
    assert page.status_code == 200


def test_what_was_pasted_with_control_characters_is_printed(cpts, coordinator, put):
    put("apl_mg", "2023", {"24037": (30.0, 10.0)})
    actions.add_priority(
        cpts=cpts, title="Une\x0bpriorité", why="a\x07b", mission=Mission.ACCESS, indicators=[], by=coordinator, at=NOON
    )
    assert docx.Document(io.BytesIO(diagnosis_docx(content(cpts))))


def test_without_any_figure_the_perimeter_still_leaves_as_geojson(cpts):
    assert len(perimeter_geojson(content(cpts))["features"]) == 38


@pytest.mark.parametrize("token", ["", "faux", "a:b:c"])
def test_a_token_that_is_not_ours_opens_nothing(signed, token):
    response = signed.post(url("map_columns"), {"token": token}, follow=True)
    assert "envoyez-le de nouveau" in response.content.decode()


def test_a_bad_figure_is_told_beside_its_field_and_stays_typed(signed):
    fields = {
        "indicator": "sans_medecin_traitant",
        "numerator": "beaucoup",
        "denominator": "100",
        "on": "31/12/2090",
        "source": "CPAM",
    }
    html = signed.post(url("entries"), fields).content.decode()
    assert "Tapez un nombre" in html
    assert "Donnez une date passée" in html
    assert 'value="beaucoup"' in html
    assert not Vintage.objects.exists()


def test_screens_write_through_their_forms(signed, cpts, put):
    put("apl_mg", "2023", {"24051": (1.0, 1.0)})
    signed.post(
        url("entries"),
        {
            "indicator": "sans_medecin_traitant",
            "numerator": "6 820",
            "denominator": "50 410",
            "on": "30/06/2026",
            "source": "CPAM",
        },
    )
    assert (
        "(6\N{NARROW NO-BREAK SPACE}820 sur 50\N{NARROW NO-BREAK SPACE}410)"
        in signed.get(url("entries")).content.decode()
    )
    signed.post(url("resources"), {"kind": "msp", "name": "MSP", "commune": "24037", "source": "Équipe"})
    organization = OrganizationFactory(category="603", commune_id="24037", name="MAISON DE SANTE (FICTIF)")
    assert "MAISON DE SANTE (FICTIF)" in signed.get(url("resources")).content.decode()
    signed.post(url("resources"), {"organization": organization.pk})
    signed.post(url("gaps"), {"key": "apl-2-5", "status": "dismissed", "reason": ""})
    signed.post(url("gaps"), {"key": "apl-2-5", "status": "dismissed", "reason": "Cabinet secondaire"})
    signed.post(url("priorities"), {"title": "Accès", "mission": "ACC", "indicators": ["apl_mg"]})
    signed.post(url("versions"), {"title": "Dossier"})
    assert Vintage.objects.filter(cpts=cpts, level="cpts").count() == 1
    assert Resource.objects.of(cpts).count() == 2
    assert GapDecision.objects.get().reason == "Cabinet secondaire"
    assert Priority.objects.get().indicators == ["apl_mg"]
    assert "Version 1\xa0: Dossier" in signed.get(url("version", 1)).content.decode()
    assert signed.get(url("export", "pdf"), {"version": "1"}).content.startswith(b"%PDF")
    for wanted in ("9", "x", "99999999"):
        assert signed.get(url("export", "pdf"), {"version": wanted}).status_code == 404


@pytest.mark.parametrize("name", ["entries", "resources", "gaps", "priorities", "versions"])
def test_a_colleague_reads_and_does_not_write(client, member, cpts, put, name):
    put("apl_mg", "2023", {"24051": (1.0, 1.0)})
    client.force_login(member)
    assert client.get(url(name)).status_code == 200
    assert client.post(url(name), {"title": "x"}).status_code == 403


def test_the_figures_of_a_cpts_are_not_those_of_its_neighbour(client, stranger, neighbour, cpts, coordinator):
    type_one(cpts, coordinator)
    actions.freeze(cpts=cpts, title="À nous", content=content(cpts), by=coordinator, at=NOON)
    client.force_login(stranger)
    assert client.get(reverse("diagnosis:entries", args=[neighbour.slug])).context["rows"] == []
    assert client.get(reverse("diagnosis:version", args=[neighbour.slug, 1])).status_code == 404
    vintage = Vintage.objects.get(cpts=cpts)
    assert client.post(reverse("diagnosis:erase_entry", args=[neighbour.slug, vintage.pk])).status_code == 404
    assert Vintage.objects.filter(pk=vintage.pk).exists()


def test_an_institution_without_the_draft_reads_no_draft(client, neighbour):
    from tests.factories import PerimeterFactory  # noqa: PLC0415

    PerimeterFactory(cpts=neighbour, communes=["24037"])
    client.force_login(UserFactory(role=Role.ARS_INSTRUCTOR, on={"region_id": "75"}))
    html = client.get(reverse("diagnosis:overview", args=[neighbour.slug])).content.decode()
    assert "composez d’abord" in html
    assert client.get(reverse("diagnosis:export", args=[neighbour.slug, "pdf"])).status_code == 404


@pytest.mark.parametrize(
    "query", [{"commune": "x"}, {"commune": "24037", "sens": "moins"}, {"commune": "24037", "sens": "<b>"}]
)
def test_a_what_if_answers_any_question(signed, put, query):
    put("acc_10G", "2026-11-12", {"24037": (1000.0, 10.0)})
    assert signed.get(url("what_if", "acc_10G"), query).status_code == 200
    assert signed.get(url("what_if", "apl_mg"), query).status_code == 404


def test_a_priority_is_taken_off_the_list_from_the_screen(signed, cpts, coordinator):
    rank(cpts, coordinator, "Première", "Seconde")
    first = Priority.objects.get(title="Première")
    signed.post(url("change_priority", first.uuid), {"do": "remove"})
    assert list(Priority.objects.values_list("title", flat=True)) == ["Seconde"]
    assert AuditEvent.objects.get(type="diagnosis.priority-removed").by_name == str(coordinator)
