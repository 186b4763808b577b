import runpy
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.crs import ELLIPSOID, area_km2, length_km
from borderreach.geo.errors import (
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
    UnknownPlaceError,
)
from borderreach.geo.places import _borders
from borderreach.geo.places._borders import (
    BORDER_COLUMNS,
    BORDER_COUNTY_COLUMNS,
    JUNCTION_COLUMNS,
    border_counties,
    border_length_ranges,
    borders,
    county_border_ranges,
    junctions,
)
from borderreach.geo.places._boundaries import COUNTY_COLUMNS, counties

from ... import chance

SOURCES = ("tianditu", "amap")
M = 1 / 111_320  # degrees of latitude per metre, near enough for gaps
KM = 0.01  # the unit of the hand-made squares: 0.01 degrees, about 1 km


def land(*units, crs="EPSG:4326"):
    """County frame of (province, polygon in units of 0.01 degrees at 100 E, 0 N)."""
    names = [province for province, _ in units]
    codes = {name: (ord(name) - ord("A") + 1) * 10_000 for name in names}
    return gpd.GeoDataFrame(
        {
            "adcode": [codes[name] + i for i, name in enumerate(names)],
            "name": [f"{name}{i}" for i, name in enumerate(names)],
            "province": names,
            "province_adcode": [codes[name] for name in names],
        },
        geometry=[shapely.transform(shape, lambda xy: xy * KM + [100, 0]) for _, shape in units],
        crs=crs,
    )


def box(west, south, width=1.0, height=1.0):
    return shapely.box(west, south, west + width, south + height)


def north_km(units):
    """Kilometres of a stretch of meridian from the equator."""
    return ELLIPSOID.inv(100, 0, 100, units * KM)[2] / 1000


def pairs(frame, **options):
    table = borders(frame, **options)
    return {
        (a, b): km
        for a, b, km in zip(table["province_a"], table["province_b"], table["length_km"], strict=True)
    }


def test_two_squares_share_one_side():
    frame = land(("A", box(0, 0)), ("B", box(1, 0)))
    table = borders(frame)
    assert tuple(table.columns) == BORDER_COLUMNS
    assert table.crs == "EPSG:4326"
    only = table.iloc[0]
    assert (only["province_a"], only["province_b"], only["adcode_a"], only["adcode_b"]) == (
        "A",
        "B",
        10_000,
        20_000,
    )
    assert only["length_km"] == pytest.approx(north_km(1), rel=1e-9)
    assert (only["n_counties_a"], only["n_counties_b"], only["n_counties"]) == (1, 1, 2)
    assert only["geometry"].geom_type == "MultiLineString"
    assert length_km(table.geometry)[0] == pytest.approx(only["length_km"], rel=1e-9)
    for _, county in border_counties(frame).iterrows():
        assert county["border_km"] == pytest.approx(north_km(1), rel=1e-9)
    assert border_counties(frame)["neighbour_provinces"].tolist() == ["B", "A"]


def test_ring_direction_and_start_do_not_matter():
    frame = land(("A", box(0, 0)), ("B", box(1, 0)))
    expected = pairs(frame)
    for shape in (shapely.reverse(box(1, 0)), shapely.Polygon([(2, 1), (1, 1), (1, 0), (2, 0)])):
        assert pairs(land(("A", box(0, 0)), ("B", shape))) == pytest.approx(expected)
    both = land(("A", shapely.reverse(box(0, 0))), ("B", shapely.reverse(box(1, 0))))
    assert pairs(both) == pytest.approx(expected)


def test_counties_of_one_province_have_no_border():
    frame = land(("A", box(0, 0)), ("A", box(1, 0)), ("B", box(2, 0)))
    found = border_counties(frame)
    assert found["name"].tolist() == ["A1", "B2"]
    assert found.index.tolist() == [1, 2]


