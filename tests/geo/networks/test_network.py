"""Networks: built, extended, turned round, and taken to GeoDataFrames and back."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from borderreach.geo.crs import WGS84, to_ecef
from borderreach.geo.errors import (
    GeometryTypeError,
    InputError,
    MissingColumnError,
    MissingCRSError,
    NetworkError,
)
from borderreach.geo.networks import (
    MAX_ARC_TIME_MS,
    Links,
    access,
    build_network,
    network_from_geodataframes,
)
from borderreach.geo.networks._exit_lines import ExitTree

from ... import chance

LON, LAT = [106.5, 106.6, 106.6], [29.5, 29.5, 29.6]


def small(**options):
    return build_network(
        LON, LAT,
        Links(
            [0, 1, 0], [1, 2, 2], [9690.0, 11_085.0, 14_700.0], [600, 700, 800], [600, math.inf, 900],
            mode="road", road_class=["trunk", "primary", "primary"], exit_along=[True, False, True],
            geometry=[None, None, [(106.5, 29.5), (106.52, 29.56), (106.6, 29.6)]],
        ),
        **options,
    )  # fmt: skip


def arcs(network) -> set[tuple[int, int, int, bool]]:
    return set(
        zip(
            network.arc_tail.tolist(), network.arc_head.tolist(),
            network.arc_time_ms.tolist(), network.arc_exit.tolist(), strict=True,
        )
    )  # fmt: skip


class TestOtherAccess:
    def test_what_is_known_is_handed_on_and_right(self):
        network = small()
        known = (
            "node_xyz",
            "exit_nodes",
            "link_length_m",
            "link_ends",
            "has_exits_along",
            "arc_tail",
            "link_arcs",
        )
        for name in known:
            getattr(network, name)
        farther = network.with_access(max_access_km=77)
        fresh = small(max_access_km=77)
        for name in known:
            assert getattr(farther, name) is getattr(network, name), name
            np.testing.assert_equal(getattr(farther, name), getattr(fresh, name), err_msg=name)
            np.testing.assert_equal(
                getattr(farther.reverse, name), getattr(fresh.reverse, name), err_msg=name
            )

    def test_what_depends_on_the_reach_is_worked_out_anew(self):
        network = small(max_access_km=3)
        assert network.exit_lines is not network.with_access(max_access_km=40).exit_lines

    def test_a_shorter_reach_takes_the_lines_over_and_enters_where_it_would_otherwise(self):
        network, fresh = small(max_access_km=40), small(max_access_km=2)
        network.exit_lines  # noqa: B018 - asked for
        nearer = network.with_access(max_access_km=2)
        assert nearer.exit_lines is network.exit_lines
        rng = np.random.default_rng(18)
        span = network.node_lon.max() - network.node_lon.min()
        entered = 0
        for share, north in zip(rng.random(40), rng.uniform(-0.03, 0.03, 40), strict=True):
            place = {"lon": network.node_lon.min() + share * span, "lat": network.node_lat.min() + north}
            place["xyz"] = to_ecef([place["lon"]], [place["lat"]])[0]
            ways, expected = access(nearer, **place), access(fresh, **place)
            entered += len(expected.node) > 0
            for name in ("node", "time_ms", "length_m", "line"):
                np.testing.assert_array_equal(getattr(ways, name), getattr(expected, name))
        assert 0 < entered < 40


class TestBuilding:
    def test_arcs_in_csr_form(self):
        network = small()
        assert (network.n_nodes, network.n_links, network.n_arcs) == (3, 3, 5)
        assert network.arc_start.tolist() == [0, 2, 4, 5]
        assert arcs(network) == {
            (0, 1, 600_000, True),
            (1, 0, 600_000, True),
            (1, 2, 700_000, False),
            (0, 2, 800_000, True),
            (2, 0, 900_000, True),
        }

    def test_arrays_are_read_only(self):
        with pytest.raises(ValueError, match="read-only"):
            small().arc_time_ms[0] = 1

    def test_the_callers_arrays_stay_their_own(self):
        lon = np.array(LON)
        build_network(lon, LAT, Links([0], [1], [1.0], [1.0]))
        lon[0] = 0.0

    def test_nothing_is_a_network_too(self):
        network = build_network([], [], Links([], [], [], []))
        assert (network.n_nodes, network.n_arcs) == (0, 0)

    @pytest.mark.parametrize(
        ("links", "message"),
        [
            (Links([0], [9], [1.0], [1.0]), "node 9"),
            (Links([0], [1], [1.0], [-1.0]), "time_s"),
            (Links([0], [1], [1.0], [math.nan]), "time_s"),
            (Links([0], [1], [-1.0], [1.0]), "length_m"),
            (Links([0], [1], [1.0, 2.0], [1.0]), "length_m"),
            (Links([0], [1], [1.0], [MAX_ARC_TIME_MS / 1000 + 1]), "days"),
            (Links([0, 1], [1, 0], [50.0, 9700.0], [0.0, 0.0]), "'time_s' of link 1 is 0 s for 9,700 m"),
            (Links([0], [1], [101.0], [60.0], [0.0004]), "'back_time_s' of link 0 is 0.0004 s for 101 m"),
        ],
    )
    def test_what_is_not_a_network(self, links, message):
        with pytest.raises(NetworkError, match=message):
            build_network(LON, LAT, links)

    def test_metres_are_not_degrees(self):
        with pytest.raises(InputError, match="degrees"):
            build_network([500_000.0], [3_000_000.0], Links([], [], [], []))


class TestReverse:
    def test_every_arc_turns_round(self):
        network = small()
        assert arcs(network.reverse) == {(b, a, t, e) for a, b, t, e in arcs(network)}
        assert arcs(network.reverse.reverse) == arcs(network)

    def test_lines_keep_their_direction(self):
        network = small().reverse
        for arc in range(network.n_arcs):
            line = network.link_line(int(network.arc_link[arc]))
            line = line[::-1] if network.arc_reversed[arc] else line
            tail, head = network.arc_tail[arc], network.arc_head[arc]
            assert line[0] == pytest.approx((network.node_lon[tail], network.node_lat[tail]))
            assert line[-1] == pytest.approx((network.node_lon[head], network.node_lat[head]))

    @pytest.mark.parametrize("seed", chance.seeds(12))
    def test_arcs_are_those_of_a_sort_by_head_and_tail(self, seed):
        rng = np.random.default_rng(seed)
        n = 12
        ends = rng.integers(0, n, (2, 60))
        network = build_network(
            106 + rng.random(n),
            29 + rng.random(n),
            Links(ends[0], ends[1], np.full(60, 9.0), rng.integers(1, 99, 60)),
        )
        order = np.lexsort((network.arc_tail, network.arc_head))
        back = network.reverse
        assert back.arc_head.tolist() == network.arc_tail[order].tolist()
        assert back.arc_tail.tolist() == network.arc_head[order].tolist()
        assert back.arc_time_ms.tolist() == network.arc_time_ms[order].tolist()
        assert back.arc_link.tolist() == network.arc_link[order].tolist()
        times = rng.integers(1, 99, network.n_arcs)
        assert network.with_times(times).reverse.arc_time_ms.tolist() == times[order].tolist()


class TestExtending:
    def test_old_nodes_keep_their_numbers(self):
        network = small()
        larger = network.extended(
            Links([3], [0], [5000.0], [60.0], mode="rail"), node_lon=[106.4], node_lat=[29.5], node_exit=False
        )
        assert arcs(network) < arcs(larger)
        assert larger.modes == ("rail", "road")
        assert not larger.node_exit[3]
        assert larger.node_exit[:3].all()
        assert (network.n_nodes, network.n_arcs) == (3, 5)

    def test_times_survive(self):
        # whole milliseconds go through seconds and back
        network = small()
        assert arcs(network.extended(Links([], [], [], []))) == arcs(network)

    @given(data=st.data())
    @settings(max_examples=chance.examples(40), deadline=None)
    def test_it_is_the_network_built_of_all_links_at_once(self, data):
        n, more = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 3))

        def some(nodes: int, modes: list[str]) -> dict[str, list]:
            k = data.draw(st.integers(0, 8))
            column = lambda values: data.draw(st.lists(values, min_size=k, max_size=k))  # noqa: E731
            node, seconds = st.integers(0, nodes - 1), st.sampled_from([1.0, 2.5, 60.0, np.inf])
            return {
                "tail": column(node),
                "head": column(node),
                "length_m": column(st.sampled_from([10.0, 50.0])),
                "time_s": column(seconds),
                "back_time_s": column(seconds),
                "mode": column(st.sampled_from(modes)),
                "road_class": column(st.sampled_from(["a", "b", "c"])),
                "exit_along": column(st.booleans()),
            }

        own, new = some(n, ["road", "ferry"]), some(n + more, ["rail", "ferry"])
        lon, lat = 106 + 0.1 * np.arange(n + more), np.full(n + more, 29.5)
        base = build_network(lon[:n], lat[:n], Links(**own))
        for name in data.draw(st.sets(st.sampled_from(["exit_lines", "reverse", "node_xyz"]))):
            getattr(base, name)
        larger = base.extended(Links(**new), node_lon=lon[n:], node_lat=lat[n:])
        whole = build_network(lon, lat, Links(**{name: own[name] + new[name] for name in own}))
        # names that only links without arcs have are left out of the larger one
        arcs_of = lambda network: [  # noqa: E731
            [*map(network.modes.__getitem__, network.arc_mode)], [*map(network.classes.__getitem__, network.arc_class)]
        ]  # fmt: skip
        assert arcs_of(larger) == arcs_of(whole)
        for name in ("arc_start", "arc_head", "arc_time_ms", "arc_length_m", "arc_exit", "arc_link", "arc_reversed",
                     "link_offset", "link_coords", "node_lon", "node_lat", "node_exit"):  # fmt: skip
            one, other = getattr(larger, name), getattr(whole, name)
            assert one.dtype == other.dtype, name
            assert one.tolist() == other.tolist(), name
            assert not one.flags.writeable
        for network in (larger, larger.reverse):
            lines, expected = network.exit_lines, whole.exit_lines
            assert lines.link.tolist() == expected.link.tolist()
            assert lines.lonlat.tolist() == expected.lonlat.tolist()

    def test_what_adds_no_line_to_leave_shares_those_there_are(self):
        network = build_network(
            [106.5, 106.6], [29.5, 29.5], Links([0], [1], [9.7e3], [600.0], exit_along=True)
        )
        lines = network.exit_lines
        assert network.extended(Links([1], [0], [10e3], [60.0])).exit_lines is lines
        more = network.extended(Links([1], [0], [10e3], [60.0], exit_along=True))
        assert more.exit_lines is not lines
        assert len(more.exit_lines.link) == 2

    @pytest.mark.parametrize("seed", chance.seeds(12))
    def test_a_shared_search_tree_answers_as_one_of_all_nodes(self, seed):
        rng = np.random.default_rng(seed)
        n, k = int(rng.integers(2, 40)), int(rng.integers(0, 9))
        lon, lat = 106.5 + 0.05 * rng.random(n + 2 * k), 29.5 + 0.05 * rng.random(n + 2 * k)
        exits = rng.random(n + 2 * k) < 0.7
        first = build_network(
            lon[:n], lat[:n], Links([0], [1], [9e3], [600.0], exit_along=True), node_exit=exits[:n]
        )
        _ = first.exit_lines
        second = first.extended(
            Links([0], [1], [9e3], [500.0]), node_lon=lon[n : n + k], node_lat=lat[n : n + k],
            node_exit=exits[n : n + k],
        )  # fmt: skip
        third = second.extended(
            Links([1], [0], [9e3], [400.0]),
            node_lon=lon[n + k :],
            node_lat=lat[n + k :],
            node_exit=exits[n + k :],
        )
        assert isinstance(third.exit_node_tree, ExitTree)
        whole = cKDTree(third.node_xyz[third.exit_nodes].reshape(-1, 3))
        places = to_ecef(106.5 + 0.05 * rng.random(5), 29.5 + 0.05 * rng.random(5))
        for shared in (third.exit_node_tree, third.reverse.exit_node_tree):
            for reach in (0.0, 800.0, 9_000.0):
                listed = shared.query_ball_point(places, reach, return_sorted=True)
                assert list(listed) == list(whole.query_ball_point(places, reach, return_sorted=True))
                assert shared.query_ball_point(places[0], reach) == listed[0]
            if len(third.exit_nodes):
                away, at = shared.query(places)
                assert (away.tolist(), at.tolist()) == tuple(one.tolist() for one in whole.query(places))
                assert shared.query(places[0]) == (away[0], at[0])
            found, expected = (
                tree.query(places, k=[1, 2, 3], distance_upper_bound=900.0) for tree in (shared, whole)
            )
            assert (found[0].tolist(), found[1].tolist()) == tuple(one.tolist() for one in expected)


class TestGeoDataFrames:
    def test_round_trip(self):
        network = small(access_speed_kph=7, max_access_km=3)
        nodes, edges = network.to_geodataframes()
        assert nodes.crs == edges.crs == WGS84
        assert {"length", "highway", "maxspeed", "travel_time", "geometry"} <= set(edges.columns)
        again = network_from_geodataframes(nodes, edges, access_speed_kph=7, max_access_km=3)
        assert arcs(again) == arcs(network)
        assert again.arc_length_m == pytest.approx(network.arc_length_m)

    def test_what_is_missing_is_named(self):
        nodes, edges = small().to_geodataframes()
        with pytest.raises(MissingColumnError, match="travel_time"):
            network_from_geodataframes(nodes, edges.drop(columns="travel_time"))
        with pytest.raises(MissingCRSError, match="nodes"):
            network_from_geodataframes(nodes.set_crs(None, allow_override=True), edges)
        with pytest.raises(NetworkError, match="aren't in 'nodes'"):
            network_from_geodataframes(nodes.iloc[:2], edges)

    def test_frames_are_not_changed(self):
        nodes, edges = small().to_geodataframes()
        before = edges.copy()
        network_from_geodataframes(nodes, edges)
        assert_geodataframe_equal(edges, before)


def test_lines_of_some_links_are_each_link_s_own_in_any_order():
    network = small()
    for links in ([0, 1, 2], [1, 2], [2, 0], [2, 2], []):
        lines = network.link_lines(np.array(links, dtype=np.int64))
        assert len(lines.offset) == len(links) + 1
        for k, link in enumerate(links):
            found = lines.coords[lines.offset[k] : lines.offset[k + 1]]
            assert found.tolist() == network.link_line(link).tolist()


class TestExitLines:
    def test_near_finds_every_line_in_reach(self):
        network = small(max_access_km=2)
        lines = network.exit_lines
        shapes = [shapely.LineString(network.link_line(int(k))) for k in lines.link]
        for lon, lat in np.random.default_rng(chance.seed(0)).uniform(
            [106.45, 29.45], [106.65, 29.65], size=(200, 2)
        ):
            close = {k for k, s in enumerate(shapes) if s.distance(shapely.Point(lon, lat)) < 2 / 112}
            found = lines.near(lon, lat, 2000).tolist()
            assert close <= set(found)
            assert found == sorted(set(found))
        assert lines.near(-120.0, 40.0, 2000).tolist() == []

    @settings(max_examples=chance.examples(60), deadline=None)
    @given(
        bends=st.lists(st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), min_size=1, max_size=30),
        tolerance=st.sampled_from([1.0, 8.0, 64.0]),
    )
    def test_thinned_lines_keep_every_place_within_the_tolerance(self, bends, tolerance):
        inner = [(106.5 + x, 29.5 + y) for x, y in bends]
        network = build_network(
            [106.49, 106.51], [29.5, 29.5],
            Links([0], [1], [2000.0], [100.0], exit_along=True,
                  geometry=[[(106.49, 29.5), *inner, (106.51, 29.5)]]),
        )  # fmt: skip
        lines = network.exit_lines
        thin = lines.thinned(tolerance)
        assert len(thin.share) <= len(lines.share)
        assert thin.share[0] == 0
        assert thin.share[-1] == 1
        at = np.linspace(0, 1, 500)
        places, thinned = (
            np.column_stack([np.interp(at, one.share, one.xyz[:, k]) for k in range(3)])
            for one in (lines, thin)
        )
        assert np.linalg.norm(places - thinned, axis=1).max() <= tolerance + 1e-6
        assert lines.thinned(tolerance) is thin


A, B = (7.0, 50.0), (7.2, 50.0)
BENT = shapely.LineString([A, (7.1, 50.05), (7.15, 50.02), B])


def two_ways(there, back):
    nodes = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*zip(A, B, strict=True)), index=["a", "b"], crs=4326)
    edges = gpd.GeoDataFrame(
        {"u": ["a", "b"], "v": ["b", "a"], "length": 15_000.0, "travel_time": 900.0},
        geometry=[there, back],
        crs=4326,
    )
    return nodes, edges


def parts(line, order):
    coords = shapely.get_coordinates(line)
    pieces = [coords[i : i + 2] for i in range(len(coords) - 1)]
    return shapely.MultiLineString([pieces[i][::-1] if turned else pieces[i] for i, turned in order])


@settings(max_examples=chance.examples(60), deadline=None)
@given(
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.permutations([0, 1, 2]).flatmap(
        lambda order: st.tuples(*(st.tuples(st.just(i), st.booleans()) for i in order)))),
)  # fmt: skip
def test_lines_run_from_their_first_node_to_the_other(there_turned, back_turned, order):
    """However a line is drawn, in one piece or several, it lies on the ground as its edge runs."""
    lines = [shapely.reverse(BENT) if there_turned else BENT, BENT if back_turned else shapely.reverse(BENT)]
    if order is not None:
        lines = [parts(line, order) for line in lines]
    network = network_from_geodataframes(*two_ways(*lines))
    with_line, against = network.link_arcs
    for link in range(network.n_links):
        assert against[link] == -1
        expected = shapely.get_coordinates(BENT if network.arc_tail[with_line[link]] == 0 else BENT.reverse())
        assert np.array_equal(network.link_line(link), expected)


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        (
            shapely.LineString([(8, 51), (8.1, 51)]),
            NetworkError,
            r"row 0 \(u=a, v=b\) ends .* km from its node",
        ),
        (shapely.LineString([A, (7.1, 50)]), NetworkError, "ends 7.2 km from its node"),
        (
            shapely.MultiLineString([[A, (7.05, 50)], [(7.1, 50), B]]),
            NetworkError,
            "2 pieces that don't join",
        ),
        (shapely.Polygon([A, (7.1, 50.1), B]), GeometryTypeError, "Polygon"),
        (shapely.Point(A), GeometryTypeError, "Point"),
    ],
)
def test_lines_that_do_not_belong_to_their_edge(line, error, message):
    with pytest.raises(error, match=message):
        network_from_geodataframes(*two_ways(line, shapely.reverse(BENT)))


def test_lines_may_miss_their_nodes_by_a_little():
    off = shapely.LineString([(7.0, 50.0005), *BENT.coords[1:-1], (7.2, 49.9995)])
    network = network_from_geodataframes(*two_ways(off, off))
    assert network.link_line(1).tolist() == network.link_line(0).tolist()[::-1]


def test_frames_whose_index_repeats_columns_and_nodes_that_come_twice():
    nodes, edges = two_ways(BENT, shapely.reverse(BENT))
    edges["key"] = 0
    whole = network_from_geodataframes(nodes, edges.set_index(["u", "v", "key"], drop=False))
    assert whole.n_arcs == network_from_geodataframes(nodes, edges.set_index(["u", "v", "key"])).n_arcs == 2
    with pytest.raises(NetworkError, match="'a' more than once"):
        network_from_geodataframes(
            gpd.GeoDataFrame(geometry=[*nodes.geometry] * 2, index=[*"abab"], crs=4326), edges
        )
