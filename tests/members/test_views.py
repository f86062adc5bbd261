"""Pages of members: the list, one member, one's own, the public form and directory."""

import io

import pypdf
import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains

from maillage.accounts.models import Role
from maillage.geography.models import PlaceName
from maillage.members.actions import start_import
from maillage.members.loading.spreadsheets import preview_of
from maillage.members.models import Fee, Membership, MembershipStatus
from tests.factories import (
    NOON,
    TODAY,
    CollegeFactory,
    MembershipFactory,
    PractitionerFactory,
    PractitionerRoleFactory,
    UserFactory,
)
from tests.reading import text_of

JOIN = {
    "family_name": "Castagné",
    "given_name": "Louise",
    "occupation": "Sage-femme",
    "commune": "Bergerac",
    "email": "louise@exemple.invalid",
    "phone": "05 36 49 00 17",
    "message": "Bonjour",
}


def url(name, *args):
    return reverse(f"members:{name}", args=args)


@pytest.fixture
def mine(cpts, member):
    return MembershipFactory(cpts=cpts, email=member.email, family_name="Moi")


def pdf_text(response):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(response.content)).pages)


def test_a_member_sees_who_is_in_and_the_team_sees_everybody(client, cpts, member, coordinator):
    MembershipFactory(cpts=cpts, family_name="Dedans")
    MembershipFactory(cpts=cpts, family_name="Demandeuse", status="requested")
    MembershipFactory(cpts=cpts, family_name="Sortie", status="left", left_on=TODAY)
    client.force_login(member)
    html = client.get(url("list", cpts.slug)).content.decode()
    assert "Dedans" in html
    assert "Demandeuse" not in html
    assert "Sortie" not in html
    client.force_login(coordinator)
    html = client.get(url("list", cpts.slug)).content.decode()
    assert "Demandeuse" in html
    assert "demande d’adhésion attend" in text_of(html)


def test_what_is_not_theirs_to_see_is_absent_for_a_member_and_for_a_stranger(client, cpts, member, stranger):
    asked = MembershipFactory(cpts=cpts, status="requested")
    client.force_login(member)
    assert client.get(url("show", cpts.slug, asked.uuid)).status_code == 404
    elsewhere = MembershipFactory()
    assert client.get(url("show", cpts.slug, elsewhere.uuid)).status_code == 404
    client.force_login(stranger)
    assert client.get(url("show", cpts.slug, MembershipFactory(cpts=cpts).uuid)).status_code == 404


def test_the_list_is_searched_filtered_exported_and_printed(client, cpts, member):
    MembershipFactory(cpts=cpts, family_name="Été", languages="occitan", group="60", phone="0536490017")
    MembershipFactory(cpts=cpts, family_name="Autre", occupation="=1+1", group="70")
    client.force_login(member)
    base = url("list", cpts.slug)
    for query in ("?q=ete", "?q=occitan", "?profession=60"):
        html = client.get(base + query).content.decode()
        assert "Été" in html
        assert "Autre Camille" not in html
    exported = client.get(base + "?format=csv").content.decode()
    assert "'=1+1" in exported
    assert "occitan" in exported
    printed = pdf_text(client.get(base + "?format=pdf"))
    assert "Infirmiers (1)" in printed
    assert "05 36 49 00 17" in printed.replace("\N{NO-BREAK SPACE}", " ")


def test_what_the_team_alone_keeps_does_not_leave_with_the_directory_of_members(client, cpts, member, coordinator):
    one = MembershipFactory(cpts=cpts, email="une@exemple.invalid", phone="0536490017")
    base, page = url("list", cpts.slug), url("show", cpts.slug, one.uuid)
    for user, is_told in ((member, False), (coordinator, True)):
        client.force_login(user)
        exported = client.get(base + "?format=csv").content.decode()
        assert "0536490017" in exported
        assert ("une@exemple.invalid" in exported) == is_told
        assert ("à jour" in exported + client.get(base).content.decode() + client.get(page).content.decode()) == is_told
        assert str(one.uuid) in client.get(base, {"q": "0536490017"}).content.decode()


