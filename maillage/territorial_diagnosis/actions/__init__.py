"""Every write of the diagnosis that people or commands ask for."""

from maillage.territorial_diagnosis.actions.open_data import NoOpenData, load_open_data, refresh_computed
from maillage.territorial_diagnosis.actions.own_files import (
    ColumnsMap,
    add_custom_indicator,
    keep_own_file,
    kept_own_file,
    read_own_file,
    send_own_file,
)
from maillage.territorial_diagnosis.actions.team import (
    ImpossibleFigure,
    add_priority,
    add_resource,
    answer_gap,
    erase_figure,
    move_priority,
    remove_priority,
    remove_resource,
    set_hours,
    type_figure,
)
from maillage.territorial_diagnosis.actions.travel_times import import_travel_times
from maillage.territorial_diagnosis.actions.versions import freeze, frozen_content

__all__ = [
    "ColumnsMap",
    "ImpossibleFigure",
    "NoOpenData",
    "add_custom_indicator",
    "add_priority",
    "add_resource",
    "answer_gap",
    "erase_figure",
    "freeze",
    "frozen_content",
    "import_travel_times",
    "keep_own_file",
    "kept_own_file",
    "load_open_data",
    "move_priority",
    "read_own_file",
    "refresh_computed",
    "remove_priority",
    "remove_resource",
    "send_own_file",
    "set_hours",
    "type_figure",
]
