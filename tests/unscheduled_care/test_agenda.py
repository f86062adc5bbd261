"""A professional's own agenda: what may be opened, shown, hidden; the pages as people use them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.asserts import assertContains

from maillage.accounts.actions.proofs import record_proof
from maillage.accounts.models import ProofMeans, Role
from maillage.audit.models import AuditEvent
from maillage.core.errors import DomainError
from maillage.core.screens.fields import DayField
from maillage.core.stale import Stale
from maillage.exchange.models import OutgoingMail
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Effector, Slot, SlotStatus
from maillage.unscheduled_care.notifications import quick_path
from maillage.unscheduled_care.rules.series import days_of_rule, first_free, slots_between
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, CptsFactory, MembershipFactory, PractitionerFactory, UserFactory

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
TUESDAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def nurse(cpts):
    """A member with an account."""
    user = UserFactory(role=Role.MEMBER, on=cpts)
    MembershipFactory(cpts=cpts, email=user.email, given_name="Paul", family_name="Loret")
    return user


@pytest.fixture
def effector(cpts, nurse):
    return actions.start_agenda(membership=cpts.memberships.get(email=nurse.email), by=nurse, at=NOON)


@pytest.fixture
def place(effector):
    return effector.schedules.get()


def at(hour: int, day: date = TUESDAY) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=PARIS)


def opened(place, *hours, kinds=Kind.PRO, cpts=(), day=TUESDAY, **more):
    spans = [(at(hour, day), at(hour, day) + HOUR) for hour in hours]
    opening = actions.Opening(modes=Mode.AMB, kinds=kinds, cpts=cpts)
    return actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=NOON, **more)


def test_one_agenda_serves_all_the_cpts_of_a_professional(cpts):
    person, account = PractitionerFactory(), UserFactory()
    record_proof(user=account, national_id=person.pk, means=ProofMeans.PSC, at=NOON)
    both = [MembershipFactory(cpts=one, practitioner=person, account=account) for one in (cpts, CptsFactory())]
    first, second = (actions.start_agenda(membership=one, by=account, at=NOON) for one in both)
    assert first == second
    assert first.national_id == person.pk
    assert first.links.count() == 2


def test_nothing_is_shown_until_it_is_said_to_whom(place):
    opened(place, 9, kinds=Kind(0))
    assert not Slot.objects.open().exists()
    assert Slot.objects.get().is_incomplete


@pytest.mark.parametrize("hour", [7, 20, 23])
def test_a_slot_of_kind_cpts_in_the_hours_of_the_pdsa_is_refused_with_its_reason(place, cpts, hour):
    with pytest.raises(actions.PdsaHours, match="permanence des soins"):
        opened(place, hour, kinds=Kind.CPTS, cpts=[cpts])
    assert not Slot.objects.exists()
    opened(place, hour, kinds=Kind.SNP | Kind.PRO)  # lawful for the other kinds
    with pytest.raises(actions.PdsaHours):
        actions.show_slots(
            effector=place.effector, slots=Slot.objects.all(), kinds=Kind.CPTS, cpts=[cpts], by=None, at=NOON
        )
    assert Slot.objects.get().kinds == Kind.SNP | Kind.PRO


@pytest.mark.parametrize(
    ("day", "said"), [(date(2026, 11, 28), "samedi"), (date(2026, 11, 29), "dimanche"), (date(2026, 12, 25), "Noël")]
)
def test_days_of_the_pdsa_are_named(place, cpts, day, said):
    with pytest.raises(actions.PdsaHours, match=said):
        opened(place, 14, kinds=Kind.CPTS, cpts=[cpts], day=day)


def test_a_slot_is_opened_to_one_s_own_cpts_only(place, cpts):
    with pytest.raises(actions.NotAMember):
        opened(place, 9, kinds=Kind.CPTS, cpts=[CptsFactory()])
    with pytest.raises(actions.NoCptsChosen):
        opened(place, 9, kinds=Kind.CPTS)
    opened(place, 9, kinds=Kind.CPTS, cpts=[cpts])
    assert Slot.objects.of(cpts).count() == 1


def test_an_hour_that_is_taken_refuses_all_or_is_left_out(place):
    opened(place, 9)
    with pytest.raises(actions.SlotOverlaps):
        opened(place, 9, 10)
    assert Slot.objects.count() == 1
    result = opened(place, 9, 10, skip_taken=True)
    assert (len(result.slots), len(result.taken)) == (1, 1)
    assert result.message == "1 créneau ouvert. 1 heure était déjà prise."


def test_what_is_past_is_not_opened(place):
    with pytest.raises(actions.AlreadyPast):
        opened(place, 9, day=NOON.date() - timedelta(days=1))


def test_an_absence_hides_what_is_free_and_names_what_is_booked(place):
    opened(place, 9, 10)
    first, second = Slot.objects.order_by("starts_at")
    booked = actions.book_slot(slot=first, booker=actions.Booker(user=None, origin="desk"), at=NOON)
    absence, named = actions.add_absence(
        effector=place.effector, starts_at=at(0), ends_at=at(23), substitute="Dr Essai", by=None, at=NOON
    )
    assert named == [booked]
    assert [one.pk for one in Slot.objects.open()] == []
    opened(place, 11)  # inside the absence: opened, and hidden
    assert Slot.objects.filter(is_masked=True).count() == 3
    actions.remove_absence(absence=absence, by=None, at=NOON)
    assert {one.pk for one in Slot.objects.open()} == {second.pk, Slot.objects.latest("pk").pk}


def test_the_same_absence_twice_is_refused(place):
    span = {"effector": place.effector, "starts_at": at(0), "ends_at": at(23), "substitute": "", "by": None, "at": NOON}
    actions.add_absence(**span)
    with pytest.raises(DomainError, match="déjà enregistrée"):
        actions.add_absence(**span)


def test_a_rule_names_every_day_it_cannot_hold(place, cpts):
    fridays = [date(2026, 12, 18), date(2026, 12, 25), date(2027, 1, 1)]
    spans = [(at(14, day), at(15, day)) for day in fridays]
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.CPTS, cpts=[cpts])
    with pytest.raises(actions.PdsaHours) as refused:
        actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=NOON)
    assert "vendredi 25 décembre" in refused.value.user_message
    assert "vendredi 1er janvier" in refused.value.user_message


@pytest.mark.parametrize(
    ("typed", "day"),
    [("25/11/2026", 25), ("25 novembre 2026", 25), ("mercredi 25 Novembre 2026", 25), ("1er décembre 2026", 1)],
)
def test_a_day_is_typed_as_it_is_said(typed, day):
    assert DayField().clean(typed).day == day


@pytest.mark.parametrize("typed", ["25 brumaire 2026", "32 janvier 2026", "novembre 2026", "x"])
def test_what_is_no_day_is_refused(typed):
    with pytest.raises(ValidationError):
        DayField().clean(typed)


def test_closing_leaves_booked_slots_alone(place):
    opened(place, 9, 10)
    first = Slot.objects.earliest("starts_at")
    actions.book_slot(slot=first, booker=actions.Booker(user=None, origin="desk"), at=NOON)
    assert actions.close_slots(effector=place.effector, slots=Slot.objects.all(), by=None, at=NOON) == 1
    assert sorted(Slot.objects.values_list("status", flat=True)) == [SlotStatus.BUSY, SlotStatus.CANCELLED]


def test_the_sas_is_agreed_to_with_a_proved_number(effector):
    said = {"phone": "", "agrees": True, "extra_a_day": 0, "by": None, "at": NOON}
    with pytest.raises(actions.NoNumber):
        actions.say_how(effector=effector, read_version=0, **said)
    Effector.objects.filter(pk=effector.pk).update(account=UserFactory())
    effector.refresh_from_db()
    record_proof(user=effector.account, national_id=899_900_000_017, means=ProofMeans.MSSANTE, at=NOON)
    actions.say_how(effector=effector, read_version=0, **said)
    with pytest.raises(Stale):
        actions.say_how(effector=effector, read_version=0, **said)
    assert Effector.objects.get().sas_agreed_at == NOON


def url(name, cpts, *args):
    return reverse(f"unscheduled_care:{name}", args=[cpts.slug, *args])


def test_a_member_opens_an_agenda_then_three_slots_for_tomorrow_morning(client, cpts, nurse):
    client.force_login(nurse)
    assertContains(client.get(url("own_agenda", cpts)), "Ouvrir mon agenda")
    client.post(url("own_agenda", cpts))
    page = client.get(url("own_agenda", cpts))
    assertContains(page, "Je peux voir")
    sent = {
        "count": 3,
        "on": "2026-11-24",
        "half": "matin",
        "place": page.context["quick"].initial["place"],
        "kinds": ["CPTS", "SNP"],
    }
    page = client.post(url("own_agenda", cpts), sent, follow=True)
    assertContains(page, "3 créneaux ouverts.")
    assertContains(page, "CPTS du Bergeracois")
    assert [one.starts_at for one in Slot.objects.order_by("pk")] == [at(8), at(8) + HOUR / 3, at(8) + 2 * HOUR / 3]
    client.post(url("own_agenda", cpts), sent)
    assert Slot.objects.count() == 6  # the next free times


def test_a_half_day_that_is_over_is_said_so_beside_it(client, cpts, nurse, place, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + 2 * HOUR)
    client.force_login(nurse)
    sent = {"count": 3, "on": "2026-11-23", "half": "matin", "place": place.pk}
    page = client.post(url("own_agenda", cpts), sent)
    assert "déjà passé" in page.context["quick"].errors["half"][0]
    assert Slot.objects.count() == 0


def test_slots_are_opened_from_a_mail_without_an_account(client, cpts, coordinator, place):
    client.force_login(coordinator)
    ask = url("ask", cpts)
    assertContains(client.post(ask, follow=True), "1 professionnel sollicité.")
    assertContains(client.post(ask, follow=True), "déjà été demandées")
    client.logout()
    page = quick_path(place.effector, NOON)
    assert page.split("/")[2][:20] in OutgoingMail.objects.get().body
    sent = {"count": 2, "on": "2026-11-24", "half": "apres-midi", "place": place.pk, "kinds": ["PRO"]}
    assertContains(client.get(page), "Combien de patients")
    assertContains(client.post(page, sent, follow=True), "2 créneaux ouverts. Merci")
    assert Slot.objects.open().count() == 2
    assert client.get("/places/rien/").status_code == 410


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ends": "8 h"}, "La fin vient avant le début"),
        ({"starts": "matin"}, "Tapez une heure"),
        ({"on": "demain"}, "date valide"),
        ({"until": "01/11/2026"}, "finit avant de commencer"),
        ({"until": "01/11/2030"}, "Un an au plus"),
        ({"except_on": "jamais"}, "date valide"),
        ({"starts": "20 h", "ends": "21 h"}, "après 20"),
        ({"minutes": "90"}, "Aucun créneau ne tient"),
        ({"modes": []}, "obligatoire"),
    ],
)
def test_a_refused_opening_says_why_and_keeps_what_was_typed(client, cpts, nurse, place, more, said):
    client.force_login(nurse)
    sent = {
        "place": place.pk,
        "on": "24/11/2026",
        "starts": "9 h",
        "ends": "10 h",
        "minutes": "20",
        "kinds": ["CPTS"],
        "modes": ["AMB"],
        "reasons": "Fièvre 🤒",
    } | more
    page = client.post(url("open_slots", cpts), sent)
    assert said in page.content.decode().replace("\xa0", " ")
    assertContains(page, "Fièvre 🤒")
    assert not Slot.objects.exists()


def test_a_weekly_rule_leaves_out_its_exceptions_and_says_what_was_taken(client, cpts, nurse, place):
    opened(place, 9, day=date(2026, 12, 1))
    client.force_login(nurse)
    sent = {
        "place": place.pk,
        "on": "24/11/2026",
        "starts": "9 h",
        "ends": "9 h 40",
        "minutes": "20",
        "kinds": ["CPTS"],
        "modes": ["AMB", "VR"],
        "until": "15/12/2026",
        "weekdays": ["1", "3"],
        "except_on": "10/12/2026",
    }
    page = client.post(url("open_slots", cpts), sent, follow=True)
    assertContains(page, "10 créneaux ouverts. 2 heures étaient déjà prises.")
    assert {one.starts_at.astimezone(PARIS).hour for one in Slot.objects.all()} == {9}


def test_a_colleague_cannot_touch_my_slots(client, cpts, place):
    opened(place, 9)
    other = UserFactory(role=Role.MEMBER, on=cpts)
    actions.start_agenda(membership=MembershipFactory(cpts=cpts, email=other.email), by=other, at=NOON)
    client.force_login(other)
    page = client.post(url("act", cpts), {"slot": Slot.objects.get().uuid, "do": "close"}, follow=True)
    assertContains(page, "Cochez d’abord les créneaux.")
    assert Slot.objects.get().is_free
    assert client.get(url("place", cpts, place.uuid)).status_code == 404


def test_the_owner_changes_to_whom_ticked_slots_are_shown(client, cpts, nurse, place):
    opened(place, 9, 10)
    client.force_login(nurse)
    keys = [one.uuid for one in Slot.objects.all()]
    client.post(url("act", cpts), {"slot": keys, "do": "show", "kinds": ["CPTS"]})
    assert Slot.objects.of(cpts).count() == 2
    client.post(url("act", cpts), {"slot": keys, "do": "show"})
    assert not Slot.objects.open().exists()
    assert AuditEvent.objects.filter(type="slot.shown").count() == 2


@given(st.integers(5, 90), st.integers(1, 8), st.lists(st.tuples(st.integers(0, 240), st.integers(1, 60)), max_size=6))
def test_free_times_never_touch_what_is_taken(minutes, count, taken):
    start, minute = at(8), timedelta(minutes=1)
    spans = [(start + begin * minute, start + (begin + length) * minute) for begin, length in taken]
    found = first_free((start, start + 240 * minute), minutes, count, spans)
    assert len(found) <= count
    for begin, end in found:
        assert start <= begin < end <= start + 240 * minute
        assert not any(one < end and other > begin for one, other in spans)


@pytest.mark.parametrize(("day", "count"), [(date(2026, 10, 25), 6), (date(2026, 3, 29), 2), (TUESDAY, 4)])
def test_the_night_when_clocks_change_has_the_hours_it_has(day, count):
    """From 1 h to 3 h by the clock: an hour more in October, an hour less in March."""
    assert len(slots_between(day, time(1), time(3), 30, PARIS)) == count


def test_a_rule_holds_its_last_day_and_stops_after_a_year():
    days = list(days_of_rule(TUESDAY, date(2099, 1, 1), {1}, {date(2026, 12, 1)}))
    assert days[:2] == [TUESDAY, date(2026, 12, 8)]
    assert len(days) == 52
