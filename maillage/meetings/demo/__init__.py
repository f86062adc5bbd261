"""Meetings, statutes and votes of the demonstration."""

from maillage.core.scene import Scene
from maillage.meetings.demo.law import seed_governance, seed_texts
from maillage.meetings.demo.season import seed_meetings


def tell(scene: Scene) -> None:
    seed_meetings(scene)
    seed_governance(scene)
    seed_texts(scene)
