"""Somebody copies the files of the database, during a vote or after it: who voted what stays unknown.

The first attack named 14 votes of 14: rows of one transaction bear its number, and dead rows stay. It is played here as
it was, on both engines, and first against slips written plain: a reading that named nobody there would prove nothing.
"""

import os
import secrets
import subprocess
import sys
import threading
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from maillage.audit.models import AuditEvent
from maillage.core.models import Job
from maillage.core.sql import wiping
from maillage.meetings import actions
from maillage.meetings.assemblies.actions import voting
from maillage.meetings.assemblies.rules.urn import UrnUnreadable, unseal
from maillage.meetings.models import Ballot, Means, SealedSlip, Signature, Slip
from tests.factories import CollegeFactory, MeetingFactory
from tests.meetings.test_attendance import at_once
from tests.meetings.test_voting import DURING, ballot_on, rule, vote, voters
from tests.security.copied_files import ask, attack, data_files, is_postgresql, told_by_order, wal_position, wal_since

# One after the other: the log of PostgreSQL is that of all its databases, and these tests read it whole.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("ballots")]
CHOICES = ["Amandine Verdier", "Zoltan Ó", "Blanc"]  # of unequal lengths


@pytest.fixture(autouse=True)
def candidates_of_their_own():
    """Names given anew for each test: PostgreSQL keeps, in its statistics, some of what the closed vote of another
    test made public, and writes them to its log again whenever it counts any table.
    """
    CHOICES[0] = f"Amandine Verdier-{secrets.token_hex(4)}"
    CHOICES[1] = f"Zoltan Ó-{secrets.token_hex(3)}"


@pytest.fixture
def assembly(cpts):
    return MeetingFactory(cpts=cpts, kind="assembly", title="Assemblée générale")


def election_of(meeting, coordinator):
    ballot = actions.prepare_ballot(
        meeting=meeting,
        question="Élire",
        mode="secret",
        majority="simple",
        choices=CHOICES,
        by=coordinator,
        at=DURING,
    )
    actions.open_ballot(ballot=ballot, by=coordinator, at=DURING)
    ballot.refresh_from_db()
    return ballot


@pytest.fixture
def people(cpts, assembly, coordinator):
    """Nine who are there; the first holds the pouvoirs of two who are not."""
    rule(cpts, proxies_max=2)
    away = voters(assembly, coordinator, 2, there=False)
    there = voters(assembly, coordinator, 9)
    for giver in away:
        actions.give_proxy(giver=giver, holder=there[0], means=Means.CODE, by=None, at=DURING)
    return there, away


def vote_all(ballot, people):
    """Eight threads at once, then those who hold a pouvoir. Voter -> (receipt, choice)."""
    there, away = people
    whose = [(one, one) for one in there] + [(giver, there[0]) for giver in away]

    def act(number):
        voter, caster = whose[number]
        choice = CHOICES[number % 3]
        return voter.pk, (vote(ballot, voter, choice, caster=caster), choice)

    return dict(at_once(8, act)) | dict(act(number) for number in range(8, len(whose)))


def sealed_bytes():
    return [bytes(content) for content in SealedSlip.objects.values_list("content", flat=True)]


def closed(ballot, coordinator):
    return actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)


def files_holding(needles):
    """Files of the database where one of these texts or bytes is read, whatever remains around it."""
    return {
        name
        for name, content in data_files().items()
        for needle in needles
        if (needle if isinstance(needle, bytes) else needle.encode()) in content
    }


def test_the_attack_names_everybody_where_slips_lie_plain_beside_signatures(assembly, coordinator, people):
    ballot = election_of(assembly, coordinator)
    truth = {}
    for number, voter in enumerate(people[0]):
        with transaction.atomic():
            Signature.objects.create(ballot=ballot, voter=voter)
            Slip.objects.create(ballot=ballot, receipt=f"recu-{number}", choice=CHOICES[number % 3])
        truth[voter.pk] = CHOICES[number % 3]
    assert all(told == truth for told in attack(CHOICES).values())
    # Taken out as they were, they are still read in the files.
    Slip.objects.all().delete()
    if is_postgresql():
        assert attack(CHOICES)["xmin"] == truth
    assert files_holding(["recu-3"])


