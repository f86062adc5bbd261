"""The grid against its printed totals, and the payments of a contract."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maillage.aci.rules.grid import SIZES, UnknownAgreement, agreement_in_force, agreements, funding
from maillage.aci.rules.payments import Proration, Refusal, Scenario, deadlines, simulate, totals_by_year
from maillage.core.dates import add_months
from maillage.core.missions import Mission
from maillage.core.parameters import Status

SIGNED = date(2026, 3, 1)
STARTED = date(2026, 9, 1)


def scenario(**changes):
    return Scenario(
        **{"agreement": "2019", "size": 3, "signed_on": SIGNED, "starts": {Mission.PATHWAYS: STARTED}} | changes
    )


@pytest.mark.parametrize(
    ("size", "total", "with_supplement"), [(1, 185, 220), (2, 242, 287), (3, 315, 370), (4, 380, 450)]
)
def test_the_2019_grid_adds_up_to_its_printed_totals(size, total, with_supplement):
    grid = funding("2019", size)
    assert (grid.total, grid.total_with_snp_supplement) == (total * 1000, with_supplement * 1000)
    assert not grid.at_least
    assert grid.fixed + grid.variable == grid.total


@pytest.mark.parametrize("size", SIZES)
def test_in_2019_each_mission_is_worth_as_much_fixed_as_variable(size):
    for line in funding("2019", size).lines:
        assert line.code in {"FON", "ACC_SNP", "SNP_SUP"} or line.fixed == line.variable


def test_the_cell_missing_from_the_printed_grid_is_said_to_be_deduced():
    statuses = {(size, line.status) for size in SIZES for line in funding("2019", size).lines if line.code == "ACC"}
    assert statuses == {(1, "sourced"), (2, "sourced"), (3, "sourced"), (4, "derived")}


@pytest.mark.parametrize(
    ("size", "total", "at_least"),
    [
        pytest.param(1, 170_000, True, id="access unknown"),
        pytest.param(2, 195_000, True, id="access and crisis unknown"),
        pytest.param(3, 420_000, False, id="487 500 less the recognised crisis"),
        pytest.param(4, 505_000, False, id="580 000 less the recognised crisis"),
    ],
)
def test_avenant_2_says_at_least_where_a_cell_is_unknown(size, total, at_least):
    grid = funding("AV2", size)
    assert (grid.total, grid.at_least) == (total, at_least)


@pytest.mark.parametrize(("size", "maximum"), [(3, 487_500), (4, 580_000)])
def test_avenant_2_reaches_the_maximum_quoted_when_a_crisis_is_recognised(size, maximum):
    crisis = next(line for line in funding("AV2", size).lines if line.code == "CRI_E")
    assert funding("AV2", size).total + crisis.total == maximum


def test_parts_whose_split_is_unknown_say_so_even_when_their_total_is_known():
    grid = funding("AV2", 4)
    assert (grid.at_least, grid.fixed_at_least, grid.variable_at_least) == (False, True, True)
    for version in agreements():
        for size in SIZES:
            known = funding(version, size)
            assert known.fixed + known.variable == known.total or known.fixed_at_least


def test_unknown_is_never_zero():
    for version in agreements():
        for size in SIZES:
            for line in funding(version, size).lines:
                assert (line.total is None) == (line.status == Status.UNKNOWN), (version, size, line.code)
                assert line.reference.title


@pytest.mark.parametrize(
    ("on", "version"), [(date(2021, 1, 1), "2019"), (date(2022, 3, 31), "AV2"), (date(2018, 1, 1), "2019")]
)
def test_the_version_in_force_follows_the_date(on, version):
    assert agreement_in_force(on).id == version


def test_an_unknown_version_is_refused_with_those_that_exist():
    with pytest.raises(UnknownAgreement, match="2019, AV2"):
        funding("AV3", 1)


def test_worked_example_of_a_mission_started_within_the_year():
    """Taille 3, signed 1 March 2026, parcours started 1 September: 16 875, then 5 625 and 33 750 at the anniversary."""
    paid = [(p.on, p.rule, p.amount) for p in simulate(scenario()) if p.line.code == "PAR" and p.rule != "variable"]
    assert paid[:3] == [
        (STARTED, "mission_start", Decimal(16_875)),
        (date(2027, 3, 1), "mission_first_balance", Decimal(5_625)),
        (date(2027, 3, 1), "mission_advance", Decimal(33_750)),
    ]


def test_sums_whose_pro_rata_unit_is_our_choice_are_said_to_be_deduced():
    statuses = {p.rule: p.status for p in simulate(scenario())}
    assert statuses["mission_start"] == statuses["mission_first_balance"] == statuses["variable"] == Status.DERIVED
    assert statuses["mission_advance"] == statuses["mission_balance"] == statuses["running_first"] == Status.SOURCED


def test_running_costs_are_paid_whole_at_signature_then_in_two_parts():
    paid = [(p.on.year, p.amount) for p in simulate(scenario()) if p.line.code == "FON"]
    assert paid[:4] == [(2026, 75_000), (2027, 56_250), (2028, 18_750), (2028, 56_250)]
    assert sum(amount for _, amount in paid) == 5 * 75_000


@pytest.mark.parametrize(
    ("start", "proration", "first"),
    [
        pytest.param(SIGNED, Proration.MONTHS, "33750", id="on the day of signature: a whole year"),
        pytest.param(date(2026, 9, 15), Proration.MONTHS, "14062.5", id="five full months"),
        pytest.param(date(2026, 9, 15), Proration.DAYS, "15441.78", id="167 days of 365"),
        pytest.param(date(2027, 2, 28), Proration.DAYS, "92.47", id="one day"),
        pytest.param(date(2027, 3, 1), Proration.MONTHS, "33750", id="on the anniversary: the next year, whole"),
    ],
)
def test_the_first_year_is_pro_rata(start, proration, first):
    paid = simulate(scenario(starts={Mission.PATHWAYS: start}, proration=proration))
    assert next(p.amount for p in paid if p.rule == "mission_start") == Decimal(first)


def test_a_start_less_than_a_month_before_the_anniversary_pays_nothing_that_year():
    paid = [p for p in simulate(scenario(starts={Mission.PATHWAYS: date(2027, 2, 28)})) if p.line.code == "PAR"]
    assert (paid[0].on, paid[0].rule) == (date(2027, 3, 1), "mission_advance")


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"signed_on": date(2019, 8, 24)}, "signed_on", "25/08/2019"),
        ({"signed_on": date(2041, 1, 1)}, "signed_on", "31/12/2040"),
        ({"agreement": "AV2", "signed_on": date(2021, 1, 1)}, "signed_on", "Avenant 2"),
        ({"starts": {Mission.PATHWAYS: date(2026, 2, 28)}}, "PAR", "avant la signature"),
        ({"starts": {Mission.PATHWAYS: date(2031, 3, 1)}}, "PAR", "après la fin du contrat"),
        ({"starts": {Mission.CRISIS: STARTED}}, "CRI", "n’existe pas dans cette version"),
        ({"variable_percent": 101}, "variable_percent", "0 à 100"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_in_french(changes, field, message):
    with pytest.raises(Refusal, match=re.escape(message)) as refused:
        scenario(**changes)
    assert refused.value.field == field


def test_crisis_is_paid_whole_the_first_year_then_half():
    paid = simulate(scenario(agreement="AV2", starts={Mission.CRISIS: SIGNED}))
    by_year = {}
    for payment in paid:
        if payment.line.mission == Mission.CRISIS:
            by_year[payment.year] = by_year.get(payment.year, 0) + payment.amount
    assert by_year == {1: 45_000, 2: 22_500, 3: 22_500, 4: 22_500, 5: 22_500}


def test_unknown_amounts_are_paid_as_unknown_and_the_year_says_so():
    paid = simulate(scenario(agreement="AV2", size=1, starts={Mission.ACCESS: SIGNED}))
    assert {p.amount for p in paid if p.line.code == "ACC"} == {None}
    assert {p.status for p in paid if p.line.code == "ACC"} == {Status.UNKNOWN}
    assert all(unknown for _, unknown in totals_by_year(paid).values())


def test_the_supplement_is_simulated_only_when_asked():
    access = {Mission.ACCESS: SIGNED}
    assert "SNP_SUP" not in {p.line.code for p in simulate(scenario(starts=access))}
    with_it = simulate(scenario(starts=access, with_snp_supplement=True))
    supplement = [p for p in with_it if p.line.code == "SNP_SUP"]
    assert sum(p.amount for p in supplement) == 5 * 55_000
    assert {p.status for p in supplement} == {Status.DERIVED}


def test_the_variable_part_follows_the_results():
    paid = simulate(scenario(starts={Mission.PATHWAYS: SIGNED}, variable_percent=60))
    assert {p.amount for p in paid if p.rule == "variable"} == {Decimal(27_000)}


def test_deadlines_follow_signature_and_say_what_is_missed():
    late = deadlines(scenario(starts={Mission.ACCESS: date(2026, 9, 2), Mission.PATHWAYS: date(2027, 3, 1)}))
    assert [(d.on, d.mission, d.step, d.is_missed) for d in late if d.mission != Mission.PREVENTION] == [
        (date(2026, 9, 1), Mission.ACCESS, "démarrage", True),
        (date(2027, 3, 1), Mission.PATHWAYS, "démarrage", False),
        (date(2027, 9, 1), Mission.ACCESS, "déploiement", False),
        (date(2028, 3, 1), Mission.PATHWAYS, "déploiement", False),
    ]


MISSIONS_2019 = [Mission.ACCESS, Mission.PATHWAYS, Mission.PREVENTION, Mission.QUALITY, Mission.SUPPORT]


@settings(max_examples=200)
@given(
    size=st.sampled_from(SIZES),
    signed_on=st.dates(date(2019, 8, 25), date(2040, 12, 31)),
    delays=st.dictionaries(st.sampled_from(MISSIONS_2019), st.integers(0, 1700), max_size=5),
    proration=st.sampled_from(Proration),
    percent=st.integers(0, 100),
)
def test_money_is_neither_lost_nor_made(size, signed_on, delays, proration, percent):
    """Whatever the dates: cents exact, no payment outside the contract, never more than five full years of the grid."""
    starts = {mission: date.fromordinal(signed_on.toordinal() + delay) for mission, delay in delays.items()}
    paid = simulate(Scenario("2019", size, signed_on, starts=starts, proration=proration, variable_percent=percent))
    assert all(p.cents >= 0 for p in paid)
    assert all(signed_on <= p.on <= add_months(signed_on, 60) for p in paid)
    assert [p.on for p in paid] == sorted(p.on for p in paid)
    for line in funding("2019", size).lines:
        mine = [p for p in paid if p.line == line]
        assert sum(p.amount for p in mine) <= 5 * line.total
        full = [p for p in mine if p.rule != "variable" and p.year == 5]
        if full and (line.code == "FON" or starts[line.mission] <= add_months(signed_on, 48)):
            assert sum(p.amount for p in full) == line.fixed
    assert sum(total for total, _ in totals_by_year(paid).values()) == sum(p.amount for p in paid)
