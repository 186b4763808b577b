"""A folder of files in all the forms in which people hold them, through every reader."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from borderreach.analysis.corridors import read_corridors
from borderreach.analysis.indicators import people, with_people
from borderreach.geo.crs import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from borderreach.geo.errors import (
    BorderReachError,
    DataFileError,
    GeometryTypeError,
    InputError,
    MissingColumnError,
    MissingCRSError,
)
from borderreach.geo.files import read_line, read_points, read_table
from borderreach.geo.networks import rail_stations
from borderreach.geo.places import borders, counties, origins_table, place, provinces

from .forms import kml, placemark, squares, write_geojson, write_text, write_xlsx

LON, LAT = 113.85, 27.62
LINE = shapely.LineString([(113.2, 28.2), (113.6, 28.1), (113.85, 27.65)])
ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le")
GCJ = tuple(float(v) for v in wgs84_to_gcj02(LON, LAT))
BD = tuple(float(v) for v in wgs84_to_bd09(LON, LAT))

POINTS = {
    "ours": (("origin_name", "lon", "lat"), ("东山站", LON, LAT)),
    "chinese": (("名称", "经度", "纬度"), ("东山站", LON, LAT)),
    "maps": (("name", "lng", "lat"), ("东山站", LON, LAT)),
    "xy": (("县名", "X", "Y", "备注"), ("东山站", LON, LAT, "新建")),
    "units": (("名称", "经度(°)", "纬度（°）"), ("东山站", LON, LAT)),
    "degrees": (("名称", "经度", "纬度"), ("东山站", "113°51′0″", "北纬27度37分12秒")),
    "gcj header": (("名称", "lng_gcj02", "lat_gcj02"), ("东山站", *GCJ)),
    "baidu header": (("名称", "百度经度", "百度纬度"), ("东山站", *BD)),
}


def rows(form: str) -> list[tuple[object, ...]]:
    return list(POINTS[form])


def write_points(folder: Path, form: str, kind: str) -> Path:
    path = folder / f"points.{kind.split(maxsplit=1)[0]}"
    if kind == "xlsx":
        return write_xlsx(path, {"说明": [["毗邻区县站点"]], "站点": rows(form)})
    if kind == "xlsx titled":
        return write_xlsx(path.with_suffix(".xlsx"), {"Sheet1": [["表1 站点一览"], [], *rows(form)]})
    if kind == "parquet":
        header, *body = rows(form)
        pd.DataFrame(body, columns=[str(name) for name in header]).to_parquet(path)
        return path
    if kind == "txt tabs":  # what Excel calls Unicode text
        return write_text(path, rows(form), encoding="utf-16", between="\t")
    return write_text(path.with_suffix(".csv"), rows(form), encoding=kind.rsplit(maxsplit=1)[-1])


KINDS = (*(f"csv {encoding}" for encoding in ENCODINGS), "xlsx", "xlsx titled", "parquet", "txt tabs")


@pytest.mark.parametrize("form", POINTS)
@pytest.mark.parametrize("kind", KINDS)
def test_points_in_every_form(tmp_path, form, kind):
    found = read_points(write_points(tmp_path, form, kind))
    table = origins_table(found)
    assert table["origin_name"].tolist() == ["东山站"]
    assert table["lon"].item() == pytest.approx(LON, abs=1e-7)
    assert table["lat"].item() == pytest.approx(LAT, abs=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_people_in_every_form(tmp_path, kind):
    POINTS["people"] = (("行政区划代码", "区县名称", "常住人口（万人）"), (360302000000, "东山区", 52.0))
    try:
        table = people(write_points(tmp_path, "people", kind))
    finally:
        del POINTS["people"]
    assert table["adcode"].tolist() == [360302]
    assert table["people"].tolist() == [520_000.0]
    assert table["name"].tolist() == ["东山区"]


@pytest.mark.parametrize("kind", KINDS)
def test_stations_in_every_form(tmp_path, kind):
    header = ("车站编号", "站名", "经度", "纬度", "来源")
    POINTS["stations"] = (header, ("东山", "东山", "113°51′0″", "27.62", "规划图"))
    try:
        path = write_points(tmp_path, "stations", kind)
    finally:
        del POINTS["stations"]
    table = rail_stations(path)
    assert (table["name"].item(), table["station_id"].item()) == ("东山", "东山")
    assert (table["lon"].item(), table["lat"].item()) == pytest.approx((LON, LAT))
    moved = rail_stations(path, datum="BD-09")
    assert wgs84_to_bd09(moved["lon"].item(), moved["lat"].item()) == pytest.approx((LON, LAT), abs=1e-7)


BOUNDARIES = (
    "gpkg",
    "geojson",
    "shp",
    "shp gbk",
    "shp metres",
    "parquet",
    "kml-like names",
    "frame",
    "datav",
    "map",
)


def write_units(folder: Path, kind: str) -> tuple[Any, dict[str, Any]]:
    units = squares()
    if kind == "frame":
        return units, {}
    if kind == "datav":  # GCJ-02 under a name that says WGS 84, with the dashed line
        moved = shapely.transform(
            units.geometry.to_numpy(), lambda c: np.column_stack(wgs84_to_gcj02(c[:, 0], c[:, 1]))
        )
        features = [
            (
                {
                    "adcode": int(code),
                    "name": name,
                    "level": "district",
                    "acroutes": [100000],
                    "subFeatureIndex": 0,
                },
                shape,
            )
            for code, name, shape in zip(units["adcode"], units["name"], moved, strict=True)
        ]
        features.append(({"adcode": "100000_JD", "name": "", "adchar": "JD"}, shapely.box(112, 10, 113, 11)))
        return write_geojson(folder / "full.json", features), {"crs": "GCJ-02"}
    if kind == "map":
        mapped = units.rename(columns={"adcode": "gid", "name": "title"})
        mapped.to_file(folder / "u.gpkg")
        return folder / "u.gpkg", {"columns": {"adcode": "gid", "name": "title"}}
    if kind == "kml-like names":
        path = folder / "u.geojson"
        features = [
            ({"PAC": str(c), "NAME": n}, s)
            for c, n, s in zip(units.adcode, units.name, units.geometry, strict=True)
        ]
        return write_geojson(path, features), {}
    path = folder / f"u.{kind.split(maxsplit=1)[0]}"
    if kind == "parquet":
        units.to_parquet(path)
    elif kind == "shp gbk":
        units.rename(columns={"adcode": "区划代码", "name": "名称"}).to_file(path, encoding="GBK")
        path.with_suffix(".cpg").unlink()
    elif kind == "shp metres":
        units.to_crs(4547).to_file(path, encoding="utf-8")
        path.with_suffix(".prj").unlink()
        return path, {"crs": "EPSG:4547"}
    else:
        units.to_file(path, **({"encoding": "utf-8"} if kind == "shp" else {}))
    return path, {}


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_boundaries_in_every_form(tmp_path, kind):
    source, options = write_units(tmp_path, kind)
    found = counties(source, **options).sort_values("adcode")
    known = squares().sort_values("adcode")
    assert found["adcode"].tolist() == known["adcode"].tolist()
    assert found["name"].tolist() == known["name"].tolist()
    assert set(found["province"]) == {"江西省", "湖南省"}
    assert shapely.hausdorff_distance(found.geometry.to_numpy(), known.geometry.to_numpy()).max() < 1e-5
    (line,) = borders(found).itertuples()
    assert line.length_km == pytest.approx(110.8, abs=0.3)  # a degree of the meridian at 27.5 N


def write_lines(folder: Path, kind: str) -> tuple[Path, dict[str, Any]]:
    path = folder / f"line.{kind.split(maxsplit=1)[0]}"
    station = placemark("甲站", shapely.Point(LINE.coords[0]))
    if kind == "kml":
        path.write_text(kml(station + placemark("线", LINE)), encoding="utf-8")
    elif kind == "kml folders":
        folders = f"<Folder><name>站</name>{station}</Folder><Folder><name>线</name>{placemark('线', LINE)}</Folder>"
        path.write_text(kml(folders), encoding="utf-8")
    elif kind == "kml gap":  # 9 m between the parts, the second drawn the other way
        a = shapely.LineString(LINE.coords[:2])
        b = shapely.LineString([LINE.coords[2], (113.60009, 28.1)])
        path.write_text(kml(placemark("a", a) + placemark("b", b)), encoding="utf-8")
    elif kind in ("kmz", "ovkmz"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("doc.kml" if kind == "kmz" else "line.ovkml", kml(placemark("线", LINE)))
    elif kind == "ovkml":
        moved = shapely.LineString(np.column_stack(wgs84_to_gcj02(*np.array(LINE.coords).T)))
        path.write_text(kml(placemark("线", moved, datum="GCJ02")), encoding="utf-8")
    elif kind.startswith("gpx"):
        tag = {"gpx track": ("trk><trkseg", "trkpt", "trkseg></trk"), "gpx route": ("rte", "rtept", "rte")}[
            kind
        ]
        points = "".join(f'<{tag[1]} lat="{lat}" lon="{lon}"/>' for lon, lat in LINE.coords)
        head = (
            '<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">'
        )
        waypoint = '<wpt lat="28.2" lon="113.2"><name>甲</name></wpt>'
        path.write_text(f"{head}{waypoint}<{tag[0]}>{points}</{tag[2]}></gpx>", encoding="utf-8")
    elif kind == "csv":
        write_text(path, [("经度", "纬度"), *LINE.coords], encoding="gbk")
    elif kind == "xlsx":
        write_xlsx(path, {"线": [("序号", "经度", "纬度"), *((n, *p) for n, p in enumerate(LINE.coords, 1))]})
    else:
        gpd.GeoDataFrame({"name": ["线"]}, geometry=[LINE], crs=4326).to_crs(
            4547 if kind == "shp metres" else 4326
        ).to_file(path, **({"encoding": "utf-8"} if "shp" in kind else {}))
    return path, {}


LINES = (
    "kml", "kml folders", "kml gap", "kmz", "ovkmz", "ovkml", "gpx track", "gpx route", "csv", "xlsx", "gpkg",
    "shp", "shp metres", "geojson",
)  # fmt: skip


@pytest.mark.parametrize("kind", LINES)
def test_lines_in_every_form(tmp_path, kind):
    path, options = write_lines(tmp_path, kind)
    found = shapely.LineString(read_line(path, **options))
    assert found.hausdorff_distance(LINE) < 1e-4 if kind == "kml gap" else 1e-6
    assert {tuple(np.round(found.coords[end], 4)) for end in (0, -1)} == {LINE.coords[0], LINE.coords[-1]}


def corridor_text(name: str, more: str = "") -> str:
    (a, b), (c, d) = LINE.coords[0], LINE.coords[-1]
    return f"""\
