"""Imports end to end, on the engine in use: differences, refusals, two at once, a full disk."""

import csv
import gzip
import resource
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import IntegrityError

from maillage.audit.models import AuditEvent
from maillage.core.errors import DomainError, UnreadableFile
from maillage.directory.actions import directory_files, import_establishments, import_mailboxes, import_register
from maillage.directory.loading.imports import ImportAlreadyRunning, OlderFile, SeemsIncomplete, TooManyRejects
from maillage.directory.loading.register import follow_merges
from maillage.directory.models import (
    DirectoryImport,
    ImportState,
    Mailbox,
    Organization,
    Practitioner,
    PractitionerRole,
)
from maillage.geography.models import Commune
from maillage.portal.demo import register
from maillage.portal.demo.register import Invented, Place, register_line, rpps
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
BERGERAC = Place("24037", "Bergerac", "24100", 27_110)
SARLAT = Place("24520", "Sarlat-la-Canéda", "24200", 8_800)
EYMET = Place("24167", "Eymet", "24500", 2_600)
MARSEILLE = Place("13201", "Marseille 1er", "13001", 38_000)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def people(count=12, place=BERGERAC):
    """Doctors and nurses in turn, each in a cabinet of their own."""
    kinds = (("60", ""), ("10", "SM54"))
    return [
        Invented(rpps(serial), f"NOM-{serial}", "Ève", *kinds[serial % 2], "L", place, serial)
        for serial in range(1, count + 1)
    ]


def load(tmp_path, everybody, *, day="20261101", **options):
    path = register.write_register(tmp_path / f"PS_LibreAcces_Personne_activite_{day}0800.txt", everybody)
    return import_register(path=path, at=NOON, **options)


