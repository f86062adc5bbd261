"""A meeting from its poll to its attestations, in a real browser: at a desk, on a telephone, in the room."""

import io
import re
from datetime import timedelta

import pypdf
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from maillage.accounts.models import Role
from maillage.core.models import Job, JobState
from maillage.core.work import jobs
from maillage.exchange.models import OutgoingMail
from maillage.meetings.models import Meeting, Participant, Presence
from maillage.meetings.web.room_views import room_token
from maillage.records.models import Draft
from tests.factories import MeetingFactory, MembershipFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def link_of(settings):
    """The personal page in the last mail of somebody: the worker ran, the mail arrived."""

    def read(email, page):
        settings.DEMO = True  # the text of mails is kept where it is the point
        OutgoingMail.objects.update(not_before=None)
        for row in Job.objects.filter(state=JobState.WAITING).order_by("pk"):
            jobs.run_job.call(str(row.uuid))
        for row in Job.objects.filter(state=JobState.WAITING).order_by("pk"):
            jobs.run_job.call(str(row.uuid))
        mail = OutgoingMail.objects.filter(recipient=email).order_by("pk").last()
        return re.search(rf"/{page}/[^\s]+", mail.body)[0], mail

    return read


def read_pdf(page, address):
    text = pypdf.PdfReader(io.BytesIO(page.request.get(address).body())).pages[0].extract_text()
    return " ".join(text.replace("\xa0", " ").split())


def test_a_meeting_from_its_poll_to_its_attestations(visit, cpts, coordinator, link_of):
    member = MembershipFactory(
        cpts=cpts, given_name="Paule", family_name="Vignal", email="paule@exemple.invalid", may_be_reached=True
    )
    MembershipFactory(cpts=cpts, given_name="Jean", family_name="Mérigaud", email="jean@exemple.invalid")
    desk, phone = visit("desktop"), visit("phone")
    desk.sign_in(coordinator.email)
    prepare(desk, cpts)
    answer_poll(phone, link_of(member.email, "r")[0])
    convene(desk)
    address, mail = link_of(member.email, "r")
    assert "BEGIN:VEVENT" in mail.calendar
    answer(phone, address)
    now = timezone.now()
    Meeting.objects.update(starts_at=now - timedelta(minutes=5), ends_at=now + timedelta(hours=1))  # the evening comes
    sign(desk, phone)
    Meeting.objects.update(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(minutes=1))
    close(desk, cpts)
    write_minutes(desk)
    address, mail = link_of(member.email, "r")
    assert mail.subject.startswith("Compte rendu")
    read_papers(phone, address)


def prepare(desk, cpts):
    page = desk.open(f"/cpts/{cpts.slug}/reunions/")
    page.get_by_role("link", name="Préparer une réunion").click()
    page.get_by_label("Intitulé").fill("Groupe chutes")
    page.get_by_label("Nature").select_option(label="groupe de travail")
    page.get_by_label("Lieu").fill("Maison des associations")
    page.get_by_label("Ordre du jour").fill("Repérer\nOrienter")
    page.get_by_role("button", name="Enregistrer").click()
    desk.check()
    page.get_by_role("button", name="Inviter").first.click()
    expect(page.get_by_role("heading", name="2\xa0personnes invitées")).to_be_visible()
    page.get_by_role("link", name="Trouver une date").click()
    for days in (8, 9):
        page.get_by_label("Date", exact=True).fill(f"{timezone.localdate() + timedelta(days=days):%d/%m/%Y}")
        page.get_by_label("De", exact=True).fill("20h")
        page.get_by_label("À", exact=True).fill("21 h 30")
        page.get_by_role("button", name="Proposer").click()
    expect(page.get_by_role("button", name="Choisir")).to_have_count(2)
    page.get_by_role("button", name=re.compile("Envoyer le sondage")).click()
    desk.check()


def answer_poll(phone, address):
    page = phone.open(address)
    page.get_by_role("radio", name="oui").nth(1).check()
    page.get_by_role("radio", name="non").nth(0).check()
    page.get_by_role("button", name="Envoyer mes réponses").click()
    expect(page.get_by_text("vos disponibilités sont enregistrées")).to_be_visible()
    phone.check()


def convene(desk):
    page = desk.page
    page.reload()
    expect(page.get_by_text("la plus suivie")).to_be_visible()
    page.get_by_role("button", name="Choisir").nth(1).click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Convoquer").click()
    expect(page.get_by_text("La réunion est convoquée")).to_be_visible()
    desk.check()
    page.get_by_role("link", name="Invités", exact=True).click()
    page.get_by_role("button", name=re.compile("^Vient.*Jean Mérigaud")).click()  # heard on the telephone
    expect(page.get_by_text("Jean Mérigaud vient.")).to_be_visible()
    page.get_by_role("link", name="La réunion", exact=True).first.click()


def answer(phone, address):
    """One tap: the page that the mail opens has the two answers."""
    page = phone.open(address)
    page.get_by_role("button", name="Je viens", exact=True).click()
    expect(page.get_by_text("C’est noté\xa0: vous venez.")).to_be_visible()
    phone.check()


