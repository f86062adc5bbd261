"""What was written to those who are not members."""

from datetime import datetime

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.members.acts import Act


def keep_campaign(*, cpts: Cpts, subject: str, letters: int, by: User, at: datetime) -> None:
    """Remember that letters were prepared: the board is asked how often it wrote, and to how many."""
    summary = f"Campagne « {subject} » : {letters} {plural(letters, 'courrier')}"
    audit.record(Act.CAMPAIGN, target=cpts, by=by, at=at, cpts=cpts, summary=summary)
