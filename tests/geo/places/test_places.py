import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.errors import (
    AmbiguousPlaceError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingCRSError,
    UnknownPlaceError,
)
from borderreach.geo.places._boundaries import counties
from borderreach.geo.places._places import ORIGIN_COLUMNS, Place, origins_table, place

from ... import chance


@pytest.mark.parametrize(
    ("query", "adcode", "level"),
    [
        ("綦江区", 500110, "county"),
        ("綦江", 500110, "county"),
        (" 綦江 ", 500110, "county"),
        (500110, 500110, "county"),
        ("500110", 500110, "county"),
        (np.int64(500110), 500110, "county"),
        ("重庆市綦江区", 500110, "county"),
        ("重庆綦江", 500110, "county"),
        ("重庆/綦江", 500110, "county"),
        ("酉阳土家族苗族自治县", 500242, "county"),
        ("酉阳县", 500242, "county"),
        ("酉阳", 500242, "county"),
        ("重庆", 500000, "province"),
        ("重庆市", 500000, "province"),
        ("内蒙古", 150000, "province"),
        ("贵阳", 520100, "city"),
        ("遵义", 520300, "city"),
        ("海南", 460000, "province"),
        ("海南州", 632500, "city"),
        ("济源", 419001, "city"),
        ("长沙", 430100, "city"),
        ("长沙县", 430121, "county"),
        ("邵阳市", 430500, "city"),
        ("邵阳县", 430523, "county"),
        ("承德", 130800, "city"),
        ("福建/福州/鼓楼区", 350102, "county"),
        ("福州/鼓楼", 350102, "county"),
        ("福建省福州市鼓楼区", 350102, "county"),
        ("南京市鼓楼区", 320106, "county"),
    ],
)
def test_queries(query, adcode, level):
    found = place(query)
    assert (found.adcode, found.level) == (adcode, level)


def test_a_place_says_where_it_lies():
    found = place("綦江")
    assert found == Place("綦江区", 500110, "county", 106.647621, 29.031250, "重庆市", "重庆市", "seat")
    assert found.geometry.equals(shapely.Point(106.647621, 29.03125))
    assert shapely.geometry.shape(found).equals(found.geometry)
    assert str(found) == "綦江区 500110 (重庆市)"
    with pytest.raises(AttributeError):
        found.name = "x"  # type: ignore[misc]


def test_level_narrows():
    assert place("长沙", level="county").name == "长沙县"
    assert place("济源", level="county").adcode == 419001
    assert place("重庆", level="city").adcode == 500000
    with pytest.raises(UnknownPlaceError, match="no city is called '綦江'"):
        place("綦江", level="city")
    with pytest.raises(InputError, match="'level' should be one of"):
        place("綦江", level="town")  # type: ignore[arg-type]


@pytest.mark.parametrize("query", ["鼓楼区", "鼓楼"])
def test_ambiguous_names_list_their_candidates(query):
    with pytest.raises(AmbiguousPlaceError) as caught:
        place(query)
    assert caught.value.candidates == (
        "鼓楼区 320106 (江苏省, 南京市)",
        "鼓楼区 320302 (江苏省, 徐州市)",
        "鼓楼区 350102 (福建省, 福州市)",
        "鼓楼区 410204 (河南省, 开封市)",
    )
    for candidate in caught.value.candidates:
        assert candidate in str(caught.value)
    assert "江苏省/南京市/鼓楼区" in str(caught.value)


def test_the_hint_of_an_ambiguous_name_works():
    assert place("江苏省/南京市/鼓楼区").adcode == 320106
    with pytest.raises(AmbiguousPlaceError):
        place("江苏/鼓楼区")


@pytest.mark.parametrize("query", ["綦江县", "贵阳帝", "四川/綦江区", "/", "", "999999", 1])
def test_unknown_places(query):
    with pytest.raises(UnknownPlaceError):
        place(query)


def test_unknown_names_suggest_what_comes_close():
    with pytest.raises(UnknownPlaceError, match="did you mean 綦江"):
        place("綦江县")


@pytest.mark.parametrize("query", [None, True, 1.5, ["綦江", "贵阳"], ("a", 1), object()])
def test_things_that_are_no_places(query):
    with pytest.raises(InputTypeError, match="a place is a name"):
        place(query)


@pytest.mark.parametrize("query", [(106.5, 29.5), [106.5, 29.5], np.array([106.5, 29.5])])
def test_coordinates(query):
    found = place(query)
    assert (found.name, found.adcode, found.level) == ("106.5000, 29.5000", 0, "point")
    assert (found.lon, found.lat, found.point_source) == (106.5, 29.5, "given")


@pytest.mark.parametrize("query", [(29.5, 106.5), (float("nan"), 29.5), (float("inf"), 0), (200, 0)])
def test_coordinates_out_of_range(query):
    with pytest.raises(InputError, match="lon"):
        place(query)


@settings(max_examples=chance.examples(60), deadline=None)
@given(st.integers(0, 2890))
def test_every_county_is_found_by_code_and_by_its_full_path(number):
    county = counties().iloc[number]
    assert place(int(county["adcode"])).adcode == county["adcode"]
    path = f"{county['province']}/{county['city']}/{county['name']}"
    if county["city"] not in (county["province"], county["name"]):
        assert place(path).adcode == county["adcode"]


