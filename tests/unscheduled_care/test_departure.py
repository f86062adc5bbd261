"""Who leaves a CPTS with patients ahead; what is erased on time."""

from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from maillage.members.actions import leave, merge
from maillage.portal.actions.retention import expired
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Appointment, Effector, EffectorMembership, Slot
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, MembershipFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def two(cpts):
    """Two doctors, each with two slots the day after, the first of each booked."""
    rows = []
    for name in ("Aubin", "Bastide"):
        membership = MembershipFactory(cpts=cpts, group="10G", family_name=name)
        place = actions.start_agenda(membership=membership, by=None, at=NOON).schedules.get()
        spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in (21, 22)]
        opening = actions.Opening(modes=Mode.AMB, kinds=Kind.CPTS | Kind.SNP, cpts=[cpts])
        rows.append(actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=NOON).slots)
    booker = actions.Booker(user=None, origin="desk", cpts=cpts)
    booked = [actions.book_slot(slot=slots[0], booker=booker, at=NOON) for slots in rows]
    return rows, booked


def test_appointments_of_who_leaves_are_listed_and_handed_over(client, coordinator, cpts, two):
    (_, second), (lost, _) = two
    leave(membership=cpts.memberships.get(family_name="Aubin"), on=NOON.date(), by=coordinator, at=NOON)
    assert {one.effector_id for one in Slot.objects.of(cpts)} == {second[0].effector_id}
    client.force_login(coordinator)
    desk = reverse("unscheduled_care:desk", args=[cpts.slug])
    assertContains(client.get(desk), "1 rendez-vous à venir chez qui a quitté")
    page = client.get(reverse("unscheduled_care:appointment", args=[cpts.slug, lost.uuid]))
    page = client.get(f"{desk}?commune=Bergerac&profession=10G&delai=48&deplacer={lost.uuid}")
    assertContains(page, "Déplacer ici", count=2)  # one button, and its name
    url = reverse("unscheduled_care:desk_book", args=[cpts.slug, second[1].uuid])
    client.post(url, {"query": f"commune=Bergerac&deplacer={lost.uuid}"})
    assert Appointment.objects.get(pk=lost.pk).effector_id == second[1].effector_id
    assertNotContains(client.get(desk), "chez qui a quitté")


def test_an_agenda_follows_the_page_that_stays(cpts, coordinator, two):
    kept = MembershipFactory(cpts=cpts, family_name="Aubin", given_name="Camille")
    merge(kept=kept, other=cpts.memberships.exclude(pk=kept.pk).get(family_name="Aubin"), by=coordinator, at=NOON)
    assert EffectorMembership.objects.get(membership=kept).effector.family_name == "Aubin"


def test_what_is_old_is_erased_and_nothing_else(cpts, two):
    for day, left in ((NOON + timedelta(days=365), 4), (NOON + timedelta(days=6 * 365 + 2), 0)):
        for rows in expired(day):
            rows.delete()
        assert Slot.objects.count() == left
    assert Effector.objects.count() == 2
    cpts.memberships.all().delete()
    for rows in expired(NOON):
        rows.delete()
    assert not Effector.objects.exists()