def test_a_corner_is_no_border():
    frame = land(("A", box(0, 0)), ("B", box(1, 1)))
    assert pairs(frame) == {}
    assert len(border_counties(frame)) == 0
    # Four squares around one point: sides count, diagonals don't, the point is a junction of four.
    frame = land(("A", box(0, 0)), ("B", box(1, 0)), ("C", box(1, 1)), ("D", box(0, 1)))
    assert set(pairs(frame)) == {("A", "B"), ("B", "C"), ("C", "D"), ("A", "D")}
    meeting = junctions(frame)
    assert meeting["provinces"].tolist() == ["A、B、C、D"]
    assert meeting["n_provinces"].tolist() == [4]
    assert meeting.geometry.iloc[0].distance(shapely.Point(100 + KM, KM)) < 1e-12


def test_a_shared_line_shorter_than_the_tolerance_is_a_corner():
    for metres, expected in ((60, set()), (600, {("A", "B")})):
        frame = land(("A", box(0, 0)), ("B", box(1, 1 - metres * M / KM)))
        assert set(pairs(frame)) == expected
        assert len(border_counties(frame)) == 2 * len(expected)
    # With the same vertices on both sides it is a border for tolerance 0, however short.
    step = 60 * M / KM
    left = shapely.Polygon([(0, 0), (1, 0), (1, 1 - step), (1, 1), (0, 1)])
    right = shapely.Polygon([(1, 1 - step), (2, 1 - step), (2, 2), (1, 2), (1, 1)])
    frame = land(("A", left), ("B", right))
    assert pairs(frame) == {}
    assert pairs(frame, tolerance_m=0)["A", "B"] == pytest.approx(0.06, rel=0.01)


@settings(max_examples=chance.examples(30), deadline=None)
@given(st.floats(-60, 60), st.floats(-60, 60), st.floats(-30, 30), st.floats(-30, 30))
def test_corners_that_nearly_touch_are_no_border(ax, ay, bx, by):
    """Four squares, each moved by some metres: sides stay borders, diagonals don't become any."""
    moves = [(0, 0), (ax / 4, ay / 4), (bx, by), (-bx, ay / 4)]
    squares = [box(0, 0), box(1, 0), box(1, 1), box(0, 1)]
    frame = land(
        *(
            (province, shapely.transform(square, lambda xy, d=d: xy + np.array(d) * M / KM))
            for province, square, d in zip("ABCD", squares, moves, strict=True)
        )
    )
    assert set(pairs(frame)) == {("A", "B"), ("B", "C"), ("C", "D"), ("A", "D")}
    assert all(0.8 < km < 1.2 for km in pairs(frame).values())


@settings(max_examples=chance.examples(40), deadline=None)
@given(st.floats(-80, 80), st.floats(-80, 80))
def test_moving_a_copy_by_less_than_the_tolerance_keeps_its_border(dx, dy):
    """A gap or an overlap of a sliver's width neither loses the border nor counts it twice."""
    moved = shapely.transform(box(1, 0), lambda xy: xy + np.array([dx, dy]) * M / KM)
    frame = land(("A", box(0, 0)), ("B", moved))
    found = pairs(frame)
    assert set(found) == {("A", "B")}
    # Up to a tolerance at either end: nearness reaches round the corners.
    assert found["A", "B"] == pytest.approx(north_km(1), abs=0.3)
    table = border_counties(frame).set_index("name")["border_km"]
    assert table["A0"] == pytest.approx(table["B1"], abs=0.25)


def test_a_gap_wider_than_the_tolerance_is_water():
    apart = land(("A", box(0, 0)), ("B", box(1 + 150 * M / KM, 0)))
    assert pairs(apart) == {}
    assert len(border_counties(apart)) == 0
    assert set(pairs(apart, tolerance_m=200)) == {("A", "B")}


def test_zero_tolerance_takes_identical_segments_only():
    apart = land(("A", box(0, 0)), ("B", box(1 + 1 * M / KM, 0)))
    assert pairs(apart, tolerance_m=0) == {}
    assert set(pairs(land(("A", box(0, 0)), ("B", box(1, 0))), tolerance_m=0)) == {("A", "B")}


def test_a_vertex_more_on_one_side_loses_nothing():
    more = shapely.Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1, 0.37)])
    found = pairs(land(("A", box(0, 0)), ("B", more)))
    assert found["A", "B"] == pytest.approx(north_km(1), rel=1e-6)
    assert found == pytest.approx(pairs(land(("A", more), ("B", box(2, 0)))), rel=1e-6)


