"""Who is who, in a real browser: a check in person, « Ce n’est pas moi », a CPTS founded then approved."""

import pytest
from playwright.sync_api import expect

from maillage.accounts.models import NumberProof, Role
from maillage.members.models import Membership
from maillage.territory.models import Perimeter, PerimeterPart
from tests.factories import MembershipFactory, PractitionerFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_a_member_is_checked_in_person_on_their_own_telephone(visit, cpts, coordinator):
    eve = UserFactory(role=Role.MEMBER, on=cpts, given_name="Ève", family_name="Lacombe")
    membership = MembershipFactory(
        cpts=cpts, practitioner=PractitionerFactory(), email=eve.email, account=None, family_name="Lacombe"
    )
    desk, phone = visit("desktop"), visit("phone")
    desk.sign_in(coordinator.email)
    page = desk.open(f"/cpts/{cpts.slug}/membres/{membership.uuid}/")
    page.get_by_role("button", name="Vérifier en personne").click()
    code = page.locator(".code-said").inner_text()
    desk.check()
    phone.sign_in(eve.email)
    own = phone.open("/mon-identite/")
    expect(own.get_by_role("heading", level=1)).to_contain_text("n’est pas prouvé")
    phone.check()
    own.get_by_label("Code lu par la coordination").fill(code.lower())
    own.get_by_role("button", name="Valider le code").last.click()
    expect(own.get_by_role("heading", level=1)).to_contain_text("est prouvé")
    phone.check()
    membership.refresh_from_db()
    assert membership.account == eve
    own.once("dialog", lambda dialog: dialog.accept())
    own.get_by_role("button", name="Ce n’est pas moi").first.click()
    expect(own.get_by_text("suspendue")).to_be_visible()
    assert not Membership.objects.of_account(eve).exists()
    assert NumberProof.objects.in_force().count() == 1


def test_a_cpts_is_founded_unseen_then_approved(visit, cpts):
    founder, agent = UserFactory(), UserFactory(role=Role.GUICHET_AGENT, on={"region_id": "75"})
    visitor, guichet, public = visit("desktop"), visit("desktop"), visit("phone")
    visitor.sign_in(founder.email)
    page = visitor.open("/nouvelle-cpts/")
    page.get_by_label("Nom de la CPTS").fill("CPTS Vallée Neuve")
    page.get_by_label("Département").select_option("24")
    page.get_by_role("button", name="Créer la CPTS").click()
    expect(page.get_by_role("heading", name="Projet de périmètre")).to_be_visible()
    new = founder.assignments.get().cpts
    PerimeterPart.objects.create(cpts=new, perimeter=Perimeter.objects.get(cpts=new), commune_id="24520")
    expect(public.open(f"/c/{new.slug}/").get_by_role("heading", level=1)).not_to_contain_text("Vallée Neuve")
    page = visitor.open(f"/cpts/{new.slug}/approbation/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre CPTS n’est visible que de votre équipe")
    visitor.check()
    page.get_by_role("button", name="Demander l’approbation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("L’approbation est demandée")
    guichet.sign_in(agent.email)
    page = guichet.open("/approbations/")
    guichet.check()
    page.get_by_role("link", name="Lire et répondre : CPTS Vallée Neuve").click()
    guichet.check()
    page.get_by_role("button", name="Approuver").click()
    expect(page.get_by_text("approuvée. Son équipe est prévenue")).to_be_visible()
    expect(public.open(f"/c/{new.slug}/").get_by_role("heading", level=1)).to_contain_text("Vallée Neuve")
