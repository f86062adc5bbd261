"""An account that books and books: its ceiling, who hears of it, and how it is undone."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from maillage.accounts.models import Role
from maillage.core.models import LimitCount
from maillage.exchange.models import OutgoingMail
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.limits import BURST
from maillage.unscheduled_care.models import Appointment, BookingBurst, Slot
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, MembershipFactory, UserFactory
from tests.unscheduled_care.conftest import agree, agrees_with_the_sas

MINUTE = timedelta(minutes=1)
SEARCH = "commune=Bergerac&profession=10G&delai=72"


class Clock:
    """The clock of the product, moved by hand."""

    def __init__(self, monkeypatch):
        self.now = NOON
        monkeypatch.setattr("django.utils.timezone.now", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def agenda(cpts, name, number, count):
    """A doctor whom the SAS knows, and slots of ten minutes from tomorrow morning on."""
    email = f"{name}@exemple.invalid"
    account = UserFactory(email=email, given_name="Élodie", family_name=name)
    membership = MembershipFactory(
        cpts=cpts, group="10G", given_name="Élodie", family_name=name, email=email, account=account
    )
    agrees_with_the_sas(cpts)
    effector = actions.start_agenda(membership=membership, by=account, at=NOON)
    agree(effector, number)
    first = NOON + timedelta(hours=20)
    spans = [(first + 10 * step * MINUTE, first + 10 * (step + 1) * MINUTE) for step in range(count)]
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.SNP | Kind.PRO, cpts=[])
    place = effector.schedules.get()
    return actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=NOON).slots


@pytest.fixture
def slots(cpts, coordinator):
    return [*agenda(cpts, "despres", 899_900_000_017, 43), *agenda(cpts, "morin", 899_900_000_025, 30)]


@pytest.fixture
def stranger_s_client(stranger, clock):
    client = Client()
    client.force_login(stranger)
    return client


def book(client, slot, where="desk"):
    if where == "desk":
        url = reverse("unscheduled_care:desk_book", args=["cpts-voisine", slot.uuid])
    else:
        url = reverse("sas:regulation_book", args=[slot.uuid])
    return client.post(url, {"query": SEARCH})


def test_forty_three_slots_are_not_taken_in_a_row(stranger_s_client, slots, stranger):
    pages = [book(stranger_s_client, slot) for slot in slots[:43]]
    assert [page.status_code for page in pages] == [302] * 30 + [429] * 13
    assert Appointment.objects.count() == 30
    assert Slot.objects.get(pk=slots[30].pk).is_free
    assertContains(pages[-1], "réessayez dans 60 minutes", status_code=429)
    assertContains(pages[-1], "Bergerac", status_code=429)
    assert pages[-1]["Retry-After"] == "3600"


def test_another_account_books_meanwhile_and_the_first_again_an_hour_later(stranger_s_client, slots, cpts, clock):
    for slot in slots[:31]:
        book(stranger_s_client, slot)
    desk = Client()
    desk.force_login(UserFactory(role=Role.MEDICAL_ASSISTANT, on=cpts))
    url = reverse("unscheduled_care:desk_book", args=[cpts.slug, slots[31].uuid])
    assert desk.post(url, {"query": SEARCH}).status_code == 302
    clock.now = NOON + timedelta(minutes=60)
    assert book(stranger_s_client, slots[32]).status_code == 302


def test_a_regulation_books_sixty_an_hour(slots, clock):
    zoe = Client()
    zoe.force_login(UserFactory(role=Role.REGULATOR, on={"departement_id": "24"}))
    pages = [book(zoe, slot, "regulation").status_code for slot in slots[:62]]
    assert pages == [302] * 60 + [429] * 2


def test_the_ceilings_are_settings(stranger_s_client, slots, settings):
    settings.LIMITS = {"booking-desk": "2/600"}
    assert [book(stranger_s_client, slot).status_code for slot in slots[:3]] == [302, 302, 429]


def test_moving_from_slot_to_slot_is_counted_as_well(stranger_s_client, slots, settings):
    settings.LIMITS = {"booking-desk": "3/600"}
    book(stranger_s_client, slots[0])
    row = Appointment.objects.get()
    statuses = []
    for slot in slots[1:5]:
        url = reverse("unscheduled_care:desk_book", args=["cpts-voisine", slot.uuid])
        statuses.append(stranger_s_client.post(url, {"query": f"{SEARCH}&deplacer={row.uuid}"}).status_code)
    assert statuses == [302, 302, 429, 429]
    row.refresh_from_db()
    assert row.slot == slots[2]


def test_a_booking_that_was_refused_is_not_counted(stranger_s_client, slots):
    book(stranger_s_client, slots[0])
    for _ in range(3):
        book(stranger_s_client, slots[0])
    assert LimitCount.objects.get(name="booking-desk").spent == 1


def test_a_booking_costs_one_statement_more(slots, stranger, django_assert_num_queries):
    """Nine instead of eight, the begin and the end of the transaction included."""
    booker = actions.Booker(user=stranger, origin="desk", cpts=None)
    nobody = actions.Booker(user=None, origin="desk", cpts=None)
    with django_assert_num_queries(8):
        actions.book_slot(slot=slots[0], booker=nobody, at=NOON)
    with django_assert_num_queries(9):
        actions.book_slot(slot=slots[1], booker=booker, at=NOON)


# Bursts


@pytest.fixture
def burst(stranger_s_client, slots, run_jobs):
    """Twelve of one doctor, two of another, in a few seconds; the worker then runs."""
    for slot in [*slots[:12], *slots[43:45]]:
        assert book(stranger_s_client, slot).status_code == 302
    run_jobs()
    return BookingBurst.objects.get()


def alerts():
    return OutgoingMail.objects.filter(subject__contains="Rafale") | OutgoingMail.objects.filter(
        subject__startswith="Beaucoup de rendez-vous"
    )


def test_ten_in_five_minutes_are_no_burst(stranger_s_client, slots, run_jobs, clock):
    for slot in slots[: BURST.most]:
        book(stranger_s_client, slot)
    clock.now = NOON + 6 * MINUTE
    book(stranger_s_client, slots[11])
    run_jobs()
    assert not alerts().exists()
    assert not BookingBurst.objects.exists()


def test_a_burst_is_told_once_to_each_professional_and_to_the_coordination(burst, coordinator, stranger):
    assert sorted(alerts().values_list("recipient", flat=True)) == sorted(
        ["despres@exemple.invalid", "morin@exemple.invalid", coordinator.email]
    )
    told = alerts().get(recipient="despres@exemple.invalid")
    assert told.body.count("/rdv/") >= BURST.most
    assert str(stranger) in told.body


def test_a_burst_that_goes_on_is_not_told_again_to_the_same_person(burst, stranger_s_client, slots, run_jobs):
    before = alerts().count()
    for slot in slots[12:20]:
        book(stranger_s_client, slot)
    run_jobs()
    assert alerts().count() == before
    assert BookingBurst.objects.count() == 1


def test_the_coordinator_sees_the_burst_and_gives_it_back(client, burst, coordinator, cpts, run_jobs):
    client.force_login(coordinator)
    url = reverse("unscheduled_care:burst", args=[cpts.slug, burst.uuid])
    assert url in alerts().get(recipient=coordinator.email).body
    page = client.get(url)
    assertContains(page, 'type="checkbox"', count=14)
    assertContains(client.get(reverse("unscheduled_care:difficulties", args=[cpts.slug])), url)
    kept, *others = Appointment.objects.values_list("uuid", flat=True)
    page = client.post(url, {"appointment": [*others, "pas un identifiant"]}, follow=True)
    assertContains(page, "13 rendez-vous annulés")
    assert Appointment.objects.filter(status="booked").get().uuid == kept
    assert Slot.objects.filter(status="free").count() == 72


def test_a_burst_elsewhere_does_not_exist_here(client, burst, stranger, member, cpts):
    client.force_login(stranger)
    assert client.get(reverse("unscheduled_care:burst", args=["cpts-voisine", burst.uuid])).status_code == 404
    assertNotContains(client.get(reverse("unscheduled_care:difficulties", args=["cpts-voisine"])), str(burst.uuid))
    client.force_login(member)
    assert client.get(reverse("unscheduled_care:burst", args=[cpts.slug, burst.uuid])).status_code == 403
