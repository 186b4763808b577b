import logging

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from borderreach import data
from borderreach.geo.crs import ELLIPSOID, wgs84_to_gcj02
from borderreach.geo.errors import (
    DataFileError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
    UnknownPlaceError,
)
from borderreach.geo.places._boundaries import (
    CITY_COLUMNS,
    COUNTY_COLUMNS,
    PROVINCE_COLUMNS,
    cities,
    counties,
    provinces,
)
from borderreach.geo.places._own_boundaries import polygonal

SOURCES = ("tianditu", "amap")


def metres(a, b):
    return ELLIPSOID.inv(*a, *b)[2]


def row(frame, name):
    return frame[frame["name"] == name].iloc[0]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("read", "columns", "rows"),
    [
        (provinces, PROVINCE_COLUMNS, (34, 34)),
        (cities, CITY_COLUMNS, (375, 372)),
        (counties, COUNTY_COLUMNS, (2891, 2877)),
    ],
)
def test_schemas(read, columns, rows, source):
    frame = read(source)
    assert tuple(frame.columns) == columns
    assert len(frame) == rows[SOURCES.index(source)]
    assert frame.crs == "EPSG:4326"
    assert frame["adcode"].dtype == "int64"
    assert frame["adcode"].is_unique
    assert not frame.isna().any(axis=None)
    assert frame.index.tolist() == list(range(len(frame)))


@pytest.mark.parametrize("source", SOURCES)
def test_units_nest(source):
    low, mid, top = counties(source), cities(source), provinces(source)
    assert set(low["province_adcode"]) == set(mid["province_adcode"]) == set(top["adcode"])
    assert set(low["city_adcode"]) == set(mid["adcode"])
    assert low["province"].map(top.set_index("name")["adcode"]).equals(low["province_adcode"])


def test_amap_is_in_wgs84_like_tianditu():
    """Taken as GCJ-02 and shifted, AMap's polygons would move away from Tianditu's."""
    both = counties("amap").merge(counties("tianditu"), on=["adcode", "name"])
    amap, tianditu = (
        shapely.get_coordinates(shapely.centroid(both[name].to_numpy()))
        for name in ("geometry_x", "geometry_y")
    )
    shift = np.column_stack(wgs84_to_gcj02(tianditu[:, 0], tianditu[:, 1])) - tianditu
    share_of_shift = ((amap - tianditu) * shift).sum(axis=1) / (shift * shift).sum(axis=1)
    in_china = np.hypot(shift[:, 0], shift[:, 1]) > 0
    assert np.median(share_of_shift[in_china]) == pytest.approx(0, abs=0.01)  # 1 if it were GCJ-02


@pytest.mark.parametrize("source", SOURCES)
def test_points_lie_in_or_by_their_unit(source):
    frame = counties(source)
    points = shapely.points(frame["lon"], frame["lat"])
    seat = (frame["point_source"] == "seat").to_numpy()
    inside = shapely.intersects(frame.geometry.to_numpy(), points)
    assert inside[~seat].all()
    assert inside[seat].mean() > 0.99
    assert shapely.dwithin(frame.geometry.to_numpy(), points, 0.05).all()
    assert seat.sum() > 2_800


def test_seats_are_where_governments_are():
    frame = counties()
    # 綦江 is governed from the town at its north end, 25 km from the middle of its polygon; its GCJ-02
    # position is 106.651, 29.028.
    qijiang = row(frame, "綦江区")
    assert qijiang["point_source"] == "seat"
    lon, lat = wgs84_to_gcj02(qijiang["lon"], qijiang["lat"])
    assert metres((float(lon), float(lat)), (106.651361, 29.028066)) < 1
    # Renamed since the table of seats was made, found under 武隆县, 上饶县 and 黔西县.
    for name in ("武隆区", "广信区", "黔西市"):
        assert row(frame, name)["point_source"] == "seat"


def test_a_seat_that_other_boundaries_took_is_not_used():
    frame = counties()
    assert row(frame, "余杭区")["point_source"] == "surface"  # governed from what is 临平区 now
    assert row(frame, "临平区")["point_source"] == "seat"
    chongqing = counties("amap", provinces="重庆")
    assert row(chongqing, "两江新区")["point_source"] == "surface"  # has the code of the smaller 江北区
    assert row(counties(provinces="重庆"), "江北区")["point_source"] == "seat"


