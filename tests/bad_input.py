"""Calls of every public function that work, and values that some of their arguments can't be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

import borderreach as br
from borderreach.analysis.batches._job import read_job
from borderreach.analysis.corridors._files import read_corridors
from borderreach.geo.errors import (
    AmbiguousPlaceError,
    BorderReachError,
    DataFileError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
    OffNetworkError,
    UnknownPlaceError,
)
from borderreach.geo.timetables import open_network, save_network

WEST, SOUTH = 106.24, 29.0


# Arguments that work


@cache
def network() -> br.TransportNetwork:
    """A road of 40 km."""
    return br.build_network(
        [WEST, WEST + 0.2, WEST + 0.4],
        [SOUTH] * 3,
        br.Links([0, 1], [1, 2], [2e4, 2e4], [900.0, 900.0]),
        access_speed_kph=25,
        max_access_km=10,
    )


@cache
def units() -> gpd.GeoDataFrame:
    """Counties of two provinces, one beside the other."""
    return br.counties(provinces=["重庆", "贵州"])


@cache
def lines() -> gpd.GeoDataFrame:
    return br.borders(units())


@cache
def points() -> gpd.GeoDataFrame:
    return br.origins_table([(WEST, SOUTH), (WEST + 0.4, SOUTH)])


@cache
def areas() -> gpd.GeoDataFrame:
    return br.isochrones(network(), points(), cutoffs_min=30)


@cache
def zones() -> gpd.GeoDataFrame:
    return br.commuting_zone(network(), points(), minutes=30)


@cache
def found_crossings() -> gpd.GeoDataFrame:
    return br.crossings(network(), units())


@cache
def found_gaps() -> gpd.GeoDataFrame:
    return br.gaps(network(), units(), lines())


@cache
def minutes_table() -> pd.DataFrame:
    return br.travel_times(network(), points(), points()).replace(
        {
            "from_id": dict(zip(points()["origin_id"], "12", strict=True)),
            "to_id": dict(zip(points()["origin_id"], "12", strict=True)),
        }
    )


@cache
def province_points() -> gpd.GeoDataFrame:
    return points().assign(province=["甲", "乙"], adcode=[1, 2], name=["甲", "乙"], people=[1.0, 2.0])


@cache
def edges_and_nodes() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    return network().to_geodataframes()


@cache
def peopled() -> gpd.GeoDataFrame:
    return br.with_people(units())


def two_calls() -> pd.DataFrame:
    calls = {"train": ["G1", "G1"], "stop_no": [1, 2], "station": ["重庆北", "成都东"]}
    return pd.DataFrame({**calls, "arrive": ["", "9:30"], "depart": ["8:00", ""]})


@cache
def trains() -> br.Timetable:
    return br.timetable(two_calls())


def flights() -> pd.DataFrame:
    return pd.DataFrame({"from_iata": ["PEK"], "to_iata": ["CKG"], "minutes": [170.0]})


#: Function -> arguments with which it works.
WORKS: dict[str, Callable[[], dict[str, Any]]] = {
    "add_corridors": lambda: {"network": network(), "corridors": []},
    "border_counties": lambda: {"counties": units()},
    "border_crossings": lambda: {"crossings": found_crossings(), "borders": lines()},
    "border_effect": lambda: {"times": minutes_table(), "places": province_points()},
    "borders": lambda: {"counties": units()},
    "build_network": lambda: {
        "node_lon": [106.0, 106.1],
        "node_lat": [29.0, 29.0],
        "links": br.Links([0], [1], [9e3], [600.0]),
    },
    "changed_network": lambda: {"network": network(), "close": True},
    "circle_overlap": lambda: {"network": network(), "centres": points(), "cutoff_min": 10},
    "cities": dict,
    "close_gaps": lambda: {"network": network(), "gaps": found_gaps(), "speed_kph": 40.0},
    "commuting_zone": lambda: {"network": network(), "centre": (WEST, SOUTH)},
    "compare": lambda: {"base": network(), "scenario": network(), "origins": points()},
    "corridor_stops": dict,
    "corridors": dict,
    "counties": dict,
    "missing_links": lambda: {"network": network(), "places": points(), "provinces": ["甲", "甲"]},
    "best_corridors": lambda: {"base": network(), "candidates": [], "places": points(), "budget": 10.0},
    "critical_links": lambda: {"network": network(), "places": points()},
    "critical_pairs": lambda: {"network": network(), "places": points(), "links": [0, 1]},
    "crossings": lambda: {"network": network(), "counties": units()},
    "network_info": lambda: {"network": network()},
    "read_network": lambda: {"roads": "trunk"},
    "datasets": dict,
    "efficiency_across_borders": lambda: {"times": minutes_table(), "places": province_points()},
    "gaps": lambda: {"network": network(), "counties": units(), "borders": lines()},
    "gcj02_to_wgs84": lambda: {"lon": 106.0, "lat": 29.0},
    "inside_probability": lambda: {"minutes": [50.0], "cutoff_min": 60.0, "relative_error": 0.1},
    "isochrones": lambda: {"network": network(), "origins": (WEST, SOUTH), "cutoffs_min": 10},
    "clip_isochrones": lambda: {"isochrones": areas(), "area": units()},
    "scenario_isochrones": lambda: {
        "networks": {"base": network()},
        "origins": (WEST, SOUTH),
        "cutoffs_min": 10,
    },
    "simplify_isochrones": lambda: {"isochrones": areas(), "tolerance_m": 300},
    "junctions": lambda: {"counties": units()},
    "nearest_group": lambda: {"network": network(), "places": points(), "members": "yuqian"},
    "network_from_geodataframes": lambda: dict(zip(("nodes", "edges"), edges_and_nodes(), strict=True)),
    "origins_table": lambda: {"origins": (WEST, SOUTH)},
    "place": lambda: {"query": "綦江区"},
    "provinces": dict,
    "read_batch": lambda: {"out": "{tmp}", "table": "zones"},
    "run_batch": lambda: {"job": "{tmp}/job.toml", "out": "{tmp}/out"},
    "run_study": lambda: {"study_or_name": "yuqian"},
    "save_border_maps": lambda: {"results": "results", "out": "{tmp}/maps"},
    "save_map": lambda: {"m": "map", "path": "{tmp}/map.html"},
    "service_areas": lambda: {"network": network(), "centres": (WEST, SOUTH), "cutoff_min": 10},
    "study": lambda: {"name_or_path": "yuqian"},
    "study_run": lambda: {"study_or_name": "yuqian"},
    "study_ground": lambda: {"study_or_name": "yuqian"},
    "charts_of": lambda: {"results": "results"},
    "study_chart": lambda: {"results": "results", "kind": "minutes"},
    "study_figure": lambda: {"results": "results"},
    "study_map": lambda: {"results": "results"},
    "terrain_isochrones": lambda: {
        "network": network(),
        "origins": (WEST, SOUTH),
        "speed": "{tmp}/speed.tif",
        "cutoffs_min": 10,
    },
    "travel_time_circle": lambda: {"isochrones": areas()},
    "travel_times": lambda: {"network": network(), "origins": points(), "destinations": points()},
    "trunk_network": dict,
    "yardsticks": lambda: {"network": network(), "places": province_points(), "cities": province_points()},
    "years_panel": lambda: {"study_or_name": "yuqian", "years": [2020]},
    "wgs84_to_gcj02": lambda: {"lon": 106.0, "lat": 29.0},
    "wgs84_to_bd09": lambda: {"lon": 106.0, "lat": 29.0},
    "bd09_to_wgs84": lambda: {"lon": 106.0, "lat": 29.0},
    "calibration_error": lambda: {"known_hours": [1.0, 2.0], "modelled_hours": [1.1, 1.9]},
    "classify_counties": lambda: {
        "counties": pd.DataFrame({"adcode": [1, 2]}),
        "to_cores": minutes_table(),
        "between_cores": minutes_table(),
    },
    "contributions": lambda: {
        "ids": ["a"],
        "measures": ["km"],
        "value": lambda: lambda ids: [float(len(ids))],
    },
    "corridor_joins": lambda: {"network": network(), "study_or_ids": []},
    "corridor_overlap": lambda: {"network": network(), "corridors": []},
    "corridor_replaces": lambda: {"network": network(), "corridors": []},
    "corridor_segments": lambda: {"study_or_ids": "yuqian"},
    "minutes_between": lambda: {"network": network(), "origins": points(), "destinations": points()},
    "network_from_lines": lambda: {
        "roads": gpd.GeoDataFrame(
            {"speed_kph": [60.0]}, geometry=[shapely.LineString([(106, 29), (106.1, 29)])], crs=4326
        )
    },
    "people_by_rule": lambda: {"areas": areas(), "counties": peopled(), "network": network()},
    "people_in_raster": lambda: {"areas": areas(), "raster": "{tmp}/none.tif"},
    "read_claims": lambda: {"path": "{tmp}/none.toml"},
    "read_points": lambda: {"path": "{points.geojson}"},
    "reference_isochrone": lambda: {"network": network(), "origin": (WEST, SOUTH), "cutoff_min": 10},
    "speed_table": dict,
    "with_railways": lambda: {"road": network(), "rail": "none"},
    "with_border_penalty": lambda: {
        "network": network(),
        "crossings": found_crossings(),
        "minutes": 10.0,
    },
    "zone_counties": lambda: {"zones": zones(), "counties": units()},
    "air_network": lambda: {"airports": br.airports(), "flights": flights()},
    "airports": dict,
    "timetable": lambda: {"source": two_calls()},
    "with_corridor_trains": lambda: {"timetable": trains(), "study_or_ids": "yuqian"},
    "save_timetable": lambda: {"timetable": trains(), "path": "{tmp}/trains.parquet"},
    "open_timetable": lambda: {"path": "{tmp}/trains.parquet"},
    "timetable_times": lambda: {"network": network(), "timetable": trains(), "origins": points()},
    "timetable_network": lambda: {"road": network(), "timetable": trains()},
    "timetable_isochrones": lambda: {
        "network": network(),
        "timetable": trains(),
        "origins": points(),
        "cutoffs_min": 10,
    },
    "day_trips": lambda: {
        "network": network(),
        "timetable": trains(),
        "homes": points(),
        "destinations": points(),
    },
    "gtfs_rail_network": lambda: {"path": "{tmp}/feed.zip"},
    "join_networks": lambda: {"road": network(), "rail": br.rail_network()},
    "journey_components": lambda: {
        "network": network(),
        "pairs": [((WEST, SOUTH), (WEST + 0.4, SOUTH))],
    },
    "audit_claims": lambda: {"study": "yuqian"},
    "base_map": lambda: {"source": "osm"},
    "audit_isochrones": lambda: {"network": network(), "isochrones": areas()},
    "claim_paragraphs": dict,
    "claim_sentences": dict,
    "group_cohesion": lambda: {"base": network(), "members": "yuqian"},
    "group_times": lambda: {"base": network(), "members": "yuqian"},
    "groups": dict,
    "od_matrix": lambda: {"network": network(), "origins": points()},
    "people": dict,
    "people_points": lambda: {"counties": peopled(), "rule": "seat"},
    "people_within": lambda: {"areas": areas(), "points": br.people_points(peopled(), rule="seat")},
    "with_people": lambda: {"counties": units()},
    "write_od_matrix": lambda: {"network": network(), "origins": points(), "out": "{tmp}/m.parquet"},
    # nothing listens there: a test that got past its argument would fail at once
    "osm_network": lambda: {
        "where": (106.0, 29.0, 106.01, 29.01),
        "overpass_urls": "http://localhost:1/api",
        "nominatim_url": "http://localhost:1/",
        "timeout_s": 1,
        "cache_folder": "{tmp}/cache",
    },
    "pbf_network": lambda: {"path": "{file:junk.osm.pbf}"},
    "fetch": lambda: {
        "name": "iceland",
        "mirrors": "http://localhost:1",
        "timeout_s": 1,
        "cache_folder": "{tmp}/cache",
    },
    "rail_network": dict,
    "rail_sections": dict,
    "rail_stations": dict,
    # file readers that aren't among the public names
    "open_network": lambda: {"path": "{tmp}/file"},
    "save_network": lambda: {"network": network(), "path": "{tmp}/file"},
    "read_corridors": lambda: {"path": "{tmp}/file.toml"},
    "read_job": lambda: {"job": "{tmp}/file.toml"},
}
READERS: dict[str, Callable[..., Any]] = {
    "open_network": open_network,
    "save_network": save_network,
    "read_corridors": read_corridors,
    "read_job": read_job,
}
CLASSES = {name for name in br.__all__ if isinstance(getattr(br, name), type)}


class Case(NamedTuple):
    """A call that must fail; a value that can be called makes the argument when the test runs."""

    function: str
    changes: dict[str, Any]
    error: type[BorderReachError]
    words: str


def each(functions: str, argument: str, values: list[tuple[Any, type[BorderReachError], str]]) -> list[Case]:
    return [
        Case(function, {argument: value}, error, words)
        for function in functions.split()
        for value, error, words in values
    ]


def without(frame: Callable[[], gpd.GeoDataFrame], column: str) -> Callable[[], gpd.GeoDataFrame]:
    return lambda: frame().drop(columns=column)


def without_crs(frame: Callable[[], gpd.GeoDataFrame]) -> Callable[[], gpd.GeoDataFrame]:
    return lambda: gpd.GeoDataFrame(frame().to_crs(4326).set_crs(None, allow_override=True))


def with_missing(frame: Callable[[], gpd.GeoDataFrame]) -> Callable[[], gpd.GeoDataFrame]:
    def change() -> gpd.GeoDataFrame:
        changed = frame().copy()
        changed.loc[changed.index[0], "geometry"] = None
        return changed

    return change


def as_lines(frame: Callable[[], gpd.GeoDataFrame]) -> Callable[[], gpd.GeoDataFrame]:
    return lambda: frame().assign(geometry=shapely.LineString([(106, 29), (107, 29)]))


def plain(frame: Callable[[], gpd.GeoDataFrame]) -> Callable[[], pd.DataFrame]:
    return lambda: pd.DataFrame(frame().drop(columns="geometry"))


def not_a_number(name: str, *, optional: bool = False) -> list[tuple[Any, type[BorderReachError], str]]:
    found: list[tuple[Any, type[BorderReachError], str]] = [
        ("fast", InputTypeError, f"'{name}' 'fast'"),
        (True, InputTypeError, f"'{name}' True"),
        (math.nan, InputError, f"'{name}' finite"),
        (math.inf, InputError, f"'{name}' finite"),
        ([1], InputTypeError, f"'{name}' [1]"),
    ]
    return found if optional else [*found, (None, InputTypeError, f"'{name}' None")]


NOT_A_NETWORK: list[tuple[Any, type[BorderReachError], str]] = [
    (None, InputTypeError, "TransportNetwork NoneType"),
    ("trunk", InputTypeError, "TransportNetwork str"),
    (units, InputTypeError, "TransportNetwork GeoDataFrame"),
]
NOT_ORIGINS: list[tuple[Any, type[BorderReachError], str]] = [
    (None, InputTypeError, "NoneType"),
    ([], EmptyInputError, "empty"),
    (3.5, InputTypeError, "float"),
    ("乌有县", UnknownPlaceError, "乌有县"),
    ("鼓楼区", AmbiguousPlaceError, "鼓楼区 350102"),
    (99, UnknownPlaceError, "99"),
    ([None], InputTypeError, "None"),
    ((29.0, 106.2), InputError, "swapped"),
    ((math.nan, 29.0), InputError, "nan"),
    (lambda: points().iloc[:0], EmptyInputError, "no rows"),
    (without_crs(points), MissingCRSError, "set_crs"),
    (with_missing(points), GeometryTypeError, "missing or empty"),
    (as_lines(points), GeometryTypeError, "LineString"),
    (lambda: plain(points)().drop(columns=["lon"]), BorderReachError, "lon"),
]
OFF: list[tuple[Any, type[BorderReachError], str]] = [
    ((124.0, 29.0), OffNetworkError, "farther from the network with_access"),
]
NOT_POLYGONS: list[tuple[Any, type[BorderReachError], str]] = [
    (None, InputTypeError, "'counties' GeoDataFrame NoneType"),
    ("tianditu", InputTypeError, "'counties' GeoDataFrame str"),
    (plain(units), InputTypeError, "'counties' GeoDataFrame"),
    (without_crs(units), MissingCRSError, "'counties' set_crs"),
    (with_missing(units), GeometryTypeError, "'counties' missing or empty"),
    (without(units, "adcode"), MissingColumnError, "'counties' 'adcode'"),
]
FILES = "provinces cities counties"
NOT_A_SOURCE: list[tuple[Any, type[BorderReachError], str]] = [
    (3, InputTypeError, "'source' int"),
    (None, InputTypeError, "'source' NoneType"),
    ("tianditü", InputError, "'source' tianditü"),
    ("none.gpkg", InputError, "'source' none.gpkg"),
    ("/vsicurl/http://localhost/x.gpkg", InputError, "'source' vsicurl"),
    ("x\0y", InputError, "'source'"),
    ("{tmp}", DataFileError, "can't be read"),
    ("{file:junk.gpkg}", DataFileError, "junk.gpkg"),
    ("{file:junk.geojson}", DataFileError, "junk.geojson"),
    ("{file:junk.shp}", DataFileError, "junk.shp"),
    ("{file:junk.parquet}", DataFileError, "junk.parquet"),
    ("{vrt}", DataFileError, "address"),
    ("{points.geojson}", MissingColumnError, "columns="),
]


TOML = {
    "large": b"#" * 1_000_001,
    "deep": b"a = " + b"[" * 100_000,
    "digits": b"a = 1" + b"0" * 10_000,
    "bytes": b"a = '\xff'",
    "empty": b"",
    "twice": b"a = 1\na = 2",
    "unknown": b"colour = 'red'",
    "many": b"\n".join(b"k%d=1" % k for k in range(60_000)),
}


def prepared(value: Any, tmp_path: Path) -> Any:
    """Fill in what a case couldn't hold: folders, files, frames."""
    if isinstance(value, dict):
        return value
    if callable(value) and not isinstance(value, type):
        return value()
    if not isinstance(value, str):
        return value
    if match := re.fullmatch(r"\{file:(.*)\}", value):
        path = tmp_path / match[1]
        path.write_bytes(b"\x00\x01junk = = \xff{")
        return str(path)
    if match := re.fullmatch(r"\{toml:(.*)\}", value):
        path = tmp_path / "case.toml"
        path.write_bytes(TOML[match[1]])
        return str(path)
    if value == "{vrt}":
        path = tmp_path / "cloud.gpkg"
        path.write_text('<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>')
        return str(path)
    if value == "{empty}":
        (tmp_path / "empty").touch()
        return str(tmp_path / "empty")
    if value == "{points.geojson}":
        path = tmp_path / "points.geojson"
        gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.Point(106, 29)], crs=4326).to_file(path)
        return str(path)
    return value.replace("{tmp}", str(tmp_path))
