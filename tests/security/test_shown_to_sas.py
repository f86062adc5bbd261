"""What the SAS reads of a professional, said by nobody else; and what is left once an account is taken back."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.actions.addresses import not_me_token, take_back
from maillage.accounts.models import Role
from maillage.exchange.models import OutgoingMail
from maillage.meetings.models import CalendarFeed
from maillage.sas.queries.publishing import published_slots
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Effector
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import MembershipFactory, UserFactory
from tests.security.test_step_up import grow_old
from tests.unscheduled_care.conftest import agree, agrees_with_the_sas

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
THIEF_S = "0899999999"
PLACE = {
    "name": "Ailleurs",
    "street": "1 rue du Voleur",
    "postal_code": "24100",
    "commune": "Bergerac",
    "phone": THIEF_S,
}


@pytest.fixture(autouse=True)
def journal(settings):
    """Mail is written where it is in production."""
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"


@pytest.fixture
def doctor(cpts):
    return UserFactory(role=Role.MEMBER, on=cpts, email="elodie@exemple.invalid")


@pytest.fixture
def agenda(cpts, doctor):
    """Shown to the SAS, with a free slot tomorrow."""
    membership = MembershipFactory(cpts=cpts, group="10G", account=doctor, email=doctor.email)
    agrees_with_the_sas(cpts)
    effector = actions.start_agenda(membership=membership, by=doctor, at=timezone.now())
    agree(effector)
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.SNP, cpts=[])
    spans = [(timezone.now() + 30 * HOUR, timezone.now() + 31 * HOUR)]
    actions.open_slots(schedule=effector.schedules.get(), spans=spans, opening=opening, by=doctor, at=timezone.now())
    return Effector.objects.get()


@pytest.fixture
def left_open(client, doctor):
    """The session of the doctor, on a desk, an hour after they left."""
    client.force_login(doctor, means=("password",))
    grow_old(client)
    return client


def read_by_the_sas(agenda):
    now = timezone.now()
    return published_slots([agenda.idnps], since=now, until=now + 48 * HOUR, with_cpts=True, at=now)


def how(client, cpts, agenda, phone=THIEF_S, agrees="on"):
    agenda.refresh_from_db()
    typed = {"version": agenda.version, "phone": phone, "extra_a_day": "0"} | ({"agrees": "on"} if agrees else {})
    return client.post(reverse("unscheduled_care:how", args=[cpts.slug]), typed)


def told():
    return list(OutgoingMail.objects.filter(subject__contains="Ce que le SAS lit").order_by("pk"))


def test_a_passer_by_changes_nothing_of_what_the_sas_reads(left_open, cpts, agenda):
    place = agenda.schedules.get()
    page = reverse("unscheduled_care:place", args=[cpts.slug, place.uuid])
    asked = [
        how(left_open, cpts, agenda),
        how(left_open, cpts, agenda, agrees=""),
        left_open.post(page, PLACE),
        left_open.post(page, {"do": "confirm"}),
        left_open.post(page, {"do": "close"}),
        left_open.post(reverse("unscheduled_care:places", args=[cpts.slug]), PLACE),
    ]
    assert {response["Location"].partition("?")[0] for response in asked} == {"/compte/reauthenticate/"}
    slot = read_by_the_sas(agenda)[0]
    assert THIEF_S not in {slot.effector.phone, slot.schedule.phone}
    assert agenda.schedules.count() == 1


def test_a_passer_by_does_not_agree_either_and_what_is_not_shown_is_still_changed_at_once(left_open, cpts, agenda):
    Effector.objects.update(sas_agreed_at=None)
    assert how(left_open, cpts, agenda)["Location"].startswith("/compte/reauthenticate/")
    assert how(left_open, cpts, agenda, "0553000018", agrees="")["Location"].endswith("/agenda/sas/")
    agenda.refresh_from_db()
    assert (agenda.phone, agenda.sas_agreed_at) == ("0553000018", None)


def test_whoever_agreed_is_written_to_at_each_change_with_the_way_to_say_that_it_is_not_them(
    client, cpts, agenda, doctor
):
    client.force_login(doctor)
    page = reverse("unscheduled_care:place", args=[cpts.slug, agenda.schedules.get().uuid])
    before = len(told())
    how(client, cpts, agenda)
    client.post(page, PLACE)
    client.post(page, {"do": "confirm"})
    how(client, cpts, agenda)  # nothing changes: nobody is written to
    how(client, cpts, agenda, agrees="")
    mails = told()[before:]
    assert [mail.recipient for mail in mails] == [doctor.email] * 4
    assert "08\N{NO-BREAK SPACE}99" in mails[0].body
    assert "1 rue du Voleur" in mails[1].body
    assert "ne paraissez plus" in mails[3].body
    link = re.search(r"https?://[^/]+(/compte/pas-moi/\S+)", mails[1].body)[1]
    Client().post(link)
    assert not read_by_the_sas(agenda)
    doctor.refresh_from_db()
    assert not doctor.has_usable_password()


def test_what_a_thief_said_to_the_sas_does_not_survive_the_account_taken_back(client, cpts, agenda, doctor):
    client.force_login(doctor)
    how(client, cpts, agenda)
    client.post(reverse("unscheduled_care:place", args=[cpts.slug, agenda.schedules.get().uuid]), PLACE)
    assert read_by_the_sas(agenda)[0].schedule.phone == THIEF_S
    take_back(token=not_me_token(doctor), at=timezone.now())
    assert not read_by_the_sas(agenda)
    agenda.refresh_from_db()
    assert (agenda.phone, agenda.sas_agreed_at) == ("", None)
    assert agenda.schedules.get().confirmed_at is None


def test_private_addresses_show_nothing_more_once_the_account_is_taken_back(client, cpts, agenda, doctor):
    client.force_login(doctor)
    client.post(reverse("meetings:calendar", args=[cpts.slug]))
    addresses = [
        reverse("unscheduled_care:feed", args=[agenda.feed]),
        reverse("sas_api:agenda_root", args=[agenda.feed]) + "/Slot",
        reverse("meetings:feed", args=[CalendarFeed.objects.get().uuid]),
    ]
    thief = Client()
    assert [thief.get(address).status_code for address in addresses] == [200] * 3
    take_back(token=not_me_token(doctor), at=timezone.now())
    assert [thief.get(address).status_code for address in addresses] == [404] * 3
