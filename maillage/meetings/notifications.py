"""Mails of meetings. Each carries the personal page of whom it is for; written in the caller's transaction."""

from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Protocol

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime

from maillage.core.templatetags.maillage import day, hour
from maillage.exchange import links
from maillage.exchange.actions import write_mail
from maillage.exchange.models import MailKind, OutgoingMail
from maillage.meetings.calendar import invitation_text
from maillage.meetings.models import Answer, Meeting, Participant, Task
from maillage.meetings.models.meeting import STATUTORY
from maillage.meetings.models.participant import LINK, LINK_LIVES
from maillage.meetings.rules.messages import Due


def personal_purpose(participant: Participant) -> str:
    """A link mailed to a member ends when their address changes, when a contest is settled, when an account is refused.

    An account bound at the address it was mailed to changes nothing: one is invited, then opens an account.
    """
    member = participant.membership
    if member is None:
        return LINK
    return f"{LINK}.{member.email.lower()}.{member.settled_at}.{member.refused_account_id}"


def personal_path(participant: Participant, at: datetime) -> str:
    """The page of one person for one meeting: answer, agenda, minutes, attestation. Expires after the meeting."""
    end = participant.meeting.ends_at or at
    token = links.sign(personal_purpose(participant), participant.uuid, until=max(end, at) + LINK_LIVES)
    return reverse("meetings:personal", args=[token])


def personal_url(participant: Participant, at: datetime) -> str:
    return f"{settings.PUBLIC_URL}{personal_path(participant, at)}"


def public_url(meeting: Meeting) -> str:
    """The page of an open meeting, for whoever was not written to."""
    return f"{settings.PUBLIC_URL}{reverse('meetings:public', args=[meeting.cpts.slug, meeting.uuid])}"


class Span(Protocol):
    """Whatever starts and ends: a meeting, a date proposed for it."""

    @property
    def starts_at(self) -> datetime | None: ...

    @property
    def ends_at(self) -> datetime | None: ...


def when(meeting: Span) -> str:
    """jeudi 3 décembre 2026, de 20 h 00 à 22 h 00 (heure de Paris)."""
    if meeting.starts_at is None or meeting.ends_at is None:
        return "date à choisir"
    start, end = localtime(meeting.starts_at), localtime(meeting.ends_at)
    same_day = start.date() == end.date()
    until = hour(end) if same_day else f"{date_format(end, 'l')} {day(end)}, {hour(end)}"
    return f"{date_format(start, 'l')} {day(start)}, de {hour(start)} à {until} (heure de Paris)"


def _facts(meeting: Meeting) -> str:
    lines = [f"Quand : {when(meeting)}"]
    if meeting.place:
        lines.append(f"Où : {meeting.place}")
    if meeting.video_link:
        lines.append(f"À distance : {meeting.video_link}")
    if meeting.agenda:
        lines.append("\nOrdre du jour :\n" + "\n".join(f"- {point}" for point in meeting.agenda_points))
    return "\n".join(lines)


def facts_of(meeting: Meeting) -> dict[str, str]:
    """What people put in their diary."""
    return {
        "Intitulé": meeting.title,
        "Quand": when(meeting),
        "Où": meeting.place,
        "À distance": meeting.video_link,
    }


def calendar_url(meeting: Meeting, participant: Participant) -> str:
    """What a calendar entry leads to. Never one's own page: diaries are shared, and one votes there."""
    if participant.membership_id:
        return f"{settings.PUBLIC_URL}{reverse('meetings:show', args=[meeting.cpts.slug, meeting.uuid])}"
    return public_url(meeting) if meeting.is_open else settings.PUBLIC_URL


def _calendar(participant: Participant, at: datetime, *, is_off: bool = False) -> str:
    meeting = participant.meeting
    if meeting.starts_at is None:
        return ""
    url = calendar_url(meeting, participant)
    return invitation_text(meeting, url=url, sender=sender(), attendee=participant.address, at=at, is_off=is_off)


