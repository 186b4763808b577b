"""Choose the speed and reach off the trunk roads where all streets are known.

Each network of streets is cut down to its main roads; the way onto them is as the crow flies at one
speed within a reach, as `trunk_network` has it. Minutes between random junctions of the streets, the
part of the streets' junctions within an hour, and the area within an hour are held against those over all
streets. The area is that of the squares of a grid whose middle lies within 2 km of a street, from which one
goes to the nearest streets at 5 km/h: land far from all streets counts in neither, nor does the sea.

    python data/build/calibrate_access.py FILE.osm.pbf [FILE.osm.pbf ...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

import borderreach as br
from borderreach.geo.crs import to_ecef
from borderreach.geo.networks import TransportNetwork

#: What the trunk roads of China are made of.
MAIN = ("motorway", "trunk", "primary")
SPEEDS_KPH = (20, 25, 30, 35, 40)
REACHES_KM = (10, 20, 30)
PLACES = 60
TARGETS = 1500
#: Trips of interest, minutes over all streets.
FROM_MIN, TO_MIN = 15, 150
HOUR_MIN = 60
#: Off all streets: km/h and reach, as street networks have it; the nearest junctions are tried.
WALK_KPH, WALK_KM, WALK_TO = 5.0, 2.0, 12
#: About so many squares tell of the area; the reach that it's reckoned with.
SQUARES = 2500
AREA_REACH_KM = 30


def main() -> None:
    """Print errors by file, speed and reach."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    rows = []
    for path in parser.parse_args().files:
        network = br.pbf_network(path)
        rng = np.random.default_rng(17)
        places = rng.choice(network.n_nodes, PLACES, replace=False)
        targets = rng.choice(network.n_nodes, min(TARGETS, network.n_nodes), replace=False)
        everywhere = minutes(network, np.full(network.n_arcs, True), places)
        truth = everywhere[:, targets]
        xyz = network.node_xyz / 1000
        squares, side_km = grid(network, xyz)
        on_squares = walked(everywhere, xyz, squares)
        names = np.array(network.classes, dtype=object)[network.arc_class]
        main = np.array([str(name).removesuffix("_link") in MAIN for name in names])
        on_main = np.zeros(network.n_nodes, dtype=bool)
        on_main[network.arc_tail[main]] = on_main[network.arc_head[main]] = True
        print(
            f"{path.name}: {network.n_nodes:,} junctions, {on_main.sum():,} of them on main roads; {len(squares):,} squares "
            f"of {side_km:.1f} km; within an hour {np.mean((on_squares <= HOUR_MIN).mean(axis=1)):.0%} of them"
        )
        between = minutes(network, main, np.flatnonzero(on_main))[:, on_main]
        for speed in SPEEDS_KPH:
            for reach in REACHES_KM:
                model = through_main(xyz[on_main], between, xyz[places], xyz[targets], speed, reach)
                row = {"file": path.name.split(".")[0], "km/h": speed, "km": reach, **errors(truth, model)}
                if reach == AREA_REACH_KM:
                    area = through_main(xyz[on_main], between, xyz[places], squares, speed, reach)
                    row |= areas(on_squares, area)
                rows.append(row)
    table = pd.DataFrame(rows)
    print(table.round(3).to_string(index=False))
    print(
        table.groupby(["km/h", "km"])[["mean_error", "rms_log", "hour_error", "area_error"]]
        .mean()
        .round(3)
        .to_string()
    )


