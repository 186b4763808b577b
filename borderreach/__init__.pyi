# The public names and where they lie; at run time `__init__.py` imports each on first use.

from .analysis.audit import audit_isochrones
from .analysis.batch import BatchSummary, run_batch
from .analysis.batch_job import BatchJob
from .analysis.batch_store import read_batch
from .analysis.border_effect import border_effect, efficiency_across_borders
from .analysis.changes import changed_network
from .analysis.claims import audit_claims, claim_paragraphs
from .analysis.comparison import compare
from .analysis.corridor_files import read_corridors
from .analysis.corridors import add_corridors, corridor_stops, corridors
from .analysis.crossings import border_crossings, close_gaps, crossings, gaps, with_border_penalty
from .analysis.groups import circle_overlap, group_cohesion, group_times, groups, nearest_group
from .analysis.isochrone_shapes import clip_isochrones, simplify_isochrones
from .analysis.isochrones import isochrones
from .analysis.matrices import od_matrix, write_od_matrix
from .analysis.people import people, people_points, people_within, with_people
from .analysis.results import StudyResults
from .analysis.scenario_isochrones import scenario_isochrones
from .analysis.service_areas import service_areas
from .analysis.study_file import Study
from .analysis.terrain_isochrones import terrain_isochrones
from .analysis.travel_times import travel_times
from .analysis.uncertainty import inside_probability
from .analysis.zones import commuting_zone, travel_time_circle, zone_counties
from .geo.air import air_network, airports
from .geo.borders import border_counties, borders, junctions
from .geo.boundaries import cities, counties, provinces
from .geo.crs import gcj02_to_wgs84, wgs84_to_gcj02
from .geo.datasets import datasets, fetch
from .geo.errors import BorderReachError
from .geo.gtfs import gtfs_rail_network
from .geo.joining import TransferRules, join_networks, journey_components
from .geo.network import Links, TransportNetwork, build_network, network_from_geodataframes
from .geo.osm import osm_network
from .geo.pbf import pbf_network
from .geo.places import Place, origins_table, place
from .geo.rail import rail_network, rail_sections, rail_stations
from .geo.storage import open_network, save_network
from .geo.trunk import trunk_network
from .maps.base_maps import base_map
from .maps.border_maps import save_border_maps
from .maps.figures import study_figure
from .maps.leaflet import study_map
from .maps.offline import save_map
from .studies import run_study, study, study_names

__version__: str

__all__ = [
    "BatchJob",
    "BatchSummary",
    "BorderReachError",
    "Links",
    "Place",
    "Study",
    "StudyResults",
    "TransferRules",
    "TransportNetwork",
    "add_corridors",
    "air_network",
    "airports",
    "audit_claims",
    "audit_isochrones",
    "base_map",
    "border_counties",
    "border_crossings",
    "border_effect",
    "borders",
    "build_network",
    "changed_network",
    "circle_overlap",
    "cities",
    "claim_paragraphs",
    "clip_isochrones",
    "close_gaps",
    "commuting_zone",
    "compare",
    "corridor_stops",
    "corridors",
    "counties",
    "crossings",
    "datasets",
    "efficiency_across_borders",
    "fetch",
    "gaps",
    "gcj02_to_wgs84",
    "group_cohesion",
    "group_times",
    "groups",
    "gtfs_rail_network",
    "inside_probability",
    "isochrones",
    "join_networks",
    "journey_components",
    "junctions",
    "nearest_group",
    "network_from_geodataframes",
    "od_matrix",
    "open_network",
    "origins_table",
    "osm_network",
    "pbf_network",
    "people",
    "people_points",
    "people_within",
    "place",
    "provinces",
    "rail_network",
    "rail_sections",
    "rail_stations",
    "read_batch",
    "read_corridors",
    "run_batch",
    "run_study",
    "save_border_maps",
    "save_map",
    "save_network",
    "scenario_isochrones",
    "service_areas",
    "simplify_isochrones",
    "study",
    "study_figure",
    "study_map",
    "study_names",
    "terrain_isochrones",
    "travel_time_circle",
    "travel_times",
    "trunk_network",
    "wgs84_to_gcj02",
    "with_border_penalty",
    "with_people",
    "write_od_matrix",
    "zone_counties",
]
