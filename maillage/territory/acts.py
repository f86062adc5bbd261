"""What the journal says is done to a perimeter."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    CPTS_FOUNDED = "cpts.founded"
    PERIMETER_CHANGED = "perimeter.changed"
    PERIMETER_DISCARDED = "perimeter.discarded"
    PERIMETER_IN_FORCE = "perimeter.in_force"
    PERIMETER_STARTED = "perimeter.started"
