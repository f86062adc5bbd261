"""How people become members, in a real browser: asked for on a phone, or out of the coordinator's spreadsheet."""

import io

import pypdf
import pytest
import xlsxwriter
from playwright.sync_api import expect

from maillage.accounts.models import Invitation
from maillage.exchange.models import OutgoingMail
from maillage.members.models import Membership
from tests.factories import CollegeFactory, MembershipFactory, PractitionerFactory, PractitionerRoleFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_a_request_on_a_phone_becomes_a_membership_and_an_attestation(visit, cpts, coordinator):
    CollegeFactory(cpts=cpts, name="Paramédicaux", yearly_fee=30)
    person = PractitionerFactory(id=899900000999, family_name="CASTAGNÉ", given_name="LOUISE")
    PractitionerRoleFactory(practitioner=person, group="50")
    phone = visit("phone")
    page = phone.open(f"/c/{cpts.slug}/adherer/")
    page.get_by_label("Votre numéro RPPS ou ADELI").fill("999 0000 0999")
    page.get_by_role("button", name="Remplir pour moi").click()
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Castagné")
    page.get_by_label("Adresse électronique").fill("louise@exemple")
    phone.check()
    page.get_by_role("button", name="Envoyer ma demande").click()
    expect(page.get_by_role("alert")).to_contain_text("Adresse électronique")
    expect(page.get_by_label("Prénom", exact=True)).to_have_value("Louise")
    phone.check()
    page.get_by_label("Adresse électronique").fill("louise@exemple.invalid")
    page.get_by_role("button", name="Envoyer ma demande").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre demande est envoyée")
    phone.check()

    desk = visit("desktop")
    desk.sign_in(coordinator.email)
    page = desk.open(f"/cpts/{cpts.slug}/membres/")
    page.get_by_role("link", name="1\xa0demande d’adhésion").click()
    page.get_by_role("link", name="Castagné Louise").click()
    desk.check()
    page.get_by_label("Collège").select_option(label="Paramédicaux")
    page.get_by_role("button", name="Accepter").click()
    expect(page.get_by_text("Castagné est membre.")).to_be_visible()
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.get_by_text("La cotisation est enregistrée.")).to_be_visible()
    desk.check()
    link = page.get_by_role("link", name="Attestation").get_attribute("href")
    text = pypdf.PdfReader(io.BytesIO(page.request.get(desk.base + link).body())).pages[0].extract_text()
    for words in ("Louise Castagné", "RPPS", "à jour de sa cotisation"):
        assert words in text.replace("\xa0", " ")
    told = set(OutgoingMail.objects.filter(recipient="louise@exemple.invalid").values_list("subject", flat=True))
    assert {subject.split()[0] for subject in told} == {"Votre", "Bienvenue"}
    assert Invitation.objects.get().email == "louise@exemple.invalid"


def spreadsheet(path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        rows = (
            ["Adhérents 2026"],
            ["Nom", "Prénom", "Métier", "Mail", "Tél", "Ville"],
            ["Vignal", "Paule", "Infirmière", "paule@exemple", "05 36 49 00 21", "Bergerac"],
            ["Mérigaud", "Jean", "Kiné", "jean@exemple.invalid", "05 36 49 00 22", "Nulle-Part"],
            ["Connue", "Ève", "Sage-femme", "eve@exemple.invalid", "05 36 49 00 23", "Eymet"],
        )
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return path


@pytest.mark.parametrize("javascript", [True, False])
def test_a_spreadsheet_is_corrected_imported_and_undone(visit, cpts, coordinator, tmp_path, javascript):
    MembershipFactory(cpts=cpts, family_name="Connue", given_name="Ève", email="eve@exemple.invalid", phone="")
    desk = visit("desktop", javascript=javascript)
    desk.sign_in(coordinator.email)
    page = desk.open(f"/cpts/{cpts.slug}/membres/")
    page.get_by_role("link", name="Importer un tableur").click()
    page.get_by_label("Votre tableur").set_input_files(spreadsheet(tmp_path / "membres.xlsx"))
    page.get_by_role("button", name="Lire le fichier").click()
    expect(page.get_by_text("2\xa0lignes à corriger")).to_be_visible()
    if javascript:
        desk.check()
    page.get_by_label("Adresse électronique, ligne 3").fill("paule@exemple.invalid")
    page.get_by_label("Commune, ligne 4").fill("24500")
    page.get_by_role("button", name="Enregistrer les corrections").click()
    expect(page.get_by_text("1\xa0ligne à corriger")).to_be_visible()  # 24500 is several communes
    page.get_by_label("Commune, ligne 4").fill("Eymet")
    page.get_by_role("button", name="Enregistrer les corrections").click()
    expect(page.get_by_label("Que faire de la ligne 5")).to_have_value(str(Membership.objects.get().uuid))
    assert Membership.objects.count() == 1
    page.get_by_role("button", name="Importer 3\xa0lignes").click()
    expect(page.get_by_text("3\xa0membres importés ou complétés")).to_be_visible()
    assert Membership.objects.get(family_name="Connue").phone == "0536490023"
    if javascript:
        desk.check()
        page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Annuler cet import").click()
    expect(page.get_by_text("L’import est annulé.")).to_be_visible()
    assert [one.phone for one in Membership.objects.all()] == [""]
