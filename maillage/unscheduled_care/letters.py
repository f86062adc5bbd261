"""Letters about appointments and patients who look for one: no patient is named in any of them, nor why they come."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.utils.text import capfirst

from maillage.accounts.letters import INVENTED_MOMENT, invented_account, invented_cpts, not_me
from maillage.accounts.models import User
from maillage.core import links
from maillage.core.letters import Block, Letter, Link, Samples
from maillage.core.templatetags.maillage import day, phone
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.geography.models import Commune
from maillage.unscheduled_care.models import Appointment, CareRequest, Effector, Origin, Schedule, Slot
from maillage.unscheduled_care.queries.moments import when

SUBJECTS = {
    "booked": "Un patient vous est adressé",
    "cancelled": "Rendez-vous annulé",
    "moved": "Rendez-vous déplacé",
    "handed-over": "Un patient a été confié à un collègue",
}
NOTHING_OF_THE_PATIENT = "Ni l’identité du patient ni le motif ne sont jamais écrits dans un courriel."


def _hello(effector: Effector) -> str:
    return f"Bonjour {effector},"


def handed_over(former: Effector) -> Letter:
    """To who had the patient before."""
    subject = SUBJECTS["handed-over"]
    return Letter(
        subject,
        (f"{subject} : vous n’avez rien à faire. Votre créneau est de nouveau libre.",),
        greeting=_hello(former),
    )


def appointment_changed(appointment: Appointment, what: str, url: str) -> Letter:
    """To its professional: booked, moved or cancelled. `url`: where they say that they know, or cannot."""
    subject, place = SUBJECTS[what], appointment.slot.schedule
    moment = when(appointment.starts_at, place)
    answer = Link("Dire que vous l’avez bien reçu, ou que vous ne pouvez plus", url)
    return Letter(
        f"{subject} : {moment}",
        (f"{subject} : {moment}, {place}.\nRéservé par : {appointment.get_origin_display()}.",),
        action=None if what == "cancelled" else answer,
        after=(NOTHING_OF_THE_PATIENT,),
        greeting=_hello(appointment.effector),
    )


def given_back(appointment: Appointment, url: str) -> Letter:
    """To whoever booked: the professional cannot any more. `url`: where another slot is found."""
    moment = when(appointment.starts_at, appointment.slot.schedule)
    return Letter(
        f"Rendez-vous rendu par le professionnel : {moment}",
        (
            f"{appointment.effector} ne peut plus voir le patient que vous lui aviez adressé, {moment}. Il faut lui "
            "trouver un autre créneau, et le rappeler.",
        ),
        action=Link("Trouver un autre créneau", url),
    )


def read_by_the_sas(effector: Effector, places: Iterable[Schedule], not_me_url: str) -> Letter:
    """To the account whose agenda it is, after each change. `places`: those that the SAS reads."""
    if effector.sas_agreed_at:
        known = [", ".join(filter(None, (place.name, place.address, phone(place.phone)))) for place in places]
        lines = [f"Téléphone : {phone(effector.phone) or 'aucun'}", *(f"Lieu : {place}" for place in known)]
    else:
        lines = ["Vous ne paraissez plus au SAS."]
    return Letter(
        "Ce que le SAS lit de vous a changé",
        (
            "Ce que le SAS lit de vous vient de changer.",
            "\n".join(lines),
            "Si c’est vous, vous n’avez rien à faire.",
            *not_me(
                not_me_url,
                "votre compte sera fermé, et vous ne paraîtrez plus au SAS avant de l’avoir accepté de nouveau.",
            ),
        ),
        greeting=_hello(effector),
    )


def slots_asked(effector: Effector, cpts: Cpts, url: str) -> Letter:
    """« Pouvez-vous voir des patients ? », answered from the mail."""
    return Letter(
        "Pouvez-vous voir des patients ces jours-ci ?",
        (
            f"{capfirst(cpts.with_article)} cherche des places pour des patients dans les jours qui viennent. Dites en "
            "deux gestes combien vous pouvez en voir, quand, et qui voit ces créneaux.",
        ),
        action=Link("Ouvrir des créneaux", url),
        greeting=_hello(effector),
    )


def solicited(request: CareRequest, effector: Effector, url: str) -> Letter:
    """Where and when; who the patient is, is read after signing in."""
    return Letter(
        f"Pouvez-vous voir un patient de {request.commune.name} ?",
        (
            f"{capfirst(request.cpts.with_article)} cherche qui peut voir un patient de {request.commune.name} avant "
            f"{when(request.due_at)}.",
            "Un geste suffit, le premier qui accepte est retenu.",
        ),
        action=Link("Répondre", url),
        after=(NOTHING_OF_THE_PATIENT,),
        greeting=_hello(effector),
    )


def taken(request: CareRequest, effector: Effector) -> Letter:
    """To the others who were asked: they need do nothing."""
    return Letter(
        f"Patient de {request.commune.name} : pris en charge",
        (f"Un collègue prend le patient de {request.commune.name}. Merci.",),
        greeting=_hello(effector),
    )


def term_near(cpts: Cpts, numbers: list[int], unanswered: int, *, on: date) -> Letter:
    """To the desk, before what it has not closed is erased: numbers, and nothing of any patient."""
    left: list[Block] = []
    if numbers:
        which = ", ".join(f"n° {number}" for number in numbers)
        label = f"{plural(len(numbers), 'Demande', 'Demandes')} sans issue : {which}"
        left.append(Link(label, links.absolute("unscheduled_care:requests", cpts.slug)))
    if unanswered:
        page = links.absolute("unscheduled_care:difficulties", cpts.slug)
        left.append(Link(f"Difficultés sans réponse : {unanswered}", page))
    return Letter(
        f"À clore avant le {day(on)}",
        (
            f"Le {day(on)}, ce qui nomme des patients dans {cpts.with_article} et que personne n’a clos sera clos et "
            "effacé pour toujours. Dites d’ici là comment chacun s’est terminé :",
            *left,
        ),
    )


def burst_at(effector: Effector, by: User, pages: Iterable[tuple[Appointment, str]]) -> Letter:
    """To a professional: each of the appointments somebody just took, and where they say that they cannot."""
    return Letter(
        "Beaucoup de rendez-vous pris en quelques minutes",
        (
            f"{by} a pris beaucoup de rendez-vous en quelques minutes, dont chez vous. Si ce n’est pas attendu, ouvrez "
            "chacun et dites que vous ne pouvez pas ; votre coordination est prévenue.",
            *(Link(capfirst(when(row.starts_at, row.slot.schedule)), url) for row, url in pages),
        ),
        greeting=_hello(effector),
    )


def burst_in(cpts: Cpts, by: User, url: str) -> Letter:
    """To its coordinators: where what was taken is seen, and given back."""
    return Letter(
        f"Rafale de rendez-vous : {cpts}",
        (
            f"{by} a pris beaucoup de rendez-vous en quelques minutes, chez des professionnels de "
            f"{cpts.with_article}. Voyez-les, et libérez ceux qui ne devraient pas être pris.",
        ),
        action=Link("Voir ces rendez-vous", url),
    )


def samples() -> Samples:
    """One of each, about invented people."""
    cpts, url, at = invented_cpts(), links.on_this_site("/exemple"), INVENTED_MOMENT
    doctor = Effector(given_name="Camille", family_name="Essai", sas_agreed_at=at, phone="0553000001")
    place = Schedule(effector=doctor, name="Cabinet des Deux Rivières", postal_code="24100", city="Bergerac")
    slot = Slot(effector=doctor, schedule=place, starts_at=at, ends_at=at + timedelta(minutes=20))
    appointment = Appointment(effector=doctor, slot=slot, starts_at=at, origin=Origin.SAS)
    request = CareRequest(cpts=cpts, number=12, commune=Commune(code="24037", name="Bergerac"), due_at=at)
    person = invented_account()
    return {
        "handed_over": handed_over(doctor),
        "appointment_changed": appointment_changed(appointment, "booked", url),
        "given_back": given_back(appointment, url),
        "read_by_the_sas": read_by_the_sas(doctor, [place], url),
        "slots_asked": slots_asked(doctor, cpts, url),
        "solicited": solicited(request, doctor, url),
        "taken": taken(request, doctor),
        "term_near": term_near(cpts, [12, 15], 1, on=at.date()),
        "burst_at": burst_at(doctor, person, [(appointment, url)]),
        "burst_in": burst_in(cpts, person, url),
    }
