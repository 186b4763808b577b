from ._audit import audit_isochrones
from ._drawings import default_cell_m
from ._isochrones import isochrone_rows, isochrones, prepare, union_in_order
from ._reach import reach_sources, reached_within
from ._reference import reference_isochrone
from ._scenarios import scenario_isochrones
from ._service_areas import service_areas
from ._shapes import clip_isochrones, simplify_isochrones
from ._timetable_isochrones import timetable_isochrones
from ._zones import commuting_zone, travel_time_circle, zone_counties

__all__ = [
    "audit_isochrones",
    "clip_isochrones",
    "commuting_zone",
    "default_cell_m",
    "isochrone_rows",
    "isochrones",
    "prepare",
    "reach_sources",
    "reached_within",
    "reference_isochrone",
    "scenario_isochrones",
    "service_areas",
    "simplify_isochrones",
    "timetable_isochrones",
    "travel_time_circle",
    "union_in_order",
    "zone_counties",
]