def test_while_the_vote_is_open_neither_files_nor_log_say_what_anybody_voted(assembly, coordinator, people):
    ballot, start = election_of(assembly, coordinator), wal_position()
    receipts = [receipt for receipt, _ in vote_all(ballot, people).values()]
    assert Signature.objects.count() == SealedSlip.objects.count() == len(receipts) == 11
    assert not any(attack(CHOICES).values())
    assert not files_holding(receipts)
    log = wal_since(start)
    assert not any(receipt.encode() in log for receipt in receipts)
    # The ballot's own row lists what may be answered, all of it in a piece; nothing else says any of it.
    log = log.replace("".join(CHOICES).encode(), b"")
    assert not any(choice.encode() in log for choice in CHOICES[:2])
    # Their size tells nothing either, and the same vote sealed twice is not alike.
    assert len({len(content) for content in sealed_bytes()}) == 1
    assert len(set(sealed_bytes())) == 11


def test_no_running_count_and_no_trace_follow_each_vote(assembly, coordinator, people):
    ballot = election_of(assembly, coordinator)
    before = Ballot.objects.values().get(), AuditEvent.objects.count(), Job.objects.count()
    vote_all(ballot, people)
    assert (Ballot.objects.values().get(), AuditEvent.objects.count(), Job.objects.count()) == before


def test_once_closed_the_files_name_nobody_even_with_the_secret(assembly, coordinator, people):
    ballot = election_of(assembly, coordinator)
    cast = vote_all(ballot, people)
    sealed = sealed_bytes()
    assert files_holding(sealed)  # what the secret opens lies there until the closing
    closed(ballot, coordinator)
    assert not files_holding(sealed)
    # Parts of it neither: nothing that a row left in the hole of a page.
    assert not files_holding([content[place : place + 48] for content in sealed for place in (0, 500, 1000)])
    if not is_postgresql():
        assert all(not content for name, content in data_files().items() if name.endswith("-wal"))
    # The slips are there, plain, all of one transaction and one command, in an order that their receipts alone give.
    stored = ask(f"SELECT receipt, choice FROM meetings_slip ORDER BY {'ctid' if is_postgresql() else 'rowid'}")  # noqa: S608
    assert stored == sorted(cast.values())
    if is_postgresql():
        ((transactions, commands),) = ask(
            "SELECT count(DISTINCT xmin::text), count(DISTINCT cmin::text) FROM meetings_slip"
        )
        assert (transactions, commands) == (1, 1)
        assert not ask("SELECT 1 FROM meetings_slip s JOIN meetings_signature g ON g.xmin = s.xmin")
        assert attack(CHOICES)["xmin"] == {}
    assert {key.version for key in Slip.objects.values_list("pk", flat=True)} == {4}
    assert {key.version for key in Signature.objects.values_list("pk", flat=True)} == {4}


def test_places_in_the_tables_name_no_more_people_than_chance(assembly, coordinator, people):
    """Over many votes, reading signatures and slips side by side is right one time in three, as drawing lots is."""
    right = total = 0
    for _ in range(6):
        ballot = election_of(assembly, coordinator)
        cast = vote_all(ballot, people)
        closed(ballot, coordinator)
        told = told_by_order("ctid" if is_postgresql() else "rowid")
        right += sum(told[voter] == choice for voter, (_, choice) in cast.items())
        total += len(cast)
        Signature.objects.all().delete()
        Slip.objects.all().delete()
    assert total == 66
    assert right / total < 0.6