def test_the_export_of_the_team_is_read_back_by_the_import(client, cpts, coordinator):
    for number in range(3):
        MembershipFactory(cpts=cpts, family_name=f"Nom-{number}", phone="0536490017", languages="anglais")
    client.force_login(coordinator)
    content = client.get(url("list", cpts.slug) + "?format=xlsx").content
    sheet = start_import(cpts=cpts, name="m.xlsx", content=content, by=coordinator, at=NOON)
    preview = preview_of(sheet)
    assert not [row.entry.errors for row in preview.wrong]
    assert {row.alike[0].why for row in preview.rows} == {"même nom"}
    assert preview.new == 0


def test_a_request_that_may_be_somebody_already_there_says_so(client, cpts, coordinator):
    there = MembershipFactory(cpts=cpts, family_name="Double")
    asked = MembershipFactory(cpts=cpts, family_name="Double", status="requested", joined_on=None)
    client.force_login(coordinator)
    html = client.get(url("show", cpts.slug, asked.uuid)).content.decode()
    assert "Peut-être la même personne" in html
    assert str(there.uuid) in html
    client.post(url("merge", cpts.slug, there.uuid), {"other": str(asked.uuid)})
    assert Membership.objects.get() == there


def test_a_page_of_another_cpts_is_never_merged(client, cpts, coordinator):
    mine, theirs = MembershipFactory(cpts=cpts), MembershipFactory()
    client.force_login(coordinator)
    for other in (str(theirs.uuid), str(mine.uuid), "rien"):
        assert client.post(url("merge", cpts.slug, mine.uuid), {"other": other}).status_code == 404
    assert Membership.objects.count() == 2


def test_an_amount_is_typed_as_people_write_it(client, cpts, coordinator):
    membership = MembershipFactory(cpts=cpts, status="accepted")
    client.force_login(coordinator)
    typed = {"year": "2026", "amount": "1 040,50 €", "method": "cheque", "paid_on": "01/02/2026"}
    client.post(url("add_fee", cpts.slug, membership.uuid), typed)
    assert str(Fee.objects.get().amount) == "1040.50"
    wrong = client.post(url("add_fee", cpts.slug, membership.uuid), typed | {"year": "2025", "amount": "-3"})
    assert "n’est jamais négatif" in wrong.content.decode()


def test_of_homonyms_the_commune_of_the_departement_is_meant(client, cpts, sample_reference):
    PlaceName.objects.create(key="bergerac", label="Bergerac", kind="name", commune_id="85113")
    client.post(url("join", cpts.slug), JOIN)
    assert Membership.objects.get().commune_id == "24037"


def test_the_team_adds_somebody_of_the_directory_with_nothing_to_type(client, cpts, coordinator):
    role = PractitionerRoleFactory(
        practitioner=PractitionerFactory(family_name="LE GOFF", given_name="ÈVE", search_name="le goff eve")
    )
    client.force_login(coordinator)
    page = client.get(url("choose", cpts.slug), {"q": "goff"}).content.decode()
    assert f"?pro={role.practitioner_id}" in page
    address = f"{url('add', cpts.slug)}?pro={role.practitioner_id}"
    form = client.get(address).context["form"]
    assert (form["family_name"].value(), form["commune"].value()) == ("Le Goff", "Bergerac (24037)")
    typed = {name: form[name].value() or "" for name in form.fields} | {"kind": "person", "college": ""}
    assert client.post(address, typed).status_code == 302
    added = Membership.objects.get(practitioner=role.practitioner)
    assert (added.group, added.status, added.practitioner_role) == ("60", MembershipStatus.ACCEPTED, role)
    refused = client.post(address, typed)
    assert "déjà membre" in refused.content.decode()
    assert "Déjà là, voir" in client.get(url("choose", cpts.slug), {"q": "goff"}).content.decode()


