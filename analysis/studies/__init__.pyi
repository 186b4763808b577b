from ._indicators import circle_people, county_indicators
from ._linkages import CITY_LINKS, CITY_TOTALS, linkages
from ._network import require_rail_near, require_roads_alone, road_names, roads_of, study_network, with_roads
from ._own_tables import (
    own_boundaries,
    roads_and_trains,
    study_boundaries,
    study_people,
    study_rail,
    study_timetable,
)
from ._panel import PANEL_COUNTIES, panel_counties
from ._rail_coverage import RailCoverage, rail_coverage
from ._reach import MEASURES, Ground, Reach
from ._results import StudyResults
from ._what_if import TRAINS, WhatIf, what_if
from ._years import (
    YEAR_BORDERS,
    YEAR_CIRCLES,
    YEAR_COUNTIES,
    past_years,
    year_borders,
    year_circles,
    year_counties,
)

__all__ = [
    "CITY_LINKS",
    "CITY_TOTALS",
    "MEASURES",
    "PANEL_COUNTIES",
    "TRAINS",
    "YEAR_BORDERS",
    "YEAR_CIRCLES",
    "YEAR_COUNTIES",
    "Ground",
    "RailCoverage",
    "Reach",
    "StudyResults",
    "WhatIf",
    "circle_people",
    "county_indicators",
    "linkages",
    "own_boundaries",
    "panel_counties",
    "past_years",
    "rail_coverage",
    "require_rail_near",
    "require_roads_alone",
    "road_names",
    "roads_and_trains",
    "roads_of",
    "study_boundaries",
    "study_network",
    "study_people",
    "study_rail",
    "study_timetable",
    "what_if",
    "with_roads",
    "year_borders",
    "year_circles",
    "year_counties",
]