def test_provinces_have_their_capitals_as_points():
    capitals = {
        130000: "石家庄市",
        320000: "南京市",
        500000: "重庆市",
        520000: "贵阳市",
        650000: "乌鲁木齐市",
    }
    towns = cities().set_index("name")
    for code, town in capitals.items():
        province = provinces().set_index("adcode").loc[code]
        assert towns.loc[town, "geometry"].contains(shapely.Point(province["lon"], province["lat"]))


def test_table_of_seats_holds_each_unit_once():
    table = pd.read_csv(data.path("county_seats.csv"))
    assert not table.duplicated(["adcode", "name"]).any()
    assert table["lon"].between(73, 136).all()
    assert table["lat"].between(3, 54).all()
    assert data.catalog()["county_seats"]["file"] == "county_seats.csv"


def test_provinces_select_by_name_stem_or_code():
    by_name = counties(provinces=["重庆", "贵州省"])
    assert by_name["province"].unique().tolist() == ["重庆市", "贵州省"]
    assert counties(provinces=[500000, "520000"]).equals(by_name)
    assert len(counties(provinces="重庆")) == 38
    assert set(cities(provinces="贵州")["province_adcode"]) == {520000}


def test_unknown_province_and_source():
    with pytest.raises(UnknownPlaceError, match="did you mean"):
        counties(provinces="重庆省")
    with pytest.raises(InputError, match="'tianditu' or 'amap' or the path"):
        counties("google")
    with pytest.raises(InputTypeError, match="got int"):
        counties(3)
    with pytest.raises(EmptyInputError, match="'provinces' is empty"):
        counties(provinces=[])


def test_changing_what_was_returned_changes_nothing_else():
    first = counties()
    first["name"] = "x"
    first.loc[0, "adcode"] = -1
    assert counties().loc[0, "adcode"] == 110101


@pytest.fixture(scope="module")
def chongqing():
    return counties(provinces="重庆")


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson", "parquet"])
def test_own_file_round_trip(tmp_path, chongqing, suffix):
    file = tmp_path / f"own.{suffix}"
    own = chongqing[["adcode", "name", "geometry"]].rename(columns={"adcode": "code", "name": "NAME"})
    if suffix == "parquet":
        own.to_parquet(file)
    else:
        own.to_file(file, **({"encoding": "utf-8"} if suffix == "shp" else {}))
    got = counties(file, columns={"adcode": "code", "name": "NAME"})
    assert tuple(got.columns) == COUNTY_COLUMNS
    plain = [name for name in COUNTY_COLUMNS if name != "geometry"]
    pd.testing.assert_frame_equal(pd.DataFrame(got[plain]), pd.DataFrame(chongqing[plain]), check_dtype=False)
    assert shapely.equals(got.geometry.to_numpy(), chongqing.geometry.to_numpy()).all()


def test_own_file_in_another_crs_comes_back_in_degrees(tmp_path, chongqing):
    file = tmp_path / "own.gpkg"
    chongqing.to_crs("EPSG:4545").to_file(file)
    got = counties(file)
    assert got.crs == "EPSG:4326"
    assert np.abs(got.total_bounds - chongqing.total_bounds).max() < 1e-6
    assert got["point_source"].tolist() == chongqing["point_source"].tolist()


def test_provinces_and_cities_from_a_file(tmp_path):
    file = tmp_path / "own.gpkg"
    provinces()[["adcode", "name", "geometry"]].head(3).to_file(file)
    assert provinces(file)["short_name"].tolist() == ["北京", "天津", "河北"]
    cities()[["adcode", "name", "geometry"]].iloc[2:5].to_file(tmp_path / "cities.gpkg")
    assert cities(tmp_path / "cities.gpkg")["province"].tolist() == ["河北省"] * 3


def squares(**columns):
    n = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(
        columns, geometry=[shapely.box(106 + i, 29, 107 + i, 30) for i in range(n)], crs="EPSG:4326"
    )