def test_a_member_by_hand_keeps_what_was_typed_when_something_is_wrong(client, cpts, coordinator):
    client.force_login(coordinator)
    typed = {"kind": "structure", "structure": "", "phone": "abc", "commune": "Nulle-Part", "practical": "Bât. C"}
    html = client.post(url("add", cpts.slug), typed).content.decode()
    for message in ("Donnez le nom de la structure.", "n’est pas un numéro de téléphone", "Aucune commune de ce nom"):
        assert message in html
    assert "Bât. C" in html
    assert not Membership.objects.exists()


def test_two_people_who_edit_the_same_page_do_not_erase_each_other(client, cpts, coordinator):
    membership = MembershipFactory(cpts=cpts, family_name="Avant")
    client.force_login(coordinator)
    typed = {"kind": "person", "family_name": "Après", "version": "0"}
    assert client.post(url("edit", cpts.slug, membership.uuid), typed).status_code == 302
    for _ in range(2):  # pressing again does not erase what the other one wrote
        late = typed | {"family_name": "Trop tard"}
        html = client.post(url("edit", cpts.slug, membership.uuid), late).content.decode()
        assert "a modifié cette fiche" in html
        assert "Trop tard" in html
        assert 'name="version" value="0"' in html
    membership.refresh_from_db()
    assert membership.family_name == "Après"


def test_the_bureau_answers_from_the_page(client, cpts, coordinator):
    asked, other = (MembershipFactory(cpts=cpts, status="requested", joined_on=None) for _ in range(2))
    college = CollegeFactory(cpts=cpts)
    client.force_login(coordinator)
    client.post(url("decide", cpts.slug, asked.uuid), {"do": "accept", "college": college.pk})
    asked.refresh_from_db()
    assert (asked.status, asked.college) == (MembershipStatus.ACCEPTED, college)
    html = client.post(url("decide", cpts.slug, other.uuid), {"do": "refuse", "reason": ""}).content.decode()
    assert "champ est obligatoire" in html
    client.post(url("decide", cpts.slug, other.uuid), {"do": "refuse", "reason": "Non."})
    other.refresh_from_db()
    assert other.status == MembershipStatus.REFUSED
    late = client.post(url("decide", cpts.slug, other.uuid), {"do": "accept"}).content.decode()
    assert "déjà reçu sa réponse" in late


def test_an_acceptance_without_an_address_says_that_nothing_leaves(client, cpts, coordinator):
    asked = MembershipFactory(cpts=cpts, status="requested", joined_on=None, email="")
    client.force_login(coordinator)
    typed = {"do": "accept", "college": "", "with_account": "on"}
    html = client.post(url("decide", cpts.slug, asked.uuid), typed, follow=True).content.decode()
    assert "ni accueil ni invitation ne partent" in html


def test_what_is_printed_is_what_is_listed(client, cpts, coordinator):
    MembershipFactory(cpts=cpts, family_name="Dedans")
    MembershipFactory(cpts=cpts, family_name="Demandeuse", status="requested", joined_on=None)
    client.force_login(coordinator)
    base = url("list", cpts.slug)
    everybody, asked = (pdf_text(client.get(base + query)) for query in ("?format=pdf", "?format=pdf&statut=requested"))
    assert "Dedans" in everybody
    assert "Demandeuse" not in everybody
    assert "Demandeuse" in asked


def test_a_college_of_another_cpts_is_not_offered(client, cpts, neighbour, coordinator):
    asked = MembershipFactory(cpts=cpts, status="requested", joined_on=None)
    client.force_login(coordinator)
    client.post(url("decide", cpts.slug, asked.uuid), {"do": "accept", "college": CollegeFactory(cpts=neighbour).pk})
    asked.refresh_from_db()
    assert asked.status == MembershipStatus.REQUESTED


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"year": "2026", "amount": "", "method": "transfer", "paid_on": "01/02/2026"}, "obligatoire"),
        ({"year": "2026", "amount": "0", "method": "transfer", "paid_on": "01/02/2026"}, "Donnez le montant"),
        ({"year": "2026", "amount": "5", "method": "exempt", "paid_on": "01/02/2026"}, "Une exonération est de 0"),
        ({"year": "1990", "amount": "5", "method": "cash", "paid_on": "01/02/2026"}, "Donnez une année entre"),
        ({"year": "2026", "amount": "5", "method": "cash", "paid_on": "01/02/2099"}, "Donnez une date passée"),
    ],
)
def test_a_fee_that_makes_no_sense_is_told_beside_its_field(client, cpts, coordinator, typed, message):
    membership = MembershipFactory(cpts=cpts, status="accepted")
    client.force_login(coordinator)
    html = client.post(url("add_fee", cpts.slug, membership.uuid), typed).content.decode()
    assert message in html
    assert not Fee.objects.exists()


