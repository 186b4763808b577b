from ._borders import border_counties, border_length_ranges, borders, county_border_ranges, junctions
from ._boundaries import SOURCES, Boundaries, cities, counties, provinces
from ._embedded import national_lines, shows_china
from ._english import english_name
from ._identity import same_place_pairs, same_places
from ._names import resolve_provinces, stem
from ._places import Place, origin_points, origins_table, place

__all__ = [
    "SOURCES",
    "Boundaries",
    "Place",
    "border_counties",
    "border_length_ranges",
    "borders",
    "cities",
    "counties",
    "county_border_ranges",
    "english_name",
    "junctions",
    "national_lines",
    "origin_points",
    "origins_table",
    "place",
    "provinces",
    "resolve_provinces",
    "same_place_pairs",
    "same_places",
    "shows_china",
    "stem",
]
