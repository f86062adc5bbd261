"""A season of meetings: one closed with its minutes, one going on today, one to come, one that looks for a date."""

from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction

from maillage.accounts.models import User
from maillage.core.missions import Mission
from maillage.core.scene import Scene, at_hour
from maillage.cpts.models import Cpts
from maillage.meetings import actions
from maillage.meetings.documents import papers as documents
from maillage.meetings.jobs import tell, tell_one
from maillage.meetings.models import Means, Meeting, MeetingKind, Participant
from maillage.members.models import Membership

ROOT = Path(__file__).resolve().parent


@transaction.atomic
def seed_meetings(scene: Scene) -> None:
    cpts, coordinator, today = scene.cpts, scene.coordinator, scene.today
    members = list(Membership.objects.of(cpts).current().order_by("pk").select_related("cpts"))
    own = [member for member in members if member.email.startswith("paul.loret")]
    _closed(cpts, coordinator, own + members[::9], today)
    _going_on(cpts, coordinator, own + members[3::7], today)
    _coming(cpts, coordinator, own + members[1::5], today)
    _undated(cpts, coordinator, own + members[2::12], today)


def prepared(cpts: Cpts, by: User, members: list[Membership], at: datetime, **fields: object) -> Meeting:
    """Prepared, and its people chosen."""
    meeting = actions.plan(cpts=cpts, fields=fields, by=by, at=at)
    actions.invite_members(meeting=meeting, members=members, by=by, at=at)
    return meeting


def convened(meeting: Meeting, by: User, at: datetime) -> Meeting:
    meeting = actions.convene(meeting=meeting, by=by, at=at)
    for person in _people(meeting):
        tell_one(person.pk, at)
    return meeting


def _people(meeting: Meeting) -> list[Participant]:
    return list(meeting.participants.for_link().order_by("pk"))


def _closed(cpts: Cpts, by: User, members: list[Membership], today: date) -> None:
    day = today - timedelta(days=12)
    fields = {
        "kind": MeetingKind.GROUP,
        "title": "Groupe diabète : repérage du pied à risque",
        "mission": Mission.PATHWAYS,
        "starts_at": at_hour(day, 20),
        "ends_at": at_hour(day, 22),
        "place": "Maison des associations, Bergerac",
        "agenda": "Le protocole de repérage\nQui forme qui, et quand\nL’indicateur de l’année",
    }
    before = at_hour(day, 9) - timedelta(days=15)
    meeting = actions.convene(meeting=prepared(cpts, by, members, before, **fields), by=by, at=before)
    for place, person in enumerate(_people(meeting)):
        actions.answer(participant=person, coming=place % 4 != 3, at=before + timedelta(days=1))
        if place % 4 != 3:
            arrived = at_hour(day, 19, 50) + timedelta(minutes=4 * place)
            means = Means.CODE if place % 2 else Means.SESSION
            actions.sign_in(participant=person, means=means, device=f"{place:032d}", at=arrived)
    after = at_hour(day, 22, 30)
    actions.close(meeting=meeting, ended_at=at_hour(day, 21, 45), by=by, at=after)
    text = (
        "1. Le protocole de repérage\n\nLe test au monofilament est retenu, une fois l’an, au cabinet infirmier.\n\n"
        "2. Qui forme qui, et quand\n\nDeux podologues forment les infirmières en janvier.\n\n"
        "3. L’indicateur de l’année\n\nLe nombre de patients repérés sera compté chaque trimestre."
    )
    actions.decide(meeting=meeting, text="Retenir le test au monofilament, une fois l’an.", by=by, at=after)
    actions.decide(meeting=meeting, text="Former les infirmières en janvier.", by=by, at=after)
    tasks = (("Réserver la salle de la formation", members[0], 20), ("Écrire le protocole", members[1], -3))
    for words, owner, days in tasks:
        due_on = today + timedelta(days=days)
        actions.give_task(meeting=meeting, text=words, owner=owner, due_on=due_on, by=by, at=after)
    meeting = Meeting.objects.select_related("cpts").get(pk=meeting.pk)
    actions.validate_minutes(meeting=meeting, text=text, read_version=0, record=documents.minutes_data, by=by, at=after)


def _going_on(cpts: Cpts, by: User, members: list[Membership], today: date) -> None:
    """All day long, so that signing in may be tried at any hour."""
    fields = {
        "kind": MeetingKind.EXERCISE,
        "title": "Journée d’exercice de crise : afflux de victimes",
        "mission": Mission.CRISIS,
        "starts_at": at_hour(today, 8),
        "ends_at": at_hour(today, 22),
        "place": "Salle du conseil, Bergerac",
        "agenda": "Déclenchement\nRegistre des appels\nRetour d’expérience",
        "is_open": True,
    }
    before = at_hour(today, 9) - timedelta(days=21)
    meeting = convened(prepared(cpts, by, members, before, **fields), by, before)
    for place, person in enumerate(_people(meeting)[1:]):
        if place % 3:
            actions.answer(participant=person, coming=True, at=before + timedelta(days=2))


def _coming(cpts: Cpts, by: User, members: list[Membership], today: date) -> None:
    day = today + timedelta(days=9)
    fields = {
        "kind": MeetingKind.INFORMATION,
        "title": "Soins non programmés : ce qui change en janvier",
        "mission": Mission.ACCESS,
        "starts_at": at_hour(day, 20),
        "ends_at": at_hour(day, 21, 30),
        "capacity": 12,
        "place": "Amphithéâtre de l’hôpital, Bergerac",
        "video_link": "https://visio.exemple.invalid/snp",
        "agenda": "Le point sur les créneaux\nLe circuit avec le SAS\nVos questions",
        "is_open": True,
    }
    before = at_hour(today, 9) - timedelta(days=6)
    meeting = convened(prepared(cpts, by, members, before, **fields), by, before)
    for place, person in enumerate(_people(meeting)[1:]):
        if place % 5 < 3:
            actions.answer(participant=person, coming=place % 5 != 2, at=before + timedelta(days=1, minutes=place))


def _undated(cpts: Cpts, by: User, members: list[Membership], today: date) -> None:
    before = at_hour(today, 10) - timedelta(days=2)
    meeting = prepared(
        cpts,
        by,
        members,
        before,
        kind=MeetingKind.BUREAU,
        title="Bureau de décembre",
        agenda="Budget de l’année\nProjet de santé, révision",
    )
    options = []
    for days, hour in ((14, 12), (15, 20), (20, 20)):
        day = today + timedelta(days=days)
        options.append(
            actions.propose(
                meeting=meeting, starts_at=at_hour(day, hour), ends_at=at_hour(day, hour + 2), by=by, at=before
            )
        )
    actions.open_poll(meeting=meeting, by=by, at=before)
    tell({"meeting_id": meeting.pk}, lambda *_: None)
    wanted = ("yes", "maybe", "no")
    for place, person in enumerate(_people(meeting)[1:]):
        choices = {option.pk: wanted[(place + rank) % 3 if rank != 1 else 0] for rank, option in enumerate(options)}
        actions.answer_poll(participant=person, choices=choices)
