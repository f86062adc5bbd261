"""Governance on screen: statuts by version, rules of each body, roll, pouvoirs, votes."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import proved_this_session, recently_proved, sent_in_this_session
from maillage.core.errors import DomainError
from maillage.core.papers.spreadsheets import xlsx_response
from maillage.core.screens.doing import did
from maillage.meetings import actions
from maillage.meetings.assemblies.web.governance_forms import BallotForm, HandsForm, ProxyForm, RuleForm, TextForm
from maillage.meetings.documents.papers import MASKED
from maillage.meetings.models import (
    Ballot,
    BallotMode,
    BodyRule,
    GoverningText,
    Means,
    Meeting,
    MeetingKind,
    Proxy,
    Signature,
)
from maillage.meetings.notifications import personal_path
from maillage.meetings.permissions import MEETING_LIST, MEETING_MANAGE
from maillage.meetings.web.access import may_manage, meeting_of
from maillage.meetings.web.views import page_context
from maillage.records.actions.attaching import NotADocument, NotScanned
from maillage.records.screens.files import attachment_response, content_of


@requires(MEETING_LIST)
@sent_in_this_session
def texts(request: CptsRequest) -> HttpResponse:
    """Statuts and règlement intérieur, the version in force first; one more for the team."""
    today = timezone.localdate()
    form = TextForm(request.POST or None, request.FILES or None, cpts=request.cpts, today=today)
    if request.method == "POST" and may_manage(request) and form.is_valid():
        fields = dict(form.cleaned_data)
        content = content_of(fields.pop("file")) or b""
        try:
            text = actions.adopt_text(cpts=request.cpts, content=content, by=request.user, at=timezone.now(), **fields)
        except (NotADocument, NotScanned, actions.VersionTaken) as error:
            form.add_error("file", error.user_message)
        else:
            messages.success(request, f"{text} : c’est la version en vigueur.")
            return redirect("meetings:texts", request.cpts.slug)
    rows = GoverningText.objects.of(request.cpts).select_related("meeting", "attachment", "snapshot")
    rows = rows.order_by("-kind", "-number")
    return render(request, "meetings/texts.html", {"form": form, "rows": rows})


@require_safe
@requires(MEETING_LIST)
def text_file(request: CptsRequest, text_uuid: UUID) -> HttpResponse:
    texts_here = GoverningText.objects.of(request.cpts).select_related("attachment")
    return attachment_response(get_object_or_404(texts_here, uuid=text_uuid).attachment)


@requires(MEETING_MANAGE)
@sent_in_this_session
def rules(request: CptsRequest) -> HttpResponse:
    """What the statutes say of each kind of meeting: none assumed, all on one page, changed one at a time."""
    asked = request.GET.get("instance", "")
    kind = asked if asked in MeetingKind.values else str(MeetingKind.ASSEMBLY)
    held = {rule.kind: rule for rule in BodyRule.objects.filter(cpts=request.cpts)}
    rule = held.get(kind) or BodyRule(kind=kind, notice_days=actions.notice_of(request.cpts, kind))
    form = RuleForm(request.POST or None, initial={name: getattr(rule, name) for name in RuleForm.base_fields})
    if request.method == "POST" and form.is_valid():
        actions.write_rule(cpts=request.cpts, kind=kind, fields=form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, "La règle est enregistrée.")
        return redirect("meetings:rules", request.cpts.slug)
    rows = [(code, label, held.get(code)) for code, label in MeetingKind.choices]
    context = {"form": form, "rows": rows, "kind": kind, "label": MeetingKind(kind).label}
    return render(request, "meetings/rules.html", context)


@requires(MEETING_MANAGE)
@sent_in_this_session
def votes(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The roll with its quorum, the pouvoirs, the questions."""
    meeting = meeting_of(request, meeting_uuid)
    asked = request.POST.get("do", "")
    if asked == "roll":
        did(request, actions.draw_up_roll, "La liste des votants est à jour.", meeting=meeting)
        return redirect("meetings:votes", request.cpts.slug, meeting.uuid)
    proxy = ProxyForm(request.POST if asked == "proxy" else None, meeting=meeting)
    ballot = BallotForm(request.POST if asked == "ballot" else None)
    if _written(request, meeting, proxy, ballot):
        return redirect("meetings:votes", request.cpts.slug, meeting.uuid)
    return render(request, "meetings/votes.html", _votes_context(request, meeting, proxy=proxy, ballot=ballot))


def _written(request: CptsRequest, meeting: Meeting, proxy: ProxyForm, ballot: BallotForm) -> bool:
    by, at = request.user, timezone.now()
    form: ProxyForm | BallotForm = proxy if proxy.is_bound else ballot
    if not form.is_bound or not form.is_valid():
        return False
    try:
        if form is proxy:
            actions.give_proxy(means=Means.PAPER, by=by, at=at, **form.cleaned_data)
        else:
            actions.prepare_ballot(meeting=meeting, by=by, at=at, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, error.user_message)
        return False
    return True


def _votes_context(request: CptsRequest, meeting: Meeting, **forms: Any) -> dict[str, Any]:
    at = None if meeting.is_over else timezone.now()
    there = actions.present_voters(meeting, at)
    counted = actions.represented(meeting, there, at)
    whole = meeting.proxies.select_related("giver__participant__membership", "holder__participant", "recorded_by")
    proxies = list(whole.order_by("pk"))
    for proxy in proxies:
        proxy.state = "compte" if proxy.giver_id in counted else _why_not(proxy, there)  # type: ignore[attr-defined]
    ballots = list(meeting.ballots.select_related("snapshot").prefetch_related("signatures", "hands"))
    return page_context(
        request,
        meeting,
        quorum=actions.quorum_of(meeting, at),
        rule=actions.rule_of(meeting),
        proxies=proxies,
        ballots=ballots,
        voices=len(there) + len(counted),
        mute=meeting.participants.filter(voter=None).count(),
        **forms,
    )


