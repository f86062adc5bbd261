"""The team of a CPTS, its invitations, and the journal of who did what."""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts import actions
from maillage.accounts.models import Invitation, RoleAssignment, User
from maillage.accounts.permissions import AUDIT_VIEW, TEAM_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in import devices, means
from maillage.accounts.signing_in.proving import is_export, is_sent, recently_proved, recently_proved_when
from maillage.accounts.web.forms import AcceptInvitationForm, InviteForm
from maillage.audit.models import AuditEvent
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.screens.access import public
from maillage.core.screens.doing import did
from maillage.core.screens.gone import gone
from maillage.core.screens.listing import Column, Filter, Listing

AUDIT_TYPES = (
    ("perimeter", "Périmètre"),
    ("invitation", "Invitations"),
    ("role", "Rôles"),
    ("cpts", "CPTS"),
    ("reading.", "Lectures de dossiers"),
    ("export.", "Fichiers sortis"),
    ("request.", "Demandes de soins"),
    ("appointment.", "Rendez-vous"),
    ("keys.", "Clés des données de patients"),
)


@requires(TEAM_MANAGE)
@recently_proved_when(is_sent)
def team(request: CptsRequest) -> HttpResponse:
    """Who holds which role, pending invitations, and the form to send one."""
    form = InviteForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and did(
            request,
            actions.invite,
            lambda invitation: f"Invitation envoyée à {invitation.email}.",
            form=form,
            field="email",
            cpts=request.cpts,
            **form.cleaned_data,
        )
    ):
        return redirect("accounts:team", request.cpts.slug)
    context = {
        "form": form,
        "assignments": RoleAssignment.objects.of(request.cpts)
        .select_related("user")
        .order_by("role", "user__family_name"),
        "invitations": Invitation.objects.filter(cpts=request.cpts, accepted_at=None, withdrawn_at=None).order_by(
            "-created_at"
        ),
        "now": timezone.now(),
    }
    return render(request, "accounts/team.html", context)


@require_POST
@requires(TEAM_MANAGE)
@recently_proved
def withdraw_role(request: CptsRequest, assignment_id: int) -> HttpResponse:
    assignment = get_object_or_404(
        RoleAssignment.objects.of(request.cpts).select_related("user", "cpts"), pk=assignment_id
    )
    did(
        request,
        actions.withdraw_role,
        f"{assignment.user} n’a plus le rôle « {assignment.get_role_display()} ».",
        assignment=assignment,
    )
    return redirect("accounts:team", request.cpts.slug)


@require_POST
@requires(TEAM_MANAGE)
def withdraw_invitation(request: CptsRequest, invitation_uuid: UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.select_related("cpts"), cpts=request.cpts, uuid=invitation_uuid)
    did(request, actions.withdraw_invitation, "Invitation retirée : son lien ne sert plus.", invitation=invitation)
    return redirect("accounts:team", request.cpts.slug)


@public
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of a mail. Opening it changes nothing; the button does."""
    at = timezone.now()
    try:
        invitation = actions.read_token(token, at=at)
        return _accept(request, invitation)
    except DomainError as error:
        return gone(request, "Invitation", error.user_message)


def _accept(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    account = actions.account_of(invitation.email)
    context: dict[str, Any] = {"invitation": invitation, "account": account, "form": None}
    if isinstance(request.user, User):
        if request.method == "POST":
            actions.accept_invitation(invitation=invitation, user=request.user, at=timezone.now())
            return redirect(links.page("home", invitation.cpts.slug))
    elif account is None:
        form = AcceptInvitationForm(request.POST or None, email=invitation.email)
        if request.method == "POST" and form.is_valid():
            user = actions.accept_with_new_account(invitation=invitation, at=timezone.now(), **form.cleaned_data)
            means.open_session(request, user, means.PASSWORD)
            response = redirect(links.page("home", invitation.cpts.slug))
            devices.remember(response, user, request=request)
            return response
        context["form"] = form
    elif request.method == "POST":
        make_password(request.POST.get("password", ""))  # as long as the account that is not made would have taken
    return render(request, "accounts/accept.html", context)


@requires(AUDIT_VIEW)
@recently_proved_when(is_export)
def audit(request: CptsRequest) -> HttpResponse:
    """Who did what in this CPTS, newest first."""
    listing = Listing(
        queryset=AuditEvent.objects.of_cpts(request.cpts.pk),
        parameters=request.GET,
        columns=(
            Column("date", "Date", lambda event: event.at, "at"),
            Column("auteur", "Auteur", lambda event: event.by_name, "by_name"),
            Column("action", "Ce qui a été fait", lambda event: event.summary),
            Column("objet", "Sur quoi", lambda event: event.target_label),
        ),
        search_in=("by_name", "summary", "target_label"),
        filters=(Filter("nature", "Nature", "type__startswith", AUDIT_TYPES),),
        default_sort="-at",
        filename=f"journal-{request.cpts.slug}",
        empty="Rien n’a encore été fait.",
    )
    if response := listing.export():
        return response
    return render(request, "accounts/audit.html", {"listing": listing, "page": listing.page()})
