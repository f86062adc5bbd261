"""The key of the instance: a bad one is refused before it seals, another one before it is believed."""

import secrets
from base64 import urlsafe_b64encode

import pytest

from maillage.core.sealing import can_seal, fingerprint, key_fault


def typed(key: bytes) -> str:
    return urlsafe_b64encode(key).decode()


BAD_KEYS = {
    "zeros": (typed(bytes(32)), "hasard"),
    "counted": (typed(bytes(range(32))), "hasard"),
    "twice-the-same-half": (typed(bytes(range(0, 256, 16)) * 2), "hasard"),
    "a-sentence": (typed(b"only-for-tests-never-anywhere-el"), "hasard"),
    "31-bytes": (typed(bytes(range(100, 131))), "31 octets"),
    "33-bytes": (typed(bytes(range(100, 133))), "33 octets"),
    "hexadecimal": ("0f" * 32, "48 octets"),
    "a-sign-lost": ("0Lm-x-6vFyj86zJDjJAIuNNfAvoXY_QeTjb4In6MG98", "base64"),
    "garbled": ("0Lm-x-6vFyj86 zJDjJAIuNNfAvoXY!QeTjb4In6MG98=", "base64"),
    "accented": ("é" * 44, "base64"),
}


@pytest.mark.parametrize(("text", "said"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_bad_key_is_refused_with_what_is_wrong_and_seals_nothing(settings, text, said):
    settings.PATIENT_DATA_KEY = text
    assert said in key_fault(text)
    assert not can_seal()
    assert fingerprint() == ""


def test_a_key_drawn_at_random_is_taken():
    assert {key_fault(typed(secrets.token_bytes(32))) for _ in range(2_000)} == {""}


def test_the_published_key_is_refused_where_it_is_not_expected(settings):
    settings.ACCEPTS_PUBLISHED_KEY = False
    assert "démonstration" in key_fault(settings.PUBLISHED_PATIENT_DATA_KEY)


def test_a_fingerprint_tells_keys_apart_and_never_changes(settings):
    before = fingerprint()
    assert before == "49efaf630d869b0b"
    settings.PATIENT_DATA_KEY = typed(bytes(range(0, 224, 7)))
    assert fingerprint() == ""  # 32 equal steps
    settings.PATIENT_DATA_KEY = typed(secrets.token_bytes(32))
    assert len(fingerprint()) == 16
    assert fingerprint() != before
