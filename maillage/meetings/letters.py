"""Letters of meetings. Each leads to the personal page of whom it is for: no account, no password."""

from collections.abc import Callable
from datetime import timedelta

from django.utils.text import capfirst

from maillage.accounts.letters import INVENTED_MOMENT, invented_cpts
from maillage.core import links
from maillage.core.letters import Block, Facts, Letter, Link, Points, Samples
from maillage.core.templatetags.maillage import day
from maillage.meetings.models import Answer, Meeting, MeetingKind, Participant, Task
from maillage.meetings.models.poll import PollOption
from maillage.meetings.queries.moments import day_of, option_text, when
from maillage.meetings.rules.messages import Due
from maillage.members.models import Membership


def facts_of(meeting: Meeting) -> dict[str, str]:
    """What people put in their diary."""
    return {
        "Intitulé": meeting.title,
        "Quand": when(meeting),
        "Où": meeting.place,
        "À distance": meeting.video_link,
    }


def _facts(meeting: Meeting) -> tuple[Block, ...]:
    facts = facts_of(meeting)
    del facts["Intitulé"]  # said above
    agenda = ("Ordre du jour :", Points(tuple(meeting.agenda_points))) if meeting.agenda else ()
    return (Facts(facts), *agenda)


def _signature(meeting: Meeting) -> str:
    return f"L’équipe de {meeting.cpts.with_article}"


def _kind_said(meeting: Meeting) -> str:
    """(groupe de travail), unless the title says it already."""
    kind = meeting.get_kind_display()
    return "" if kind in meeting.title.lower() else f" ({kind})"


def poll(meeting: Meeting, options: list[PollOption], url: str) -> Letter:
    """Which of these dates?"""
    return Letter(
        f"Quelle date pour « {meeting} » ?",
        (
            f"{capfirst(meeting.cpts.with_article)} cherche une date pour « {meeting} »{_kind_said(meeting)}.",
            Points(tuple(option_text(option, meeting) for option in options)),
        ),
        action=Link("Dire lesquelles vous conviennent, sans compte ni mot de passe", url),
        signature=_signature(meeting),
    )


def invitation(meeting: Meeting, url: str) -> Letter:
    proxy = ", voter ou donner votre pouvoir" if meeting.is_statutory else ""
    return Letter(
        f"{meeting}, le {day_of(meeting)}",
        (f"Vous êtes invité·e : {meeting}{_kind_said(meeting)}.", *_facts(meeting)),
        action=Link(f"Répondre{proxy}, sans compte ni mot de passe", url),
        signature=_signature(meeting),
    )


def change(meeting: Meeting, url: str) -> Letter:
    return Letter(
        f"Changement : {meeting}",
        (f"« {meeting} » a changé.", meeting.change_note, *_facts(meeting)),
        action=Link("Si vous ne pouvez plus venir, dites-le ici", url),
        signature=_signature(meeting),
    )


def cancellation(meeting: Meeting, url: str) -> Letter:
    return Letter(
        f"Annulée : {meeting}",
        (f"La réunion « {meeting} » prévue {when(meeting)} est annulée.", meeting.cancel_reason),
        after=(Link("La page de la réunion", url),),
        signature=_signature(meeting),
    )


def minutes(meeting: Meeting, url: str) -> Letter:
    name = meeting.minutes_name
    return Letter(
        f"{capfirst(name)} : {meeting}",
        (f"Le {name} de « {meeting} » est prêt, et votre attestation de présence si vous y étiez.",),
        action=Link(f"Lire le {name}", url),
        signature=_signature(meeting),
    )


OWED: dict[Due, Callable[[Meeting, str], Letter]] = {
    Due.POLL: lambda meeting, url: poll(meeting, list(meeting.options.all()), url),
    Due.INVITATION: invitation,
    Due.CHANGE: change,
    Due.CANCELLATION: cancellation,
    Due.MINUTES: minutes,
}