def test_what_remains_is_the_log_of_the_vote_with_the_secret_and_no_more(assembly, coordinator, people):
    """Said in docs/adr/0012: whoever kept the log or a copy of the files from during the vote, and has the secret."""
    ballot, start = election_of(assembly, coordinator), wal_position()
    cast = vote_all(ballot, people)
    sealed, kept = sealed_bytes(), b"".join(data_files().values())
    closed(ballot, coordinator)
    log = wal_since(start) if is_postgresql() else kept
    assert all(content in log for content in sealed)
    opened = {unseal(content, among=[settings.SECRET_KEY], ballot=ballot.uuid).receipt for content in sealed}
    assert opened == {receipt for receipt, _ in cast.values()}
    with pytest.raises(UrnUnreadable):
        unseal(sealed[0], among=["un autre secret"], ballot=ballot.uuid)


def test_closing_one_vote_leaves_another_s_urn_whole(assembly, coordinator, people):
    first, second = election_of(assembly, coordinator), election_of(assembly, coordinator)
    vote_all(first, people)
    cast = vote_all(second, people)
    closed(first, coordinator)
    assert second.sealed_slips.count() == 11
    closed(second, coordinator)
    assert set(second.slips.values_list("receipt", "choice")) == set(cast.values())
    assert not SealedSlip.objects.exists()


def test_slips_that_an_earlier_version_wrote_plain_are_counted(assembly, coordinator, people):
    ballot = election_of(assembly, coordinator)
    vote(ballot, people[0][0], CHOICES[0])
    Signature.objects.create(ballot=ballot, voter=people[0][1])
    Slip.objects.create(ballot=ballot, receipt="ancien", choice=CHOICES[0])
    assert closed(ballot, coordinator).record.scores[0]["votes"] == 2
    assert ballot.slips.count() == 2


def test_votes_of_an_earlier_version_leave_their_dead_rows_to_the_migration(assembly, coordinator, people):
    ballot = election_of(assembly, coordinator)
    for number, voter in enumerate(people[0]):
        with transaction.atomic():
            Signature.objects.create(ballot=ballot, voter=voter)
            Slip.objects.create(ballot=ballot, receipt=f"avant-{number:03d}", choice=CHOICES[number % 3])
    Slip.objects.filter(receipt__gte="avant-004").delete()
    assert files_holding(["avant-007"])
    rewrite = import_module("maillage.meetings.migrations.0003_rewrite_the_slips_of_closed_votes").rewrite
    with connection.schema_editor(atomic=False) as editor:
        rewrite(apps, editor)
    assert not files_holding(["avant-007"])
    assert Slip.objects.count() == 4


def test_a_small_college_s_name_never_reaches_the_files(cpts, assembly, coordinator):
    rule(cpts, is_weighted=True)
    doctors = voters(assembly, coordinator, 3, membership__college=CollegeFactory(cpts=cpts, name="Médecins"))
    users = voters(assembly, coordinator, 3, membership__college=CollegeFactory(cpts=cpts, name="Usagers"))
    ballot = ballot_on(assembly, coordinator)
    for voter in [*doctors, users[0]]:
        vote(ballot, voter)
    start = wal_position()
    assert closed(ballot, coordinator).is_masked
    assert set(Slip.objects.values_list("college", flat=True)) == {""}
    assert b"Usagers" not in wal_since(start)


class Crash(Exception):
    pass


@pytest.mark.parametrize("where", ["leave_only", "leave_trace"])
def test_a_closing_that_fails_half_way_changes_nothing_and_is_done_again(
    monkeypatch, assembly, coordinator, people, where
):
    ballot = election_of(assembly, coordinator)
    cast = vote_all(ballot, people)

    def crash(*args, **kwargs):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(voting, where, crash)
        with pytest.raises(Crash):
            closed(ballot, coordinator)
    ballot.refresh_from_db()
    assert (ballot.state, ballot.record, Slip.objects.count(), SealedSlip.objects.count()) == ("open", None, 0, 11)
    vote_count = sum(score["votes"] for score in closed(ballot, coordinator).record.scores)
    assert vote_count == len(cast) == Slip.objects.count()


