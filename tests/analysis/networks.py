"""Networks of every awkward kind, small enough for the reference, and places to start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from hypothesis import assume
from hypothesis import strategies as st

from borderreach.geo.crs import WGS84, local_crs, to_ecef
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.networks._access import access

#: Centres at low, middle and high latitude; the last east and north of everything Chinese.
CENTRES = ((106.5, 29.5), (87.6, 43.8), (-18.1, 65.7))


@dataclass
class Sketch:
    """A network while it's drawn, in metres around a centre."""

    points: list[tuple[float, float]]
    exits: list[bool]
    tail: list[int]
    head: list[int]
    time_s: list[float]
    back_s: list[float]
    along: list[bool]
    bends: list[list[tuple[float, float]]]
    length_m: list[float]

    @classmethod
    def empty(cls) -> Sketch:
        return cls([], [], [], [], [], [], [], [], [])

    def node(self, x: float, y: float, *, exit_here: bool = True) -> int:
        self.points.append((x, y))
        self.exits.append(exit_here)
        return len(self.points) - 1

    def link(self, a: int, b: int, kph: float, *, oneway: bool = False, along: bool = True, bends: Any = ()):
        line = np.array([self.points[a], *bends, self.points[b]])
        length = float(np.sqrt((np.diff(line, axis=0) ** 2).sum(axis=1)).sum())
        self.tail.append(a)
        self.head.append(b)
        self.length_m.append(length)
        self.time_s.append(length / kph * 3.6)
        self.back_s.append(float("inf") if oneway else length / kph * 3.6)
        self.along.append(along)
        self.bends.append([tuple(p) for p in bends])

    def lonlat(self, points: Any, centre: tuple[float, float]) -> np.ndarray:
        lon, lat = centre
        back = pyproj.Transformer.from_crs(local_crs(lon=lon, lat=lat), WGS84, always_xy=True)
        xy = np.asarray(points, dtype=float).reshape(-1, 2)
        return np.column_stack(back.transform(xy[:, 0], xy[:, 1]))

    def build(self, centre: tuple[float, float], *, speed_kph: float, reach_km: float) -> TransportNetwork:
        nodes = self.lonlat(self.points, centre)
        lines = []
        for a, b, bends in zip(self.tail, self.head, self.bends, strict=True):
            lines.append(self.lonlat([self.points[a], *bends, self.points[b]], centre) if bends else None)
        return build_network(
            nodes[:, 0],
            nodes[:, 1],
            Links(
                self.tail, self.head, self.length_m, self.time_s, self.back_s,
                exit_along=self.along, geometry=lines,
            ),
            node_exit=self.exits,
            access_speed_kph=speed_kph,
            max_access_km=reach_km,
        )  # fmt: skip


@dataclass
class Case:
    """A network, a place to start from, and a cutoff."""

    network: TransportNetwork
    origin: tuple[float, float]
    cutoff_min: float
    centre: tuple[float, float]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a grid, star, chain or pair of islands with one-ways, motorways, bends and doubled nodes."""
    sketch = Sketch.empty()
    spacing = draw(st.floats(600, 4000))
    kind = draw(st.sampled_from(["grid", "star", "chain", "islands"]))
    speeds = st.sampled_from([4.0, 20.0, 50.0, 90.0])
    flags = st.booleans()

    def connect(a: int, b: int) -> None:
        (ax, ay), (bx, by) = sketch.points[a], sketch.points[b]
        bends = []
        if draw(flags):
            aside = draw(st.floats(-0.4, 0.4))
            bends = [((ax + bx) / 2 - (by - ay) * aside, (ay + by) / 2 + (bx - ax) * aside)]
        sketch.link(a, b, draw(speeds), oneway=draw(flags), along=draw(flags), bends=bends)

    def exits() -> bool:
        return draw(st.sampled_from([True, True, False]))

    if kind == "grid":
        n = draw(st.integers(2, 3))
        for i in range(n):
            for j in range(n):
                sketch.node(i * spacing, j * spacing * draw(st.floats(0.5, 1.5)), exit_here=exits())
        for i in range(n):
            for j in range(n):
                if i + 1 < n:
                    connect(i * n + j, (i + 1) * n + j)
                if j + 1 < n:
                    connect(i * n + j, i * n + j + 1)
    elif kind == "star":
        sketch.node(0, 0, exit_here=exits())
        for angle in draw(st.lists(st.floats(0, 6.28), min_size=1, max_size=5)):
            tip = sketch.node(spacing * np.cos(angle), spacing * np.sin(angle), exit_here=exits())
            connect(0, tip)
    else:
        for island in range(2 if kind == "islands" else 1):
            last = -1
            for k in range(draw(st.integers(2, 4))):
                off = draw(st.floats(-0.5, 0.5)) * spacing
                here = sketch.node(k * spacing, off + island * 2.5 * spacing, exit_here=exits())
                if last >= 0:
                    connect(last, here)
                last = here
    if draw(flags):  # a motorway without exits over the heads of all others
        a = sketch.node(-spacing, -spacing, exit_here=exits())
        b = sketch.node(4 * spacing, 3 * spacing, exit_here=exits())
        sketch.link(a, b, 110.0, along=False)
        sketch.link(0, a, 30.0, along=False)
    if draw(flags):  # a second node at the place of another, joined by a line without length
        twin = sketch.node(*sketch.points[0], exit_here=exits())
        sketch.link(0, twin, 50.0, along=draw(flags))
        connect(twin, 1)
    if draw(flags):  # and one that isn't joined
        sketch.node(*sketch.points[1])
    anywhere = sketch.node(draw(st.floats(-1, 3)) * spacing, draw(st.floats(-1, 3)) * spacing)
    connect(anywhere, draw(st.integers(0, anywhere - 1)))

    centre = draw(st.sampled_from(CENTRES))
    reach_km = draw(st.sampled_from([0.5, 1.0, 3.0]))
    network = sketch.build(centre, speed_kph=draw(st.sampled_from([5.0, 12.0, 30.0])), reach_km=reach_km)
    # at a node with exit, on its line, or beside it
    ax, ay = sketch.points[anywhere]
    bx, by = sketch.points[sketch.tail[-1] if sketch.head[-1] == anywhere else sketch.head[-1]]
    share = draw(st.sampled_from([0.0, 0.0, 0.3]))
    aside = draw(st.sampled_from([0.0, 0.0, 0.35, 0.7])) * reach_km * 1000
    at = (ax + (bx - ax) * share, ay + (by - ay) * share)
    if share and not sketch.along[-1]:
        at = (ax, ay)
    lon, lat = sketch.lonlat([(at[0], at[1] + aside)], centre)[0]
    for turned in (network, network.reverse):
        assume(not access(turned, lon=float(lon), lat=float(lat), xyz=to_ecef(lon, lat)).is_empty)
    return Case(network, (float(lon), float(lat)), draw(st.sampled_from([3.0, 8.0, 20.0])), centre)


def flat(shape: shapely.Geometry, centre: tuple[float, float]) -> shapely.Geometry:
    """A shape in metres around a centre."""
    to_plane = pyproj.Transformer.from_crs(WGS84, local_crs(lon=centre[0], lat=centre[1]), always_xy=True)
    return shapely.transform(shape, lambda xy: np.column_stack(to_plane.transform(xy[:, 0], xy[:, 1])))
