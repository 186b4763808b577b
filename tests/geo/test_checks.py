import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from borderreach.geo.checks import (
    require_choice,
    require_crs,
    require_cutoffs,
    require_frame,
    require_lonlat,
    require_number,
    require_same_crs,
)
from borderreach.geo.errors import (
    BorderReachError,
    CRSMismatchError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
)


def frame(crs="EPSG:4326", **columns):
    return gpd.GeoDataFrame(columns or {"name": ["a"]}, geometry=[shapely.Point(1, 2)], crs=crs)


def test_a_frame_in_wgs84_passes_as_it_is():
    given = frame()
    assert require_frame(given, "origins", geometry_types=["Point"], columns=["name"]) is given


def test_a_projected_frame_comes_back_in_wgs84_and_is_left_alone():
    given = frame().to_crs("EPSG:3857")
    got = require_frame(given, "origins")
    assert got.crs == "EPSG:4326"
    assert given.crs == "EPSG:3857"
    assert got.geometry.iloc[0].x == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        (pd.DataFrame({"a": [1]}), {}, InputTypeError, "'origins' should be a GeoDataFrame, got DataFrame"),
        (None, {}, InputTypeError, "got NoneType"),
        (gpd.GeoDataFrame({"a": [1]}), {}, GeometryTypeError, "no active geometry"),
        (frame(crs=None), {}, MissingCRSError, "origins.set_crs"),
        (
            frame(),
            {"columns": ["adcode"]},
            MissingColumnError,
            r"lacks the column\(s\) 'adcode'; it has 'name'",
        ),
        (frame().iloc[:0], {"allow_empty": False}, EmptyInputError, "'origins' has no rows"),
        (frame(), {"geometry_types": ["Polygon"]}, GeometryTypeError, "type Point; expected Polygon"),
        (
            gpd.GeoDataFrame(geometry=[None, shapely.Point()], index=[7, 8], crs="EPSG:4326"),
            {},
            GeometryTypeError,
            "2 missing or empty geometries .first at index 7",
        ),
    ],
)
def test_frames_that_do_not_pass(given, options, error, message):
    with pytest.raises(error, match=message) as caught:
        require_frame(given, "origins", **options)
    assert isinstance(caught.value, BorderReachError)


def test_empty_frames_pass_unless_told_otherwise():
    assert len(require_frame(frame().iloc[:0], "origins")) == 0


def test_crs_mismatch_names_both():
    with pytest.raises(CRSMismatchError, match=r"'a' is in EPSG:4326 and 'b' in EPSG:3857"):
        require_same_crs(frame(), frame().to_crs(3857), ("a", "b"))
    require_same_crs(frame(), frame(), ("a", "b"))


@pytest.mark.parametrize(
    ("value", "bounds", "message"),
    [
        (np.nan, {}, "finite"),
        (np.inf, {}, "finite"),
        (0, {"above": 0}, "above 0"),
        (-1, {"minimum": 0}, "at least 0"),
        (5, {"maximum": 4}, "at most 4"),
    ],
)
def test_numbers_out_of_bounds(value, bounds, message):
    with pytest.raises(InputError, match=message):
        require_number(value, "speed", **bounds)


@pytest.mark.parametrize("value", ["60", None, True, [60]])
def test_things_that_are_no_numbers(value):
    with pytest.raises(InputTypeError, match="'speed' should be a number of km/h"):
        require_number(value, "speed", unit="km/h")


def test_numbers_of_numpy_pass():
    assert require_number(np.int64(3), "n", minimum=3, maximum=3) == 3.0
    assert isinstance(require_number(np.float32(3), "n"), float)


def test_cutoffs():
    assert require_cutoffs((60, 120)) == (60.0, 120.0)
    assert require_cutoffs(60) == (60.0,)
    assert require_cutoffs(np.array([30, 45.5])) == (30.0, 45.5)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ((120, 60), InputError, r"ascending.*did you mean \(60.0, 120.0\)"),
        ((60, 60), InputError, "ascending"),
        ((-60,), InputError, "above 0"),
        ((0, 60), InputError, "above 0"),
        ((), EmptyInputError, "empty"),
        ("60", InputTypeError, "minutes such as"),
        (("60",), InputTypeError, "number of minutes"),
        (None, InputTypeError, "minutes such as"),
    ],
)
def test_cutoffs_that_do_not_pass(value, error, message):
    with pytest.raises(error, match=message):
        require_cutoffs(value)


def test_lonlat():
    assert require_lonlat(106.5, 29, "origin") == (106.5, 29.0)
    with pytest.raises(InputError, match="swapped"):
        require_lonlat(29.5, 106.5, "origin")
    with pytest.raises(InputError, match="lon in"):
        require_lonlat(200, 3, "origin")
    with pytest.raises(InputError, match="'origin'"):
        require_lonlat(float("nan"), 3, "origin")
    with pytest.raises(InputTypeError, match="'origin'"):
        require_lonlat("106", 29, "origin")


def test_choice_and_crs():
    assert require_choice("from", "direction", ("from", "to")) == "from"
    with pytest.raises(InputError, match="'direction' should be one of 'from', 'to', got 'form'"):
        require_choice("form", "direction", ("from", "to"))
    assert require_crs("EPSG:4490").to_epsg() == 4490
    with pytest.raises(InputError, match="PROJ"):
        require_crs("EPSG:999999")
