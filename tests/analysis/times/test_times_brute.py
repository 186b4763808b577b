"""Times, distances and matrices against a search over every metre of road, straight from the definition.

t is the least of going straight, and access to any place to enter, the way on the network, egress from any
place to leave. Here all these places are written out as nodes of one graph of networkx's: nothing is shared
with the package but the network's arrays and the position on the ellipsoid.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pyproj import Transformer

from borderreach.analysis.times import od_matrix, travel_times
from borderreach.geo.networks import Links, TransportNetwork, build_network

_TO_ECEF = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
STEP_M = 20.0


def ecef(lon, lat) -> np.ndarray:
    lon = np.asarray(lon, dtype=float)
    return np.column_stack(_TO_ECEF.transform(lon, np.asarray(lat, dtype=float), np.zeros(lon.shape)))


class EveryMetre:
    """A network with every place to enter and leave, some metres apart, as a node."""

    def __init__(self, network: TransportNetwork) -> None:
        self.pace = 3.6 / network.access_speed_kph  # seconds per metre
        self.reach_m = network.max_access_km * 1000
        self.graph = nx.DiGraph()
        xyz = ecef(network.node_lon, network.node_lat)
        places: list[np.ndarray] = []
        names: list[Any] = []
        for node in np.flatnonzero(network.node_exit):
            places.append(xyz[node])
            names.append(int(node))
        for tail in range(network.n_nodes):
            for arc in range(network.arc_start[tail], network.arc_start[tail + 1]):
                head = int(network.arc_head[arc])
                line = ecef(*network.link_line(int(network.arc_link[arc])).T)
                line = line[::-1] if network.arc_reversed[arc] else line
                seconds, metres = float(network.arc_time_ms[arc]) / 1000, float(network.arc_length_m[arc])
                if not network.arc_exit[arc]:
                    self._way(tail, head, seconds, metres)
                    continue
                # its ends are places on it, too: who gets on at its start can't go off by another road
                self._way(tail, ("on", arc, 0.0), 0.0, 0.0)
                self._way(("on", arc, 1.0), head, 0.0, 0.0)
                steps = [(0.0, line[0]), *self._steps(line), (1.0, line[-1])]
                for (before, _), (share, _) in pairwise(steps):
                    part = share - before
                    self._way(("on", arc, before), ("on", arc, share), part * seconds, part * metres)
                for share, point in steps:
                    places.append(point)
                    names.append(("on", arc, share))
        self.places, self.names = np.array(places), names

    @staticmethod
    def _steps(line: np.ndarray):
        parts = np.linalg.norm(np.diff(line, axis=0), axis=1)
        along = np.concatenate([[0.0], np.cumsum(parts)])
        count = max(1, math.ceil(along[-1] / STEP_M))
        for k in range(1, count):
            at = along[-1] * k / count
            yield k / count, np.array([np.interp(at, along, line[:, axis]) for axis in range(3)])

    def _way(self, tail, head, seconds: float, metres: float) -> None:
        """Keep the fastest of parallel ways, of equally fast ones the shortest."""
        old = self.graph.get_edge_data(tail, head)
        if old is None or (seconds, metres) < (old["seconds"], old["metres"]):
            self.graph.add_edge(tail, head, seconds=seconds, metres=metres)

    def near(self, point: np.ndarray, more_m: float = 0.0) -> dict[Any, float]:
        """Seconds off the network between a point and the places within reach."""
        away = np.linalg.norm(self.places - point, axis=1)
        found: dict[Any, float] = {}
        for k in np.flatnonzero(away <= self.reach_m + more_m):
            found[self.names[k]] = min(found.get(self.names[k], math.inf), float(away[k]) * self.pace)
        return found

    def minutes(
        self, start: tuple[float, float], ends: list[tuple[float, float]], more_m: float = 0.0
    ) -> list[float]:
        """Minutes from one place to others with so much more reach; NaN where there is no way."""
        (a, *others) = ecef(*np.array([start, *ends]).T)
        for name, seconds in self.near(a, more_m).items():
            self.graph.add_edge("start", name, seconds=seconds)
        spent = {}
        if "start" in self.graph:
            spent = nx.single_source_dijkstra_path_length(self.graph, "start", weight="seconds")
            self.graph.remove_node("start")
        found = []
        for b in others:
            straight = float(np.linalg.norm(a - b))
            best = straight * self.pace if straight <= self.reach_m + more_m else math.inf
            best = min(
                [best, *(spent[name] + s for name, s in self.near(b, more_m).items() if name in spent)]
            )
            found.append(best / 60 if math.isfinite(best) else math.nan)
        return found


def random_roads(seed: int) -> tuple[TransportNetwork, list[tuple[float, float]]]:
    """Bent roads over some kilometres, some of them one way, some motorways; and places beside them.

    Junctions may be torn as where turns are banned: two nodes at one place, and no way, one way or both
    between them. Some lines lie there twice, for instance once for each direction.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 8))
    size = 0.02
    lon, lat = 106 + size * rng.random(n), 29 + size * rng.random(n)
    tail = np.concatenate([np.arange(n - 1), rng.integers(0, n, n // 2)])
    head = np.concatenate([np.arange(1, n), rng.integers(0, n, n // 2)])
    tail, head = tail[tail != head], head[tail != head]
    lines, length = [], []
    for a, b in zip(tail, head, strict=True):
        bends = rng.random((int(rng.integers(0, 4)), 2)) * size + [106, 29]
        line = np.vstack([[lon[a], lat[a]], bends, [lon[b], lat[b]]])
        lines.append(line)
        length.append(float(np.linalg.norm(np.diff(ecef(*line.T), axis=0), axis=1).sum()))
    metres = np.array(length)
    seconds = metres / rng.choice([2, 8, 25], len(metres))
    back = np.where(rng.random(len(metres)) < 0.3, np.inf, seconds * rng.uniform(0.7, 1.5, len(metres)))
    again = np.flatnonzero(rng.random(len(metres)) < 0.2)
    tail, head, metres = (np.concatenate([x, x[again]]) for x in (tail, head, metres))
    seconds = np.concatenate([seconds, seconds[again] * rng.choice([1, 1.5], len(again))])
    back = np.concatenate([back, np.where(rng.random(len(again)) < 0.5, np.inf, back[again])])
    lines += [lines[k] for k in again]
    for torn in np.flatnonzero(rng.random(n) < 0.3).tolist():
        lon, lat, n = np.append(lon, lon[torn]), np.append(lat, lat[torn]), n + 1
        for side in (tail, head):
            side[(side == torn) & (rng.random(len(side)) < 0.5)] = n - 1
        tail, head = np.append(tail, torn), np.append(head, n - 1)
        turn = rng.choice([0.0, 5.0, np.inf], 2)
        metres, seconds, back = np.append(metres, 0.0), np.append(seconds, turn[0]), np.append(back, turn[1])
        lines.append(np.array([[lon[torn], lat[torn]]] * 2))
    network = build_network(
        lon, lat,
        Links(tail, head, metres, seconds, back, exit_along=(rng.random(len(metres)) < 0.6) & (metres > 0), geometry=lines),
        node_exit=rng.random(n) < 0.7,
        access_speed_kph=float(rng.choice([4, 15])), max_access_km=float(rng.choice([0.3, 0.8])),
    )  # fmt: skip
    points = []
    for _ in range(6):
        line = lines[int(rng.integers(len(lines)))]
        k, t = int(rng.integers(len(line) - 1)), rng.random()
        x, y = line[k] + t * (line[k + 1] - line[k]) + rng.normal(0, 0.001, 2)
        points.append((float(x), float(y)))
    return network, points


def check(seed: int) -> int:
    network, points = random_roads(seed)
    plain = EveryMetre(network)
    points = [point for point in points if plain.near(ecef([point[0]], [point[1]])[0])]
    if not points:
        return 0
    matrix = od_matrix(network, points)
    assert_frame_equal(
        matrix.drop(columns="distance_km"),
        travel_times(network, points, points).drop(columns="distance_km"),
    )
    expected = np.array([plain.minutes(start, points) for start in points]).ravel()
    found = matrix["travel_time_min"].to_numpy()
    # every place of the plain search is one of the package's; the best ones lie up to half a step beside
    # them, and may be in reach where those aren't
    known = np.isfinite(expected)
    least = np.array([plain.minutes(start, points, STEP_M) for start in points]).ravel()
    assert np.isfinite(found[known]).all()
    assert (found[known] <= expected[known] + 1e-3).all()
    assert (found[known] >= least[known] - 2 * STEP_M * plain.pace / 60 - 1e-3).all()
    return int(known.sum())


def test_times_are_those_of_a_search_over_every_metre():
    assert sum(check(seed) for seed in range(3)) > 20


@pytest.mark.slow
def test_times_are_those_of_a_search_over_every_metre_on_many_networks():
    assert sum(check(seed) for seed in range(100, 160)) > 600


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_the_distance_along_one_line_is_that_of_the_ride(seed: int):
    """Two places on a line that turns back on itself, without a node in between."""
    rng = np.random.default_rng(seed)
    x = np.array([106.0, *np.sort(106.0 + 0.1 * rng.random(2))[::-1].tolist(), 106.0])
    line = np.column_stack([[106.0, x[1], x[1], 106.0], [29.0, 29.0, 29.01, 29.01]])
    xyz = ecef(*line.T)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(xyz, axis=0), axis=1))])
    network = build_network(
        [106.0, 106.0], [29.0, 29.01],
        Links([0], [1], [along[-1]], [along[-1] / 1000 * 60], exit_along=True, geometry=[line]),
        access_speed_kph=5, max_access_km=0.3,
    )  # fmt: skip
    share = rng.random(2)
    points = [
        tuple(float(np.interp(s * along[-1], along, line[:, axis])) for axis in range(2)) for s in share
    ]
    ride_km = float(abs(share[1] - share[0]) * along[-1] / 1000)
    for compute in (travel_times, od_matrix):
        table = compute(network, points[0], points[1])
        # at the bends a walk across saves some metres of the ride
        assert table["distance_km"][0] == pytest.approx(ride_km, abs=0.12)
        assert table["travel_time_min"][0] == pytest.approx(ride_km, abs=0.12)


def test_a_hairpin_by_hand():
    """10 km out, 1 km across, 10 km back: 16.7 km from one side to the other, 1.1 km as the crow flies."""
    line = np.array([(106.0, 29.0), (106.10, 29.0), (106.10, 29.01), (106.0, 29.01)])
    length = float(np.linalg.norm(np.diff(ecef(*line.T), axis=0), axis=1).sum())
    network = build_network(
        [106.0, 106.0], [29.0, 29.01],
        Links([0], [1], [length], [length / 60 * 3.6], exit_along=True, geometry=[line]),
        access_speed_kph=5, max_access_km=0.3,
    )  # fmt: skip
    ends = ecef([106.02, 106.10, 106.10, 106.02], [29.0, 29.0, 29.01, 29.01])
    ride_km = float(np.linalg.norm(np.diff(ends, axis=0), axis=1).sum()) / 1000
    assert ride_km == pytest.approx(16.70, abs=0.01)
    for compute in (travel_times, od_matrix):
        table = compute(network, (106.02, 29.0), (106.02, 29.01))
        assert table["distance_km"][0] == pytest.approx(ride_km, abs=0.01)
        assert table["travel_time_min"][0] == pytest.approx(ride_km, abs=0.05)