[[corridor]]
id = "new"
name = "新线"
mode = "rail"
status = "planned"
status_date = 2025-01-01
design_speed_kph = 250
geometry = {name}
{more}stops = [
  {{ name = "甲", lon = {a}, lat = {b}, kind = "station", position = "existing" }},
  {{ name = "乙", lon = {c}, lat = {d}, kind = "station", position = "existing" }},
]
"""


@pytest.mark.parametrize("kind", LINES)
def test_corridors_take_lines_in_every_form(tmp_path, kind):
    path, _ = write_lines(tmp_path, kind)
    file = tmp_path / "c.toml"
    file.write_text(corridor_text(f'"{path.name}"'), encoding="utf-8")
    (one,) = read_corridors(file)
    assert one.line.hausdorff_distance(LINE) < 1e-4


class TestWhereCoordinatesCannotBe:
    """Metres, degrees and their order: what can't be where it says is refused, with the remedy."""

    def metres(self, path: Path, **members: object) -> Path:
        units = squares().to_crs(3857)
        rows = [
            ({"adcode": int(c), "name": n}, s)
            for c, n, s in zip(units.adcode, units.name, units.geometry, strict=True)
        ]
        return write_geojson(path, rows, **members)

    def test_metres_without_a_system(self, tmp_path):
        file = self.metres(tmp_path / "m.geojson")
        with pytest.raises(
            MissingCRSError, match=r"m\.geojson names no coordinate system .* metres; .*crs='EPSG:3857'"
        ):
            counties(file)
        found = counties(file, crs="EPSG:3857")  # what GDAL assumes isn't what the file says
        assert found.geometry.iloc[0].hausdorff_distance(squares().geometry.iloc[0]) < 1e-6

    def test_metres_declared_as_degrees(self, tmp_path):
        member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
        file = self.metres(tmp_path / "m.geojson", crs=member)
        with pytest.raises(MissingCRSError, match="degrees, but has coordinates"):
            counties(file)
        assert len(counties(file, crs="EPSG:3857")) == 4

    def test_degrees_declared_as_metres(self, tmp_path):
        file = tmp_path / "d.gpkg"
        squares().set_crs(4547, allow_override=True).to_file(file)
        with pytest.raises(InputError, match=r"EPSG:4547, metres, but has .* degrees; give crs='EPSG:4326'"):
            counties(file)
        assert len(counties(file, crs="EPSG:4326")) == 4

    def test_another_zone(self, tmp_path):
        file = tmp_path / "z.gpkg"
        squares().to_crs(4526).set_crs(4547, allow_override=True).to_file(
            file
        )  # 38,500,000 without its number
        with pytest.raises(InputError, match="another zone"):
            counties(file)

    @pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp", "parquet", "frame"])
    def test_swapped(self, tmp_path, suffix):
        units = squares()
        turned = shapely.transform(units.geometry.to_numpy(), lambda c: c[:, ::-1])
        swapped = units.set_geometry(gpd.GeoSeries(turned, crs=4326))
        source: object = swapped
        if suffix == "parquet":
            source = tmp_path / "s.parquet"
            swapped.to_parquet(source)
        elif suffix != "frame":
            source = tmp_path / f"s.{suffix}"
            swapped.to_file(source, **({"encoding": "utf-8"} if suffix == "shp" else {}))
        with pytest.raises(InputError, match="swapped"):
            counties(source)

    def test_swapped_where_both_could_be_latitudes(self):
        """In the west of China a longitude is a latitude as well: known units tell."""
        own = counties(provinces="西藏")[["adcode", "name", "geometry"]]
        own = own[own.bounds.maxx.to_numpy() < 89].iloc[:6]
        assert len(own) == 6
        turned = shapely.transform(own.geometry.to_numpy(), lambda c: c[:, ::-1])
        with pytest.raises(InputError, match="swapped"):
            counties(own.set_geometry(gpd.GeoSeries(turned, index=own.index, crs=4326)))

    @pytest.mark.parametrize(("lon", "lat", "words"), [(LAT, LON, "swapped"), (4.1e5, 3.1e6, "metres")])
    def test_points(self, tmp_path, lon, lat, words):
        file = write_text(tmp_path / "p.csv", [("名称", "经度", "纬度"), ("甲", lon, lat)])
        with pytest.raises(InputError, match=rf"p\.csv, row 2: .*{words}"):
            read_points(file)

    @pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
    def test_a_datum_is_one_of_degrees(self, tmp_path, crs):
        with pytest.raises(MissingCRSError, match="metres"):
            counties(self.metres(tmp_path / "m.geojson"), crs=crs)


