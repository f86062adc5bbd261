"""What the team does before a meeting: prepare, find a date, invite, convene, change, cancel."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import is_export, proved_this_session, recently_proved_when
from maillage.core.errors import DomainError
from maillage.core.screens.doing import did
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.core.screens.posted import sent_uuid, sent_version
from maillage.core.text import normalised, plural
from maillage.directory.queries.search import Criteria, find
from maillage.meetings import actions
from maillage.meetings.documents import papers as documents
from maillage.meetings.jobs import may_be_written_to
from maillage.meetings.models import Answer, Meeting, Participant, PollOption
from maillage.meetings.permissions import MEETING_MANAGE
from maillage.meetings.web.access import meeting_of
from maillage.meetings.web.forms import (
    AudienceForm,
    DocumentForm,
    MeetingForm,
    PersonForm,
    ReasonForm,
    SpanForm,
    initial_of,
)
from maillage.meetings.web.public_views import poll_labels
from maillage.meetings.web.views import page_context, participant_of
from maillage.members.documents.campaign import address_of
from maillage.members.models import Mandate, Membership
from maillage.records.screens.files import content_of
from maillage.territory.queries.perimeters import communes_of

MOST_LETTERS, NAMED, PROPOSED = 600, 5, 12


@requires(MEETING_MANAGE)
def add(request: CptsRequest) -> HttpResponse:
    like = _like(request)
    form = MeetingForm(request.POST or None, initial=initial_of(like) | {"on": None} if like else None)
    if request.method == "POST" and form.is_valid():
        fields = form.fields_to_keep()
        meeting = actions.plan(cpts=request.cpts, fields=fields, like=like, by=request.user, at=timezone.now())
        messages.success(request, "La réunion est en préparation. Choisissez qui est invité.")
        return redirect("meetings:people", request.cpts.slug, meeting.uuid)
    return render(request, "meetings/edit.html", {"form": form, "meeting": None, "like": like, "draft_key": "meeting"})


def _like(request: CptsRequest) -> Meeting | None:
    """The meeting to do again, with the same people."""
    asked = sent_uuid(request.GET.get("comme", ""))
    return Meeting.objects.of(request.cpts).filter(uuid=asked).first() if asked else None


@requires(MEETING_MANAGE)
def edit(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    meeting = meeting_of(request, meeting_uuid)
    form = MeetingForm(request.POST or None, initial=initial_of(meeting))
    version = sent_version(request) if request.method == "POST" else meeting.version
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(
                meeting=meeting,
                read_version=version,
                fields=form.fields_to_keep(),
                late_reason=form.cleaned_data["late_reason"],
                by=request.user,
                at=timezone.now(),
            )
        except actions.NoticeTooShort as error:
            form.ask_why(error.user_message)
        except actions.MoreThanRoom as error:
            form.add_error("capacity", error.user_message)
        except DomainError as error:
            form.add_error(None, error.user_message)
        else:
            notice = " Les personnes invitées sont prévenues." if meeting.is_live else ""
            messages.success(request, f"La réunion est à jour.{notice}")
            return redirect("meetings:show", request.cpts.slug, meeting.uuid)
    context = {"form": form, "meeting": meeting, "version": version, "draft_key": f"meeting:{meeting.uuid}"}
    return render(request, "meetings/edit.html", context)


@requires(MEETING_MANAGE)
@recently_proved_when(is_export)
def people(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Who is expected, what they answered, and three ways to invite more."""
    meeting = meeting_of(request, meeting_uuid)
    asked = request.POST.get("do", "")
    audience = AudienceForm(request.POST if asked == "group" else None, cpts=request.cpts)
    person = PersonForm(request.POST if asked == "person" else None)
    if asked and _invited(request, meeting, audience, person):
        return redirect("meetings:people", request.cpts.slug, meeting.uuid)
    listing = _listing_of(meeting, request)
    if response := listing.export():
        return response
    page = listing.page()
    for participant in page.object_list:
        participant.is_written_to = may_be_written_to(participant)
    letters = meeting.participants.filter(membership=None, practitioner__isnull=False).exists()
    context = page_context(
        request,
        meeting,
        audience=audience,
        person=person,
        listing=listing,
        page=page,
        letters=letters,
        matching=_matching(request, meeting),
        qui=request.GET.get("qui", "")[:80],
    )
    return render(request, "meetings/people.html", context)