def test_a_third_county_between_takes_the_sliver():
    """B fills the gap between A and C, thinner than the tolerance: A and C don't border."""
    thin = 60 * M / KM
    frame = land(("A", box(0, 0)), ("B", box(1, 0, thin)), ("C", box(1 + thin, 0)))
    assert set(pairs(frame)) == {("A", "B"), ("B", "C")}


def test_an_enclave_has_its_whole_outline_as_border():
    hole = box(1, 1)
    frame = land(("A", box(0, 0, 3, 3).difference(hole)), ("B", hole))
    assert pairs(frame)["A", "B"] == pytest.approx(
        length_km(gpd.GeoSeries([frame.geometry.iloc[1].exterior], crs="EPSG:4326"))[0], rel=1e-9
    )
    assert len(junctions(frame)) == 0


def test_ground_that_both_claim_counts_its_outline_once():
    islet = box(5, 5)
    frame = land(("A", shapely.union(box(0, 0), islet)), ("B", shapely.union(box(9, 0), islet)))
    outline = length_km(
        gpd.GeoSeries([shapely.transform(islet, lambda xy: xy * KM + [100, 0]).exterior], crs=4326)
    )
    assert pairs(frame)["A", "B"] == pytest.approx(outline[0], rel=1e-9)


def test_three_provinces_meet_in_a_point():
    frame = land(("A", box(0, 0, 1, 2)), ("B", box(1, 0)), ("C", box(1, 1)))
    meeting = junctions(frame)
    assert tuple(meeting.columns) == JUNCTION_COLUMNS
    assert meeting["provinces"].tolist() == ["A、B、C"]
    assert (meeting["lon"].item(), meeting["lat"].item()) == pytest.approx((100 + KM, KM))


def test_a_junction_in_a_sliver_is_one_point():
    gap = 40 * M / KM
    frame = land(("A", box(0, 0, 1 - gap, 2)), ("B", box(1, 0)), ("C", box(1, 1 + gap)))
    meeting = junctions(frame)
    assert meeting["provinces"].tolist() == ["A、B、C"]
    assert meeting.geometry.iloc[0].distance(shapely.Point(100 + KM, KM)) < 200 * M


def test_multipolygons_and_islands():
    frame = land(("A", shapely.MultiPolygon([box(0, 0), box(5, 5)])), ("B", box(1, 0)), ("C", box(6, 5)))
    assert set(pairs(frame)) == {("A", "B"), ("A", "C")}
    county = border_counties(frame).iloc[0]
    assert (county["neighbour_provinces"], county["n_provinces"]) == ("B、C", 2)
    assert county["border_km"] == pytest.approx(2 * north_km(1), rel=1e-4)


