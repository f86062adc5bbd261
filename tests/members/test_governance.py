"""Mandates and conventions: given, ended, reminded; their documents."""

import io
from datetime import date, timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from maillage.exchange.models import OutgoingMail
from maillage.members import actions
from maillage.members.models import Convention, Mandate
from maillage.records.actions.attaching import NotADocument, path_of, sweep
from tests.factories import NOON, TODAY, MembershipFactory, pdf

PDF = pdf()
FIELDS = {
    "partner": "Centre hospitalier (fictif)",
    "purpose": "Sorties d’hôpital",
    "signatories": "La présidente",
    "starts_on": date(2026, 1, 1),
    "ends_on": date(2027, 1, 1),
    "is_renewed_tacitly": False,
}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def mandate_of(membership, by, starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1)):
    return actions.give_mandate(
        membership=membership,
        body="bureau",
        function="Trésorière",
        starts_on=starts_on,
        ends_on=ends_on,
        by=by,
        at=NOON,
    )


def sign(cpts, by, document=None, **changes):
    return actions.sign_convention(cpts=cpts, fields=FIELDS | changes, document=document, by=by, at=NOON)


def test_a_mandate_is_for_whoever_is_in_and_ends_after_it_starts(cpts, coordinator):
    inside, left = MembershipFactory(cpts=cpts), MembershipFactory(cpts=cpts, status="left", left_on=TODAY)
    mandate_of(inside, coordinator)
    with pytest.raises(actions.NotIn):
        mandate_of(left, coordinator)
    with pytest.raises(actions.EndsBeforeItStarts):
        mandate_of(inside, coordinator, ends_on=date(2026, 1, 1))
    assert Mandate.objects.count() == 1


@pytest.mark.parametrize("model", [Mandate, Convention])
def test_the_database_refuses_an_end_before_the_start(cpts, model):
    more = {"membership": MembershipFactory(cpts=cpts)} if model is Mandate else {}
    with pytest.raises(IntegrityError):
        model.objects.create(cpts=cpts, starts_on=TODAY, ends_on=TODAY, **more)


@pytest.mark.parametrize(
    ("starts_on", "is_kept"), [(TODAY - timedelta(days=1), True), (TODAY, False), (TODAY + timedelta(days=9), False)]
)
def test_a_mandate_ends_today_and_one_not_begun_is_taken_back(cpts, coordinator, starts_on, is_kept):
    mandate = mandate_of(MembershipFactory(cpts=cpts), coordinator, starts_on=starts_on)
    actions.end_mandate(mandate=mandate, by=coordinator, at=NOON)
    assert [one.ends_on for one in Mandate.objects.all()] == ([TODAY] if is_kept else [])


def test_endings_are_told_once_to_those_who_manage(cpts, coordinator, member):
    soon, later = TODAY + timedelta(days=60), TODAY + timedelta(days=61)
    mandate_of(MembershipFactory(cpts=cpts, family_name="Proche"), coordinator, ends_on=soon)
    mandate_of(MembershipFactory(cpts=cpts, family_name="Loin"), coordinator, ends_on=later)
    sign(cpts, coordinator, ends_on=soon)
    sign(cpts, coordinator, ends_on=soon, is_renewed_tacitly=True)
    sign(cpts, coordinator, ends_on=TODAY)
    sign(cpts, coordinator, ends_on=None)
    assert actions.remind_endings(NOON) == 2
    assert actions.remind_endings(NOON + timedelta(hours=1)) == 0
    told = OutgoingMail.objects.all()
    assert {one.recipient for one in told} == {coordinator.email}
    assert sorted(one.subject.split(" prend fin")[0] for one in told) == [
        "La convention avec Centre hospitalier (fictif)",
        "Le mandat de Camille Proche (Trésorière, bureau)",
    ]


@pytest.mark.parametrize("content", [b"", b"<html>", b"MZ", b"%PDF-1.7 essai", b"%PDF-" + b"0" * (10 * 2**20)])
def test_only_a_pdf_of_reasonable_size_is_kept(cpts, coordinator, content):
    with pytest.raises(NotADocument):
        sign(cpts, coordinator, document=content)
    assert not Convention.objects.exists()


def test_the_document_of_a_convention_removed_is_swept(cpts, coordinator):
    convention = sign(cpts, coordinator, document=PDF)
    path = path_of(convention.attachment.sha256)
    assert path.read_bytes() == PDF
    actions.remove_convention(convention=convention, by=coordinator, at=NOON)
    sweep(before=timezone.now() + timedelta(days=1))
    assert not path.exists()


def url(name, *args):
    return reverse(f"members:{name}", args=args)


def test_from_the_screen_a_mandate_is_given_and_ended(client, cpts, coordinator):
    membership = MembershipFactory(cpts=cpts, family_name="Élue")
    elsewhere = MembershipFactory()
    client.force_login(coordinator)
    typed = {"membership": membership.pk, "body": "bureau", "function": "Présidente", "starts_on": "01/01/2026"}
    wrong = client.post(url("mandates", cpts.slug), typed | {"ends_on": "01/01/2020"}).content.decode()
    assert "La fin vient avant le début." in wrong
    assert "Présidente" in wrong
    client.post(url("mandates", cpts.slug), typed | {"membership": elsewhere.pk})
    assert not Mandate.objects.exists()
    client.post(url("mandates", cpts.slug), typed)
    assert "Camille Élue" in client.get(url("mandates", cpts.slug)).content.decode()
    client.post(url("end_mandate", cpts.slug, Mandate.objects.get().uuid))
    assert Mandate.objects.get().ends_on is not None


def test_from_the_screen_a_convention_is_kept_with_its_document(client, cpts, coordinator, member, stranger):
    client.force_login(coordinator)
    typed = {"partner": "EHPAD (fictif)", "purpose": "Astreintes", "starts_on": "01/01/2026", "ends_on": ""}
    file = io.BytesIO(b"pas un PDF")
    file.name = "photo.pdf"
    wrong = client.post(url("conventions", cpts.slug), typed | {"file": file}).content.decode()
    assert "ni une photo" in wrong
    assert "Astreintes" in wrong
    file = io.BytesIO(PDF)
    file.name = "convention.pdf"
    client.post(url("conventions", cpts.slug), typed | {"file": file})
    document = url("convention_document", cpts.slug, Convention.objects.get().uuid)
    assert client.get(document).content == PDF
    client.force_login(member)
    assert client.get(document).status_code == 200
    assert client.post(url("conventions", cpts.slug), typed).status_code == 200
    assert Convention.objects.count() == 1
    client.force_login(stranger)
    assert client.get(document).status_code == 404


def test_what_ends_soon_is_on_the_home_page_of_those_who_manage(client, cpts, coordinator, member):
    ends_on = timezone.localdate() + timedelta(days=9)
    mandate_of(MembershipFactory(cpts=cpts), coordinator, ends_on=ends_on)
    for user, is_told in ((coordinator, True), (member, False)):
        client.force_login(user)
        html = client.get(f"/cpts/{cpts.slug}/").content.decode()
        assert ("mandat s’achève d’ici deux mois" in html) == is_told