def _listing_of(meeting: Meeting, request: CptsRequest) -> Listing:
    """Who is expected, with what they answered and how they are reached."""
    return Listing(
        queryset=meeting.participants.select_related("membership", "presence", "meeting", "last_mail").defer(
            "last_mail__body", "last_mail__calendar"
        ),
        parameters=request.GET,
        columns=(
            Column("nom", "Nom", lambda participant: participant.name, "search_name"),
            Column("profession", "Profession ou fonction", lambda participant: participant.occupation, "occupation"),
            Column("reponse", "Réponse", lambda participant: participant.get_answer_display(), "answer"),
            Column("message", "Message", lambda participant: participant.invited_at),
            Column("present", "Présence", lambda participant: "oui" if participant.is_present else ""),
        ),
        search_in=("search_name", "occupation"),
        filters=(Filter("reponse", "Réponse", "answer", Answer.choices),),
        default_sort="search_name",
        filename="invites",
        empty="Personne n’est encore invité : choisissez un groupe, des membres, ou tapez un nom.",
        prepare_search=normalised,
    )


def _invited(request: CptsRequest, meeting: Meeting, audience: AudienceForm, person: PersonForm) -> bool:
    """Invite whoever the form that was sent says. False when it must be shown again."""
    try:
        if audience.is_bound and audience.is_valid():
            count = _invite_group(request, meeting, audience.cleaned_data["group"])
        elif asked := sent_uuid(request.POST.get("member", "")):
            members = Membership.objects.of(request.cpts).current().filter(uuid=asked)
            count = actions.invite_members(meeting=meeting, members=members, by=request.user, at=timezone.now())
        elif person.is_bound and person.is_valid():
            actions.invite_person(meeting=meeting, by=request.user, at=timezone.now(), **person.cleaned_data)
            count = 1
        else:
            return False
    except DomainError as error:
        if person.is_bound:
            person.add_error("email" if isinstance(error, actions.AlreadyInvited) else None, error.user_message)
            return False
        messages.error(request, error.user_message)
        return True
    if not count:
        messages.success(request, "Personne de plus : tout le monde est déjà sur la liste.")
        return True
    who = f"{count} {plural(count, 'personne')} de plus sur la liste"
    notice = "prévenues aussitôt" if meeting.is_live else "prévenues à la convocation"
    messages.success(request, f"{who}, {notice if count > 1 else notice.replace('prévenues', 'prévenue')}.")
    return True


def _matching(request: CptsRequest, meeting: Meeting) -> list[Membership]:
    """Members of the name that was typed, those on the list already left out."""
    words = normalised(request.GET.get("qui", "")[:80]).split()
    if not words:
        return []
    members = Membership.objects.of(request.cpts).current().exclude(participations__meeting=meeting)
    for word in words:
        members = members.filter(search_name__contains=word)
    return list(members.order_by("search_name")[:PROPOSED])


def _invite_group(request: CptsRequest, meeting: Meeting, group: str) -> int:
    at, by = timezone.now(), request.user
    members = Membership.objects.of(request.cpts).current()
    kind, _, key = group.partition("-")
    if kind == "college":
        members = members.filter(college=int(key))
    if kind == "body":
        mandates = Mandate.objects.of(request.cpts).in_force(timezone.localdate(at)).filter(body=key)
        members = members.filter(pk__in=mandates.values("membership"))
    count = actions.invite_members(meeting=meeting, members=members.order_by("search_name"), by=by, at=at)
    if kind == "territory":
        others = _not_members(request)
        count += actions.invite_professionals(meeting=meeting, people=others, by=by, at=at)
    return count


def _not_members(request: CptsRequest) -> QuerySet[Any]:
    """Professionals of the perimeter who are not members today."""
    inside = Membership.objects.of(request.cpts).current().exclude(practitioner=None)
    return find(Criteria(communes=communes_of(request.cpts))).exclude(pk__in=inside.values("practitioner"))


