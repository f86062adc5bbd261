"""What somebody is typing: kept for its author alone, told to who writes there too, gone once it is sent."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import Role
from maillage.records.actions import drafting
from maillage.records.limits import DRAFTS
from maillage.records.models import Draft
from tests.factories import NOON, CptsFactory, MeetingFactory, UserFactory
from tests.security.test_step_up import grow_old

pytestmark = pytest.mark.django_db
KEY = "minutes:essai"


def url(cpts, key=KEY):
    return reverse("records:draft", args=[cpts.slug, key])


def send(client, cpts, key=KEY, **fields):
    return client.post(url(cpts, key), json.dumps(fields), content_type="application/json")


def test_what_is_typed_is_read_again_by_its_author_alone(client, cpts, coordinator):
    client.force_login(coordinator)
    assert send(client, cpts, text="Étaient là").status_code == 200
    send(client, cpts, text="Étaient là : tous")
    mine = client.get(url(cpts)).json()["mine"]
    assert mine["fields"] == {"text": "Étaient là : tous"}
    assert mine["when"].startswith("aujourd’hui à")
    client.force_login(UserFactory(role=Role.SECRETARY, on=cpts, given_name="Léa", family_name="Autre"))
    answer = client.get(url(cpts)).json()
    assert answer["mine"] is None
    assert answer["others"] == [f"{coordinator} écrit ici depuis {_hour(Draft.objects.get().begun_at)}"]
    assert "Étaient" not in str(answer)


def _hour(at):
    from maillage.core.templatetags.maillage import hour  # noqa: PLC0415  # as the page says it

    return hour(at)


def test_who_stopped_typing_is_no_longer_told(client, cpts, coordinator):
    at = timezone.now() - timedelta(minutes=11)
    drafting.keep_draft(cpts=cpts, user=coordinator, key=KEY, fields={"a": "b"}, at=at)
    client.force_login(UserFactory(role=Role.SECRETARY, on=cpts))
    assert client.get(url(cpts)).json()["others"] == []


def test_a_neighbour_and_a_stranger_read_nothing(client, cpts, coordinator):
    client.force_login(coordinator)
    send(client, cpts, text="Secret")
    other = CptsFactory()
    client.force_login(UserFactory(role=Role.COORDINATOR, on=other))
    assert client.get(url(cpts)).status_code == 404
    assert client.get(url(other)).json() == {"mine": None, "others": []}
    client.logout()
    assert client.get(url(cpts)).status_code == 302


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        pytest.param(KEY, {"a": "x" * 300_000}, id="too long"),
        pytest.param(KEY, {str(n): "" for n in range(61)}, id="too many fields"),
        pytest.param(KEY, {"a": 1}, id="not a text"),
        pytest.param("../etc", {"a": "b"}, id="no such key"),
        pytest.param("A" * 130, {"a": "b"}, id="key too long"),
    ],
)
def test_anything_else_is_refused(cpts, coordinator, key, fields):
    with pytest.raises(drafting.DraftUnreadable):
        drafting.keep_draft(cpts=cpts, user=coordinator, key=key, fields=fields, at=NOON)
    assert not Draft.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "{", "null", '"texte"'])
def test_what_is_not_a_form_is_refused(client, cpts, coordinator, body):
    client.force_login(coordinator)
    assert client.post(url(cpts), body, content_type="application/json").status_code == 400
    assert client.post(url(cpts), {"text": body}).status_code == 400  # as forms are sent


def test_a_person_has_fifty_the_latest(cpts, coordinator):
    for number in range(53):
        at = NOON + timedelta(minutes=number)
        drafting.keep_draft(cpts=cpts, user=coordinator, key=f"essai:{number}", fields={"a": "b"}, at=at)
    assert Draft.objects.count() == 50
    assert not Draft.objects.filter(key="essai:2").exists()


def test_thousands_an_hour_are_refused(client, cpts, coordinator, settings):
    settings.LIMITS = {DRAFTS.name: "2/3600"}
    client.force_login(coordinator)
    assert [send(client, cpts, text=text).status_code for text in "abc"] == [200, 200, 400]


def minutes(cpts):
    meeting = MeetingFactory(cpts=cpts, status="closed", closed_at=NOON)
    return reverse("meetings:minutes", args=[cpts.slug, meeting.uuid]), f"minutes:{meeting.uuid}"


@pytest.mark.parametrize(
    ("typed", "is_kept"),
    [({"version": "0", "text": "Dit."}, False), ({"version": "7", "text": "Dit."}, True)],
    ids=["taken", "shown again"],
)
def test_a_form_that_is_taken_needs_its_draft_no_more(client, cpts, coordinator, typed, is_kept):
    client.force_login(coordinator)
    page, key = minutes(cpts)
    send(client, cpts, key, text="Dit.")
    client.post(page, typed | {"do": "save", "draft": key})
    assert Draft.objects.exists() == is_kept


def test_a_form_that_waits_for_a_proof_keeps_it(client, cpts, coordinator):
    client.force_login(coordinator)
    page, key = minutes(cpts)
    send(client, cpts, key, text="Dit.")
    grow_old(client, 600)
    waiting = client.post(page, {"do": "validate", "version": "0", "text": "Dit.", "draft": key})
    assert waiting.status_code == 302
    assert Draft.objects.exists()


def test_it_is_forgotten_when_its_author_says_so(client, cpts, coordinator):
    client.force_login(coordinator)
    send(client, cpts, text="Essai")
    for _ in range(2):
        assert client.delete(url(cpts)).status_code == 204
    assert not Draft.objects.exists()
