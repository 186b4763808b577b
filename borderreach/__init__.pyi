# The public names and where they lie; at run time `__init__.py` imports each on first use.

from .analysis.batches import BatchJob, BatchSummary, read_batch, run_batch
from .analysis.borders import (
    border_crossings,
    border_effect,
    close_gaps,
    crossings,
    efficiency_across_borders,
    gaps,
    inside_probability,
    with_border_penalty,
)
from .analysis.claims import (
    audit_claims,
    circle_overlap,
    claim_paragraphs,
    group_cohesion,
    group_times,
    groups,
    nearest_group,
)
from .analysis.corridors import (
    add_corridors,
    changed_network,
    compare,
    corridor_stops,
    corridors,
    read_corridors,
)
from .analysis.indicators import people, people_points, people_within, with_people
from .analysis.isochrones import (
    audit_isochrones,
    clip_isochrones,
    commuting_zone,
    isochrones,
    scenario_isochrones,
    service_areas,
    simplify_isochrones,
    travel_time_circle,
    zone_counties,
)
from .analysis.studies import StudyResults
from .analysis.study_file import Study
from .analysis.terrain import terrain_isochrones
from .analysis.times import od_matrix, travel_times, write_od_matrix
from .geo.crs import gcj02_to_wgs84, wgs84_to_gcj02
from .geo.downloads import datasets, fetch
from .geo.errors import BorderReachError
from .geo.networks import (
    Links,
    TransferRules,
    TransportNetwork,
    air_network,
    airports,
    build_network,
    gtfs_rail_network,
    join_networks,
    journey_components,
    network_from_geodataframes,
    open_network,
    rail_network,
    rail_sections,
    rail_stations,
    save_network,
    trunk_network,
)
from .geo.osm import osm_network, pbf_network
from .geo.places import (
    Place,
    border_counties,
    borders,
    cities,
    counties,
    junctions,
    origins_table,
    place,
    provinces,
)
from .maps.base_maps import base_map
from .maps.border_maps import save_border_maps
from .maps.figures import study_figure
from .maps.leaflet import study_map
from .maps.offline import save_map
from .stages import StudyRun
from .studies import run_study, study, study_ground, study_names, study_run

__version__: str

__all__ = [
    "BatchJob",
    "BatchSummary",
    "BorderReachError",
    "Links",
    "Place",
    "Study",
    "StudyResults",
    "StudyRun",
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
    "study_ground",
    "study_map",
    "study_names",
    "study_run",
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
