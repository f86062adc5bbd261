"""The key of the instance: told apart, refused when it is none, and what it wraps opens in its place alone."""

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.core.secrecy import sealing

KEY, OTHER = (bytes((start * 37 + number * number * 11 + 128) % 256 for number in range(32)) for start in (1, 2))


def typed(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


@given(st.binary(), st.binary())
def test_what_is_encrypted_opens_with_its_key_in_its_place(text, place):
    sealed = sealing.encrypt(KEY, text, place=place)
    assert sealing.decrypt(KEY, sealed, place=place) == text
    assert sealed != sealing.encrypt(KEY, text, place=place)
    assert len(sealed) == len(text) + 12 + 16
    for key, where in ((OTHER, place), (KEY, place + b"x")):
        with pytest.raises(sealing.SealBroken, match="ne peuvent plus être lues"):
            sealing.decrypt(key, sealed, place=where)


@given(st.integers(0, 45))
def test_one_byte_changed_opens_nothing(place):
    sealed = bytearray(sealing.encrypt(KEY, b"Fievre, trois jours", place=b"p"))
    sealed[place % len(sealed)] ^= 1
    for broken in (bytes(sealed), b"", bytes(sealed[:12])):
        with pytest.raises(sealing.SealBroken):
            sealing.decrypt(KEY, broken, place=b"p")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("pas une clé", "n’est pas écrite en base64 : un caractère manque, ou n’y a pas sa place"),
        (typed(KEY)[:-1], "n’est pas écrite en base64 : un caractère manque, ou n’y a pas sa place"),
        (typed(KEY[:31]), "fait 31 octets, il en faut 32"),
        (typed(KEY + b"a"), "fait 33 octets, il en faut 32"),
        (typed(bytes(32)), "n’a pas été tirée au hasard"),
        (typed(bytes(range(32))), "n’a pas été tirée au hasard"),
        (typed(bytes(number * 7 % 256 for number in range(32))), "n’a pas été tirée au hasard"),
        (typed(bytes(list(dict.fromkeys(KEY))[number % 19] for number in range(32))), "n’a pas été tirée au hasard"),
        (typed(b"une phrase de trente-deux signes"), "n’a pas été tirée au hasard"),
        (typed(KEY), ""),
    ],
)
def test_a_key_that_is_none_says_why(text, fault):
    assert sealing.key_fault(text) == fault


def test_twenty_values_are_enough_and_keys_drawn_pass():
    distinct = list(dict.fromkeys(KEY))[:20]
    twenty = bytes(distinct[number % 20] for number in range(32))
    assert len(set(twenty)) == 20
    assert sealing.key_fault(typed(twenty)) == ""
    assert all(sealing.key_fault(typed(secrets.token_bytes(32))) == "" for _ in range(200))


def test_the_key_of_the_demonstration_serves_there_alone(settings):
    settings.ACCEPTS_PUBLISHED_KEY = False
    fault = sealing.key_fault(settings.PUBLISHED_PATIENT_DATA_KEY)
    assert fault == "est celle de la démonstration, que tout le monde connaît"
    settings.ACCEPTS_PUBLISHED_KEY = True
    assert sealing.key_fault(settings.PUBLISHED_PATIENT_DATA_KEY) == ""


def test_without_a_key_nothing_seals(settings):
    for text in ("", typed(bytes(32))):
        settings.PATIENT_DATA_KEY = text
        assert (sealing.can_seal(), sealing.fingerprint()) == (False, "")
        with pytest.raises(sealing.NoSealingKey, match="n’a pas de clé"):
            sealing.instance_keys()


def test_the_key_of_today_comes_first_and_the_one_before_still_opens(settings):
    settings.PATIENT_DATA_KEY, settings.PATIENT_DATA_KEY_PREVIOUS = typed(KEY), typed(OTHER)
    assert list(sealing.instance_keys().values()) == [KEY, OTHER]
    assert list(sealing.instance_keys()) == [sealing.fingerprint(), sealing.fingerprint_of(typed(OTHER))]
    assert len(sealing.fingerprint()) == 16
    settings.PATIENT_DATA_KEY_PREVIOUS = typed(bytes(32))
    assert list(sealing.instance_keys().values()) == [KEY]


def test_a_fingerprint_is_the_same_in_every_version():
    """It is kept beside what a key sealed: another way to make it would refuse to start."""
    assert sealing.fingerprint_of(typed(bytes(range(1, 33)))) == "c52f793119a094ee"
