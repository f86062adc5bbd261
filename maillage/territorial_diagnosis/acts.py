"""What the journal says is done to a diagnosis and to what it reads."""

from maillage.audit.acts import AnyAct


class Act(AnyAct):
    """Each is written by one action, or by several that do the same."""

    DIAGNOSIS_FIGURE_ERASED = "diagnosis.figure-erased"
    DIAGNOSIS_FIGURE_TYPED = "diagnosis.figure-typed"
    DIAGNOSIS_FROZEN = "diagnosis.frozen"
    DIAGNOSIS_GAP_ANSWERED = "diagnosis.gap-answered"
    DIAGNOSIS_INDICATOR_ADDED = "diagnosis.indicator-added"
    DIAGNOSIS_PRIORITY_ADDED = "diagnosis.priority-added"
    DIAGNOSIS_PRIORITY_MOVED = "diagnosis.priority-moved"
    DIAGNOSIS_PRIORITY_REMOVED = "diagnosis.priority-removed"
    DIAGNOSIS_RESOURCE_ADDED = "diagnosis.resource-added"
    DIAGNOSIS_RESOURCE_HOURS = "diagnosis.resource-hours"
    DIAGNOSIS_RESOURCE_REMOVED = "diagnosis.resource-removed"
    OPEN_DATA_LOADED = "open-data.loaded"
    TRAVEL_TIMES_LOADED = "travel-times.loaded"
