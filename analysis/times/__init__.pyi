from ._matrices import od_matrix, write_od_matrix
from ._origins import (
    NO_LIMIT_MS,
    Direction,
    Origin,
    directed,
    each,
    enter,
    origin_list,
    require_network,
    search,
    within_reach,
)
from ._prepared import prepared
from ._search import UNREACHED, bucketed_times, shortest_times_and_lengths
from ._tables import LIMIT_ATTR, NEAREST_ATTR, Pairs, by_origin, listed, masses, read_pairs, require_nearest
from ._travel_times import Targets, times_from, travel_times

__all__ = [
    "LIMIT_ATTR",
    "NEAREST_ATTR",
    "NO_LIMIT_MS",
    "UNREACHED",
    "Direction",
    "Origin",
    "Pairs",
    "Targets",
    "bucketed_times",
    "by_origin",
    "directed",
    "each",
    "enter",
    "listed",
    "masses",
    "od_matrix",
    "origin_list",
    "prepared",
    "read_pairs",
    "require_nearest",
    "require_network",
    "search",
    "shortest_times_and_lengths",
    "times_from",
    "travel_times",
    "within_reach",
    "write_od_matrix",
]