def test_a_fee_is_typed_with_a_comma_and_taken_back(client, cpts, coordinator):
    membership = MembershipFactory(cpts=cpts, status="accepted")
    client.force_login(coordinator)
    typed = {"year": "2026", "amount": "30,50", "method": "cheque", "paid_on": "01/02/2026"}
    client.post(url("add_fee", cpts.slug, membership.uuid), typed)
    fee = Fee.objects.get()
    assert str(fee.amount) == "30.50"
    client.post(url("cancel_fee", cpts.slug, fee.pk))
    assert not Fee.objects.exists()


def test_one_s_own_page_is_changed_by_oneself_alone(client, cpts, member, mine):
    other = MembershipFactory(cpts=cpts)
    client.force_login(member)
    typed = {"phone": "0536490017", "new_patients": "yes", "is_public": "on", "version": "0", "family_name": "Pirate"}
    assert client.post(url("own", cpts.slug), typed).status_code == 302
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.phone, mine.is_public, mine.family_name) == ("0536490017", True, "Moi")
    assert other.is_public is False


def test_of_two_members_who_share_an_address_each_sees_the_page_bound_to_their_account(client, cpts, member, mine):
    client.force_login(member)
    colleague = MembershipFactory(cpts=cpts, email=member.email, family_name="Collègue")
    assert colleague.account is None
    assert client.get(url("own", cpts.slug)).context["member"] == mine
    Membership.objects.filter(pk=mine.pk).update(account=None)
    assert "n’est reliée à votre compte" in client.get(url("own", cpts.slug)).content.decode()


def test_a_departure_by_mistake_is_taken_back_from_the_page(client, cpts, coordinator):
    gone = MembershipFactory(cpts=cpts, status="left", left_on=TODAY)
    client.force_login(coordinator)
    assert "Reprendre l’adhésion" in client.get(url("show", cpts.slug, gone.uuid)).content.decode()
    client.post(url("take_back", cpts.slug, gone.uuid))
    gone.refresh_from_db()
    assert gone.status == MembershipStatus.ACCEPTED


def test_an_account_without_membership_is_told_so(client, cpts, member):
    client.force_login(member)
    assert "Aucune adhésion" in client.get(url("own", cpts.slug)).content.decode()


def test_an_attestation_is_for_the_team_and_for_oneself(client, cpts, member, mine, coordinator):
    other = MembershipFactory(cpts=cpts)
    gone = MembershipFactory(cpts=cpts, status="left", left_on=TODAY)
    client.force_login(member)
    text = pdf_text(client.get(url("attestation", cpts.slug, mine.uuid)))
    for words in ("Attestation d’adhésion", "Camille Moi", "La CPTS du Bergeracois", "5 janvier 2026", "à jour"):
        assert words in text.replace("\N{NO-BREAK SPACE}", " ")
    assert client.get(url("attestation", cpts.slug, other.uuid)).status_code == 404
    client.force_login(coordinator)
    assert client.get(url("attestation", cpts.slug, other.uuid)).status_code == 200
    assert client.get(url("attestation", cpts.slug, gone.uuid)).status_code == 404


def test_a_member_goes_to_the_contacts_of_a_telephone(client, cpts, member):
    one = MembershipFactory(cpts=cpts, family_name="Été", phone="0536490017")
    client.force_login(member)
    response = client.get(url("vcard", cpts.slug, one.uuid))
    assert response["Content-Type"].startswith("text/vcard")
    assert "FN:Camille Été" in response.content.decode()


