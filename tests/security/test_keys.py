"""The key of the instance: a bad one is refused before it seals, another one before it is believed."""

import os
import secrets
import signal
import subprocess
import sys
from base64 import urlsafe_b64encode
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, connections, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.asserts import assertContains, assertNotContains

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.core.checks import refuse_to_start
from maillage.core.models import DataKey, Job
from maillage.core.secrecy import keyring, resealing
from maillage.core.secrecy.keyring import Keyring, OpenKey, SealingKeyDestroyed
from maillage.core.secrecy.sealed import key_id, place_of, read_sealed, sealed, sealed_fields, unsealed, write_sealed
from maillage.core.secrecy.sealing import NoSealingKey, SealBroken, can_seal, fingerprint, key_fault
from maillage.geography.models import Commune
from maillage.unscheduled_care.actions import open_request, save_settings
from maillage.unscheduled_care.models import CareRequest, Difficulty
from tests.factories import NOON, UserFactory
from tests.security.copied_files import bytes_of, sqlite_files


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


def new_key() -> str:
    return typed(secrets.token_bytes(32))


def difficulty(cpts_id: int, text: str = "Fermé") -> Difficulty:
    row = Difficulty(cpts_id=cpts_id, told_by_name="Zoé", told_at=NOON)
    write_sealed(row, "sealed", {"text": text}, at=NOON)
    row.save()
    return Difficulty.objects.get(pk=row.pk)


@pytest.mark.parametrize(("text", "said"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_commands_the_worker_and_the_server_refuse_to_start_with_a_bad_key(db, settings, text, said):
    for name in ("PATIENT_DATA_KEY", "PATIENT_DATA_KEY_PREVIOUS"):
        settings.PATIENT_DATA_KEY, settings.PATIENT_DATA_KEY_PREVIOUS = new_key(), ""
        setattr(settings, name, text)
        with pytest.raises(SystemCheckError, match=rf"{name} .*{said}"):
            call_command("run_worker", "--batch", skip_checks=False)
        with pytest.raises(ImproperlyConfigured, match=said):
            refuse_to_start()


def test_they_refuse_another_key_than_the_one_that_sealed_and_no_key_at_all(cpts, settings):
    first, before = settings.PATIENT_DATA_KEY, fingerprint()
    settings.PATIENT_DATA_KEY = new_key()
    refuse_to_start()  # nothing is sealed yet: any key will do
    settings.PATIENT_DATA_KEY = first
    difficulty(cpts.pk)
    refuse_to_start()
    for other in (new_key(), ""):
        settings.PATIENT_DATA_KEY = other
        with pytest.raises(ImproperlyConfigured, match=before):
            refuse_to_start()
        with pytest.raises(SystemCheckError, match="PATIENT_DATA_KEY_PREVIOUS"):
            call_command("run_worker", "--batch", skip_checks=False)
    settings.PATIENT_DATA_KEY, settings.PATIENT_DATA_KEY_PREVIOUS = new_key(), first
    refuse_to_start()


def test_the_server_itself_stops_with_the_reason_in_plain_words(tmp_path):
    """A process of its own, as systemd starts it."""
    told = {"VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings.demo", "PATIENT_DATA_KEY": "AAAA"}
    command = [sys.executable, "-c", "import config.wsgi"]
    server = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=False)
    assert server.returncode != 0
    assert "PATIENT_DATA_KEY fait 3 octets, il en faut 32." in server.stderr


@pytest.mark.parametrize("key", ["", "court", "é"])
def test_without_a_key_nothing_is_sealed(cpts, settings, key):
    settings.PATIENT_DATA_KEY = key
    with pytest.raises(NoSealingKey):
        difficulty(cpts.pk)
    assert not DataKey.objects.exists()


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=200), max_size=4))
def test_what_is_sealed_is_read_back_in_its_place_only(facts):
    key = OpenKey(uuid4(), secrets.token_bytes(32))
    field = Difficulty._meta.get_field("sealed")
    row = uuid4()
    whole = sealed(facts, key=key, place=place_of(field, 7, row))
    assert unsealed(whole, key=key, place=place_of(field, 7, row)) == facts
    other = CareRequest._meta.get_field("sealed")
    for place in (place_of(field, 8, row), place_of(field, 7, uuid4()), place_of(other, 7, row)):
        with pytest.raises(SealBroken):
            unsealed(whole, key=key, place=place)


def test_a_sealed_column_moved_to_another_row_or_cpts_opens_nowhere(cpts, neighbour):
    """What somebody with the database does: copy the bytes where they may read them."""
    mine, colleague, stranger = difficulty(cpts.pk), difficulty(cpts.pk), difficulty(neighbour.pk)
    for thief in (colleague, stranger):
        Difficulty.objects.filter(pk=thief.pk).update(sealed=mine.sealed)
        with pytest.raises(SealBroken):
            read_sealed(Difficulty.objects.get(pk=thief.pk), "sealed")
    Difficulty.objects.filter(pk=mine.pk).update(cpts=neighbour)
    with pytest.raises(SealBroken):
        read_sealed(Difficulty.objects.get(pk=mine.pk), "sealed")


