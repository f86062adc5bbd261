"""Two people editing the same thing: one writes, the other is told who came first and loses nothing."""

from threading import Barrier, Thread

import pytest
from django.db import connection
from django.urls import reverse

from maillage.accounts.models import Role
from maillage.audit.queries import who_changed
from maillage.core.stale import Stale, claim
from maillage.members.models import Membership
from maillage.unscheduled_care.models import CareSettings
from tests.factories import MeetingFactory, MembershipFactory, UserFactory
from tests.reading import text_of

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_save_at_once_one_writes(cpts):
    page, start, told = MembershipFactory(cpts=cpts), Barrier(8), []

    def save(place):
        try:
            start.wait(20)
            rows = Membership.objects.filter(pk=page.pk)
            claim(rows, page.version, {"occupation": f"n° {place}"}, refusal=lambda: Stale("cette fiche"))
            told.append(place)
        except Stale:
            told.append(None)
        finally:
            connection.close()

    threads = [Thread(target=save, args=[place]) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (winner,) = [place for place in told if place is not None]
    assert len(told) == 8
    page.refresh_from_db()
    assert (page.occupation, page.version) == (f"n° {winner}", 1)


def typed(cpts, meeting):
    """The pages where two people save one thing: address, what is typed, where it is typed again."""
    care = CareSettings.objects.get_or_create(cpts=cpts)[0]
    return {
        "settings": (
            reverse("unscheduled_care:settings", args=[cpts.slug]),
            {"version": care.version, "target_hours": "24", "patient_months": "3", "phone": "0553000099"},
            "05\xa053\xa000\xa000\xa099",
        ),
        "minutes": (
            reverse("meetings:minutes", args=[cpts.slug, meeting.uuid]),
            {"version": 0, "do": "save", "text": "Étaient d’accord"},
            "Étaient d’accord",
        ),
    }


@pytest.mark.parametrize("what", ["settings", "minutes"])
def test_the_second_is_told_who_came_first_and_finds_what_was_typed(client, cpts, coordinator, what):
    meeting = MeetingFactory(cpts=cpts)
    page, sent, shown = typed(cpts, meeting)[what]
    other = UserFactory(role=Role.COORDINATOR, on=cpts, given_name="Léa", family_name="Première")
    client.force_login(other)
    assert client.post(page, sent).status_code == 302
    client.force_login(coordinator)
    answer = client.post(page, sent)
    assert "Léa Première, aujourd’hui à" in text_of(answer)
    assert "a modifié ce" in text_of(answer)
    assert shown.split("\xa0")[0] in answer.content.decode()


def test_what_nobody_changed_says_nobody(cpts):
    assert who_changed(MembershipFactory(cpts=cpts)) == ""
    assert "Quelqu’un a modifié cette fiche" in Stale("cette fiche").user_message
