"""Fit the speeds of expressways and ordinary roads on published times of road pairs, and test them out of sample.

    python data/build/calibrate_classes.py PAIRS.csv

PAIRS.csv has the columns set, a, b, lon_a, lat_a, lon_b, lat_b, minutes and state (``before``: before a
later expressway opened). Every destination is left out in turn: the speeds are chosen on the others.
Errors are printed beside those of one speed for all roads.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

DATA = Path(__file__).parent.parent
MOTORWAY_KPH = (100, 104, 108, 112, 116)
ORDINARY_KPH = (42, 46, 50, 54)
ACCESS_KPH = (25,)
ACCESS_KM = 30.0
UNKNOWN, MOTORWAY = 0, 2
#: Before: no expressway opened since.
BEFORE_YEAR = 2020


class Roads:
    """Links with kind and year, and the way onto them."""

    def __init__(self) -> None:
        with np.load(DATA / "trunk_network.npz") as file, np.load(DATA / "roads" / "links.npz") as kinds:
            lon, lat = np.radians(file["lon"] / 1000), np.radians(file["lat"] / 1000)
            self.tail = np.concatenate([file["tail"], file["join_tail"], kinds["new_tail"]])
            self.head = np.concatenate([file["head"], file["join_head"], kinds["new_head"]])
            self.km = np.concatenate([file["length_m"], file["join_length_m"], kinds["new_length_m"]]) / 1000
            new = len(kinds["new_tail"])
            self.kind = np.concatenate([kinds["kind"], np.full(new, MOTORWAY)])
            self.year = np.concatenate([kinds["year"], kinds["new_year"]])
        self.added = np.arange(len(self.km)) >= len(self.km) - new
        self.xyz = 6371.0 * np.stack(
            [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1
        )
        self.tree = cKDTree(self.xyz)
        self.a, self.b = np.minimum(self.tail, self.head), np.maximum(self.tail, self.head)

    def near(self, lon: float, lat: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the nodes in reach of a point, and how far they are, km."""
        u, v = np.radians(lon), np.radians(lat)
        at = 6371.0 * np.array([np.cos(v) * np.cos(u), np.cos(v) * np.sin(u), np.sin(v)])
        found = np.array(self.tree.query_ball_point(at, ACCESS_KM))
        return found, np.linalg.norm(self.xyz[found] - at, axis=1)

    def speeds(self, motorway: float, ordinary: float, until: int, unknown: float | None = None) -> NDArray[np.float64]:
        """Return km/h of each link; 0 where there is no road yet."""
        open_ = (self.kind == MOTORWAY) & ((self.year <= until) | (self.year == 0))
        middle = np.sqrt(motorway * ordinary) if unknown is None else unknown
        speed = np.where(open_, motorway, np.where(self.kind == UNKNOWN, middle, ordinary))
        return np.where(self.added & ~open_, 0.0, speed)

    def minutes(self, pairs: pd.DataFrame, speed: NDArray[np.float64], access_kph: float) -> NDArray[np.float64]:
        """Return modelled minutes of the pairs."""
        use = np.flatnonzero(speed > 0)
        w = self.km[use] / speed[use] * 60
        order = np.lexsort((w, self.b[use], self.a[use]))
        a, b, w = self.a[use][order], self.b[use][order], w[order]
        first = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]
        a, b, w, n = a[first], b[first], w[first], len(self.xyz)
        result = np.full(len(pairs), np.nan)
        for (lon, lat), group in pairs.reset_index(drop=True).groupby(["lon_b", "lat_b"]):
            nodes, km = self.near(lon, lat)
            graph = coo_matrix(
                (np.r_[w, w, km / access_kph * 60], (np.r_[a, b, np.full(len(nodes), n)], np.r_[b, a, nodes])),
                shape=(n + 1, n + 1),
            ).tocsr()
            cost = dijkstra(graph, indices=n)
            for i, row in group.iterrows():
                nodes, km = self.near(row["lon_a"], row["lat_a"])
                result[i] = (cost[nodes] + km / access_kph * 60).min()
        return result


def main() -> None:
    """Print errors: one speed, and two classes out of sample."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    pairs = pd.read_csv(parser.parse_args().pairs)
    before = (pairs["state"] == "before").to_numpy()
    group = np.where(before, "before", pairs["set"])
    truth = pairs["minutes"].to_numpy()
    roads = Roads()

    def run(motorway: float, ordinary: float, access: float, unknown: float | None = None) -> NDArray[np.float64]:
        error = np.empty(len(pairs))
        for rows, until in ((~before, 9999), (before, BEFORE_YEAR)):
            speed = roads.speeds(motorway, ordinary, until, unknown)
            error[rows] = roads.minutes(pairs[rows], speed, access) / truth[rows] - 1
        return error

    def show(label: str, error: NDArray[np.float64]) -> None:
        print(label)
        table = pd.DataFrame({"group": group, "error": error, "absolute": abs(error), "log": np.log1p(error) ** 2})
        table = table.groupby("group").agg(
            pairs=("error", "size"), bias=("error", "mean"), mean_error=("absolute", "mean"), rms_log=("log", "mean")
        )
        table["rms_log"] **= 0.5
        print(table.round(3).to_string())

    everywhere = roads.speeds(88, 88, 0, 88)
    show("one speed, 88 km/h", roads.minutes(pairs, everywhere, 25) / truth - 1)
    choices = list(itertools.product(MOTORWAY_KPH, ORDINARY_KPH, ACCESS_KPH))
    errors = np.array([run(*choice) for choice in choices])
    labels = pd.Series(group)
    weight = 1 / labels.map(labels.value_counts()).to_numpy()
    weight = np.where(before, weight / 2, weight)  # three pairs say little
    held_out = np.empty(len(pairs))
    for place in pairs["b"].unique():
        out = (pairs["b"] == place).to_numpy()
        k = int(np.argmin((abs(errors[:, ~out]) * weight[~out]).sum(axis=1)))
        held_out[out] = errors[k, out]
    k = int(np.argmin((abs(errors) * weight).sum(axis=1)))
    show("two classes, each destination held out", held_out)
    show(f"two classes, motorway, ordinary, access km/h {choices[k]}, in sample", errors[k])
    pairs["error"] = held_out
    pairs["band"] = pd.cut(pairs["minutes"], [0, 60, 120, 200, 300, 900])
    print(pairs.assign(group=group, absolute=pairs["error"].abs()).groupby(["group", "band"], observed=True)["absolute"].agg(["size", "mean"]).round(3).to_string())
    print(pairs[pairs["set"] == "matang"].groupby("b")["error"].agg(["size", "mean", lambda e: e.abs().mean()]).round(3).to_string())


if __name__ == "__main__":
    main()
