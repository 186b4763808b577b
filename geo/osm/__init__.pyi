from ._osm import osm_network
from ._pbf import pbf_network
from ._speeds import SpeedTable, speed_table

__all__ = [
    "SpeedTable",
    "osm_network",
    "pbf_network",
    "speed_table",
]
