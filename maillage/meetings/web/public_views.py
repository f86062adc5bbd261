"""What opens without an account: one's own page for a meeting, the sign-in on the wall, the calendar of a telephone."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.core.access import public
from maillage.core.errors import DomainError
from maillage.core.files import file_response
from maillage.core.gone import gone
from maillage.exchange import links
from maillage.meetings import actions, documents
from maillage.meetings.calendar import feed_text, invitation_text
from maillage.meetings.models import Answer, CalendarFeed, Means, Meeting, MeetingStatus, Participant, PollOption
from maillage.meetings.models.participant import LINK_LIVES
from maillage.meetings.notifications import calendar_url, sender, when
from maillage.meetings.rules.signin import is_right
from maillage.meetings.web import voting
from maillage.meetings.web.access import (
    SIGNED,
    device_digest,
    device_of,
    forget_person,
    keep_device,
    person_of,
    recognised,
    remember,
    stand_at_the_wall,
    stood_at_the_wall,
)
from maillage.meetings.web.forms import AddressForm, CodeForm, PollForm, RegisterForm
from maillage.members.models import Membership

TURNED = "Le code affiché a changé : visez de nouveau le code au mur avec l’appareil photo."


@public
def personal(request: HttpRequest, token: str) -> HttpResponse:
    """One person, one meeting: dates that suit, answer, agenda, then the minutes. A visit changes nothing."""
    at = timezone.now()
    try:
        person = person_of(token, at)
        if request.method == "POST":
            return _personal_post(request, person, token, at)
    except links.LinkUnusable as error:
        return gone(request, "Réunion", error.user_message)
    response = render(request, "meetings/personal.html", _personal_context(person, token))
    remember(response, person, token)
    return response


def _personal_context(person: Participant, token: str) -> dict[str, object]:
    meeting = person.meeting
    options = list(meeting.options.all()) if meeting.status == MeetingStatus.DRAFT else []
    held = dict(person.poll_answers.values_list("option_id", "choice")) if options else {}
    initial = {f"d{key}": choice for key, choice in held.items()}
    minutes = getattr(meeting, "minutes", None)
    return {
        "person": person,
        "meeting": meeting,
        "when": when(meeting),
        "now": timezone.now(),
        "token": token,
        "poll": PollForm(options=options, labels=poll_labels(options), initial=initial) if options else None,
        "documents": meeting.documents.all(),
        "minutes": minutes if minutes and minutes.validated_at else None,
        **voting.context(person, timezone.now()),
    }


def poll_labels(options: list[PollOption]) -> dict[int, str]:
    """jeudi 3 décembre 2026, de 20 h à 22 h (heure de Paris), for each date."""
    return {option.pk: when(option) for option in options}


def _personal_post(request: HttpRequest, person: Participant, token: str, at: datetime) -> HttpResponse:
    if request.POST.get("do") == "vote":
        return voting.cast(request, person, token, at)
    try:
        if request.POST.get("do") in {"proxy", "unproxy"}:
            messages.success(request, voting.proxy(request, person, at))
        elif request.POST.get("do") == "poll":
            options = list(person.meeting.options.all())
            form = PollForm(request.POST, options=options, labels=poll_labels(options))
            if form.is_valid() and not form.choices():
                messages.error(request, "Dites oui, si besoin ou non pour une date au moins.")
            elif form.is_valid():
                actions.answer_poll(participant=person, choices=form.choices())
                messages.success(request, "Merci : vos disponibilités sont enregistrées.")
        else:
            coming = request.POST.get("do") == "yes"
            told = actions.answer(participant=person, coming=coming, at=at)
            messages.success(request, ANSWERED[told.answer])
    except DomainError as error:
        messages.error(request, error.user_message)
    response = redirect("meetings:personal", token)
    remember(response, person, token)
    return response


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
    document = get_object_or_404(person.meeting.documents.all(), uuid=document_uuid)
    return file_response(actions.DOCUMENTS, document.file, "document")


@public
def public_meeting(request: HttpRequest, slug: str, meeting_uuid: UUID) -> HttpResponse:
    """An open meeting, for whoever was not written to: they leave an address, and receive their own page there."""
    at = timezone.now()
    coming = Meeting.objects.coming(at).select_related("cpts").filter(is_open=True, cpts__slug=slug)
    meeting = get_object_or_404(coming, uuid=meeting_uuid)
    form = RegisterForm(request.POST or None)
    sent = False
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in ("name", "email", "occupation")}
        sent = bool(form.cleaned_data["site"])  # a robot believes it was heard
        if not sent:
            try:
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
    at = timezone.now()
    fresh = is_right(code, secret=settings.SECRET_KEY, meeting=meeting.uuid.hex, at=at)
    if not fresh and not stood_at_the_wall(request, meeting):
        return gone(request, "Présence", TURNED)
    if not meeting.takes_presences(at):
        return gone(request, "Présence", actions.NotTheTime.user_message)
    device = device_of(request)
    known = None if request.GET.get("autre") else recognised(request, meeting, at)
    response = _sign(request, meeting, known, device, at)
    if fresh:  # not for ever: a photograph would serve all evening
        stand_at_the_wall(response, meeting)
    keep_device(response, device)
    return response


def _sign(
    request: HttpRequest, meeting: Meeting, known: tuple[Participant, Means] | None, device: str, at: datetime
) -> HttpResponse:
    """What the person does: sign in their own name, ask for a code, type it."""
    do = request.POST.get("do", "")
    digest = device_digest(device, meeting)
    if do == "sign" and known:
        actions.sign_in(participant=known[0], means=known[1], device=digest, at=at)
        return redirect(request.path)
    if do == "code":
        return _type_code(request, meeting, digest, at)
    form = AddressForm(request.POST if do == "send" else None, is_open=meeting.is_open)
    if do == "send" and form.is_valid():
        actions.send_code(meeting=meeting, at=at, **form.cleaned_data)
        code_form = CodeForm(initial={"email": form.cleaned_data["email"]})
        return _page(request, meeting, None, code_form=code_form)
    return _page(request, meeting, known[0] if known else None, form=form)


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
            remember(response, person, links.sign(SIGNED, person.uuid, until=at + LINK_LIVES))
            return response
    return _page(request, meeting, None, code_form=form)


def _page(request: HttpRequest, meeting: Meeting, person: Participant | None, **forms: object) -> HttpResponse:
    context = {"meeting": meeting, "person": person, "when": when(meeting), **forms}
    response = render(request, "meetings/sign.html", context)
    if request.GET.get("autre"):
        forget_person(response, meeting)
    return response


@public
@require_safe
def feed(request: HttpRequest, feed_uuid: UUID) -> HttpResponse:
    """The calendar of one person, read every hour by their telephone."""
    one = get_object_or_404(CalendarFeed.objects.select_related("user", "cpts"), uuid=feed_uuid, user__is_active=True)
    mine = Membership.objects.of(one.cpts).current().of_account(one.user)
    people = (
        Participant.objects.of(one.cpts)
        .filter(membership__in=mine, meeting__starts_at__isnull=False)
        .exclude(answer=Answer.NO)
        .exclude(meeting__status=MeetingStatus.DRAFT)
        .select_related("meeting__cpts")
        .order_by("meeting__starts_at", "pk")
    )
    meetings = [(person.meeting, calendar_url(person.meeting, person)) for person in people]
    return _calendar(feed_text(one.cpts.name, meetings, at=timezone.now()), "agenda")
