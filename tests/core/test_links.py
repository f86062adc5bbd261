"""Links signed for one purpose, until one moment."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from maillage.core import links

UNTIL = datetime(2026, 12, 1, 12, tzinfo=UTC)
SOON = UNTIL - timedelta(seconds=1)
SOMEBODY = UUID(int=7)


@given(st.uuids(), st.text("abc", min_size=1), st.integers(1, 10**9))
def test_a_link_says_what_it_was_made_for_until_its_last_second(uuid, purpose, seconds):
    token = links.sign(purpose, uuid, until=UNTIL)
    assert links.read(purpose, token, at=SOON) == links.unproved(token) == uuid
    with pytest.raises(links.LinkExpired):
        links.read(purpose, token, at=UNTIL)
    with pytest.raises(links.LinkExpired, match="a expiré"):
        links.read(purpose, token, at=UNTIL + timedelta(seconds=seconds))


def test_a_link_of_one_purpose_opens_no_other_door():
    token = links.sign("vote", SOMEBODY, until=UNTIL)
    with pytest.raises(links.LinkUnusable, match="vérifiez qu’il est entier"):
        links.read("signin", token, at=SOON)


@given(st.integers(0, 200), st.characters())
def test_a_link_with_one_sign_changed_is_refused(place, sign):
    token = links.sign("vote", SOMEBODY, until=UNTIL)
    place %= len(token)
    changed = token[:place] + sign + token[place + 1 :]
    if changed != token:
        with pytest.raises(links.LinkUnusable):
            links.read("vote", changed, at=SOON)


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.b", "AAAA.x", "A" * 500])
def test_what_is_no_link_is_refused(token):
    for read in (links.unproved, lambda token: links.read("vote", token, at=SOON)):
        with pytest.raises(links.LinkUnusable):
            read(token)


def test_what_is_signed_and_is_no_link_is_refused():
    token = links._signer("vote").sign("AAAA")
    with pytest.raises(links.LinkUnusable):
        links.read("vote", token, at=SOON)


def test_addresses_are_whole_and_of_this_site(settings):
    settings.PUBLIC_URL = "https://maillage.exemple.invalid"
    settings.PAGES = {"legal": "portal:legal"}
    path = reverse("members:list", args=["ici"])
    assert links.absolute("members:list", "ici") == f"https://maillage.exemple.invalid{path}"
    assert links.on_this_site("/x") == "https://maillage.exemple.invalid/x"
    assert links.page("legal") == reverse("portal:legal")
