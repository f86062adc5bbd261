"""Requests and solicitations by the dozen: an account that opens and asks without end is told to wait."""

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains

from maillage.accounts.models import Role
from maillage.exchange.models import OutgoingMail
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import CareRequest
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
TYPED = {"who": "Jeanne Patiente", "commune": "Bergerac", "what": "Fièvre", "hours": "48", "group": "10G"}


@pytest.fixture
def doctors(cpts, coordinator):
    """Three doctors of a CPTS that names patients."""
    fields = {"target_hours": 48, "hds_host": "Hébergeur", "declares_hds": True, "patient_months": 3}
    actions.save_settings(cpts=cpts, read_version=0, fields=fields, by=coordinator, at=timezone.now())
    memberships = [MembershipFactory(cpts=cpts, group="10G", email=f"{n}@exemple.invalid") for n in range(3)]
    return [actions.start_agenda(membership=one, by=None, at=timezone.now()) for one in memberships]


@pytest.fixture
def member_s_client(client, member):
    client.force_login(member)
    return client


def open_request(client, cpts):
    return client.post(reverse("unscheduled_care:new_request", args=[cpts.slug]), TYPED)


def solicit(client, page, doctors):
    return client.post(page["Location"], {"do": "solicit", "effector": [str(doctor.uuid) for doctor in doctors]})


def written():
    return OutgoingMail.objects.filter(subject__startswith="Pouvez-vous voir un patient").count()


def test_a_plain_member_does_not_open_requests_without_end(member_s_client, cpts, doctors):
    pages = [open_request(member_s_client, cpts) for _ in range(32)]
    assert [page.status_code for page in pages] == [302] * 30 + [429] * 2
    assertContains(pages[-1], "réessayez dans 60 minutes", status_code=429)
    assertContains(pages[-1], "Jeanne Patiente", status_code=429)
    assert CareRequest.objects.count() == 30


@pytest.mark.parametrize("limits", [{"solicitations": "7/3600"}, {"solicitations-day": "7/3600"}])
def test_a_plain_member_does_not_solicit_without_end(member_s_client, cpts, doctors, settings, limits):
    settings.LIMITS = limits
    pages = [open_request(member_s_client, cpts) for _ in range(4)]
    answers = [solicit(member_s_client, page, doctors) for page in pages[:3]]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert written() == 6
    # What was ticked is kept, and fewer may still be asked.
    assertContains(answers[-1], "réessayez dans 60 minutes", status_code=429)
    page = solicit(member_s_client, pages[2], doctors[:2])
    assert (page.status_code, page.content.count(b"\nchecked\n")) == (429, 2)
    assert solicit(member_s_client, pages[2], doctors[:1]).status_code == 302
    assert written() == 7


def test_what_one_account_spent_stops_no_colleague(member_s_client, client, cpts, doctors, settings):
    settings.LIMITS = {"care-requests": "1/3600"}
    open_request(member_s_client, cpts)
    assert open_request(member_s_client, cpts).status_code == 429
    client.force_login(UserFactory(role=Role.MEMBER, on=cpts))
    assert open_request(client, cpts).status_code == 302
