"""Mails about appointments: to the professional only, and no patient in any of them."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime

from maillage.accounts.actions.addresses import not_me_url
from maillage.accounts.models import Role, RoleAssignment, User
from maillage.core.templatetags.maillage import day as day_text
from maillage.core.templatetags.maillage import hour_text
from maillage.core.templatetags.maillage import phone as phone_text
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.exchange import links
from maillage.exchange.actions import write_mail
from maillage.exchange.models import MailKind, MailState
from maillage.unscheduled_care.models import Appointment, BookingBurst, Effector, Origin, Schedule, Solicitation
from maillage.unscheduled_care.places import departement_of_place
from maillage.unscheduled_care.rules.pdsa import zone_of

LINK_LIVES = timedelta(days=60)


def when(starts_at: datetime, place: Schedule | None = None) -> str:
    """mardi 24 novembre 2026 à 16 h 40, by the clock of the place."""
    zone = zone_of(departement_of_place(place)) if place else None
    local = localtime(starts_at, zone)
    return f"{date_format(local, 'l')} {day_text(local.date())} à {hour_text(local)}"


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


SUBJECTS = {
    "booked": "Un patient vous est adressé",
    "cancelled": "Rendez-vous annulé",
    "moved": "Rendez-vous déplacé",
    "handed-over": "Un patient a été confié à un collègue",
}


def tell_professional(appointment: Appointment, what: str, *, effector: Effector | None = None, at: datetime) -> bool:
    """False when nobody is written to: no address, or a change that the professional made.

    `effector` is who had the patient before, when it is no longer theirs.
    """
    effector = effector or appointment.effector
    recipient = address_of(effector)
    if what not in SUBJECTS or not recipient:
        return False
    place = appointment.slot.schedule
    moment = when(appointment.starts_at, place)
    if what == "handed-over":
        body = (
            f"Bonjour {effector},\n\n{SUBJECTS[what]} : vous n’avez rien à faire. Votre créneau est de nouveau libre."
        )
        write_mail(recipient=recipient, subject=SUBJECTS[what], body=body, at=at, cpts_id=appointment.cpts_id)
        return True
    lines = [
        f"Bonjour {effector},",
        "",
        f"{SUBJECTS[what]} : {moment}, {place}.",
        f"Réservé par : {appointment.get_origin_display()}.",
    ]
    if what != "cancelled":
        url = f"{settings.PUBLIC_URL}{personal_path(appointment)}"
        lines += ["", "Dire que vous l’avez bien reçu, ou que vous ne pouvez plus :", url]
    lines += ["", "Ni l’identité du patient ni le motif ne sont jamais écrits dans un courriel."]
    write_mail(
        recipient=recipient, subject=f"{SUBJECTS[what]} : {moment}", body="\n".join(lines), at=at,
        cpts_id=appointment.cpts_id,
    )  # fmt: skip
    return True


def tell_booker(appointment: Appointment, *, at: datetime) -> bool:
    """The professional cannot any more: whoever booked finds another slot. False when nobody is written to."""
    booker = appointment.booked_by
    if booker is None or not booker.email:
        return False
    moment = when(appointment.starts_at, appointment.slot.schedule)
    page = (
        reverse("unscheduled_care:regulation_appointment", args=[appointment.uuid])
        if appointment.origin == Origin.SAS or appointment.cpts is None
        else reverse("unscheduled_care:appointment", args=[appointment.cpts.slug, appointment.uuid])
    )
    body = (
        f"Bonjour,\n\n{appointment.effector} ne peut plus voir le patient que vous lui aviez adressé, {moment}. "
        f"Il faut lui trouver un autre créneau, et le rappeler :\n{settings.PUBLIC_URL}{page}"
    )
    subject = f"Rendez-vous rendu par le professionnel : {moment}"
    write_mail(recipient=booker.email, subject=subject, body=body, at=at, cpts_id=appointment.cpts_id)
    return True


def tell_what_the_sas_reads(effector: Effector, *, at: datetime) -> None:
    """To the account whose agenda it is, after each change, with « ce n’est pas moi »."""
    now = Effector.objects.select_related("account").get(pk=effector.pk)
    if not now.account or not now.account.email:
        return
    told = _read_by_the_sas(now) if now.sas_agreed_at else "Vous ne paraissez plus au SAS.\n"
    body = (
        f"Bonjour {now},\n\nCe que le SAS lit de vous vient de changer.\n\n{told}\n"
        "Si c’est vous, vous n’avez rien à faire.\n\nSi ce n’est pas vous, ouvrez ce lien (bon sept jours) : votre "
        "compte sera fermé, et vous ne paraîtrez plus au SAS avant de l’avoir accepté de nouveau.\n"
        f"{not_me_url(now.account)}\n"
    )
    write_mail(recipient=now.account.email, subject="Ce que le SAS lit de vous a changé", body=body, at=at)


def _read_by_the_sas(effector: Effector) -> str:
    """Telephone and confirmed places, a line each."""
    places = effector.schedules.filter(is_closed=False, confirmed_at__isnull=False).order_by("pk")
    facts = [(place.name, place.address, phone_text(place.phone)) for place in places]
    lines = [f"Lieu : {', '.join(filter(None, known))}" for known in facts]
    return "\n".join([f"Téléphone : {phone_text(effector.phone) or 'aucun'}", *lines]) + "\n"


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
    body = (
        f"Bonjour {effector},\n\n{capfirst(cpts.with_article)} cherche des places pour des patients dans les jours qui "
        f"viennent. "
        f"Dites en deux gestes combien vous pouvez en voir, quand, et qui voit ces créneaux :\n"
        f"{settings.PUBLIC_URL}{quick_path(effector, at)}\n"
    )
    subject = "Pouvez-vous voir des patients ces jours-ci ?"
    mail = write_mail(
        recipient=recipient, subject=subject, body=body, at=at, cpts_id=cpts.pk, kind=MailKind.INVITATION,
        stale_at=at + timedelta(days=2),
    )  # fmt: skip
    return mail is not None and mail.state == MailState.QUEUED


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
        f"{capfirst(request.cpts.with_article)} cherche qui peut voir un patient de {request.commune.name} "
        f"avant {when(request.due_at)}.\n\nVous pouvez ? Un geste suffit, le premier qui accepte est retenu :\n"
        f"{settings.PUBLIC_URL}{solicitation_path(solicitation)}\n\n"
        "Ni l’identité du patient ni le motif ne sont jamais écrits dans un courriel."
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


DESK_ROLES = (Role.COORDINATOR, Role.MEDICAL_ASSISTANT)


def tell_of_term(cpts: Cpts, numbers: list[int], unanswered: int, *, on: date, at: datetime) -> None:
    """The desk of a CPTS, before what it has not closed is erased: numbers, and nothing of any patient."""
    told = []
    if numbers:
        page = reverse("unscheduled_care:requests", args=[cpts.slug])
        which = ", ".join(f"n° {number}" for number in numbers)
        told.append(f"{plural(len(numbers), 'Demande', 'Demandes')} sans issue : {which}\n{settings.PUBLIC_URL}{page}")
    if unanswered:
        page = reverse("unscheduled_care:difficulties", args=[cpts.slug])
        told.append(f"Difficultés sans réponse : {unanswered}\n{settings.PUBLIC_URL}{page}")
    body = (
        f"Bonjour,\n\nLe {day_text(on)}, ce qui nomme des patients dans {cpts.with_article} et que personne n’a clos "
        "sera clos et effacé pour toujours. Dites d’ici là comment chacun s’est terminé :\n\n" + "\n\n".join(told)
    )
    held = RoleAssignment.objects.of(cpts).filter(role__in=DESK_ROLES, user__is_active=True).exclude(user__email="")
    for recipient in sorted(set(held.values_list("user__email", flat=True))):
        write_mail(recipient=recipient, subject=f"À clore avant le {day_text(on)}", body=body, at=at, cpts_id=cpts.pk)


def tell_professional_of_burst(
    burst: BookingBurst, effector: Effector, taken: list[Appointment], *, at: datetime
) -> None:
    """Each appointment with the page where its professional says that they cannot."""
    recipient = address_of(effector)
    if not recipient:
        return
    pages = "\n".join(
        f"{capfirst(when(row.starts_at, row.slot.schedule))} : {settings.PUBLIC_URL}{personal_path(row)}"
        for row in taken
    )
    body = (
        f"Bonjour {effector},\n\n{burst.booked_by} a pris beaucoup de rendez-vous en quelques minutes, dont chez vous. "
        "Si ce n’est pas attendu, ouvrez chacun et dites que vous ne pouvez pas ; votre coordination est prévenue."
        f"\n\n{pages}\n"
    )
    subject = "Beaucoup de rendez-vous pris en quelques minutes"
    write_mail(recipient=recipient, subject=subject, body=body, at=at, cpts_id=taken[0].cpts_id)


def tell_coordinators_of_burst(burst: BookingBurst, cpts: Cpts, *, at: datetime) -> None:
    """Where what was taken is seen, and given back."""
    page = settings.PUBLIC_URL + reverse("unscheduled_care:burst", args=[cpts.slug, burst.uuid])
    body = (
        f"Bonjour,\n\n{burst.booked_by} a pris beaucoup de rendez-vous en quelques minutes, chez des professionnels "
        f"de {cpts.with_article}. Les voir, et libérer ceux qui ne devraient pas être pris :\n{page}\n"
    )
    for user in coordinators_of(cpts):
        write_mail(recipient=user.email, subject=f"Rafale de rendez-vous : {cpts}", body=body, at=at, cpts_id=cpts.pk)


def coordinators_of(cpts: Cpts) -> QuerySet[User]:
    held = RoleAssignment.objects.of(cpts).filter(role=Role.COORDINATOR)
    return User.objects.filter(is_active=True, pk__in=held.values("user")).exclude(email="")
