"""The members of a CPTS: the list, one member, one's own page, what leaves the system."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.accounts.models import NumberProof
from maillage.accounts.permissions import MEMBER_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in.proving import is_export, recently_proved_when
from maillage.core.screens.doing import did
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.core.screens.posted import sent_version
from maillage.core.templatetags.maillage import number
from maillage.core.text import normalised
from maillage.directory.models import GROUP_CHOICES
from maillage.members import actions
from maillage.members.documents import papers as documents
from maillage.members.models import College, Membership, MembershipStatus
from maillage.members.permissions import MEMBER_LIST
from maillage.members.web.forms import AcceptForm, FeeForm, LeaveForm, OwnForm, RefuseForm

NAME = Column("nom", "Nom", lambda membership: membership.sorted_name, "search_name")
PLACE = (
    Column("profession", "Profession ou fonction", lambda membership: membership.occupation, "occupation"),
    Column(
        "commune", "Commune", lambda membership: membership.commune.name if membership.commune else "", "commune__name"
    ),
    Column("telephone", "Téléphone", lambda membership: membership.phone),
)
LIFE = (
    Column("adhesion", "Adhésion", lambda membership: membership.get_status_display(), "status"),
    Column("depuis", "Depuis le", lambda membership: membership.joined_on, "joined_on"),
)
# What colleagues need of each other; then what the team alone keeps: addresses, numbers, who paid.
SHARED = (
    Column("nom", "Nom", lambda membership: membership.family_name, "search_name"),
    Column("prenom", "Prénom", lambda membership: membership.given_name),
    Column("structure", "Structure", lambda membership: membership.structure),
    *PLACE,
    Column("mssante", "MSSanté", lambda membership: ", ".join(membership.mssante)),
    Column("patients", "Nouveaux patients", lambda membership: membership.get_new_patients_display()),
    Column("domicile", "Se déplace à domicile", lambda membership: "oui" if membership.home_visits else ""),
    Column("langues", "Langues parlées", lambda membership: membership.languages),
    Column("savoir", "À savoir", lambda membership: membership.practical),
)
KEPT = (
    *LIFE,
    Column("college", "Collège", lambda membership: str(membership.college or "")),
    Column("rpps", "RPPS ou ADELI", lambda membership: membership.rpps),
    Column("courriel", "Adresse électronique", lambda membership: membership.email),
)
MOST_PRINTED = 3_000  # ten seconds of a thread are not for one page
YES_NO = (("yes", "prend de nouveaux patients"), ("no", "n’en prend pas"))


def listing_of(request: CptsRequest) -> Listing:
    """Members as the list, its exports and its prints read them: plain members see who is in, the team everybody."""
    members = Membership.objects.of(request.cpts).for_listing()
    is_team = may_manage(request)
    groups = [(code, label) for code, label in GROUP_CHOICES if code]
    colleges = [(str(pk), name) for pk, name in College.objects.filter(cpts=request.cpts).values_list("pk", "name")]
    filters = [
        Filter("profession", "Profession", "group", groups),
        Filter("patients", "Patients", "new_patients", YES_NO),
    ]
    if is_team:
        filters.insert(0, Filter("statut", "Adhésion", "status", MembershipStatus.choices))
        if colleges:
            filters.append(Filter("college", "Collège", "college", colleges))
    return Listing(
        queryset=members if is_team else members.current(),
        parameters=request.GET,
        columns=_columns(exported="format" in request.GET, is_team=is_team),
        search_in=("search_name", "occupation", "commune__name", "languages", "phone"),
        filters=filters,
        default_sort="search_name",
        dated_by="joined_on",
        filename=f"membres-{request.cpts.slug}",
        empty="Aucun membre pour l’instant.",
        prepare_search=normalised,
    )


def _columns(*, exported: bool, is_team: bool) -> tuple[Column, ...]:
    if exported:
        return (*SHARED, *KEPT) if is_team else SHARED
    return (NAME, *PLACE, *LIFE) if is_team else (NAME, *PLACE)


@requires(MEMBER_LIST)
@recently_proved_when(is_export)
def member_list(request: CptsRequest) -> HttpResponse:
    """Search by name whatever the accents, filter, sort, export, print."""
    listing = listing_of(request)
    if response := listing.export():
        return response
    if request.GET.get("format") == "pdf":
        printed = _printed(listing)
        if len(printed) <= MOST_PRINTED:
            return documents.directory_pdf(request.cpts, printed, timezone.localdate())
        messages.warning(request, f"Plus de {number(MOST_PRINTED)} noms : prenez le tableur, ou filtrez la liste.")
    waiting = Membership.objects.of(request.cpts).waiting().count() if may_manage(request) else 0
    return render(request, "members/list.html", {"listing": listing, "page": listing.page(), "waiting": waiting})


def _printed(listing: Listing) -> list[Membership]:
    """What the list shows; without a status asked for, those who are in."""
    rows: list[Membership] = list(listing.rows())
    return rows if listing.parameters.get("statut") else [row for row in rows if row.is_in]


def may_manage(request: CptsRequest) -> bool:
    """The team, against a plain member."""
    return MEMBER_MANAGE in request.permissions


def member_of(request: CptsRequest, member_uuid: UUID) -> Membership:
    """A member of this CPTS whom this person may read. Raises Http404."""
    members = Membership.objects.of(request.cpts).for_page()
    return get_object_or_404(members if may_manage(request) else members.current(), uuid=member_uuid)


@requires(MEMBER_LIST)
def show(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    """One member: how to reach them for everybody, the life of the membership for the team."""
    membership = member_of(request, member_uuid)
    return render(request, "members/show.html", page_context(request, membership))


def page_context(request: CptsRequest, membership: Membership, **forms: Any) -> dict[str, Any]:
    """What the page of a member shows; a form that was refused comes back as it was typed."""
    context: dict[str, Any] = {"member": membership}
    if not may_manage(request):
        return context
    context["proof"] = NumberProof.objects.open().of_number(membership.practitioner_id or 0).first()
    context["alike"] = list(Membership.objects.alike(membership)[:5])
    today = timezone.localdate()
    fee = membership.college.yearly_fee if membership.college else None
    unbound = {
        "accept_form": AcceptForm(cpts=request.cpts, initial={"college": membership.college_id}),
        "refuse_form": RefuseForm(),
        "fee_form": FeeForm(today=today, initial={"amount": fee}),
        "leave_form": LeaveForm(today=today),
    }
    return context | unbound | forms


@requires(MEMBER_LIST)
def own(request: CptsRequest) -> HttpResponse:
    """What colleagues and the public see of me; mine to change, with my attestation."""
    membership = own_membership(request)
    if membership is None:
        return render(request, "members/own_none.html")
    initial = {name: getattr(membership, name) for name in OwnForm.base_fields}
    form = OwnForm(request.POST or None, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and did(
            request,
            actions.edit_own,
            "Votre fiche est à jour.",
            form=form,
            membership=membership,
            read_version=read_version(request, membership),
            fields=form.cleaned_data,
        )
    ):
        return redirect("members:own", request.cpts.slug)
    context = {"member": membership, "form": form, "version": read_version(request, membership)}
    return render(request, "members/own.html", context)


def own_membership(request: CptsRequest) -> Membership | None:
    """That of the account of the person, in the CPTS of the page."""
    mine = Membership.objects.of(request.cpts).current().of_account(request.user).for_page()
    return mine.order_by("kind", "pk").first()


def read_version(request: CptsRequest, membership: Membership) -> int:
    """The version that the page was read at: that of a page sent back, the stored one for a page just opened."""
    return sent_version(request) if request.method == "POST" else membership.version


@require_safe
@requires(MEMBER_LIST)
def attestation(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    """The attestation of membership, for the team and for the member alone. Nobody else's paper is read."""
    membership = member_of(request, member_uuid)
    mine = own_membership(request) if not may_manage(request) else membership
    if mine is None or mine.pk != membership.pk or not membership.is_in:
        raise Http404
    return documents.attestation_pdf(membership, timezone.localdate())


@require_safe
@requires(MEMBER_LIST)
def vcard(request: CptsRequest, member_uuid: UUID) -> HttpResponse:
    """One member for the contacts of a telephone."""
    membership = member_of(request, member_uuid)
    headers = {"Content-Disposition": 'attachment; filename="contact.vcf"'}
    return HttpResponse(documents.vcard_text(membership), content_type="text/vcard; charset=utf-8", headers=headers)