def sender() -> str:
    """The bare address that mails come from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def tell(participant: Participant, due: Due, at: datetime) -> OutgoingMail | None:
    """Write the one message that this person is owed. None when they asked to be forgotten."""
    meeting, url = participant.meeting, personal_url(participant, at)
    subject, words = _WORDS[due](meeting, url)
    stale = None if due in {Due.MINUTES, Due.POLL} else meeting.ends_at
    return write_mail(
        recipient=participant.address,
        subject=subject,
        body=f"Bonjour {participant.name},\n\n{words}\n\n{_signature(meeting)}",
        at=at,
        cpts_id=meeting.cpts_id,
        kind=_kind(participant, due),
        stale_at=stale,
        calendar="" if due in {Due.MINUTES, Due.POLL} else _calendar(participant, at),
        is_urgent=due in {Due.CHANGE, Due.CANCELLATION},
    )


def _kind(participant: Participant, due: Due) -> MailKind:
    if due == Due.INVITATION and participant.came_forward:
        return MailKind.SERVICE
    if due in {Due.CHANGE, Due.CANCELLATION} or (due == Due.INVITATION and participant.meeting.is_statutory):
        return MailKind.CONVOCATION
    return MailKind.NEWS if due == Due.MINUTES else MailKind.INVITATION


def _signature(meeting: Meeting) -> str:
    return f"L’équipe de {meeting.cpts.with_article}\n"


def _poll(meeting: Meeting, url: str) -> tuple[str, str]:
    dates = "\n".join(f"- {when(option)}" for option in meeting.options.all())
    words = (
        f"{capfirst(meeting.cpts.with_article)} cherche une date pour « {meeting} »{_kind_said(meeting)}.\n\n"
        f"{dates}\n\nDire lesquelles vous conviennent, sans compte ni mot de passe :\n{url}"
    )
    return f"Quelle date pour « {meeting} » ?", words


def _kind_said(meeting: Meeting) -> str:
    """(groupe de travail), unless the title says it already."""
    kind = meeting.get_kind_display()
    return "" if kind in meeting.title.lower() else f" ({kind})"


def _invitation(meeting: Meeting, url: str) -> tuple[str, str]:
    proxy = ", voter ou donner votre pouvoir" if meeting.kind in STATUTORY else ""
    words = (
        f"Vous êtes invité·e : {meeting}{_kind_said(meeting)}.\n\n{_facts(meeting)}\n\n"
        f"Répondre{proxy}, sans compte ni mot de passe :\n{url}"
    )
    assert meeting.starts_at
    return f"{meeting}, le {day(meeting.starts_at)}", words


def _change(meeting: Meeting, url: str) -> tuple[str, str]:
    refusal = f"Si vous ne pouvez plus venir, dites-le ici :\n{url}"
    words = f"« {meeting} » a changé.\n\n{meeting.change_note}\n\n{_facts(meeting)}\n\n{refusal}"
    return f"Changement : {meeting}", words


def _cancellation(meeting: Meeting, url: str) -> tuple[str, str]:
    reason = f"\n\n{meeting.cancel_reason}" if meeting.cancel_reason else ""
    return f"Annulée : {meeting}", f"La réunion « {meeting} » prévue {when(meeting)} est annulée.{reason}"


def _minutes(meeting: Meeting, url: str) -> tuple[str, str]:
    name = meeting.minutes_name
    words = f"Le {name} de « {meeting} » est prêt, et votre attestation de présence si vous y étiez :\n{url}"
    return f"{capfirst(name)} : {meeting}", words


_WORDS = {
    Due.POLL: _poll,
    Due.INVITATION: _invitation,
    Due.CHANGE: _change,
    Due.CANCELLATION: _cancellation,
    Due.MINUTES: _minutes,
}


def reminder(participant: Participant, at: datetime) -> None:
    """A few days before: to those who come, and to those who did not say."""
    meeting, url = participant.meeting, personal_url(participant, at)
    asked = (
        "Vous avez répondu que vous venez : à bientôt. Un empêchement ? Dites-le ici"
        if participant.answer == Answer.YES
        else "Vous n’avez pas encore répondu : un geste suffit"
    )
    write_mail(
        recipient=participant.address,
        subject=f"Rappel : {meeting}",
        body=f"Bonjour,\n\nRappel : {meeting}.\n\n{_facts(meeting)}\n\n{asked} :\n{url}\n\n{_signature(meeting)}",
        at=at,
        cpts_id=meeting.cpts_id,
        kind=MailKind.REMINDER,
        stale_at=meeting.starts_at,
    )


def seat_found(participant: Participant, at: datetime) -> None:
    """From the waiting list to the room: they must know at once."""
    if not participant.address:
        return
    meeting, url = participant.meeting, personal_url(participant, at)
    write_mail(
        recipient=participant.address,
        subject=f"Une place s’est libérée : {meeting}",
        body=(
            f"Bonjour,\n\nUne place s’est libérée : vous êtes attendu·e à « {meeting} ».\n\n{_facts(meeting)}\n\n"
            f"Si vous ne pouvez plus venir, laissez-la à quelqu’un :\n{url}\n\n{_signature(meeting)}"
        ),
        at=at,
        cpts_id=meeting.cpts_id,
        stale_at=meeting.ends_at,
        kind=MailKind.CONVOCATION,
        is_urgent=True,
        calendar=_calendar(participant, at),
    )


def withdrawn(participant: Participant, at: datetime) -> None:
    """They were invited, and no longer are: their diary strikes the meeting out."""
    meeting = participant.meeting
    write_mail(
        recipient=participant.address,
        subject=f"Vous n’êtes plus attendu·e : {meeting}",
        body=(
            f"Bonjour {participant.name},\n\nVous n’êtes plus sur la liste de « {meeting} », {when(meeting)}. "
            f"Une erreur ? Dites-le à l’organisation.\n\n{_signature(meeting)}"
        ),
        at=at,
        cpts_id=meeting.cpts_id,
        kind=MailKind.CONVOCATION,
        stale_at=meeting.ends_at,
        is_urgent=True,
        calendar=_calendar(participant, at, is_off=True),
    )


def written_down(participant: Participant, words: str, at: datetime) -> None:
    """Somebody of the team wrote something in their name: they learn it at once, and how to contest it."""
    meeting = participant.meeting
    write_mail(
        recipient=participant.address,
        subject=f"En votre nom : {meeting}",
        body=(
            f"Bonjour {participant.name},\n\n« {meeting} », {when(meeting)}.\n{words}\n\n"
            "C’est bien vous ? Il n’y a rien à faire. Ce n’est pas vous ? Dites-le ici, d’un geste, et ce sera "
            f"suspendu :\n{personal_url(participant, at)}\n\n{_signature(meeting)}"
        ),
        at=at,
        cpts_id=meeting.cpts_id,
        is_urgent=True,
    )


def signin_code(meeting: Meeting, email: str, code: str, at: datetime) -> None:
    """To the address, never to the screen."""
    write_mail(
        recipient=email,
        subject="Votre code de présence et de vote",
        body=(
            f"Bonjour,\n\nVotre code pour signer, voter ou donner votre pouvoir à « {meeting} » : {code}\n\n"
            "Il sert une fois, dans les dix minutes. Ne le dites à personne, même à l’organisation : qui l’a "
            "vote à votre place.\nVous n’avez rien demandé ? Ignorez ce message.\n"
        ),
        at=at,
        cpts_id=meeting.cpts_id,
        stale_at=at + timedelta(minutes=10),
    )


def task_given(task: Task, at: datetime) -> None:
    owner = task.owner
    assert owner
    due = f", pour le {day(task.due_on)}" if task.due_on else ""
    charge = f"À la suite de « {task.meeting} », vous êtes chargé·e de ceci{due} :"
    link = f"{settings.PUBLIC_URL}{reverse('meetings:tasks', args=[owner.cpts.slug])}"
    write_mail(
        recipient=owner.email,
        subject=f"Une tâche pour vous : {task}",
        body=f"Bonjour,\n\n{charge}\n\n{task}\n\nVos tâches : {link}\n",
        at=at,
        cpts_id=task.cpts_id,
        kind=MailKind.NEWS,
    )
