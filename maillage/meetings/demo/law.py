"""The law of an invented CPTS, and its general assembly of today: pouvoirs, one vote closed, one open."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from maillage.accounts.models import User
from maillage.core.papers.documents import pdf_bytes
from maillage.core.scene import Scene, at_hour
from maillage.meetings import actions
from maillage.meetings.assemblies.rules.tally import RESOLUTION
from maillage.meetings.demo.season import ROOT, convened, prepared
from maillage.meetings.models import Ballot, Means, Meeting, MeetingKind, Voter
from maillage.members.models import Membership

VERSIONS = (("", 690), ("Un collège pour les usagers et les élus", 300))


def seed_texts(scene: Scene) -> None:
    """The statutes, version by version. Outside transactions: a PDF is read apart before it is kept."""
    for number, (changes, days) in enumerate(VERSIONS, start=1):
        day = scene.today - timedelta(days=days)
        content = pdf_bytes(ROOT / "statutes.typ", {"version": number})
        actions.adopt_text(
            cpts=scene.cpts,
            kind="statutes",
            adopted_on=day,
            changes=changes,
            content=content,
            meeting=None,
            by=scene.coordinator,
            at=at_hour(day, 18),
        )


@transaction.atomic
def seed_governance(scene: Scene) -> None:
    cpts, coordinator, today = scene.cpts, scene.coordinator, scene.today
    write: dict[str, Any] = {"cpts": cpts, "by": coordinator, "at": at_hour(today - timedelta(days=290), 10)}
    actions.write_rule(
        kind=MeetingKind.ASSEMBLY,
        fields={"notice_days": 15, "quorum_percent": 25, "proxies_max": 2, "is_weighted": True, "needs_fee": True},
        **write,
    )
    actions.write_rule(
        kind=MeetingKind.BUREAU, fields={"notice_days": 5, "quorum_percent": 50, "proxies_max": 1}, **write
    )
    _assembly(scene)


def _assembly(scene: Scene) -> None:
    cpts, by, today = scene.cpts, scene.coordinator, scene.today
    members = list(Membership.objects.of(cpts).current().order_by("pk").select_related("cpts"))
    before = at_hour(today - timedelta(days=18), 9)
    fields = {
        "kind": MeetingKind.ASSEMBLY,
        "title": "Assemblée générale ordinaire",
        "starts_at": at_hour(today, 9),
        "ends_at": at_hour(today, 22),
        "place": "Amphithéâtre de l’hôpital, Bergerac",
        "agenda": "Rapport moral\nRapport financier\nÉlection au bureau",
    }
    meeting = convened(prepared(cpts, by, members[::3] + _known(members[1:], scene), before, **fields), by, before)
    voters = list(meeting.voters.select_related("participant__meeting__cpts").order_by("pk"))
    now = at_hour(today, 9, 5)
    tablet = actions.lend_tablet(meeting=meeting, by=by, at=now)
    for place, voter in enumerate(voters[: 2 * len(voters) // 3]):
        if place % 4:
            actions.sign_in(participant=voter.participant, means=Means.CODE, at=now)
        else:
            actions.sign_for(participant=voter.participant, tablet=tablet, at=now)
    _pouvoirs(voters, by, now)
    _votes(meeting, voters, by)


def _known(members: list[Membership], scene: Scene) -> list[Membership]:
    """Those whom one can be."""
    addresses = {account.email for account in scene.people.values()}
    return [member for member in members if member.email in addresses]


def _pouvoirs(voters: list[Voter], by: User, at: datetime) -> None:
    absent, there = voters[2 * len(voters) // 3 :], voters[:6]
    for giver, holder in zip(absent[:6], there, strict=False):
        actions.give_proxy(giver=giver, holder=holder, means=Means.CODE, by=None, at=at)


def _votes(meeting: Meeting, voters: list[Voter], by: User) -> None:
    at = voters[0].participant.presence.arrived_at
    write: dict[str, Any] = {"meeting": meeting, "by": by, "at": at}
    accounts = actions.prepare_ballot(
        question="Approuver les comptes de l’exercice", mode="hands", majority="simple", choices=RESOLUTION, **write
    )
    actions.open_ballot(ballot=accounts, by=by, at=at)
    voices = [line for line in actions.quorum_of(meeting) if line.college]
    hands: dict[tuple[str, str], int] = {}
    for line in voices:
        against = line.there // 5
        hands |= {(line.college, "Pour"): line.there - against - 1, (line.college, "Contre"): against}
        hands[line.college, "Abstention"] = 1
    actions.count_hands(ballot=accounts, hands=hands, by=by, at=at)
    actions.close_ballot(ballot=accounts, by=by, at=at)
    election: Ballot = actions.prepare_ballot(
        question="Élire au bureau",
        mode="secret",
        majority="simple",
        choices=["Salomé Vézéral", "Yanis Bourgnac", "Blanc"],
        **write,
    )
    actions.open_ballot(ballot=election, by=by, at=at)
    for place, voter in enumerate(voters[3:12]):
        actions.cast(
            ballot=election, voter=voter, choice=election.choices[place % 3], caster=voter, means=Means.CODE, at=at
        )
