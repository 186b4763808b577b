from ._departures import Window, require_statistic, require_window, window_text
from ._gtfs import gtfs_rail_network
from ._headways import phase
from ._network_files import open_network, save_network
from ._reading import timetable
from ._storage import open_timetable, save_timetable
from ._timetable import Timetable, with_runs
from ._timetable_network import TimetableNetwork, timetable_network

__all__ = [
    "Timetable",
    "TimetableNetwork",
    "Window",
    "gtfs_rail_network",
    "open_network",
    "open_timetable",
    "phase",
    "require_statistic",
    "require_window",
    "save_network",
    "save_timetable",
    "timetable",
    "timetable_network",
    "window_text",
    "with_runs",
]