def write(tmp_path, frame, name="own.gpkg"):
    frame.to_file(tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["500110", "500111"], [500110, 500111]),
        ([500110.0, 500111.0], [500110, 500111]),
        (["156500110", "156500111"], [500110, 500111]),
        ([500110000000, 500111000000], [500110, 500111]),
    ],
)
def test_codes_in_their_usual_forms(tmp_path, codes, expected):
    got = counties(write(tmp_path, squares(adcode=codes, name=["甲区", "乙区"])))
    assert got["adcode"].tolist() == expected
    assert set(got["province"]) == {"重庆市"}


def test_units_without_chinese_codes_need_their_provinces_named(tmp_path):
    frame = squares(adcode=[1, 2], name=["A", "B"])
    with pytest.raises(MissingColumnError, match="names no provinces"):
        counties(write(tmp_path, frame))
    frame = frame.assign(land=["North", "South"], land_id=[10, 20])
    file = write(tmp_path, frame, "two.gpkg")
    got = counties(file, columns={"province": "land", "province_adcode": "land_id"})
    assert got["province_adcode"].tolist() == [10, 20]
    assert got["city"].tolist() == ["North", "South"]
    assert got["point_source"].tolist() == ["surface", "surface"]
    got = counties(file, columns={"province": "land"})  # numbered in their order, where codes don't tell
    assert got["province_adcode"].tolist() == [1, 2]
    chinese = squares(adcode=[500110, 500111], name=["A", "B"]).assign(province=["North", "South"])
    with pytest.raises(InputError, match="goes with several of province: North, South"):
        counties(write(tmp_path, chinese, "three.gpkg"))


def test_missing_mapped_column_lists_those_there_are(tmp_path):
    file = write(tmp_path, squares(qq=[500110], NAME=["綦江区"]))
    with pytest.raises(
        MissingColumnError, match=r"lacks the column 'adcode' .*; map it.*It has 'qq', 'NAME'"
    ):
        counties(file)
    with pytest.raises(MissingColumnError, match=r"lacks the column 'id'\. It has 'qq', 'NAME'"):
        counties(file, columns={"adcode": "id", "name": "NAME"})
    with pytest.raises(InputError, match="maps 'title', which a county doesn't have"):
        counties(file, columns={"title": "NAME"})


def test_missing_crs_and_its_remedy(tmp_path):
    frame = squares(adcode=[500110], name=["綦江区"])
    file = write(tmp_path, frame, "own.shp")
    file.with_suffix(".prj").unlink()
    with pytest.raises(MissingCRSError, match="give crs="):
        counties(file)
    assert counties(file, crs="EPSG:4490").crs == "EPSG:4326"
    with pytest.raises(InputError, match="PROJ"):
        counties(file, crs="nowhere")
    with pytest.raises(InputError, match="says that it is in EPSG:4326"):
        counties(write(tmp_path, frame), crs="EPSG:3857")


def test_gcj02_file_is_shifted(tmp_path):
    frame = squares(adcode=[500110], name=["綦江区"])
    lon, lat = wgs84_to_gcj02(106.0, 29.0)
    moved = frame.set_geometry(frame.translate(float(lon) - 106, float(lat) - 29))
    got = counties(write(tmp_path, moved), crs="GCJ-02")
    corner = got.geometry.iloc[0].bounds[:2]
    assert metres(corner, (106.0, 29.0)) < 100  # the shift varies across the square
    assert metres(moved.geometry.iloc[0].bounds[:2], (106.0, 29.0)) > 400


@pytest.mark.parametrize("name", ["own.gpkg", "own.shp", "own.geojson", "own.parquet"])
def test_damaged_file(tmp_path, chongqing, name):
    file = tmp_path / name
    own = chongqing[["adcode", "name", "geometry"]]
    if name == "own.parquet":
        own.to_parquet(file)
    else:
        own.to_file(file, **({"encoding": "utf-8"} if name == "own.shp" else {}))
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 3] if name != "own.gpkg" else b"not a database")
    with pytest.raises((DataFileError, GeometryTypeError), match=r"own\."):
        counties(file)


