"""What people do, in a real browser: on a desktop, on a phone, and without JavaScript."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from maillage.accounts.models import Role
from maillage.meetings.actions import sign_in
from maillage.meetings.models import Ballot, Means, PollAnswer, PollOption, Voter
from maillage.meetings.web.room_views import room_token
from maillage.territorial_diagnosis.loading.vintages import NewVintage, store
from maillage.territorial_diagnosis.queries.places import Gazetteer
from maillage.territory.models import PerimeterPart
from tests.factories import (
    HOUR,
    NOON,
    MeetingFactory,
    MembershipFactory,
    OrganizationFactory,
    ParticipantFactory,
    PractitionerRoleFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
PLACE = "/cpts/cpts-bergeracois-sante/territoire/projet/"


def found_cpts(visitor) -> None:
    """Name, département, the resemblance shown, then the second press."""
    page = visitor.open("/nouvelle-cpts/")
    page.get_by_label("Nom de la CPTS").fill("CPTS Bergeracois Santé")
    page.get_by_label("Département").select_option("24")
    page.get_by_role("button", name="Créer la CPTS").click()
    expect(page.get_by_text("ressemble à la vôtre")).to_be_visible()
    page.get_by_role("button", name="Créer quand même").click()
    expect(page.get_by_role("heading", name="Projet de périmètre")).to_be_visible()


def stat(page, label: str):
    return page.locator(".stat", has_text=label).locator("b")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_list_of_communes_becomes_a_cpts_its_taille_and_its_money(visit, cpts, size):
    holder = UserFactory()
    visitor = visit(size)
    page = visitor.page
    visitor.sign_in(holder.email)
    found_cpts(visitor)
    visitor.check()

    page.get_by_role("searchbox").fill("bergeracoise")
    page.get_by_role("button", name="Ajouter toutes les communes de CA Bergeracoise").click()
    expect(stat(page, "Composition")).to_have_text("38\xa0communes")
    expect(stat(page, "Population municipale")).to_have_text("61\u202f915")
    expect(stat(page, "Taille au sens de l’ACI")).to_have_text("Taille 2")
    expect(page.get_by_text("déjà dans le périmètre en vigueur de").first).to_contain_text("CPTS du Bergeracois")
    visitor.check()

    page.wait_for_selector("#map[data-drawn]")
    click_commune(page, "24051")  # Bosset, out
    expect(stat(page, "Composition")).to_have_text("37\xa0communes")
    click_commune(page, "24051")  # and in again
    expect(stat(page, "Composition")).to_have_text("38\xa0communes")

    page.get_by_label("Communes, une par ligne").fill("24520\tSarlat\nBergerac\nAtlantis")
    page.get_by_role("button", name="Lire la liste").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3\xa0lignes lues, 2\xa0communes reconnues")
    visitor.check()
    page.get_by_role("button", name="Ajouter 1\xa0commune").click()
    expect(stat(page, "Contiguïté")).to_have_text("2 morceaux")
    expect(page.locator(".note.late")).to_contain_text("Sarlat-la-Canéda")

    page.get_by_role("link", name="Voir le financement").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("242\u202f000\xa0€")
    visitor.check()
    with page.expect_download() as download:
        page.get_by_role("button", name="XLSX").click()
    assert download.value.suggested_filename == "aci-cpts-bergeracois-sante.xlsx"


def click_commune(page, code: str) -> None:
    """Click in the middle of a commune of the map, found by what its tooltip says."""
    box = page.evaluate(
        """async (code) => {
            const [, { communes }] = [0, await import(document.querySelector('script[type=module]').src)];
            const { layer } = communes.get(code);
            document.getElementById('map').scrollIntoView({ block: 'center' });
            const point = layer._map.latLngToContainerPoint(layer.getCenter());
            const { left, top } = document.getElementById('map').getBoundingClientRect();
            return [left + point.x, top + point.y];
        }""",
        code,
    )
    page.mouse.click(*box)


def test_every_form_works_without_javascript(visit, cpts):
    holder = UserFactory()
    visitor = visit(javascript=False)
    page = visitor.page
    visitor.sign_in(holder.email)
    found_cpts(visitor)
    page.get_by_role("searchbox").fill("eymet")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("button", name="Ajouter Eymet").click()
    expect(stat(page, "Composition")).to_have_text("1\xa0commune")
    page.get_by_label("Communes, une par ligne").fill("Issigeac\n24037")
    page.get_by_role("button", name="Lire la liste").click()
    page.get_by_role("button", name="Ajouter 2\xa0communes").click()
    expect(stat(page, "Composition")).to_have_text("3\xa0communes")
    page.get_by_role("link", name="Ne compter qu’une partie de Bergerac").click()
    page.get_by_label("Part de la population, en %").fill("40")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("alert")).to_contain_text("Dites d’où vient cette part")
    page.get_by_label("Source de cette part").fill("IRIS 2023")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("abbr")).to_have_text("40\xa0%")
    page.get_by_role("button", name="Retirer Issigeac").click()
    expect(stat(page, "Composition")).to_have_text("2\xa0communes")
    page.get_by_role("button", name="Mettre en vigueur").click()
    expect(page.get_by_text("Le périmètre est en vigueur, et public.")).to_be_visible()
    assert (
        PerimeterPart.objects.filter(perimeter__status="in-force", perimeter__cpts__name__contains="Santé").count() == 2
    )


def test_the_second_editor_is_told_what_the_first_one_did(visit, neighbour, stranger):
    from tests.factories import PerimeterFactory  # noqa: PLC0415

    PerimeterFactory(cpts=neighbour)
    colleague = UserFactory(role=Role.PRESIDENT, on=neighbour, given_name="Élodie", family_name="Després")
    first, second = visit(), visit()
    for visitor, user in ((first, colleague), (second, stranger)):
        visitor.sign_in(user.email)
        visitor.open("/cpts/cpts-voisine/territoire/projet/")
        visitor.page.get_by_role("searchbox").fill("24037" if user == colleague else "24520")
    expect(second.page.get_by_role("button", name="Ajouter Sarlat")).to_be_visible()
    first.page.get_by_role("button", name="Ajouter Bergerac").click()
    expect(stat(first.page, "Composition")).to_have_text("1\xa0commune")
    second.page.get_by_role("button", name="Ajouter Sarlat").click()
    expect(second.page.get_by_role("alert")).to_contain_text("Élodie Després a modifié ce périmètre")
    expect(stat(second.page, "Composition")).to_have_text("1\xa0commune")
    second.page.get_by_role("button", name="Ajouter Sarlat").click()
    expect(stat(second.page, "Composition")).to_have_text("2\xa0communes")


COORDINATOR_PAGES = [
    "/cpts/cpts-du-bergeracois/",
    "/cpts/cpts-du-bergeracois/membres/",
    "/cpts/cpts-du-bergeracois/territoire/",
    "/cpts/cpts-du-bergeracois/territoire/historique/",
    "/cpts/cpts-du-bergeracois/financement/",
    "/cpts/cpts-du-bergeracois/equipe/",
    "/cpts/cpts-du-bergeracois/journal/",
    "/espaces/",
    "/nouvelle-cpts/",
    *(
        f"/cpts/cpts-du-bergeracois/{page}"
        for page in (
            "annuaire/",
            "annuaire/?commune=Atlantis",
            "annuaire/mouvements/",
            "diagnostic/",
            "diagnostic/themes/supply/",
            "diagnostic/indicateurs/apl_mg/",
            "diagnostic/indicateurs/lib_60/",
            "diagnostic/et-si/acc_10G/?commune=24037",
            "diagnostic/saisies/",
            "diagnostic/existant/",
            "diagnostic/manques/",
            "diagnostic/priorites/",
            "diagnostic/versions/",
            "diagnostic/fichiers/",
            "membres/ajouter/?q=essai",
            "membres/ajouter/fiche/",
            "membres/colleges/",
            "membres/importer/",
            "ma-fiche/",
            "reunions/",
            "reunions/nouvelle/",
            "reunions/regles/?instance=assembly",
            "reunions/statuts/",
            "reunions/taches/",
            "reunions/agenda/",
            "messages/",
        )
    ),
]
PUBLIC_PAGES = [
    "/",
    "/annuaire-des-cpts/",
    "/c/cpts-du-bergeracois/",
    "/c/cpts-du-bergeracois/adherer/",
    "/c/cpts-du-bergeracois/adherer/merci/",
    "/c/cpts-du-bergeracois/annuaire/",
    "/simulateur/",
    "/mentions/",
    "/compte/login/",
    "/compte/signup/",
    "/compte/password/reset/",
    "/nulle-part/",
    "/simulateur/?signed_on=x",
]
INSTANCE_PAGES = ["/instance/reference/", "/instance/donnees/", "/instance/messages/", "/instance/composants/"]


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_axe_finds_nothing_on_any_page(visit, cpts, coordinator, size):
    MembershipFactory.create_batch(30, cpts=cpts)
    some_figures()
    public, inside, instance = visit(size), visit(size), visit(size)
    inside.sign_in(coordinator.email)
    instance.sign_in(UserFactory(role=Role.INSTANCE_ADMIN).email)
    meetings, open_meeting = some_meetings(cpts)
    for visitor, pages in (
        (public, [*PUBLIC_PAGES, open_meeting]),
        (inside, COORDINATOR_PAGES + meetings),
        (instance, INSTANCE_PAGES),
    ):
        for path in pages:
            visitor.open(path)
            visitor.check()


def some_meetings(cpts) -> tuple[list[str], str]:
    """The pages of an assembly that votes and of a draft that looks for a date; the public page of an open one."""
    now = timezone.now()
    span = {"starts_at": now, "ends_at": now + timedelta(hours=2)}
    assembly = MeetingFactory(cpts=cpts, kind="assembly", **span)
    for person in ParticipantFactory.create_batch(3, meeting=assembly):
        Voter.objects.create(meeting=assembly, participant=person)
        sign_in(participant=person, means=Means.CODE, at=now)
    ballot = Ballot.objects.create(
        cpts=cpts, meeting=assembly, question="?", mode="hands", choices=["Pour", "Contre"], state="open", opened_at=now
    )
    draft = MeetingFactory(cpts=cpts, undated=True)
    option = PollOption.objects.create(meeting=draft, **span)
    person = ParticipantFactory(meeting=draft)
    PollAnswer.objects.create(option=option, participant=person, choice="yes")
    base = f"/cpts/{cpts.slug}/reunions/{assembly.uuid}/"
    names = ("", "invites/", "signatures/", "feuille/", "compte-rendu/", "votes/", "modifier/")
    pages = [base + name for name in names]
    pages += [f"/salle/{room_token(assembly)}/{page}/" for page in ("mur", "tablette")]
    pages += [f"{base}votes/{ballot.uuid}/mains/", f"/cpts/{cpts.slug}/reunions/{draft.uuid}/sondage/"]
    end = span["ends_at"]
    later = MeetingFactory(cpts=cpts, is_open=True, agenda="Un", starts_at=end, ends_at=end + HOUR)
    return pages, f"/c/{cpts.slug}/reunions/{later.uuid}/"


def some_figures() -> None:
    """A published accessibility and people of the directory, on the communes of the tests."""
    places = Gazetteer.read()
    rows = {code: (2.4 * people, float(people)) for code, people in places.populations.items()}
    store(NewVintage("apl_mg", "2023", "apl.csv", NOON), rows | {"24051": (None, None)}, places)
    store(
        NewVintage("lib_60", "2026-11-12", "rpps.txt", NOON, covered=frozenset({"24"})), {"24037": (40.0, None)}, places
    )
    PractitionerRoleFactory.create_batch(3, organization=OrganizationFactory(phone="0536490017"))


def test_a_coordinator_questions_a_figure_adds_a_file_freezes_and_prints(visit, cpts, coordinator, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    some_figures()
    visitor = visit()
    visitor.sign_in(coordinator.email)
    page = visitor.open("/cpts/cpts-du-bergeracois/diagnostic/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Le diagnostic du territoire")
    page.get_by_role("link", name="Questionner ce chiffre : APL aux médecins").click()
    page.wait_for_selector("#map[data-drawn='38']")
    expect(page.get_by_text("apl.csv")).to_be_visible()
    expect(page.get_by_role("cell", name="non publié")).to_be_visible()
    page.get_by_label("Autre indicateur").select_option(label="Infirmiers, exercice libéral")
    expect(page.get_by_role("heading", level=1)).to_have_text("Infirmiers, exercice libéral")
    page.wait_for_selector("#map[data-drawn='38']")

    page.get_by_role("link", name="Nos fichiers").click()
    table = tmp_path / "logements.csv"
    table.write_text("code;vacants\n24037;1200\n24051;12\n99999;1\n", encoding="utf-8")
    page.get_by_label("Fichier").set_input_files(table)
    page.get_by_role("button", name="Lire le fichier").click()
    page.get_by_label("Nom de l’indicateur").fill("Logements vacants")
    page.get_by_label("Unité").fill("logements")
    page.get_by_label("Définition").fill("Logements sans occupant.")
    page.get_by_label("Millésime").fill("2024")
    page.get_by_role("button", name="Voir ce qui se rattache").click()
    expect(page.get_by_text("66,67\xa0% des lignes")).to_be_visible()
    expect(page.get_by_text("99999")).to_have_count(2)
    visitor.check()
    page.get_by_role("button", name="Ajouter au diagnostic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Logements vacants")

    page.get_by_role("link", name="Versions").click()
    page.get_by_label("Nom de la version").fill("Dossier")
    page.get_by_role("button", name="Figer").click()
    expect(page.get_by_text("elle ne changera plus")).to_be_visible()
    address = page.get_by_role("link", name="PDF de la version 1").get_attribute("href")
    assert page.request.get(visitor.base + address).body().startswith(b"%PDF")


def test_a_phone_opens_the_menu_and_closes_it(visit, cpts, coordinator):
    visitor = visit("phone")
    visitor.sign_in(coordinator.email)
    page = visitor.open("/cpts/cpts-du-bergeracois/")
    expect(page.get_by_role("link", name="Journal")).to_be_hidden()
    page.get_by_role("link", name="Menu").click()
    page.get_by_role("link", name="Journal").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Qui a fait quoi")


def test_the_keyboard_reaches_the_content_first(visit, cpts):
    visitor = visit()
    page = visitor.open("/c/cpts-du-bergeracois/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"
