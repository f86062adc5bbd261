"""Papers of a meeting: the sheet of presences, attestations, minutes, letters."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.utils.text import capfirst
from django.utils.timezone import localtime

from maillage.core.papers.documents import pdf_response
from maillage.core.papers.tree import Paper
from maillage.core.papers.typeset import pdf_of
from maillage.core.papers.word import DOCX_TYPE, docx_of
from maillage.core.templatetags.maillage import day, hour
from maillage.directory.models import Practitioner
from maillage.meetings.actions import present_voters, quorum_of, represented
from maillage.meetings.documents.minutes import minutes_paper
from maillage.meetings.models import Ballot, BallotState, Means, Meeting, Participant, Presence, Signature
from maillage.meetings.models.meeting import STATUTORY
from maillage.meetings.notifications import public_url
from maillage.meetings.queries.moments import when
from maillage.meetings.rules.hours import counted, duration_text
from maillage.meetings.rules.minutes import MINUTES
from maillage.members.documents.campaign import letters_data, letters_pdf
from maillage.records.actions.freezing import thaw

MASKED = "Collèges masqués dans le journal : l’un d’eux a mis moins de trois bulletins. Voix recomptables, parts non."
TYPST = Path(__file__).resolve().parent.parent / "typst"


def duration_of(presence: Presence, meeting: Meeting) -> str:
    """The time that counts: 1 h 30."""
    assert meeting.starts_at
    assert meeting.ends_at
    return duration_text(
        counted(arrived=presence.arrived_at, left=presence.left_at, starts=meeting.starts_at, ends=meeting.ends_at)
    )


def clock(moment: datetime | None) -> str:
    return hour(moment) if moment else ""


def sheet_pdf(meeting: Meeting, people: Iterable[Participant], on: date) -> HttpResponse:
    """Before the meeting, a sheet to sign by hand; after, who was there, from when to when, and how it was signed."""
    return pdf_response("feuille-de-presence", TYPST / "sheet.typ", sheet_data(meeting, people, on))


def sheet_data(meeting: Meeting, people: Iterable[Participant], on: date) -> dict[str, Any]:
    """People in the order of the sheet. Once it is closed, those who came are what it proves."""
    is_closed = meeting.status == "closed"
    rows = [_sheet_row(person, meeting) for person in people if person.is_present or not is_closed]
    return {
        "cpts": meeting.cpts.name,
        "with_article": meeting.cpts.with_article,
        "title": meeting.title,
        "kind": meeting.get_kind_display(),
        "mission": meeting.get_mission_display() if meeting.mission else "",
        "when": when(meeting),
        "place": meeting.place or ("à distance" if meeting.video_link else ""),
        "is_closed": is_closed,
        "present": sum(bool(row["arrived"]) for row in rows),
        "rows": rows,
        "on": day(on),
    }


def _sheet_row(participant: Participant, meeting: Meeting) -> dict[str, str]:
    row = {
        "name": participant.name,
        "occupation": participant.occupation,
        "arrived": "",
        "left": "",
        "time": "",
        "how": "",
        "note": "",
    }
    if not participant.is_present:
        return row
    presence = participant.presence
    row |= {"arrived": clock(presence.arrived_at), "left": clock(presence.left_at)}
    row["time"] = duration_of(presence, meeting)
    row["how"] = f"{presence.how}, le {localtime(presence.signed_at):%d/%m/%Y à %H:%M}"
    if presence.corrected_at:
        row["note"] = f"corrigée le {localtime(presence.corrected_at):%d/%m/%Y} : {presence.correction}"
    return row


def attestation_pdf(person: Participant, on: date) -> HttpResponse:
    """That somebody was at a meeting, and for how long."""
    return pdf_response("attestation-de-presence", TYPST / "attendance.typ", attestation_data(person, on))


def attestation_data(person: Participant, on: date) -> dict[str, Any]:
    meeting, presence = person.meeting, person.presence
    assert meeting.starts_at
    assert meeting.ends_at
    return {
        "cpts": meeting.cpts.name,
        "with_article": meeting.cpts.with_article,
        "name": person.name,
        "occupation": person.occupation,
        "title": meeting.title,
        "kind": meeting.get_kind_display(),
        "when": when(meeting),
        "place": meeting.place,
        "from": hour(max(presence.arrived_at, meeting.starts_at)),
        "to": hour(min(presence.left_at, meeting.ends_at)) if presence.left_at else "",
        "time": duration_of(presence, meeting),
        "on": day(on),
    }


def minutes_pdf(meeting: Meeting, on: date) -> HttpResponse:
    content = pdf_of(_minutes(meeting, on))
    headers = {"Content-Disposition": 'inline; filename="compte-rendu.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def minutes_docx(meeting: Meeting, on: date) -> HttpResponse:
    """To be edited, or sent to who works in a word processor; what is validated is the PDF."""
    headers = {"Content-Disposition": 'attachment; filename="compte-rendu.docx"'}
    return HttpResponse(docx_of(_minutes(meeting, on)), content_type=DOCX_TYPE, headers=headers)


def _minutes(meeting: Meeting, on: date) -> Paper:
    """As they were validated; before that, as they stand."""
    minutes = getattr(meeting, "minutes", None)
    if minutes and minutes.snapshot:
        return minutes_paper(asdict(thaw(minutes.snapshot, MINUTES)) | {"fingerprint": minutes.snapshot.sha256})
    return minutes_paper(minutes_data(meeting, on) | {"fingerprint": ""})


def minutes_data(meeting: Meeting, on: date) -> dict[str, Any]:
    """The minutes with who was there, what was decided, who does what."""
    minutes = getattr(meeting, "minutes", None)
    people = list(meeting.participants.for_sheet())
    excused = [person.name for person in people if not person.is_present and person.answer == "no"]
    return {
        "cpts": meeting.cpts.name,
        "title": meeting.title,
        "kind": meeting.get_kind_display(),
        "when": when(meeting),
        "place": meeting.place,
        "present": [person.name for person in people if person.is_present],
        "excused": excused,
        "paragraphs": [part.strip() for part in minutes.text.split("\n\n") if part.strip()] if minutes else [],
        "decisions": [str(decision) for decision in meeting.decisions.all()],
        "tasks": [
            {
                "text": task.text,
                "owner": str(task.owner or "à attribuer"),
                "due": day(task.due_on) if task.due_on else "",
            }
            for task in meeting.tasks.select_related("owner").order_by("due_on", "pk")
        ],
        "words": _words_of_team(meeting, people),
        **_governance(meeting),
        "validated": f"le {day(minutes.validated_at)} par {minutes.validated_by}"
        if minutes and minutes.validated_at
        else "",
        "on": day(on),
    }


def _words_of_team(meeting: Meeting, people: Iterable[Participant]) -> list[str]:
    """What rests on the word of a team rather than on the person: signed on whose tablet, ticked by whom, contested."""
    by_word: dict[str, list[str]] = {}
    for person in people:
        if person.is_present and person.presence.recorded_by:
            by_word.setdefault(f"Présence par {person.presence.how}", []).append(person.name)
        elif person.is_contested:
            by_word.setdefault("Présence contestée, qui ne compte pas", []).append(person.name)
    for word, names in _votes_of_team(meeting) if meeting.is_statutory else ():
        by_word.setdefault(word, []).append(names)
    return [f"{word} : {', '.join(sorted(names))}." for word, names in sorted(by_word.items())]


def _votes_of_team(meeting: Meeting) -> list[tuple[str, str]]:
    """Votes given on a tablet, and pouvoirs that their givers contest: what is said, of whom."""
    votes = Signature.objects.filter(ballot__meeting=meeting, means=Means.TABLET)
    said = [
        (f"Vote « {vote.ballot} » sur la {vote.tablet}", f"{vote.voter}{' (contesté)' if vote.is_contested else ''}")
        for vote in votes.select_related("voter__participant", "tablet", "ballot").order_by("ballot_id")
    ]
    proxies = meeting.proxies.filter(contested_at__isnull=False).select_related("giver__participant")
    return said + [("Pouvoir contesté, qui ne compte pas", str(proxy.giver)) for proxy in proxies]


def _governance(meeting: Meeting) -> dict[str, Any]:
    """What makes minutes a procès-verbal: quorum, pouvoirs, votes. Empty for a meeting that does not vote."""
    if meeting.kind not in STATUTORY or not meeting.voters.exists():
        return {"is_official": meeting.kind in STATUTORY, "quorum": [], "proxies": [], "votes": []}
    there = present_voters(meeting)
    counted = represented(meeting, there)
    closed = meeting.ballots.filter(state=BallotState.CLOSED)
    return {
        "is_official": True,
        "quorum": [
            {
                "college": "Ensemble" if line.is_whole else line.college or "Sans collège",
                "voters": line.voters,
                "there": line.there,
                "needed": line.needed,
                "reached": line.is_reached,
            }
            for line in quorum_of(meeting)
        ],
        "proxies": [
            f"{proxy.giver} à {proxy.holder}{f' ({proxy.how})' if proxy.how else ''}" for proxy in counted.values()
        ],
        "votes": [_vote_data(ballot) for ballot in closed.select_related("meeting", "snapshot")],
    }


def _vote_data(ballot: Ballot) -> dict[str, Any]:
    weights = dict(ballot.meeting.voters.values_list("college", "weight")) if ballot.is_weighted else {}
    shares = ", ".join(f"{name or 'sans collège'} {weight.normalize():f}" for name, weight in sorted(weights.items()))
    outcome = ("adoptée" if ballot.is_adopted else "rejetée") if ballot.is_resolution else ""
    return {
        "question": ballot.question,
        "how": f"{ballot.get_mode_display()}{', chaque collège pesant son poids' if ballot.is_weighted else ''}, "
        f"{ballot.voices} voix présentes ou représentées à l’ouverture",
        "weights": f"Part : celle de chaque collège, selon son poids ({shares})." if shares else "",
        "majority": ballot.get_majority_display() if ballot.is_resolution else "",
        "scores": ballot.readable_scores,
        "outcome": outcome,
        "digest": ballot.record.journal if ballot.record else "",
        "masked": MASKED if ballot.is_masked else "",
    }


def letters(meeting: Meeting, people: Iterable[Practitioner], on: date) -> HttpResponse:
    """One letter to each professional whose address the directory knows; an open meeting gives its page."""
    parts = [
        f"{capfirst(meeting.cpts.with_article)} vous invite à cette rencontre : « {meeting.title} ».",
        f"{capfirst(when(meeting))}.{f' Lieu : {meeting.place}.' if meeting.place else ''}",
        f"À distance : {meeting.video_link}" if meeting.video_link else "",
        f"À l’ordre du jour : {' ; '.join(meeting.agenda_points)}." if meeting.agenda_points else "",
        "Que vous soyez membre ou non, nous serons heureux de vous y retrouver et de répondre à vos questions.",
    ]
    data = letters_data(
        meeting.cpts,
        people,
        subject=f"Invitation : {meeting.title}",
        body="\n\n".join(filter(None, parts)),
        signature="Pour la CPTS, l’équipe de coordination",
        greeting="Madame, Monsieur,",
        on=on,
        link=public_url(meeting) if meeting.is_open else "",
    )
    return letters_pdf(data)
