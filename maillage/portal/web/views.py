"""Start page, one's spaces, the home of a CPTS, and the pages of the instance."""

from uuid import UUID

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.models import AccountKind, Role, User
from maillage.accounts.permissions import HOME_VIEW, INSTANCE_MANAGE, CptsRequest, assignments_of, requires
from maillage.accounts.signing_in import means
from maillage.core.letters import letters_of_the_product
from maillage.core.limits_met import limits_met
from maillage.core.models import Job
from maillage.core.screens.access import also_external, public, signed_in
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.core.work import jobs
from maillage.exchange.models import MailState, OutgoingMail
from maillage.geography.jobs import RELOAD
from maillage.geography.models import ReferenceRelease
from maillage.oversight.queries import approves
from maillage.portal.actions.backups import backups_at
from maillage.portal.demo.people import PERSONAS
from maillage.portal.queries import home as queries
from maillage.portal.queries import readiness
from maillage.portal.web.gallery import gallery_facts


@public
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What Maillage is; in the demonstration, one sign-in card a role."""
    if request.user.is_authenticated and not settings.DEMO:
        return redirect("portal:spaces")
    personas = PERSONAS if _demo_is_open() else ()
    return render(request, "portal/start.html", {"personas": personas})


def _demo_is_open() -> bool:
    return bool(settings.DEMO and settings.DEBUG)


@public
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Enter as somebody invented. Only in a demonstration: elsewhere this address does not exist."""
    if not _demo_is_open():
        raise Http404
    persona = next((persona for persona in PERSONAS if persona.key == request.POST.get("persona")), None)
    if persona is None:
        raise Http404
    user = get_object_or_404(User, email=persona.email)
    means.open_session(request, user, means.DEMONSTRATION)
    return redirect("portal:after_login")


@also_external
@signed_in
def after_login(request: HttpRequest) -> HttpResponse:
    """Straight to the only workspace; to the choice when there are several."""
    assert isinstance(request.user, User)
    assignments = assignments_of(request.user)
    if len(assignments) == 1 and assignments[0].role == Role.INSTANCE_ADMIN:
        return redirect("portal:reference")
    by_role = len(assignments) == 1 and assignments[0].role == Role.REGULATOR
    if by_role or request.user.kind == AccountKind.EXTERNAL:
        return redirect("sas:regulation")
    slugs = {assignment.cpts.slug for assignment in assignments if assignment.cpts}
    if len(slugs) == 1 and all(assignment.cpts_id for assignment in assignments):
        return redirect("portal:home", slugs.pop())
    return redirect("portal:spaces")


@signed_in
def spaces(request: HttpRequest) -> HttpResponse:
    """The CPTS a person may open, those of an institution's territory included."""
    assert isinstance(request.user, User)
    context = {"spaces": queries.spaces_of(request.user), "may_approve": approves(request.user)}
    return render(request, "portal/spaces.html", context)


@requires(HOME_VIEW)
def home(request: CptsRequest) -> HttpResponse:
    """What a coordinator should see in one look, with what exists so far."""
    facts = queries.home_facts(request.cpts, request.user, request.permissions, timezone.now())
    return render(request, "portal/home.html", facts)


@public
def legal(request: HttpRequest) -> HttpResponse:
    """Sources of the data, licences, what is kept."""
    return render(request, "portal/legal.html", {"release": ReferenceRelease.objects.order_by("-loaded_at").first()})


@requires(INSTANCE_MANAGE)
def reference(request: CptsRequest) -> HttpResponse:
    """The reference data of the instance, and a button to load them again in the background."""
    context = {
        "release": ReferenceRelease.objects.order_by("-loaded_at").first(),
        "jobs": Job.objects.filter(kind=RELOAD).order_by("-created_at")[:5],
        "backup_warning": backups_at(timezone.now()).warning,
    }
    return render(request, "portal/reference.html", context)


@require_POST
@requires(INSTANCE_MANAGE)
def reload_reference(request: CptsRequest) -> HttpResponse:
    label = "Chargement des communes de France"
    row = jobs.enqueue(RELOAD, label=label, at=timezone.now(), owner_id=request.user.pk, by=request.user.pk)
    return redirect(row)


@requires(INSTANCE_MANAGE)
def outbox(request: CptsRequest) -> HttpResponse:
    """Mail written by the product. In a demonstration nothing leaves: it is read here."""
    listing = Listing(
        queryset=OutgoingMail.objects.defer("body", "html", "calendar").select_related("cpts"),
        parameters=request.GET,
        columns=(
            Column("date", "Date", lambda mail: mail.created_at, "created_at"),
            Column("destinataire", "Destinataire", lambda mail: mail.recipient, "recipient"),
            Column("objet", "Objet", lambda mail: mail.subject, "subject"),
            Column("etat", "État", lambda mail: mail.get_state_display()),
        ),
        search_in=("recipient", "subject"),
        filters=(Filter("etat", "État", "state", MailState.choices),),
        default_sort="-created_at",
        empty="Aucun message écrit pour l’instant.",
    )
    return render(request, "portal/outbox.html", {"listing": listing, "page": listing.page(), "demo": settings.DEMO})


@requires(INSTANCE_MANAGE)
def outgoing_mail(request: CptsRequest, mail_uuid: UUID) -> HttpResponse:
    """The text of one message, in a demonstration only: elsewhere it holds links that open other people's accounts."""
    if not settings.DEMO:
        raise Http404
    mail = get_object_or_404(OutgoingMail.objects.select_related("cpts"), uuid=mail_uuid)
    return render(request, "portal/mail.html", {"mail": mail})


@require_safe
@requires(INSTANCE_MANAGE)
def limits(request: CptsRequest) -> HttpResponse:
    """Which limits were met, how often, by what kind of key."""
    return render(request, "portal/limits.html", {"rows": limits_met(timezone.now())})


@require_safe
@requires(INSTANCE_MANAGE)
def letters(request: CptsRequest) -> HttpResponse:
    """Every letter of the product, as an invented person would receive it."""
    gathered = letters_of_the_product()
    apps_of = {apps.get_app_config(label).verbose_name: (label, samples) for label, samples in gathered.items()}
    return render(request, "portal/letters.html", {"apps": apps_of, "count": sum(map(len, gathered.values()))})


@csp_update({"style-src-attr": [UNSAFE_INLINE]})
@require_safe
@requires(INSTANCE_MANAGE)
def letter(request: CptsRequest, writer: str, letter: str) -> HttpResponse:
    """One of them as a mail reader shows it: styles are on its elements."""
    shown = letters_of_the_product().get(writer, {}).get(letter)
    if shown is None:
        raise Http404
    return HttpResponse(shown.html())


@requires(INSTANCE_MANAGE)
def gallery(request: CptsRequest) -> HttpResponse:
    """Every component, with what it takes."""
    messages.success(request, "Un message de réussite.")
    messages.error(request, "Un message de refus, qui dit quoi faire.")
    return render(request, "portal/gallery.html", gallery_facts(timezone.localdate(), request.GET))


@public
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@public
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """The process can work: database, migrations, communes, disks. 503 otherwise, with what is wrong."""
    answers = readiness.checks()
    return JsonResponse(answers, status=200 if all(answers.values()) else 503)
