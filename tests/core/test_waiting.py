"""Files that wait for the worker: given back, forgotten in time, kept when the reading was cut short."""

import os

import pytest
from django.utils import timezone

from maillage.core.errors import UnreadableFile
from maillage.core.loading.waiting import KEPT_SECONDS, keep_waiting, sweep_waiting, taken, waiting


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_a_content_is_given_back_then_forgotten():
    key = keep_waiting(b"Nom;Mail")
    with taken(key) as content:
        assert content == b"Nom;Mail"
    with pytest.raises(UnreadableFile, match="envoyez-le de nouveau"):
        waiting(key)


def test_a_refusal_forgets_it_and_an_outage_keeps_it():
    refused, cut = keep_waiting(b"a"), keep_waiting(b"b")
    with pytest.raises(UnreadableFile), taken(refused):
        raise UnreadableFile
    with pytest.raises(OSError), taken(cut):  # noqa: PT011
        raise OSError
    assert waiting(cut) == b"b"
    with pytest.raises(UnreadableFile):
        waiting(refused)


def test_what_nobody_came_for_goes_after_a_day(media):
    old, fresh = keep_waiting(b"a"), keep_waiting(b"b")
    then = timezone.now().timestamp() - KEPT_SECONDS - 1
    os.utime(media / "waiting" / old, (then, then))
    assert sweep_waiting() == 1
    assert waiting(fresh) == b"b"