class TestDatums:
    def moved(self, datum):
        own = counties(provinces="江西")[["adcode", "name", "geometry"]].iloc[:30]
        shift = {"GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09, "WGS84": lambda x, y: (x, y)}[datum]
        there = shapely.transform(own.geometry.to_numpy(), lambda c: np.column_stack(shift(c[:, 0], c[:, 1])))
        return own, own.set_geometry(gpd.GeoSeries(there, index=own.index, crs=4326))

    @pytest.mark.parametrize("datum", ["GCJ-02", "BD-09"])
    @pytest.mark.parametrize(
        "columns", [("adcode", "name"), ("adcode", "name", "acroutes", "subFeatureIndex")]
    )
    def test_a_datum_shows_in_the_distance_from_known_units(self, tmp_path, datum, columns):
        own, moved = self.moved(datum)
        for name in columns[2:]:
            moved[name] = "0"
        moved.to_file(tmp_path / "jiangxi.geojson")
        with pytest.raises(InputError, match=rf"30 units lie \d+ m from .*crs='{datum}'"):
            counties(tmp_path / "jiangxi.geojson")
        found = counties(tmp_path / "jiangxi.geojson", crs=datum)
        assert shapely.hausdorff_distance(found.geometry.to_numpy(), own.geometry.to_numpy()).max() < 1e-6

    def test_bd09_is_that_of_the_published_transform(self):
        """The published GCJ-02 and BD-09 of one point: BD-09 is reached from GCJ-02 (coordtransform, 116.404 39.915)."""
        lon, lat = gcj02_to_wgs84(116.404, 39.915)
        assert wgs84_to_bd09(lon, lat) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-8)
        back = bd09_to_wgs84(*wgs84_to_bd09(np.array([75.0, 104.0, 134.0]), np.array([39.0, 30.0, 48.0])))
        assert np.allclose(back, [[75.0, 104.0, 134.0], [39.0, 30.0, 48.0]], atol=1e-8)

    def test_what_lies_where_it_should_passes(self):
        _, same = self.moved("WGS84")
        assert len(counties(same)) == 30

    def test_columns_alone_are_told(self, caplog):
        units = squares().assign(acroutes="[]", childrenNum=0)
        with caplog.at_level(logging.WARNING, logger="borderreach"):
            counties(units)
        assert "DataV's columns" in caplog.text


