"""What many origins share is taken over; the edge is the one that each would draw for itself."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from borderreach.analysis.contours._contours import polygons_in_degrees
from borderreach.analysis.contours._quadtree import draw, isochrone_edge
from borderreach.analysis.contours._root_squares import DRAW, TAKE
from borderreach.analysis.isochrones import _full_reach as edges
from borderreach.analysis.isochrones import _isochrones as preparing
from borderreach.analysis.isochrones._full_reach import (
    edge_on_full_reach,
    fixed_plane,
    full_reach_edge_of,
    left_to_full_reach,
)
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._reach import reach_sources, reached_within
from borderreach.analysis.thread_pool import ThreadPool
from borderreach.analysis.times import enter, node_times, origin_list, search
from borderreach.analysis.times._prepared import prepared

from ..networks import Sketch

CENTRE = (106.5, 29.5)
CELL_M = 50.0
HOUR_MS = 3_600_000


def plane_of(network, lon: float, lat: float):
    plane = fixed_plane(network, lon, lat, HOUR_MS)
    assert plane is not None
    return plane


def town(*, blocks: int = 14, gap: bool = False, speed_kph: float = 40.0):
    """A grid of streets 600 m apart, with or without a lake in its middle, and a road out of it."""
    sketch = Sketch.empty()
    number = {}
    for i in range(blocks):
        for j in range(blocks):
            lake = gap and abs(i - blocks / 2) < 4 and abs(j - blocks / 2) < 4
            if not lake:
                number[i, j] = sketch.node(i * 600.0, j * 600.0)
    for (i, j), a in number.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in number:
                sketch.link(a, number[other], speed_kph)
    far = sketch.node(25_000.0, 1000.0)
    sketch.link(number[blocks - 1, 3], far, 80.0)
    return sketch.build(CENTRE, speed_kph=5.0, reach_km=1.0)


def both_edges(network, origin, minutes: int, monkeypatch, *, workers: int = 1):
    """The edge taken over from the full-reach edge and the one drawn from all sources, on one plane and with one full reach."""
    monkeypatch.setattr(edges, "_LIFT_M", 1e-6 * minutes)
    (place,) = origin_list(origin)
    limit = minutes * 60_000
    entry = enter(network, place)
    times = search(network, entry, limit_ms=limit)
    plane = fixed_plane(network, place.lon, place.lat, limit)
    assert plane is not None
    found = reached_within(network, entry, node_times(times), cutoff_ms=limit)
    full_reach = full_reach_edge_of(network, plane, CELL_M)
    left = left_to_full_reach(full_reach, found)
    rest, every = (
        reach_sources(
            network, plane, place.xyz, found, times, cutoff_ms=limit, cell_m=CELL_M, leave_out=left_out
        )
        for left_out in (left, None)
    )
    assert len(rest) <= len(every)
    on_full_reach = edge_on_full_reach(full_reach, found, left, rest, pool=ThreadPool(workers))
    return on_full_reach, isochrone_edge(every, cell_m=CELL_M), plane, left


def as_set(edge):
    return {(a, b, *xy) for a, b, xy in zip(edge.side_from, edge.side_to, edge.xy.tolist(), strict=True)}


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("minutes", [12, 20, 30, 45, 90])
def test_edges_are_the_same_to_the_bit(monkeypatch, gap, minutes):
    network = town(gap=gap)
    on_full_reach, alone, plane, left = both_edges(network, (106.51, 29.51), minutes, monkeypatch)
    assert as_set(on_full_reach) == as_set(alone)
    assert len(on_full_reach.xy) > 100
    assert left.any() == (minutes > 12)
    one, two = (polygons_in_degrees(edge, plane)[0] for edge in (on_full_reach, alone))
    assert one.normalize().equals_exact(two.normalize(), 0.0)


def test_threads_change_nothing(monkeypatch):
    monkeypatch.setattr("borderreach.analysis.contours._quadtree._WORTH_THREADS", 1)
    network = town(gap=True)
    three = both_edges(network, (106.51, 29.51), 30, monkeypatch, workers=3)[0]
    one = both_edges(network, (106.51, 29.51), 30, monkeypatch)[0]
    for a, b in ((three.side_from, one.side_from), (three.side_to, one.side_to), (three.xy, one.xy)):
        assert np.array_equal(a, b)


def test_lines_far_from_the_planes_centre_are_drawn_all_the_same(monkeypatch):
    network = town()
    # the town lies 160 km from its centre: none of it is on it, or its western part
    plane = plane_of(network, *CENTRE)
    away = np.abs(plane.project(network.node_xyz)).max(axis=1)
    for limit in (away.min() - 1, np.median(away)):
        monkeypatch.setattr(edges, "_TILE_M", float(limit))
        network = town()  # what was kept with another one goes by another limit
        on_full_reach, alone, _, left = both_edges(network, (106.51, 29.51), 45, monkeypatch)
        assert as_set(on_full_reach) == as_set(alone)
        assert left.any() == (limit > away.min())


def test_most_of_a_large_cutoffs_edge_is_taken_over(monkeypatch):
    states = []

    def watched(frame, **options):
        states.append(frame.state)
        return draw(frame, **options)

    network = town()
    isochrones(network, (106.51, 29.51), cutoffs_min=90, cell_m=CELL_M)
    monkeypatch.setattr("borderreach.analysis.isochrones._full_reach.draw", watched)
    isochrones(network, (106.53, 29.53), cutoffs_min=90, cell_m=CELL_M)
    (state,) = states
    assert (state == TAKE).sum() > 20
    assert (state == DRAW).sum() < (state == TAKE).sum()


def test_full_reach_edges_are_made_once_and_few_are_kept():
    network = town()
    plane = plane_of(network, *CENTRE)
    first = full_reach_edge_of(network, plane, CELL_M)
    assert full_reach_edge_of(network, plane_of(network, 106.6, 29.6), CELL_M) is first
    assert not first.flat.flags.writeable
    assert not first.drawn.edge.xy.flags.writeable
    others = [full_reach_edge_of(network, plane, 60.0 + k) for k in range(edges._MOST_EDGES)]
    assert full_reach_edge_of(network, plane, 60.0) is others[0]
    assert full_reach_edge_of(network, plane, CELL_M) is not first  # it gave way
    farther = network.with_access(max_access_km=1.2)
    assert full_reach_edge_of(farther, plane, CELL_M).reach == pytest.approx(1200, abs=0.1)


def test_who_has_no_full_reach_edge():
    network = town()
    assert fixed_plane(network, *CENTRE, 11 * 60_000) is None  # a kilometre takes 12 minutes
    assert fixed_plane(network.with_access(max_access_km=30), *CENTRE, 6 * HOUR_MS) is None


def test_cutoffs_on_and_off_the_full_reach_are_nested():
    network = town(gap=True)
    result = isochrones(network, (106.511, 29.513), cutoffs_min=(5, 11, 13, 20, 60), cell_m=CELL_M)
    for larger, smaller in zip(result.geometry[:-1], result.geometry[1:], strict=True):
        assert shapely.covers(larger, smaller)


def test_a_large_network_is_searched_as_it_is_and_gives_the_same(monkeypatch):
    """Setting dead ends and chains aside pays for small ones, and for many searches; polygons don't tell which."""
    origins = [(106.5, 29.5), (106.52, 29.51)]
    small = town()
    found = isochrones(small, origins, cutoffs_min=(10, 30))
    assert prepared.known(small) is not None
    monkeypatch.setattr(preparing, "_LARGE", small.n_nodes - 1)
    large = town()
    assert isochrones(large, origins, cutoffs_min=(10, 30)).to_wkb().equals(found.to_wkb())
    assert prepared.known(large) is None
