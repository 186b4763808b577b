from ._access import (
    PIECE_COLUMNS,
    Access,
    access,
    access_with_more,
    least_access,
    ms_per_metre,
    past_no_node,
)
from ._air import air_network, airports
from ._drawn import network_from_lines
from ._exit_lines import ExitLines
from ._frames import fitted_line, network_from_geodataframes
from ._joining import join_networks
from ._journeys import journey_components, journey_legs
from ._line_network import (
    EVEN_PER_DAY,
    FITTED_PER_DAY,
    RAIL_RIDE_ERROR,
    RAIL_STOP_MIN,
    RAIL_TIME_ERRORS,
    RAIL_WAIT_ERROR,
    LineNetwork,
    TransferRules,
    network_from_sections,
)
from ._links import MAX_ARC_TIME_MS, Links, RaggedLines
from ._near import nodes_inside, positions_inside
from ._network import TransportNetwork, build_network
from ._rail import (
    EMBEDDED_AS_OF,
    rail_network,
    rail_sections,
    rail_stations,
)
from ._stations import with_stations
from ._storage import is_saved_network, stored_network, write_network
from ._trunk import TRUNK_HOUR_ERROR, TRUNK_SPEED_KPH, TRUNK_TIME_ERRORS, TRUNK_YEARS, trunk_network

__all__ = [
    "EMBEDDED_AS_OF",
    "EVEN_PER_DAY",
    "FITTED_PER_DAY",
    "MAX_ARC_TIME_MS",
    "PIECE_COLUMNS",
    "RAIL_RIDE_ERROR",
    "RAIL_STOP_MIN",
    "RAIL_TIME_ERRORS",
    "RAIL_WAIT_ERROR",
    "TRUNK_HOUR_ERROR",
    "TRUNK_SPEED_KPH",
    "TRUNK_TIME_ERRORS",
    "TRUNK_YEARS",
    "Access",
    "ExitLines",
    "LineNetwork",
    "Links",
    "RaggedLines",
    "TransferRules",
    "TransportNetwork",
    "access",
    "access_with_more",
    "air_network",
    "airports",
    "build_network",
    "fitted_line",
    "is_saved_network",
    "join_networks",
    "journey_components",
    "journey_legs",
    "least_access",
    "ms_per_metre",
    "network_from_geodataframes",
    "network_from_lines",
    "network_from_sections",
    "nodes_inside",
    "past_no_node",
    "positions_inside",
    "rail_network",
    "rail_sections",
    "rail_stations",
    "stored_network",
    "trunk_network",
    "with_stations",
    "write_network",
]
