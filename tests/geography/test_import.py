"""Loading the reference files: whole, once, as a difference; refused when altered."""

import gzip
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import Sum

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.geography.actions import load_reference
from maillage.geography.loading.reference import ReferenceFileAltered, open_reference
from maillage.geography.models import Commune, CommunePopulation, Departement, PlaceName, ReferenceRelease
from tests.conftest import BERGERACOISE, write_reference
from tests.factories import NOON, PerimeterFactory, UserFactory

OVERSEAS_COLLECTIVITIES = ("975", "977", "978", "984", "986", "987", "988", "989")


def test_import_communes_loads_all_of_france(db, capsys, client):
    """The figures of INSEE, read back from the database."""
    sample = Commune.objects.count()
    call_command("import_communes")
    communes = Commune.objects.filter(parent=None)
    in_departements = communes.exclude(departement__in=OVERSEAS_COLLECTIVITIES)
    assert communes.count() == 34_969
    assert Commune.objects.exclude(parent=None).count() == 45
    assert Departement.objects.exclude(code__in=OVERSEAS_COLLECTIVITIES).count() == 101
    assert in_departements.aggregate(total=Sum("population"))["total"] == 68_350_798
    assert Commune.objects.get(pk="24037").population == 27_110
    assert communes.filter(departement="24").count() == 503
    assert communes.filter(has_known_borders=False, departement__in=OVERSEAS_COLLECTIVITIES).count() == 94
    bergeracoise = communes.filter(epci=BERGERACOISE)
    assert (bergeracoise.count(), bergeracoise.aggregate(total=Sum("population"))["total"]) == (38, 61_915)
    assert f"{35_014 - sample} ajoutés, 0 modifiés" in capsys.readouterr().out
    everything = PerimeterFactory(communes=list(communes.values_list("code", flat=True)))
    assert_all_of_france_can_be_looked_at(client, everything)


def assert_all_of_france_can_be_looked_at(client, perimeter):
    """A perimeter of 34 969 communes is absurd, and answered all the same: with a word about it."""
    client.force_login(UserFactory(role=Role.COORDINATOR, on=perimeter.cpts))
    page = client.get(f"/cpts/{perimeter.cpts.slug}/territoire/projet/").content.decode()
    assert "Taille 4" in page
    assert "collée par erreur" in page
    assert len(page) < 200_000


def test_loading_the_same_files_again_changes_nothing(communes, sample_reference):
    before = list(Commune.objects.order_by("code").values_list())
    report = load_reference(sample_reference, at=NOON + timedelta(days=1))
    assert report.already_loaded
    assert list(Commune.objects.order_by("code").values_list()) == before
    assert ReferenceRelease.objects.count() == 1


@pytest.fixture
def newer(tmp_path, sample_files):
    """A later vintage: one population changes, Bosset (24051) merges into Ginestet (24197)."""
    files = {name: [list(row) for row in rows] for name, rows in sample_files.items()}
    files["communes"] = [row for row in files["communes"] if row[0] != "24051"]
    bergerac = next(row for row in files["communes"] if row[0] == "24037")
    bergerac[6] = "28000"
    files["outlines"] = [row for row in files["outlines"] if row[0] != "24051"]
    files["former"].append(["24051", "Bosset", "24197"])
    return open_reference(write_reference(tmp_path, files, population_year=2024, geography_year=2027))


def test_a_newer_vintage_keeps_the_old_populations(communes, newer):
    load_reference(newer, at=NOON)
    bergerac = Commune.objects.get(pk="24037")
    assert (bergerac.population, bergerac.population_year) == (28_000, 2024)
    assert dict(CommunePopulation.objects.filter(commune="24037").values_list("year", "municipal")) == {
        2023: 27_110,
        2024: 28_000,
    }


def test_a_merged_commune_stays_for_what_refers_to_it_and_is_found_under_its_successor(communes, newer):
    report = load_reference(newer, at=NOON)
    assert report.merged == 1
    assert Commune.objects.get(pk="24051").merged_into_id == "24197"
    assert not Commune.objects.current().filter(pk="24051").exists()
    assert set(PlaceName.objects.filter(key="bosset").values_list("kind", "commune")) == {("former-name", "24197")}
    assert PlaceName.objects.get(key="24051").commune_id == "24197"


def test_an_earlier_release_can_be_loaded_again(communes, newer, sample_reference):
    load_reference(newer, at=NOON + timedelta(days=1))
    report = load_reference(sample_reference, at=NOON + timedelta(days=2))
    assert not report.already_loaded
    assert Commune.objects.get(pk="24037").population == 27_110
    assert Commune.objects.get(pk="24051").merged_into_id is None


def test_a_former_code_without_a_name_leads_to_its_successor(communes):
    """Former codes are known whether a delegated commune kept the name or not."""
    former = PlaceName.objects.filter(kind="former-code")
    assert former.count() > PlaceName.objects.filter(kind="former-name").count() / 2
    assert not PlaceName.objects.filter(key="").exists()


def damaged(directory, name, change):
    path = directory / f"{name}.csv.gz"
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda content: content[: len(content) // 2], id="truncated"),
        pytest.param(lambda content: gzip.compress(gzip.decompress(content).replace(b"27110", b"27111")), id="altered"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
def test_altered_files_are_refused_whole_and_old_data_stay(communes, tmp_path, sample_files, change):
    directory = write_reference(tmp_path, sample_files, population_year=2030)
    damaged(directory, "communes", change)
    with pytest.raises(ReferenceFileAltered, match="communes"):
        open_reference(directory)
    with pytest.raises(CommandError, match="rien n’a été chargé"):
        call_command("import_communes", directory=directory)
    assert Commune.objects.get(pk="24037").population == 27_110


@pytest.mark.parametrize("text", ["", "{}", "not json"])
def test_an_unreadable_manifest_is_refused(tmp_path, sample_files, text):
    directory = write_reference(tmp_path, sample_files)
    (directory / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReferenceFileAltered, match="manifeste"):
        open_reference(directory)


def test_loading_leaves_a_trace(communes):
    assert AuditEvent.objects.get(type="reference.loaded").by_name == "Maillage"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"population": None}, id="vintage without population"),
        pytest.param({"kind": "ARM"}, id="arrondissement without commune"),
        pytest.param({"merged_into": "24037"}, id="merged into itself"),
        pytest.param({"latitude": 91}, id="beyond the pole"),
        pytest.param({"longitude": None}, id="half a place"),
        pytest.param({"latitude": float("inf")}, id="nowhere"),
    ],
)
def test_the_database_refuses_communes_that_cannot_be(communes, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Commune.objects.filter(pk="24037").update(**wrong)


def test_one_population_a_vintage(communes):
    with pytest.raises(IntegrityError), transaction.atomic():
        CommunePopulation.objects.create(commune_id="24037", year=2023, municipal=1)