def text_file(tmp_path, lines, name="Personne_activite.txt", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def lines_of(everybody):
    return ["|".join(register.COLUMN_NAMES) + "|", *(register_line(one) for one in everybody), ""]


def state():
    """All that the register says, whatever the order."""
    return (
        set(Practitioner.objects.values_list("id", "family_name", "until", "fingerprint")),
        set(PractitionerRole.objects.values_list("id", "commune", "specialities", "since", "until")),
        set(Organization.objects.values_list("id", "name", "phone")),
    )


def test_a_register_is_loaded_once_and_again_without_writing(communes, tmp_path):
    row = load(tmp_path, people())
    assert (row.state, row.extracted_on, row.counts["arrivals"]) == (ImportState.DONE, date(2026, 11, 1), 12)
    assert (Practitioner.objects.count(), PractitionerRole.objects.current().count(), Organization.objects.count()) == (
        12,
        12,
        12,
    )
    first = PractitionerRole.objects.select_related("commune", "organization").order_by("practitioner").first()
    assert (first.group, first.commune.name, first.organization.city) == ("10G", "Bergerac", "Bergerac")
    # Nobody arrived: nothing was known before.
    assert set(PractitionerRole.objects.values_list("since", flat=True)) == {None}
    before = state()
    again = load(tmp_path, people(), day="20261102")
    assert state() == before
    assert {key: value for key, value in again.counts.items() if isinstance(value, int) and value} == {}
    assert AuditEvent.objects.filter(type="directory.imported").count() == 2


def test_a_later_register_is_a_difference(communes, tmp_path):
    first, second, third, *others = people()
    load(tmp_path, [first, second, third, *others])
    moved = replace(second, place=SARLAT, site=77)
    renamed = replace(third, family_name="NOUVEAU-NOM")
    newcomer = Invented(rpps(900), "ARRIVÉE", "Zoé", "60", "", "L", EYMET, 1)
    row = load(tmp_path, [moved, renamed, *others, newcomer], day="20261201")
    assert [row.counts[key] for key in ("arrivals", "departures", "moves", "people_changed")] == [1, 1, 1, 2]
    gone = Practitioner.objects.get(id=int(f"8{first.rpps}"))
    assert gone.until == date(2026, 12, 1)
    assert gone.roles.get().until == date(2026, 12, 1)
    roles = PractitionerRole.objects.filter(practitioner=int(f"8{second.rpps}")).order_by("until")
    assert sorted((role.commune_id, role.until) for role in roles if role.until) == [("24037", date(2026, 12, 1))]
    assert roles.current().get().commune_id == "24520"
    assert Practitioner.objects.get(id=int(f"8{third.rpps}")).search_name == "nouveau nom eve"
    assert Practitioner.objects.get(id=int(f"8{newcomer.rpps}")).since == date(2026, 12, 1)


def test_somebody_who_comes_back_is_there_again(communes, tmp_path):
    everybody = people()
    load(tmp_path, everybody)
    load(tmp_path, everybody[1:], day="20261201")
    row = load(tmp_path, everybody, day="20270101")
    assert row.counts["arrivals"] == 1
    back = Practitioner.objects.get(id=int(f"8{everybody[0].rpps}"))
    assert (back.until, back.since, back.roles.get().until) == (None, date(2027, 1, 1), None)


def test_columns_in_another_order_are_loaded_and_reloaded(communes, tmp_path):
    load(tmp_path, people(120))
    before = state()
    names = list(register.COLUMN_NAMES)
    rows = [dict(zip(names, register_line(one).split("|"), strict=False)) for one in people(120)]
    lines = ["|".join(reversed(names)), *("|".join(row[name] for name in reversed(names)) for row in rows), ""]
    row = import_register(path=text_file(tmp_path, lines), at=NOON)
    assert (row.counts["departures"], row.counts["arrivals"]) == (0, 0)
    assert {one[:3] for one in state()[0]} == {one[:3] for one in before[0]}


def test_an_older_file_is_refused_and_departures_are_not_invented(communes, tmp_path):
    load(tmp_path, people(12), day="20261101")
    with pytest.raises(OlderFile, match="avant le dernier"):
        load(tmp_path, people(11), day="20260501")
    assert not Practitioner.objects.exclude(until=None).exists()
    assert load(tmp_path, people(11), day="20260501", accept_fewer=True).counts["departures"] == 1


def test_what_is_always_refused_does_not_refuse_the_file_when_nothing_else_changed(communes, tmp_path):
    lines = [*lines_of(people(300))[:-1], *["8|trop court"] * 120, ""]
    path = text_file(tmp_path, lines)
    for _ in range(2):
        assert import_register(path=path, at=NOON).counts["rejected"] == 120


def test_a_departement_loaded_alone_does_not_hide_what_changes_elsewhere(communes, tmp_path):
    here = people(12)
    both = [*here, *(replace(one, place=MARSEILLE, site=90 + n) for n, one in enumerate(here))]
    both.sort(key=lambda one: one.rpps)
    load(tmp_path, both)
    moved = [replace(one, place=SARLAT) if one.place == MARSEILLE else one for one in both]
    load(tmp_path, moved, departements=frozenset({"24"}), day="20261115")
    load(tmp_path, moved, day="20261120")
    assert not PractitionerRole.objects.current().filter(commune="13201").exists()


def test_lines_found_apart_make_the_same_exercise_as_together(communes, tmp_path):
    one, other = people(2)
    first = register_line(one, **{"Code savoir-faire": "SM05"})
    path = text_file(tmp_path, [lines_of([])[0], first, register_line(other), register_line(one), ""])
    import_register(path=path, at=NOON)
    role = PractitionerRole.objects.get(practitioner=int(f"8{one.rpps}"))
    assert (role.group, role.specialities) == ("10G", "SM05 SM54")


def test_people_follow_their_commune_when_it_merges(communes, tmp_path):
    load(tmp_path, people())
    Commune.objects.filter(code="24037").update(merged_into="24051")
    assert follow_merges() == 24
    assert set(PractitionerRole.objects.values_list("commune", flat=True)) == {"24051"}


def test_lines_of_one_person_may_lie_apart(communes, tmp_path):
    first, second = people(2)
    other_speciality = register_line(first, **{"Code savoir-faire": "SM18", "Libellé savoir-faire": "Gériatrie"})
    impostor = register_line(replace(first, family_name="AUTRE", site=50))
    again = register_line(second, **{"Code savoir-faire": "X"})
    path = text_file(tmp_path, [*lines_of([first, second])[:-1], other_speciality, impostor, again, ""])
    row = import_register(path=path, at=NOON)
    assert PractitionerRole.objects.get(practitioner=int(f"8{first.rpps}")).specialities == "SM18 SM54"
    assert Practitioner.objects.get(id=int(f"8{first.rpps}")).family_name == "NOM-1"
    assert (row.counts["rejected"], PractitionerRole.objects.count()) == (1, 2)
    before = state()
    import_register(path=path, at=NOON)
    assert state() == before


def test_a_line_added_apart_takes_nothing_from_the_others_of_its_person(communes, tmp_path):
    first, second, third = people(3)
    load(tmp_path, [first, second, third])
    elsewhere = register_line(replace(first, place=SARLAT, site=70))
    path = text_file(tmp_path, [*lines_of([first, second, third])[:-1], elsewhere, ""])
    import_register(path=path, at=NOON)
    roles = PractitionerRole.objects.current().filter(practitioner=int(f"8{first.rpps}"))
    assert (roles.count(), PractitionerRole.objects.current().count()) == (2, 4)


def test_a_departement_is_loaded_alone_and_leaves_the_others_alone(communes, tmp_path):
    here, there = people(6), [replace(one, rpps=rpps(100 + n), place=MARSEILLE) for n, one in enumerate(people(4))]
    load(tmp_path, here + there, departements=frozenset({"24"}))
    assert Practitioner.objects.count() == 6
    load(tmp_path, here + there, departements=frozenset({"13"}), day="20261115")
    assert PractitionerRole.objects.current().count() == 10
    load(tmp_path, here[1:] + there[2:], departements=frozenset({"24"}), day="20261201")
    assert Practitioner.objects.filter(until=date(2026, 12, 1)).count() == 1
    assert PractitionerRole.objects.current().filter(commune="13201").count() == 4
    whole = load(tmp_path, here[1:] + there[2:], day="20261215")
    assert (whole.counts["departures"], PractitionerRole.objects.current().count()) == (2, 7)


def test_an_unknown_departement_is_refused(communes, tmp_path):
    with pytest.raises(UnreadableFile, match="Département inconnu : 20"):
        load(tmp_path, people(), departements=frozenset({"24", "20"}))
    assert not DirectoryImport.objects.exists()


def test_a_dry_run_counts_and_writes_nothing(communes, tmp_path):
    row = load(tmp_path, people(), dry_run=True)
    assert row.counts["arrivals"] == 12
    assert not Practitioner.objects.exists()
    assert not DirectoryImport.objects.exists()


def test_rejected_lines_are_kept_in_a_file_with_their_reason(communes, tmp_path):
    lines = lines_of(people(4))
    lines[2] = "8|trop court"
    lines[3] = lines[3].replace("|24037|", "|24998|")
    row = import_register(path=text_file(tmp_path, lines), at=NOON)
    with (Path(settings.MEDIA_ROOT) / "imports" / row.rejects).open(encoding="utf-8-sig", newline="") as file:
        head, *rejected = csv.reader(file, delimiter=";")
    assert head == ["ligne", "identifiant", "raison", "suite"]
    assert [(one[0], one[2], one[3]) for one in rejected] == [
        ("3", "2 champs au lieu de 56", "rejetée"),
        ("4", "commune inconnue : 24998", "gardée"),
    ]
    assert (row.counts["rejected"], row.counts["doubtful"], Practitioner.objects.count()) == (1, 1, 3)
    # Both are told again next time, and nothing is written.
    before = state()
    again = import_register(path=tmp_path / "Personne_activite.txt", at=NOON)
    assert (again.counts["rejected"], again.counts["doubtful"], state()) == (1, 1, before)


def cut(lines):
    return ["\n".join(lines)[:-60]]


def renamed(lines):
    return [lines[0].replace("Code rôle", "Rôle"), *lines[1:]]


def with_a_null(lines):
    return [lines[0], lines[1].replace("NOM", "\x00"), *lines[2:]]


REFUSED = {
    "cut in the middle of a line": (cut, "utf-8", SeemsIncomplete, "coupé au milieu"),
    "a column renamed": (renamed, "utf-8", UnreadableFile, "« Code rôle »"),
    "not in UTF-8": (list, "latin-1", UnreadableFile, "pas en UTF-8"),
    "another nature": (lambda _: ["code_commune,nom", "24037,Bergerac", ""], "utf-8", UnreadableFile, "la forme"),
    "empty": (lambda _: [""], "utf-8", UnreadableFile, "n’a pas la forme"),
    "a null character": (with_a_null, "utf-8", UnreadableFile, "n’est pas un texte"),
    "nothing readable": (lambda lines: [lines[0], *["x|y"] * 300, ""], "utf-8", TooManyRejects, "Presque aucune"),
    "far fewer people": (lambda lines: [*lines[:41], ""], "utf-8", SeemsIncomplete, "40 personnes, contre 120"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused_whole_and_the_directory_stays(communes, tmp_path, name):
    damage, encoding, refusal, words = REFUSED[name]
    load(tmp_path, people(120))
    before = state()
    path = text_file(tmp_path, damage(lines_of(people(120))), name="abime.txt", encoding=encoding)
    with pytest.raises(refusal, match=words):
        import_register(path=path, at=NOON)
    assert state() == before
    assert DirectoryImport.objects.filter(state=ImportState.REFUSED).count() == 1
    assert not DirectoryImport.objects.filter(state=ImportState.RUNNING).exists()


def test_a_smaller_file_is_taken_when_people_insist(communes, tmp_path):
    load(tmp_path, people(120))
    row = load(tmp_path, people(40), day="20261201", accept_fewer=True)
    assert row.counts["departures"] == 80


def test_archives_are_read_as_they_come_and_a_cut_one_is_refused(communes, tmp_path):
    whole = gzip.compress("\n".join(lines_of(people())).encode())
    path = tmp_path / "Personne_activite.txt.gz"
    path.write_bytes(whole)
    assert import_register(path=path, at=NOON).counts["arrivals"] == 12
    path.write_bytes(whole[:-40])
    with pytest.raises(UnreadableFile, match="incomplète ou abîmée"):
        import_register(path=path, at=NOON)


def test_a_second_import_of_the_same_kind_is_refused_while_the_first_runs(communes, tmp_path):
    outcomes, inside, release = [], threading.Event(), threading.Event()

    def progress(label, done, total):
        inside.set()
        release.wait(20)

    def slow():
        try:
            load(tmp_path, people(), progress=progress)
            outcomes.append("done")
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert inside.wait(20)
    with pytest.raises(ImportAlreadyRunning):
        load(tmp_path, people(), day="20261201")
    assert not Practitioner.objects.exists()
    release.set()
    thread.join(30)
    assert outcomes == ["done"]
    assert Practitioner.objects.count() == 12


def test_an_import_whose_machine_stopped_does_not_block_the_next_one(communes, tmp_path):
    import socket  # noqa: PLC0415

    DirectoryImport.objects.create(
        kind="rpps", filename="x", extracted_on=NOON.date(), worker=f"{socket.gethostname()}:999999", started_at=NOON
    )
    assert load(tmp_path, people()).state == ImportState.DONE
    assert "La machine s’est arrêtée" in DirectoryImport.objects.get(filename="x").message


def test_the_database_refuses_two_running_imports_of_one_kind(db):
    row = {"kind": "rpps", "filename": "x", "extracted_on": NOON.date(), "worker": "a:1", "started_at": NOON}
    DirectoryImport.objects.create(**row)
    with pytest.raises(IntegrityError):
        DirectoryImport.objects.create(**row)


def test_the_database_refuses_a_person_without_a_national_number(db):
    with pytest.raises(IntegrityError):
        Practitioner.objects.create(id=42, family_name="X", given_name="Y", search_name="x y")


FULL_DISK = """
import django, sys; django.setup()
from pathlib import Path
from django.utils import timezone
from maillage.core.errors import DomainError, UnreadableFile
from maillage.directory.actions import import_register
try:
    import_register(path=Path(sys.argv[1]), at=timezone.now())
except DomainError as error:
    print(error.user_message)
"""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the disk of a database server is not this process's")
def test_a_full_disk_is_told_and_the_directory_stays(communes, tmp_path):
    load(tmp_path, people())
    before = state()
    path = register.write_register(tmp_path / "Personne_activite_20261201.txt", people(40_000))
    database = Path(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    limit = database.stat().st_size + 300_000  # room for the claim and the report, not for what is loaded
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings.dev", "DATABASE_URL": f"sqlite:///{database}"}
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        env=environment | {"VAR_DIR": str(tmp_path), "PATH": ""},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
        cwd=settings.BASE_DIR,
    )
    assert "Il n’y a plus de place sur le disque" in done.stdout, done.stderr
    assert state() == before


def test_readers_see_the_old_directory_until_the_new_one_is_whole(communes, tmp_path):
    load(tmp_path, people(200))
    seen, stop = set(), threading.Event()

    def read():
        try:
            while not stop.is_set():
                seen.add(PractitionerRole.objects.current().filter(commune="24037").count())
        finally:
            connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    load(tmp_path, people(260), day="20261201")
    stop.set()
    reader.join(20)
    assert seen <= {200, 260}
    assert PractitionerRole.objects.current().count() == 260


@pytest.mark.parametrize("shape", ["legacy", "json", "headed"])
def test_establishments_are_loaded_from_each_shape_and_closed_when_they_vanish(communes, tmp_path, shape):
    rows = [
        {
            "nofinesset": register.finess_number("24", n),
            "rs": f"PHARMACIE {n}",
            "rslongue": "",
            "commune": "037",
            "departement": "24",
            "ligneacheminement": "24100 BERGERAC",
            "categetab": "620",
            "telephone": "0536490000",
        }
        for n in range(1, 6)
    ]
    row = import_establishments(path=finess_file(tmp_path, shape, rows), at=NOON)
    assert (row.counts["added"], Organization.objects.filter(category="620", commune="24037").count()) == (5, 5)
    assert import_establishments(path=finess_file(tmp_path, shape, rows), at=NOON).counts["changed"] == 0
    fewer = import_establishments(path=finess_file(tmp_path, shape, rows[1:]), at=NOON)
    assert fewer.counts["removed"] == 1
    assert Organization.objects.get(finess=rows[0]["nofinesset"]).closed_on == date(2026, 11, 23)


def finess_file(tmp_path, shape, rows):
    import json  # noqa: PLC0415

    if shape == "legacy":
        return register.write_finess(tmp_path / "etalab.csv", rows, date(2026, 11, 1))
    if shape == "headed":
        lines = ["nofinesset,rs,rslongue,categetab,code_commune,ligneacheminement"]
        lines += [f'{r["nofinesset"]},"{r["rs"]}",,620,24037,24100 BERGERAC' for r in rows]
        return text_file(tmp_path, [*lines, ""], name="finess.csv")
    sites = [
        {
            "informationsGeneralesEGE": {"numFinessEge": r["nofinesset"], "nomEgeLong": r["rs"]},
            "etatObjet": "A",
            "categorieentiteGeographiqueExercice": "620",
            "adresse": [{"cogCommune": "24037", "codePostal": "24100"}],
        }
        for r in rows
    ]
    path = tmp_path / "finess.json"
    path.write_text(json.dumps({"schemaVersion": "v1.0.0", "pmej": [{"ege": sites}]}), encoding="utf-8")
    return path


def test_a_departement_that_a_file_only_touches_closes_nothing(communes, tmp_path):
    rows = [
        {
            "nofinesset": register.finess_number("24", n),
            "rs": f"PHARMACIE {n}",
            "commune": "037",
            "departement": "24",
            "ligneacheminement": "24100 BERGERAC",
            "categetab": "620",
        }
        for n in range(1, 60)
    ]
    import_establishments(path=finess_file(tmp_path, "legacy", rows), at=NOON)
    elsewhere = [
        {**rows[0], "nofinesset": register.finess_number("13", n), "departement": "13", "commune": "201"}
        for n in range(1, 40)
    ]
    import_establishments(path=finess_file(tmp_path, "legacy", [*elsewhere, rows[0]]), at=NOON)
    assert not Organization.objects.exclude(closed_on=None).exists()
    with pytest.raises(SeemsIncomplete):
        import_establishments(path=finess_file(tmp_path, "legacy", rows[:5]), at=NOON)


@pytest.mark.parametrize("name", ["abime.zip", "abime.txt.gz", "abime.csv.gz"])
def test_a_damaged_archive_is_refused_before_its_header_is_read(communes, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"x" * 4_000)[:12] if name.endswith("gz") else b"PK\x03\x04pas une archive")
    for action in (import_register, import_establishments):
        with pytest.raises(UnreadableFile, match="incomplète ou abîmée"):
            action(path=path, at=NOON)
    assert directory_files([path]) == []


def test_a_json_feed_cut_short_is_refused(communes, tmp_path):
    path = finess_file(tmp_path, "json", [{"nofinesset": "240000018", "rs": "X"}])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableFile, match="incomplet"):
        import_establishments(path=path, at=NOON)
    assert not Organization.objects.exists()


def test_mailboxes_of_people_of_the_directory_are_kept_and_follow_the_file(communes, tmp_path):
    load(tmp_path, people(10))
    boxes = tmp_path / "Extraction_Correspondance_MSSante_202611010800.txt"
    row = import_mailboxes(path=register.write_mailboxes(boxes, people(15)), at=NOON)
    assert (row.counts["added"], row.counts["strangers"], Mailbox.objects.count()) == (8, 4, 8)
    row = import_mailboxes(path=register.write_mailboxes(boxes, people(5)), at=datetime(2026, 12, 1, tzinfo=UTC))
    with pytest.raises(SeemsIncomplete):
        import_mailboxes(path=register.write_mailboxes(boxes, []), at=NOON)
    assert (row.counts["added"], row.counts["removed"], Mailbox.objects.count()) == (0, 4, 4)


def test_a_file_that_does_not_exist_is_told(communes, tmp_path):
    with pytest.raises(DomainError, match="n’existe pas"):
        import_register(path=tmp_path / "absent.txt", at=NOON)
