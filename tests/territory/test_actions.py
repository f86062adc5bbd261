"""Founding a CPTS, composing and putting in force its perimeter: results, traces, refusals."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.core.stale import Stale
from maillage.cpts.models import Cpts
from maillage.cpts.queries import possible_duplicates
from maillage.geography.models import Commune, Departement
from maillage.territory import actions
from maillage.territory.actions import Addition
from maillage.territory.models import Perimeter, PerimeterChange, PerimeterPart, PerimeterStatus
from maillage.territory.queries.perimeters import draft_of, in_force_of, population_of, summarise
from tests.factories import NOON, TODAY, CptsFactory, PerimeterFactory, UserFactory


@pytest.fixture
def founder(communes):
    return UserFactory(given_name="Jeanne", family_name="Porteuse")


@pytest.fixture
def draft(founder):
    dordogne = Departement.objects.get(pk="24")
    cpts = actions.found_cpts(name="CPTS du Val", departement=dordogne, by=founder, at=NOON)
    return Perimeter.objects.select_related("cpts").get(cpts=cpts)


def change(draft, founder, *, version=None, add=(), remove=()):
    return actions.change_perimeter(
        perimeter=draft,
        read_version=draft.version if version is None else version,
        by=founder,
        at=NOON,
        add=[one if isinstance(one, Addition) else Addition(one) for one in add],
        remove=remove,
    )


def codes(perimeter):
    return set(PerimeterPart.objects.filter(perimeter=perimeter).values_list("commune_id", flat=True))


def test_the_founder_of_a_cpts_in_emergence_becomes_its_coordinator(draft, founder):
    cpts = draft.cpts
    assert (cpts.stage, cpts.slug) == ("emergence", "cpts-du-val")
    assert list(founder.assignments.values_list("role", "cpts")) == [(Role.COORDINATOR, cpts.pk)]
    assert set(AuditEvent.objects.of_cpts(cpts.pk).values_list("type", flat=True)) == {
        "cpts.founded",
        "role.granted",
        "perimeter.started",
    }


def test_a_name_is_taken_once_whatever_its_case(draft):
    with pytest.raises(actions.CptsNameTaken):
        actions.found_cpts(name="cpts DU val", departement=draft.cpts.departement, by=UserFactory(), at=NOON)
    assert Cpts.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "resembles"),
    [
        ("CPTS Bergeracois Santé", True),
        ("CPTS de Bergerac", True),
        ("C.P.T.S. du bergeracoix", True),
        ("CPTS du Val de Loire", False),
        ("CPTS", False),
    ],
)
def test_possible_duplicates_look_past_the_common_words(cpts, typed, resembles):
    assert possible_duplicates(typed, "24") == ([cpts] if resembles else [])


def test_a_change_is_recorded_with_its_author(draft, founder):
    done = change(draft, founder, add=["24037", "24520"])
    assert codes(draft) == {"24037", "24520"}
    assert (done.version, done.added, done.summary) == (
        1,
        [["24037", "1", ""], ["24520", "1", ""]],
        "ajout de Bergerac et de Sarlat-la-Canéda",
    )
    assert AuditEvent.objects.get(type="perimeter.changed").by_name == "Jeanne Porteuse"


def test_a_declared_part_replaces_the_whole(draft, founder):
    change(draft, founder, add=["24037"])
    done = change(draft, founder, add=[Addition("24037", Decimal("0.4"), "IRIS 2023")])
    assert done.summary == "part de Bergerac : 100\xa0% → 40\xa0% (IRIS 2023)"
    part = PerimeterPart.objects.get(perimeter=draft)
    assert (part.share, part.share_source, part.population) == (Decimal("0.4"), "IRIS 2023", 10_844)


REFUSED = [
    pytest.param({"add": ["99999"]}, actions.UnknownCommune, "99999", id="unknown commune"),
    pytest.param({"add": ["13055", "13203"]}, actions.CountedTwice, "Marseille", id="arrondissement and its commune"),
    pytest.param({"add": ["24520"]}, actions.NothingToChange, "déjà", id="already there"),
    pytest.param({"remove": ["24322"]}, actions.NothingToChange, "déjà", id="not there"),
    pytest.param(
        {"add": ["24037"], "version": 0},
        Stale,
        "Jeanne Porteuse a modifié ce périmètre",
        id="stale",
    ),
]


@pytest.mark.parametrize(("what", "refusal", "message"), REFUSED)
def test_a_refused_change_writes_nothing(draft, founder, what, refusal, message):
    change(draft, founder, add=["24520"])
    before = (Perimeter.objects.values().get(pk=draft.pk), PerimeterChange.objects.count(), AuditEvent.objects.count())
    with pytest.raises(refusal, match=message):
        change(draft, founder, **what)
    after = (Perimeter.objects.values().get(pk=draft.pk), PerimeterChange.objects.count(), AuditEvent.objects.count())
    assert after == before
    assert codes(draft) == {"24520"}


def test_the_perimeter_in_force_is_public_and_ends_the_one_before(draft, founder):
    change(draft, founder, add=["24037"])
    actions.put_in_force(perimeter=draft, read_version=1, on=TODAY - timedelta(days=30), by=founder, at=NOON)
    second = actions.start_draft(cpts=draft.cpts, by=founder, at=NOON)
    assert codes(second) == {"24037"}
    actions.put_in_force(perimeter=second, read_version=0, on=TODAY, by=founder, at=NOON)
    first = Perimeter.objects.get(pk=draft.pk)
    assert (first.status, first.in_force_until) == (PerimeterStatus.SUPERSEDED, TODAY)
    assert first.is_in_force_on(TODAY - timedelta(days=1))
    assert not first.is_in_force_on(TODAY)
    assert in_force_of(draft.cpts)[0] == second


def test_what_comes_in_force_is_frozen_whatever_is_counted_since(draft, founder):
    change(draft, founder, add=["24037", "24520"])
    actions.put_in_force(perimeter=draft, read_version=1, on=TODAY, by=founder, at=NOON)
    counted = Commune.objects.get(pk="24037").population + Commune.objects.get(pk="24520").population
    Commune.objects.filter(population__isnull=False).update(population=1, name="Autrement")
    record = Perimeter.objects.get(pk=draft.pk).record
    assert [(row["code"], row["name"], row["share"]) for row in record.communes] == [
        ("24037", "Bergerac", "1.0000"),
        ("24520", "Sarlat-la-Canéda", "1.0000"),
    ]
    assert (record.number, record.since, record.population) == (1, TODAY.isoformat(), counted)
    with pytest.raises(IntegrityError), transaction.atomic():
        Perimeter.objects.filter(pk=draft.pk).update(snapshot=None)


@pytest.mark.parametrize(
    ("add", "on", "refusal"),
    [
        pytest.param([], TODAY, actions.EmptyPerimeter, id="zero commune"),
        pytest.param(["24037"], TODAY + timedelta(days=1), actions.DateNotPossible, id="tomorrow"),
    ],
)
def test_what_cannot_be_in_force_stays_a_draft(draft, founder, add, on, refusal):
    if add:
        change(draft, founder, add=add)
    with pytest.raises(refusal):
        actions.put_in_force(perimeter=draft, read_version=draft.version, on=on, by=founder, at=NOON)
    assert draft_of(draft.cpts)[0].status == PerimeterStatus.DRAFT


def test_just_after_midnight_in_paris_the_new_day_is_today(draft, founder):
    change(draft, founder, add=["24037"])
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    actions.put_in_force(perimeter=draft, read_version=1, on=date(2026, 11, 24), by=founder, at=late)
    assert in_force_of(draft.cpts)


def test_a_perimeter_in_force_no_longer_changes(draft, founder):
    change(draft, founder, add=["24037"])
    actions.put_in_force(perimeter=draft, read_version=1, on=TODAY, by=founder, at=NOON)
    with pytest.raises(actions.PerimeterNotADraft):
        change(draft, founder, version=2, add=["24520"])


def test_starting_a_draft_twice_gives_the_same_one(draft, founder):
    assert actions.start_draft(cpts=draft.cpts, by=founder, at=NOON) == draft


@pytest.mark.django_db(transaction=True)
def test_of_eight_simultaneous_saves_exactly_one_wins(draft, founder):
    outcomes, start = [], threading.Barrier(8)

    def save(code):
        start.wait()
        try:
            change(Perimeter.objects.select_related("cpts").get(pk=draft.pk), founder, version=0, add=[code])
            outcomes.append("won")
        except Stale as refusal:
            outcomes.append(refusal.user_message.count("ajout"))
        finally:
            connection.close()

    communes = ["24037", "24520", "24322", "24126", "24140", "24145", "24197", "24237"]
    threads = [threading.Thread(target=save, args=(code,)) for code in communes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [1] * 7 + ["won"]
    assert len(codes(draft)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"share": 0}, id="no share"),
        pytest.param({"share": Decimal("1.2")}, id="more than whole"),
        pytest.param({"share": Decimal("0.5"), "share_source": ""}, id="a part without source"),
    ],
)
def test_the_database_refuses_shares_that_cannot_be(draft, founder, wrong):
    change(draft, founder, add=["24037"])
    with pytest.raises(IntegrityError), transaction.atomic():
        PerimeterPart.objects.update(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"status": "in-force"}, id="in force without date"),
        pytest.param({"in_force_since": date(2026, 1, 1)}, id="draft with a date"),
    ],
)
def test_the_database_refuses_perimeters_that_cannot_be(draft, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Perimeter.objects.filter(pk=draft.pk).update(**wrong)


def test_the_database_refuses_two_drafts_two_perimeters_in_force_and_a_commune_twice(cpts, draft, founder):
    with pytest.raises(IntegrityError), transaction.atomic():
        Perimeter.objects.create(cpts=draft.cpts, number=2, created_at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        PerimeterFactory(cpts=cpts, in_force=True)
    change(draft, founder, add=["24037"])
    with pytest.raises(IntegrityError), transaction.atomic():
        PerimeterPart.objects.create(cpts=draft.cpts, perimeter=draft, commune_id="24037")
    with pytest.raises(IntegrityError), transaction.atomic():
        PerimeterChange.objects.create(
            cpts=draft.cpts, perimeter=draft, version=1, by=founder, at=NOON, summary="la même révision"
        )


def summary_of(cpts_or_perimeter):
    perimeter = cpts_or_perimeter
    parts = list(PerimeterPart.objects.filter(perimeter=perimeter).for_summary())
    return summarise(perimeter, parts, on=TODAY)


def test_the_summary_of_ca_bergeracoise(cpts):
    found = summary_of(in_force_of(cpts)[0])
    assert (found.population, found.size, found.commune_count) == (61_915, 2, 38)
    assert found.to_next_size == 80_000 - 61_915
    assert found.contiguity.is_whole
    assert found.epci_names == ("CA Bergeracoise",)
    assert found.vintages == (2023,)
    assert found.overlaps == ()


def test_overlaps_name_the_other_cpts_its_communes_and_the_share(cpts, draft, founder):
    change(draft, founder, add=["24037", "24520"])
    (overlap,) = summary_of(draft).overlaps
    assert (overlap.cpts, overlap.communes, overlap.population) == (cpts, ("Bergerac",), 27_110)
    assert overlap.share == Decimal(27_110) / summary_of(draft).population


def test_drafts_of_others_are_never_told(draft, founder, communes):
    PerimeterFactory(cpts=CptsFactory(), communes=["24037"])
    change(draft, founder, add=["24037"])
    assert summary_of(draft).overlaps == ()


def test_an_arrondissement_overlaps_the_cpts_of_its_commune(draft, founder):
    PerimeterFactory(cpts=CptsFactory(name="CPTS Marseille"), in_force=True, communes=["13055"])
    change(draft, founder, add=["13203"])
    (overlap,) = summary_of(draft).overlaps
    assert overlap.share == 1


def test_islands_and_unknown_borders_are_named(draft, founder):
    change(draft, founder, add=["24037", "24126", "24520", "97501", "98901"])
    found = summary_of(draft)
    assert found.islands == [["Sarlat-la-Canéda"]]
    assert found.unknown_borders == ["Miquelon-Langlade", "Île de Clipperton"]
    assert found.unpublished == ("Île de Clipperton",)


def test_communes_that_would_change_the_taille_are_named(cpts, draft, founder):
    change(draft, founder, add=["24520", "24037"])
    assert summary_of(draft).population == 35_873
    # Bergerac in, the perimeter lacks 4 127 inhabitants to reach taille 2: Prigonrieux (4 374) is next to it.
    coming = [one.commune.name for one in summary_of(draft).size_changers if one.comes_in]
    assert coming == ["Prigonrieux"]
    in_force = summary_of(in_force_of(cpts)[0])
    assert [(one.commune.name, one.size, one.comes_in) for one in in_force.size_changers] == [("Bergerac", 1, False)]


def test_a_commune_that_merged_is_counted_once_said_and_replaced_in_the_next_version(draft, founder):
    change(draft, founder, add=["24037", "24051", "24197"])
    population = summary_of(draft).population
    Commune.objects.filter(pk__in=["24051", "24126"]).update(merged_into="24197")
    found = summary_of(draft)
    assert found.merged == ("Bosset",)
    assert (found.population, found.commune_count) == (population - 234, 2)
    assert population_of(draft_of(draft.cpts)[1]) == found.population
    with pytest.raises(actions.UnknownCommune):
        change(draft, founder, add=["24126"])
    actions.put_in_force(perimeter=draft, read_version=1, on=TODAY, by=founder, at=NOON)
    second = actions.start_draft(cpts=draft.cpts, by=founder, at=NOON)
    assert codes(second) == {"24037", "24197"}


def test_an_arrondissement_is_offered_its_neighbours_never_its_own_commune(draft, founder):
    change(draft, founder, add=["13201"])
    coming = {one.commune.code for one in summary_of(draft).size_changers if one.comes_in}
    assert "13055" not in coming
    assert coming & {"13202", "13203"}


def test_the_summary_runs_the_same_queries_for_2_or_500_communes(draft, founder, django_assert_num_queries):
    change(draft, founder, add=["24037", "24520"])
    parts = list(PerimeterPart.objects.filter(perimeter=draft).for_summary())
    with django_assert_num_queries(2):
        summarise(draft, parts, on=TODAY)
    everything = set(Departement.objects.get(pk="24").communes.values_list("code", flat=True)) - codes(draft)
    change(draft, founder, add=everything)
    parts = list(PerimeterPart.objects.filter(perimeter=draft).for_summary())
    with django_assert_num_queries(1):  # taille 4 has no larger one: neighbours are not asked
        summarise(draft, parts, on=TODAY)
