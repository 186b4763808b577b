from ._osm import osm_network
from ._pbf import pbf_network

__all__ = [
    "osm_network",
    "pbf_network",
]
