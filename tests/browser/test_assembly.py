"""A general assembly in a real browser: pouvoirs, a secret ballot on telephones, the procès-verbal."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from maillage.exchange.models import OutgoingMail
from maillage.meetings.models import Ballot, BodyRule, Meeting, Participant, Signature, Slip
from maillage.meetings.notifications import personal_path
from tests.browser.test_meetings import read_pdf
from tests.factories import CollegeFactory, MembershipFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def link(name):
    return personal_path(Participant.objects.for_link().get(name=name), timezone.now())


@pytest.fixture
def assembly(cpts):
    """Convened for now, its rules written, four members invited."""
    BodyRule.objects.create(cpts=cpts, kind="assembly", quorum_percent=50, proxies_max=1)
    college = CollegeFactory(cpts=cpts, name="Soignants")
    now = timezone.now()
    meeting = Meeting.objects.create(
        cpts=cpts,
        kind="assembly",
        title="Assemblée générale",
        status="planned",
        created_at=now,
        starts_at=now - timedelta(minutes=5),
        ends_at=now + timedelta(hours=2),
    )
    for name in ("Aude", "Basile", "Chloé", "Denis"):
        member = MembershipFactory(
            cpts=cpts, given_name=name, family_name="Votant", email=f"{name}@exemple.invalid", college=college
        )
        Participant.objects.create(cpts=cpts, meeting=meeting, membership=member, name=str(member), search_name=name)
    return meeting


def test_an_assembly_with_pouvoirs_and_a_secret_ballot_gives_its_proces_verbal(visit, cpts, coordinator, assembly):
    desk, phone = visit("desktop"), visit("phone")
    desk.sign_in(coordinator.email)
    base = f"/cpts/{cpts.slug}/reunions/{assembly.uuid}"
    page = desk.open(f"{base}/votes/")
    page.get_by_role("button", name="Dresser la liste des votants").click()
    page.get_by_label("Question").fill("Adopter le projet de santé")
    page.get_by_label("Manière de voter").select_option(label="à bulletin secret")
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_role("button", name="Ouvrir").click()
    expect(page.get_by_role("alert")).to_contain_text("Le quorum n’est pas atteint")
    desk.check()

    give_pouvoir(phone)
    page.get_by_role("link", name="Faire signer").first.click()
    page.get_by_role("button", name="Prêter une tablette").click()
    expect(page.get_by_text("La tablette est à votre nom")).to_be_visible()
    desk.check()
    tablet = page.get_by_role("link", name="L’ouvrir ici").get_attribute("href").removeprefix(desk.base)
    for name in ("Aude", "Basile", "Chloé"):
        page = desk.open(tablet)
        page.get_by_role("button", name=re.compile(f"Présent·e.*{name} Votant")).click()
        expect(page.locator("li", has_text=name)).to_contain_text("là depuis")
    page = desk.open(f"{base}/votes/")
    expect(page.get_by_role("row", name=re.compile("Soignants|Ensemble")).first).to_contain_text("4")
    page.get_by_role("button", name="Ouvrir").click()
    expect(page.get_by_text("Le vote est ouvert.")).to_be_visible()
    desk.check()

    receipts = [
        cast(phone, "Aude Votant", "Pour"),
        cast(phone, "Aude Votant", "Pour"),
        cast_on_tablet(desk, tablet, "Chloé Votant", "Contre"),
    ]
    assert len(set(receipts)) == 3
    assert Signature.objects.filter(cast_by__participant__name="Aude Votant").count() == 1

    page = desk.open(f"{base}/votes/")
    expect(page.get_by_text("3 sur 4 voix ont voté")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Clore").click()
    expect(page.get_by_text("adoptée")).to_be_visible()
    desk.check()
    assert set(Slip.objects.values_list("receipt", flat=True)) == set(receipts)

    address = f"{desk.base}{base}/compte-rendu.pdf"
    text = read_pdf(page, address)
    for words in (
        "Procès-verbal",
        "Pouvoirs : Denis Votant à Aude Votant",
        "Adopter le projet de santé",
        "66,67 %",
        "adoptée",
        "4 voix présentes ou représentées",
        Ballot.objects.get().record.journal[:20],
    ):
        assert words in text, words


def give_pouvoir(phone):
    page = prove(phone, "Denis Votant")
    page.get_by_label("Donner mon pouvoir à").select_option(label="Aude Votant")
    page.get_by_role("button", name="Donner mon pouvoir").click()
    expect(page.get_by_text("Aude Votant votera pour vous").first).to_be_visible()
    phone.check()


def cast(phone, name, choice):
    """The first voice that this person still has, proved by a code the first time; returns the receipt."""
    page = phone.open(link(name))
    phone.check()
    if page.get_by_role("radio").count() == 0:
        page = prove(phone, name)
        phone.check()
    return put_in_urn(phone, page, choice)


def prove(phone, name):
    """A code to one's own address, typed on the telephone."""
    page = phone.open(link(name))
    page.get_by_role("button", name="Recevoir un code").click()
    expect(page.get_by_text("Un code vient de partir")).to_be_visible()
    phone.check()
    mail = OutgoingMail.objects.filter(recipient__startswith=name.split()[0], subject__startswith="Votre code").last()
    page.get_by_label("Code à six chiffres").fill(re.search(r"\b\d{6}\b", mail.body)[0])
    page.get_by_role("button", name="C’est moi").click()
    expect(page.get_by_text("C’est bien vous")).to_be_visible()
    return page


def cast_on_tablet(desk, tablet, name, choice):
    """Whoever has no telephone, on the tablet of the coordinator."""
    page = desk.open(tablet)
    page.get_by_role("link", name=re.compile(f"Voter.*{name}")).click()
    expect(page.get_by_text("seront au procès-verbal")).to_be_visible()
    desk.check()
    return put_in_urn(desk, page, choice)


def put_in_urn(visitor, page, choice):
    page.get_by_role("radio", name=choice).first.check()
    page.get_by_role("button", name="Voter").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vote compté")
    visitor.check()
    return page.locator(".receipt").inner_text().strip()