def test_anybody_asks_to_join_and_reads_the_same_words_whether_known_or_not(client, cpts):
    for _ in range(2):
        response = client.post(url("join", cpts.slug), JOIN, follow=True)
        assert "Votre demande est envoyée" in response.content.decode()
    asked = Membership.objects.get()
    assert (asked.status, asked.phone, asked.commune_id) == (MembershipStatus.REQUESTED, "0536490017", "24037")
    assert (asked.is_public, asked.may_be_reached) == (False, False)


def test_the_directory_fills_the_form_and_links_the_request(client, cpts):
    role = PractitionerRoleFactory(
        practitioner=PractitionerFactory(id=899900000999, family_name="CASTAGNÉ", given_name="LOUISE")
    )
    page = client.get(url("join", cpts.slug), {"rpps": "999 0000 0999"})
    assert page.context["form"]["family_name"].value() == "Castagné"
    wrong = client.post(url("join", cpts.slug), JOIN | {"rpps": "99900000999", "family_name": "Tartempion"})
    assert "celui d’une autre personne" in wrong.content.decode()
    client.post(url("join", cpts.slug), JOIN | {"rpps": "99900000999"})
    assert Membership.objects.get().practitioner_role == role


def test_an_unknown_number_is_told_and_nothing_typed_is_lost(client, cpts):
    html = client.post(url("join", cpts.slug), JOIN | {"rpps": "12345678901"}).content.decode()
    assert "n’est pas dans l’annuaire" in html
    assert "louise@exemple.invalid" in html
    assert "n’est pas dans l’annuaire" in client.get(url("join", cpts.slug), {"rpps": "abc"}).content.decode()


def test_a_robot_believes_it_was_heard_and_a_flood_stops(client, cpts, settings):
    client.post(url("join", cpts.slug), JOIN | {"site": "http://exemple.invalid"})
    assert not Membership.objects.exists()
    settings.LIMITS = {"join": "1/3600"}
    client.post(url("join", cpts.slug), JOIN)
    page = client.post(url("join", cpts.slug), JOIN | {"email": "b@exemple.invalid"})
    assertContains(page, "Trop de demandes", status_code=429)
    assertContains(page, "b@exemple.invalid", status_code=429)
    assert Membership.objects.count() == 1


def test_the_public_directory_shows_only_who_said_yes(client, cpts):
    MembershipFactory(cpts=cpts, family_name="Visible", is_public=True, email="cachee@exemple.invalid")
    MembershipFactory(cpts=cpts, family_name="Discrète")
    MembershipFactory(cpts=cpts, family_name="Ancienne", is_public=True, status="left", left_on=TODAY)
    html = client.get(url("public", cpts.slug)).content.decode()
    assert "Visible" in html
    for hidden in ("Discrète", "Ancienne", "cachee@"):
        assert hidden not in html


def test_colleges_are_written_by_the_team(client, cpts, coordinator):
    client.force_login(coordinator)
    client.post(url("colleges", cpts.slug), {"name": "Usagers", "weight": "1,5", "yearly_fee": ""})
    college = cpts.colleges.get()
    assert (str(college.weight), college.yearly_fee) == ("1.50", None)
    html = client.post(url("colleges", cpts.slug), {"name": "Usagers", "weight": "1"}).content.decode()
    assert "porte déjà ce nom" in html
    client.post(f"{url('colleges', cpts.slug)}?college={college.uuid}", {"name": "Élus", "weight": "1"})
    college.refresh_from_db()
    assert college.name == "Élus"
    client.post(url("remove_college", cpts.slug, college.uuid))
    assert not cpts.colleges.exists()


def test_the_secretary_manages_members_and_the_treasurer_reads_them(client, cpts):
    membership = MembershipFactory(cpts=cpts)
    client.force_login(UserFactory(role=Role.SECRETARY, on=cpts))
    assert client.get(url("edit", cpts.slug, membership.uuid)).status_code == 200
    client.force_login(UserFactory(role=Role.TREASURER, on=cpts))
    assert client.get(url("edit", cpts.slug, membership.uuid)).status_code == 403
    assert client.get(url("show", cpts.slug, membership.uuid)).status_code == 200
