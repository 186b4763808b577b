"""Independent comparisons: what the package computes against plain reckonings from the definitions.

Nothing here shares code with what it checks: places to enter and leave are written out one by one, areas are
sampled, sums are loops. Slow ones run with ``--run-slow``; each has a quick one of few cases beside it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from borderreach.analysis.corridors._files import Corridor
from borderreach.analysis.corridors._scenarios import Scenarios
from borderreach.analysis.indicators._decay import GaussianDecay
from borderreach.analysis.indicators._floating_catchment import three_step_catchment, two_step_catchment
from borderreach.analysis.indicators._transport_performance import transport_performance
from borderreach.analysis.isochrones import commuting_zone, isochrones
from borderreach.geo.crs import WGS84
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.places import border_counties, borders, junctions

from .times.test_times_brute import STEP_M, EveryMetre, ecef, random_roads

GEOD = Geod(ellps="WGS84")


def entered(seed: int) -> tuple[EveryMetre, EveryMetre, TransportNetwork, tuple[float, float]] | None:
    """A random network and its reverse with every place to enter written out, and one that lies on it."""
    network, points = random_roads(seed)
    there, back = EveryMetre(network), EveryMetre(network.reverse)
    for point in points:
        xyz = ecef([point[0]], [point[1]])[0]
        if there.near(xyz) and back.near(xyz):
            return there, back, network, point
    return None


def check_sampled(seed: int, samples: int) -> int:
    """Isochrones and commuting zones at random points: inside where the time is short enough, up to the cell."""
    found = entered(seed)
    if found is None:
        return 0
    there, back, network, start = found
    rng = np.random.default_rng(seed)
    cell = 25.0
    # as far as the fastest journey leads while the edge moves by a cell, and the plain search's step
    slack = (2 * cell + 2 * STEP_M) * there.pace / 60 + 1e-3
    cutoff = float(rng.uniform(5, 40))
    areas = {
        "from": isochrones(network, start, cutoffs_min=cutoff, cell_m=cell).geometry.iloc[0],
        "to": isochrones(network, start, cutoffs_min=cutoff, cell_m=cell, direction="to").geometry.iloc[0],
        "zone": commuting_zone(network, start, minutes=cutoff).geometry.iloc[0],
    }
    west, south, east, north = areas["from"].union(areas["to"]).buffer(0.004).bounds
    points = [tuple(p) for p in rng.uniform((west, south), (east, north), (samples, 2))]
    reckoned = {}
    for way, plain in (("from", there), ("to", back)):
        # with a reach that is a cell more, and a cell less
        reckoned[way] = [np.array(plain.minutes(start, points, more)) for more in (2 * cell, -2 * cell)]
    reckoned["zone"] = [np.maximum(a, b) for a, b in zip(reckoned["from"], reckoned["to"], strict=True)]
    zone_slack = slack + 2 * 150 * there.pace / 60  # drawn on the cells of the default size
    for name, area in areas.items():
        extra = zone_slack if name == "zone" else slack
        inside = np.array([area.contains(shapely.Point(point)) for point in points])
        soonest, latest = (np.nan_to_num(one, nan=math.inf) for one in reckoned[name])
        assert (soonest[inside] <= cutoff + extra).all(), (seed, name)
        if name != "zone":
            assert inside[latest <= cutoff - extra].all(), (seed, name)
    return samples


def test_sampled_points_lie_inside_where_the_time_is_short_enough():
    assert sum(check_sampled(seed, 60) for seed in range(2)) >= 60


@pytest.mark.slow
def test_sampled_points_of_many_isochrones_and_zones():
    assert sum(check_sampled(seed, 400) for seed in range(300, 330)) > 8000


def corridor_graph(network, corridors: list[Corridor]) -> nx.DiGraph:
    """The base network and some corridors as one graph, by the rules that `add_corridors` states."""
    graph = nx.DiGraph()

    def way(a, b, minutes: float) -> None:
        old = graph.get_edge_data(a, b)
        if old is None or minutes < old["minutes"]:
            graph.add_edge(a, b, minutes=minutes)

    for tail in range(network.n_nodes):
        for arc in range(network.arc_start[tail], network.arc_start[tail + 1]):
            way(tail, int(network.arc_head[arc]), float(network.arc_time_ms[arc]) / 60_000)
    nodes = ecef(network.node_lon, network.node_lat)
    stops = {}
    for one in corridors:
        for k, stop in enumerate(one.stops):
            stops[one.id, k] = ecef([stop.lon], [stop.lat])[0]
            away = np.linalg.norm(nodes - stops[one.id, k], axis=1)
            away[~network.node_exit] = math.inf
            nearest = int(np.argmin(away))
            if away[nearest] <= one.join_km * 1000:
                minutes = float(away[nearest]) / 1000 / one.join_speed_kph * 60
                way(nearest, (one.id, k), minutes)
                way((one.id, k), nearest, minutes)
        for k, (a, b) in enumerate(itertools.pairwise(one.stops)):
            km = GEOD.inv(a.lon, a.lat, b.lon, b.lat)[2] / 1000 * one.sinuosity
            minutes = km / (one.design_speed_kph * one.speed_factor) * 60
            way((one.id, k), (one.id, k + 1), minutes)
            way((one.id, k + 1), (one.id, k), minutes)
    for one, other in itertools.combinations(corridors, 2):
        reach = min(one.join_km, other.join_km) * 1000
        speed = min(one.join_speed_kph, other.join_speed_kph)
        for this, that in ((one, other), (other, one)):
            for i in range(len(this.stops)):
                apart = [
                    float(np.linalg.norm(stops[this.id, i] - stops[that.id, j]))
                    for j in range(len(that.stops))
                ]
                j = int(np.argmin(apart))
                if apart[j] <= reach:
                    way((this.id, i), (that.id, j), apart[j] / 1000 / speed * 60)
                    way((that.id, j), (this.id, i), apart[j] / 1000 / speed * 60)
    return graph


def check_subsets(seed: int) -> int:
    """Times between towns with every subset of three corridors."""
    rng = np.random.default_rng(seed)
    n = 7
    lon, lat = 106 + rng.random(n), 29 + rng.random(n)
    tail = np.arange(n - 1)
    km = np.array([GEOD.inv(lon[a], lat[a], lon[a + 1], lat[a + 1])[2] / 1000 for a in tail])
    network = build_network(
        lon, lat, Links(tail, tail + 1, km * 1000, km * 90, km * rng.uniform(60, 200, n - 1)),
        access_speed_kph=25, max_access_km=0.5,
    )  # fmt: skip
    given = []
    for k in range(3):
        towards = rng.uniform(0, 2 * np.pi) + np.array([0.0, rng.normal(0, 0.4)])
        steps = rng.uniform(0.1, 0.4, (2, 1)) * np.column_stack([np.cos(towards), np.sin(towards)])
        first = np.array([lon[k], lat[k]]) + rng.normal(0, 0.02, 2)
        spots = first + np.vstack([[0.0, 0.0], np.cumsum(steps, axis=0)])
        given.append(
            Corridor.model_validate(
                {
                    "id": f"c{k}", "name": f"c{k}", "mode": "road", "status": "planned",
                    "status_date": dt.date(2024, 1, 1), "design_speed_kph": float(rng.integers(60, 121)),
                    "join_km": float(rng.uniform(10, 40)), "sinuosity": float(rng.uniform(1, 1.5)),
                    "stops": [
                        {"name": f"c{k}{i}", "lon": x, "lat": y, "kind": "interchange", "position": "existing"}
                        for i, (x, y) in enumerate(spots.tolist())
                    ],
                }
            )
        )  # fmt: skip
    towns = gpd.GeoDataFrame(
        {"origin_id": [f"t{k}" for k in range(n)]}, geometry=gpd.points_from_xy(lon, lat), crs=WGS84
    )
    scenarios = Scenarios(network, given)
    times = scenarios.times(towns, towns)
    checked = 0
    for size in range(4):
        for chosen in itertools.combinations(given, size):
            graph = corridor_graph(network, list(chosen))
            found = times.minutes(frozenset(one.id for one in chosen))
            for a in range(n):
                spent = nx.single_source_dijkstra_path_length(graph, a, weight="minutes")
                for b in range(n):
                    if GEOD.inv(lon[a], lat[a], lon[b], lat[b])[2] < 2000:
                        continue  # near enough to walk to one another's roads
                    assert found[a, b] == pytest.approx(spent[b], abs=2e-3), (
                        seed,
                        [one.id for one in chosen],
                    )
                    checked += 1
    return checked


def test_times_with_every_subset_of_corridors():
    assert check_subsets(1) > 100


@pytest.mark.slow
def test_times_with_every_subset_of_many_corridors():
    assert sum(check_subsets(seed) for seed in range(1000, 1060)) > 10_000


def check_borders(seed: int) -> int:
    """Borders of a land of squares: by the sides that squares of different provinces share."""
    rng = np.random.default_rng(seed)
    rows, columns, size = 4, 5, 0.05
    owner = rng.integers(0, 4, (rows, columns))
    squares, cells = [], []
    for y in range(rows):
        for x in range(columns):
            cells.append((y, x))
            squares.append(
                shapely.box(100 + size * x, 30 + size * y, 100 + size * (x + 1), 30 + size * (y + 1))
            )
    counties = gpd.GeoDataFrame(
        {
            "adcode": np.arange(len(cells)) + 100_000,
            "name": [f"n{y}{x}" for y, x in cells],
            "province": [f"P{owner[cell]}" for cell in cells],
            "province_adcode": [int(owner[cell]) + 1 for cell in cells],
        },
        geometry=squares, crs=WGS84,
    )  # fmt: skip
    shared: dict[tuple[int, int], float] = {}
    of_county = dict.fromkeys(cells, 0.0)
    for y, x in cells:
        for dy, dx in ((0, 1), (1, 0)):
            other = (y + dy, x + dx)
            if other not in of_county or owner[other] == owner[y, x]:
                continue
            ends = (100 + size * other[1], 30 + size * other[0], 100 + size * (x + 1), 30 + size * (y + 1))
            km = GEOD.inv(*ends)[2] / 1000
            a, b = sorted((int(owner[y, x]) + 1, int(owner[other]) + 1))
            shared[a, b] = shared.get((a, b), 0.0) + km
            of_county[y, x] += km
            of_county[other] += km
    found = borders(counties)
    assert {(r.adcode_a, r.adcode_b): r.length_km for r in found.itertuples()} == pytest.approx(
        shared, rel=1e-6
    )
    lying = border_counties(counties).set_index("name")["border_km"].to_dict()
    assert lying == pytest.approx({f"n{y}{x}": km for (y, x), km in of_county.items() if km > 0}, rel=1e-6)
    return len(shared)


def test_borders_are_the_sides_that_provinces_share():
    assert sum(check_borders(seed) for seed in range(5)) > 10


@pytest.mark.slow
def test_borders_of_many_lands():
    assert sum(check_borders(seed) for seed in range(500, 700)) > 800


def check_junctions(seed: int) -> int:
    """Junctions of a land of irregular counties: the corners that borders of three provinces pass.

    Some counties are missing (sea). Nothing is known of rings here: any two provinces' counties are
    intersected, and every corner is asked which of these lines it lies on.
    """
    rng = np.random.default_rng(seed)
    at = np.array([(100 + 0.1 * x, 30 + 0.1 * y) for x in range(6) for y in range(5)])
    seeds = shapely.MultiPoint(at + rng.uniform(-0.04, 0.04, at.shape))
    cells = [
        cell for cell in shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(99, 29, 102, 32)))
        if rng.random() < 0.85
    ]  # fmt: skip
    owner = rng.integers(1, 5, len(cells))
    counties = gpd.GeoDataFrame(
        {
            "adcode": np.arange(len(cells)) + 100_000,
            "name": [f"n{k}" for k in range(len(cells))],
            "province": [f"P{code}" for code in owner],
            "province_adcode": owner,
        },
        geometry=cells, crs=WGS84,
    )  # fmt: skip
    lines: dict[tuple[int, int], list[shapely.Geometry]] = {}
    for a, b in itertools.combinations(range(len(cells)), 2):
        touching = shapely.intersection(cells[a], cells[b]) if owner[a] != owner[b] else None
        if touching is not None and touching.length > 0:
            lines.setdefault((int(min(owner[a], owner[b])), int(max(owner[a], owner[b]))), []).append(
                touching
            )
    corners = {tuple(xy) for cell in cells for xy in shapely.get_coordinates(cell).tolist()}
    expected = set()
    for corner in corners:
        point = shapely.Point(corner)
        here = {
            code for pair, found in lines.items() if min(map(point.distance, found)) < 1e-9 for code in pair
        }
        if len(here) >= 3:
            expected.add(
                (round(corner[0], 6), round(corner[1], 6), "、".join(f"P{code}" for code in sorted(here)))
            )
    found = junctions(counties, tolerance_m=0)
    assert {(round(r.lon, 6), round(r.lat, 6), r.provinces) for r in found.itertuples()} == expected
    assert found["n_provinces"].tolist() == [len(names.split("、")) for names in found["provinces"]]
    return len(expected)


def test_junctions_are_the_corners_that_three_provinces_borders_pass():
    assert sum(check_junctions(seed) for seed in range(4)) > 20


@pytest.mark.slow
def test_junctions_of_many_lands():
    assert sum(check_junctions(seed) for seed in range(700, 800)) > 500


def check_indicators(seed: int) -> int:
    """Floating catchments and transport performance, summed place by place."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 9)), int(rng.integers(2, 6))
    people = {f"i{k}": float(rng.integers(1, 1000)) for k in range(n)}
    beds = {f"j{k}": float(rng.integers(1, 100)) for k in range(m)}
    minutes = {
        pair: float(rng.uniform(0, 90)) for pair in itertools.product(people, beds) if rng.random() < 0.8
    }
    if len({i for i, _ in minutes}) < n or len({j for _, j in minutes}) < m:
        return 0
    table = pd.DataFrame(
        [{"from_id": i, "to_id": j, "travel_time_min": t} for (i, j), t in minutes.items()]
    ).sample(frac=1, random_state=seed)  # fmt: skip
    size, sigma = 60.0, 25.0
    decay = GaussianDecay(sigma)

    def weight(pair: tuple[str, str]) -> float:
        return (
            float(decay(np.array([minutes[pair]]))[0]) if pair in minutes and minutes[pair] <= size else 0.0
        )

    for name in ("two", "three"):
        chosen = {}
        for i in people:
            total = sum(weight((i, j)) for j in beds)
            for j in beds:
                share = weight((i, j)) / total if total > 0 else 0.0
                chosen[i, j] = weight((i, j)) * (share if name == "three" else 1.0)
        expected = {}
        for i in people:
            expected[i] = 0.0
            for j, number in beds.items():
                demand = sum(people[k] * chosen[k, j] for k in people)
                if demand > 0:
                    expected[i] += number / demand * chosen[i, j]
        step = two_step_catchment if name == "two" else three_step_catchment
        found = step(table, people, beds, minutes=size, decay=decay).set_index("from_id")["access"]
        assert found.to_dict() == pytest.approx(expected, rel=1e-9)

    spots = pd.DataFrame(
        {"people": rng.integers(1, 500, n).astype(float), "lon": 106 + 2 * rng.random(n), "lat": 29 + 2 * rng.random(n)},
        index=list(people),
    )  # fmt: skip
    square = {
        pair: float(rng.uniform(0, 180)) for pair in itertools.product(people, people) if rng.random() < 0.9
    }
    square |= {(i, i): 0.0 for i in people}
    times = pd.DataFrame([{"from_id": i, "to_id": j, "travel_time_min": t} for (i, j), t in square.items()])
    lives = dict(zip(people, spots["people"].tolist(), strict=True))
    result = transport_performance(times, spots, minutes=90, radius_km=120).set_index("from_id")
    for i in people:
        reached = sum(lives[j] for j in people if square.get((i, j), math.inf) <= 90)
        near = [
            j for j in people
            if GEOD.inv(*spots.loc[i, ["lon", "lat"]], *spots.loc[j, ["lon", "lat"]])[2] <= 120_000
        ]  # fmt: skip
        nearby = sum(lives[j] for j in near)
        assert result.loc[i, "people_reached"] == reached
        # a sphere's arc and the ellipsoid's differ by half a percent at most
        doubtful = any(
            0.99 < GEOD.inv(*spots.loc[i, ["lon", "lat"]], *spots.loc[j, ["lon", "lat"]])[2] / 120_000 < 1.01
            for j in people
        )
        if not doubtful:
            assert result.loc[i, "people_nearby"] == nearby
            assert result.loc[i, "performance"] == pytest.approx(reached / nearby)
    return n


def test_catchments_and_performance_are_their_sums():
    assert sum(check_indicators(seed) for seed in range(8)) > 5


@pytest.mark.slow
def test_many_catchments_and_performances_are_their_sums():
    assert sum(check_indicators(seed) for seed in range(2000, 2150)) > 150
