"""Composing a perimeter from the screen, with htmx and without."""

import re

import pytest

from maillage.accounts.models import Role, RoleAssignment
from maillage.audit.models import AuditEvent
from maillage.geography.models import Commune
from maillage.territory.models import Perimeter, PerimeterPart
from tests.conftest import BERGERACOISE
from tests.factories import NOON, CptsFactory, PerimeterFactory, UserFactory
from tests.reading import text_of

BASE = "/cpts/cpts-voisine/territoire/"


@pytest.fixture
def draft(neighbour):
    return PerimeterFactory(cpts=neighbour)


@pytest.fixture
def editor(client, stranger, draft):
    """The coordinator of the neighbouring CPTS, signed in, with an empty draft."""
    client.force_login(stranger)
    return client


def token(version):
    """What a form carries: the draft of the neighbouring CPTS at that version."""
    draft = Perimeter.objects.filter(cpts__slug="cpts-voisine").order_by("-pk").first()
    return f"{draft.pk}-{version}" if draft else f"1-{version}"


def save(client, version, *, htmx=False, **fields):
    version = token(version) if isinstance(version, int) else version
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(f"{BASE}projet/modifier/", {"version": version, **fields}, headers=headers)


def inside():
    return set(PerimeterPart.objects.filter(perimeter__status="draft").values_list("commune_id", flat=True))


def test_a_whole_epci_comes_in_one_press_and_the_summary_follows(editor, cpts):
    page = save(editor, 0, htmx=True, epci=BERGERACOISE).content.decode()
    assert len(inside()) == 38
    assert "<html" not in page
    for expected in (
        "61\u202f915",
        "Taille 2",
        "38\xa0communes",
        "CPTS du Bergeracois",
        "100\xa0%",
    ):
        assert expected in page
    assert "D’un seul tenant" in text_of(page)


def test_without_javascript_the_same_form_comes_back_to_the_page(editor):
    response = save(editor, 0, add="24037")
    assert response["Location"] == f"{BASE}projet/"
    assert "Enregistré" in editor.get(response["Location"]).content.decode()


def test_a_click_on_the_map_puts_in_then_takes_out(editor):
    save(editor, 0, htmx=True, toggle="24037")
    assert inside() == {"24037"}
    save(editor, 1, htmx=True, toggle="24037")
    assert inside() == set()


def test_a_stale_save_is_refused_and_told_what_changed(editor, stranger, neighbour):
    other = UserFactory(given_name="Marie", family_name="Collègue")
    RoleAssignment.objects.create(user=other, role=Role.COORDINATOR, cpts=neighbour, created_at=NOON)
    save(editor, 0, add="24037")
    page = save(editor, 0, htmx=True, add="24520").content.decode()
    assert "Votre changement n’a pas été fait" in page
    assert "ajout de Bergerac" in page
    assert inside() == {"24037"}
    assert f'name="version" value="{token(1)}"' in page


@pytest.mark.parametrize("version", ["", "x", "-1", "1", "1-1-1", "9" * 40 + "-1"])
def test_a_broken_form_changes_nothing(editor, version):
    assert save(editor, version, add="24037").status_code == 404
    assert inside() == set()


def test_a_form_that_read_another_draft_is_stale(editor, neighbour, stranger):
    old = token(0)
    editor.post(f"{BASE}projet/abandonner/", {"version": old})
    editor.post(f"{BASE}projet/commencer/")
    page = save(editor, old, htmx=True, add="24037").content.decode()
    assert "Votre changement n’a pas été fait" in page
    editor.post(f"{BASE}projet/abandonner/", {"version": old})
    assert Perimeter.objects.of(neighbour).drafts().exists()
    assert inside() == set()


def test_adding_an_epci_keeps_the_declared_parts_of_its_communes(editor):
    editor.post(f"{BASE}projet/communes/24037/", {"version": token(0), "share": "40", "source": "IRIS 2023"})
    save(editor, 1, epci=BERGERACOISE)
    part = PerimeterPart.objects.get(commune="24037", perimeter__status="draft")
    assert (str(part.share), part.share_source) == ("0.4000", "IRIS 2023")


def test_a_refused_part_still_speaks_of_the_version_it_read(editor):
    old = token(0)
    save(editor, 0, add="24520")
    page = editor.post(f"{BASE}projet/communes/24037/", {"version": old, "share": "40"}).content.decode()
    assert f'name="version" value="{old}"' in page


def test_a_commune_without_published_population_has_its_page(editor):
    assert "non publié" in editor.get(f"{BASE}projet/communes/98901/").content.decode()


def test_search_answers_with_what_can_be_added(editor):
    page = editor.get(f"{BASE}projet/chercher/", {"q": "bergerac"}, headers={"HX-Request": "true"}).content.decode()
    assert "Ajouter Bergerac" in page
    assert "CA Bergeracoise" in page
    assert "<html" not in page
    save(editor, 0, add="24037")
    whole = editor.get(f"{BASE}projet/chercher/", {"q": "24037"}).content.decode()
    assert "dans le périmètre" in whole
    assert "<html" in whole


