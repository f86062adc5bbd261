"""Mandates of the members, conventions with partners."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.permissions import MEMBER_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in.proving import proved_this_session, recently_proved, sent_in_this_session
from maillage.core.errors import DomainError
from maillage.core.screens.doing import did
from maillage.members import actions
from maillage.members.models import Convention, Mandate
from maillage.members.permissions import MEMBER_LIST
from maillage.members.web.forms import ConventionForm, MandateForm
from maillage.members.web.views import may_manage
from maillage.records.actions.attaching import NotADocument, NotScanned
from maillage.records.screens.files import attachment_response, content_of


@requires(MEMBER_LIST)
@sent_in_this_session
def mandates(request: CptsRequest) -> HttpResponse:
    """Who holds which function, until when; one more for the team."""
    form = MandateForm(request.POST or None, cpts=request.cpts, today=timezone.localdate())
    if (
        request.method == "POST"
        and may_manage(request)
        and form.is_valid()
        and did(
            request,
            actions.give_mandate,
            lambda mandate: f"{mandate.membership} : {mandate}.",
            form=form,
            field="ends_on",
            **form.cleaned_data,
        )
    ):
        return redirect("members:mandates", request.cpts.slug)
    today = timezone.localdate()
    rows = Mandate.objects.of(request.cpts).select_related("membership")
    order = ("body", "function", "membership__search_name")
    context = {
        "form": form,
        "rows": rows.filter(pk__in=rows.in_force(today)).order_by(*order),
        "coming": rows.filter(starts_on__gt=today).order_by("starts_on"),
        "past": rows.ending_before(today).order_by("-ends_on")[:30],
        "soon": today + actions.AHEAD,
    }
    return render(request, "members/mandates.html", context)


@require_POST
@requires(MEMBER_MANAGE)
@proved_this_session
def end_mandate(request: CptsRequest, mandate_uuid: UUID) -> HttpResponse:
    mandates = Mandate.objects.of(request.cpts).select_related("membership", "cpts")
    mandate = get_object_or_404(mandates, uuid=mandate_uuid)
    actions.end_mandate(mandate=mandate, by=request.user, at=timezone.now())
    messages.success(request, "Le mandat est terminé.")
    return redirect("members:mandates", request.cpts.slug)


@requires(MEMBER_LIST)
def conventions(request: CptsRequest) -> HttpResponse:
    """Agreements with partners, their documents, their ends; one more for the team."""
    form = ConventionForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and may_manage(request) and form.is_valid():
        fields = dict(form.cleaned_data)
        file = fields.pop("file")
        try:
            convention = actions.sign_convention(
                cpts=request.cpts,
                fields=fields,
                document=content_of(file),
                by=request.user,
                at=timezone.now(),
            )
        except (NotADocument, NotScanned) as error:
            form.add_error("file", error.user_message)
        except DomainError as error:
            form.add_error("ends_on", error.user_message)
        else:
            messages.success(request, f"La {convention} est enregistrée.")
            return redirect("members:conventions", request.cpts.slug)
    today = timezone.localdate()
    rows = Convention.objects.of(request.cpts).select_related("attachment").order_by("partner", "-starts_on")
    context = {"form": form, "rows": rows, "today": today, "soon": today + actions.AHEAD}
    return render(request, "members/conventions.html", context)


@require_safe
@requires(MEMBER_LIST)
def convention_document(request: CptsRequest, convention_uuid: UUID) -> HttpResponse:
    conventions_here = Convention.objects.of(request.cpts).select_related("attachment")
    return attachment_response(get_object_or_404(conventions_here, uuid=convention_uuid).attachment)


@require_POST
@requires(MEMBER_MANAGE)
@recently_proved
def remove_convention(request: CptsRequest, convention_uuid: UUID) -> HttpResponse:
    convention = get_object_or_404(Convention.objects.of(request.cpts).select_related("cpts"), uuid=convention_uuid)
    actions.remove_convention(convention=convention, by=request.user, at=timezone.now())
    messages.success(request, f"La convention avec {convention.partner} est retirée.")
    return redirect("members:conventions", request.cpts.slug)