class TestRows:
    """One bad row is named and left out where the rest makes sense."""

    FEATURES = (
        (
            "null name",
            ({"adcode": 360397, "name": None}, shapely.box(115, 27, 116, 28)),
            "without a value in 'name'",
        ),
        (
            "blank name",
            ({"adcode": 360397, "name": " "}, shapely.box(115, 27, 116, 28)),
            "without a value in 'name'",
        ),
        ("null geometry", ({"adcode": 360397, "name": "甲"}, None), "no geometry"),
        ("a point", ({"adcode": 360397, "name": "甲"}, shapely.Point(115, 27)), "type Point"),
        (
            "a line",
            ({"adcode": 360397, "name": "甲"}, shapely.LineString([(115, 27), (115, 28)])),
            "type LineString",
        ),
        ("no code", ({"adcode": None, "name": "甲"}, shapely.box(115, 27, 116, 28)), "adcode"),
        (
            "dashed line",
            ({"adcode": "100000_JD", "name": "界"}, shapely.box(112, 10, 113, 11)),
            "'100000_JD'",
        ),
    )

    @pytest.mark.parametrize(("feature", "words"), [f[1:] for f in FEATURES], ids=[f[0] for f in FEATURES])
    def test_a_row_that_cannot_be_used(self, tmp_path, caplog, feature, words):
        units = squares()
        good = [
            ({"adcode": int(c), "name": n}, s)
            for c, n, s in zip(units.adcode, units.name, units.geometry, strict=True)
        ]
        file = write_geojson(tmp_path / "u.geojson", [*good[:2], feature, *good[2:]])
        with caplog.at_level(logging.WARNING, logger="borderreach"):
            found = counties(file)
        assert found["adcode"].tolist() == units["adcode"].tolist()
        assert "u.geojson, row 3" in caplog.text
        assert words in caplog.text
        with pytest.raises(BorderReachError, match="row 3"):
            counties(file, strict=True)

    def test_the_polygons_of_a_collection(self, tmp_path):
        both = shapely.GeometryCollection(
            [shapely.box(113, 27, 114, 28), shapely.LineString([(113, 27), (113.1, 27)])]
        )
        file = write_geojson(tmp_path / "u.geojson", [({"adcode": 360399, "name": "甲"}, both)])
        assert counties(file).geometry.item().equals(shapely.box(113, 27, 114, 28))

    def test_no_row_that_can_be_used(self, tmp_path):
        file = write_geojson(tmp_path / "u.geojson", [({"adcode": 1, "name": "a"}, shapely.Point(1, 2))])
        with pytest.raises(GeometryTypeError, match=r"u\.geojson, row 1 \(a\)"):
            counties(file)

    def test_rows_of_a_table(self, tmp_path, caplog):
        rows = [("代码", "人口"), (360302, "1,520,000"), ("合计", "1,520,000"), ("注：为常住人口", None)]
        file = write_text(tmp_path / "p.csv", rows, between="\t")
        with caplog.at_level(logging.WARNING, logger="borderreach"):
            assert people(file)["people"].tolist() == [1_520_000]
        assert "row 3: adcode '合计'" in caplog.text
        with pytest.raises(InputError, match="row 3"):
            people(file, strict=True)