def reminder(participant: Participant, url: str) -> Letter:
    """A few days before: to those who come, and to those who did not say."""
    meeting = participant.meeting
    asked = (
        "Vous avez répondu que vous venez : à bientôt. Un empêchement ? Dites-le ici"
        if participant.answer == Answer.YES
        else "Vous n’avez pas encore répondu : un geste suffit"
    )
    return Letter(
        f"Rappel : {meeting}",
        (f"Rappel : {meeting}.", *_facts(meeting)),
        action=Link(asked, url),
        signature=_signature(meeting),
    )


def seat_found(meeting: Meeting, url: str) -> Letter:
    """From the waiting list to the room."""
    return Letter(
        f"Une place s’est libérée : {meeting}",
        (f"Une place s’est libérée : vous êtes attendu·e à « {meeting} ».", *_facts(meeting)),
        action=Link("Si vous ne pouvez plus venir, laissez-la à quelqu’un", url),
        signature=_signature(meeting),
    )


def withdrawn(participant: Participant) -> Letter:
    """They were invited, and no longer are."""
    meeting = participant.meeting
    return Letter(
        f"Vous n’êtes plus attendu·e : {meeting}",
        (f"Vous n’êtes plus sur la liste de « {meeting} », {when(meeting)}. Une erreur ? Dites-le à l’organisation.",),
        signature=_signature(meeting),
        greeting=f"Bonjour {participant.name},",
    )


def written_down(participant: Participant, what: str, url: str) -> Letter:
    """Somebody of the team wrote something in their name: how to contest it."""
    meeting = participant.meeting
    return Letter(
        f"En votre nom : {meeting}",
        (
            f"« {meeting} », {when(meeting)}.\n{what}",
            "C’est bien vous ? Il n’y a rien à faire.",
            Link("Ce n’est pas vous ? Dites-le ici, d’un geste, et ce sera suspendu", url),
        ),
        signature=_signature(meeting),
        greeting=f"Bonjour {participant.name},",
    )


def signin_code(meeting: Meeting, code: str) -> Letter:
    return Letter(
        "Votre code de présence et de vote",
        (
            f"Votre code pour signer, voter ou donner votre pouvoir à « {meeting} » : {code}",
            "Il sert une fois, dans les dix minutes. Ne le dites à personne, même à l’organisation : qui l’a vote à "
            "votre place.",
        ),
        after=("Vous n’avez rien demandé ? Ignorez ce message.",),
    )


def task_given(task: Task) -> Letter:
    owner = task.owner
    assert owner
    due = f", pour le {day(task.due_on)}" if task.due_on else ""
    return Letter(
        f"Une tâche pour vous : {task}",
        (f"À la suite de « {task.meeting} », vous êtes chargé·e de ceci{due} :", str(task)),
        action=Link("Vos tâches", links.absolute("meetings:tasks", owner.cpts.slug)),
    )


def samples() -> Samples:
    """One of each, of an invented meeting."""
    cpts, url = invented_cpts(), links.on_this_site("/exemple")
    starts_at, ends_at = INVENTED_MOMENT, INVENTED_MOMENT + timedelta(hours=2)
    meeting = Meeting(
        cpts=cpts,
        title="Parcours de la personne âgée",
        kind=MeetingKind.GROUP,
        starts_at=starts_at,
        ends_at=ends_at,
        place="Maison de santé, salle du haut",
        video_link="https://visio.exemple.invalid/parcours",
        agenda="Retour sur le premier trimestre\nRepérage des fragilités\nProchaine date",
        change_note="La réunion commence une heure plus tard.",
        cancel_reason="Trop peu de réponses ; une autre date sera proposée.",
    )
    person = Participant(meeting=meeting, name="Camille Essai")
    options = [PollOption(starts_at=starts_at, ends_at=ends_at)]
    task = Task(meeting=meeting, owner=Membership(cpts=cpts), text="Envoyer la grille de repérage")
    return {
        "poll": poll(meeting, options, url),
        "invitation": invitation(meeting, url),
        "change": change(meeting, url),
        "cancellation": cancellation(meeting, url),
        "minutes": minutes(meeting, url),
        "reminder": reminder(person, url),
        "seat_found": seat_found(meeting, url),
        "withdrawn": withdrawn(person),
        "written_down": written_down(person, "Votre présence a été signée sur la tablette du secrétariat.", url),
        "signin_code": signin_code(meeting, "123 456"),
        "task_given": task_given(task),
    }