@require_POST
@requires(MEETING_MANAGE)
@proved_this_session
def withdraw(request: CptsRequest, meeting_uuid: UUID, participant_uuid: UUID) -> HttpResponse:
    meeting = meeting_of(request, meeting_uuid)
    person = participant_of(meeting, participant_uuid)
    did(request, actions.withdraw, f"{person} n’est plus sur la liste.", participant=person)
    return redirect("meetings:people", request.cpts.slug, meeting.uuid)


@require_POST
@requires(MEETING_MANAGE)
def convene(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Send the invitations; too late for the statutes, a reason is asked and kept."""
    meeting = meeting_of(request, meeting_uuid)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        meeting = actions.convene(meeting=meeting, late_reason=reason, by=request.user, at=timezone.now())
    except actions.NoticeTooShort as error:
        context = page_context(request, meeting, too_short=error.user_message)
        return render(request, "meetings/show.html", context)
    except DomainError as error:
        messages.error(request, error.user_message)
    else:
        _say_convened(request, meeting)
    return redirect("meetings:show", request.cpts.slug, meeting.uuid)


def _say_convened(request: CptsRequest, meeting: Meeting) -> None:
    """What leaves, and to whom nothing does."""
    if meeting.starts_at and meeting.starts_at <= timezone.now():
        messages.success(request, "La réunion a commencé : personne n’est prévenu, les présences s’écrivent.")
        return
    messages.success(request, "La réunion est convoquée : les invitations partent.")
    people = meeting.participants.select_related("membership", "meeting").order_by("search_name")
    silent = [person.name for person in people if not may_be_written_to(person)]
    if silent:
        named = f"{', '.join(silent[:NAMED])}{'…' if len(silent) > NAMED else ''}"
        count = (
            f"{len(silent)} {plural(len(silent), 'personne ne sera pas prévenue', 'personnes ne seront pas prévenues')}"
        )
        messages.warning(request, f"{count} par courriel : {named}. Pas d’adresse, ou pas de messages souhaités.")


@require_POST
@requires(MEETING_MANAGE)
def remind(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Ask again those who said nothing."""
    meeting = meeting_of(request, meeting_uuid)
    try:
        count = actions.remind_silent(meeting=meeting, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.user_message)
    else:
        said = f"{count} {plural(count, 'personne relancée', 'personnes relancées')}."
        messages.success(request, said if count else "Personne à relancer : les invitations datent de moins d’un jour.")
    return redirect("meetings:people", request.cpts.slug, meeting.uuid)


@require_POST
@requires(MEETING_MANAGE)
def answer_for(request: CptsRequest, meeting_uuid: UUID, participant_uuid: UUID) -> HttpResponse:
    """An answer heard on the telephone."""
    meeting = meeting_of(request, meeting_uuid)
    person = participant_of(meeting, participant_uuid)
    coming = request.POST.get("do") == "yes"
    said = f"{person} {'vient' if coming else 'ne vient pas'}."
    did(request, actions.answer, said, participant=person, coming=coming)
    return redirect("meetings:people", request.cpts.slug, meeting.uuid)


@require_POST
@requires(MEETING_MANAGE)
def cancel(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    meeting = meeting_of(request, meeting_uuid)
    form = ReasonForm(request.POST)
    if form.is_valid():
        did(request, actions.cancel, "La réunion est annulée.", meeting=meeting, **form.cleaned_data)
        return redirect("meetings:show", request.cpts.slug, meeting.uuid)
    return render(request, "meetings/show.html", page_context(request, meeting, cancel_form=form))


@requires(MEETING_MANAGE)
def poll(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Dates proposed, who can when, and the choice of one."""
    meeting = meeting_of(request, meeting_uuid)
    form = SpanForm(request.POST if request.POST.get("do") == "add" else None)
    if request.POST.get("do") == "open":
        did(
            request,
            actions.open_poll,
            "Le sondage part à qui ne l’a pas reçu, et à qui n’a rien répondu depuis hier.",
            meeting=meeting,
        )
        return redirect("meetings:poll", request.cpts.slug, meeting.uuid)
    if form.is_bound and form.is_valid():
        span = {name: form.cleaned_data[name] for name in ("starts_at", "ends_at")}
        try:
            actions.propose(meeting=meeting, by=request.user, at=timezone.now(), **span)
        except DomainError as error:
            form.add_error("on", error.user_message)
        else:
            return redirect("meetings:poll", request.cpts.slug, meeting.uuid)
    is_asked = meeting.participants.filter(polled_at__isnull=False).exists()
    return render(
        request,
        "meetings/poll.html",
        page_context(request, meeting, form=form, is_asked=is_asked, **_poll_table(meeting)),
    )


def _poll_table(meeting: Meeting) -> dict[str, Any]:
    """One row a person who answered, one column a date; what each date gathers."""
    options = list(meeting.options.prefetch_related("answers"))
    by_person: dict[int, dict[int, str]] = {}
    for option in options:
        answers = option.answers.all()
        option.yes = sum(answer.choice == "yes" for answer in answers)  # type: ignore[attr-defined]
        option.maybe = sum(answer.choice == "maybe" for answer in answers)  # type: ignore[attr-defined]
        for answer in answers:
            by_person.setdefault(answer.participant_id, {})[option.pk] = answer.get_choice_display()
    best = max(((option.yes, option.maybe) for option in options), default=(0, 0))  # type: ignore[attr-defined]
    for option in options:
        option.is_best = best > (0, 0) and (option.yes, option.maybe) == best  # type: ignore[attr-defined]
    people = meeting.participants.filter(pk__in=by_person).order_by("search_name")
    rows = [(person.name, [by_person[person.pk].get(option.pk, "—") for option in options]) for person in people]
    labels = poll_labels(options, meeting)
    return {"options": [(option, labels[option.pk]) for option in options], "rows": rows}


@require_POST
@requires(MEETING_MANAGE)
def choose_date(request: CptsRequest, meeting_uuid: UUID, option_uuid: UUID) -> HttpResponse:
    """Keep this date, or take it off the list."""
    meeting = meeting_of(request, meeting_uuid)
    options = PollOption.objects.filter(meeting=meeting).select_related("meeting__cpts")
    option = get_object_or_404(options, uuid=option_uuid)
    if request.POST.get("do") == "withdraw":
        did(request, actions.withdraw_option, "Cette date n’est plus proposée.", option=option)
        return redirect("meetings:poll", request.cpts.slug, meeting.uuid)
    if did(request, actions.choose_date, "La date est choisie. Il reste à convoquer.", option=option):
        return redirect("meetings:show", request.cpts.slug, meeting.uuid)
    return redirect("meetings:poll", request.cpts.slug, meeting.uuid)


@require_safe
@requires(MEETING_MANAGE)
def letters(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Printed invitations to the professionals who have no address here, ready for the post."""
    meeting = meeting_of(request, meeting_uuid)
    without = Participant.objects.filter(meeting=meeting, membership=None, practitioner__isnull=False)
    invited = find(Criteria(communes=communes_of(request.cpts))).filter(pk__in=without.values("practitioner"))
    addressed = [practitioner for practitioner in invited if address_of(practitioner)][: MOST_LETTERS + 1]
    if not addressed or len(addressed) > MOST_LETTERS:
        problem = f"Plus de {MOST_LETTERS} courriers" if addressed else "Aucune adresse postale connue"
        messages.error(request, f"{problem} : invitez un groupe plus petit, ou chargez un répertoire qui les porte.")
        return redirect("meetings:people", request.cpts.slug, meeting.uuid)
    return documents.letters(meeting, addressed, timezone.localdate())


def _removes(request: HttpRequest) -> bool:
    """Its file is erased for good."""
    return bool(request.POST.get("remove"))


@require_POST
@requires(MEETING_MANAGE)
@recently_proved_when(_removes)
def join_document(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """One more document, or one less."""
    meeting = meeting_of(request, meeting_uuid)
    if asked := sent_uuid(request.POST.get("remove", "")):
        document = meeting.documents.filter(uuid=asked).first()
        if document:
            did(request, actions.remove_document, "Le document est retiré.", document=document)
        return redirect("meetings:show", request.cpts.slug, meeting.uuid)
    form = DocumentForm(request.POST, request.FILES, auto_id="doc-%s")
    if form.is_valid():
        content = content_of(form.cleaned_data["file"])
        name = form.cleaned_data["name"]
        if did(request, actions.join_document, "Le document est joint.", meeting=meeting, name=name, content=content):
            return redirect("meetings:show", request.cpts.slug, meeting.uuid)
    return render(request, "meetings/show.html", page_context(request, meeting, document_form=form))
