"""Mails about appointments: to the professional only, and no patient in any of them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from maillage.core.templatetags.maillage import day, hour
from maillage.exchange import links
from maillage.exchange.actions import write_mail
from maillage.unscheduled_care.models import Appointment, Effector, Solicitation

LINK = "appointment"
LINK_LIVES = timedelta(days=60)


def when(starts_at: datetime) -> str:
    """mardi 24 novembre 2026 à 16 h 40."""
    local = localtime(starts_at)
    return f"{date_format(local, 'l')} {day(local)} à {hour(local)}"


def personal_path(appointment: Appointment) -> str:
    """The page of the professional for one appointment: seen, cannot, honoured or not. Expires after it."""
    token = links.sign(LINK, appointment.uuid, until=appointment.starts_at + LINK_LIVES)
    return reverse("unscheduled_care:personal", args=[token])


def address_of(effector: Effector) -> str:
    """Where a professional is written to: the address of a membership in force, the latest first."""
    links_ = effector.links.select_related("membership").order_by("-pk")
    return next((one.membership.email for one in links_ if one.membership.is_in and one.membership.email), "")


SUBJECTS = {
    "booked": "Un patient vous est adressé",
    "cancelled": "Rendez-vous annulé",
    "moved": "Rendez-vous déplacé",
}


def tell_professional(appointment: Appointment, what: str, *, at: datetime) -> bool:
    """False when nobody is written to: no address, or a change they made or need not know."""
    recipient = address_of(appointment.effector)
    if what not in SUBJECTS or not recipient:
        return False
    moment = when(appointment.starts_at)
    place = appointment.slot.schedule
    lines = [
        f"Bonjour {appointment.effector},",
        "",
        f"{SUBJECTS[what]} : {moment}, {place}.",
        f"Réservé par : {appointment.get_origin_display()}.",
    ]
    if appointment.reason:
        lines.append(f"Motif : {appointment.reason}.")
    if what != "cancelled":
        url = f"{settings.PUBLIC_URL}{personal_path(appointment)}"
        lines += ["", "Dire que vous l’avez vu, ou que vous ne pouvez plus :", url]
    lines += ["", "L’identité du patient n’est jamais écrite dans un courriel."]
    write_mail(
        recipient=recipient, subject=f"{SUBJECTS[what]} : {moment}", body="\n".join(lines), at=at,
        cpts_id=appointment.cpts_id,
    )  # fmt: skip
    return True


SOLICITATION = "solicitation"
SOLICITATION_LIVES = timedelta(days=4)


def solicitation_path(solicitation: Solicitation) -> str:
    token = links.sign(SOLICITATION, solicitation.uuid, until=solicitation.sent_at + SOLICITATION_LIVES)
    return reverse("unscheduled_care:solicited", args=[token])


def tell_solicited(solicitation: Solicitation, *, at: datetime) -> None:
    """Where and when; who the patient is, is read after signing in."""
    request, recipient = solicitation.request, address_of(solicitation.effector)
    if not recipient:
        return
    body = (
        f"Bonjour {solicitation.effector},\n\n"
        f"{request.cpts} cherche qui peut voir un patient de {request.commune.name} "
        f"avant {when(request.due_at)}.\n\nVous pouvez ? Un geste suffit, le premier qui accepte est retenu :\n"
        f"{settings.PUBLIC_URL}{solicitation_path(solicitation)}\n\n"
        "L’identité du patient n’est jamais écrite dans un courriel."
    )
    subject = f"Pouvez-vous voir un patient de {request.commune.name} ?"
    write_mail(recipient=recipient, subject=subject, body=body, at=at, cpts_id=request.cpts_id)


def tell_taken(solicitation: Solicitation, *, at: datetime) -> None:
    """The others need do nothing."""
    request, recipient = solicitation.request, address_of(solicitation.effector)
    if recipient:
        body = f"Bonjour {solicitation.effector},\n\nUn collègue prend le patient de {request.commune.name}. Merci."
        subject = f"Patient de {request.commune.name} : pris en charge"
        write_mail(recipient=recipient, subject=subject, body=body, at=at, cpts_id=request.cpts_id)
