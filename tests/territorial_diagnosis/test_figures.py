"""From rows of communes to the figure of a territory: sums, what is missing, references, people counted once."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.db.utils import IntegrityError

from maillage.core.errors import UnreadableFile
from maillage.cpts.models import Cpts
from maillage.directory.models import DirectoryImport
from maillage.geography.models import Commune
from maillage.territorial_diagnosis.actions import NoOpenData, import_travel_times, load_open_data, refresh_computed
from maillage.territorial_diagnosis.documents.presenting import remark, shown
from maillage.territorial_diagnosis.loading.vintages import Recipe, header_of, parse_csv, read_csv
from maillage.territorial_diagnosis.models import IndicatorValue, SharedPerson, TravelTime, Vintage
from maillage.territorial_diagnosis.queries import figures as queries
from maillage.territorial_diagnosis.queries.communes import lines_of
from maillage.territorial_diagnosis.queries.figures import SUMS, area_of, definitions_of, diagnosis_of
from maillage.territorial_diagnosis.queries.what_if import changes_around
from maillage.territorial_diagnosis.rules.catalogue import recognise
from maillage.territory.models import PerimeterPart
from tests.factories import NOON, OrganizationFactory, PerimeterFactory, PractitionerFactory, PractitionerRoleFactory

BERGERAC, BOSSET, EYMET, SARLAT = "24037", "24051", "24167", "24520"


def test_a_mean_is_weighted_and_a_commune_without_a_row_is_told_not_zero(put, figure):
    put("apl_mg", "2023", {BERGERAC: (30.0, 10.0), BOSSET: (2.0, 2.0), EYMET: (900.0, 1.0)})
    one = figure("apl_mg")
    assert one.value == pytest.approx(32 / 12)  # Eymet is outside
    assert (one.published, one.absent) == (2, 36)
    assert "Non publié pour 36 communes" in remark(one)


def test_a_value_not_published_is_neither_zero_nor_counted(put, figure, cpts):
    put("pauvrete", "2021", {BERGERAC: (None, None)})
    one = figure("pauvrete")
    assert one.value is None
    assert shown(one, cpts).value == "non publié"


def test_nothing_loaded_is_missing_with_its_source(figure, cpts):
    one = shown(figure("apl_mg"), cpts)
    assert (one.is_missing, one.value) == (True, "manquant")
    assert one.where.startswith("https://data.drees")
    assert "DREES" in one.source
    assert one.remark == "Manquant : fichier à charger."
    computed = shown(figure("urgences_minutes"), cpts)
    assert "SAE" in computed.remark
    assert computed.where.startswith("https://data.drees")


def test_a_count_whose_source_is_exhaustive_is_zero_where_nobody_is(put, figure):
    put("lib_92", "2026-11-12", {SARLAT: (3.0, None)}, covered=frozenset({"24"}))
    assert figure("lib_92").value == 0
    put("lib_91", "2026-11-12", {SARLAT: (3.0, None)}, covered=frozenset({"33"}))
    assert figure("lib_91").value is None


def test_a_part_of_a_commune_counts_for_its_part(put, figure, cpts):
    put("lib_60", "2026-11-12", {BERGERAC: (10.0, None)}, covered=frozenset({"24"}))
    PerimeterPart.objects.filter(commune=BERGERAC).update(share=Decimal("0.4"), share_source="IRIS")
    assert figure("lib_60").value == pytest.approx(4)
    assert area_of(cpts, with_draft=True).population == 61_915 - round(27_110 * 0.6)


def test_the_newest_vintage_is_shown(put, figure):
    put("apl_mg", "2022", {BERGERAC: (10.0, 10.0)})
    put("apl_mg", "2023", {BERGERAC: (20.0, 10.0)})
    assert (figure("apl_mg").value, figure("apl_mg").vintage.label) == (2, "2023")


def test_a_vintage_stored_again_replaces_itself(put):
    put("apl_mg", "2023", {BERGERAC: (10.0, 10.0)})
    put("apl_mg", "2023", {BOSSET: (10.0, 10.0)})
    assert Vintage.objects.filter(code="apl_mg").count() == 1
    assert IndicatorValue.objects.filter(place=BERGERAC).count() == 0


def test_a_departement_is_told_when_most_of_it_is_published(put, places):
    some = put("apl_mg", "2022", {BERGERAC: (30.0, 10.0)})
    assert not some.values.filter(place="D24").exists()
    everything = {
        code: (2.0 * people, float(people)) for code, people in places.populations.items() if code[:2] == "24"
    }
    whole = put("apl_mg", "2023", everything)
    row = whole.values.get(place="D24")
    assert row.numerator / row.denominator == pytest.approx(2)


def test_paris_is_made_of_its_arrondissements_when_only_those_are_told(put):
    codes = list(Commune.objects.filter(parent="75056").values_list("code", flat=True))
    vintage = put("apl_mg", "2023", dict.fromkeys(codes, (3.0, 1.0)))
    assert vintage.values.get(place="75056").denominator == len(codes)


def test_references_stand_beside_the_figure(put, figure, places):
    everything = {code: (1.0, None) for code, people in places.populations.items() if code[:2] == "24"}
    put(
        "population",
        "2023",
        {c: (float(p), None) for c, p in places.populations.items()},
        covered=frozenset(places.regions),
    )
    put("lib_60", "2026-11-12", everything, covered=frozenset({"24"}))
    one = figure("lib_60")
    people = places.population_of["D24"]
    assert one.compared == pytest.approx(38 / 61_915 * 10_000)
    assert one.references.departement == pytest.approx(503 / people * 10_000)
    assert one.references.france is None  # one département is not France


def registered(*roles):
    """A register loaded for Dordogne, with these exercises."""
    DirectoryImport.objects.create(
        kind="rpps",
        state="done",
        filename="rpps.txt",
        extracted_on=date(2026, 11, 12),
        departements=["24"],
        worker="a:1",
        started_at=NOON,
        finished_at=NOON,
    )
    # One general practitioner per 10,000 inhabitants at least: a register that holds the département.
    for _ in range(60):
        PractitionerRoleFactory(group="10G", commune_id=SARLAT)
    for role in roles:
        PractitionerRoleFactory(**role)


def test_a_professional_of_two_communes_counts_once_in_the_territory_and_once_in_each(figure, cpts):
    twice, student = PractitionerFactory(), PractitionerFactory()
    registered(
        {"practitioner": twice, "group": "70", "commune_id": BERGERAC},
        {"practitioner": twice, "group": "70", "commune_id": BOSSET},
        {"group": "70", "commune_id": BERGERAC},
        {"group": "70", "commune_id": BERGERAC, "mode": "S"},
        {"practitioner": student, "group": "70", "commune_id": BERGERAC, "category": "E"},
        {"group": "70", "commune_id": BERGERAC, "is_substitute": True},
        {"group": "70", "commune_id": BERGERAC, "until": date(2026, 1, 1)},
    )
    OrganizationFactory(category="620", commune_id=BERGERAC)
    refresh_computed(at=NOON)
    assert (figure("lib_70").value, figure("sal_70").value) == (2, 1)
    vintage = Vintage.objects.get(pk=figure("lib_70").vintage.pk)
    assert {v.place: v.numerator for v in vintage.values.all()} == {BERGERAC: 2, BOSSET: 1, "D24": 2}
    assert SharedPerson.objects.filter(code="lib_70").count() == 2
    assert figure("acc_70").value > 0
    # Counted again from the same register, nothing doubles.
    refresh_computed(at=NOON)
    assert figure("lib_70").value == 2
    # The share of a practitioner of two places is a half in each.
    told = changes_around(BERGERAC, 1, on=NOON.date())
    assert told[BERGERAC] > 0
    assert changes_around(BERGERAC, -1, on=NOON.date())[BERGERAC] == pytest.approx(-told[BERGERAC])


def test_people_of_two_parts_of_communes_count_for_the_larger_part(figure, put):
    put("lib_70", "2026-11-12", {BERGERAC: (1.0, None), BOSSET: (1.0, None)}, covered=frozenset({"24"}))
    for place in (BERGERAC, BOSSET):
        SharedPerson.objects.create(code="lib_70", practitioner_id=1, place=place)
    PerimeterPart.objects.filter(commune=BERGERAC).update(share=Decimal("0.1"), share_source="IRIS")
    assert figure("lib_70").value == pytest.approx(1)
    PerimeterPart.objects.filter(commune=BOSSET).update(share=Decimal("0.1"), share_source="IRIS")
    assert figure("lib_70").value == pytest.approx(0.1)


def test_a_source_that_covers_nothing_tells_nothing(put, figure):
    put("lib_60", "2026-11-12", {}, covered=frozenset())
    assert (figure("lib_60").value, figure("lib_60").absent) == (None, 38)


def test_a_perimeter_partly_covered_is_told_for_its_covered_part(put, neighbour, places):
    PerimeterFactory(cpts=neighbour, in_force=True, communes=[BERGERAC, "47079"])
    put("lib_60", "2026-11-12", {BERGERAC: (10.0, None)}, covered=frozenset({"24"}))
    cpts = Cpts.objects.select_related("departement__region").get(pk=neighbour.pk)
    area = area_of(cpts, with_draft=False)
    one = diagnosis_of(cpts, area, definitions_of(cpts), ["lib_60"]).figures["lib_60"]
    assert (one.value, one.absent) == (10, 1)
    assert one.compared == pytest.approx(10 / 27_110 * 10_000)
    lines = {line.code: line.value for line in lines_of(area, one.definition, one.vintage)}
    assert lines == {BERGERAC: 10, "47079": None}


def test_people_put_in_a_city_without_their_arrondissement_are_added_to_it(put, places):
    vintage = put(
        "lib_60", "2026-11-12", {"75056": (1.0, None), "75116": (500.0, None)}, covered=frozenset({"75"}), adds_up=True
    )
    assert vintage.values.get(place="75056").numerator == 501
    assert vintage.values.get(place="D75").numerator == 501


def test_communes_that_merged_are_not_counted_once_for_each_of_their_parts(places):
    former = next(code for code, today in places.former.items() if today == "24028")
    header = (
        "code_commune,population_2018,population_2013,naissances_2013_2018,deces_2013_2018,chomeurs_15_64_2018,"
        "actifs_15_64_2018"
    )
    text = f"{header}\n24028,1000,900,1,1,1,10\n{former},500,400,1,1,1,10\n"
    file = parse_csv("insee.csv", text)
    stored = {one.code: one for one in Recipe(file, recognise(file.header), places, NOON, {}).vintages()}
    row = stored["evolution"].values.get(place="24028")
    assert (row.numerator, row.denominator) == (places.populations["24028"] - 1500, 1500)


def test_france_is_told_though_two_uninhabited_places_have_no_doctor(places):
    inhabited = frozenset(places.regions) - {"984", "989"}
    assert "F" in places.rolled_up({BERGERAC: (1.0, None)}, exhaustive=inhabited)
    assert "F" not in places.rolled_up({BERGERAC: (1.0, None)}, exhaustive=frozenset({"24"}))


def test_accessibility_without_any_register_is_missing(communes, figure):
    assert refresh_computed(at=NOON)["accessibility"] == 0
    assert figure("acc_10G").is_missing


def test_the_database_holds_one_value_a_place(put):
    vintage = put("apl_mg", "2023", {BERGERAC: (1.0, 1.0)})
    with pytest.raises(IntegrityError):
        IndicatorValue.objects.create(vintage=vintage, place=BERGERAC, numerator=2, denominator=1)


def test_a_diagnosis_runs_the_same_queries_for_one_commune_or_five_hundred(
    cpts, put, places, neighbour, django_assert_num_queries
):
    put("apl_mg", "2023", dict.fromkeys(places.populations, (1.0, 1.0)))
    PerimeterFactory(cpts=neighbour, in_force=True, communes=[c for c in places.populations if c.startswith("24")])
    for one in Cpts.objects.select_related("departement__region").order_by("slug"):
        with django_assert_num_queries(5):
            area = area_of(one, with_draft=False)
            diagnosis_of(one, area, definitions_of(one))
    assert area.communes == 503  # the last one, by slug


FILES = {
    "apl.csv": "code_2026,apl_mg_2022,apl_mg_2023,apl_mg_65ans_2023,apl_mg_60ans_2023,apl_infirmieres_2023,"
    "pop_standardisee_mg_2022,pop_standardisee_mg_2023,pop_standardisee_inf_2023,population_2021\n"
    "24037,3.881,3.394,2.671,2.154,159.4,29282.1,29164.9,41946,26323\n24051,,,,,,,,,\n99999,1,1,1,1,1,1,1,1,1\n",
    "urgences.csv": "nofinesset;type_urgence;passages_2023;code_commune\n240000018;GEN;27409;24037\n"
    "240000018;PED;100;24037\n",
    "qpv.csv": "code_qpv,nom_qpv,code_commune,nom_commune\nQN1,Un,24037,Bergerac\nQN2,Deux,24037,Bergerac\n",
    "ages.csv": "annee,departement,nom,sexe,age_75_plus,total\n2022,24,D,E,1,10\n2023,24,D,E,60890,411382\n"
    "2023,24,D,H,1,2\n",
    "zones.csv": "code_commune,nom,zonage_medecins_2025,zonage_infirmiers_2026\n24037,B,2_ZAC,4\n24051,B,1_ZIP,\n",
    "autre.csv": "a,b\n1,2\n",
    "casse.csv": b"code_2026,\xe9t\xe9\n24037,1\n",
}


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path


@pytest.mark.django_db(transaction=True)
def test_a_folder_is_loaded_file_by_file_and_says_what_it_did(cpts, folder, figure):
    report = load_open_data(folder, at=NOON)
    assert report.loaded == {"apl.csv": 6, "urgences.csv": 2, "qpv.csv": 1, "ages.csv": 1, "zones.csv": 2}
    assert report.unknown == ["autre.csv"]
    assert list(report.refused) == ["casse.csv"]
    assert report.unmatched["apl.csv"] == 1
    assert figure("apl_mg").value == pytest.approx(3.394)
    assert figure("departs_attendus").value == pytest.approx(100 * (3.394 - 2.154) / 3.394)
    assert (figure("urgences").value, figure("urgences_passages").value, figure("qpv").value) == (2, 27_509, 2)
    assert figure("age_75_plus_departement").references.departement == pytest.approx(100 * 60_890 / 411_382)
    assert figure("zone_zip").value == pytest.approx(100 * 234 / (27_110 + 234))
    assert figure("urgences_minutes").value > 0
    assert figure("population").value == 61_915
    again = load_open_data(folder, at=NOON)
    assert again.loaded == report.loaded


def test_no_folder_is_said(db, tmp_path):
    for folder in (None, tmp_path / "absent"):
        with pytest.raises(NoOpenData):
            load_open_data(folder, at=NOON)


@pytest.mark.parametrize("text", ["", "une seule colonne\n1\n", "a,b\n", "\n\n"])
def test_a_csv_without_a_table_is_refused(tmp_path, text):
    path = tmp_path / "vide.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile):
        read_csv(path)
    assert len(header_of(path)) <= 2


@pytest.mark.parametrize(
    ("code", "today"),
    [
        ("24037", "24037"),
        ("1001", ""),
        (" 24037 ", "24037"),
        ("99999", ""),
        ("", ""),
        ("24325", "24325"),
    ],
)
def test_codes_are_read_as_spreadsheets_leave_them(places, code, today):
    assert places.today(code) == today


def test_what_cannot_be_in_a_file_is_not_taken_and_told(places):
    text = "code_commune,distance_urgence_km\n24037,-4\n24051,beaucoup\n24148,12.5\n"
    file = parse_csv("km.csv", text)
    (stored,) = Recipe(file, recognise(file.header), places, NOON, {}).vintages()
    assert (stored.places, stored.note) == (1, "2 valeurs impossibles laissées de côté.")


def times(tmp_path, text):
    path = tmp_path / "temps.csv"
    path.write_text(text, encoding="utf-8")
    return import_travel_times(path=path, at=NOON)


def test_a_matrix_of_road_times_replaces_the_estimate(cpts, tmp_path, figure):
    registered({"group": "70", "commune_id": BERGERAC})
    refresh_computed(at=NOON)
    estimated = IndicatorValue.objects.filter(vintage=figure("acc_70").vintage.pk).get(place=BOSSET)
    report = times(
        tmp_path, f"origin,destination,minutes\n{BOSSET},{BERGERAC},9\n{BOSSET},{BERGERAC},50\n99999,24037,1\n"
    )
    assert (report.pairs, report.refused) == (1, 1)
    refresh_computed(at=NOON)
    told = figure("acc_70")
    assert told.vintage.note.startswith(
        "Offre connue dans les départements chargés seulement. Temps de trajet du fichier"
    )
    people = {code: Commune.objects.get(pk=code).population for code in (BERGERAC, BOSSET)}
    expected = 100_000 / sum(people.values())
    values = {
        v.place: v.numerator / v.denominator
        for v in IndicatorValue.objects.filter(vintage=told.vintage.pk, place__in=people)
    }
    assert values == pytest.approx(dict.fromkeys(people, expected))
    assert estimated.numerator / estimated.denominator < expected
    assert changes_around(BERGERAC, 1, on=NOON.date()) == pytest.approx(dict.fromkeys(people, expected))


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "origin,destination,minutes\n", "origin,destination,minutes\n24037,24051,-1\n24037,24051,abc\n1\n"],
)
def test_a_matrix_that_says_nothing_is_refused_and_the_old_one_stays(communes, tmp_path, text):
    times(tmp_path, f"origin,destination,minutes\n{BOSSET},{BERGERAC},9\n")
    with pytest.raises(UnreadableFile):
        times(tmp_path, text)
    assert TravelTime.objects.count() == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="where the order of a join is told, not estimated")
def test_sums_of_a_few_vintages_start_from_the_communes(db):
    sql = SUMS.format(vintages="1, 2")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", [1, 1])
        plan = [row[3] for row in cursor.fetchall() if row[3].startswith("SEARCH v ")]
    assert plan == [
        "SEARCH v USING INDEX sqlite_autoindex_territorial_diagnosis_indicatorvalue_1 (place=? AND vintage_id=?)"
    ]


def test_a_vintage_replaced_while_a_page_is_read_leaves_the_page_standing(put, figure, monkeypatch):
    put("population", "2023", {BERGERAC: (26_000.0, None)})
    put("apl_mg", "2023", {BERGERAC: (33.9, 10.0)})
    read = queries.latest_vintages

    def then_replaced(cpts, codes):
        found = read(cpts, codes)
        Vintage.objects.all().delete()
        return found

    monkeypatch.setattr(queries, "latest_vintages", then_replaced)
    assert (figure("apl_mg").value, figure("apl_mg").references.departement) == (None, None)
