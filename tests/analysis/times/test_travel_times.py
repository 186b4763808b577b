"""Travel times: hand-computed, published and symmetric ones, and what can't be asked."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from borderreach import data
from borderreach.analysis import schemas
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.errors import InputError, OffNetworkError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._trunk import trunk_network


@pytest.fixture(scope="module")
def trunk():
    return trunk_network(speed_kph=88)


def minutes(network, a, b, **options) -> float:
    return float(travel_times(network, a, b, **options)["travel_time_min"].iloc[0])


def road(**options):
    return build_network(
        [106.5, 106.6], [29.5, 29.5],
        Links([0], [1], [9690.0], [600.0], exit_along=True),
        **{"access_speed_kph": 5.0, "max_access_km": 2.0, **options},
    )  # fmt: skip


class TestHandComputed:
    def test_along_a_road(self):
        assert minutes(road(), (106.5, 29.5), (106.6, 29.5)) == pytest.approx(10, abs=1e-3)

    def test_between_two_places_on_one_road(self):
        assert minutes(road(), (106.52, 29.5), (106.58, 29.5)) == pytest.approx(
            6, abs=0.05
        )  # a straight line passes a metre below ground

    def test_off_the_road_at_both_ends(self):
        # 400 m north of the road at both ends: walk with a lead of 400 k / sqrt(1 - k²), k = 5 / 58.14
        k = 5 / (9.69 / (600 / 3600))
        length = float(np.linalg.norm(np.diff(road().node_xyz, axis=0)))
        walk = 0.4 / math.sqrt(1 - k * k) / 5 * 60
        ride = (length * 0.6 - 2 * 400 * k / math.sqrt(1 - k * k)) / length * 10
        got = minutes(road(), (106.52, 29.5 + 400 / 110_850), (106.58, 29.5 + 400 / 110_850))
        assert got == pytest.approx(2 * walk + ride, rel=5e-3)

    def test_straight_where_that_is_faster(self):
        slow = road().with_access(access_speed_kph=100)
        assert minutes(slow, (106.5, 29.5), (106.515, 29.5)) == pytest.approx(1.4538 / 100 * 60, rel=2e-3)

    def test_the_limit_makes_unreachable(self):
        frame = travel_times(road(), (106.5, 29.5), (106.6, 29.5), limit_min=9)
        assert frame["travel_time_min"].isna().all()
        assert frame["distance_km"].isna().all()

    def test_no_way_is_nan(self):
        network = build_network(
            [106.5, 106.6, 106.5, 106.6],
            [29.5, 29.5, 29.7, 29.7],
            Links([0, 2], [1, 3], [9690] * 2, [600] * 2),
        )
        assert math.isnan(minutes(network, (106.5, 29.5), (106.5, 29.7)))


class TestTrunk:
    def test_published_hours_from_zunyi(self, trunk):
        known = pd.read_csv(data.path("zunyi_road_hours.csv"))
        frame = travel_times(trunk, "遵义市", known["city"].tolist())
        error = frame["travel_time_min"] / 60 / known["hours"] - 1
        assert error.abs().mean() < 0.12
        guiyang = known["city"] == "贵阳市"
        assert abs(error[guiyang].iloc[0]) < 0.15

    def test_plausible_pairs(self, trunk):
        frame = travel_times(trunk, ["重庆市", "遵义市"], "贵阳市")
        assert frame["travel_time_min"].tolist() == pytest.approx([245, 93], rel=0.05)
        # by expressway, some 370 and 140 km
        assert frame["distance_km"].tolist() == pytest.approx([370, 140], rel=0.1)

    def test_symmetric(self, trunk):
        names = ["重庆市", "贵阳市", "成都市", "西安市", "温州市"]
        frame = travel_times(trunk, names, names)
        for column in ("travel_time_min", "distance_km"):
            square = frame[column].to_numpy().reshape(len(names), -1)
            assert np.allclose(square, square.T, rtol=1e-9, atol=1e-6)
            assert (np.diag(square) == 0).all()

    def test_triangle_inequality_within_access(self, trunk):
        names = ["重庆市", "贵阳市", "成都市"]
        t = travel_times(trunk, names, names)["travel_time_min"].to_numpy().reshape(3, 3)
        # the way through a seat's own access can't be shorter than not going there
        assert t[0, 2] <= t[0, 1] + t[1, 2]

    def test_threads_change_nothing(self, trunk):
        names = ["重庆市", "贵阳市", "成都市"]
        one = travel_times(trunk, names, names, workers=1)
        pd.testing.assert_frame_equal(one, travel_times(trunk, names, names, workers=3))
        assert list(one.columns) == list(schemas.TRAVEL_TIMES)


class TestBadInput:
    def test_off_the_network(self, trunk):
        with pytest.raises(OffNetworkError, match="125"):
            travel_times(trunk, (125.0, 30.0), "上海市")
        with pytest.raises(OffNetworkError):
            travel_times(trunk, "上海市", (125.0, 30.0))

    @pytest.mark.parametrize("limit", [-1, 0, math.nan])
    def test_limit(self, trunk, limit):
        with pytest.raises(InputError, match="limit_min"):
            travel_times(trunk, "上海市", "苏州市", limit_min=limit)
