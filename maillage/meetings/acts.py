"""What the journal says is done to a meeting."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    GOVERNING_ADOPTED = "governing.adopted"
    GOVERNING_RULE = "governing.rule"
    ANSWER = "meeting.answer"
    CANCELLED = "meeting.cancelled"
    CHANGED = "meeting.changed"
    CLOSED = "meeting.closed"
    CONTESTED = "meeting.contested"
    CONVENED = "meeting.convened"
    DATED = "meeting.dated"
    DECISION = "meeting.decision"
    DOCUMENT = "meeting.document"
    INVITED = "meeting.invited"
    MINUTES = "meeting.minutes"
    MINUTES_VALIDATED = "meeting.minutes-validated"
    PLANNED = "meeting.planned"
    POLLED = "meeting.polled"
    PRESENCE = "meeting.presence"
    PROXY = "meeting.proxy"
    REMINDED = "meeting.reminded"
    ROLL = "meeting.roll"
    TABLET_VOTE = "meeting.tablet-vote"
    TASK = "meeting.task"
    TASK_DONE = "meeting.task-done"
    VOTE = "meeting.vote"
    WITHDRAWN = "meeting.withdrawn"