@settings(max_examples=chance.examples(25), deadline=None)
@given(st.lists(st.sampled_from("ABCD"), min_size=9, max_size=9))
def test_sums_agree_on_chequered_land(provinces):
    """On a 3 by 3 grid, each side's counties sum to the length of the border, and both sides agree."""
    frame = land(*((p, box(i % 3, i // 3)) for i, p in enumerate(provinces)))
    total = borders(frame)["length_km"].sum()
    found = border_counties(frame)
    assert found["border_km"].sum() == pytest.approx(2 * total)
    if len(set(provinces)) > 1:
        expected = sum(
            frame.geometry.iloc[i].intersection(frame.geometry.iloc[j]).length / KM
            for i in range(9)
            for j in range(i)
            if provinces[i] != provinces[j]
        )
        assert total == pytest.approx(expected * north_km(1), rel=0.01)  # a degree is longer eastward


def test_the_frame_given_is_left_alone_and_its_columns_and_index_kept():
    frame = land(("A", box(0, 0)), ("B", box(1, 0))).assign(mine=[1, 2]).set_index(np.array([7, 3]))
    before = frame.copy()
    found = border_counties(frame)
    assert found.index.tolist() == [7, 3]
    assert found["mine"].tolist() == [1, 2]
    assert frame.equals(before)
    assert found.columns[-1] == "geometry"


def test_projected_frames_give_degrees():
    frame = land(("A", box(0, 0)), ("B", box(1, 0)))
    assert pairs(frame.to_crs("EPSG:32647")) == pytest.approx(pairs(frame), rel=1e-6)
    assert border_counties(frame.to_crs("EPSG:32647")).crs == "EPSG:4326"


@pytest.mark.parametrize("rows", [0, 1])
def test_nothing_to_share_gives_typed_empties(rows):
    frame = land(("A", box(0, 0)), ("B", box(1, 0)))
    few = frame.iloc[:rows]
    for function in (border_counties, borders, junctions):
        empty, full = function(few), function(frame)
        assert len(empty) == 0
        assert empty.crs == "EPSG:4326"
        assert empty.columns.tolist() == full.columns.tolist()
        assert empty.dtypes.astype(str).tolist() == full.dtypes.astype(str).tolist()


@pytest.mark.parametrize("function", [border_counties, borders, junctions])
def test_frames_that_do_not_pass(function):
    frame = land(("A", box(0, 0)), ("B", box(1, 0)))
    with pytest.raises(MissingCRSError):
        function(frame.set_crs(None, allow_override=True))
    with pytest.raises(MissingColumnError, match="'province_adcode'"):
        function(frame.drop(columns="province_adcode"))
    with pytest.raises(GeometryTypeError, match="Point"):
        function(frame.set_geometry(frame.representative_point()))
    with pytest.raises(InputTypeError):
        function([1])
    with pytest.raises(InputError, match="tolerance_m"):
        function(frame, tolerance_m=-1)
    with pytest.raises(InputError, match=r"'province_adcode' isn't a whole number, the first at index 1"):
        function(frame.assign(province_adcode=[10_000, None]))


def test_between_restricts_to_these_provinces():
    frame = land(("A", box(0, 0, 1, 2)), ("B", box(1, 0)), ("C", box(1, 1)))
    found = border_counties(frame, between=("A", "C"))
    assert found["name"].tolist() == ["A0", "C2"]
    assert found["neighbour_provinces"].tolist() == ["C", "A"]
    assert found["border_km"].tolist() == pytest.approx([north_km(1)] * 2, rel=1e-4)
    assert len(border_counties(frame, between=("A", "B", "C"))) == 3


def test_between_that_does_not_pass():
    frame = land(("A", box(0, 0)), ("B", box(1, 0)))
    with pytest.raises(UnknownPlaceError, match="'between': no province 'X'"):
        border_counties(frame, between=("A", "X"))
    with pytest.raises(InputError, match="two or more"):
        border_counties(frame, between="A")
    with pytest.raises(EmptyInputError):
        border_counties(frame, between=[])


# All of China


@pytest.fixture(scope="module", params=SOURCES)
def china(request):
    return request.param, counties(request.param)


def test_china_has_68_borders_and_two_with_hong_kong_and_macao(china):
    table = borders(china[1])
    special = table["adcode_b"].isin([810000, 820000])
    assert (len(table), int(special.sum())) == (70, 2)
    assert table[special]["province_a"].tolist() == ["广东省", "广东省"]
    seen = set(zip(table["province_a"], table["province_b"], strict=True))
    assert ("重庆市", "贵州省") in seen
    assert ("海南省", "广东省") not in seen  # a strait
    assert ("安徽省", "山东省") in seen  # 28 km
    assert not any("台湾省" in pair for pair in seen)
    for neighbours, name in ((8, "陕西省"), (8, "内蒙古自治区"), (5, "重庆市"), (5, "贵州省"), (0, "海南省")):
        assert sum(name in pair for pair in seen) == neighbours
    assert table["geometry"].is_valid.all()
    assert np.allclose(length_km(table.geometry), table["length_km"], rtol=1e-6)


def test_china_has_888_border_counties(china):
    source, frame = china
    mainland = frame[~frame["province_adcode"].isin([810000, 820000])]
    found = border_counties(mainland)
    assert tuple(found.columns[:-1]) == (*COUNTY_COLUMNS[:-1], *BORDER_COUNTY_COLUMNS)
    if source == "tianditu":
        assert len(found) == 888
    else:
        assert 889 <= len(found) <= 892
    count = found.groupby("province").size()
    assert count[["贵州省", "重庆市", "四川省"]].tolist() == [32, 25, 55]
    share = area_km2(found.geometry).sum() / area_km2(mainland.geometry).sum()
    assert share == pytest.approx(0.468, abs=0.0025)


def test_china_s_county_borders_sum_to_the_borders(china):
    source, frame = china
    total = borders(frame)["length_km"].sum()
    assert border_counties(frame)["border_km"].sum() == pytest.approx(2 * total, rel=1e-4)
    for pair in (("重庆", "贵州"), ("江苏", "山东")):
        some = counties(source, provinces=pair)
        found = border_counties(some, between=pair)
        sides = found.groupby("province_adcode")["border_km"].sum()
        line = borders(some).iloc[0]
        assert sides.to_numpy() == pytest.approx([line["length_km"]] * 2, rel=0.001)
        assert len(found) == line["n_counties"]


def test_china_s_junctions(china):
    meeting = junctions(china[1]).set_index("provinces")
    assert (meeting["n_provinces"] == 3).all()
    for provinces, place in {
        "重庆市、四川省、贵州省": (106.37, 28.53),  # Jiangjin, Hejiang, Xishui
        "湖南省、重庆市、贵州省": (109.27, 28.50),  # Huayuan, Xiushan, Songtao
        "湖北省、湖南省、重庆市": (109.23, 29.12),  # Laifeng, Longshan, Youyang
        "湖北省、重庆市、陕西省": (109.58, 31.73),  # Zhuxi or Shennongjia, Wuxi, Zhenping
        "重庆市、四川省、陕西省": (108.51, 32.21),  # Chengkou, Wanyuan, Ziyang
        "四川省、贵州省、云南省": (105.30, 27.71),  # Xuyong, Bijie, Zhenxiong
    }.items():
        found = meeting.loc[provinces]
        assert (found["lon"], found["lat"]) == pytest.approx(place, abs=0.02)
    # Langfang's northern counties are an exclave of Hebei between Beijing and Tianjin.
    assert meeting.index.tolist().count("北京市、天津市、河北省") == 4


def test_borders_survive_separate_simplification():
    """Each county simplified on its own leaves slivers all along; no pair is lost, none appears."""
    frame = counties("amap", provinces=["重庆", "贵州", "四川", "湖南"])
    rough = frame.set_geometry(frame.simplify(0.0003), crs=frame.crs)
    before, after = borders(frame), borders(rough)
    assert after["province_b"].tolist() == before["province_b"].tolist()
    assert after["length_km"].to_numpy() == pytest.approx(before["length_km"].to_numpy(), rel=0.01)
    assert junctions(rough)["provinces"].tolist() == junctions(frame)["provinces"].tolist()
    assert pairs(rough, tolerance_m=0)["重庆市", "四川省"] < 0.99 * pairs(frame)["重庆市", "四川省"]


def test_the_example_runs_on_its_own_file(checkout, monkeypatch, capsys, tmp_path):
    script = checkout / "examples" / "own_boundaries.py"
    out = tmp_path / "border.csv"
    monkeypatch.setattr(sys, "argv", [str(script), "--demo", "--out", str(out)])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(script), run_name="__main__")
    assert caught.value.code == 0
    assert "重庆市" in capsys.readouterr().out
    assert len(pd.read_csv(out)) == len(border_counties(counties(provinces=["重庆", "贵州", "四川", "湖南"])))

    monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path / "no.gpkg")])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(script), run_name="__main__")
    assert caught.value.code == 1
    assert "no.gpkg" in capsys.readouterr().err


