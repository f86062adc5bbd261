"""Whoever keeps the list of members imports, undoes and merges: it takes nobody's voice, number, mandate or address."""


import pytest
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.actions import grant_role
from maillage.accounts.models import Invitation, Role
from maillage.exchange.actions import write_mail
from maillage.meetings import actions as meetings
from maillage.meetings.models import Voter
from maillage.members import actions
from maillage.members.actions import binding
from maillage.members.models import Mandate, Membership, SpreadsheetImport
from tests.factories import HOUR, MeetingFactory, ParticipantFactory, UserFactory

pytestmark = pytest.mark.django_db
NAMED = "Nom;Prénom;Courriel\nMas;Ève;eve@exemple.invalid\nAutre;Ana;ana@exemple.invalid\n"


@pytest.fixture(autouse=True)
def journal(settings):
    """Mail is written where it is in production."""
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"


@pytest.fixture
def secretary(cpts):
    return UserFactory(role=Role.SECRETARY, on=cpts, given_name="Nadia", family_name="Ferrand")


@pytest.fixture
def desk(client, secretary):
    client.force_login(secretary)
    return client


def imported(cpts, by, text=NAMED, choices=None):
    now = timezone.now()
    sheet = actions.start_import(cpts=cpts, name="m.csv", content=text.encode(), by=by, at=now)
    if choices:
        actions.correct(sheet=sheet, read_version=sheet.version, cells={}, choices=choices)
    return actions.apply_import(sheet=sheet, read_version=sheet.version, by=by, at=now)


def undo(desk, sheet):
    page = reverse("members:import", args=[sheet.cpts.slug, sheet.uuid])
    return desk.post(page, {"do": "undo"}, follow=True).content.decode().replace("\N{NO-BREAK SPACE}", " ")


def expect(page, by):
    ParticipantFactory(meeting__cpts=page.cpts, membership=page)


def give_voice(page, by):
    meeting = MeetingFactory(cpts=page.cpts, kind="assembly")
    ParticipantFactory(meeting=meeting, membership=page)
    meetings.draw_up_roll(meeting=meeting, by=by, at=timezone.now())


def give_mandate(page, by):
    Mandate.objects.create(
        cpts=page.cpts, membership=page, body="bureau", function="Trésorière", starts_on="2026-01-01"
    )


def bind_account(page, by):
    binding.bind(membership=page, user=UserFactory(), by=by, at=timezone.now(), because="adresse prouvée")


def contest(page, by):
    Membership.objects.filter(pk=page.pk).update(contested_at=timezone.now())


def ask_address(page, by):
    Membership.objects.filter(pk=page.pk).update(pending_email="a.moi@exemple.invalid")


def write(page, by):
    write_mail(recipient="EVE@exemple.invalid", subject="s", body="b", at=timezone.now(), cpts_id=page.cpts_id)


def give_role(page, by):
    grant_role(user=UserFactory(email=page.email), role=Role.MEMBER, cpts=page.cpts, by=by, at=timezone.now())


def invite(page, by):
    at = timezone.now()
    Invitation.objects.create(
        cpts=page.cpts, email=page.email, role=Role.MEMBER, invited_by=by, created_at=at, expires_at=at + HOUR
    )


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (expect, "participant : 1"),
        (give_voice, "participant : 1"),
        (give_mandate, "mandat : 1"),
        (bind_account, "compte relié ou contesté : 1"),
        (contest, "compte relié ou contesté : 1"),
        (ask_address, "modification : 1"),
        (write, "message envoyé : 1"),
        (give_role, "rôle ou invitation : 1"),
        (invite, "rôle ou invitation : 1"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_undoing_an_import_deletes_no_page_that_anything_else_concerns(desk, cpts, secretary, happens, reason):
    sheet = imported(cpts, secretary)
    page = Membership.objects.get(family_name="Mas")
    happens(page, secretary)
    page.refresh_from_db()
    assert f"1 fiche reste ({reason})" in undo(desk, sheet)
    assert (page.family_name, page.email) == Membership.objects.values_list("family_name", "email").get()


def test_undoing_an_import_silences_no_voter(desk, cpts, secretary):
    sheet = imported(cpts, secretary)
    page = Membership.objects.get(family_name="Mas")
    give_voice(page, secretary)
    undo(desk, sheet)
    assert Voter.objects.get().participant.membership == page


def test_undoing_an_import_takes_nothing_from_a_page_bound_since(desk, cpts, secretary):
    known = Membership.objects.create(cpts=cpts, family_name="Mas", search_name="mas", status="accepted")
    filled = "Nom;Téléphone\nMas;0536490017\n"
    sheet = imported(cpts, secretary, filled)
    bind_account(known, secretary)
    assert "1 fiche reste" in undo(desk, sheet)
    known.refresh_from_db()
    assert known.phone == "0536490017"
    assert SpreadsheetImport.objects.get().state == "undone"
