"""A letter says the same in text and in HTML; the gallery shows every one."""

import inspect
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from maillage.accounts.models import Role
from maillage.core import letters as mechanism
from maillage.core.letters import Facts, Letter, Link, Points, letters_of_the_product, post
from maillage.exchange.models import OutgoingMail
from tests.factories import UserFactory

APPS = Path(mechanism.__file__).parents[1]
WRITERS = sorted(path.parent.name for path in APPS.glob("*/letters.py") if path.parent.name != "core")
LETTER = Letter(
    "Réunion\ndu  3 décembre",
    ("Vous venez ?", Facts({"Quand": "à 20 h", "Où": ""}), Points(("un", "deux"))),
    action=Link("Répondre", "https://maillage.exemple.invalid/r/abc"),
    after=("Une erreur ? Dites-le.",),
    signature="L’équipe",
)


class Read(HTMLParser):
    """The text and the links of a page."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.links, self.tags = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.texts.append(data)


def test_text_holds_each_block_in_order_and_the_subject_is_one_line():
    assert LETTER.title == "Réunion du 3 décembre"
    assert LETTER.text().replace("\xa0", " ") == (
        "Bonjour,\n\nVous venez ?\n\nQuand : à 20 h\n\n- un\n- deux\n\nRépondre :\n"
        "https://maillage.exemple.invalid/r/abc\n\nL’équipe\n\nUne erreur ? Dites-le.\n"
    )


def test_html_says_the_same_and_its_action_is_a_link():
    read = Read(LETTER.html())
    said = "".join(read.texts).replace("\xa0", " ")
    for words in ("Bonjour,", "Vous venez ?", "Quand", "à 20 h", "un", "deux", "L’équipe", "Une erreur ? Dites-le."):
        assert words in said
    assert read.links == ["https://maillage.exemple.invalid/r/abc"]
    assert "Où" not in said


@given(st.text())
def test_nothing_that_was_typed_is_markup(typed):
    """Whatever a title or a name holds, the page has the tags of the letter and no other."""
    shape = Letter(typed, (typed, Facts({"Où": typed or "x"}), Points((typed,))), Link(typed, "https://x.invalid/"))
    allowed = set("html head meta title body div p table tr td ul li a br tbody".split())
    assert set(Read(shape.html()).tags) <= allowed


@pytest.mark.parametrize("app", WRITERS)
def test_each_letter_of_an_app_is_in_its_gallery(app):
    module = import_module(f"maillage.{app}.letters")
    written = {
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and inspect.signature(function).return_annotation is Letter
    }
    assert set(letters_of_the_product()[app]) == written


@pytest.mark.parametrize("app", WRITERS)
def test_a_letter_leads_to_this_site_alone_and_is_whole(app, settings):
    for name, letter in letters_of_the_product()[app].items():
        read = Read(letter.html())
        assert letter.title, name
        elsewhere = "https://visio.exemple.invalid/"  # a fact of the meeting
        ours = [link for link in read.links if not link.startswith(elsewhere)]
        assert all(link.startswith(f"{settings.PUBLIC_URL}/") for link in ours), name
        assert "None" not in letter.text(), name
        links = [block for block in letter.blocks() if isinstance(block, Link)]
        assert not [link.label for link in links if link.label[-1] in ".:!"], name


@pytest.fixture
def _journal(settings, db):
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"


@pytest.mark.usefixtures("_journal")
def test_a_mail_leaves_in_text_and_html_and_the_journal_keeps_neither(run_jobs):
    post(LETTER, to="a@exemple.invalid")
    run_jobs()
    (html, kind) = mail.outbox[-1].alternatives[0]
    assert (kind, mail.outbox[-1].subject) == ("text/html", "Réunion du 3 décembre")
    assert "Répondre" in html
    kept = OutgoingMail.objects.get()
    assert (kept.state, kept.body, kept.html) == ("sent", "", "")


@pytest.mark.usefixtures("_journal")
def test_a_mail_of_a_library_has_its_html_too():
    body = "Bonjour,\n\nOuvrez ce lien :\n\nhttps://exemple.invalid/c\n\nNon ?\nhttps://exemple.invalid/n"
    mail.EmailMessage("Code", body, to=["a@exemple.invalid"]).send()
    kept = OutgoingMail.objects.get()
    assert Read(kept.html).links == ["https://exemple.invalid/c", "https://exemple.invalid/n"]
    assert "https://exemple.invalid/c\n" in kept.body


def test_an_address_that_somebody_typed_is_no_link():
    letter = Letter("x", ("Votre session expire : https://ailleurs.invalid/", Points(("https://ailleurs.invalid",))))
    assert Read(letter.html()).links == []


@pytest.mark.usefixtures("communes")
def test_the_gallery_shows_them_all_and_each_as_a_mail(client, django_assert_max_num_queries):
    client.force_login(UserFactory(role=Role.INSTANCE_ADMIN))
    with django_assert_max_num_queries(8):
        page = client.get(reverse("portal:letters")).content.decode()
    gathered = letters_of_the_product()
    assert f"{sum(map(len, gathered.values()))} lettres" in page.replace("\xa0", " ")
    for app, samples in gathered.items():
        for name in samples:
            url = reverse("portal:letter", args=[app, name])
            assert url in page
            response = client.get(url)
            assert response.status_code == 200
            assert "style-src-attr 'unsafe-inline'" in response["Content-Security-Policy"]
    assert client.get(reverse("portal:letter", args=["members", "rien"])).status_code == 404
