"""« Mon identité »: which professional this account is, what proves it, which memberships are its own."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.actions import proofs
from maillage.accounts.limits import PROOF_CODES
from maillage.accounts.models import NumberDispute, NumberProof, User
from maillage.accounts.permissions import MEMBER_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in.identity import is_joined
from maillage.accounts.signing_in.proving import recently_proved
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.limits import spend
from maillage.core.screens.access import public, signed_in
from maillage.core.screens.gone import gone
from maillage.directory.actions import proving
from maillage.members.actions import binding
from maillage.members.models import Membership
from maillage.members.notifications import address_purpose, contest_purpose, doubt_purpose
from maillage.members.web.forms import CodeForm, NumberForm
from maillage.members.web.views import member_of

LINK_OVER = (
    "Ce lien n’est pas entier, ou ce qu’il contestait a changé depuis : la page « Mon identité » de votre compte dit "
    "où en sont les choses."
)


class AccountRequest(HttpRequest):
    """Somebody signed in, whatever the CPTS."""

    user: User


@signed_in
def identity(request: AccountRequest) -> HttpResponse:
    """The proof of the number, the ways to make it, and every membership of this person or of their number."""
    proof = NumberProof.objects.open().filter(user=request.user).first()
    context = {
        "proof": proof,
        "claimed": NumberDispute.objects.filter(claimant=request.user, outcome="open").exists(),
        "number": binding.number_text(proof) if proof else "",
        "memberships": Membership.objects.bound_to(request.user).open().select_related("cpts").order_by("cpts__name"),
        "proposals": binding.proposals(request.user),
        "others": binding.of_others(request.user),
        "has_psc": is_joined(),
        "has_mailbox": proving.is_offered(),
        "number_form": NumberForm(),
        "code_form": CodeForm(auto_id="code_%s"),
    }
    return render(request, "members/identity.html", context)


@require_POST
@signed_in
@recently_proved
def ask_mailbox_code(request: AccountRequest) -> HttpResponse:
    """A code to the personal mailbox of that number; the same words whether the register gives one or not."""
    form = NumberForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Tapez votre numéro RPPS (11 chiffres) ou ADELI (9 caractères).")
    else:
        _do(request, lambda: proving.send_code(user=request.user, at=timezone.now(), **form.cleaned_data), proving.SENT)
    return redirect("members:identity")


@require_POST
@signed_in
@recently_proved
def use_mailbox_code(request: AccountRequest) -> HttpResponse:
    _do(
        request,
        lambda: proofs.use_mailbox_code(user=request.user, text=_typed(request), at=timezone.now()),
        "Votre numéro national est prouvé.",
    )
    return redirect("members:identity")


def _typed(request: AccountRequest) -> str:
    """The code that was typed, each try counted. Raises LimitReached."""
    spend(PROOF_CODES, at=timezone.now(), account=request.user.pk)
    return request.POST.get("code", "")[:40]


@require_POST
@signed_in
@recently_proved
def use_code_in_person(request: AccountRequest) -> HttpResponse:
    _do(
        request,
        lambda: binding.use_code_in_person(user=request.user, text=_typed(request), at=timezone.now()),
        "Votre numéro national est prouvé.",
    )
    return redirect("members:identity")


@require_POST
@signed_in
@recently_proved
def claim(request: AccountRequest, member_uuid: UUID) -> HttpResponse:
    """« C’est moi »."""
    membership = get_object_or_404(Membership.objects.unbound().select_related("cpts"), uuid=member_uuid)
    if membership not in binding.proposals(request.user):
        raise Http404
    done = f"Cette adhésion à {membership.cpts.with_article} est la vôtre."
    _do(request, lambda: binding.claim(membership=membership, user=request.user, at=timezone.now()), done)
    return redirect("members:identity")


@require_POST
@signed_in
@recently_proved
def contest(request: AccountRequest, member_uuid: UUID) -> HttpResponse:
    """« Ce n’est pas moi », by the account it is bound to or proposed to, or by whoever proved its number."""
    membership = get_object_or_404(
        Membership.objects.select_related("cpts", "account", "practitioner"), uuid=member_uuid
    )
    theirs = [*binding.proposals(request.user), *binding.of_others(request.user)]
    if membership.account_id != request.user.pk and membership not in theirs:
        raise Http404
    try:
        is_suspended = binding.contest_from_account(membership=membership, user=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.user_message)
    else:
        suspended = "cette adhésion est suspendue, " if is_suspended else ""
        messages.success(request, f"C’est noté : {suspended}l’administration de l’instance va trancher.")
    return redirect("members:identity")


@require_POST
@signed_in
@recently_proved
def contest_number(request: AccountRequest) -> HttpResponse:
    """« Ce n’est pas moi », by whoever claimed a number that another account holds."""
    dispute = NumberDispute.objects.filter(claimant=request.user, outcome="open").select_related("proof__user").first()
    if dispute is None:
        messages.error(request, proofs.NothingToContest.user_message)
        return redirect("members:identity")
    done = "C’est noté : ce que l’autre compte ouvrait sous ce numéro est suspendu."
    _do(request, lambda: proofs.contest_by_claim(dispute=dispute, at=timezone.now()), done)
    return redirect("members:identity")


def _do(request: HttpRequest, act: Callable[[], object], done: str) -> None:
    """One action, whose refusal is told on the page one comes back to."""
    try:
        act()
    except DomainError as error:
        messages.error(request, error.user_message)
    else:
        messages.success(request, done)


@public
def not_me(request: HttpRequest, member_uuid: UUID, token: str) -> HttpResponse:
    """The page behind « Ce n’est pas moi » of a mail. Opening it changes nothing; its button suspends."""
    at = timezone.now()
    membership = get_object_or_404(
        Membership.objects.select_related("cpts", "account", "practitioner"), uuid=member_uuid
    )
    try:
        links.read(contest_purpose(membership), token, at=at)
        if request.method == "POST":
            is_suspended = binding.contest_by_link(membership=membership, at=at)
            context = {"member": membership, "is_done": True, "is_suspended": is_suspended}
            return render(request, "members/not_me.html", context)
    except links.LinkUnusable as error:
        is_late = isinstance(error, links.LinkExpired)
        return gone(request, "Ce n’est pas moi", error.user_message if is_late else LINK_OVER)
    except DomainError as error:
        return gone(request, "Ce n’est pas moi", error.user_message)
    return render(request, "members/not_me.html", {"member": membership, "is_done": False, "is_suspended": False})


@public
def not_my_number(request: HttpRequest, proof_uuid: UUID, token: str) -> HttpResponse:
    """The same for a proof of number. It is suspended at once when a team alone vouches for it."""
    at = timezone.now()
    proof = get_object_or_404(NumberProof.objects.open().select_related("user"), uuid=proof_uuid)
    try:
        links.read(doubt_purpose(proof), token, at=at)
        is_suspended = proofs.doubt_proof(proof=proof, at=at) if request.method == "POST" else None
    except DomainError as error:
        return gone(request, "Ce n’est pas moi", error.user_message)
    context = {"proof": proof, "is_done": is_suspended is not None, "is_suspended": is_suspended}
    return render(request, "members/not_my_number.html", context)


@public
def confirm_address(request: HttpRequest, member_uuid: UUID, token: str) -> HttpResponse:
    """The page behind the link sent to a new address. Opening it changes nothing; its button confirms."""
    at = timezone.now()
    membership = get_object_or_404(Membership.objects.open().select_related("cpts"), uuid=member_uuid)
    try:
        links.read(address_purpose(membership), token, at=at)
        if request.method == "POST":
            binding.confirm_address(membership=membership, email=membership.pending_email, at=at)
            return render(request, "members/confirm_address.html", {"member": membership, "is_done": True})
    except DomainError as error:
        return gone(request, "Adresse", error.user_message)
    return render(request, "members/confirm_address.html", {"member": membership, "is_done": False})


@require_POST
@requires(MEMBER_MANAGE)
@recently_proved
def check_in_person(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    """A code to read aloud to the member in front of oneself: shown once, good for a quarter of an hour."""
    membership = member_of(request, member_uuid)
    try:
        code = binding.check_in_person(membership=membership, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.user_message)
        return redirect("members:show", request.cpts.slug, membership.uuid)
    spaced = f"{code.text[:4]} {code.text[4:]}"
    return render(request, "members/check_in_person.html", {"member": membership, "code": spaced})
