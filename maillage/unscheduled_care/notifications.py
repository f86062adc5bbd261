"""Who is told what of appointments and requests; the links of each professional."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from maillage.accounts.actions.addresses import not_me_url
from maillage.accounts.models import Role, RoleAssignment, User
from maillage.core import links
from maillage.core.letters import Letter
from maillage.cpts.models import Cpts
from maillage.exchange.actions import write_mail
from maillage.exchange.models import MailKind, MailState
from maillage.unscheduled_care import letters
from maillage.unscheduled_care.models import Appointment, BookingBurst, Effector, Solicitation

LINK_LIVES = timedelta(days=60)


def _write(recipient: str, letter: Letter, cpts_id: int | None, at: datetime) -> bool:
    """False when there is nobody to write to."""
    if recipient:
        write_mail(recipient=recipient, letter=letter, at=at, cpts_id=cpts_id)
    return bool(recipient)


def personal_path(appointment: Appointment) -> str:
    """The page of the professional for one appointment: seen, cannot, honoured or not. Expires after it.

    It is theirs: once the patient is handed over to a colleague, or the agenda to whoever proved its number, it opens
    nothing.
    """
    owner = appointment.effector
    token = links.sign(appointment_purpose(owner.feed), appointment.uuid, until=appointment.starts_at + LINK_LIVES)
    return reverse("unscheduled_care:personal", args=[owner.pk, token])


def appointment_purpose(feed: UUID) -> str:
    """Bound to the private address of the agenda, which changes with its holder."""
    return f"appointment.{feed}"


def address_of(effector: Effector) -> str:
    """Where a professional is written to: their account, which proved its address; failing that, the latest
    membership in force."""
    if effector.account and effector.account.email:
        return effector.account.email
    held = effector.links.in_force().exclude(membership__email="").order_by("-pk")
    return held.values_list("membership__email", flat=True).first() or ""


def tell_professional(appointment: Appointment, what: str, *, effector: Effector | None = None, at: datetime) -> bool:
    """False when nobody is written to: no address, or a change that the professional made.

    `effector` is who had the patient before, when it is no longer theirs.
    """
    effector = effector or appointment.effector
    if what not in letters.SUBJECTS:
        return False
    if what == "handed-over":
        letter = letters.handed_over(effector)
    else:
        letter = letters.appointment_changed(appointment, what, links.on_this_site(personal_path(appointment)))
    return _write(address_of(effector), letter, appointment.cpts_id, at)


def tell_booker(appointment: Appointment, page: str, *, at: datetime) -> bool:
    """The professional cannot any more: whoever booked finds another slot, from that page. False when nobody is
    written to."""
    recipient = appointment.booked_by.email if appointment.booked_by else ""
    return _write(recipient, letters.given_back(appointment, page), appointment.cpts_id, at)


def tell_desk(appointment: Appointment, cpts: Cpts, *, at: datetime) -> bool:
    """The same, of what the desk of a CPTS booked."""
    page = links.absolute("unscheduled_care:appointment", cpts.slug, appointment.uuid)
    return tell_booker(appointment, page, at=at)


def tell_what_the_sas_reads(effector: Effector, *, at: datetime) -> None:
    """To the account whose agenda it is, after each change, with « ce n’est pas moi »."""
    now = Effector.objects.select_related("account").get(pk=effector.pk)
    if now.account:
        places = now.schedules.filter(is_closed=False, confirmed_at__isnull=False).order_by("pk")
        _write(now.account.email, letters.read_by_the_sas(now, places, not_me_url(now.account)), None, at)


AGENDA = "agenda"
AGENDA_LIVES = timedelta(days=7)


def quick_path(effector: Effector, at: datetime) -> str:
    """Where a professional opens slots from a mail, without an account."""
    return reverse("unscheduled_care:quick", args=[links.sign(AGENDA, effector.feed, until=at + AGENDA_LIVES)])


def ask_for_slots(effector: Effector, cpts: Cpts, *, at: datetime) -> bool:
    """« Pouvez-vous voir des patients ? » False for whoever has no address, or does not want such messages."""
    recipient = address_of(effector)
    if not recipient:
        return False
    mail = write_mail(
        recipient=recipient,
        letter=letters.slots_asked(effector, cpts, links.on_this_site(quick_path(effector, at))),
        at=at,
        cpts_id=cpts.pk,
        kind=MailKind.INVITATION,
        stale_at=at + timedelta(days=2),
    )
    return mail is not None and mail.state == MailState.QUEUED


SOLICITATION = "solicitation"
SOLICITATION_LIVES = timedelta(days=4)


def solicitation_path(solicitation: Solicitation) -> str:
    token = links.sign(SOLICITATION, solicitation.uuid, until=solicitation.sent_at + SOLICITATION_LIVES)
    return reverse("unscheduled_care:solicited", args=[token])


def tell_solicited(solicitation: Solicitation, *, at: datetime) -> None:
    request, effector = solicitation.request, solicitation.effector
    letter = letters.solicited(request, effector, links.on_this_site(solicitation_path(solicitation)))
    _write(address_of(effector), letter, request.cpts_id, at)


def tell_taken(solicitation: Solicitation, *, at: datetime) -> None:
    """The others need do nothing."""
    request, effector = solicitation.request, solicitation.effector
    _write(address_of(effector), letters.taken(request, effector), request.cpts_id, at)


DESK_ROLES = (Role.COORDINATOR, Role.MEDICAL_ASSISTANT)


def tell_of_term(cpts: Cpts, numbers: list[int], unanswered: int, *, on: date, at: datetime) -> None:
    """The desk of a CPTS, before what it has not closed is erased."""
    letter = letters.term_near(cpts, numbers, unanswered, on=on)
    held = RoleAssignment.objects.of(cpts).filter(role__in=DESK_ROLES, user__is_active=True).exclude(user__email="")
    for recipient in sorted(set(held.values_list("user__email", flat=True))):
        _write(recipient, letter, cpts.pk, at)


def tell_professional_of_burst(
    burst: BookingBurst, effector: Effector, taken: list[Appointment], *, at: datetime
) -> None:
    """Each appointment with the page where its professional says that they cannot."""
    pages = [(row, links.on_this_site(personal_path(row))) for row in taken]
    _write(address_of(effector), letters.burst_at(effector, burst.booked_by, pages), taken[0].cpts_id, at)


def tell_coordinators_of_burst(burst: BookingBurst, cpts: Cpts, *, at: datetime) -> None:
    letter = letters.burst_in(cpts, burst.booked_by, links.absolute("unscheduled_care:burst", cpts.slug, burst.uuid))
    for user in coordinators_of(cpts):
        _write(user.email, letter, cpts.pk, at)


def coordinators_of(cpts: Cpts) -> QuerySet[User]:
    held = RoleAssignment.objects.of(cpts).filter(role=Role.COORDINATOR)
    return User.objects.filter(is_active=True, pk__in=held.values("user")).exclude(email="")
