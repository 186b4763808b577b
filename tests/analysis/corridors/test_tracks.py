"""Corridors whose line on the ground is the user's."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from borderreach.analysis.corridors._comparison import minutes_between
from borderreach.analysis.corridors._corridors import add_corridors, corridors
from borderreach.analysis.corridors._files import Corridor, read_corridors
from borderreach.analysis.corridors._tracks import along_track, track_km
from borderreach.geo.errors import ConfigError, NetworkError
from borderreach.geo.networks import Links, build_network

#: East, then north: a right angle, stops at both ends and the corner.
LINE = shapely.LineString([(105.0, 29.0), (105.5, 29.0), (105.5, 29.4)])
FILE = """\
[[corridor]]
id = "mine"
name = "自拟线"
mode = "road"
status = "proposed"
status_date = 2024-01-01
design_speed_kph = 100
speed_factor = 1
geometry = "line.geojson"
stops = [
  { name = "甲", lon = 105.0, lat = 29.0, kind = "interchange", position = "existing" },
  { name = "乙", lon = 105.5, lat = 29.2, kind = "interchange", position = "existing" },
  { name = "丙", lon = 105.5, lat = 29.4, kind = "interchange", position = "existing" },
]
"""


def write(tmp_path, text=FILE):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def road():
    return build_network(
        [105.0, 105.5], [29.0, 29.4], Links([0], [1], [9e4], [9000.0]), access_speed_kph=25, max_access_km=1
    )


@pytest.mark.parametrize("name", ["line.geojson", "line.shp", "line.gpkg", "line.kml", "metres.gpkg"])
def test_a_line_from_every_kind_of_file(tmp_path, name):
    frame = gpd.GeoDataFrame({"Name": ["x"]}, geometry=[LINE], crs=4326)
    if name == "metres.gpkg":
        frame = frame.set_geometry(frame.geometry.segmentize(0.01)).to_crs(4545)
    frame.to_file(tmp_path / name, driver="KML" if name.endswith("kml") else None)
    one = read_corridors(write(tmp_path, FILE.replace("line.geojson", name)))[0]
    km = track_km(LINE.coords)
    assert one.lengths_km.sum() == pytest.approx(km, rel=1e-5)
    # 0.5 degrees of longitude, and half of 0.4 degrees of latitude, on the ellipsoid
    assert one.lengths_km == pytest.approx([48.72 + 22.17, 22.17], rel=1e-3)
    assert one.line.hausdorff_distance(LINE) < 1e-4
    assert corridors([one]).geometry[0].length == pytest.approx(LINE.length, rel=1e-4)
    there = minutes_between(add_corridors(road(), one), [(105.0, 29.0)], [(105.5, 29.4)])[0, 0]
    assert there == pytest.approx(km / 100 * 60, rel=1e-4)


def test_a_layer_of_several_and_parts_that_meet(tmp_path):
    parts = shapely.MultiLineString([[(105.5, 29.4), (105.5, 29.0)], [(105.0, 29.0), (105.5, 29.0)]])
    gpd.GeoDataFrame(geometry=[parts], crs=4326).to_file(tmp_path / "l.gpkg", layer="plan")
    gpd.GeoDataFrame(geometry=[shapely.Point(1, 2)], crs=4326).to_file(tmp_path / "l.gpkg", layer="other")
    text = FILE.replace('"line.geojson"', '{ file = "l.gpkg", layer = "plan" }')
    assert read_corridors(write(tmp_path, text))[0].lengths_km.sum() == pytest.approx(track_km(LINE.coords))
    every = read_corridors(write(tmp_path, FILE.replace("line.geojson", "l.gpkg")))[0]
    assert every.lengths_km.sum() == pytest.approx(track_km(LINE.coords))  # the layer of points has no line


def test_a_line_against_the_stops_and_a_ring(tmp_path):
    backwards = FILE.replace('"line.geojson"', str([list(c) for c in LINE.coords[::-1]]))
    one = read_corridors(write(tmp_path, backwards))[0]
    assert one.lengths_km.sum() == pytest.approx(track_km(LINE.coords))
    assert Corridor.model_validate(one.model_dump(mode="json")).lengths_km == pytest.approx(one.lengths_km)
    ring = [(105.0, 29.0), (105.5, 29.0), (105.5, 29.4), (105.0, 29.4), (105.0, 29.0)]
    stops = [(105.25, 29.0), (105.5, 29.2), (105.25, 29.4), (105.0, 29.2), (105.25, 29.0)]
    whole = Corridor.model_validate(
        {
            **one.model_dump(),
            "geometry": ring,
            "stops": [
                {"name": f"{k % 4}", "lon": lon, "lat": lat, "kind": "interchange", "position": "existing"}
                for k, (lon, lat) in enumerate(stops)
            ],
        }
    )
    assert whole.lengths_km.sum() == pytest.approx(track_km(ring), rel=1e-6)


def test_an_official_length_is_shared_out_along_the_line(tmp_path):
    text = FILE.replace('"line.geojson"', str([list(c) for c in LINE.coords])).replace(
        "design", "length_km = 100\ndesign"
    )
    lengths = read_corridors(write(tmp_path, text))[0].lengths_km
    assert lengths.sum() == pytest.approx(100)
    assert lengths[0] / lengths[1] == pytest.approx((48.72 + 22.17) / 22.17, rel=1e-3)


def test_positions_along_a_line():
    along, off = along_track(LINE.coords, np.array([(105.25, 29.0), (105.25, 29.01), (105.6, 29.4)]))
    assert along == pytest.approx([24.36, 24.36, track_km(LINE.coords)], rel=1e-3)
    assert off == pytest.approx([0, 1.1085, 9.70], abs=3e-2)  # a geodesic bends 26 m north of the parallel


def swap(text):
    lines = text.splitlines()
    lines[11], lines[12] = lines[12], lines[11]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (swap(FILE), 10, "out of order along the line of 'geometry': 乙 doesn't come after 丙"),
        (FILE.replace("lat = 29.2", "lat = 29.2, note = ''").replace("lon = 105.5, lat = 29.2", "lon = 105.6, lat = 29.2"), 10, "乙 lies 9.7 km off the line"),
        (FILE.replace("line.geojson", "none.geojson"), 9, "no file"),
        (FILE.replace("line.geojson", "points.geojson"), 9, "should hold a line, got Point"),
        (FILE.replace("line.geojson", "two.geojson"), 9, "2 lines that don't meet"),
        (FILE.replace("line.geojson", "bare.shp"), 9, "has no coordinate reference system"),
        (FILE.replace('"line.geojson"', "[[105.0, 29.0]]"), 9, "two different points"),
        (FILE.replace('"line.geojson"', "[[1e6, 29.0], [2e6, 3.0]]"), 9, "in degrees"),
        (FILE.replace('"line.geojson"', '{ fiel = "x" }'), 9, "path of a file"),
    ],
)  # fmt: skip
def test_faults_name_file_and_line(tmp_path, text, line, words):
    gpd.GeoSeries([LINE], crs=4326).to_file(tmp_path / "line.geojson")
    gpd.GeoSeries([shapely.Point(105, 29)], crs=4326).to_file(tmp_path / "points.geojson")
    apart = shapely.MultiLineString([[(105, 29), (105.1, 29)], [(105.2, 29), (105.3, 29)]])
    gpd.GeoSeries([apart], crs=4326).to_file(tmp_path / "two.geojson")
    gpd.GeoSeries([LINE], crs=4326).to_file(tmp_path / "bare.shp")
    (tmp_path / "bare.prj").unlink()
    with pytest.raises(ConfigError, match=rf"mine\.toml:{line}: .*{words}"):
        read_corridors(write(tmp_path, text))


def test_a_corridor_that_touches_nothing_names_file_and_line(tmp_path):
    far = FILE.replace("105.", "115.").replace('geometry = "line.geojson"\n', "")
    with pytest.raises(NetworkError, match=r"mine\.toml:1: corridor 'mine' touches nothing"):
        add_corridors(road(), read_corridors(write(tmp_path, far)))
