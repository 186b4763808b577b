"""Choose the speed and reach off the trunk roads where all streets are known.

Each network of streets is cut down to its main roads; the way onto them is as the crow flies at one
speed within a reach, as `trunk_network` has it. Minutes between random junctions of the streets, and the
part of the streets' junctions within an hour, are held against those over all streets.

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
        truth = minutes(network, np.full(network.n_arcs, True), places)[:, targets]
        names = np.array(network.classes, dtype=object)[network.arc_class]
        main = np.array([str(name).removesuffix("_link") in MAIN for name in names])
        on_main = np.zeros(network.n_nodes, dtype=bool)
        on_main[network.arc_tail[main]] = on_main[network.arc_head[main]] = True
        print(f"{path.name}: {network.n_nodes:,} junctions, {on_main.sum():,} of them on main roads")
        between = minutes(network, main, np.flatnonzero(on_main))[:, on_main]
        for speed in SPEEDS_KPH:
            for reach in REACHES_KM:
                model = through_main(network, on_main, between, places, targets, speed, reach)
                rows.append({"file": path.name.split(".")[0], "km/h": speed, "km": reach, **errors(truth, model)})
    table = pd.DataFrame(rows)
    print(table.round(3).to_string(index=False))
    print(table.groupby(["km/h", "km"])[["mean_error", "rms_log", "hour_error"]].mean().round(3).to_string())


def minutes(network: TransportNetwork, arcs: NDArray[np.bool_], sources: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return minutes from the sources to all nodes over some arcs."""
    tail, head, weight = network.arc_tail[arcs], network.arc_head[arcs], network.arc_time_ms[arcs] / 60_000
    order = np.lexsort((weight, head, tail))
    tail, head, weight = tail[order], head[order], weight[order]
    first = np.r_[True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])]
    n = network.n_nodes
    graph = csr_matrix((weight[first] + 1e-9, (tail[first], head[first])), shape=(n, n))
    return dijkstra(graph, indices=sources)


def through_main(
    network: TransportNetwork,
    on_main: NDArray[np.bool_],
    between: NDArray[np.float64],
    places: NDArray[np.int64],
    targets: NDArray[np.int64],
    speed_kph: float,
    reach_km: float,
) -> NDArray[np.float64]:
    """Return minutes over the main roads and as the crow flies off them."""
    xyz = network.node_xyz / 1000
    tree = cKDTree(xyz[on_main])
    result = np.empty((len(places), len(targets)))
    ways = []
    for node in targets:
        near = np.array(tree.query_ball_point(xyz[node], reach_km), dtype=int)
        ways.append((near, np.linalg.norm(xyz[on_main][near] - xyz[node], axis=1) / speed_kph * 60))
    for i, place in enumerate(places):
        near = np.array(tree.query_ball_point(xyz[place], reach_km), dtype=int)
        off = np.linalg.norm(xyz[on_main][near] - xyz[place], axis=1) / speed_kph * 60
        over = (between[near] + off[:, None]).min(axis=0) if len(near) else np.full(on_main.sum(), np.inf)
        direct_km = np.linalg.norm(xyz[targets] - xyz[place], axis=1)
        direct = np.where(direct_km <= reach_km, direct_km / speed_kph * 60, np.inf)
        egress = np.array([(over[n] + w).min() if len(n) else np.inf for n, w in ways])
        result[i] = np.minimum(direct, egress)
    return result


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
