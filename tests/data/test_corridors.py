"""The embedded corridors: quotes, positions, lengths and times against what was published."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import shapely

from borderreach.analysis.corridors._corridors import corridor_joins, corridor_segments
from borderreach.analysis.corridors._files import corridor, corridor_ids, read_corridors
from borderreach.analysis.corridors._parts import Stop
from borderreach.data import path
from borderreach.geo.crs import local_crs
from borderreach.geo.networks._trunk import trunk_network
from borderreach.geo.places._boundaries import counties
from borderreach.geo.places._places import place

FILES = sorted(path("corridors").glob("*.toml"))
ALL = [one for file in FILES for one in read_corridors(file)]
#: Files whose stops' notes begin with the county that the stop lies in.
NOTED = ("zheminggan", "bazhong", "chengyugui", "guizhou")
STOPS = [
    (one.id, stop)
    for file in FILES
    if file.stem in NOTED
    for one in read_corridors(file)
    for stop in one.stops
]
#: Fastest published minutes and the service that they were taken for.
PUBLISHED = {
    ("banan-hsr", "直达"): 48,
    ("chengdu-nanchong-railway", "直达"): 88,
    ("chenggui-hsr", "直达"): 178,
    ("chengyi-hsr", "直达"): 73,
    ("chengyu-hsr", "直达"): 62,
    ("xicheng-hsr", "直达"): 207,
    ("yugui-railway", "直达"): 118,
    ("zhengyu-hsr", "直达"): 263,
}


def flat(text):
    """Text without blanks and bold marks: the texts break lines inside words."""
    return re.sub(r"[\s*]", "", text)


def test_every_text_has_corridors_and_every_id_is_known_once():
    assert {file.stem for file in FILES} >= {"yuqian", *NOTED}
    assert sorted(one.id for one in ALL) == sorted(corridor_ids())


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_quotes_stand_in_the_texts(one, reference):
    assert one.mentions
    for mention in one.mentions:
        text = (reference / "seeds" / mention.text).read_text(encoding="utf-8")
        assert flat(mention.words) in flat(text)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_lines_are_plausible(one):
    assert one.sources or one.status == "proposed"
    assert len(flat(one.name)) >= 3
    assert one.name_en
    straight = one.straight_km.sum()
    length = one.lengths_km.sum()
    assert 0.98 <= length / straight <= 1.6
    assert one.straight_km.min() > 1
    # no stop lies far off the way between its neighbours
    points = list(zip(one.stops, one.stops[1:], one.stops[2:], strict=False))
    for k, (a, b, c) in enumerate(points):
        way = one.straight_km[k] + one.straight_km[k + 1]
        assert way < 2.6 * distance_km(a, c) + 25, b.name
    if one.status == "open":
        assert one.opening_year is None or one.opening_year <= one.status_date.year
    if one.mode == "air":
        assert one.id.startswith("low-altitude")


def distance_km(a, b):
    line = shapely.LineString([(a.lon, a.lat), (b.lon, b.lat)])
    import geopandas as gpd

    return (
        gpd.GeoSeries([line], crs="EPSG:4326").to_crs(local_crs(lon=a.lon, lat=a.lat)).length.iloc[0] / 1000
    )


@pytest.fixture(scope="module")
def shapes():
    return counties().set_index("adcode").geometry


def test_stops_lie_in_the_counties_they_are_said_to(shapes):
    assert len(STOPS) > 250
    wrong = []
    for identifier, stop in STOPS:
        said = place(stop.note.split(";")[0], level="county")
        if not shapely.intersects_xy(shapes[said.adcode], stop.lon, stop.lat):
            wrong.append(f"{identifier}: {stop.name} isn't in {said}")
    assert not wrong


def test_stops_of_the_chongqing_guizhou_corridors_lie_there(shapes):
    inside = {500000, 520000}
    for identifier in ("yanyinsong-expressway", "yugui-hsr"):
        for stop in corridor(identifier).stops:
            found = shapes.index[shapely.intersects_xy(shapes.to_numpy(), stop.lon, stop.lat)]
            assert len(found) == 1
            assert found[0] // 10_000 * 10_000 in inside


def test_the_same_stop_stands_at_the_same_place_in_every_file():
    seen: dict[tuple[str, str], Stop] = {}
    for one in ALL:
        for stop in one.stops:
            if stop.kind == "station" and stop.note.split(";")[0] and one.id != "yugui-hsr":
                first = seen.setdefault((stop.name, stop.note.split(";")[0]), stop)
                assert first is stop or distance_km(first, stop) < 0.5, f"{one.id}: {stop.name}"


def test_every_corridor_meets_the_roads():
    joins = corridor_joins(trunk_network(speed_kph=88), [one.id for one in ALL])
    joined = joins.assign(joined=joins["node"] >= 0).groupby("corridor_id")["joined"].mean()
    assert (joined >= 0.5).all(), joined[joined < 0.5]


def test_trains_take_what_was_published():
    legs = corridor_segments([identifier for identifier, _ in PUBLISHED])
    minutes = legs.groupby(["corridor_id", "service"])["line_haul_min"].sum()
    for key, published in PUBLISHED.items():
        assert minutes[key] == pytest.approx(published, rel=0.025), key


def test_trains_to_bazhong_add_up_to_the_published_ones():
    legs = corridor_segments(["banan-hsr", "chengdu-nanchong-railway", "chongqing-nanchong-railway"])
    minutes = legs[legs["service"] == "直达"].groupby("corridor_id")["line_haul_min"].sum()
    assert minutes["banan-hsr"] + minutes["chengdu-nanchong-railway"] == pytest.approx(136, abs=2)
    assert minutes["banan-hsr"] + minutes["chongqing-nanchong-railway"] == pytest.approx(166, abs=3)


def test_the_roads_of_today_hold_what_is_open_and_nothing_that_is_planned():
    table = pd.read_csv(path("roads/sections.csv"))
    table = table[table["status"] != "doubtful"]
    told = [one for one in ALL if one.mode == "road"]
    open_ = {_bare(one.name): one.opening_year for one in told if one.status == "open" and one.opening_year}
    assert open_
    for name, year in open_.items():
        assert year in set(table.loc[table["name"] == name, "opened_year"]), name
    planned = {_bare(one.name) for one in told if one.status != "open"} - set(open_)
    assert planned
    assert not planned & set(table["name"])


def _bare(name: str) -> str:
    """Return a line's name without the section in brackets."""
    return name.split("（", maxsplit=1)[0]
