"""Whoever keeps the list of members imports, undoes and merges: it takes nobody's voice, number, mandate or address."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.actions import grant_role, proofs
from maillage.accounts.models import Invitation, ProofMeans, Role
from maillage.core.letters import Letter
from maillage.directory.models import Practitioner
from maillage.exchange.actions import write_mail
from maillage.exchange.models import OutgoingMail
from maillage.meetings import actions as meetings
from maillage.meetings.models import Voter
from maillage.members import actions
from maillage.members.actions import binding, spreadsheets
from maillage.members.models import Mandate, Membership, SpreadsheetImport
from tests.factories import (
    HOUR,
    MeetingFactory,
    MembershipFactory,
    ParticipantFactory,
    PractitionerFactory,
    UserFactory,
)

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
    write_mail(recipient="EVE@exemple.invalid", letter=Letter.plain("s", "b"), at=timezone.now(), cpts_id=page.cpts_id)


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


@pytest.fixture
def martin(cpts):
    """Bound to an account that proved its number; her page says no number."""
    account = UserFactory(email="alice@exemple.invalid", role=Role.MEMBER, on=cpts)
    own = PractitionerFactory(family_name="MARTIN")
    proofs.record_proof(user=account, national_id=own.pk, means=ProofMeans.PSC, at=timezone.now())
    return MembershipFactory(
        cpts=cpts, email=account.email, account=account, family_name="Martin", given_name="Alice", phone=""
    )


@pytest.mark.parametrize("is_contested", [False, True])
def test_an_import_changes_no_number_nor_address_of_a_bound_or_contested_page(
    desk, cpts, secretary, martin, is_contested
):
    other = PractitionerFactory(family_name="MARTIN")
    if is_contested:  # taken off its account since, without an address left
        Membership.objects.update(account=None, bound_at=None, email="", contested_at=timezone.now())
    martin.refresh_from_db()
    was = (martin.practitioner, martin.email, martin.family_name, martin.group)
    text = (
        f"Nom;Prénom;RPPS;Courriel;Téléphone\nMartin;Alice;{other.national_id[1:]};a.moi@exemple.invalid;0536490017\n"
    )
    sheet = actions.start_import(cpts=cpts, name="m.csv", content=text.encode(), by=secretary, at=timezone.now())
    actions.correct(sheet=sheet, read_version=sheet.version, cells={}, choices={0: str(martin.uuid)})
    shown = desk.get(reverse("members:import", args=[cpts.slug, sheet.uuid])).content.decode()
    assert "un import n’y change ni nom, ni numéro, ni adresse" in shown
    actions.apply_import(sheet=sheet, read_version=sheet.version, by=secretary, at=timezone.now())
    martin.refresh_from_db()
    assert (martin.practitioner, martin.email, martin.family_name, martin.group) == was
    assert martin.phone == "0536490017"  # the rest is filled


def test_a_page_bound_while_a_file_is_imported_is_read_again(cpts, secretary, monkeypatch):
    known = MembershipFactory(cpts=cpts, family_name="Mas", given_name="Ève", email="")
    read = spreadsheets.main_roles

    def meanwhile(people):
        bind_account(Membership.objects.get(pk=known.pk), secretary)
        return read(people)

    monkeypatch.setattr(spreadsheets, "main_roles", meanwhile)
    with pytest.raises(actions.ImportEnded):
        imported(cpts, secretary, "Nom;Prénom;Courriel\nMas;Ève;a.moi@exemple.invalid\n")
    known.refresh_from_db()
    assert known.email == ""


# Merging

NOT_ONE = "deux personnes d’un même cabinet restent deux personnes"


def merge(desk, kept, other):
    page = reverse("members:merge", args=[kept.cpts.slug, kept.uuid])
    return desk.post(page, {"other": str(other.uuid)}, follow=True).content.decode()


@pytest.fixture
def colleague(cpts, martin):
    """Bob, at the address of the practice he shares with Alice, with the number and the mandate that are his."""
    page = MembershipFactory(
        cpts=cpts, email=martin.email, account=None, practitioner=PractitionerFactory(), family_name="Bob"
    )
    give_mandate(page, None)
    return page


@pytest.mark.parametrize("change", [{}, {"practitioner": None}, {"search_name": "martin alice"}])
def test_merging_gives_nobody_the_number_nor_the_mandates_of_a_colleague(desk, martin, colleague, change):
    Membership.objects.filter(pk=colleague.pk).update(**change)  # two names, two numbers, or both
    for kept, other in ((martin, colleague), (colleague, martin)):
        assert NOT_ONE in merge(desk, kept, other)
    assert colleague.mandates.count() == 1
    martin.refresh_from_db()
    assert martin.practitioner_id is None


def test_two_people_of_one_address_are_not_merged_before_one_of_them_claims_both(desk, martin, colleague):
    Membership.objects.filter(pk=martin.pk).update(account=None, bound_at=None)
    assert NOT_ONE in merge(desk, martin, colleague)


def test_a_number_that_the_account_proved_ties_two_pages_and_both_addresses_are_told(desk, martin, colleague):
    proved = martin.account.number_proofs.get().national_id
    Practitioner.objects.filter(pk=proved).update(family_name="BOB", given_name="ÈVE")
    Membership.objects.filter(pk=colleague.pk).update(practitioner=proved, email="ancienne@exemple.invalid")
    OutgoingMail.objects.all().delete()
    assert "n’en font plus qu’une" in merge(desk, martin, colleague)
    mails = OutgoingMail.objects.order_by("recipient")
    assert [mail.recipient for mail in mails] == ["alice@exemple.invalid", "ancienne@exemple.invalid"]
    assert all("Alice Martin" in mail.body and str(colleague) in mail.body for mail in mails)
    # In one tap, from either mail, without account.
    assert Client().post(re.search(r"http://[^/]+(/\S+)", mails[1].body)[1]).status_code == 200
    martin.refresh_from_db()
    assert martin.contested_at


@pytest.mark.parametrize("emails", [("", "bob@exemple.invalid"), ("bob@exemple.invalid", ""), ("", "")])
def test_two_pages_of_two_names_without_account_are_not_merged_whatever_their_addresses(desk, cpts, colleague, emails):
    mine = MembershipFactory(cpts=cpts, email=emails[0], account=None, family_name="Zorro")
    Membership.objects.filter(pk=colleague.pk).update(email=emails[1])
    for kept, other in ((mine, colleague), (colleague, mine)):
        assert "ni le même nom ni le même numéro" in merge(desk, kept, other)
    assert colleague.mandates.count() == 1


@pytest.fixture
def refused(cpts):
    """The page of a doctor, without address, and the account that the administrator took off it."""
    thief = UserFactory(email="voleur@exemple.invalid")
    return MembershipFactory(cpts=cpts, account=None, family_name="Després", refused_account=thief)


def twin_of(page, **more):
    """One of the same name, written under the thief's address."""
    return MembershipFactory(cpts=page.cpts, family_name="Després", email="voleur@exemple.invalid", **more)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_merge_keeps_out_whom_the_administrator_took_off(desk, refused, is_kept):
    twin, thief = twin_of(refused, account=None), refused.refused_account
    kept, other = (refused, twin) if is_kept else (twin, refused)
    assert "n’en font plus qu’une" in merge(desk, kept, other)
    kept.refresh_from_db()
    assert kept.refused_account == thief
    with pytest.raises(binding.RefusedBefore):
        binding.claim(membership=kept, user=thief, at=timezone.now())


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_account_that_was_taken_off_a_page_does_not_receive_it_by_a_merge(desk, refused, is_kept):
    twin = twin_of(refused)  # bound to the thief's account
    assert twin.account == refused.refused_account
    Membership.objects.filter(pk=refused.pk).update(email=twin.email)
    kept, other = (refused, twin) if is_kept else (twin, refused)
    assert "n’est pas celle du compte de l’autre" in merge(desk, kept, other)


def test_a_page_keeps_one_refusal_so_two_are_not_merged(desk, refused):
    twin = twin_of(refused, account=None, refused_account=UserFactory())
    assert "un compte différent à chacune" in merge(desk, twin, refused)


def test_the_number_that_an_account_proved_gives_it_back_its_page_by_a_merge(desk, refused):
    twin = twin_of(refused)
    number = PractitionerFactory(family_name=refused.family_name, given_name=refused.given_name)
    proofs.record_proof(user=twin.account, national_id=number.pk, means=ProofMeans.PSC, at=timezone.now())
    Membership.objects.filter(pk=refused.pk).update(practitioner=number)
    assert "n’en font plus qu’une" in merge(desk, twin, refused)
