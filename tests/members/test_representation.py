"""Members against the professionals of the territory; who is missing; what is written to them."""

import io
from datetime import date

import pypdf
import pytest
from django.urls import reverse

from maillage.audit.models import AuditEvent
from maillage.members.queries.representation import missing_of, representation_of
from tests.factories import (
    TODAY,
    MembershipFactory,
    OrganizationFactory,
    PractitionerFactory,
    PractitionerRoleFactory,
)
from tests.reading import text_of

BERGERAC, BOSSET, SARLAT = "24037", "24051", "24520"


def professional(family_name, *places, group="60", **more):
    person = PractitionerFactory(family_name=family_name, search_name=f"{family_name.lower()} eve")
    for place in places:
        PractitionerRoleFactory(practitioner=person, commune_id=place, group=group, **more)
    return person


@pytest.fixture
def people(cpts):
    """Two nurses, one of them in two communes, a doctor, one beyond the border, a substitute."""
    found = {
        "double": professional("DOUBLE", BERGERAC, BOSSET),
        "seule": professional(
            "SEULE",
            BERGERAC,
            organization=OrganizationFactory(
                name="CABINET DU PONT", street="3 RUE DU PONT", postal_code="24100", city="BERGERAC"
            ),
        ),
        "docteur": professional("DOCTEUR", BERGERAC, group="10G"),
    }
    professional("LOIN", SARLAT)
    professional("PASSAGE", BERGERAC, is_substitute=True)
    return found


def said(shares):
    return {one.code: (one.members, one.professionals, one.a_year_ago) for one in shares}


def test_each_person_counts_once_whatever_their_places(cpts, people):
    MembershipFactory(cpts=cpts, practitioner=people["double"], commune_id=BOSSET, joined_on=date(2026, 1, 5))
    MembershipFactory(cpts=cpts, practitioner=people["docteur"], group="10G", joined_on=date(2020, 1, 1))
    found = representation_of(cpts, TODAY)
    assert (found.total.members, found.total.professionals, found.total.a_year_ago) == (2, 3, 1)
    assert said(found.professions) == {"10G": (1, 1, 1), "60": (1, 2, 0)}
    assert said(found.communes) == {BERGERAC: (1, 3, 0), BOSSET: (1, 1, 0)}
    assert [one.percent for one in found.professions] == [100, 50]


def test_whoever_left_or_only_asked_is_not_counted_today(cpts, people):
    MembershipFactory(
        cpts=cpts, practitioner=people["seule"], status="left", joined_on=date(2020, 1, 1), left_on=date(2026, 11, 1)
    )
    MembershipFactory(cpts=cpts, status="requested", joined_on=None)
    MembershipFactory(cpts=cpts, kind="structure", structure="EHPAD", group="")
    assert said(representation_of(cpts, TODAY).professions)["60"] == (0, 2, 1)


def test_a_profession_without_anybody_has_no_share(cpts):
    MembershipFactory(cpts=cpts, group="50")
    (one,) = representation_of(cpts, TODAY).professions
    assert (one.percent, one.missing) == (None, 0)


def test_who_is_missing_is_told_by_profession_commune_and_name(cpts, neighbour, people):
    MembershipFactory(cpts=cpts, practitioner=people["seule"])
    MembershipFactory(cpts=neighbour, practitioner=people["double"])

    def names(**asked):
        return [one.family_name for one in missing_of(cpts, **asked)]

    assert names() == ["DOCTEUR", "DOUBLE"]
    assert names(group="60") == ["DOUBLE"]
    assert names(commune=BOSSET) == ["DOUBLE"]
    assert names(name="docteur") == ["DOCTEUR"]


def test_the_picture_costs_the_same_queries_for_3_or_60_people(cpts, people, django_assert_num_queries):
    with django_assert_num_queries(4):
        representation_of(cpts, TODAY)
    for number in range(60):
        MembershipFactory(cpts=cpts, practitioner=professional(f"N{number}", BERGERAC))
    with django_assert_num_queries(4):
        representation_of(cpts, TODAY)


def url(name, cpts, query=""):
    return reverse(f"members:{name}", args=[cpts.slug]) + query


def test_from_the_screen_the_missing_are_listed_exported_and_written_to(client, cpts, people, coordinator):
    client.force_login(coordinator)
    page = client.get(url("representation", cpts)).content.decode()
    assert "0 membres sur 3" in text_of(page)
    assert "?profession=60" in page
    listed = client.get(url("missing", cpts, "?profession=60")).content.decode()
    assert "SEULE" in listed
    assert "DOCTEUR" not in listed
    exported = client.get(url("missing", cpts, "?format=csv")).content.decode()
    assert "CABINET DU PONT" in exported
    letters = url("campaign", cpts, "?profession=60")
    form = client.get(letters).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    response = client.post(letters, typed)
    (text,) = [one.extract_text() for one in pypdf.PdfReader(io.BytesIO(response.content)).pages]
    for words in ("Ève Seule", "3 RUE DU PONT", "24100 BERGERAC", "Rejoindre la CPTS du Bergeracois"):
        assert words in text
    assert AuditEvent.objects.get(type="member.campaign").summary.endswith("1 courrier")


def test_nobody_to_write_to_is_told_and_nothing_is_kept(client, cpts, people, coordinator):
    client.force_login(coordinator)
    typed = {"subject": "Bonjour", "body": "Texte", "signature": "Le bureau"}
    html = client.post(url("campaign", cpts, "?profession=10G"), typed).content.decode()
    assert "Choisissez une profession ou une commune" in html
    assert not AuditEvent.objects.filter(type="member.campaign").exists()


def test_a_member_reads_the_picture_but_not_the_names(client, cpts, people, member):
    client.force_login(member)
    assert client.get(url("representation", cpts)).status_code == 200
    assert client.get(url("missing", cpts)).status_code == 403
