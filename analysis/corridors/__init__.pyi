from ._assumptions import assumed_values
from ._changes import arcs_closed_with, change_table, changed_by, changed_network
from ._comparison import compare, corridor_overlap, county_times, gains, minutes_between, minutes_to_nearest
from ._corridors import add_corridors, corridor_joins, corridor_segments, corridor_stops, corridors
from ._files import MAX_GAP_KM, Corridor, corridor, open_by, read_corridors, resolve_corridors
from ._joined import JoinedCorridors, has_split_junctions
from ._lines import add_corridor_lines
from ._multimodal import embedded_railways, journeys, with_railways
from ._replaced import corridor_replaces
from ._scenarios import Scenarios
from ._shapley import MAX_EXACT, contributions
from ._subset_times import SubsetTimes
from ._trains import with_corridor_trains

__all__ = [
    "MAX_EXACT",
    "MAX_GAP_KM",
    "Corridor",
    "JoinedCorridors",
    "Scenarios",
    "SubsetTimes",
    "add_corridor_lines",
    "add_corridors",
    "arcs_closed_with",
    "assumed_values",
    "change_table",
    "changed_by",
    "changed_network",
    "compare",
    "contributions",
    "corridor",
    "corridor_joins",
    "corridor_overlap",
    "corridor_replaces",
    "corridor_segments",
    "corridor_stops",
    "corridors",
    "county_times",
    "embedded_railways",
    "gains",
    "has_split_junctions",
    "journeys",
    "minutes_between",
    "minutes_to_nearest",
    "open_by",
    "read_corridors",
    "resolve_corridors",
    "with_corridor_trains",
    "with_railways",
]
