"""Approving a CPTS; settling the identities that contradict each other."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.actions import proofs
from maillage.accounts.models import DisputeOutcome, RoleAssignment, User
from maillage.accounts.permissions import INSTANCE_MANAGE, TEAM_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in.proving import is_sent, recently_proved, recently_proved_when
from maillage.core.errors import DomainError
from maillage.core.screens.access import signed_in
from maillage.core.screens.doing import did
from maillage.cpts.models import Cpts
from maillage.cpts.queries import possible_duplicates
from maillage.members.actions import binding
from maillage.members.models import Membership
from maillage.oversight import queries
from maillage.oversight.actions import approval as actions
from maillage.oversight.web.forms import DecisionForm
from maillage.territory.queries.perimeters import readable_of, summarise


@signed_in
def approvals(request: HttpRequest) -> HttpResponse:
    """CPTS of one's territory that wait for an answer. Nobody else knows that this page exists."""
    user = _approver(request)
    return render(request, "oversight/approvals.html", {"waiting": list(queries.waiting(user)[:100])})


def _approver(request: HttpRequest) -> User:
    """Raises Http404 for whoever approves nothing."""
    user = request.user
    if not isinstance(user, User) or not queries.approves(user):
        raise Http404
    return user


@signed_in
@recently_proved_when(is_sent)
def approval(request: HttpRequest, cpts_uuid: UUID) -> HttpResponse:
    """What is known of a CPTS that asks: its territory, its team, whom it resembles; and the answer."""
    user = _approver(request)
    cpts = get_object_or_404(queries.within_reach(user), uuid=cpts_uuid)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        is_approved = request.POST.get("do") == "approve"
        try:
            actions.decide(
                cpts=cpts, is_approved=is_approved, reason=form.cleaned_data["reason"], by=user, at=timezone.now()
            )
        except DomainError as error:
            form.add_error("reason", error.user_message)
        else:
            messages.success(request, f"{cpts} : {cpts.get_approval_display()}. Son équipe est prévenue.")
            return redirect("oversight:approvals")
    return render(request, "oversight/approval.html", _facts(cpts) | {"form": form})


def _facts(cpts: Cpts) -> dict[str, Any]:
    readable = readable_of(cpts, with_draft=True)
    return {
        "cpts": cpts,
        "summary": summarise(*readable, on=timezone.localdate()) if readable else None,
        "communes": [part.commune for part in readable[1]] if readable else [],
        "team": RoleAssignment.objects.of(cpts).select_related("user").order_by("role", "pk")[:20],
        "alike": [other for other in possible_duplicates(cpts.name, cpts.departement_id) if other.pk != cpts.pk][:5],
    }


@requires(TEAM_MANAGE)
def own_approval(request: CptsRequest) -> HttpResponse:
    """Where the request of this CPTS stands, and what it may not do yet."""
    cpts, at = request.cpts, timezone.now()
    if request.method == "POST":
        try:
            if request.POST.get("do") == "demo" and settings.DEMO:
                actions.decide(cpts=cpts, is_approved=True, reason="", by=None, at=at)
            elif request.POST.get("do") == "again":
                actions.ask_again(cpts=cpts, by=request.user, at=at)
            else:
                actions.ask_approval(cpts=cpts, by=request.user, at=at)
        except DomainError as error:
            messages.error(request, error.user_message)
        return redirect("oversight:own_approval", cpts.slug)
    return render(request, "oversight/own_approval.html", {"is_demo": settings.DEMO})


@requires(INSTANCE_MANAGE)
def identities(request: CptsRequest) -> HttpResponse:
    """Numbers claimed by two accounts or contested, memberships contested."""
    context = {"disputes": queries.named_disputes(100), "memberships": binding.contested_memberships()[:100]}
    return render(request, "oversight/identities.html", context)


@require_POST
@requires(INSTANCE_MANAGE)
@recently_proved
def settle_number(request: CptsRequest, dispute_uuid: UUID) -> HttpResponse:
    dispute = get_object_or_404(queries.disputes(), uuid=dispute_uuid)
    outcomes = {outcome.value: outcome for outcome in DisputeOutcome if outcome != DisputeOutcome.OPEN}
    outcome = outcomes.get(request.POST.get("do", ""))
    if outcome is None:
        raise Http404
    did(request, proofs.settle_dispute, f"C’est tranché : {outcome.label}.", dispute=dispute, outcome=outcome)
    return redirect("oversight:identities")


@require_POST
@requires(INSTANCE_MANAGE)
@recently_proved
def settle_membership(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.select_related("cpts"), uuid=member_uuid)
    is_kept = request.POST.get("do") == "keep"
    did(request, binding.settle_contest, "C’est tranché.", membership=membership, is_kept=is_kept)
    return redirect("oversight:identities")