class TestLevels:
    def test_counties_and_their_prefecture(self, caplog):
        units = squares()
        whole = gpd.GeoDataFrame(
            {"adcode": [360300], "name": ["东市"]}, geometry=[units.geometry.iloc[:2].union_all()], crs=4326
        )
        both = pd.concat([units, whole], ignore_index=True)
        with caplog.at_level(logging.WARNING, logger="borderreach"):
            found = counties(both)
        assert found["adcode"].tolist() == units["adcode"].tolist()
        assert "东市 (360300)" in caplog.text
        with pytest.raises(InputError, match="several levels: 东市"):
            counties(both, strict=True)

    def test_units_that_overlap(self):
        twice = pd.concat(
            [squares(), squares().iloc[:1].assign(adcode=360397, name="重区")], ignore_index=True
        )
        with pytest.raises(
            InputError, match=r"东山区 \(360399\) and 重区 \(360397\) overlap|重区 .*东山区 .*overlap"
        ):
            counties(twice)

    @pytest.mark.parametrize("source", ["tianditu", "amap"])
    def test_the_embedded_units_pass_their_own_checks(self, source):
        own = counties(source, provinces=("广东", "甘肃", "重庆"))[["adcode", "name", "geometry"]]
        assert len(counties(own)) == len(own)

    @pytest.mark.parametrize(
        ("codes", "expected"),
        [([3603, 3602, 4302, 4303], [360300, 360200, 430200, 430300]), (["36", "35", "43", "44"], None)],
    )
    def test_prefectures_and_provinces_as_units(self, codes, expected):
        units = squares().assign(adcode=codes)
        found = counties(units)
        assert found["adcode"].tolist() == (expected or [360000, 350000, 430000, 440000])
        assert found["province_adcode"].tolist()[0] == 360000