def test_table_without_geometry(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("adcode,name\n500110,a\n", encoding="utf-8")
    with pytest.raises(GeometryTypeError, match="without geometry"):
        counties(file)


def test_points_are_no_counties(tmp_path):
    frame = gpd.GeoDataFrame({"adcode": [1], "name": ["a"]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4326")
    with pytest.raises(GeometryTypeError, match="type Point; expected polygons"):
        counties(write(tmp_path, frame))


def test_several_layers(tmp_path):
    file = write(tmp_path, squares(adcode=[500110], name=["綦江区"]))
    squares(adcode=[500111], name=["大足区"]).to_file(file, layer="second")
    with pytest.raises(InputError, match=r"several layers.*'second'"):
        counties(file)
    assert counties(file, layer="second")["name"].tolist() == ["大足区"]


def test_empty_file(tmp_path):
    file = write(tmp_path, squares(adcode=[500110], name=["綦江区"]).iloc[:0])
    with pytest.raises(EmptyInputError, match="has no rows"):
        counties(file)


def test_names_in_gbk(tmp_path):
    file = tmp_path / "own.shp"
    squares(adcode=[500110], name=["綦江区"]).to_file(file, encoding="GBK")
    file.with_suffix(".cpg").unlink()
    assert counties(file, encoding="GBK")["name"].tolist() == ["綦江区"]


def test_invalid_polygons_are_repaired_and_logged(tmp_path, caplog):
    bow = shapely.Polygon([(106, 29), (107, 30), (107, 29), (106, 30)])
    frame = squares(adcode=[500110], name=["綦江区"]).set_geometry([bow], crs="EPSG:4326")
    file = write(tmp_path, frame)
    with caplog.at_level(logging.WARNING, logger="borderreach"):
        got = counties(file)
    assert got.geometry.is_valid.all()
    assert got.geometry.iloc[0].area == pytest.approx(0.5)
    assert "repaired 1 invalid polygon" in caplog.text


def test_repair_keeps_polygons_only():
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (1, 2), (1, 1), (0, 1)])
    repaired = shapely.make_valid(spike)
    assert repaired.geom_type == "GeometryCollection"
    assert polygonal(repaired).geom_type == "Polygon"
    assert polygonal(repaired).area == pytest.approx(1)


def test_polygon_without_area(tmp_path):
    flat = shapely.Polygon([(106, 29), (107, 29), (106, 29), (106, 29)])
    frame = squares(adcode=[500110], name=["綦江区"]).set_geometry([flat], crs="EPSG:4326")
    with pytest.raises(GeometryTypeError, match=r"row 1 .綦江区. is invalid"):
        counties(write(tmp_path, frame))


def test_rows_of_one_unit_are_merged(tmp_path, caplog):
    file = write(tmp_path, squares(adcode=[500110, 500110, 500111], name=["綦江区", "綦江区", "大足区"]))
    with caplog.at_level(logging.WARNING, logger="borderreach"):
        got = counties(file)
    assert got["adcode"].tolist() == [500110, 500111]
    assert got.geometry.iloc[0].area == pytest.approx(2)
    assert "merged 3 rows into 2 units" in caplog.text
    clash = write(tmp_path, squares(adcode=[500110, 500110], name=["綦江区", "大足区"]), "clash.gpkg")
    with pytest.raises(InputError, match="gives adcode 500110 to 綦江区、大足区"):
        counties(clash)


@pytest.mark.parametrize("codes", [["1x"], [None], [-5], [1.5]])
def test_codes_that_are_none(tmp_path, codes):
    with pytest.raises(InputError, match=r"adcode.*whole numbers above zero"):
        counties(write(tmp_path, squares(adcode=codes, name=["a"])))


def test_names_that_are_missing(tmp_path):
    with pytest.raises(InputError, match=r"own.gpkg, row 2: is without a value in 'name'"):
        counties(write(tmp_path, squares(adcode=[500110, 500111], name=["a", None])), strict=True)


def test_own_points_are_kept_when_mapped(tmp_path):
    frame = squares(adcode=[500110], name=["綦江区"]).assign(x=[106.9], y=[29.1])
    got = counties(write(tmp_path, frame), columns={"lon": "x", "lat": "y"})
    assert got[["lon", "lat", "point_source"]].iloc[0].tolist() == [106.9, 29.1, "file"]
