"""Voting and pouvoirs on one's own page: what it shows, what it does."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from maillage.core.errors import DomainError
from maillage.core.screens.posted import sent_key
from maillage.meetings import actions
from maillage.meetings.models import (
    Ballot,
    BallotMode,
    BallotState,
    Means,
    Meeting,
    Participant,
    Proxy,
    Signature,
    Tablet,
    Voter,
)
from maillage.meetings.models.attendance import WORD_OF_TEAM
from maillage.meetings.web.proving import hint_of


def voter_of(person: Participant) -> Voter | None:
    """Their line on the roll."""
    return Voter.objects.select_related("participant").filter(participant=person).first()


def opened(meeting: Meeting) -> QuerySet[Ballot]:
    """Secret ballots going on."""
    return Ballot.objects.filter(meeting=meeting, state=BallotState.OPEN, mode=BallotMode.SECRET)


def ballots_of(person: Participant, at: datetime) -> list[tuple[Ballot, list[Voter]]]:
    """Open secret ballots with the voices that this person still has."""
    voter = voter_of(person)
    return actions.voices_of(list(opened(person.meeting).select_related("meeting")), voter, at) if voter else []


def context(person: Participant, proof: Means | None, at: datetime) -> dict[str, Any]:
    """Open secret ballots with the voices this person still has, and their pouvoir. Nothing for who does not vote.

    Before they proved who they are, where a code goes (`address`) or why none does (`no_code`).
    """
    voter = voter_of(person)
    if person.meeting.is_over:
        return {}
    if voter is None:
        has_roll = person.meeting.is_statutory and person.meeting.voters.exists()
        return {"is_mute": has_roll and person.membership_id is not None}
    given = Proxy.objects.filter(giver=voter).select_related("holder__participant", "recorded_by").first()
    takes = bool(actions.rule_of(person.meeting).proxies_max) and not person.is_present and given is None
    holders = person.meeting.voters.exclude(pk=voter.pk).select_related("participant")
    return {
        "voter": voter,
        "ballots": ballots_of(person, at),
        "proxy_given": given,
        "takes_proxy": takes,
        "holders": holders.order_by("participant__search_name") if takes and proof else (),
        "proof": proof,
        **({} if proof else hint_of(person)),
    }


def written_for(person: Participant) -> list[str]:
    """What a team wrote in their name, which they may contest."""
    words = []
    if person.is_present and person.presence.means in WORD_OF_TEAM:
        words.append(f"Votre présence est signée par {person.presence.how}.")
    recorded = Proxy.objects.filter(giver__participant=person, recorded_by__isnull=False, contested_at=None)
    proxies = recorded.select_related("holder__participant", "recorded_by")
    words += [f"Votre pouvoir à {proxy.holder} : {proxy.how}." for proxy in proxies]
    votes = Signature.objects.filter(voter__participant=person, means=Means.TABLET, is_contested=False)
    words += [f"Vote donné sur la {vote.tablet} : {vote.ballot}." for vote in votes.select_related("ballot", "tablet")]
    return words


def cast(
    request: HttpRequest,
    person: Participant,
    at: datetime,
    *,
    means: Means | None,
    back: str,
    tablet: Tablet | None = None,
) -> HttpResponse:
    """One vote, then its receipt, shown once."""
    caster, voter = voter_of(person), _voter(person, request.POST.get("voice", ""))
    ballots = Ballot.objects.filter(meeting=person.meeting)
    ballot = ballots.filter(pk=sent_key(request.POST.get("ballot", ""))).first()
    try:
        if means is None:
            raise actions.NotProved
        if caster is None or voter is None or ballot is None:
            raise actions.NotAVoter
        choice = request.POST.get("choice", "")
        receipt = actions.cast(
            ballot=ballot, voter=voter, choice=choice, caster=caster, means=means, tablet=tablet, at=at
        )
    except DomainError as error:
        messages.error(request, error.user_message)
        return redirect(back)
    shown = {"meeting": person.meeting, "ballot": ballot, "voter": voter, "receipt": receipt, "back": back}
    response = render(request, "meetings/voted.html", shown)
    response["Cache-Control"] = "no-store"
    return response


def proxy(request: HttpRequest, person: Participant, means: Means | None, at: datetime) -> str:
    """Give one's pouvoir, or take it back; what to say of it. Raises DomainError."""
    giver = voter_of(person)
    if means is None:
        raise actions.NotProved
    if giver is None:
        raise actions.ProxyUnusable
    if request.POST["do"] == "unproxy":
        actions.check_proof(person, means)
        given = Proxy.objects.filter(giver=giver).select_related("meeting__cpts", "holder__participant").first()
        if given:
            actions.withdraw_proxy(proxy=given, by=None, at=at)
        return "Vous avez repris votre pouvoir."
    holder = _voter(person, request.POST.get("holder", ""))
    if holder is None:
        raise actions.ProxyUnusable
    given = actions.give_proxy(giver=giver, holder=holder, means=means, by=None, at=at)
    return f"{given.holder} votera pour vous si vous n’êtes pas là."


def _voter(person: Participant, sent: str) -> Voter | None:
    return Voter.objects.select_related("participant").filter(meeting=person.meeting_id, pk=sent_key(sent)).first()
