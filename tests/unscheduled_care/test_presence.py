"""Why somebody is, or is not, shown to the SAS: the rule as a table, and the same answer as the interface."""

from dataclasses import replace

import pytest
from django.urls import reverse

from maillage.accounts.actions.proofs import contest_proof
from maillage.accounts.models import NumberProof, Role
from maillage.cpts.models import Approval, Cpts
from maillage.sas.queries.publishing import published_slots
from maillage.unscheduled_care.models import CareSettings, Effector, Schedule
from maillage.unscheduled_care.queries.presence import presences
from maillage.unscheduled_care.rules.presence import PresenceFacts, missing
from tests.factories import NOON, UserFactory

WHOLE = PresenceFacts(
    has_account=True,
    number_is_proved=True,
    number_is_contested=False,
    membership_is_contested=False,
    has_agreed=True,
    place_is_confirmed=True,
    cpts_is_approved=True,
    agreement_is_recorded=True,
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"has_account": False}, "compte"),
        ({"number_is_proved": False}, "prouvé"),
        ({"membership_is_contested": True}, "adhésion est contestée"),
        ({"number_is_contested": True, "number_is_proved": False}, "contesté"),
        ({"has_agreed": False}, "accord"),
        ({"place_is_confirmed": False}, "lieu"),
        ({"cpts_is_approved": False, "agreement_is_recorded": False}, "approuvée"),
        ({"agreement_is_recorded": False}, "convention"),
    ],
)
def test_what_is_missing_is_said_once(change, said):
    assert list(missing(WHOLE)) == []
    (reason,) = missing(replace(WHOLE, **change))
    assert said in reason


def unproved(cpts):
    NumberProof.objects.update(ended_at=NOON)


def contested(cpts):
    contest_proof(proof=NumberProof.objects.get(), by=None, at=NOON)


def silent(cpts):
    Effector.objects.update(sas_agreed_at=None)


def unconfirmed(cpts):
    Schedule.objects.update(confirmed_at=None)


def unapproved(cpts):
    Cpts.objects.filter(pk=cpts.pk).update(approval=Approval.WAITING, decided_at=None)


def unrecorded(cpts):
    CareSettings.objects.update(agreed_with_sas_on=None)


def left(cpts):
    cpts.memberships.update(status="left", left_on=NOON.date())


def contested_membership(cpts):
    cpts.memberships.update(contested_at=NOON)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fault", [unproved, contested, silent, unconfirmed, unapproved, unrecorded, left, contested_membership]
)
def test_the_interface_and_the_coordinator_are_told_the_same(cpts, doctor, slots, fault):
    def seen():
        found = published_slots([doctor.idnps], since=NOON, until=slots[-1].ends_at, with_cpts=True, at=NOON)
        return bool(found), presences(Effector.objects.all())[0].is_shown

    assert seen() == (True, True)
    fault(cpts)
    assert seen() == (False, False)


@pytest.mark.django_db
def test_a_coordinator_reads_why(client, cpts, doctor, slots):
    silent(cpts)
    client.force_login(UserFactory(role=Role.COORDINATOR, on=cpts))
    page = client.get(reverse("sas:simulator", args=[cpts.slug])).content.decode()
    assert "accord pour paraître au SAS" in page
