from ._describing import NetworkInfo, network_info
from ._reading import TRUNK, read_network

__all__ = [
    "TRUNK",
    "NetworkInfo",
    "network_info",
    "read_network",
]