def _why_not(proxy: Proxy, there: set[int]) -> str:
    if proxy.contested_at:
        return "contesté par la personne"
    giver = proxy.giver.participant.membership
    if giver is None or not giver.is_in or giver.contested_at:
        return "sans effet, adhésion terminée ou contestée"
    return "en sommeil, la personne est là" if proxy.giver_id in there else "porteur absent"


@require_POST
@requires(MEETING_MANAGE)
@proved_this_session
def withdraw_proxy(request: CptsRequest, meeting_uuid: UUID, proxy_uuid: UUID) -> HttpResponse:
    meeting = meeting_of(request, meeting_uuid)
    proxies = meeting.proxies.select_related("meeting__cpts", "giver__participant", "holder__participant")
    did(request, actions.withdraw_proxy, "Le pouvoir est retiré.", proxy=get_object_or_404(proxies, uuid=proxy_uuid))
    return redirect("meetings:votes", request.cpts.slug, meeting.uuid)


def _ballot(meeting: Meeting, ballot_uuid: UUID) -> Ballot:
    return get_object_or_404(meeting.ballots.select_related("meeting__cpts", "snapshot"), uuid=ballot_uuid)


ACTS = {
    "open": (actions.open_ballot, "Le vote est ouvert."),
    "close": (actions.close_ballot, "Le vote est clos : le résultat est figé."),
    "drop": (actions.drop_ballot, "Le vote est retiré."),
}


@require_POST
@requires(MEETING_MANAGE)
@proved_this_session
def act(request: CptsRequest, meeting_uuid: UUID, ballot_uuid: UUID) -> HttpResponse:
    """Open a vote, close it, or take it off the list."""
    meeting = meeting_of(request, meeting_uuid)
    ballot = _ballot(meeting, ballot_uuid)
    action, done = ACTS.get(request.POST.get("do", ""), (None, ""))
    if action is None:
        raise Http404
    did(request, action, done, ballot=ballot)
    return redirect("meetings:votes", request.cpts.slug, meeting.uuid)


@requires(MEETING_MANAGE)
@proved_this_session
def hands(request: CptsRequest, meeting_uuid: UUID, ballot_uuid: UUID) -> HttpResponse:
    """Type the hands raised; the whole is checked against the voices in the room."""
    meeting = meeting_of(request, meeting_uuid)
    ballot = _ballot(meeting, ballot_uuid)
    lines = actions.quorum_of(meeting, timezone.now())
    each = [line.college for line in lines if not line.is_whole]
    colleges = each or [""] if ballot.is_weighted else [""]
    held = {(hand.college, hand.choice): hand.count for hand in ballot.hands.all()}
    form = HandsForm(request.POST or None, ballot=ballot, colleges=colleges, held=held)
    if (
        request.method == "POST"
        and form.is_valid()
        and did(
            request,
            actions.count_hands,
            "Les mains sont comptées. Il reste à clore le vote.",
            form=form,
            ballot=ballot,
            hands=form.hands(),
        )
    ):
        return redirect("meetings:votes", request.cpts.slug, meeting.uuid)
    return render(request, "meetings/hands.html", page_context(request, meeting, ballot=ballot, form=form, lines=lines))


@require_safe
@requires(MEETING_LIST)
@recently_proved
def journal(request: CptsRequest, meeting_uuid: UUID, ballot_uuid: UUID) -> HttpResponse:
    """The slips of a closed secret ballot, to count again; and, apart, who signed for it."""
    meeting = meeting_of(request, meeting_uuid)
    ballot = _ballot(meeting, ballot_uuid)
    if ballot.record is None or ballot.mode != BallotMode.SECRET:
        raise Http404
    signed = ballot.signatures.select_related("voter__participant", "cast_by__participant", "tablet")
    names = sorted((str(signature.voter), str(signature.cast_by or ""), _proof(signature)) for signature in signed)
    sheets: dict[str, tuple[Any, Any]] = {
        "Bulletins": (["Reçu", "Collège", "Vote"], sorted(ballot.slips.values_list("receipt", "college", "choice"))),
        "Émargement": (["Votant", "Par le pouvoir de", "Prouvé par"], names),
        "À savoir": (["Note"], [[MASKED]] if ballot.is_masked else []),
        "Empreinte": (["Empreinte SHA-256 des lignes « reçu;collège;vote » triées"], [[ballot.record.journal]]),
    }
    return xlsx_response(f"vote-{ballot.uuid.hex[:8]}", sheets)


def _proof(signature: Signature) -> str:
    """How the voter was known: their account, a code, the tablet of somebody; and whether they contest it."""
    how = str(signature.tablet or signature.get_means_display())
    return f"{how} (contesté)" if signature.is_contested else how


@require_safe
@requires(MEETING_LIST)
def own_page(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """From the account to one's own page of the meeting, where one votes."""
    meeting = meeting_of(request, meeting_uuid)
    person = meeting.participants.for_link().of_account(request.user).order_by("pk").first()
    if person is None:
        raise Http404
    return redirect(personal_path(person, timezone.now()))
