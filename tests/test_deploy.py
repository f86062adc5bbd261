"""What stands before the application says the same as the application."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from maillage.core.apart.reading import Reader
from maillage.records.actions import attaching
from maillage.sas.api.answering import LARGEST_BODY
from maillage.territory.web.forms import PASTE_LIMIT
from maillage.unscheduled_care.actions import calendars

DEPLOY = Path(__file__).parent.parent / "deploy"
UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
FORM_AROUND = 64 * 1024  # the other fields, and the borders between them


def body_size(name: str) -> int:
    ((number, unit),) = re.findall(
        r"client_max_body_size\s+(\d+)([kmg]?);", (DEPLOY / name).read_text(encoding="utf-8")
    )
    return int(number) * UNITS[unit]


def test_the_proxy_lets_through_what_the_application_takes_and_no_more():
    assert body_size("nginx.conf") == settings.LARGEST_REQUEST == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert f"{settings.LARGEST_REQUEST // 1024**2} Mo au plus" in (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "largest",
    [attaching.LARGEST, Reader("").largest, calendars.FILES.largest, 3 * PASTE_LIMIT],
    ids=["pdf", "workbook", "calendar", "pasted-list-encoded"],
)
def test_a_file_as_large_as_its_kind_allows_reaches_the_one_who_answers(largest):
    """Twice as large is refused by the application, in its words, wherever it can be."""
    assert largest + FORM_AROUND < settings.LARGEST_REQUEST


def test_machines_send_less_than_people():
    assert body_size("nginx-sas.conf") == LARGEST_BODY < body_size("nginx.conf")


@pytest.mark.parametrize("name", ["maillage-web", "maillage-worker", "maillage-backup"])
def test_services_write_where_the_documentation_says(name):
    service = (DEPLOY / f"{name}.service").read_text(encoding="utf-8")
    (places,) = re.findall(r"^ReadWritePaths=(.*)$", service, re.MULTILINE)
    assert "/var/lib/maillage" in places
    assert ("/var/backups/maillage" in places) == (name != "maillage-web")