class TestCodesOfOtherCountries:
    def test_text(self):
        units = (
            squares()
            .rename(columns={"adcode": "NUTS_ID"})
            .assign(NUTS_ID=["AT112", "AT111", "HU221", "HU222"])
        )
        with pytest.raises(MissingColumnError, match=r"'AT11.'.*columns=\{'province': \.\.\.\}"):
            counties(units)
        found = counties(units.assign(country=["AT", "AT", "HU", "HU"]), columns={"province": "country"})
        assert found["code"].tolist() == ["AT112", "AT111", "HU221", "HU222"]
        assert found["adcode"].tolist() == [2, 1, 3, 4]
        assert len(borders(found)) == 1

    def test_fips(self):
        units = squares().assign(
            adcode=["04015", "04012", "06071", "06065"], state=["Arizona"] * 2 + ["California"] * 2
        )
        found = counties(units, columns={"province": "state"})
        assert found["adcode"].tolist() == [4015, 4012, 6071, 6065]
        assert found["province_adcode"].tolist() == [4, 4, 6, 6]

    @pytest.mark.parametrize(
        "code", [360302, "360302", 360302.0, "156360302", 360302000000, "3.60302E+11", "'360302"]
    )
    def test_one_rule_in_every_reader(self, tmp_path, code):
        file = write_text(tmp_path / "p.csv", [("adcode", "people", "lon", "lat"), (code, 5, LON, LAT)])
        assert people(file)["adcode"].tolist() == [360302]
        assert origins_table(read_points(file))["origin_id"].tolist() == ["360302"]
        assert counties(squares().iloc[:1].assign(adcode=[code]))["adcode"].tolist() == [360302]
        frame = gpd.GeoDataFrame({"adcode": [360302]}, geometry=[shapely.box(113, 27, 114, 28)], crs=4326)
        table = pd.DataFrame({"adcode": [code], "people": [7.0]})
        assert with_people(frame, table)["people"].tolist() == [7.0]

    def test_places(self):
        assert place("156360302").adcode == place(360302000000).adcode == 360302


