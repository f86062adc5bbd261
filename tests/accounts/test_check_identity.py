"""What an operator reads before people sign in by Pro Santé Connect."""

import io

import pytest
from django.core.management import CommandError, call_command

from tests.sas.faulty_provider import CLIENT, running
from tests.security.psc_provider import SECRET, PscProvider


@pytest.fixture
def provider(settings):
    settings.PUBLIC_URL = "http://testserver"
    with running(PscProvider("899900000017")) as psc:
        settings.IDENTITY_METADATA_URL = f"{psc.url}/configuration"
        settings.IDENTITY_CLIENT_ID, settings.IDENTITY_CLIENT_SECRET = CLIENT, SECRET
        yield psc


def said():
    out = io.StringIO()
    call_command("check_identity", stdout=out, stderr=out)
    return out.getvalue()


def test_it_says_what_to_register_and_that_the_provider_answers(provider):
    text = said()
    assert "http://testserver/compte/psc/retour/" in text
    assert "http://testserver/compte/psc/sortie/" in text
    assert "as expected" in text


def test_it_says_what_is_wrong(provider, settings):
    provider.down = frozenset({"keys"})
    with pytest.raises(CommandError, match="1 to settle"):
        said()
    provider.down = frozenset({"configuration"})
    with pytest.raises(CommandError, match="ne répond pas"):
        said()
    settings.IDENTITY_METADATA_URL = ""
    with pytest.raises(CommandError, match="raccordée"):
        said()