def test_a_data_key_moved_under_another_cpts_opens_nothing(cpts, neighbour):
    row = difficulty(cpts.pk)
    DataKey.objects.update(owner_id=neighbour.pk)
    with pytest.raises(SealBroken):
        read_sealed(row, "sealed")


@pytest.mark.parametrize("place", [0, 5, 20, 40, -1])
def test_a_byte_that_changed_is_seen(cpts, place):
    row = difficulty(cpts.pk)
    whole = bytearray(row.sealed)
    whole[place] ^= 1
    row.sealed = bytes(whole)
    if 1 <= place < 17:  # names a key that is not there: as destroyed, and nothing is read
        assert read_sealed(row, "sealed") == {}
    else:
        with pytest.raises(SealBroken):
            read_sealed(row, "sealed")


def test_each_cpts_has_a_key_of_its_own_that_the_database_does_not_show(cpts, neighbour):
    rows = [difficulty(one.pk) for one in (cpts, neighbour, cpts)]
    keys = {key.owner_id: keyring.unwrap(key) for key in DataKey.objects.all()}
    assert set(keys) == {cpts.pk, neighbour.pk}
    assert keys[cpts.pk].secret != keys[neighbour.pk].secret
    assert all(keys[row.owner_id].secret not in bytes(row.wrapped) for row in DataKey.objects.all())
    assert [read_sealed(row, "sealed") for row in rows] == [{"text": "Fermé"}] * 3


def test_destroying_a_key_makes_what_it_sealed_unreadable_for_ever_and_nothing_else(cpts, neighbour):
    mine, theirs, held = difficulty(cpts.pk), difficulty(neighbour.pk), Keyring()
    assert keyring.destroy(cpts.pk, NOON) == 1
    assert read_sealed(mine, "sealed") == {}
    assert read_sealed(theirs, "sealed", keys=held) == {"text": "Fermé"}
    with pytest.raises(SealingKeyDestroyed):
        difficulty(cpts.pk)
    assert keyring.destroy(cpts.pk, NOON) == 0


def test_a_cpts_that_sealed_nothing_yet_never_will_once_destroyed(cpts):
    assert keyring.destroy(cpts.pk, NOON) == 0
    with pytest.raises(SealingKeyDestroyed):
        difficulty(cpts.pk)


