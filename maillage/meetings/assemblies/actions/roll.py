"""Who votes at a meeting, and for whom: the roll and the pouvoirs."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from maillage.accounts.actions.granted import UNDONE_WITHIN
from maillage.accounts.hooks import account_taken_back
from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.core.text import plural
from maillage.meetings import notifications
from maillage.meetings.actions.proving import address_on_roll, check_proof, is_address_recent
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.models import (
    BallotState,
    BodyRule,
    Means,
    Meeting,
    MeetingKind,
    MeetingStatus,
    Participant,
    Presence,
    Proxy,
    Voter,
)
from maillage.members.models import Body, Mandate, Membership, MembershipStatus

# Of these bodies, only those who hold a mandate vote; whoever else is invited listens.
BODIES = {MeetingKind.BUREAU: Body.BUREAU, MeetingKind.COUNCIL: Body.COUNCIL}


CODE_TOO_RECENT = "signée par un code, à une adresse entrée dans la liste après la création de la réunion"


class NoVoter(DomainError):
    user_message = "Personne d’invité n’a le droit de vote : vérifiez les adhésions, les collèges ou les mandats."


class RollIsClosed(DomainError):
    user_message = "La réunion est terminée : la liste des votants ne change plus."


class ProxiesNotForeseen(DomainError):
    user_message = "Les règles écrites ici ne prévoient pas de pouvoir : complétez les règles des instances."


class TooManyProxies(DomainError):
    def __init__(self, most: int) -> None:
        super().__init__(f"Cette personne porte déjà {most} {plural(most, 'pouvoir')}, le maximum de vos statuts.")


class ProxyAlreadyGiven(DomainError):
    user_message = "Cette personne a déjà donné son pouvoir : retirez-le d’abord."


class ProxyUnusable(DomainError):
    user_message = "Un pouvoir va d’un votant à un autre votant de la même réunion."


class ProxyContested(DomainError):
    user_message = "Cette personne conteste ce pouvoir : à elle seule de le reprendre."


class PaperMissing(DomainError):
    user_message = "Un pouvoir s’enregistre d’après un papier que la personne a signé : donnez le jour de sa signature."


class OwnPouvoir(DomainError):
    user_message = "Vous ne pouvez pas enregistrer un pouvoir qui vous est donné : un collègue l’écrit, ou la personne."


class PaperOfNoAccount(DomainError):
    user_message = (
        "Ce pouvoir a été écrit d’après un papier quand votre fiche n’était pas encore reliée à votre compte : il se "
        "vote sur une tablette de l’organisation, où vous signez."
    )


class VotesGoingOn(DomainError):
    user_message = "Un vote est ouvert : attendez sa clôture."


def rule_of(meeting: Meeting) -> BodyRule:
    """What the statutes say of this kind of meeting; an empty rule when nothing is written."""
    rule = BodyRule.objects.filter(cpts=meeting.cpts_id, kind=meeting.kind).first()
    return rule or BodyRule(cpts_id=meeting.cpts_id, kind=meeting.kind)


@transaction.atomic
def draw_up_roll(*, meeting: Meeting, by: User, at: datetime) -> int:
    """Write down who votes; run again it adds whoever became entitled meanwhile and removes nobody. The presence that a
    new voter signed by a code at a recent address is taken back: they sign as they will vote.

    Returns how many were added. Raises NoVoter, VotesGoingOn, RollIsClosed.
    """
    # Locked first: two clicks draw it up once.
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=meeting.pk)
    if meeting.is_over:
        raise RollIsClosed
    _check_no_vote(meeting)
    rule = rule_of(meeting)
    on = timezone.localdate(meeting.starts_at or at)
    known = set(meeting.voters.values_list("participant_id", flat=True))
    people = meeting.participants.select_related("membership__college").exclude(membership=None)
    entitled = [person for person in people if person.pk not in known and _has_vote(person, rule)]
    if body := BODIES.get(MeetingKind(meeting.kind)):
        held = Mandate.objects.in_force(on).filter(cpts=meeting.cpts_id, body=body)
        members = set(held.values_list("membership_id", flat=True))
        entitled = [person for person in entitled if person.membership_id in members]
    if not entitled and not known:
        raise NoVoter
    Voter.objects.bulk_create(_voter(meeting, person) for person in entitled)
    _take_back_codes(entitled, by, at)
    if entitled:
        count = len(entitled)
        summary = f"« {meeting} » : {count} {plural(count, 'votant')} sur la liste"
        leave_trace(Act.ROLL, meeting, summary, by=by, at=at)
    return len(entitled)


def _take_back_codes(entitled: list[Participant], by: User, at: datetime) -> None:
    """Where nobody voted yet a code at any address signed; of a voter, it proves what their vote would ask."""
    unbound = Presence.objects.filter(participant__in=entitled, means=Means.CODE, participant__membership__account=None)
    for presence in unbound.select_related("participant__membership", "participant__meeting__cpts"):
        if is_address_recent(presence.participant):
            presence.delete()
            summary = f"« {presence.participant.meeting} » : Présence de {presence} retirée : {CODE_TOO_RECENT}"
            leave_trace(Act.PRESENCE, presence.participant.meeting, summary, by=by, at=at)


def _has_vote(participant: Participant, rule: BodyRule) -> bool:
    """A member who is in, whose college votes, and who paid where the statutes ask for it."""
    membership = participant.membership
    if membership is None or not membership.is_in:
        return False
    if membership.college and not membership.college.has_vote:
        return False
    return not rule.needs_fee or membership.status == MembershipStatus.UP_TO_DATE


def _voter(meeting: Meeting, participant: Participant) -> Voter:
    assert participant.membership
    voter = Voter(
        meeting=meeting, participant=participant, address_key=address_on_roll(meeting, participant.membership.email)
    )
    if college := participant.membership.college:
        voter.college, voter.weight = college.name, college.weight
    return voter


@transaction.atomic
def give_proxy(
    *,
    giver: Voter,
    holder: Voter,
    means: Means,
    signed_on: date | None = None,
    by: User | None,
    at: datetime,
) -> Proxy:
    """Let another voter vote. `by` is None when the giver does it and proved it (`means`); otherwise somebody writes
    down a paper that the giver signed, and the giver is told.

    Raises NotProved, PaperMissing, OwnPouvoir, ProxyUnusable, ProxiesNotForeseen, TooManyProxies, ProxyAlreadyGiven,
    VotesGoingOn.
    """
    if by is None:
        check_proof(Participant.objects.for_link().get(pk=giver.participant_id), means)
    elif means != Means.PAPER or signed_on is None or signed_on > timezone.localdate(at):
        raise PaperMissing
    elif Membership.objects.of_account(by).filter(participations__voter=holder).exists():
        raise OwnPouvoir
    # The holder is locked before their pouvoirs are counted: two may reach them within the same second.
    holder = (
        Voter.objects.select_for_update(of=("self",)).select_related("meeting__cpts", "participant").get(pk=holder.pk)
    )
    if giver.meeting_id != holder.meeting_id or giver.pk == holder.pk or holder.meeting.is_over:
        raise ProxyUnusable
    _check_no_vote(holder.meeting)
    most = rule_of(holder.meeting).proxies_max
    if not most:
        raise ProxiesNotForeseen
    if holder.proxies_held.count() >= most:
        raise TooManyProxies(most)
    try:
        with transaction.atomic():
            proxy = Proxy.objects.create(
                meeting=holder.meeting,
                giver=giver,
                holder=holder,
                means=means,
                signed_on=signed_on,
                given_at=at,
                recorded_by=by,
            )
    except IntegrityError as error:
        raise ProxyAlreadyGiven from error
    meeting = holder.meeting
    how = f" ({proxy.how})" if by else ""
    leave_trace(Act.PROXY, meeting, f"« {meeting} » : pouvoir de {giver} à {holder}{how}", by=by, at=at)
    _tell_giver(giver, f"Votre pouvoir à {holder} a été enregistré{how}.", at)
    return proxy


def _tell_giver(giver: Voter, words: str, at: datetime) -> None:
    """What was done of their pouvoir, told to whoever it is of: it may have been somebody else, in their session."""
    person = Participant.objects.for_link().get(pk=giver.participant_id)
    if person.address:
        notifications.written_down(person, words, at)


@transaction.atomic
def withdraw_proxy(*, proxy: Proxy, by: User | None, at: datetime) -> None:
    """Raises VotesGoingOn while a ballot is open: nobody loses a voice half-way; ProxyContested when a team does it."""
    if by and proxy.contested_at:
        raise ProxyContested
    meeting = proxy.meeting
    _check_no_vote(meeting)
    summary = f"« {meeting} » : pouvoir de {proxy.giver} à {proxy.holder} retiré"
    leave_trace(Act.PROXY, meeting, summary, by=by, at=at)
    whom = f" par {by}" if by else ""
    _tell_giver(proxy.giver, f"Votre pouvoir à {proxy.holder} a été retiré{whom}.", at)
    proxy.delete()


@account_taken_back.register
def suspend_what_was_written(*, user: User, at: datetime) -> None:
    """Given or written down by the account these last days, maybe by whoever got into it: they count for nothing any
    more, and neither do the presences it wrote down."""
    theirs = Q(giver__participant__membership__account=user) & ~Q(means__in=[Means.TABLET, Means.PAPER])
    given = Proxy.objects.filter(theirs | Q(recorded_by=user), contested_at=None, given_at__gte=at - UNDONE_WITHIN)
    for proxy in given.filter(meeting__status__in=[MeetingStatus.DRAFT, MeetingStatus.PLANNED]).select_related(
        "meeting", "giver", "holder"
    ):
        Proxy.objects.filter(pk=proxy.pk).update(contested_at=at)
        summary = f"« {proxy.meeting} » : pouvoir de {proxy.giver} à {proxy.holder} suspendu, compte repris"
        leave_trace(Act.PROXY, proxy.meeting, summary, by=None, at=at)
    written = Presence.objects.filter(recorded_by=user, contested_at=None, signed_at__gte=at - UNDONE_WITHIN)
    written = written.filter(meeting__status=MeetingStatus.PLANNED, means__in=[Means.TABLET, Means.PAPER])
    written.update(contested_at=at)


def vote_is_open(meeting: Meeting) -> bool:
    return meeting.ballots.filter(state=BallotState.OPEN).exists()


def _check_no_vote(meeting: Meeting) -> None:
    if vote_is_open(meeting):
        raise VotesGoingOn


def _standing(meeting: Meeting, at: datetime | None) -> QuerySet[Voter]:
    """Voters whose membership nobody contests: in force at a moment, or not ended by the day of the meeting."""
    voters = Voter.objects.filter(meeting=meeting, participant__membership__contested_at=None)
    if at is not None:
        return voters.filter(participant__membership__in=Membership.objects.current().filter(cpts=meeting.cpts_id))
    if meeting.starts_at is None:
        return voters
    return voters.exclude(participant__membership__left_on__lte=timezone.localdate(meeting.starts_at))


def present_voters(meeting: Meeting, at: datetime | None = None) -> set[int]:
    """Voters who signed in, contested presences and members apart; at a given moment, those still there."""
    voters = _standing(meeting, at).filter(
        participant__presence__isnull=False, participant__presence__contested_at=None
    )
    if at is not None:
        voters = voters.exclude(participant__presence__left_at__lte=at)
    return set(voters.values_list("pk", flat=True))


def represented(meeting: Meeting, there: set[int], at: datetime | None = None) -> dict[int, Proxy]:
    """Absent voter -> the pouvoir that counts: of a member who is still one, given to somebody who is there."""
    whole = meeting.proxies.select_related("holder__participant", "giver__participant", "recorded_by")
    given = whole.filter(contested_at=None, giver__in=_standing(meeting, at))
    return {proxy.giver_id: proxy for proxy in given if proxy.giver_id not in there and proxy.holder_id in there}


def check_paper(proxy: Proxy, means: Means) -> None:
    """A page that no account is bound to may be that of whoever wrote the paper down: a tablet, which names who lent
    it, votes what they wrote. Raises PaperOfNoAccount.
    """
    if proxy.means != Means.PAPER or means == Means.TABLET:
        return
    holder = proxy.holder.participant.membership
    account = holder.account_id if holder else None
    was_bound = holder is not None and (holder.bound_at is None or holder.bound_at <= proxy.given_at)
    if account is None or account == proxy.recorded_by_id or not was_bound:
        raise PaperOfNoAccount
