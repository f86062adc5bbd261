"""Meetings: a hall that signs in at once, and invitations to three hundred, against bare inserts of the same rows."""

import re
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.measure import interleaved, row
from maillage.accounts.models import User
from maillage.cpts.models import Cpts
from maillage.exchange.models import OutgoingMail
from maillage.geography.models import Departement
from maillage.meetings.jobs import tell
from maillage.meetings.models import Means, Meeting, Participant, Presence
from maillage.meetings.notifications import personal_path
from maillage.meetings.rules.signin import code_at
from maillage.territory.actions import found_cpts

PEOPLE, TELEPHONES = 300, 8
NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)


def run() -> None:
    user, _ = User.objects.get_or_create(email="reunions@exemple.invalid", given_name="Banc", family_name="Essai")
    name = "CPTS banc des réunions"
    cpts = Cpts.objects.filter(name=name).first() or found_cpts(
        name=name, departement=Departement.objects.get(pk="24"), by=user, at=NOW
    )
    people = _people(cpts)
    meeting = people[0].meeting
    mine, bare = interleaved(lambda: _sign(meeting, people), lambda: _insert(meeting, people), rounds=3)
    row(f"{PEOPLE} people sign in, {TELEPHONES} at a time, three pages each (goal 60 000 ms)", mine, bare, "–")
    mine, bare = interleaved(lambda: _invite(meeting), lambda: _insert(meeting, people), rounds=3)
    row(f"{PEOPLE} invitations written with their calendars", mine, bare, "–")


def _people(cpts: Cpts) -> list[Participant]:
    now = timezone.now()
    meeting = Meeting.objects.create(
        cpts=cpts,
        kind="information",
        title="Banc",
        status="planned",
        created_at=NOW,
        starts_at=now,
        ends_at=now + timedelta(hours=3),
    )
    Participant.objects.bulk_create(
        Participant(
            cpts=cpts,
            meeting=meeting,
            name=f"Personne {number}",
            search_name=f"personne {number}",
            email=f"banc{number}@exemple.invalid",
        )
        for number in range(PEOPLE)
    )
    return list(meeting.participants.select_related("meeting"))


def _in_threads(work: Callable[[Participant], object], people: Iterable[Participant]) -> None:
    waiting, lock = iter(people), threading.Lock()

    def telephone() -> None:
        while True:
            with lock:
                person = next(waiting, None)
            if person is None:
                break
            work(person)
        connection.close()

    threads = [threading.Thread(target=telephone) for _ in range(TELEPHONES)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def _sign(meeting: Meeting, people: list[Participant]) -> None:
    """Each opens their link, asks a code on the page of the wall, and types what their address received."""
    Presence.objects.filter(meeting=meeting).delete()

    def work(person: Participant) -> None:
        browser = Client()
        browser.get(personal_path(person, timezone.now()))
        code = code_at(settings.SECRET_KEY, meeting.uuid.hex, timezone.now())
        wall = reverse("meetings:sign", args=[meeting.uuid, code])
        browser.post(wall, {"do": "own-code"})
        mail = OutgoingMail.objects.filter(recipient=person.address, subject__startswith="Votre code").latest("pk")
        browser.post(wall, {"do": "prove", "code": re.search(r"\b\d{6}\b", mail.body)[0]})  # type: ignore[index]

    _in_threads(work, people)
    assert Presence.objects.filter(meeting=meeting).count() == PEOPLE


def _insert(meeting: Meeting, people: list[Participant]) -> None:
    """The floor: the same rows, one insert each, by as many threads."""
    Presence.objects.filter(meeting=meeting).delete()
    at = timezone.now()

    def work(person: Participant) -> None:
        Presence.objects.create(meeting=meeting, participant=person, arrived_at=at, signed_at=at, means=Means.CODE)

    _in_threads(work, people)


def _invite(meeting: Meeting) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(
        starts_at=timezone.now() + timedelta(days=9), ends_at=timezone.now() + timedelta(days=10)
    )
    Participant.objects.filter(meeting=meeting).update(invited_at=None)
    OutgoingMail.objects.filter(cpts=meeting.cpts_id).delete()
    tell({"meeting_id": meeting.pk}, lambda *_: None)
    assert OutgoingMail.objects.filter(cpts=meeting.cpts_id).count() == PEOPLE
