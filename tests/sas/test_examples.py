"""The requests of docs/ops/sas.md answer as the guide says."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from maillage.sas.fhir.examples import read_examples
from maillage.sas.management.commands.sas_examples import GUIDE
from tests.unscheduled_care.campaign import load, slot

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_example_of_the_guide_answers_as_it_says(live_server):
    start = (timezone.now() + timedelta(hours=2)).isoformat()
    load(slot("d", "d1", start, codes=["SNP", "CPTS"], cpts=["a", "b"]))
    out = io.StringIO()
    call_command("sas_examples", url=live_server.url, stdout=out)
    assert "Every answer is what the guide says." in out.getvalue()
    assert out.getvalue().count("→") == len(read_examples(GUIDE, {})) == 9


def test_an_answer_that_differs_is_said(live_server):
    with pytest.raises(CommandError, match="2 answers"):  # no slot at all: the first two are empty
        call_command("sas_examples", url=live_server.url, stdout=io.StringIO(), stderr=io.StringIO())
