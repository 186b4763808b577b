from ._extract import EXTRACT_SUFFIXES
from ._osm import osm_network
from ._pbf import MAIN_ACCESS_SPEED_KPH, MAIN_MAX_ACCESS_KM, pbf_network
from ._roads import KEEP
from ._speeds import SpeedTable, speed_table
from ._ways import require_area

__all__ = [
    "EXTRACT_SUFFIXES",
    "KEEP",
    "MAIN_ACCESS_SPEED_KPH",
    "MAIN_MAX_ACCESS_KM",
    "SpeedTable",
    "osm_network",
    "pbf_network",
    "require_area",
    "speed_table",
]
