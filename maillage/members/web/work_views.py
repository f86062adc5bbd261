"""What the team does with members: add, decide, change, cash, let go; and the colleges."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.permissions import MEMBER_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in import means
from maillage.accounts.signing_in.proving import (
    ask_again,
    is_sent,
    proved_this_session,
    recently_proved,
    recently_proved_when,
    sent_in_this_session,
)
from maillage.core.errors import DomainError
from maillage.core.screens.doing import did
from maillage.core.screens.posted import sent_uuid
from maillage.core.text import normalised
from maillage.directory.models import Practitioner
from maillage.directory.queries.search import Criteria, find
from maillage.geography.fields import commune_text
from maillage.members import actions
from maillage.members.models import College, Fee, Membership
from maillage.members.models.membership import OVER
from maillage.members.queries.prefill import fields_of, main_role
from maillage.members.rules.names import of
from maillage.members.web.forms import AcceptForm, CollegeForm, FeeForm, LeaveForm, MemberForm, RefuseForm, initial_of
from maillage.members.web.views import member_of, page_context, read_version
from maillage.territory.queries.perimeters import communes_of

PROPOSED = 12


@requires(MEMBER_MANAGE)
def choose(request: CptsRequest) -> HttpResponse:
    """Who to add: somebody of the directory, found by name or number, or somebody it does not hold."""
    text = request.GET.get("q", "").strip()[:100]
    people = _people_named(request, text) if len(normalised(text)) > 1 else []
    known = Membership.objects.of(request.cpts).filter(practitioner__in=[practitioner.pk for practitioner in people])
    # Of somebody who left and came back, the page in force stands before the old ones.
    pages = {
        page.practitioner_id: page for page in known.order_by(Case(When(status__in=OVER, then=0), default=1), "pk")
    }
    for person in people:
        person.member = pages.get(person.pk)  # type: ignore[attr-defined]
    return render(request, "members/choose.html", {"q": text, "people": people})


def _people_named(request: CptsRequest, text: str) -> list[Practitioner]:
    """People of the territory of that name; failing them, of all France."""
    people = list(find(Criteria(text, communes=communes_of(request.cpts)))[:PROPOSED])
    return people or list(find(Criteria(text))[:PROPOSED])


@requires(MEMBER_MANAGE)
@recently_proved_when(is_sent)
def add(request: CptsRequest) -> HttpResponse:
    """One more member, what the directory knows already filled in."""
    practitioner = _practitioner(request)
    known = fields_of(practitioner, main_role(practitioner)) if practitioner else {}
    shown = known | {"commune": commune_text(known.get("commune"))}
    form = MemberForm(request.POST or None, cpts=request.cpts, today=timezone.localdate(), initial=shown)
    if request.method == "POST" and form.is_valid():
        linked = {name: known[name] for name in ("practitioner", "practitioner_role", "group") if known}
        fields = {name: value for name, value in form.cleaned_data.items() if value is not None}
        try:
            membership = actions.add_member(
                cpts=request.cpts, fields=fields | linked, by=request.user, at=timezone.now()
            )
        except DomainError as error:
            form.add_error("family_name", error.user_message)
        else:
            messages.success(request, f"{membership} est membre.")
            return redirect("members:show", request.cpts.slug, membership.uuid)
    return render(request, "members/edit.html", {"form": form, "practitioner": practitioner, "member": None})


def _practitioner(request: CptsRequest) -> Practitioner | None:
    key = request.GET.get("pro", "")
    if not key.isdecimal() or len(key) > 18:
        return None
    return Practitioner.objects.filter(pk=int(key), until=None).first()


@requires(MEMBER_MANAGE)
def edit(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    membership = member_of(request, member_uuid)
    today = timezone.localdate()
    form = MemberForm(request.POST or None, cpts=request.cpts, today=today, initial=initial_of(membership))
    if request.method == "POST" and form.is_valid():
        if "email" in form.changed_data and not means.is_recent(request):
            return ask_again(request)  # whoever reads there may enter
        if did(
            request,
            actions.edit,
            lambda _: f"La fiche {of(str(membership))} est à jour.",  # by its new name
            form=form,
            membership=membership,
            read_version=read_version(request, membership),
            fields={name: form.cleaned_data[name] for name in form.changed_data},  # the journal names these
        ):
            return redirect("members:show", request.cpts.slug, membership.uuid)
    context = {"form": form, "member": membership, "version": read_version(request, membership)}
    return render(request, "members/edit.html", context)


def _accepts(request: HttpRequest) -> bool:
    """Whoever is a member, at an address of theirs, may enter."""
    return request.POST.get("do") != "refuse"


@require_POST
@requires(MEMBER_MANAGE)
@recently_proved_when(_accepts)
def decide(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    """Accept or refuse a request."""
    membership = member_of(request, member_uuid)
    at = timezone.now()
    if request.POST.get("do") == "refuse":
        refusal = RefuseForm(request.POST)
        if _did(request, refusal, partial(actions.refuse, membership=membership, by=request.user, at=at)):
            return _shown(request, membership, f"La demande {of(str(membership))} est refusée.")
        return _again(request, membership, refuse_form=refusal)
    form = AcceptForm(request.POST, cpts=request.cpts)
    if _did(request, form, partial(actions.accept, membership=membership, by=request.user, at=at)):
        if not membership.email:
            messages.warning(request, "Sans adresse électronique, ni accueil ni invitation ne partent.")
        return _shown(request, membership, f"{membership} est membre.")
    return _again(request, membership, accept_form=form)


@require_POST
@requires(MEMBER_MANAGE)
@recently_proved
def leave(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    membership = member_of(request, member_uuid)
    form = LeaveForm(request.POST, today=timezone.localdate())
    if _did(request, form, partial(actions.leave, membership=membership, by=request.user, at=timezone.now())):
        return _shown(request, membership, f"Le départ {of(str(membership))} est enregistré.")
    return _again(request, membership, leave_form=form)


@require_POST
@requires(MEMBER_MANAGE)
@recently_proved
def take_back(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    """Undo a departure or a refusal."""
    membership = member_of(request, member_uuid)
    did(request, actions.take_back, "L’adhésion est reprise, avec tout son passé.", membership=membership)
    return redirect("members:show", request.cpts.slug, membership.uuid)


@require_POST
@requires(MEMBER_MANAGE)
@recently_proved
def merge(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    """Bring another page of the same person into this one."""
    membership = member_of(request, member_uuid)
    asked = sent_uuid(request.POST.get("other", ""))
    other = get_object_or_404(Membership.objects.of(request.cpts).exclude(pk=membership.pk), uuid=asked)
    did(request, actions.merge, "Les deux fiches n’en font plus qu’une.", kept=membership, other=other)
    return redirect("members:show", request.cpts.slug, membership.uuid)


@require_POST
@requires(MEMBER_MANAGE)
@proved_this_session
def add_fee(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    membership = member_of(request, member_uuid)
    form = FeeForm(request.POST, today=timezone.localdate())
    if _did(request, form, partial(actions.record_fee, membership=membership, by=request.user, at=timezone.now())):
        return _shown(request, membership, "La cotisation est enregistrée.")
    return _again(request, membership, fee_form=form)


def _did(request: CptsRequest, form: forms.Form, act: Callable[..., object]) -> bool:
    """Do what a form asks. What is wrong is told beside its fields, what is refused on top of the page."""
    if not form.is_valid():
        return False
    try:
        act(**form.cleaned_data)
    except DomainError as error:
        messages.error(request, error.user_message)
        return False
    return True


def _shown(request: CptsRequest, membership: Membership, done: str) -> HttpResponse:
    messages.success(request, done)
    return redirect("members:show", request.cpts.slug, membership.uuid)


def _again(request: CptsRequest, membership: Membership, **form: forms.Form) -> HttpResponse:
    """The page of the member as it is now, with the form as it was typed."""
    membership = member_of(request, membership.uuid)
    return render(request, "members/show.html", page_context(request, membership, **form))


@require_POST
@requires(MEMBER_MANAGE)
@proved_this_session
def cancel_fee(request: CptsRequest, fee_id: int) -> HttpResponse:
    fee = get_object_or_404(Fee.objects.select_related("membership__cpts"), cpts=request.cpts, pk=fee_id)
    actions.cancel_fee(fee=fee, by=request.user, at=timezone.now())
    messages.success(request, f"La cotisation {fee.year} est retirée.")
    return redirect("members:show", request.cpts.slug, fee.membership.uuid)


@requires(MEMBER_MANAGE)
@sent_in_this_session
def colleges(request: CptsRequest) -> HttpResponse:
    """The colleges of the statutes, their weights and fees; one more, or one changed."""
    asked = sent_uuid(request.GET.get("college", ""))
    chosen = College.objects.filter(cpts=request.cpts, uuid=asked).first() if asked else None
    initial = {name: getattr(chosen, name) for name in CollegeForm.base_fields} if chosen else None
    form = CollegeForm(request.POST or None, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and did(
            request,
            actions.save_college,
            lambda college: f"Le collège « {college} » est enregistré.",
            form=form,
            field="name",
            cpts=request.cpts,
            college=chosen,
            **form.cleaned_data,
        )
    ):
        return redirect("members:colleges", request.cpts.slug)
    context = {"form": form, "chosen": chosen, "rows": _counted(request)}
    return render(request, "members/colleges.html", context)


def _counted(request: CptsRequest) -> list[College]:
    return list(College.objects.with_counts().filter(cpts=request.cpts).order_by("name"))


@require_POST
@requires(MEMBER_MANAGE)
@proved_this_session
def remove_college(request: CptsRequest, college_uuid: UUID) -> HttpResponse:
    college = get_object_or_404(College.objects.select_related("cpts"), cpts=request.cpts, uuid=college_uuid)
    did(request, actions.remove_college, f"Le collège « {college} » est supprimé.", college=college)
    return redirect("members:colleges", request.cpts.slug)