class TestShapefiles:
    @pytest.mark.parametrize("names", [["安源区", "石峰区", "镕城区", "喆县"], ["Köln", "Düren", "Æ", "São"]])
    def test_text_without_an_encoding(self, tmp_path, names, caplog):
        chinese = names[0] == "安源区"
        units = squares().assign(name=names)
        units.to_file(tmp_path / "u.shp", encoding="GBK" if chinese else "ISO-8859-1")
        (tmp_path / "u.cpg").unlink()
        with caplog.at_level(logging.WARNING, logger="borderreach"):
            found = counties(tmp_path / "u.shp")
        assert found["name"].tolist() == names
        assert ("in GBK" in caplog.text) is chinese

    @pytest.mark.parametrize("missing", [".shx", ".dbf"])
    def test_a_file_that_has_come_alone(self, tmp_path, missing):
        squares().to_file(tmp_path / "u.shp", encoding="utf-8")
        (tmp_path / f"u{missing}").unlink()
        with pytest.raises(DataFileError, match=rf"u\.shp has come alone: .*u\{missing}"):
            counties(tmp_path / "u.shp")


def test_a_datav_file_of_provinces_with_its_dashed_line(tmp_path, recwarn):
    features: list[tuple[dict[str, Any], Any]] = [
        ({"adcode": 360000, "name": "江西省", "parent": {"adcode": 100000}}, shapely.box(113, 27, 114, 28)),
        ({"adcode": "100000_JD", "name": "", "adchar": "JD"}, shapely.box(112, 10, 113, 11)),
    ]
    found = provinces(write_geojson(tmp_path / "100000_full.json", features), crs="GCJ-02")
    assert found["name"].tolist() == ["江西省"]
    assert [str(w.message) for w in recwarn if "JSON" in str(w.message)] == []


class TestTables:
    def test_headers_that_could_be_one(self, tmp_path):
        file = write_text(tmp_path / "p.csv", [("经度", "lng", "lat"), (113, 113, 27)])
        with pytest.raises(InputError, match="several columns that could be 'lon': 'lng', '经度'"):
            read_points(file)
        assert read_points(file, columns={"lon": "经度"}).geometry.x.tolist() == [113]

    def test_what_is_missing_is_named_with_what_is_there(self, tmp_path):
        file = write_text(tmp_path / "p.csv", [("地点", "E", "N"), ("甲", 113, 27)])
        with pytest.raises(
            MissingColumnError, match=r"p\.csv lacks the column 'lon' .*It has '地点', 'E', 'N'"
        ):
            read_points(file)

    def test_rows_count_as_a_spreadsheet_does(self, tmp_path):
        rows: list[list[Any]] = [["表1"], [], ["名称", "经度", "纬度"], ["甲", 113, 27], [], ["乙", "无", 27]]
        file = write_xlsx(tmp_path / "p.xlsx", {"Sheet1": rows})
        table = read_table(file, wanted=("name", "lon", "lat"), needed=("lon", "lat"))
        assert table.index.tolist() == [4, 6]
        with pytest.raises(InputError, match=r"p\.xlsx, row 6: lon '无'"):
            read_points(file, strict=True)

    @pytest.mark.parametrize("name", ["t.csv", "t.xlsx", "t.xls", "t.parquet", "t.ods"])
    def test_what_is_no_table(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0" + bytes(range(256)))
        with pytest.raises(DataFileError, match=name):
            read_table(tmp_path / name, wanted=("lon",))

    def test_a_datum_against_the_header(self, tmp_path):
        file = write_text(tmp_path / "p.csv", [("bd_lng", "bd_lat"), BD])
        assert read_points(file).geometry.x.item() == pytest.approx(LON, abs=1e-7)
        with pytest.raises(InputError, match="'datum' is 'GCJ-02', but the header says BD-09"):
            read_points(file, datum="GCJ-02")
        with pytest.raises(InputError, match="'WGS84', 'GCJ-02' or 'BD-09'"):
            read_points(write_text(tmp_path / "q.csv", [("lon", "lat"), (1, 2)]), datum="WGS72")


def test_origins_in_plain_frames_and_multipoints():
    frame = pd.DataFrame({"名称": ["甲", "乙"], "经度": [113.0, 114.0], "纬度": ["27", "27°30′"]})
    assert origins_table(frame)["lat"].tolist() == [27.0, 27.5]
    single = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.MultiPoint([(113, 27)])], crs=4326)
    assert origins_table(single)[["lon", "lat"]].to_numpy().tolist() == [[113.0, 27.0]]
    several = single.set_geometry([shapely.MultiPoint([(113, 27), (114, 28)])], crs=4326)
    with pytest.raises(GeometryTypeError, match="explode"):
        origins_table(several)


