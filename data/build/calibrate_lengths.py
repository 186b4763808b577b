"""Fit the detour of links that are as long as their great circle on lengths of expressways, one left out in turn.

    python data/build/calibrate_lengths.py

expressway_lengths.csv has the lengths: four looked up, the others from general knowledge, with their ends to
some kilometres. Each is held against the shortest way along the expressways between its ends.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from calibrate_classes import DETOUR_PER_100_M, MOTORWAY, Roads
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

LENGTHS = Path(__file__).parent / "expressway_lengths.csv"
#: The ends lie within, km; off the expressways a km counts three times.
END_KM = 15.0
OFF_FACTOR = 3.0
#: Left out: courses over roads of other kinds or added ones, or that are plainly another road.
MAX_OTHER_SHARE, MAX_ADDED_KM, MAX_OFF_KM = 0.15, 20.0, 18.0
LEAST_RATIO, MOST_RATIO = 0.82, 1.36
CHOICES = np.arange(0, 0.41, 0.02)
MODELS: dict[str, Callable[[float, pd.DataFrame], pd.Series]] = {
    "none": lambda c, t: 0 * t["relief_100m"],
    "one for all": lambda c, t: c + 0 * t["relief_100m"],
    "by relief": lambda c, t: c * t["relief_100m"],
}


def main() -> None:
    """Print the errors of lengths by model."""
    table, of = measured()
    print(f"{len(table)} of {of} lengths")
    ratio = table["km"] / (table["laid_km"] + table["off_km"])
    bands = pd.cut(table["relief_100m"], [0, 0.4, 0.8, 1.1, 1.5, 5])
    print(ratio.groupby(bands, observed=True).agg(["size", "median", "mean"]).round(3).to_string())
    print("\n".join(length_table()))


def measured() -> tuple[pd.DataFrame, int]:
    """Return the published lengths that can be compared with their courses, and how many there are in all."""
    table = courses(Roads(detour=0.0), pd.read_csv(LENGTHS))
    fair = (table["other_km"] < MAX_OTHER_SHARE * table["laid_km"]) & (table["off_km"] < MAX_OFF_KM)
    fair &= (table["added_km"] < MAX_ADDED_KM) & (table["km"] / table["laid_km"]).between(LEAST_RATIO, MOST_RATIO)
    return table[fair].reset_index(drop=True), len(fair)


def length_table() -> list[str]:
    """Return each model's fitted share and its errors, each length held out, as docs/roads.md has them."""
    table, _ = measured()
    words = {
        "none": ("lengths as they are", ""),
        "one for all": ("one detour for all", "{:.0%}"),
        "by relief": ("by relief", "{:.0%} per 100 m"),
    }
    lines = ["| model | fitted share | mean error, each held out | bias |", "|---|---:|---:|---:|"]
    for name, share in MODELS.items():

        def error(c: float, rows: pd.DataFrame, share: Callable[[float, pd.DataFrame], pd.Series] = share) -> pd.Series:
            modelled = rows["bent_km"] + rows["off_km"] + rows["straight_km"] * (1 + share(c, rows))
            return np.log(modelled / rows["km"])

        best = min(CHOICES, key=lambda c: error(c, table).abs().mean())
        held_out = [
            error(min(CHOICES, key=lambda c: error(c, table.drop(i)).abs().mean()), table.loc[[i]]).iloc[0]
            for i in table.index
        ]
        said, fitted = words[name]
        bias = f"{100 * np.mean(held_out):+.1f} %".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")
        lines.append(
            f"| {said} | {fitted.format(best).replace('%', ' %')} | {100 * np.abs(held_out).mean():.1f} % | {bias} |"
        )
    shipped = MODELS["by relief"](DETOUR_PER_100_M, table)
    modelled = table["bent_km"] + table["off_km"] + table["straight_km"] * (1 + shipped)
    off = np.log(modelled / table["km"])
    bias = f"{100 * off.mean():+.1f} %".replace("-", "−")
    lines.append(f"| as shipped, {DETOUR_PER_100_M:.0%} per 100 m | | {100 * off.abs().mean():.1f} % | {bias} |".replace("%", " %").replace("  %", " %"))
    return [*lines, "", f"{len(table)} of {len(pd.read_csv(LENGTHS))} lengths could be compared."]


def courses(roads: Roads, lengths: pd.DataFrame) -> pd.DataFrame:
    """Return for each length the kilometres of its course by kind of link."""
    n = len(roads.xyz)
    weight = np.where(roads.kind == MOTORWAY, 1.0, OFF_FACTOR) * roads.km
    order = np.lexsort((weight, roads.b, roads.a))
    a, b = roads.a[order], roads.b[order]
    first = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]
    a, b, links = a[first], b[first], order[first]
    weight, key = weight[links], a.astype(np.int64) * n + b
    rows = []
    for one in lengths.itertuples():
        at, off = roads.near(one.from_lon, one.from_lat, END_KM)
        to, off_to = roads.near(one.to_lon, one.to_lat, END_KM)
        graph = coo_matrix(
            (
                np.r_[weight, weight, OFF_FACTOR * off + 1e-3],
                (np.r_[a, b, np.full(len(at), n)], np.r_[b, a, at]),
            ),
            shape=(n + 1, n + 1),
        ).tocsr()
        cost, back = dijkstra(graph, indices=n, return_predecessors=True)
        last = int(np.argmin(cost[to] + OFF_FACTOR * off_to))
        node, way = int(to[last]), []
        while back[node] != n:
            other = int(back[node])
            way.append(links[np.searchsorted(key, min(node, other) * n + max(node, other))])
            node = other
        km, straight = roads.km[way], roads.straight[way]
        rows.append(
            {
                "name": one.name, "km": one.km, "laid_km": km.sum(), "straight_km": km[straight].sum(),
                "bent_km": km[~straight].sum(), "other_km": km[roads.kind[way] != MOTORWAY].sum(),
                "added_km": km[roads.added[way]].sum(), "off_km": off[at == node][0] + off_to[last],
                "relief_100m": np.average(roads.relief_m[way], weights=km) / 100,
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
