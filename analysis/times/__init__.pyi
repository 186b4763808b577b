from ._around_nodes import AroundNodes, around_nodes, kept_around, times_around
from ._day_trips import day_trips
from ._departures import told_of, with_departures_told
from ._matrices import od_matrix, write_od_matrix
from ._minutes import minutes_matrix
from ._node_times import NodeTimes, node_times
from ._origins import (
    NO_LIMIT_MS,
    Direction,
    Origin,
    directed,
    each,
    enter,
    limit_to_ms,
    origin_list,
    require_network,
    require_times_on_arcs,
    search,
    searched,
    within_reach,
)
from ._prepared import prepared
from ._roads_and_trains import Egress, RoadsAndTrains
from ._search import NODE_BLOCK, UNREACHED, bucketed_times, heap_pop, heap_push
from ._tables import (
    LIMIT_ATTR,
    NEAREST_ATTR,
    Pairs,
    by_origin,
    listed,
    masses,
    read_pairs,
    require_nearest,
)
from ._timetable_times import timetable_times
from ._travel_times import Targets, times_from, travel_times

__all__ = [
    "LIMIT_ATTR",
    "NEAREST_ATTR",
    "NODE_BLOCK",
    "NO_LIMIT_MS",
    "UNREACHED",
    "AroundNodes",
    "Direction",
    "Egress",
    "NodeTimes",
    "Origin",
    "Pairs",
    "RoadsAndTrains",
    "Targets",
    "around_nodes",
    "bucketed_times",
    "by_origin",
    "day_trips",
    "directed",
    "each",
    "enter",
    "heap_pop",
    "heap_push",
    "kept_around",
    "limit_to_ms",
    "listed",
    "masses",
    "minutes_matrix",
    "node_times",
    "od_matrix",
    "origin_list",
    "prepared",
    "read_pairs",
    "require_nearest",
    "require_network",
    "require_times_on_arcs",
    "search",
    "searched",
    "times_around",
    "times_from",
    "timetable_times",
    "told_of",
    "travel_times",
    "with_departures_told",
    "within_reach",
    "write_od_matrix",
]
