"""The journal of messages, the addresses they do not reach, and what each person accepts."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import is_export, recently_proved_when
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.screens.access import public
from maillage.core.screens.gone import gone
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.exchange import actions
from maillage.exchange.models import CHOSEN_KINDS, Contact, MailKind, MailState, OutgoingMail
from maillage.exchange.permissions import MESSAGE_LIST
from maillage.exchange.web.forms import ChoicesForm


@requires(MESSAGE_LIST)
@recently_proved_when(is_export)
def journal(request: CptsRequest) -> HttpResponse:
    """Every message of this CPTS, and what became of it."""
    listing = Listing(
        queryset=OutgoingMail.objects.of(request.cpts).defer("body", "html", "calendar"),
        parameters=request.GET,
        columns=(
            Column("date", "Date", lambda mail: mail.created_at, "created_at"),
            Column("destinataire", "Destinataire", lambda mail: mail.recipient, "recipient"),
            Column("objet", "Objet", lambda mail: mail.subject, "subject"),
            Column("etat", "État", lambda mail: mail.get_state_display(), "state"),
            Column("motif", "Motif", lambda mail: mail.reason),
        ),
        search_in=("recipient", "subject"),
        filters=(
            Filter("etat", "État", "state", MailState.choices),
            Filter("nature", "Nature", "kind", MailKind.choices),
        ),
        default_sort="-created_at",
        filename=f"messages-{request.cpts.slug}",
        empty="Aucun message depuis quatre-vingt-dix jours.",
    )
    if response := listing.export():
        return response
    silent = Contact.objects.of(request.cpts).silent().order_by("email")
    context = {"listing": listing, "page": listing.page(), "silent": silent[:200], "kinds": dict(MailKind.choices)}
    return render(request, "exchange/journal.html", context)


@require_POST
@requires(MESSAGE_LIST)
def retry_address(request: CptsRequest, contact_uuid: UUID) -> HttpResponse:
    contacts = Contact.objects.of(request.cpts).filter(forgotten_at=None).select_related("cpts")
    contact = get_object_or_404(contacts, uuid=contact_uuid)
    actions.retry_address(contact=contact, by=request.user, at=timezone.now())
    messages.success(request, f"Les prochains messages partiront de nouveau vers {contact.email}.")
    return redirect("exchange:journal", request.cpts.slug)


def _contact(token: str) -> Contact:
    """The contact of a link. Raises LinkUnusable."""
    uuid = links.read(actions.CONTACT_LINK, token, at=timezone.now())
    contact = Contact.objects.select_related("cpts").filter(uuid=uuid, forgotten_at=None).first()
    if contact is None:
        raise links.LinkUnusable("Cette adresse a été oubliée : la CPTS ne lui écrit plus.")
    return contact


@public
def choices(request: HttpRequest, token: str) -> HttpResponse:
    """What I want to receive. Opening the page changes nothing."""
    try:
        contact = _contact(token)
    except DomainError as error:
        return gone(request, "Vos messages", error.user_message)
    if request.method == "POST" and request.POST.get("do") == "forget":
        actions.forget(contact=contact, at=timezone.now())
        return render(request, "exchange/forgotten.html", {"cpts": contact.cpts})
    accepted = [kind for kind in CHOSEN_KINDS if kind not in contact.refused_kinds]
    form = ChoicesForm(request.POST or None, initial={"accepted": accepted, "weekdays_only": contact.weekdays_only})
    if request.method == "POST" and form.is_valid():
        actions.choose(contact=contact, at=timezone.now(), **form.cleaned_data)
        messages.success(request, "Vos choix sont enregistrés.")
        return redirect("exchange:choices", token)
    return render(request, "exchange/choices.html", {"contact": contact, "form": form})


@public
@csrf_exempt
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The one-click way out of mail readers (RFC 8058): a POST without a page. Opened by hand, it shows the choices."""
    if request.method != "POST":
        return redirect("exchange:choices", token)
    try:
        contact = _contact(token)
    except DomainError as error:
        return HttpResponse(error.user_message, status=410, content_type="text/plain; charset=utf-8")
    actions.choose(contact=contact, accepted=(), weekdays_only=contact.weekdays_only, at=timezone.now())
    return HttpResponse("Vous ne recevrez plus ces messages.", content_type="text/plain; charset=utf-8")
