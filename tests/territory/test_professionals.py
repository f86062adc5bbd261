"""The directory as members search it: by name, profession, place; arrivals and departures; rights are in test_urls."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from maillage.directory.models import DirectoryCode, Mailbox
from maillage.directory.queries.search import _labels
from tests.factories import OrganizationFactory, PractitionerRoleFactory

LAST_MONTH = timezone.localdate() - timedelta(days=30)


@pytest.fixture
def people(cpts):
    """Four people in and around Bergerac."""
    _labels.clear()
    DirectoryCode.objects.create(system="savoir-faire", code="SM54", label="Médecine générale")
    cabinet = OrganizationFactory(name="CABINET DU PONT", phone="0536490017", commune_id="24037", city="Bergerac")
    doctor = PractitionerRoleFactory(
        family_name="DESPRÉS",
        given_name="Élodie-Ève",
        group="10G",
        profession="10",
        specialities="SM54",
        organization=cabinet,
    )
    PractitionerRoleFactory(family_name="LE GOFF", group="60", commune_id="24167")
    PractitionerRoleFactory(family_name="SARLADAIS", group="60", commune_id="24520")
    PractitionerRoleFactory(family_name="MARSEILLAIS", group="60", commune_id="13201")
    Mailbox.objects.create(
        id=1, address="e.despres@mss.exemple.invalid", is_personal=True, practitioner=doctor.practitioner
    )
    return doctor


def names(client, **query):
    response = client.get(reverse("territory:professionals", args=["cpts-du-bergeracois"]), query)
    return {person.family_name for person in response.context["page"].object_list}, response.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"DESPRÉS"}),
        ({"q": "elodie eve"}, {"DESPRÉS"}),
        ({"q": "Despres Élodie"}, {"DESPRÉS"}),
        ({"q": "sarladais"}, set()),
        ({"q": "goff", "where": "france"}, set()),
        ({"q": "le goff", "where": "france"}, {"LE GOFF"}),
        ({"q": "marseil", "where": "france"}, {"MARSEILLAIS"}),
        ({"where": "france"}, set()),
        ({"group": "60"}, set()),
        ({"group": "10G", "speciality": "SM54"}, {"DESPRÉS"}),
        ({"commune": "Eymet"}, {"LE GOFF"}),
        ({"commune": "24167", "km": "30"}, {"LE GOFF", "DESPRÉS"}),
        ({"structure": "pont"}, {"DESPRÉS"}),
        ({"structure": "clinique"}, set()),
    ],
)
def test_search_finds_who_is_asked_for(client, member, people, query, expected):
    client.force_login(member)
    assert names(client, **query)[0] == expected


def test_a_distance_without_a_commune_is_asked_from_where(client, member, people):
    client.force_login(member)
    found, html = names(client, km="20")
    assert "Dites autour de quelle commune chercher." in html
    assert found == set()


def test_a_number_finds_its_person_as_it_is_shown_and_as_files_write_it(client, member, people):
    client.force_login(member)
    national = people.practitioner.national_id
    for number in (national, national[1:]):
        assert names(client, q=number, where="france")[0] == {"DESPRÉS"}
    assert names(client, q="81999999999", where="france")[0] == set()


def test_a_result_shows_place_phone_and_mailbox(client, member, people):
    client.force_login(member)
    _, html = names(client)
    for text in (
        "DESPRÉS Élodie-Ève",
        "Médecine générale",
        "CABINET DU PONT",
        "05\xa036\xa049\xa000\xa017",
        "e.despres@mss",
    ):
        assert text in html


@pytest.mark.parametrize(
    ("text", "told"), [("Atlantis", "Aucune commune de ce nom"), ("24500", "Plusieurs communes répondent à ce nom")]
)
def test_a_commune_that_is_not_found_is_said_beside_the_field_and_stays_typed(client, member, people, text, told):
    client.force_login(member)
    found, html = names(client, commune=text)
    assert not found
    assert f'value="{text}"' in html
    assert told in html


def test_the_list_leaves_as_a_file(client, member, people):
    client.force_login(member)
    response = client.get(reverse("territory:professionals", args=["cpts-du-bergeracois"]), {"format": "csv"})
    assert "DESPRÉS;Élodie-Ève" in response.content.decode()


def test_movements_tell_who_came_and_left_and_not_who_moved_inside(client, member, cpts):
    PractitionerRoleFactory(family_name="PARTIE", group="10G", until=LAST_MONTH)
    PractitionerRoleFactory(family_name="ARRIVÉ", group="10G", since=LAST_MONTH)
    inside = PractitionerRoleFactory(family_name="RESTÉE", group="10G", until=LAST_MONTH)
    PractitionerRoleFactory(practitioner=inside.practitioner, group="10G", commune_id="24340", since=LAST_MONTH)
    away = PractitionerRoleFactory(family_name="AILLEURS", group="60", until=LAST_MONTH)
    PractitionerRoleFactory(practitioner=away.practitioner, group="60", commune_id="24520", since=LAST_MONTH)
    PractitionerRoleFactory(family_name="ANCIEN", group="60", until=date(2024, 1, 1))
    PractitionerRoleFactory(family_name="ÉTUDIANTE", group="60", category="E", until=LAST_MONTH)
    client.force_login(member)
    response = client.get(reverse("territory:movements", args=[cpts.slug]))
    told = {
        (row.practitioner.family_name, bool(row.until), row.elsewhere) for row in response.context["page"].object_list
    }
    assert told == {("PARTIE", True, None), ("ARRIVÉ", False, None), ("AILLEURS", True, "Sarlat-la-Canéda")}
    assert response.context["groups"] == [
        {"label": "médecin généraliste", "arrivals": 1, "departures": 1},
        {"label": "infirmier", "arrivals": 0, "departures": 1},
    ]