def test_a_junction_where_a_province_touches_itself():
    """A lies north-west and south-east of a point, B north-east and C south-west: no border ends there."""
    frame = land(("A", box(0, 1)), ("B", box(1, 1)), ("A", box(1, 0)), ("C", box(0, 0)))
    found = junctions(frame)
    assert found["provinces"].tolist() == ["A、B、C"]
    assert found[["lon", "lat"]].to_numpy() == pytest.approx(np.array([[100 + KM, KM]]))


@settings(max_examples=chance.examples(40), deadline=None)
@given(st.lists(st.sampled_from("ABCD"), min_size=12, max_size=12))
def test_junctions_of_a_chequered_land_are_its_corners_with_three_provinces(owners):
    """By the definition: of each inner corner of a grid, the four squares round it."""
    grid = np.array(owners).reshape(3, 4)
    frame = land(*((grid[y, x], box(x, y)) for y in range(3) for x in range(4)))
    expected = {
        (100 + KM * x, KM * y, "、".join(sorted(set(grid[y - 1 : y + 1, x - 1 : x + 1].ravel()))))
        for y in range(1, 3)
        for x in range(1, 4)
        if len(set(grid[y - 1 : y + 1, x - 1 : x + 1].ravel())) >= 3
    }
    found = junctions(frame)
    got = {(round(r.lon, 9), round(r.lat, 9), r.provinces) for r in found.itertuples()}
    assert got == {(round(x, 9), round(y, 9), names) for x, y, names in expected}


