"""Voting and pouvoirs on one's own page: what it shows, what it does."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from maillage.core.errors import DomainError
from maillage.core.posted import sent_key
from maillage.meetings import actions
from maillage.meetings.models import Ballot, BallotMode, BallotState, Participant, Proxy, Voter


def voter_of(person: Participant) -> Voter | None:
    """Their line on the roll."""
    return Voter.objects.select_related("participant").filter(participant=person).first()


def context(person: Participant, at: datetime) -> dict[str, Any]:
    """Open secret ballots with the voices this person still has, and their pouvoir. Nothing for who does not vote."""
    voter = voter_of(person)
    if person.meeting.is_over:
        return {}
    if voter is None:
        has_roll = person.meeting.is_statutory and person.meeting.voters.exists()
        return {"is_mute": has_roll and person.membership_id is not None}
    opened = Ballot.objects.filter(meeting=person.meeting, state=BallotState.OPEN, mode=BallotMode.SECRET)
    ballots = actions.voices_of(list(opened.select_related("meeting")), voter, at)
    given = Proxy.objects.filter(giver=voter).select_related("holder__participant").first()
    takes = bool(actions.rule_of(person.meeting).proxies_max) and not person.is_present and given is None
    holders = person.meeting.voters.exclude(pk=voter.pk).select_related("participant")
    return {
        "voter": voter,
        "ballots": ballots,
        "proxy_given": given,
        "holders": holders.order_by("participant__search_name") if takes else (),
    }


def cast(request: HttpRequest, person: Participant, token: str, at: datetime) -> HttpResponse:
    """One vote, then its receipt, shown once."""
    caster, voter = voter_of(person), _voter(person, request.POST.get("voice", ""))
    ballots = Ballot.objects.filter(meeting=person.meeting)
    ballot = ballots.filter(pk=sent_key(request.POST.get("ballot", ""))).first()
    if caster is None or voter is None or ballot is None:
        messages.error(request, actions.NotAVoter.user_message)
        return redirect("meetings:personal", token)
    try:
        receipt = actions.cast(ballot=ballot, voter=voter, choice=request.POST.get("choice", ""), caster=caster, at=at)
    except DomainError as error:
        messages.error(request, error.user_message)
        return redirect("meetings:personal", token)
    shown = {"meeting": person.meeting, "ballot": ballot, "voter": voter, "receipt": receipt, "token": token}
    response = render(request, "meetings/voted.html", shown)
    response["Cache-Control"] = "no-store"
    return response


def proxy(request: HttpRequest, person: Participant, at: datetime) -> str:
    """Give one's pouvoir, or take it back; what to say of it. Raises DomainError."""
    giver = voter_of(person)
    if giver is None:
        raise actions.ProxyUnusable
    if request.POST["do"] == "unproxy":
        given = Proxy.objects.filter(giver=giver).select_related("meeting__cpts", "holder__participant").first()
        if given:
            actions.withdraw_proxy(proxy=given, by=None, at=at)
        return "Vous avez repris votre pouvoir."
    holder = _voter(person, request.POST.get("holder", ""))
    if holder is None:
        raise actions.ProxyUnusable
    given = actions.give_proxy(giver=giver, holder=holder, by=None, at=at)
    return f"{given.holder} votera pour vous si vous n’êtes pas là."


def _voter(person: Participant, sent: str) -> Voter | None:
    return Voter.objects.select_related("participant").filter(meeting=person.meeting_id, pk=sent_key(sent)).first()