def sign(desk, phone):
    """The camera opens the page; a code to one's address signs. Who has no telephone is tapped on the tablet."""
    page, mobile = desk.page, phone.page
    page.reload()
    page.get_by_role("link", name="Faire signer").first.click()
    desk.check()
    page.get_by_role("button", name="Prêter une tablette").click()
    tablet = page.get_by_role("link", name="L’ouvrir ici").get_attribute("href")
    desk.check()
    page.goto(desk.base + page.get_by_role("link", name="Afficher le code").get_attribute("href"))
    desk.check()
    mobile.goto(page.locator("#wall").get_attribute("data-address"))
    expect(mobile.get_by_text("Vous êtes Paule Vignal")).to_be_visible()
    mobile.get_by_role("button", name="Recevoir un code").click()
    mail = OutgoingMail.objects.filter(subject__startswith="Votre code").latest("pk")
    mobile.get_by_label("Code à six chiffres").fill(re.search(r"\b\d{6}\b", mail.body)[0])
    mobile.get_by_role("button", name="C’est moi").click()
    expect(mobile.get_by_text("C’est signé, Paule Vignal.")).to_be_visible()
    phone.check()
    page.goto(tablet)
    desk.check()
    page.get_by_role("button", name=re.compile("Présent·e.*Jean Mérigaud")).click()
    expect(page.get_by_text("là depuis")).to_have_count(2)
    assert Presence.objects.count() == 2


def close(desk, cpts):
    page = desk.open(f"/cpts/{cpts.slug}/reunions/{Meeting.objects.get().uuid}/")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Clore").click()
    expect(page.get_by_text("La réunion est close")).to_be_visible()
    page.get_by_role("link", name="Présences", exact=True).click()
    desk.check()


def write_minutes(desk):
    page = desk.page
    page.get_by_role("link", name="Compte rendu").first.click()
    expect(page.get_by_label("Compte rendu")).to_have_value(re.compile("1. Repérer"))
    page.get_by_label("Décision", exact=True).fill("Un test par an.")
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_label("Tâche", exact=True).fill("Écrire le protocole")
    page.get_by_label("Qui").select_option(label="Paule Vignal")
    page.get_by_role("button", name="Confier").click()
    expect(page.locator("small", has_text="Paule Vignal")).to_be_visible()
    page.get_by_label("Compte rendu").fill("1. Repérer\n\nUn test par an au cabinet.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Valider et envoyer").click()
    expect(page.get_by_text("Il ne change plus.")).to_be_visible()
    desk.check()


def read_papers(phone, address):
    page = phone.open(address)
    phone.check()
    paper = page.get_by_role("link", name="Mon attestation de présence").get_attribute("href")
    text = read_pdf(page, phone.base + paper)
    for words in ("Attestation de présence", "Paule Vignal", "Groupe chutes", "Temps de présence"):
        assert words in text
    paper = page.get_by_role("link", name="Le compte rendu").get_attribute("href")
    text = read_pdf(page, phone.base + paper)
    for words in ("Un test par an au cabinet", "Un test par an.", "Écrire le protocole", "Jean Mérigaud"):
        assert words in text


def test_a_code_by_mail_signs_on_a_telephone_without_javascript(visit, cpts, coordinator, link_of):
    member = MembershipFactory(cpts=cpts, given_name="Paule", family_name="Vignal", email="paule@exemple.invalid")
    now = timezone.now()
    meeting = Meeting.objects.create(
        cpts=cpts,
        kind="group",
        title="Groupe chutes",
        status="planned",
        created_at=now,
        starts_at=now,
        ends_at=now + timedelta(hours=1),
    )
    Participant.objects.create(cpts=cpts, meeting=meeting, membership=member, name=str(member), search_name="vignal")
    desk = visit("desktop", javascript=False)
    desk.sign_in(coordinator.email)
    wall = desk.open(f"/salle/{room_token(meeting)}/mur/").locator("#wall").get_attribute("data-address")
    phone = visit("phone", javascript=False)
    phone.page.goto(wall)
    phone.page.get_by_label("Votre adresse électronique").fill(member.email)
    phone.page.get_by_role("button", name="Recevoir un code").click()
    code = re.search(r"\b\d{6}\b", OutgoingMail.objects.get().body)[0]
    phone.page.get_by_label("Code à six chiffres").fill(code)
    phone.page.get_by_role("button", name="Signer ma présence").click()
    expect(phone.page.get_by_text("C’est signé, Paule Vignal.")).to_be_visible()


def test_minutes_half_written_are_found_again_and_told_to_a_colleague(visit, cpts, coordinator):
    now = timezone.now()
    meeting = MeetingFactory(
        cpts=cpts, status="closed", closed_at=now, starts_at=now - timedelta(hours=3), ends_at=now - timedelta(hours=2)
    )
    other = UserFactory(role=Role.COORDINATOR, on=cpts, email="lea@exemple.invalid")
    page = f"/cpts/{cpts.slug}/reunions/{meeting.uuid}/compte-rendu/"
    desk, colleague = visit("desktop"), visit("phone")
    desk.sign_in(coordinator.email)
    desk.open(page)
    desk.page.get_by_label("Compte rendu").fill("Étaient d’accord : tous.")
    expect(desk.page.get_by_text("Brouillon enregistré")).to_be_visible()
    desk.page.reload()
    expect(desk.page.get_by_label("Compte rendu")).not_to_have_value("Étaient d’accord : tous.")
    expect(desk.page.get_by_role("button", name="Le reprendre")).to_be_visible()
    desk.check()
    colleague.sign_in(other.email)
    colleague.open(page)
    expect(colleague.page.get_by_text(re.compile(f"{coordinator} écrit ici depuis"))).to_be_visible()
    desk.page.get_by_role("button", name="Le reprendre").click()
    expect(desk.page.get_by_label("Compte rendu")).to_have_value("Étaient d’accord : tous.")
    desk.page.get_by_role("button", name="Enregistrer").click()
    desk.page.wait_for_load_state()
    assert not Draft.objects.exists()