def minutes(
    network: TransportNetwork, arcs: NDArray[np.bool_], sources: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return minutes from the sources to all nodes over some arcs."""
    tail, head, weight = network.arc_tail[arcs], network.arc_head[arcs], network.arc_time_ms[arcs] / 60_000
    order = np.lexsort((weight, head, tail))
    tail, head, weight = tail[order], head[order], weight[order]
    first = np.r_[True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])]
    n = network.n_nodes
    graph = csr_matrix((weight[first] + 1e-9, (tail[first], head[first])), shape=(n, n))
    return dijkstra(graph, indices=sources)


def grid(network: TransportNetwork, xyz: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the middles of squares near streets, earth-centred in km, and the side of a square, km."""
    west, east = network.node_lon.min(), network.node_lon.max()
    south, north = network.node_lat.min(), network.node_lat.max()
    middle = np.radians((south + north) / 2)
    tree = cKDTree(xyz)
    side_km = 0.5
    while True:
        lat = np.arange(south, north, side_km / 111.2)
        lon = np.arange(west, east, side_km / 111.2 / np.cos(middle))
        x, y = (one.ravel() for one in np.meshgrid(lon, lat))
        points = to_ecef(x, y) / 1000
        near = np.isfinite(tree.query(points, distance_upper_bound=WALK_KM)[0])
        if near.sum() <= SQUARES:
            return points[near], side_km
        side_km *= 1.25


def walked(
    everywhere: NDArray[np.float64], xyz: NDArray[np.float64], squares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return minutes from the places to the squares over all streets."""
    km, node = cKDTree(xyz).query(squares, k=WALK_TO, distance_upper_bound=WALK_KM)
    padded = np.concatenate([everywhere, np.full((len(everywhere), 1), np.inf)], axis=1)
    found: NDArray[np.float64] = (padded[:, node] + km / WALK_KPH * 60).min(axis=2)
    return found


def through_main(
    main: NDArray[np.float64],
    between: NDArray[np.float64],
    places: NDArray[np.float64],
    targets: NDArray[np.float64],
    speed_kph: float,
    reach_km: float,
) -> NDArray[np.float64]:
    """Return minutes over the main roads and as the crow flies off them; all points earth-centred, km."""
    tree = cKDTree(main)
    result = np.empty((len(places), len(targets)))
    ways = []
    for point in targets:
        near = np.array(tree.query_ball_point(point, reach_km), dtype=int)
        ways.append((near, np.linalg.norm(main[near] - point, axis=1) / speed_kph * 60))
    for i, place in enumerate(places):
        near = np.array(tree.query_ball_point(place, reach_km), dtype=int)
        off = np.linalg.norm(main[near] - place, axis=1) / speed_kph * 60
        over = (between[near] + off[:, None]).min(axis=0) if len(near) else np.full(len(main), np.inf)
        direct_km = np.linalg.norm(targets - place, axis=1)
        direct = np.where(direct_km <= reach_km, direct_km / speed_kph * 60, np.inf)
        egress = np.array([(over[n] + w).min() if len(n) else np.inf for n, w in ways])
        result[i] = np.minimum(direct, egress)
    return result


def areas(truth: NDArray[np.float64], model: NDArray[np.float64]) -> dict[str, float]:
    """Return errors of the area within an hour, by place."""
    inside, modelled = (truth <= HOUR_MIN).sum(axis=1), (model <= HOUR_MIN).sum(axis=1)
    some = inside > 0
    return {
        "area_bias": modelled.sum() / inside.sum() - 1,
        "area_error": np.abs(modelled[some] / inside[some] - 1).mean(),
    }


def errors(truth: NDArray[np.float64], model: NDArray[np.float64]) -> dict[str, float]:
    """Return errors of minutes, and of the number of targets within an hour."""
    use = (truth >= FROM_MIN) & (truth <= TO_MIN)
    reached = use & np.isfinite(model)
    ratio = model[reached] / truth[reached]
    inside, modelled = (truth <= HOUR_MIN).sum(axis=1), (model <= HOUR_MIN).sum(axis=1)
    some = inside > 0
    return {
        "unreached": 1 - reached.sum() / use.sum(),
        "bias": ratio.mean() - 1,
        "mean_error": np.abs(ratio - 1).mean(),
        "rms_log": float(np.sqrt(np.mean(np.log(ratio) ** 2))),
        "hour_bias": modelled.sum() / inside.sum() - 1,
        "hour_error": np.abs(modelled[some] / inside[some] - 1).mean(),
    }


if __name__ == "__main__":
    main()
