"""What opens without an account: one's own page for a meeting, the sign-in on the wall, the calendar of a telephone."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.accounts.signing_in.proving import ask_again
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.limits import spend_from
from maillage.core.network import address_of
from maillage.core.screens.access import public
from maillage.core.screens.gone import gone
from maillage.cpts.models import Approval
from maillage.meetings import actions
from maillage.meetings.assemblies.web import voting
from maillage.meetings.documents import papers as documents
from maillage.meetings.limits import REGISTRATIONS, REGISTRATIONS_BLOCK, WALL_CODES
from maillage.meetings.models import Answer, CalendarFeed, Means, Meeting, MeetingStatus, Participant, PollOption
from maillage.meetings.notifications import calendar_url, personal_path, sender
from maillage.meetings.queries.calendar import feed_text, invitation_text
from maillage.meetings.queries.moments import option_text, when, zone_of_meeting
from maillage.meetings.rules.signin import is_right
from maillage.meetings.web import proving
from maillage.meetings.web.access import (
    device_digest,
    device_of,
    forget_person,
    keep_device,
    linked,
    of_account,
    person_of,
    remember,
    stand_at_the_wall,
    stood_at_the_wall,
)
from maillage.meetings.web.forms import AddressForm, CodeForm, PollForm, RegisterForm
from maillage.members.models import Membership
from maillage.records.screens.files import attachment_response

TURNED = "Le code affiché a changé : visez de nouveau le code au mur avec l’appareil photo."


@public
def personal(request: HttpRequest, token: str) -> HttpResponse:
    """One person, one meeting: dates that suit, answer, agenda, then the minutes. A visit changes nothing."""
    at = timezone.now()
    try:
        person = person_of(token, at)
        timezone.activate(zone_of_meeting(person.meeting))
        if request.method == "POST":
            return _personal_post(request, person, token, at)
    except links.LinkUnusable as error:
        return gone(request, "Réunion", error.user_message)
    response = render(request, "meetings/personal.html", _personal_context(request, person, token, at))
    remember(response, person, token)
    return response


def _personal_context(request: HttpRequest, person: Participant, token: str, at: datetime) -> dict[str, object]:
    meeting = person.meeting
    options = list(meeting.options.all()) if meeting.status == MeetingStatus.DRAFT else []
    held = dict(person.poll_answers.values_list("option_id", "choice")) if options else {}
    initial = {f"d{key}": choice for key, choice in held.items()}
    minutes = getattr(meeting, "minutes", None)
    return {
        "person": person,
        "meeting": meeting,
        "when": when(meeting),
        "zone": zone_of_meeting(meeting).key,
        "now": at,
        "token": token,
        "poll": PollForm(options=options, labels=poll_labels(options, meeting), initial=initial) if options else None,
        "documents": meeting.documents.select_related("attachment"),
        "minutes": minutes if minutes and minutes.validated_at else None,
        "written": voting.written_for(person),
        **voting.context(person, proving.proof_of(request, person, at), at),
    }


def poll_labels(options: list[PollOption], meeting: Meeting) -> dict[int, str]:
    """jeudi 3 décembre 2026, de 20 h à 22 h (heure de Paris), for each date."""
    return {option.pk: option_text(option, meeting) for option in options}


def _personal_post(request: HttpRequest, person: Participant, token: str, at: datetime) -> HttpResponse:
    do = request.POST.get("do", "")
    means = proving.proof_of(request, person, at) if do in proving.BINDING else None
    if proving.is_session_old(request, means):
        messages.info(request, "Confirmez d’abord que c’est bien vous : votre session est ouverte depuis longtemps.")
        return ask_again(request, holds_typed=False)
    if do == "vote":
        return voting.cast(request, person, at, means=means, back=reverse("meetings:personal", args=[token]))
    response = redirect("meetings:personal", token)
    if do in proving.ASKED:
        if proving.act(request, person, at):
            proving.remember_proof(response, person, at)
        return response
    try:
        _written(request, person, do, means, at)
    except DomainError as error:
        messages.error(request, error.user_message)
    remember(response, person, token)
    return response


def _written(request: HttpRequest, person: Participant, do: str, means: Means | None, at: datetime) -> None:
    """A pouvoir, a contest, dates, an answer: each says what it did. Raises DomainError."""
    if do in {"proxy", "unproxy"}:
        messages.success(request, voting.proxy(request, person, means, at))
    elif do == "contest":
        actions.contest(participant=person, at=at)
        messages.success(request, "C’est suspendu, et l’organisation le voit. Vous êtes là ? Signez vous-même.")
    elif do == "poll":
        options = list(person.meeting.options.all())
        form = PollForm(request.POST, options=options, labels=poll_labels(options, person.meeting))
        if form.is_valid() and not form.choices():
            messages.error(request, "Dites oui, si besoin ou non pour une date au moins.")
        elif form.is_valid():
            actions.answer_poll(participant=person, choices=form.choices())
            messages.success(request, "Merci : vos disponibilités sont enregistrées.")
    else:
        answered = actions.answer(participant=person, coming=do == "yes", at=at)
        messages.success(request, ANSWERED[answered.answer])


ANSWERED = {
    "yes": "C’est noté : vous venez.",
    "no": "C’est noté : vous ne venez pas.",
    "waiting": "La salle est pleine : vous êtes sur liste d’attente. Un message vous dira si une place se libère.",
}


@public
@require_safe
def personal_paper(request: HttpRequest, token: str, paper: str) -> HttpResponse:
    """The attestation, the validated minutes, the calendar entry of one person, or a document of the meeting."""
    at = timezone.now()
    try:
        person = person_of(token, at)
    except links.LinkUnusable as error:
        return gone(request, "Réunion", error.user_message)
    meeting, on = person.meeting, timezone.localdate(at)
    if paper == "attestation" and person.is_present and meeting.status == MeetingStatus.CLOSED:
        return documents.attestation_pdf(person, on)
    if paper == "compte-rendu" and meeting.status != MeetingStatus.DRAFT:
        minutes = getattr(meeting, "minutes", None)
        if minutes and minutes.validated_at:
            return documents.minutes_pdf(meeting, on)
    if paper == "agenda" and meeting.starts_at:
        text = invitation_text(meeting, url=calendar_url(meeting, person), sender=sender(), at=at)
        return _calendar(text, "reunion")
    raise Http404


def _calendar(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}.ics"'}
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


@public
@require_safe
def personal_document(request: HttpRequest, token: str, document_uuid: UUID) -> HttpResponse:
    try:
        person = person_of(token, timezone.now())
    except links.LinkUnusable as error:
        return gone(request, "Réunion", error.user_message)
    document = get_object_or_404(person.meeting.documents.select_related("attachment"), uuid=document_uuid)
    return attachment_response(document.attachment)


@public
def public_meeting(request: HttpRequest, slug: str, meeting_uuid: UUID) -> HttpResponse:
    """An open meeting, for whoever was not written to: they leave an address, and receive their own page there."""
    at = timezone.now()
    coming = Meeting.objects.coming(at).select_related("cpts").filter(is_open=True, cpts__slug=slug)
    coming = coming.filter(cpts__approval=Approval.APPROVED)
    meeting = get_object_or_404(coming, uuid=meeting_uuid)
    form = RegisterForm(request.POST or None)
    sent = False
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in ("name", "email", "occupation")}
        sent = bool(form.cleaned_data["site"])  # a robot believes it was heard
        if not sent:
            try:
                spend_from(request, REGISTRATIONS, REGISTRATIONS_BLOCK, of=meeting.pk)
                actions.register(meeting=meeting, at=at, **fields)
            except DomainError as error:
                form.add_error(None, error.user_message)
            else:
                sent = True
    return render(
        request, "meetings/public.html", {"meeting": meeting, "when": when(meeting), "form": form, "sent": sent}
    )


@public
def sign(request: HttpRequest, meeting_uuid: UUID, code: str) -> HttpResponse:
    """The page behind the code on the wall. The code says that somebody stands there; the person says who."""
    meeting = get_object_or_404(Meeting.objects.select_related("cpts"), uuid=meeting_uuid)
    timezone.activate(zone_of_meeting(meeting))
    at = timezone.now()
    fresh = is_right(code, secret=settings.SECRET_KEY, meeting=meeting.uuid.hex, at=at)
    if not fresh and not stood_at_the_wall(request, meeting):
        return gone(request, "Présence", TURNED)
    if not meeting.takes_presences(at):
        return gone(request, "Présence", actions.NotTheTime.user_message)
    device = device_of(request)
    if request.GET.get("autre"):
        response = _page(request, meeting, form=AddressForm(None, is_open=meeting.is_open))
        forget_person(response, meeting)
        proving.forget_proof(response, meeting)
    else:
        response = _sign(request, meeting, device_digest(device, meeting), at)
    if fresh:  # not for ever: a photograph would serve all evening
        stand_at_the_wall(response, meeting)
    keep_device(response, device)
    return response


def _sign(request: HttpRequest, meeting: Meeting, digest: str, at: datetime) -> HttpResponse:
    """What the person does: sign in their own name, ask for a code, type it. A link says who, and proves nothing.

    Raises LimitReached.
    """
    do = request.POST.get("do", "")
    if do in {"send", "code", *proving.ASKED}:
        spend_from(request, WALL_CODES, of=meeting.pk)
    by_code = proving.proved_by_code(request, meeting, at)
    proved = by_code or of_account(request, meeting)
    if do == "sign" and proved:
        means = Means.CODE if by_code else Means.SESSION
        if proving.is_session_old(request, means):
            return ask_again(request, holds_typed=False)
        try:
            actions.sign_in(participant=proved, means=means, device=digest, at=at)
        except actions.AddressProvesNothing as error:
            messages.error(request, error.user_message)
        return redirect(request.path)
    said = linked(request, meeting, at)
    if do in proving.ASKED and said:
        return _prove_at_wall(request, said, digest, at)
    if proved and not do:
        return _page(request, meeting, person=proved, own_page=_own_page(proved, at))
    if said and not do:
        return _page(request, meeting, said=said, **proving.hint_of(said))
    return _ask_code(request, meeting, digest, at)


def _ask_code(request: HttpRequest, meeting: Meeting, digest: str, at: datetime) -> HttpResponse:
    """Whoever has neither link nor account gives their address, then types the code that it received."""
    do = request.POST.get("do", "")
    if do == "code":
        return _type_code(request, meeting, digest, at)
    form = AddressForm(request.POST if do == "send" else None, is_open=meeting.is_open)
    if do == "send" and form.is_valid():
        actions.send_code(meeting=meeting, at=at, address=address_of(request), **form.cleaned_data)
        return _page(request, meeting, code_form=CodeForm(initial={"email": form.cleaned_data["email"]}))
    return _page(request, meeting, form=form)


def _prove_at_wall(request: HttpRequest, person: Participant, digest: str, at: datetime) -> HttpResponse:
    """Whoever opened their link on this telephone types no address: the code goes to theirs, and signs."""
    response = redirect(request.path)
    if proving.act(request, person, at):
        actions.sign_in(participant=person, means=Means.CODE, device=digest, at=at)
        proving.remember_proof(response, person, at)
    return response


def _own_page(person: Participant, at: datetime) -> str:
    """Where they vote, once they proved who they are; '' where nobody votes."""
    return personal_path(person, at) if voting.voter_of(person) else ""


def _type_code(request: HttpRequest, meeting: Meeting, digest: str, at: datetime) -> HttpResponse:
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            presence = actions.sign_with_code(meeting=meeting, device=digest, at=at, **form.cleaned_data)
        except DomainError as error:
            form.add_error("code", error.user_message)
        else:
            person = presence.participant
            response = redirect(request.path)
            proving.remember_proof(response, person, at)
            return response
    return _page(request, meeting, code_form=form)


def _page(request: HttpRequest, meeting: Meeting, **context: object) -> HttpResponse:
    return render(request, "meetings/sign.html", {"meeting": meeting, "when": when(meeting), **context})


@public
@require_safe
def feed(request: HttpRequest, feed_uuid: UUID) -> HttpResponse:
    """The calendar of one person, read every hour by their telephone."""
    calendar_feed = get_object_or_404(
        CalendarFeed.objects.select_related("user", "cpts"), uuid=feed_uuid, user__is_active=True
    )
    mine = Membership.objects.of(calendar_feed.cpts).current().of_account(calendar_feed.user)
    people = (
        Participant.objects.of(calendar_feed.cpts)
        .filter(membership__in=mine, meeting__starts_at__isnull=False)
        .exclude(answer=Answer.NO)
        .exclude(meeting__status=MeetingStatus.DRAFT)
        .select_related("meeting__cpts")
        .order_by("meeting__starts_at", "pk")
    )
    meetings = [(person.meeting, calendar_url(person.meeting, person)) for person in people]
    return _calendar(feed_text(calendar_feed.cpts.name, meetings, at=timezone.now()), "agenda")
