"""Give added expressways junctions where they cross others: the network holds none there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from expressways import Network

#: Crossings of one added road that lie within this are one junction, km (those with both carriageways);
#: so are a crossing and an end of the road.
ONE_JUNCTION_KM = 1.0


@dataclass(frozen=True, slots=True)
class Joints:
    """Added links, cut at their junctions, and what becomes of the links that they cross.

    ``lon`` and ``lat`` are those of the junctions, whose numbers follow the network's. ``new`` are tail, head, km and
    year. A crossed link of the network is replaced by its pieces: link, tail, head, and the share of it.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    new: list[tuple[int, int, float, int]]
    pieces: list[tuple[int, int, int, float]]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays as links.npz holds them."""
        new, pieces = sorted(self.new), sorted(self.pieces)
        return {
            "node_lon": np.rint(self.lon * 1000).astype(np.int32),
            "node_lat": np.rint(self.lat * 1000).astype(np.int32),
            "new_tail": np.array([x[0] for x in new], dtype=np.int32),
            "new_head": np.array([x[1] for x in new], dtype=np.int32),
            "new_length_m": np.array([round(x[2] * 1000) for x in new], dtype=np.int32),
            "new_year": np.array([x[3] for x in new], dtype=np.int16),
            "cut_link": np.array([x[0] for x in pieces], dtype=np.int32),
            "cut_tail": np.array([x[1] for x in pieces], dtype=np.int32),
            "cut_head": np.array([x[2] for x in pieces], dtype=np.int32),
            "cut_share": np.array([x[3] for x in pieces], dtype=np.float32),
        }


def crossings(network: Network, marked: NDArray[np.bool_], added: list[tuple[int, int, float, int]]) -> Joints:
    """Return junctions where added links (tail, head, km, year) cross expressways, those that are marked and those that are added."""
    base = np.flatnonzero(marked)
    tail = np.concatenate([network.tail[base], [x[0] for x in added]]).astype(int)
    head = np.concatenate([network.head[base], [x[1] for x in added]]).astype(int)
    place = np.stack([network.lon, network.lat], axis=1)
    lines = shapely.linestrings(np.stack([place[tail], place[head]], axis=1))
    own = np.arange(len(base), len(tail))
    which, other = shapely.STRtree(lines).query(lines[own], predicate="crosses")
    which = own[which]
    # two added roads meet in both orders
    once = (other < len(base)) | (which < other)
    pairs = sorted(zip(which[once].tolist(), other[once].tolist(), strict=True))
    #: for each line the junctions on it: share of the way, number
    on: dict[int, list[tuple[float, int]]] = {}
    lon: list[float] = []
    lat: list[float] = []
    n = len(network.lon)
    for i, j in pairs:
        if {tail[i], head[i]} & {tail[j], head[j]}:
            continue
        at = shapely.intersection(lines[i], lines[j])
        share = _share(place[tail[i]], place[head[i]], at)
        km = added[i - len(base)][2]
        junctions = [(0.0, int(tail[i])), (1.0, int(head[i])), *on.get(i, [])]
        nearest = min(junctions, key=lambda one: abs(one[0] - share))
        if abs(nearest[0] - share) * km < ONE_JUNCTION_KM:
            number = nearest[1]
        else:
            number = n + len(lon)
            lon.append(float(at.x))
            lat.append(float(at.y))
            on.setdefault(i, []).append((share, number))
        there = on.setdefault(j, [])
        if number not in (tail[j], head[j], *(one[1] for one in there)):
            there.append((_share(place[tail[j]], place[head[j]], at), number))
    new: list[tuple[int, int, float, int]] = []
    pieces: list[tuple[int, int, int, float]] = []
    for i in range(len(tail)):
        stops = [(0.0, int(tail[i])), *sorted(on.get(i, [])), (1.0, int(head[i]))]
        if i < len(base) and len(stops) == 2:
            continue
        for (a, start), (b, end) in zip(stops[:-1], stops[1:], strict=True):
            if i < len(base):
                pieces.append((int(base[i]), start, end, b - a))
            else:
                _, _, km, year = added[i - len(base)]
                new.append((min(start, end), max(start, end), km * (b - a), year))
    return Joints(np.array(lon), np.array(lat), new, pieces)


def _share(start: NDArray[np.float64], end: NDArray[np.float64], at: shapely.Point) -> float:
    """Return how far along a straight line a point on it is."""
    way = end - start
    return float(np.dot([at.x - start[0], at.y - start[1]], way) / np.dot(way, way))
