"""A neighbour with every right at home asks, under their own slug, for each object of another CPTS: 404, always."""

import pytest
from django.test import Client
from django.urls import reverse

from maillage.accounts.models import CPTS_ROLES, RoleAssignment
from maillage.audit.models import AuditEvent
from tests.factories import NOON, CptsFactory, UserFactory
from tests.test_urls import ADDRESSES, OURS, arguments_of

pytestmark = pytest.mark.django_db

# Parameters that name nothing a CPTS owns, and why.
OF_NOBODY = {
    "cpts_slug": "the door itself: a stranger's slug answers 404, see test_urls",
    "code": "a commune of France",
    "departement": "a département of France",
    "indicator": "an indicator, defined for all",
    "theme": "a theme of the diagnosis, the same for all",
    "kind": "the format of an export",
    "paper": "the kind of a document",
    "key": "a form, of which each person has a draft of their own",
}
# Several CPTS share it: the action says who may, and writes nothing otherwise.
SHARED = {"unscheduled_care:desk_book": "a slot is offered to those whom its owner chose"}
# Addresses that answer 404 at home too, for want of what the fixture does not make.
NOT_PLAYED = {
    "meetings:attestation": "nobody was present",
    "meetings:document": "the file is absent",
    "meetings:journal": "the vote is not closed",
    "meetings:own_page": "the person is not invited",
    "meetings:text_file": "the file is absent",
    "members:convention_document": "the file is absent",
    "territory:version": "no version is in force",
}


def parameters_of(name):
    return set(dict(ADDRESSES)[name].pattern.converters)


def owned(name):
    return parameters_of(name) - set(OF_NOBODY)


IN_THE_WORKSPACE = sorted({name for name in OURS if "cpts_slug" in parameters_of(name) and owned(name)})


@pytest.fixture
def neighbours(cpts, coordinator, communes):
    """Two CPTS with one of everything each, and somebody who holds every role in the second."""
    home = CptsFactory(name="CPTS voisine", slug="cpts-voisine")
    person = UserFactory(role="coordinator", on=home)
    for role in CPTS_ROLES:
        RoleAssignment.objects.get_or_create(user=person, role=role, cpts=home, defaults={"created_at": NOON})
    return arguments_of(cpts, coordinator), arguments_of(home, person), person


def test_no_object_of_a_cpts_answers_under_another_s_address(neighbours):
    theirs, own, person = neighbours
    client, opened = Client(), []
    client.force_login(person)
    before = AuditEvent.objects.count()
    for name in IN_THE_WORKSPACE:
        for parameter in owned(name):
            # One foreign key at a time, among one's own: an own meeting, a neighbour's ballot.
            if own[parameter] == theirs[parameter]:
                continue
            values = {each: own[each] for each in parameters_of(name)} | {parameter: theirs[parameter]}
            url = reverse(name, kwargs=values)
            answers = {method: getattr(client, method)(url).status_code for method in ("get", "post")}
            if name not in SHARED and (set(answers.values()) - {404, 405} or 404 not in answers.values()):
                opened.append((name, parameter, answers))
    assert not opened, str(opened)
    assert AuditEvent.objects.count() == before


def test_the_same_addresses_answer_for_one_s_own_objects(neighbours):
    """Otherwise the test above would prove nothing. A new address needs its object in the fixture."""
    _, own, person = neighbours
    client, missing = Client(), []
    client.force_login(person)
    for name in IN_THE_WORKSPACE:
        url = reverse(name, kwargs={each: own[each] for each in parameters_of(name)})
        if client.get(url).status_code == 404:
            missing.append(name)
    assert set(missing) == set(NOT_PLAYED)