KILLED = """
import os, sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.utils.dateparse import parse_datetime
from maillage.accounts.models import User
from maillage.meetings import actions
from maillage.meetings.assemblies.actions import voting
from maillage.meetings.models import Ballot, Means, Voter
ballot, at = Ballot.objects.get(), parse_datetime(sys.argv[3])
def die(*args, **kwargs):
    os._exit(9)
if sys.argv[2] == "close":
    voting.leave_trace = die
    actions.close_ballot(ballot=ballot, by=User.objects.first(), at=at)
else:
    voter = Voter.objects.get(pk=int(sys.argv[2]))
    voting.SealedSlip.objects.create = die
    actions.cast(ballot=ballot, voter=voter, caster=voter, choice=ballot.choices[0], means=Means.CODE, at=at)
"""


def killed(what):
    """A process of its own dies in the middle, its transaction open."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
    command = [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"]), str(what), DURING.isoformat()]
    done = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, check=False)
    assert done.returncode == 9, done.stderr.decode()


def test_a_process_killed_while_casting_or_closing_loses_nothing_and_tells_nothing(assembly, coordinator, people):
    ballot = election_of(assembly, coordinator)
    (late, *_), there = people[0][-1:], people[0][:-1]
    receipts = [vote(ballot, voter, CHOICES[number % 3]) for number, voter in enumerate(there)]
    killed(late.pk)
    assert not Signature.objects.filter(voter=late).exists()
    killed("close")
    assert (Slip.objects.count(), SealedSlip.objects.count()) == (0, len(there))
    assert attack(CHOICES).get("xmin", {}) == {}
    receipts.append(vote(ballot, late, CHOICES[0]))
    sealed = sealed_bytes()
    closed(ballot, coordinator)
    assert set(Slip.objects.values_list("receipt", flat=True)) == set(receipts)
    assert not files_holding(sealed)


def test_a_secret_changed_during_the_vote_loses_nothing(settings, assembly, coordinator, people):
    ballot = election_of(assembly, coordinator)
    vote(ballot, people[0][0], CHOICES[1])
    held, settings.SECRET_KEY = settings.SECRET_KEY, "un secret tout neuf"
    vote(ballot, people[0][1], CHOICES[1])
    with pytest.raises(UrnUnreadable, match="SECRET_KEY_FALLBACKS"):
        closed(ballot, coordinator)
    assert SealedSlip.objects.count() == 2
    settings.SECRET_KEY_FALLBACKS = [held]
    assert closed(ballot, coordinator).record.scores[1]["votes"] == 2


def test_a_slip_moved_to_another_vote_opens_nowhere(assembly, coordinator, people):
    first, second = election_of(assembly, coordinator), election_of(assembly, coordinator)
    vote(first, people[0][0], CHOICES[0])
    SealedSlip.objects.update(ballot=second)
    with pytest.raises(UrnUnreadable):
        closed(second, coordinator)


@pytest.mark.skipif("not is_postgresql()", reason="SQLite has one writer, and readers do not stop it")
def test_a_backup_that_reads_the_urn_delays_the_closing_with_a_word(monkeypatch, assembly, coordinator, people):
    monkeypatch.setattr(wiping, "PATIENCE", "200ms")
    ballot = election_of(assembly, coordinator)
    vote(ballot, people[0][0], CHOICES[0])
    reading, over = threading.Event(), threading.Event()

    def back_up():
        with transaction.atomic():
            list(SealedSlip.objects.all())
            reading.set()
            over.wait(20)
        connection.close()

    backup = threading.Thread(target=back_up)
    backup.start()
    reading.wait(20)
    with pytest.raises(wiping.TableBusy):
        closed(ballot, coordinator)
    assert Slip.objects.count() == 0
    over.set()
    backup.join()
    closed(ballot, coordinator)
    assert Slip.objects.count() == 1


def test_the_log_of_sqlite_is_brought_to_nothing_again_by_a_job(assembly, coordinator, people, run_jobs):
    ballot = election_of(assembly, coordinator)
    vote(ballot, people[0][0], CHOICES[0])
    closed(ballot, coordinator)
    jobs_asked = Job.objects.filter(kind=wiping.FOLD)
    assert jobs_asked.count() == (0 if is_postgresql() else 1)
    run_jobs()
    assert not jobs_asked.exclude(state="done").exists()
