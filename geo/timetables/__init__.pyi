from ._gtfs import gtfs_rail_network
from ._reading import phase, timetable
from ._storage import open_timetable, save_timetable
from ._timetable import Timetable, with_runs

__all__ = [
    "Timetable",
    "gtfs_rail_network",
    "open_timetable",
    "phase",
    "save_timetable",
    "timetable",
    "with_runs",
]
