"""« Ce n'est pas moi » : what a team wrote down for somebody is suspended by that person, in one tap."""

from datetime import datetime

from django.db import transaction

from maillage.core.errors import DomainError
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.models import Means, Participant, Presence, Proxy, Signature


class NothingToContest(DomainError):
    user_message = "Rien n’a été écrit à votre place dans cette réunion."


@transaction.atomic
def contest(*, participant: Participant, at: datetime) -> None:
    """Suspend the presence and the pouvoir that were written down for them, and mark the votes given on a tablet.

    Said by the personal link alone: it takes a word back and gives none. A slip is in the urn and stays there, since
    nobody knows which it is; the minutes say how many are contested. Raises NothingToContest.
    """
    words = []
    presence = Presence.objects.filter(participant=participant, contested_at=None)
    if presence.filter(means__in=[Means.TABLET, Means.PAPER]).update(contested_at=at):
        words.append("présence suspendue")
    proxies = Proxy.objects.filter(giver__participant=participant, contested_at=None)
    if proxies.filter(recorded_by__isnull=False).update(contested_at=at):
        words.append("pouvoir suspendu")
    votes = Signature.objects.filter(voter__participant=participant, means=Means.TABLET, is_contested=False)
    if votes.update(is_contested=True):
        words.append("vote sur tablette contesté")
    if not words:
        raise NothingToContest
    meeting = participant.meeting
    summary = f"« {meeting} » : {participant} dit que ce n’est pas sa signature ({', '.join(words)})"
    leave_trace(Act.CONTESTED, meeting, summary, by=None, at=at)
