"""Quorums and votes on paper."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.meetings.assemblies.rules.tally import (
    ABSTAIN,
    AGAINST,
    BLANK,
    FOR,
    RESOLUTION,
    Majority,
    Seat,
    Vote,
    is_adopted,
    journal_digest,
    quorum,
    tally,
)

ASSOCIATION = [Seat("Médecins", counts=number < 3) for number in range(4)] + [
    Seat("Usagers", counts=number < 1) for number in range(5)
]


@pytest.mark.parametrize(
    ("percent", "by_college", "needed", "reached"),
    [
        pytest.param(None, False, [0, 0, 0], [True, True, True], id="no rule, nothing needed"),
        pytest.param(50, False, [0, 0, 5], [True, True, False], id="half of nine is five: four are there"),
        pytest.param(44, False, [0, 0, 4], [True, True, True], id="44 % of nine is four, rounded up"),
        pytest.param(50, True, [2, 3, 5], [True, False, False], id="each college and the whole"),
        pytest.param(100, False, [0, 0, 9], [True, True, False], id="everybody"),
    ],
)
def test_quorum(percent, by_college, needed, reached):
    lines = quorum(ASSOCIATION, percent=percent, by_college=by_college)
    assert [line.college for line in lines] == ["Médecins", "Usagers", ""]
    assert [line.there for line in lines] == [3, 1, 4]
    assert [line.needed for line in lines] == needed
    assert [line.is_reached for line in lines] == reached


def test_without_colleges_the_whole_is_one_line():
    (line,) = quorum([Seat("", counts=True)] * 3, percent=50, by_college=True)
    assert (line.voters, line.there, line.needed) == (3, 3, 2)


def cast(**by_choice):
    names = {"pour": FOR, "contre": AGAINST, "abstention": ABSTAIN}
    return [Vote("", names[name], count) for name, count in by_choice.items()]


@pytest.mark.parametrize(
    ("votes", "majority", "adopted"),
    [
        pytest.param(cast(pour=5, contre=5), Majority.SIMPLE, False, id="a tie is no majority"),
        pytest.param(cast(pour=6, contre=5), Majority.SIMPLE, True, id="one more"),
        pytest.param(cast(pour=3, contre=2, abstention=90), Majority.SIMPLE, True, id="abstentions weigh on no side"),
        pytest.param(cast(pour=2, contre=1), Majority.TWO_THIRDS, True, id="exactly two thirds"),
        pytest.param(cast(pour=199, contre=100), Majority.TWO_THIRDS, False, id="just under two thirds"),
        pytest.param(cast(pour=3, contre=1), Majority.THREE_QUARTERS, True, id="exactly three quarters"),
        pytest.param(cast(abstention=4), Majority.SIMPLE, False, id="nothing expressed"),
        pytest.param([], Majority.SIMPLE, False, id="nobody voted"),
    ],
)
def test_majorities(votes, majority, adopted):
    assert is_adopted(tally(votes, RESOLUTION), majority) is adopted


def test_a_big_college_does_not_drown_a_small_one():
    votes = [Vote("Médecins", FOR, 90), Vote("Médecins", AGAINST, 10), Vote("Usagers", AGAINST, 2)]
    scores = {one.choice: one for one in tally(votes, RESOLUTION, {"Médecins": Fraction(1), "Usagers": Fraction(1)})}
    assert (scores[FOR].votes, scores[FOR].share) == (90, Fraction(45, 100))
    assert (scores[AGAINST].votes, scores[AGAINST].share) == (12, Fraction(55, 100))
    assert scores[ABSTAIN].share is None
    assert scores[FOR].share_text == "45\N{NO-BREAK SPACE}%"


def test_a_college_that_said_nothing_leaves_its_weight_to_the_others():
    votes = [Vote("Médecins", FOR, 1), Vote("Usagers", ABSTAIN, 9), Vote("Observateurs", AGAINST, 5)]
    weights = {"Médecins": Fraction(40), "Usagers": Fraction(60), "Observateurs": Fraction(0)}
    scores = {one.choice: one.share for one in tally(votes, RESOLUTION, weights)}
    assert scores == {FOR: 1, AGAINST: 0, ABSTAIN: None}


def test_an_election_ranks_names_and_counts_blanks_apart():
    votes = [Vote("", "Paule"), Vote("", "Paule"), Vote("", "Jean"), Vote("", BLANK)]
    scores = tally(votes, ["Paule", "Jean", BLANK])
    assert [(one.choice, one.votes, one.share) for one in scores] == [
        ("Paule", 2, Fraction(2, 3)),
        ("Jean", 1, Fraction(1, 3)),
        (BLANK, 1, None),
    ]


colleges = st.sampled_from(["A", "B", "C"])
votes = st.lists(st.builds(Vote, colleges, st.sampled_from(RESOLUTION), st.integers(0, 50)), max_size=40)
weights = st.fixed_dictionaries({name: st.integers(0, 100).map(Fraction) for name in "ABC"})


@given(votes, st.none() | weights)
def test_shares_make_one_or_nothing_and_no_vote_is_lost(given_votes, given_weights):
    scores = tally(given_votes, RESOLUTION, given_weights)
    assert sum(one.votes for one in scores) == sum(one.count for one in given_votes)
    assert sum(one.share for one in scores if one.share is not None) in {0, 1}
    assert all(0 <= one.share <= 1 for one in scores if one.share is not None)


lines = st.lists(st.tuples(st.text("abc23", min_size=3), st.just(""), st.sampled_from(RESOLUTION)), min_size=1)


@given(lines, st.randoms())
def test_the_digest_forgets_the_order_and_sees_any_change(journal, chance):
    digest = journal_digest(journal)
    mixed = list(journal)
    chance.shuffle(mixed)
    assert journal_digest(mixed) == digest
    receipt, college, choice = journal[0]
    other = FOR if choice != FOR else AGAINST
    assert journal_digest([(receipt, college, other), *journal[1:]]) != digest
    assert journal_digest(journal[1:]) != digest