def test_a_pasted_list_is_answered_line_by_line_and_changes_nothing(editor):
    text = "Bergerac\nSaint-Martin\nFlaugeac\nAtlantis\n24520\tSarlat"
    page = editor.post(f"{BASE}projet/coller/", {"text": text}).content.decode()
    assert "5\xa0lignes lues" in page
    for expected in ("trouvée", "plusieurs possibles", "inconnue", "Sarlat-la-Canéda (24520)"):
        assert expected in page
    assert inside() == set()


def test_a_former_commune_is_answered_with_its_successor(editor):
    page = editor.post(f"{BASE}projet/coller/", {"text": "Saint-Aulaye"}).content.decode()
    assert "fusionnée" in page
    assert "Saint Aulaye-Puymangou" in page


def test_a_name_cut_short_is_suggested_never_taken(editor):
    page = editor.post(f"{BASE}projet/coller/", {"text": "Sigoulès"}).content.decode()
    assert "Sigoulès-et-Flaugeac" in page
    assert "plusieurs possibles" in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "Collez au moins une commune", id="empty"),
        pytest.param(" \n \n", "Collez au moins une commune", id="blank"),
        pytest.param("Bergerac\n" * 2_100, "trop longue", id="too many lines"),
        pytest.param("x" * 5_000_000, "trop longue", id="five megabytes"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(editor, text, message):
    page = editor.post(f"{BASE}projet/coller/", {"text": text}).content.decode()
    assert message in page
    assert len(page) < 60_000
    assert inside() == set()


@pytest.mark.parametrize("text", ["BÃ©ziers", "\x00\x01", "\ufffd\ufffd", "<script>alert(1)</script>"])
def test_strange_bytes_are_answered_as_lines_not_as_errors(editor, text):
    response = editor.post(f"{BASE}projet/coller/", {"text": text})
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_300_communes_are_pasted_in_few_queries(editor, django_assert_max_num_queries):
    names = Commune.objects.filter(departement="24").order_by("code").values_list("name", flat=True)[:300]
    text = "\n".join(names)
    with django_assert_max_num_queries(8):
        page = editor.post(f"{BASE}projet/coller/", {"text": text}).content.decode()
    assert "300\xa0lignes lues" in page


def test_two_thousand_codes_come_in_one_field(editor):
    codes = " ".join(Commune.objects.filter(departement="24").values_list("code", flat=True))
    save(editor, 0, add=codes)
    assert len(inside()) == 503


def test_a_long_list_stays_light(editor):
    codes = " ".join(Commune.objects.filter(departement="24").values_list("code", flat=True))
    page = save(editor, 0, htmx=True, add=codes).content
    assert page.count(b"<tr>") > 50
    assert len(page) < 50_000


def test_a_perimeter_without_inhabitants_says_that_its_taille_means_nothing(editor):
    assert "aucun habitant" in editor.get("/cpts/cpts-voisine/financement/").content.decode()
    assert "Aucune commune pour l’instant" in editor.get(f"{BASE}projet/").content.decode()


def test_a_draft_is_given_up_and_its_communes_stay_in_the_journal(editor, neighbour):
    save(editor, 0, add="24037")
    assert editor.post(f"{BASE}projet/abandonner/", {"version": "x"}).status_code == 404
    assert (
        "a modifié ce périmètre pendant que"
        in editor.post(f"{BASE}projet/abandonner/", {"version": token(0)}, follow=True).content.decode()
    )
    editor.post(f"{BASE}projet/abandonner/", {"version": token(1)})
    assert not Perimeter.objects.of(neighbour).exists()
    assert AuditEvent.objects.get(type="perimeter.discarded").details == {"communes": ["24037"]}


def test_a_draft_that_is_gone_is_said_to_be(editor):
    old = token(0)
    editor.post(f"{BASE}projet/abandonner/", {"version": old})
    again = editor.post(f"{BASE}projet/abandonner/", {"version": old}, follow=True)
    assert "n’existe plus" in again.content.decode()
    fragment = save(editor, old, htmx=True, add="24037")
    assert fragment["HX-Redirect"] == BASE


def test_pressing_twice_is_no_fault(editor):
    save(editor, 0, add="24037")
    page = save(editor, 1, htmx=True, add="24037").content.decode()
    assert "était déjà ainsi" in page
    assert 'role="alert"' not in page


def test_a_version_that_was_in_force_can_be_read_again_a_draft_cannot(client, coordinator, cpts):
    PerimeterFactory(cpts=cpts, communes=["24037"])
    client.force_login(coordinator)
    assert "38\xa0communes" in client.get("/cpts/cpts-du-bergeracois/territoire/versions/1/").content.decode()
    assert client.get("/cpts/cpts-du-bergeracois/territoire/versions/2/").status_code == 404
    url = "/cpts/cpts-du-bergeracois/territoire/versions/1/?format=xlsx"
    assert client.get(url).content.startswith(b"PK")


def test_a_declared_part_needs_its_source(editor):
    url = f"{BASE}projet/communes/24037/"
    page = editor.post(url, {"version": token(0), "share": "40", "source": ""}).content.decode()
    assert "Dites d’où vient cette part" in page
    assert 'value="40"' in page
    assert inside() == set()
    editor.post(url, {"version": token(0), "share": "40,5", "source": "IRIS 2023"})
    assert str(PerimeterPart.objects.get().share) == "0.4050"
    assert "IRIS 2023" in editor.get(url).content.decode()


@pytest.mark.parametrize("share", ["0", "-3", "101", "beaucoup"])
def test_an_absurd_part_is_refused(editor, share):
    response = editor.post(f"{BASE}projet/communes/24037/", {"version": token(0), "share": share, "source": "x"})
    assert 'role="alert"' in response.content.decode()
    assert inside() == set()


def test_arrondissements_replace_their_commune(editor):
    save(editor, 0, add="13055")
    assert "Marseille 3e Arrondissement" in editor.get(f"{BASE}projet/communes/13055/").content.decode()
    save(editor, 1, add="13203", remove="13055")
    assert inside() == {"13203"}


def test_putting_in_force_makes_it_public(editor, client):
    save(editor, 0, add="24037")
    assert "pas encore arrêté" in client.get("/c/cpts-voisine/").content.decode()
    editor.post(f"{BASE}projet/en-vigueur/", {"version": token(1), "on": "01/01/2026"})
    client.logout()
    page = client.get("/c/cpts-voisine/").content.decode()
    assert "Bergerac" in page
    assert "1er janvier 2026" in page


@pytest.mark.parametrize(
    ("on", "message"), [("32/01/2026", "pas lisible"), ("01/01/2099", "date passée"), ("01/01/1990", "26 janvier 2016")]
)
def test_a_date_that_cannot_be_keeps_the_draft(editor, on, message):
    save(editor, 0, add="24037")
    page = editor.post(f"{BASE}projet/en-vigueur/", {"version": token(1), "on": on}, follow=True).content.decode()
    assert message in page
    assert Perimeter.objects.get().status == "draft"


def test_a_draft_is_never_public(editor, client):
    save(editor, 0, add="24037")
    client.logout()
    assert "Bergerac" not in client.get("/c/cpts-voisine/").content.decode()


def test_a_member_reads_the_territory_but_not_the_draft(client, cpts, member):
    PerimeterFactory(cpts=cpts, communes=["24520"])
    client.force_login(member)
    page = client.get("/cpts/cpts-du-bergeracois/territoire/").content.decode()
    assert "61\u202f915\xa0habitants" in page
    assert "Modifier le périmètre" not in page
    assert client.get("/cpts/cpts-du-bergeracois/territoire/projet/").status_code == 403


def test_the_communes_in_force_are_searched_sorted_and_exported(client, coordinator):
    client.force_login(coordinator)
    url = "/cpts/cpts-du-bergeracois/territoire/"
    assert "1\xa0ligne<" in client.get(url, {"q": "bergerac"}).content.decode()
    largest = client.get(url, {"tri": "-population", "format": "csv"}).content.decode().splitlines()[1]
    assert largest.startswith("Bergerac;24037")


def test_founding_shows_what_resembles_it_first(client, cpts, member):
    client.force_login(member)
    typed = {"name": "CPTS Bergeracois Santé", "departement": "24"}
    page = client.post("/nouvelle-cpts/", typed).content.decode()
    assert "CPTS du Bergeracois" in page
    assert "Créer quand même" in page
    assert client.post("/nouvelle-cpts/", typed | {"confirmed": typed["name"]}).status_code == 302
    client.force_login(UserFactory())
    again = client.post("/nouvelle-cpts/", typed | {"confirmed": typed["name"]}).content.decode()
    assert "porte déjà ce nom" in again


def test_the_public_list_finds_a_cpts_by_departement(client, cpts):
    CptsFactory(name="CPTS du Nord", departement_id="59")
    page = client.get("/annuaire-des-cpts/", {"q": "dordogne"}).content.decode()
    assert "CPTS du Bergeracois" in page
    assert "CPTS du Nord" not in page


def test_the_sentence_of_what_lies_apart_ends_where_it_should(editor):
    save(editor, 0, add="24037")
    save(editor, 1, add="24520")
    page = editor.get(f"{BASE}projet/").content.decode()
    apart = re.search(r"À l’écart du reste.{0,9}</b>(.*?)</p>", page, re.DOTALL)[1]
    assert " ".join(apart.split()).endswith("Sarlat-la-Canéda.")