def test_a_border_is_told_by_both_embedded_boundaries():
    lines = {source: borders(counties(source=source)) for source in ("tianditu", "amap")}
    for source, own in lines.items():
        told = border_length_ranges(own, source)
        both = own.merge(
            lines["amap" if source == "tianditu" else "tianditu"],
            on=["adcode_a", "adcode_b"],
            suffixes=("", "_other"),
        )
        assert len(both) == len(own) == 70
        ends = np.sort(both[["length_km", "length_km_other"]].to_numpy(), axis=1)
        assert told["length_low_km"].tolist() == ends[:, 0].tolist()
        assert told["length_high_km"].tolist() == ends[:, 1].tolist()
    chongqing = told[(told["adcode_a"] == 500000) & (told["adcode_b"] == 520000)].iloc[0]
    assert (round(chongqing["length_low_km"]), round(chongqing["length_high_km"])) == (767, 896)


def test_boundaries_of_ones_own_have_nothing_to_compare_with():
    lines = borders(counties()).head(3)
    told = border_length_ranges(lines, counties())
    assert told["length_low_km"].tolist() == told["length_high_km"].tolist() == lines["length_km"].tolist()


def test_a_countys_border_is_told_by_both_embedded_boundaries():
    between = ("重庆", "贵州")
    found = {source: border_counties(counties(source=source), between) for source in ("tianditu", "amap")}
    told = county_border_ranges(found["tianditu"], "tianditu").set_index("adcode")
    other = found["amap"].set_index("adcode")["border_km"].reindex(told.index)
    ends = np.sort(np.stack([told["border_km"], other.fillna(told["border_km"])], axis=1), axis=1)
    assert told["border_low_km"].to_numpy() == pytest.approx(ends[:, 0])
    assert told["border_high_km"].to_numpy() == pytest.approx(ends[:, 1])
    assert (told["border_high_km"] > told["border_low_km"] * 1.05).sum() > len(told) / 2
    assert told.columns[-1] == "geometry"


def test_a_county_of_ones_own_boundaries_has_nothing_to_compare_with():
    frame = counties(provinces=["重庆", "贵州"])
    found = border_counties(frame)
    told = county_border_ranges(found, frame)
    assert told["border_low_km"].tolist() == told["border_high_km"].tolist() == found["border_km"].tolist()
    assert county_border_ranges(found.iloc[:0], "tianditu").empty


def test_lengths_of_the_embedded_boundaries_are_measured_once(tmp_path, monkeypatch):
    monkeypatch.setattr(_borders, "cache_folder", lambda part: tmp_path / part)
    measured = _borders._lengths_of_counties("tianditu")
    kept = list(_borders._kept_lengths("counties", "tianditu", lambda: measured))
    assert kept == list(zip(*(column.tolist() for column in measured), strict=True))
    again = list(_borders._kept_lengths("counties", "tianditu", lambda: pytest.fail("measured again")))
    assert again == kept
    for file in (tmp_path / "boundaries").iterdir():
        file.write_bytes(file.read_bytes()[:-1])  # cut short
    assert list(_borders._kept_lengths("counties", "tianditu", lambda: measured)) == kept