def test_a_unit_above_a_table_counts_for_headers_without_one(tmp_path, caplog):
    """Statistical yearbooks say 单位：万人 once, in a line of its own."""
    rows: list[list[Any]] = [
        ["某市2020年人口统计表"],
        ["", "", "单位：万人、平方公里"],
        ["代码", "名称", "常住人口", "面积"],
        [360302, "安源区", 51.2, 212],
    ]
    for path in (
        write_xlsx(tmp_path / "a.xlsx", {"人口": rows}),
        write_text(tmp_path / "a.csv", rows, encoding="gbk"),
    ):
        caplog.clear()
        assert people(path)["people"].tolist() == [512_000]
        assert "counts in 万人; multiplied by 10000" in caplog.text
    rows[2][2] = "常住人口（人）"
    rows[3][2] = 512345
    assert people(write_xlsx(tmp_path / "b.xlsx", {"人口": rows}))["people"].tolist() == [512_345]
    rows[1][2] = "单位：公顷"
    rows[2][2] = "人口"
    assert people(write_xlsx(tmp_path / "c.xlsx", {"人口": rows}))["people"].tolist() == [512_345]


def test_degrees_with_their_side_of_the_world(tmp_path):
    rows = [
        ("名称", "经度", "纬度"),
        ("a", "E113.85", "27.62N"),
        ("b", "1.5W", "S50"),
        ("c", "东经113.85", "北纬27.62度"),
    ]
    found = read_points(write_text(tmp_path / "a.csv", rows))
    assert found.geometry.x.tolist() == [113.85, -1.5, 113.85]
    assert found.geometry.y.tolist() == [27.62, -50, 27.62]


@pytest.mark.parametrize("kind", ["geojson", "gpkg"])
def test_one_row_out_of_the_world_is_named_with_its_number(tmp_path, kind):
    """What is wrong with one row isn't what the file is in."""
    frame = squares()
    shapes = frame.geometry.to_numpy().copy()
    shapes[1] = shapely.transform(shapes[1], lambda points: points[:, ::-1])
    frame.set_geometry(gpd.GeoSeries(shapes, crs=4326)).to_file(tmp_path / f"units.{kind}")
    with pytest.raises(InputError, match=r"1 of \d+ rows .* the first at row 2: .*swapped in it"):
        counties(tmp_path / f"units.{kind}")
    with pytest.raises(InputError, match=r"the first at index 'b': .*; mend or drop it"):
        origins_table(
            gpd.GeoDataFrame(index=["a", "b"], geometry=gpd.points_from_xy([113, 5e5], [27, 3e6]), crs=4326)
        )


def test_two_alternatives_are_not_joined_into_one_line(tmp_path):
    """方案一 and 方案二 begin at one station; joined, the line would go there and back."""
    first = shapely.LineString([(113, 27), (113.5, 27.2), (114, 27.5)])
    for other in (
        shapely.LineString([(113, 27), (113.5, 27.4), (114, 28)]),
        shapely.LineString([(114, 28), (113, 27)]),
        shapely.LineString([(113, 27), (113.4, 27.4), (114, 27.5)]),
    ):
        path = tmp_path / "line.kml"
        path.write_text(kml(placemark("方案一", first) + placemark("方案二", other)), encoding="utf-8")
        with pytest.raises(GeometryTypeError, match=r"the same way \(方案一、方案二\): alternatives"):
            read_line(path)
    for on in ([(114, 27.5), (114.2, 27.2)], [(113, 27), (113, 26.5)], [(112.5, 27.1), (113, 27)]):
        path.write_text(
            kml(placemark("一段", first) + placemark("二段", shapely.LineString(on))), encoding="utf-8"
        )
        assert len(read_line(path)) == 4


def test_a_code_that_is_none_is_shown_as_in_the_file(caplog):
    frame = squares()
    frame.loc[0, "adcode"] = 0
    counties(frame)
    assert "has the adcode 0;" in caplog.text
