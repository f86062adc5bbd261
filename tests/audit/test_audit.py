"""The audit is written with the change, and never changes."""

import pytest
from django.db import Error, transaction

from maillage.audit import actions as audit
from maillage.audit.models import AuditEvent
from tests.factories import NOON


@pytest.fixture
def event(cpts, coordinator):
    return audit.record("test.done", target=cpts, by=coordinator, at=NOON, cpts=cpts, summary="Un essai")


def test_a_row_says_who_did_what_on_what(event, cpts, coordinator):
    assert (event.by_name, event.by_id, event.target_label) == ("Claire Aubert", coordinator.pk, "CPTS du Bergeracois")
    assert str(event) == "Claire Aubert : Un essai"


def test_the_product_itself_signs_when_nobody_acts(cpts):
    assert audit.record("test.done", target=cpts, by=None, at=NOON, summary="x").by_name == "Maillage"


def test_the_database_refuses_to_change_a_row(event):
    with pytest.raises(Error, match="never change"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(summary="Autre chose")


def test_the_page_shows_own_events_filters_them_and_exports_them(client, event, coordinator, neighbour):
    audit.record("test.done", target=neighbour, by=None, at=NOON, cpts=neighbour, summary="Ailleurs")
    client.force_login(coordinator)
    url = "/cpts/cpts-du-bergeracois/journal/"
    page = client.get(url).content.decode()
    assert "Un essai" in page
    assert "Ailleurs" not in page
    assert "Un essai" not in client.get(url, {"nature": "perimeter"}).content.decode()
    assert "Un essai" in client.get(url, {"format": "csv"}).content.decode()
    assert client.get(url, {"format": "xlsx"}).content.startswith(b"PK")
