"""A CPTS of La Réunion types and reads its hours by its own clock, three hours before Paris in winter."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import Role
from maillage.core.letters import Letter
from maillage.exchange.actions import write_mail
from maillage.exchange.models import MailKind
from maillage.meetings import letters
from maillage.meetings.models import Meeting
from tests.factories import HOUR, NOON, CptsFactory, MeetingFactory, ParticipantFactory, UserFactory
from tests.meetings.test_views import personal

EIGHT_THERE = datetime(2026, 12, 3, 16, tzinfo=UTC)  # 20 h in Saint-Denis, 17 h in Paris
LATE_THERE = datetime(2026, 12, 3, 19, 30, tzinfo=UTC)  # 23 h 30 there, 20 h 30 in Paris


@pytest.fixture
def reunion(communes):
    return CptsFactory(name="CPTS du Sud", slug="cpts-du-sud", departement_id="974")


def test_what_is_typed_is_of_the_place_and_what_is_written_says_so(reunion, client):
    client.force_login(UserFactory(role=Role.COORDINATOR, on=reunion))
    form = {"title": "Bureau", "kind": "group", "on": "03/12/2026", "starts": "20:00", "ends": "22:00"}
    sent = client.post(reverse("meetings:add", args=[reunion.slug]), form)
    assert sent.status_code == 302, sent.context["form"].errors
    meeting = Meeting.objects.select_related("cpts").get()
    assert meeting.starts_at == EIGHT_THERE
    letter = letters.invitation(meeting, "https://exemple.invalid/")
    said = "jeudi 3 décembre 2026, de 20 h à 22 h (heure de La Réunion)"
    assert said in letter.text().replace("\xa0", " ")
    assert said in client.get(reverse("meetings:show", args=[reunion.slug, meeting.uuid])).content.decode().replace(
        "\xa0", " "
    )
    assert timezone.get_current_timezone_name() == "Europe/Paris"  # for whoever comes next on this thread


def test_the_day_of_a_late_meeting_is_that_of_the_place(reunion):
    after_midnight = datetime(2026, 12, 3, 21, tzinfo=UTC)  # the 4th there, the 3rd in Paris
    meeting = MeetingFactory(cpts=reunion, starts_at=after_midnight, ends_at=after_midnight + HOUR)
    assert letters.invitation(meeting, "https://exemple.invalid/").title.endswith("le 4 décembre 2026")


def test_a_personal_page_says_its_clock(reunion):
    person = ParticipantFactory(meeting=MeetingFactory(cpts=reunion, starts_at=EIGHT_THERE, ends_at=LATE_THERE))
    page = Client().get(personal(person)).content.decode().replace("\xa0", " ")
    assert "de 20 h à 23 h 30 (heure de La Réunion)" in page
    assert timezone.get_current_timezone_name() == "Europe/Paris"


def test_nobody_is_written_to_at_night_where_they_live(reunion, cpts):
    facts = {"letter": Letter.plain("Réunion", "Venez."), "at": LATE_THERE, "kind": MailKind.INVITATION}
    there = write_mail(recipient="a@exemple.invalid", cpts_id=reunion.pk, **facts)
    in_paris = write_mail(recipient="a@exemple.invalid", cpts_id=cpts.pk, **facts)
    assert there.not_before == datetime(2026, 12, 4, 4, tzinfo=UTC)  # 8 h there
    assert in_paris.not_before == datetime(2026, 12, 4, 7, tzinfo=UTC)
    assert NOON < LATE_THERE