def test_places_of_own_counties_and_what_they_make_up():
    chongqing = counties(provinces=("重庆", "贵州"))
    for name, level in (
        ("贵州", "province"),
        ("贵阳市", "city"),
        ("綦江", "county"),
        ("重庆市/江津区", "county"),
    ):
        known = place(name)
        assert place(name, source=chongqing) == known
        assert known.level == level
    with pytest.raises(UnknownPlaceError):
        place("长沙市", source=chongqing)
    renamed = chongqing.assign(name=chongqing["name"].replace("綦江区", "Qijiang/綦江"))
    assert place("Qijiang/綦江", source=renamed).adcode == 500110
    assert origins_table(["贵阳市"], source=chongqing)["origin_id"].item() == "520100"


def test_amap_source():
    assert place("两江新区", source="amap").adcode == 500105
    assert place("重庆/江北区").adcode == 500105
    with pytest.raises(UnknownPlaceError):
        place("重庆/江北区", source="amap")


def test_origins_of_mixed_kinds():
    table = origins_table(["綦江区", 520100, (106.55, 29.56), place("遵义")])
    assert tuple(table.columns) == ORIGIN_COLUMNS
    assert table["origin_id"].tolist() == ["500110", "520100", "106.550000,29.560000", "520300"]
    assert table["origin_name"].tolist() == ["綦江区", "贵阳市", "106.5500, 29.5600", "遵义市"]
    assert table.crs == "EPSG:4326"
    assert table.geometry.x.tolist() == table["lon"].tolist()


@pytest.mark.parametrize("one", ["綦江区", 500110, (106.5, 29.5), place("綦江区")])
def test_a_single_origin_needs_no_list(one):
    assert len(origins_table(one)) == 1


def test_two_adcodes_are_two_places_and_two_names_too():
    assert origins_table((500110, 520100))["origin_name"].tolist() == ["綦江区", "贵阳市"]
    assert origins_table(("重庆", "贵阳"))["origin_name"].tolist() == ["重庆市", "贵阳市"]


def test_array_of_coordinates():
    assert origins_table(np.array([[106.5, 29.5], [107, 30]]))["lon"].tolist() == [106.5, 107]


def test_counties_as_origins_take_their_seats():
    frame = counties(provinces="重庆")
    before = frame.copy()
    table = origins_table(frame)
    assert table["origin_id"].tolist() == frame["adcode"].astype(str).tolist()
    assert table["origin_name"].tolist() == frame["name"].tolist()
    assert table["lon"].tolist() == frame["lon"].tolist()
    assert frame.equals(before)


def test_frames_of_points_in_another_crs():
    frame = gpd.GeoDataFrame(
        {"name": ["a", "b"]}, geometry=gpd.points_from_xy([106, 107], [29, 30]), index=[5, 9], crs="EPSG:4326"
    ).to_crs("EPSG:3857")
    table = origins_table(frame)
    assert table["origin_id"].tolist() == ["5", "9"]
    assert table["lon"].round(9).tolist() == [106, 107]
    series = origins_table(frame.geometry)
    assert series["origin_name"].tolist() == ["5", "9"]


def test_polygons_without_columns_give_a_point_on_their_surface():
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(1, 1, 8, 8))
    table = origins_table(gpd.GeoDataFrame(geometry=[ring], crs="EPSG:4326"))
    assert ring.contains(table.geometry.iloc[0])


def points(lon, lat, crs="EPSG:4326", **columns):
    return gpd.GeoDataFrame(columns or None, geometry=gpd.points_from_xy(lon, lat), crs=crs)


@pytest.mark.parametrize(
    ("origins", "error", "message"),
    [
        ([], EmptyInputError, "'origins' is empty"),
        (points([], []), EmptyInputError, "'origins' has no rows"),
        (points([1], [1], crs=None), MissingCRSError, "no coordinate reference system"),
        (points([1, np.inf], [1, 1], name=["a", "b"]), InputError, "the first at index 1: lon inf"),
        (
            points([1, 2], [1, 95]),
            InputError,
            r"the first at index 1: \(2, 95\); are longitude and latitude swapped",
        ),
        (points([100, 2], [1, 95]), InputError, r"1 of 2 rows .* the first at index 1: \(2, 95\)"),
        (
            points([106, 5e5], [29, 3e6]),
            InputError,
            r"the first at index 1: \(500000, 3000000\); mend or drop it",
        ),
        (
            points([29, 30], [106, 107]),
            InputError,
            r"such as \(29, 106\): are longitude and latitude swapped",
        ),
        (points([5e5, 6e5], [3e6, 3e6]), MissingCRSError, "which are metres"),
        (points([1, 2], [1, 1], origin_id=["a", "a"]), InputError, "id occurs before, such as 'a'"),
        (
            points([1, 2], [1, 1], name=["a", None]),
            InputError,
            "without a value in 'name', the first at index 1",
        ),
        (["綦江区", 500110], InputError, "id occurs before, such as '500110'"),
        (["綦江区", None], InputTypeError, "'origins', item 1: a place is"),
        (["綦江区", (200, 1)], InputError, "'origins', item 1: .*lon in"),
        ("鼓楼区", AmbiguousPlaceError, "could be 4 places"),
        (None, InputTypeError, "got NoneType"),
        (
            gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4326"),
            GeometryTypeError,
            "LineString",
        ),
    ],
)
def test_origins_that_do_not_pass(origins, error, message):
    with pytest.raises(error, match=message):
        origins_table(origins)


def test_nan_coordinates_name_the_row():
    frame = counties(provinces="重庆").head(2)
    frame.loc[1, "lon"] = np.nan
    with pytest.raises(InputError, match="the first at index 1: lon nan"):
        origins_table(frame)


def test_the_caller_s_argument_is_named():
    with pytest.raises(EmptyInputError, match="'centres' is empty"):
        origins_table([], argument="centres")
