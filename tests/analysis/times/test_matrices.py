"""Matrices agree with `travel_times` pair by pair, stay sparse where asked, and are written whole or not at all."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from borderreach.analysis.times import _matrices as matrices
from borderreach.analysis.times._contraction import FAR
from borderreach.analysis.times._hierarchy import LENGTH_BITS, Ways, descent, hierarchy, least_keys
from borderreach.analysis.times._matrices import od_matrix, write_od_matrix
from borderreach.analysis.times._tables import read_pairs
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.crs import WGS84
from borderreach.geo.errors import InputError, InputTypeError, OffNetworkError, OutputError
from borderreach.geo.networks import Links, build_network

from ... import chance


def random_network(seed: int, *, n: int = 60, exit_along: bool = False, max_access_km: float = 8):
    """Roads between near nodes, a third of them passable one way only or slower one way."""
    rng = np.random.default_rng(seed)
    lon, lat = 106 + rng.random(n), 29 + rng.random(n)
    tail = np.repeat(np.arange(n), 3)
    head = rng.permuted(np.tile(np.arange(n), (n, 1)), axis=1)[:, :3].ravel()
    tail, head = tail[tail != head], head[tail != head]
    length = np.hypot(lon[tail] - lon[head], lat[tail] - lat[head]) * 120_000
    time = length / rng.uniform(5, 30, len(tail))
    back = np.where(rng.random(len(tail)) < 0.3, np.inf, time * rng.uniform(0.5, 2, len(tail)))
    links = Links(tail, head, length, time, back, exit_along=exit_along)
    return build_network(lon, lat, links, access_speed_kph=25, max_access_km=max_access_km)


def places(seed: int, n: int, prefix: str) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    return gpd.GeoDataFrame(
        {"origin_id": [f"{prefix}{k}" for k in range(n)]},
        geometry=gpd.points_from_xy(106.1 + 0.8 * rng.random(n), 29.1 + 0.8 * rng.random(n)),
        crs=WGS84,
    )


@pytest.mark.parametrize("exit_along", [False, True])
@pytest.mark.parametrize("seed", chance.seeds(4))
def test_agrees_with_travel_times(seed: int, exit_along: bool):
    network = random_network(seed, exit_along=exit_along, max_access_km=30)
    origins, destinations = places(seed, 21, "a"), places(seed + 100, 13, "b")
    expected = travel_times(network, origins, destinations)
    result = od_matrix(network, origins, destinations, chunk=10)
    assert result.dtypes.equals(expected.dtypes)
    assert_frame_equal(result.drop(columns="distance_km"), expected.drop(columns="distance_km"))
    # lengths are whole centimetres per link, and access
    assert result["distance_km"].to_numpy() == pytest.approx(
        expected["distance_km"].to_numpy(), abs=1e-3, nan_ok=True
    )


def test_one_way_roads_make_it_asymmetric():
    network = build_network(
        [106.0, 106.1], [29.0, 29.0], Links([0], [1], [9700.0], [600.0], [1200.0]), max_access_km=1
    )
    result = od_matrix(network, [(106.0, 29.0), (106.1, 29.0)])
    assert result["travel_time_min"].tolist() == [0, 10, 20, 0]


@settings(max_examples=chance.examples(50), deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_contraction_keeps_every_shortest_journey(seed: int, n: int):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 4 * n))
    tail, head = rng.integers(0, n, m), rng.integers(0, n, m)
    cost = rng.integers(1, 50, m)
    keep = tail != head
    network = build_network(
        np.linspace(100, 101, n),
        np.full(n, 30.0),
        Links(tail[keep], head[keep], cost[keep], cost[keep] / 1000, np.full(keep.sum(), np.inf)),
    )
    prepared = hierarchy(network)
    assert sorted(prepared.number) == list(range(n))
    ends = rng.permutation(n)[: int(rng.integers(1, n + 1))]
    down = descent(prepared, at_nodes(ends))
    found = least_keys(prepared, at_nodes(np.arange(n)), 0, n, down)
    matrix = csr_matrix(
        (network.arc_time_ms.astype(float), network.arc_head, network.arc_start), shape=(n, n)
    )
    expected = dijkstra(matrix)[:, ends]
    assert np.array_equal(np.where(found < FAR, found >> LENGTH_BITS, np.inf), expected)
    # up to a limit, all that doesn't exceed it
    limit = 30 << LENGTH_BITS
    near = least_keys(prepared, at_nodes(np.arange(n)), 0, n, down, limit=limit)
    assert np.array_equal(np.where(near <= limit, near, FAR), np.where(found <= limit, found, FAR))
    # any of the rows alone is the same
    assert np.array_equal(least_keys(prepared, at_nodes(np.arange(n)), n - 1, n, down), found[-1:])


def at_nodes(nodes) -> Ways:
    """One place at each of some nodes."""
    return Ways(np.arange(len(nodes) + 1), np.asarray(nodes), np.zeros(len(nodes), dtype=np.int64))


def test_shortcuts_that_no_journey_needs_are_left_out():
    # a ring of four, one side slow: the node removed first leaves a shortcut beside a faster way round
    minutes = [1, 1, 1, 9]
    links = Links([0, 1, 2, 3], [1, 2, 3, 0], [1000.0] * 4, [60.0 * m for m in minutes])
    prepared = hierarchy(build_network([106, 106.1, 106.1, 106], [29, 29, 29.1, 29.1], links))
    # the three fast sides, and what their own shortcuts need, each way: the slow side is in none
    assert (prepared.up_key >> LENGTH_BITS).max() <= 3 * 60_000
    assert (prepared.down_key >> LENGTH_BITS).max() <= 3 * 60_000


def test_ways_that_a_road_overtakes_are_dropped():
    # three nodes in a row, ten minutes apart by road; the place is 1 min from the first, 11 from the next
    # (as by road), and 30 from the last (later than by road)
    network = build_network(
        [106.0, 106.1, 106.2], [29.0] * 3, Links([0, 1], [1, 2], [9700.0] * 2, [600.0] * 2)
    )
    key = (np.array([1, 11, 30]) * 60_000 << LENGTH_BITS) + np.array([1, 1, 1])
    kept = Ways(np.array([0, 0, 3]), np.arange(3), key).without_detours(network)
    assert kept.start.tolist() == [0, 0, 2]
    # of equal times the shorter length: 9.7 km by road is longer than a centimetre
    assert kept.node.tolist() == [0, 1]


def test_ways_that_several_arcs_overtake_are_dropped_and_no_time_changes():
    # four nodes in a row, ten minutes apart by road: the third is come to in 23 min, in 25 from the second's own way,
    # and in 21 by road from the first
    network = build_network(
        [106.0, 106.1, 106.2, 106.3], [29.0] * 4, Links([0, 1, 2], [1, 2, 3], [9700.0] * 3, [600.0] * 3)
    )
    key = np.array([1, 15, 23, 60]) * 60_000 << LENGTH_BITS
    kept = Ways(np.array([0, 4]), np.arange(4), key).without_detours(network)
    assert kept.node.tolist() == [0]
    # on any network the least times are those of all ways
    for seed in range(3):
        network, rng = random_network(seed), np.random.default_rng(seed)
        n = network.n_nodes
        start = np.arange(0, 5 * n // 2 + 1, n // 2)
        node = np.concatenate([np.sort(rng.choice(n, n // 2, replace=False)) for _ in range(5)])
        ways = Ways(start, node, rng.integers(0, 90 * 60_000, len(node)) << LENGTH_BITS)
        fewer = ways.without_detours(network)
        prepared = hierarchy(network)
        down = descent(prepared, at_nodes(np.arange(n)))
        assert len(fewer.node) < len(ways.node)
        found = least_keys(prepared, fewer, 0, 5, down)
        assert np.array_equal(found, least_keys(prepared, ways, 0, 5, down))


def test_a_network_is_prepared_once():
    network = random_network(1)
    assert hierarchy(network) is hierarchy(network)
    assert hierarchy(network) is not hierarchy(random_network(1))


@pytest.fixture(scope="module")
def network():
    return random_network(5, max_access_km=30)


@pytest.fixture(scope="module")
def full(network):
    return od_matrix(network, places(1, 20, "a"), places(2, 30, "b"))


def test_chunks_and_threads_change_nothing(network, full):
    variants: tuple[dict[str, Any], ...] = (
        {"chunk": 1},
        {"chunk": 7, "workers": 1},
        {"chunk": 1000, "workers": 3},
    )
    for options in variants:
        assert_frame_equal(od_matrix(network, places(1, 20, "a"), places(2, 30, "b"), **options), full)


def test_a_cutoff_leaves_out_what_is_farther(network, full):
    sparse = od_matrix(network, places(1, 20, "a"), places(2, 30, "b"), cutoff_min=40)
    assert 0 < len(sparse) < len(full)
    assert_frame_equal(sparse, full[full["travel_time_min"] <= 40].reset_index(drop=True))
    ends = [f"b{k}" for k in range(30)]
    assert sparse.attrs == {"limit_min": 40.0, "k_nearest": None, "to_ids": ends}
    with pytest.raises(InputError, match="up to 40 min only"):
        read_pairs(sparse, cutoff_min=60)


def test_k_nearest_by_time(network, full):
    nearest = od_matrix(network, places(1, 20, "a"), places(2, 30, "b"), k_nearest=3)
    expected = (
        full.dropna().sort_values("travel_time_min", kind="stable").groupby("from_id", sort=False).head(3)
    )
    order = pd.Categorical(expected["from_id"], full["from_id"].unique())
    expected = expected.assign(order=order).sort_values(["order", "travel_time_min"], kind="stable")
    assert_frame_equal(nearest, expected[list(full.columns)].reset_index(drop=True))
    more = od_matrix(network, places(1, 20, "a"), places(2, 30, "b"), k_nearest=99)
    assert len(more) == full["travel_time_min"].notna().sum()


def test_places_off_the_network(network):
    far = pd.concat(
        [places(1, 2, "a"), places(1, 1, "far").set_geometry(gpd.points_from_xy([90.0], [40.0]), crs=WGS84)]
    )
    with pytest.raises(OffNetworkError, match="'far0'"):
        od_matrix(network, far)
    result = od_matrix(network, far, off_network="unreachable").set_index(["from_id", "to_id"])
    assert result["travel_time_min"].loc["far0"].isna().all()
    assert result["travel_time_min"].xs("far0", level="to_id").isna().all()
    assert result.loc[("a0", "a0"), "travel_time_min"] == 0
    # nobody at one of the ends
    for ends in ((far, far.iloc[2:]), (far.iloc[2:], far)):
        nothing = od_matrix(network, *ends, off_network="unreachable")
        assert len(nothing) == 3
        assert nothing["travel_time_min"].isna().all()
        assert len(od_matrix(network, *ends, off_network="unreachable", cutoff_min=60)) == 0


class TestFile:
    def test_it_holds_what_the_table_holds(self, network, full, tmp_path):
        file = write_od_matrix(
            network, places(1, 20, "a"), tmp_path / "od.parquet", places(2, 30, "b"), chunk=8
        )
        assert pq.ParquetFile(file).num_row_groups == 3
        table = pd.read_parquet(file)
        assert table.attrs == {"limit_min": None, "k_nearest": None}
        assert list(read_pairs(table).from_ids) == list(read_pairs(full).from_ids)
        assert_frame_equal(table.astype(full.dtypes.to_dict()), full)
        one = pd.read_parquet(file, filters=[("from_id", "==", "a3")])
        assert one["travel_time_min"].tolist() == pytest.approx(
            full.loc[full["from_id"] == "a3", "travel_time_min"].tolist(), nan_ok=True
        )

    def test_its_limit_is_remembered(self, network, tmp_path):
        file = write_od_matrix(network, places(1, 20, "a"), tmp_path / "od.parquet", cutoff_min=40)
        with pytest.raises(InputError, match="up to 40 min only"):
            read_pairs(pd.read_parquet(file), cutoff_min=60)

    def test_nothing_half_written(self, network, tmp_path, monkeypatch: pytest.MonkeyPatch):
        file = tmp_path / "od.parquet"
        file.write_text("older")
        compute, calls = matrices._batch, []

        def failing(*arguments):
            calls.append(1)
            if len(calls) > 2:
                raise OSError("no space left on device")
            return compute(*arguments)

        monkeypatch.setattr(matrices, "_batch", failing)
        with pytest.raises(OutputError, match="no space left"):
            write_od_matrix(network, places(1, 40, "a"), file, chunk=8, workers=1)
        assert file.read_text() == "older"
        assert [path.name for path in tmp_path.iterdir()] == ["od.parquet"]

    def test_places_to_write_to(self, network, tmp_path):
        with pytest.raises(OutputError, match="doesn't exist"):
            write_od_matrix(network, (106.5, 29.5), tmp_path / "no" / "od.parquet")
        with pytest.raises(OutputError, match="is a folder"):
            write_od_matrix(network, (106.5, 29.5), tmp_path)
        nowhere: Any = None
        with pytest.raises(InputTypeError, match="'out' should be a path"):
            write_od_matrix(network, (106.5, 29.5), nowhere)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chunk": 0}, "'chunk' should be at least 1"),
        ({"k_nearest": 1.5}, "'k_nearest' should be a whole number"),
        ({"cutoff_min": -1}, "'cutoff_min' should be above 0"),
        ({"off_network": "drop"}, "'off_network' should be one of"),
    ],
)
def test_options_are_checked(network, options, message):
    with pytest.raises(InputError, match=message):
        od_matrix(network, places(1, 2, "a"), **options)


def test_ids_have_to_differ(network):
    with pytest.raises(InputError, match=r"'origins' has 1 origin\(s\) whose id occurs before"):
        od_matrix(network, pd.concat([places(1, 2, "a"), places(1, 1, "a")]))
