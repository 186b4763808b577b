"""Roads and railways in a figure: all lines at once, against one after the other."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyproj
import pytest
import shapely

from borderreach.geo.crs import WGS84, local_crs
from borderreach.geo.networks import Links, build_network
from borderreach.maps.framing import Frame, Lines, ways_of

from .. import chance


def drawn_network(seed):
    """Straight and bent links of several modes and classes, one of them so far off that a projection may lose it."""
    draw = np.random.default_rng(seed)
    n = 60
    lon, lat = draw.uniform(105, 108, n), draw.uniform(28, 31, n)
    lon[-1], lat[-1] = -73.5, -29.5  # the other side of the earth
    tail, head = draw.integers(0, n, (2, 150))
    keep = tail != head
    tail, head = tail[keep], head[keep]
    lines = []
    for a, b in zip(tail, head, strict=True):
        bends = draw.integers(0, 6)
        between = draw.uniform([105, 28], [108, 31], (bends, 2))
        lines.append([(lon[a], lat[a]), *between, (lon[b], lat[b])] if bends else None)
    back = np.where(draw.random(len(tail)) < 0.5, np.inf, 60.0)
    return build_network(
        lon, lat,
        Links(tail, head, np.full(len(tail), 1e3), np.where(draw.random(len(tail)) < 0.3, np.inf, 60.0), back,
              mode=draw.choice(["road", "rail", "access"], len(tail)).tolist(),
              road_class=draw.choice(["motorway", "motorway_link", "trunk", ""], len(tail)).tolist(),
              geometry=lines),
    )  # fmt: skip


@pytest.mark.parametrize("seed", chance.seeds(3))
def test_lines_at_once_are_those_one_by_one(seed: int):
    network = drawn_network(seed)
    some = np.random.default_rng(seed)
    owners = some.integers(-3, 1, (network.n_links, 2))
    past = some.random(network.n_links) < 0.2
    crs = local_crs(lon=106.5, lat=29.5)
    frame = Frame(crs, -60e3, -70e3, 50e3, 80e3)
    ways = ways_of(frame, SimpleNamespace(network=network, link_owners=owners, rides_past_stations=past))
    plane = pyproj.Transformer.from_crs(WGS84, crs, always_xy=True)
    truth: dict[str, list[np.ndarray]] = {"road": [], "motorway": [], "rail": []}
    for link in np.flatnonzero((owners < 0).all(axis=1) & ~past):
        forth, back = (arcs[link] for arcs in network.link_arcs)
        arc = forth if forth >= 0 else back
        mode, named = network.modes[network.arc_mode[arc]], network.classes[network.arc_class[arc]]
        xy = np.column_stack(plane.transform(*network.link_line(link).T))
        if mode in ("road", "rail") and np.isfinite(xy).all():
            truth[
                "rail" if mode == "rail" else "motorway" if named.startswith("motorway") else "road"
            ].append(xy)
    assert list(ways.lines) == list(truth)
    for kind, lines in truth.items():
        seen = [
            xy for xy in lines
            if xy[:, 0].min() < frame.east and xy[:, 0].max() > frame.west
            and xy[:, 1].min() < frame.north and xy[:, 1].max() > frame.south
        ]  # fmt: skip
        thin = [
            xy if len(xy) <= 2
            else shapely.get_coordinates(shapely.LineString(xy).simplify(5e3, preserve_topology=False))
            for xy in seen
        ]  # fmt: skip
        own = ways.lines[kind]
        found = own.some(own.meet(frame)).thinned(5e3)
        assert len(found) == len(thin) > 0
        for one, other in zip(found, thin, strict=True):
            np.testing.assert_array_equal(one, other)


def test_no_lines_meet_nothing():
    none = Lines(np.zeros(1, dtype=np.int64), np.zeros((0, 2)))
    frame = Frame(local_crs(lon=106.5, lat=29.5), -1.0, -1.0, 1.0, 1.0)
    assert none.some(none.meet(frame)).thinned(10) == []
