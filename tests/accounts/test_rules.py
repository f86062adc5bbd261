"""Rules of accounts that would be true on paper."""

import pytest

from maillage.accounts.rules.devices import device_of, rough_network
from maillage.accounts.rules.psc import Activity, activities_of, name_of, practitioner_number
from tests.security.psc_provider import activity, exercises


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox sur Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari sur iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome sur Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge sur Windows"),
        ("curl/8", "appareil inconnu"),
        ("", "appareil inconnu"),
        ("<script>alert(1)</script>", "appareil inconnu"),
    ],
)
def test_a_device_is_named_as_people_name_it(agent, device):
    assert device_of(agent) == device


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "réseau 192.0.…"),
        ("::ffff:192.0.2.77", "réseau 192.0.…"),
        ("2001:db8:1:2::3", "réseau 2001:0db8:…"),
        ("127.0.0.1", "cet ordinateur"),
        ("unknown", "réseau inconnu"),
    ],
)
def test_a_network_is_told_roughly(address, network):
    assert rough_network(address) == network


@pytest.mark.parametrize(
    ("identifier", "number"),
    [("899900000017", 899900000017), ("0999710001", None), ("3999780581/11242343", None), ("89990000001", None)],
)
def test_only_an_rpps_is_a_national_number(identifier, number):
    assert practitioner_number(identifier) == number


def test_activities_are_read_once_each_in_their_order():
    twice = exercises(activity("Cabinet"), activity("Hôpital", "S", "F1"), activity("Cabinet"))
    activities = activities_of({"SubjectRefPro": twice})
    assert [row.label for row in activities] == ["Cabinet (libéral)", "Hôpital (salarié)"]
    assert len({row.key for row in activities}) == 2
    assert activities_of({"SubjectRefPro": exercises({"codeModeExercice": 3})}) == (
        Activity("10|||", "Sans structure"),
    )


@pytest.mark.parametrize("claim", [None, 3, "x", [], {"exercices": 3}, {"exercices": [3]}])
def test_what_makes_no_sense_is_no_activity(claim):
    assert activities_of({"SubjectRefPro": claim}) == ()


def test_a_name_is_a_text_and_short():
    assert name_of({"given_name": " Zoé "}, "given_name") == "Zoé"
    assert name_of({"given_name": ["Zoé"]}, "given_name") == ""
    assert len(name_of({"given_name": "z" * 999}, "given_name")) == 80
