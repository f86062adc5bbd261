"""A neighbour with every right at home asks, under their own slug, for each object of another CPTS: 404, always."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import CPTS_ROLES, RoleAssignment
from maillage.audit.models import AuditEvent
from maillage.core.models import Job
from maillage.meetings import actions
from maillage.meetings.models import MeetingDocument
from maillage.meetings.web.tablet_views import tablet_token
from maillage.records.actions import attaching
from maillage.records.rules.kinds import PDF_ONLY
from maillage.unscheduled_care.models import Slot
from tests.factories import (
    HOUR,
    NOON,
    CptsFactory,
    MeetingFactory,
    ParticipantFactory,
    UserFactory,
    pdf,
)
from tests.meetings.test_views import link
from tests.test_urls import ADDRESSES, OURS, arguments_of
from tests.unscheduled_care.campaign import hours, load, slot

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


def test_one_s_own_door_outside_a_workspace_opens_nothing_of_another(
    cpts, coordinator, neighbour, stranger, settings, tmp_path
):
    """A personal link, a tablet lent, an agenda's address, an account: each with the key of somebody else's object."""
    settings.MEDIA_ROOT = tmp_path
    at = timezone.now()
    ours, theirs = (MeetingFactory(cpts=home, starts_at=at - HOUR, ends_at=at + HOUR) for home in (neighbour, cpts))
    kept = attaching.keep(pdf(), kinds=PDF_ONLY)
    attachment = attaching.attach(kept, cpts=cpts, name="Budget", by=coordinator, at=at)
    document = MeetingDocument.objects.create(meeting=theirs, name="Budget", attachment=attachment)
    absent = ParticipantFactory(meeting=theirs)
    tablet = actions.lend_tablet(meeting=ours, by=stranger, at=at)
    key = Authenticator.objects.create(user=coordinator, type="webauthn", data={"name": "Clé", "credential": {}})
    job = Job.objects.create(kind="essai", label="Essai", owner_id=coordinator.pk, created_at=at)
    load(slot("d", "d1", hours(2), codes=["PRO"]), slot("l", "l1", hours(2), codes=["PRO"]))
    first, second = Slot.objects.order_by("effector_id").select_related("effector")
    client = Client()
    client.force_login(stranger)
    for url in (
        reverse("meetings:personal_document", args=[link(ParticipantFactory(meeting=ours)), document.uuid]),
        reverse("meetings:tablet_vote", args=[tablet_token(tablet), absent.uuid]),
        reverse("mfa_remove_webauthn", args=[key.pk]),
        reverse("core:job", args=[job.uuid]),
        f"/fhir/agenda/{first.effector.feed}/Slot/{second.uuid}",
        f"/fhir/agenda/{first.effector.feed}/Schedule/{second.schedule.uuid}",
    ):
        assert {client.get(url).status_code, client.post(url).status_code} <= {404, 405}, url
    for url in (
        reverse("meetings:personal_document", args=[link(absent), document.uuid]),
        f"/fhir/agenda/{first.effector.feed}/Slot/{first.uuid}",
    ):
        assert client.get(url).status_code == 200
    assert Authenticator.objects.filter(pk=key.pk).exists()
