"""Votes: prepared, opened, cast, counted, closed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from datetime import datetime
from fractions import Fraction

from django.conf import settings
from django.db import IntegrityError, transaction

from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.core.sql.wiping import leave_only
from maillage.core.text import listed
from maillage.meetings import notifications
from maillage.meetings.actions.attendance import check_tablet
from maillage.meetings.actions.proving import NotProved, check_proof
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.assemblies.actions.roll import check_paper, present_voters, represented, rule_of
from maillage.meetings.assemblies.rules.ballots import BALLOT, BallotRecord
from maillage.meetings.assemblies.rules.tally import (
    Majority,
    QuorumLine,
    Score,
    Seat,
    Vote,
    is_adopted,
    journal_digest,
    quorum,
    tally,
)
from maillage.meetings.assemblies.rules.urn import Paper, new_receipt, seal, unseal
from maillage.meetings.models import (
    Ballot,
    BallotMode,
    BallotState,
    HandCount,
    Means,
    Meeting,
    Participant,
    Proxy,
    SealedSlip,
    Signature,
    Slip,
    Tablet,
    Voter,
)
from maillage.records.actions.freezing import freeze

FEW = 3  # fewer voices than that in a college hide nothing


class NotDuringTheMeeting(DomainError):
    user_message = "On vote pendant la réunion : elle doit être convoquée et ne pas être close."


class RollMissing(DomainError):
    user_message = "Dressez d’abord la liste des votants."


class QuorumNotReached(DomainError):
    user_message = "Le quorum n’est pas atteint : le vote ne peut pas s’ouvrir."


class TooFewToHide(DomainError):
    def __init__(self, colleges: list[str]) -> None:
        named = listed(college or "sans collège" for college in colleges)
        super().__init__(
            f"Trop peu de voix dans : {named}. Chaque collège pesant son poids, leur vote se devinerait. "
            "Votez à main levée, ou attendez d’être plus nombreux."
        )


class NotCounted(DomainError):
    user_message = "Comptez d’abord les mains : ce vote n’a encore aucun résultat."


class BallotNotOpen(DomainError):
    user_message = "Ce vote n’est pas ouvert."


class AlreadyVoted(DomainError):
    user_message = "Cette voix s’est déjà exprimée."


class NotAVoter(DomainError):
    user_message = "Vous ne pouvez pas voter ici : signez d’abord votre présence, ou vérifiez votre droit de vote."


class NotAChoice(DomainError):
    user_message = "Choisissez une des réponses proposées."


class MoreHandsThanVoters(DomainError):
    user_message = "Il y a plus de mains que de voix présentes ou représentées."


class BallotBegun(DomainError):
    user_message = "Ce vote est déjà ouvert ou clos : il ne change plus."


@transaction.atomic
def prepare_ballot(
    *, meeting: Meeting, question: str, mode: str, majority: str, choices: Sequence[str], by: User, at: datetime
) -> Ballot:
    """One more question. Whether colleges weigh is what the statutes say of this body. Raises NotDuringTheMeeting."""
    if meeting.is_over:
        raise NotDuringTheMeeting
    ballot = Ballot.objects.create(
        cpts=meeting.cpts,
        meeting=meeting,
        question=question,
        mode=mode,
        majority=majority,
        choices=list(choices),
        is_weighted=rule_of(meeting).is_weighted,
    )
    leave_trace(Act.VOTE, meeting, f"« {meeting} » : vote préparé, {ballot}", by=by, at=at)
    return ballot


@transaction.atomic
def drop_ballot(*, ballot: Ballot, by: User, at: datetime) -> None:
    """Raises BallotBegun."""
    if ballot.state != BallotState.PREPARED:
        raise BallotBegun
    leave_trace(Act.VOTE, ballot.meeting, f"« {ballot.meeting} » : vote retiré, {ballot}", by=by, at=at)
    ballot.delete()


def quorum_of(meeting: Meeting, at: datetime | None = None) -> list[QuorumLine]:
    """Who is there or represented, at a moment or over the whole meeting, against what the statutes ask."""
    rule = rule_of(meeting)
    there = present_voters(meeting, at)
    counted = there | set(represented(meeting, there, at))
    seats = [Seat(voter.college, voter.pk in counted) for voter in meeting.voters.all()]
    return quorum(seats, percent=rule.quorum_percent, by_college=rule.quorum_by_college)


@transaction.atomic
def open_ballot(*, ballot: Ballot, by: User, at: datetime) -> None:
    """Raises NotDuringTheMeeting, RollMissing, QuorumNotReached, TooFewToHide, BallotBegun."""
    meeting = ballot.meeting
    if not meeting.has_opened(at):
        raise NotDuringTheMeeting
    if not meeting.voters.exists():
        raise RollMissing
    lines = quorum_of(meeting, at)
    if not all(line.is_reached for line in lines):
        raise QuorumNotReached
    if small := too_few_to_hide(ballot, at):
        raise TooFewToHide(small)
    opened = Ballot.objects.filter(pk=ballot.pk, state=BallotState.PREPARED).update(
        state=BallotState.OPEN, opened_at=at, voices=lines[-1].there
    )
    if not opened:
        raise BallotBegun
    leave_trace(
        Act.VOTE,
        meeting,
        f"« {meeting} » : vote ouvert, {ballot} ({lines[-1].there} voix présentes ou représentées)",
        by=by,
        at=at,
    )


@transaction.atomic
def cast(
    *,
    ballot: Ballot,
    voter: Voter,
    choice: str,
    caster: Voter,
    means: Means,
    tablet: Tablet | None = None,
    at: datetime,
) -> str:
    """Put one slip in the urn and sign for it, both or neither. Returns the receipt, which is told nowhere else.

    `caster` is the voter, or who holds their pouvoir; `means` how they proved who they are, `tablet` on whose.
    Raises NotProved, TabletBack, BallotNotOpen, NotAChoice, NotAVoter, PaperOfNoAccount, AlreadyVoted.
    """
    # The ballot is locked first: no slip falls into an urn that is being emptied.
    ballot = Ballot.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=ballot.pk)
    if ballot.state != BallotState.OPEN or ballot.mode != BallotMode.SECRET or not ballot.meeting.has_opened(at):
        raise BallotNotOpen
    if choice not in ballot.choices:
        raise NotAChoice
    if voter.pk not in {voice.pk for voice in _voices(ballot.meeting, caster, at)}:
        raise NotAVoter
    _check_proof(caster, means, tablet)
    by_proxy = None if caster.pk == voter.pk else caster
    if by_proxy:
        check_paper(Proxy.objects.select_related("holder__participant__membership").get(giver=voter), means)
    try:
        with transaction.atomic():
            Signature.objects.create(ballot=ballot, voter=voter, cast_by=by_proxy, means=means, tablet=tablet)
    except IntegrityError as error:
        raise AlreadyVoted from error
    paper = Paper(new_receipt(), voter.college if ballot.is_weighted else "", choice)
    # Engines mark a slip and a signature of one transaction alike: until the closing a slip is sealed.
    SealedSlip.objects.create(ballot=ballot, content=seal(paper, secret=settings.SECRET_KEY, ballot=ballot.uuid))
    if tablet:
        _tell_of_tablet(ballot, caster, tablet, at)
    return paper.receipt


def _check_proof(caster: Voter, means: Means, tablet: Tablet | None) -> None:
    """A code proves at the address of the roll; a tablet serves whoever signed on one. Raises NotProved, TabletBack,
    AddressProvesNothing or one of its kinds.
    """
    person = Participant.objects.for_link().get(pk=caster.participant_id)
    if tablet:
        check_tablet(tablet, person.meeting)
    on_tablet = tablet is not None and person.is_present and person.presence.means == Means.TABLET
    if means == Means.TABLET and on_tablet:
        return
    if tablet:
        raise NotProved
    check_proof(person, means)


def _tell_of_tablet(ballot: Ballot, caster: Voter, tablet: Tablet, at: datetime) -> None:
    """That somebody voted on a tablet is traced and told to them: it is the one vote that a team has a hand in."""
    person = Participant.objects.for_link().get(pk=caster.participant_id)
    leave_trace(
        Act.TABLET_VOTE,
        person.meeting,
        f"« {person.meeting} » : {person} vote sur la {tablet}",
        by=tablet.lent_by,
        at=at,
    )
    if person.address:
        notifications.written_down(person, f"Un vote a été donné en votre nom sur la {tablet}.", at)


def _voices(meeting: Meeting, caster: Voter, at: datetime) -> list[Voter]:
    """For whom somebody votes at that moment: themselves, then those who gave them their pouvoir and are not there."""
    there = present_voters(meeting, at)
    if caster.pk not in there:
        return []
    return [
        caster,
        *(proxy.giver for proxy in represented(meeting, there, at).values() if proxy.holder_id == caster.pk),
    ]


def voices_of(ballots: Sequence[Ballot], caster: Voter, at: datetime) -> list[tuple[Ballot, list[Voter]]]:
    """Open ballots of one meeting, each with the voices this person has not used in it."""
    if not ballots:
        return []
    voices = _voices(ballots[0].meeting, caster, at)
    used = set(Signature.objects.filter(ballot__in=ballots, voter__in=voices).values_list("ballot_id", "voter_id"))
    return [(ballot, [voice for voice in voices if (ballot.pk, voice.pk) not in used]) for ballot in ballots]


@transaction.atomic
def count_hands(*, ballot: Ballot, hands: Mapping[tuple[str, str], int], by: User, at: datetime) -> None:
    """Write the hands raised, (college, choice) -> number; counting again replaces.

    Raises BallotNotOpen, MoreHandsThanVoters.
    """
    ballot = Ballot.objects.select_for_update(of=("self",)).select_related("meeting__cpts").get(pk=ballot.pk)
    if ballot.state != BallotState.OPEN or ballot.mode != BallotMode.HANDS or not ballot.meeting.is_live:
        raise BallotNotOpen
    lines = quorum_of(ballot.meeting, at)
    voices = {line.college: line.there for line in lines if line.is_whole is not ballot.is_weighted or len(lines) == 1}
    for college in {college for college, _ in hands}:
        raised = sum(count for (where, _), count in hands.items() if where == college)
        if raised > voices.get(college, 0):
            raise MoreHandsThanVoters
    HandCount.objects.filter(ballot=ballot).delete()
    HandCount.objects.bulk_create(
        HandCount(ballot=ballot, college=college, choice=choice, count=count)
        for (college, choice), count in hands.items()
        if choice in ballot.choices
    )
    Ballot.objects.filter(pk=ballot.pk).update(counted_at=at)
    leave_trace(Act.VOTE, ballot.meeting, f"« {ballot.meeting} » : mains comptées, {ballot}", by=by, at=at)


@transaction.atomic
def close_ballot(*, ballot: Ballot, by: User, at: datetime) -> Ballot:
    """Empty the urn: the result is frozen, and the journal of a secret ballot has its digest.

    Raises BallotNotOpen, NotCounted, UrnUnreadable, or TableBusy (core.sql.wiping).
    """
    ballot = Ballot.objects.select_for_update(of=("self",)).select_related("meeting__cpts").get(pk=ballot.pk)
    if ballot.state != BallotState.OPEN:
        raise BallotNotOpen
    if ballot.mode == BallotMode.HANDS:
        scores, journal = _count_hands_of(ballot), ""
    else:
        scores, journal = _publish(ballot, _papers_of(ballot))
        leave_only(SealedSlip.objects.exclude(ballot=ballot), at=at)
    ballot.state, ballot.closed_at = BallotState.CLOSED, at
    ballot.snapshot = freeze(_record(ballot, scores, journal), BALLOT, cpts=ballot.meeting.cpts, by=by, at=at)
    ballot.save()
    leave_trace(Act.VOTE, ballot.meeting, f"« {ballot.meeting} » : vote clos, {ballot}", by=by, at=at)
    return ballot


def _record(ballot: Ballot, scores: list[Score], journal: str) -> BallotRecord:
    return BallotRecord(
        question=ballot.question,
        mode=ballot.mode,
        majority=ballot.majority,
        choices=ballot.choices,
        is_weighted=ballot.is_weighted,
        voices=ballot.voices or 0,
        scores=[_frozen(score) for score in scores],
        is_adopted=is_adopted(scores, Majority(ballot.majority)) if ballot.is_resolution else None,
        journal=journal,
        opened_at=ballot.opened_at.isoformat() if ballot.opened_at else "",
        closed_at=ballot.closed_at.isoformat() if ballot.closed_at else "",
    )


def _frozen(score: Score) -> dict[str, object]:
    share = [score.share.numerator, score.share.denominator] if score.share is not None else None
    return {"choice": score.choice, "votes": score.votes, "share": share}


def _count_hands_of(ballot: Ballot) -> list[Score]:
    """Raises NotCounted."""
    if not ballot.counted_at:
        raise NotCounted
    return _scores(ballot, [Vote(hand.college, hand.choice, hand.count) for hand in ballot.hands.all()])


def _papers_of(ballot: Ballot) -> list[Paper]:
    """What is in the urn, in the order of the receipts, which tells nothing. Raises UrnUnreadable."""
    secrets = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    sealed = ballot.sealed_slips.values_list("content", flat=True)
    papers = [unseal(bytes(content), among=secrets, ballot=ballot.uuid) for content in sealed]
    # A vote that was open while the version that wrote them plain was replaced.
    papers += [Paper(*line) for line in ballot.slips.values_list("receipt", "college", "choice")]
    ballot.slips.all().delete()
    return sorted(papers)


def _publish(ballot: Ballot, papers: list[Paper]) -> tuple[list[Score], str]:
    """Count, then write every slip in one go; a college that cast too few to hide in is named on none of them. With the
    digest of the journal."""
    scores = _scores(ballot, [Vote(paper.college, paper.choice) for paper in papers])
    smallest = min(Counter(paper.college for paper in papers).values(), default=FEW)
    ballot.is_masked = ballot.is_weighted and smallest < FEW
    if ballot.is_masked:
        papers = [replace(paper, college="") for paper in papers]
    Slip.objects.bulk_create(
        Slip(ballot=ballot, receipt=paper.receipt, college=paper.college, choice=paper.choice) for paper in papers
    )
    return scores, journal_digest(astuple(paper) for paper in papers)


def _scores(ballot: Ballot, votes: list[Vote]) -> list[Score]:
    return tally(votes, ballot.choices, _weights(ballot.meeting) if ballot.is_weighted else None)


def _weights(meeting: Meeting) -> dict[str, Fraction]:
    return {college: Fraction(weight) for college, weight in meeting.voters.values_list("college", "weight")}


def too_few_to_hide(ballot: Ballot, at: datetime) -> list[str]:
    """Colleges so small that a weighted secret ballot would tell what their members voted."""
    if not ballot.is_weighted or ballot.mode != BallotMode.SECRET:
        return []
    lines = [line for line in quorum_of(ballot.meeting, at) if not line.is_whole]
    return [line.college for line in lines if 0 < line.there < FEW]
