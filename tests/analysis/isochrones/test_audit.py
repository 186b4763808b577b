"""The audit finds errors that were put in, and none to speak of where there are none."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.stats import binomtest

from borderreach.analysis import schemas
from borderreach.analysis.isochrones._audit import _interval, audit_isochrones
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.geo.crs import CHINA_ALBERS, WGS84
from borderreach.geo.errors import InputError, MissingColumnError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._trunk import trunk_network


@pytest.fixture(scope="module")
def trunk():
    return trunk_network(speed_kph=88)


@pytest.fixture(scope="module")
def two(trunk):
    return isochrones(trunk, ["綦江区", (106.93, 27.7)], cutoffs_min=(60, 120))


def grown(frame: gpd.GeoDataFrame, metres: float) -> gpd.GeoDataFrame:
    shapes = frame.geometry.to_crs(CHINA_ALBERS).buffer(metres).to_crs(WGS84)
    return frame.assign(geometry=[shapely.MultiPolygon(shapely.get_parts(s).tolist()) for s in shapes])


def test_default_settings_stay_below_one_per_cent_on_the_trunk_network(trunk, two):
    result = audit_isochrones(trunk, two)
    assert list(result.columns) == list(schemas.AUDIT)
    assert result["origin_id"].tolist() == two["origin_id"].tolist()
    assert (result["samples"] == 2000).all()
    for name in ("inclusion", "exclusion"):
        assert (result[f"false_{name}_pct"] < 1).all()
        assert (result[f"false_{name}_low_pct"] <= result[f"false_{name}_pct"]).all()
        assert (result[f"false_{name}_pct"] <= result[f"false_{name}_high_pct"]).all()
        assert (result[f"false_{name}_high_pct"] < 1.2).all()
    # a polygon's errors lie within a cell's diagonal of its edge
    assert (result["worst_distance_m"] < 710).all()
    assert np.allclose(result["area_km2"], two["area_km2"], rtol=2e-3)


def test_finds_what_was_added(trunk, two):
    wide = grown(two.iloc[[1]], 1000)
    result = audit_isochrones(trunk, wide).iloc[0]
    added = 100 * (1 - two["area_km2"].iloc[1] / result["area_km2"])
    assert result["false_inclusion_low_pct"] < added < result["false_inclusion_high_pct"]
    assert result["false_exclusion_pct"] < 0.5
    assert result["worst_distance_m"] > 800


def test_finds_what_is_missing(trunk, two):
    narrow = grown(two.iloc[[1]], -1000)
    result = audit_isochrones(trunk, narrow).iloc[0]
    missing = 100 * (two["area_km2"].iloc[1] / result["area_km2"] - 1)
    assert result["false_exclusion_low_pct"] < missing < result["false_exclusion_high_pct"]
    assert result["false_inclusion_pct"] < 0.5
    assert result["mean_distance_m"] > 200


def test_towards_a_place(trunk):
    there = isochrones(trunk, "綦江区", cutoffs_min=45, direction="to")
    assert audit_isochrones(trunk, there, samples=400)["false_inclusion_pct"].iloc[0] < 1.5


def test_points_depend_on_the_seed_alone(trunk, two):
    one = audit_isochrones(trunk, two, samples=100, workers=1)
    turned = audit_isochrones(trunk, two.iloc[::-1], samples=100, workers=2)
    assert one.equals(turned.iloc[::-1].reset_index(drop=True))


def test_origins_of_ones_own(trunk):
    frame = gpd.GeoDataFrame({"origin_id": ["depot"]}, geometry=[shapely.Point(106.93, 27.7)], crs=WGS84)
    result = isochrones(trunk, frame, cutoffs_min=30)
    with pytest.raises(InputError, match="origins="):
        audit_isochrones(trunk, result)
    assert len(audit_isochrones(trunk, result, origins=frame, samples=100)) == 1
    with pytest.raises(InputError, match="depot"):
        audit_isochrones(trunk, result, origins="綦江区", samples=100)


def test_nothing_in_nothing_out(trunk, two):
    empty = audit_isochrones(trunk, two.iloc[:0])
    assert len(empty) == 0
    assert list(empty.columns) == list(schemas.AUDIT)


def test_bad_input(trunk, two):
    with pytest.raises(InputError, match="samples"):
        audit_isochrones(trunk, two, samples=5)
    with pytest.raises(MissingColumnError, match="cutoff_min"):
        audit_isochrones(trunk, two.drop(columns="cutoff_min"))


@pytest.mark.parametrize(("wrong", "total"), [(0, 100), (3, 100), (100, 100), (1, 1000)])
def test_intervals_are_clopper_and_pearsons(wrong, total):
    exact = binomtest(wrong, total).proportion_ci(0.95, method="exact")
    assert _interval(wrong, total, 0.05) == pytest.approx((exact.low, exact.high))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("iceland-2019-05-09", [(-21.94, 64.146), (-18.09, 65.68), (-14.4, 65.26)]),
        ("isle-of-wight-2020-04-22", [(-1.29, 50.70), (-1.16, 50.73)]),
    ],
)
def test_default_settings_stay_below_one_per_cent_on_streets(reference, name, places):
    pbf = pytest.importorskip("borderreach.geo.osm._pbf")
    network = pbf.pbf_network(reference / "osm" / f"{name}.osm.pbf")
    result = audit_isochrones(network, isochrones(network, places), samples=4000)
    assert (result["false_inclusion_pct"] < 1).all()
    assert (result["false_exclusion_pct"] < 1).all()


def test_rows_of_another_frame_are_refused():
    """Row 0 of a plain frame is no place: the isochrones of another frame's row 0 start elsewhere."""
    network = build_network(
        [106.5, 106.6, 107.4], [29.5] * 3, Links([0, 1], [1, 2], [9.7e3, 77e3], [600.0, 4000.0])
    )
    here, there = (
        gpd.GeoDataFrame(geometry=gpd.points_from_xy([x], [29.5]), crs=4326) for x in (106.5, 107.4)
    )
    made = isochrones(network, here, cutoffs_min=15)
    assert len(audit_isochrones(network, made, origins=here, samples=50)) == 1
    with pytest.raises(InputError, match=r"row 0 lies at \(107.4000, 29.5000\), far outside"):
        audit_isochrones(network, made, origins=there, samples=50)