def test_the_database_refuses_two_keys_in_use_and_a_destroyed_one_that_holds_something(cpts):
    difficulty(cpts.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        DataKey.objects.create(owner_id=cpts.pk, wrapped=b"x", wrapped_by="x", created_at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        DataKey.objects.update(destroyed_at=NOON)


@pytest.mark.django_db(transaction=True)
def test_eight_people_who_seal_at_once_draw_one_key(cpts):
    start, failed = Barrier(8), []

    def work():
        start.wait()
        try:
            with transaction.atomic():
                difficulty(cpts.pk)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert DataKey.objects.count() == 1
    assert {read_sealed(row, "sealed")["text"] for row in Difficulty.objects.all()} == {"Fermé"}


def test_every_sealed_column_is_known_and_says_whose_it_is():
    assert {f"{model.__name__}.{field.name}" for model, field in sealed_fields()} == {
        "Appointment.sealed",
        "CareRequest.sealed",
        "Difficulty.sealed",
        "RequestMessage.sealed",
        "PatientRecord.sealed",
        "IndexSecret.sealed",
    }
    for model, field in sealed_fields():
        assert model._meta.get_field("uuid").unique
        model.objects.values_list(field.owner)  # a path that a query understands


def rotate(settings) -> str:
    """A new key of the instance, beside the one it takes over from."""
    former = settings.PATIENT_DATA_KEY
    settings.PATIENT_DATA_KEY, settings.PATIENT_DATA_KEY_PREVIOUS = new_key(), former
    return former


def run_reseal(at=NOON, progress=lambda *_: None, *, everything: bool = False) -> str:
    return resealing.reseal({"everything": everything, "asked_at": at.isoformat()}, progress)


@pytest.fixture
def at(monkeypatch):
    """A clock that the test sets."""
    clock = {"now": NOON}
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock["now"])
    return clock


def texts() -> list[str]:
    return [read_sealed(row, "sealed")["text"] for row in Difficulty.objects.order_by("pk")]


def test_a_change_of_key_seals_everything_again_and_the_former_key_opens_nothing(cpts, neighbour, settings, at):
    said = [f"texte {number}" for number in range(5)]
    for number, text in enumerate(said):
        difficulty((cpts if number % 2 else neighbour).pk, text)
    before = {bytes(row.sealed) for row in Difficulty.objects.all()}
    data_keys = {keyring.unwrap(row).secret for row in DataKey.objects.all()}
    former = rotate(settings)
    assert texts() == said  # while it is not done yet
    assert run_reseal() == "2 clés renouvelées, 5 textes scellés de nouveau."
    settings.PATIENT_DATA_KEY_PREVIOUS = ""
    refuse_to_start()
    assert texts() == said
    assert not before & {bytes(row.sealed) for row in Difficulty.objects.all()}
    at["now"] = NOON + timedelta(days=2)
    run_reseal(at["now"])
    assert not data_keys & {keyring.unwrap(row).secret for row in DataKey.objects.all()}
    assert DataKey.objects.count() == 2
    assert texts() == said
    settings.PATIENT_DATA_KEY = former
    with pytest.raises(ImproperlyConfigured):
        refuse_to_start()


class Killed(BaseException):
    """As the process is: nothing catches it."""


@pytest.mark.parametrize("after", [1, 2, 3])
def test_killed_in_the_middle_it_is_resumed_and_nothing_is_lost(cpts, settings, monkeypatch, at, after):
    monkeypatch.setattr(resealing, "BATCH", 3)
    said = [f"texte {number}" for number in range(11)]
    for text in said:
        difficulty(cpts.pk, text)
    rotate(settings)
    rounds = []

    def killed(message: str, done: int, total: int) -> None:
        rounds.append((done, total))
        if len(rounds) == after:
            raise Killed

    with pytest.raises(Killed):
        run_reseal(progress=killed)
    assert rounds[-1] == (3 * after, 11)
    assert texts() == said
    assert run_reseal() == f"0 clé renouvelée, {11 - 3 * after} textes scellés de nouveau."
    assert texts() == said
    assert run_reseal() == "0 clé renouvelée, 0 texte scellé de nouveau."


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_by_the_system_is_resumed_by_the_next(cpts, settings, tmp_path):
    """A real process, killed with the signal that nothing catches, after the first batches."""
    for number in range(40):
        difficulty(cpts.pk, f"texte {number}")
    former = rotate(settings)
    script = (
        "import os, signal, django; django.setup()\n"
        "from django.conf import settings; from django.db import connection\n"
        f"settings.DATABASES['default']['NAME'] = connection.settings_dict['NAME'] = {connection_name()!r}\n"
        f"settings.PATIENT_DATA_KEY, settings.PATIENT_DATA_KEY_PREVIOUS = {settings.PATIENT_DATA_KEY!r}, {former!r}\n"
        "from maillage.core.secrecy import resealing; resealing.BATCH = 10\n"
        "def told(message, done, total):\n"
        "    if done >= 20: os.kill(os.getpid(), signal.SIGKILL)\n"
        "resealing.reseal({}, told)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    in_use = DataKey.objects.get(retired_at=None).uuid
    done = sum(key_id(bytes(row.sealed)) == in_use for row in Difficulty.objects.all())
    assert done == 20
    assert run_reseal() == "0 clé renouvelée, 20 textes scellés de nouveau."
    assert texts() == [f"texte {number}" for number in range(40)]


def connection_name() -> str:
    return str(connections["default"].settings_dict["NAME"])


def test_what_somebody_writes_meanwhile_is_kept(cpts, settings, at):
    """The row changed between the reading of its batch and its writing: theirs wins, and it opens."""
    row = difficulty(cpts.pk, "avant")
    rotate(settings)
    held = resealing._reseal_row

    def slow(model, column, values, keys, round_):
        if values[0] == row.pk:
            fresh = Difficulty.objects.get(pk=row.pk)
            write_sealed(fresh, "sealed", {"text": "écrit entre-temps"}, at=NOON)
            fresh.save()
        held(model, column, values, keys, round_)

    resealing._reseal_row = slow
    try:
        run_reseal()
    finally:
        resealing._reseal_row = held
    assert texts() == ["écrit entre-temps"]


def test_what_a_slow_transaction_sealed_with_the_former_key_is_caught_the_day_after(cpts, settings, at):
    row = difficulty(cpts.pk, "avant")
    slow = Difficulty(cpts=cpts, told_by_name="Zoé", told_at=NOON)
    write_sealed(slow, "sealed", {"text": "lent"}, at=NOON)
    rotate(settings)
    run_reseal()
    slow.save()  # commits once the round is over
    at["now"] = NOON + timedelta(days=2)
    run_reseal(at["now"])
    assert texts() == ["avant", "lent"]
    at["now"] = NOON + timedelta(days=3)
    run_reseal(at["now"])
    assert DataKey.objects.count() == 1
    assert texts() == ["avant", "lent"]
    assert Difficulty.objects.filter(pk=row.pk).exists()


def test_a_destroyed_key_is_not_renewed(cpts, neighbour, settings, at):
    difficulty(cpts.pk)
    difficulty(neighbour.pk)
    keyring.destroy(cpts.pk, NOON)
    rotate(settings)
    assert run_reseal() == "1 clé renouvelée, 1 texte scellé de nouveau."
    assert read_sealed(Difficulty.objects.get(cpts=cpts), "sealed") == {}


@pytest.mark.django_db(transaction=True)
def test_the_worker_begins_by_itself_when_it_starts_with_two_keys(cpts, settings, monkeypatch):
    difficulty(cpts.pk)
    call_command("run_worker", "--batch", verbosity=0)
    assert not Job.objects.filter(kind=resealing.RESEAL).exists()
    rotate(settings)
    call_command("run_worker", "--batch", verbosity=0)
    assert Job.objects.get(kind=resealing.RESEAL).message == "1 clé renouvelée, 1 texte scellé de nouveau."


def test_the_administrator_sees_the_keys_renews_them_and_destroys_one(client, cpts, neighbour, run_jobs):
    admin = UserFactory(role=Role.INSTANCE_ADMIN)
    row = difficulty(cpts.pk)
    difficulty(neighbour.pk)
    client.force_login(admin)
    page = client.get(reverse("portal:keys"))
    assertContains(page, fingerprint())
    assert not [row for row in DataKey.objects.all() if bytes(row.wrapped).hex() in page.content.decode()]
    client.post(reverse("portal:renew_keys"))
    run_jobs()
    job = Job.objects.get(kind=resealing.RESEAL)
    assert job.message == "2 clés renouvelées, 2 textes scellés de nouveau."
    assertContains(client.get(reverse("portal:keys")), "2 textes scellés de nouveau")
    page = reverse("portal:destroy_key", args=[cpts.uuid])
    assertContains(client.post(page, {"name": "CPTS d’ailleurs"}), "rien n’a été détruit")
    assert read_sealed(Difficulty.objects.get(pk=row.pk), "sealed") == {"text": "Fermé"}
    assertContains(client.post(page, {"name": cpts.name}, follow=True), "est détruite")
    assertContains(client.post(page, {"name": cpts.name}), "a déjà été détruite")
    event = AuditEvent.objects.get(type="keys.destroyed")
    assert (event.by_id, event.cpts_id) == (admin.pk, cpts.pk)


def test_pages_of_a_cpts_whose_key_was_destroyed_say_erased(client, cpts, coordinator, run_jobs):
    fields = {"target_hours": 48, "hds_host": "Hébergeur", "declares_hds": True, "patient_months": 3}
    save_settings(cpts=cpts, read_version=0, fields=fields, by=coordinator, at=NOON)
    commune = Commune.objects.get(code="24037")
    asked = {"cpts": cpts, "commune": commune, "group": "10G", "hours": 48, "by": coordinator, "at": timezone.now()}
    request = open_request(patient={"who": "Jeanne", "what": "Fièvre"}, **asked)
    difficulty(cpts.pk, "Fermé à clé")
    call_command("destroy_patient_key", cpts.slug, "--name", cpts.name)
    client.force_login(coordinator)
    care = [cpts.slug]
    shown = client.get(reverse("unscheduled_care:request", args=[*care, request.uuid]))
    assertContains(shown, "la clé des données de patients de cette CPTS a été détruite")
    assertNotContains(shown, "Jeanne")
    page = client.get(reverse("unscheduled_care:difficulties", args=care))
    assertContains(page, "effacé")
    assertNotContains(page, "Fermé à clé")
    call = {"who": "Ali", "commune": "Bergerac", "what": "Fièvre", "hours": "48", "group": "10G"}
    assertContains(client.post(reverse("unscheduled_care:new_request", args=care), call), "a été détruite")
    said = client.post(shown.request["PATH_INFO"], {"do": "message", "text": "Allô"}, follow=True)
    assertContains(said, "a été détruite")


@pytest.mark.django_db(transaction=True)
def test_a_destroyed_key_stays_nowhere_in_the_files_of_the_database(cpts):
    difficulty(cpts.pk)
    wrapped = bytes(DataKey.objects.get().wrapped)
    assert wrapped in files_of_the_database()
    with transaction.atomic():
        keyring.destroy(cpts.pk, NOON)
    assert wrapped not in files_of_the_database()


def files_of_the_database() -> bytes:
    """The bytes of the tables, as somebody with the disk reads them (not the journal of PostgreSQL, which ages)."""
    if connection.vendor == "sqlite":
        return b"".join(bytes_of(path) for path in sqlite_files())
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_read_binary_file(pg_relation_filepath('core_datakey'))")
        return bytes(cursor.fetchone()[0])
