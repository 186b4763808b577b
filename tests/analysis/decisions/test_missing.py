"""Lines that are missing across a border: on networks whose answer is known, and against lines really added."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest

import borderreach as br
from borderreach.geo.errors import InputError

from ... import chance


def two_rows(n: int = 4, *, across: tuple[int, ...] = (0,)) -> tuple[br.TransportNetwork, gpd.GeoDataFrame]:
    """Towns in two rows, one on each side of a border, with roads along the rows and across at some places."""
    lon = np.tile(106 + 0.2 * np.arange(n), 2)
    lat = np.repeat([29.0, 29.2], n)
    tail = [*range(n - 1), *range(n, 2 * n - 1), *across]
    head = [*range(1, n), *range(n + 1, 2 * n), *(n + k for k in across)]
    metres = np.full(len(tail), 2e4)
    network = br.build_network(lon, lat, br.Links(tail, head, metres, metres / 60 * 3.6), max_access_km=1)
    towns = gpd.GeoDataFrame(
        {
            "name": [f"t{k}" for k in range(2 * n)],
            "province": ["南"] * n + ["北"] * n,
            "people": np.arange(1.0, 2 * n + 1),
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=4326,
    )
    return network, towns


def test_the_line_goes_where_the_way_is_longest():
    network, towns = two_rows()
    found = br.missing_links(network, towns, weights=[0, 0, 0, 1, 0, 0, 0, 1])
    first = found.iloc[0]
    # t3 and t7 face each other, 22 km apart and 140 by road
    assert (first["from_name"], first["to_name"]) == ("t3", "t7")
    assert first["road_km"] == pytest.approx(140)
    assert first["detour_factor"] == pytest.approx(140 / first["straight_km"])
    assert first["line_km"] == pytest.approx(1.3 * first["straight_km"])
    assert first["line_min"] == pytest.approx(first["line_km"] / 80 * 60)
    assert first["saved_min"] == pytest.approx(140 - first["line_min"])
    assert first["gain_person_min"] == pytest.approx(2 * first["saved_min"])
    assert len(found) == 1  # with it, nobody who goes anywhere gains by another


def test_where_all_go_everywhere_the_line_lies_further_in():
    network, towns = two_rows()
    found = br.missing_links(network, towns)
    assert (found["from_name"][0], found["to_name"][0]) == ("t2", "t6")
    assert found["gain_per_km"].is_monotonic_decreasing
    assert (found["from_province"] != found["to_province"]).all()


def test_roads_that_a_place_between_shows_to_be_joined_are_no_missing_line():
    """A bridge whose end lies 300 m from the road, joined to nothing: the town beside both is reached from either."""
    network, towns = two_rows()
    lon, lat = 106.605, 29.001  # beside t3, by the end of a bridge to t7
    more = network.extended(
        br.Links([8], [7], [2.2e4], [1320.0]), node_lon=[lon], node_lat=[lat], provenance={"bridge": "loose"}
    )
    # t3 reaches the bridge's end off the network, and so t7; t2, one town on, goes round
    weights = [0, 0, 1, 0, 0, 0, 0, 1]
    before = br.missing_links(network, towns, weights=weights)
    assert before[["from_name", "to_name"]].to_numpy().tolist() == [["t2", "t6"], ["t2", "t7"]]
    minutes = br.od_matrix(more, towns)["travel_time_min"].to_numpy().reshape(8, 8)
    assert minutes[2, 7] > 1.25 * (minutes[2, 3] + minutes[3, 7])
    assert "t2" not in set(br.missing_links(more, towns, weights=weights)["from_name"])


def test_where_every_pair_has_its_road_nothing_is_missing():
    network, towns = two_rows(across=(0, 1, 2, 3))
    assert len(br.missing_links(network, towns)) == 0


@pytest.mark.parametrize("seed", chance.seeds(2))
def test_gains_are_those_of_the_line_really_built(seed: int):
    network, towns = two_rows()
    people = np.random.default_rng(seed).integers(1, 50, len(towns)).astype(float)
    decay = br.indicators.ExponentialDecay.half_life(60)
    found = br.missing_links(network, towns, weights=people, decay=decay)
    names = towns["name"].tolist()
    base = br.minutes_between(network, towns, towns)
    drawn = people[None, :] * decay(base)
    np.fill_diagonal(drawn, 0)
    trips = people[:, None] * drawn / drawn.sum(axis=1, keepdims=True)
    before = base
    for _, row in found.iterrows():
        start, end = names.index(row["from_name"]), names.index(row["to_name"])
        network = network.extended(br.Links([start], [end], [row["line_km"] * 1000], [row["line_min"] * 60]))
        after = br.minutes_between(network, towns, towns)
        assert row["gain_person_min"] == pytest.approx((trips * (before - after)).sum(), rel=1e-4)
        before = after


def test_a_place_without_others_of_its_province_says_nothing_is_usual():
    network, towns = two_rows(2)
    with pytest.raises(InputError, match="no two places of one province"):
        br.missing_links(network, towns.iloc[[0, 2]])
    with pytest.raises(InputError, match="has no column 'kingdom'"):
        br.missing_links(network, towns, provinces="kingdom")
