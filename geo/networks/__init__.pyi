from ._air import air_network, airports
from ._exit_lines import ExitLines
from ._gtfs import gtfs_rail_network
from ._joining import TransferRules, join_networks, journey_components
from ._network import (
    MAX_ARC_TIME_MS,
    Links,
    RaggedLines,
    TransportNetwork,
    build_network,
    network_from_geodataframes,
)
from ._rail import EMBEDDED_AS_OF, LineNetwork, rail_network, rail_sections, rail_stations
from ._storage import open_network, save_network
from ._trunk import TRUNK_SPEED_KPH, trunk_network

__all__ = [
    "EMBEDDED_AS_OF",
    "MAX_ARC_TIME_MS",
    "TRUNK_SPEED_KPH",
    "ExitLines",
    "LineNetwork",
    "Links",
    "RaggedLines",
    "TransferRules",
    "TransportNetwork",
    "air_network",
    "airports",
    "build_network",
    "gtfs_rail_network",
    "join_networks",
    "journey_components",
    "network_from_geodataframes",
    "open_network",
    "rail_network",
    "rail_sections",
    "rail_stations",
    "save_network",
    "trunk_network",
]
