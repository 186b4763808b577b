"""Fit the speeds of expressways and ordinary roads on published times of road pairs, and test them out of sample.

    python data/build/calibrate_classes.py PAIRS.csv [--write]

PAIRS.csv has the columns set, a, b, lon_a, lat_a, lon_b, lat_b, minutes and state (``before``: before a
later expressway opened). Every destination is left out in turn: the speeds are chosen on the others.
Errors are printed beside those of one speed for all roads; with --write the tables of docs/roads.md are written.
"""

from __future__ import annotations

import argparse
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

#: Kilometres of a link that is as long as its great circle grow by this share for each 100 m of relief.
DETOUR_PER_100_M = 0.1
#: Such a link is off by less than this.
STRAIGHT_M = 3.0
STRAIGHT_SHARE = 0.002

DATA = Path(__file__).parent.parent
PAGE = DATA.parent / "docs" / "roads.md"
#: The speed limit, km/h. The best speed of a grid that goes beyond lies above it, and changes with each pair left out.
LIMIT_KPH = 120
MOTORWAY_KPH = (102, 108, 114, LIMIT_KPH)
JUNCTION_S = (0, 5, 10, 15, 20, 25, 30, 35)
ORDINARY_KPH = (43, 46, 49)
ACCESS_KPH = 35
ACCESS_KM = 30.0
UNKNOWN, ORDINARY, MOTORWAY = 0, 1, 2
#: The speeds that trunk_network has: km/h on expressways, seconds for each of their links, km/h on ordinary roads.
SHIPPED = (120.0, 25.0, 46.0)
#: Bounds of the minutes and of the shares of expressway by which the spread may differ.
SPREAD_MIN = (120, 240)
SPREAD_SHARE = (0.5, 0.85)
SPREAD_PRIOR = 3
#: Before: no expressway opened since.
BEFORE_YEAR = 2020


class Roads:
    """Links with kind and year, and the way onto them."""

    def __init__(self, detour: float = DETOUR_PER_100_M) -> None:
        with (
            np.load(DATA / "trunk_network.npz") as file,
            np.load(DATA / "roads" / "links.npz") as kinds,
            np.load(DATA / "roads" / "relief.npz") as land,
        ):
            lon = np.radians(np.concatenate([file["lon"], kinds["node_lon"]]) / 1000)
            lat = np.radians(np.concatenate([file["lat"], kinds["node_lat"]]) / 1000)
            tail = np.concatenate([file["tail"], file["join_tail"]])
            head = np.concatenate([file["head"], file["join_head"]])
            km = np.concatenate([file["length_m"], file["join_length_m"]]) / 1000
            relief_10m = land["relief_10m"].astype(float)
            kinds = {name: kinds[name] for name in kinds.files}
        self.xyz = 6371.0 * np.stack(
            [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1
        )
        gap = np.linalg.norm(self.xyz[tail] - self.xyz[head], axis=1)
        straight = abs(km - gap) < np.maximum(STRAIGHT_M / 1000, STRAIGHT_SHARE * gap)
        km = km * np.where(straight, 1 + detour * (relief_10m[tail] + relief_10m[head]) * 5 / 100, 1.0)
        # links that get junctions are replaced by their pieces
        cut, new = kinds["cut_link"], len(kinds["new_tail"])
        whole = np.flatnonzero(~np.isin(np.arange(len(km)), cut))
        kept = np.concatenate([whole, cut])
        joins = len(kinds["join_tail"])
        self.tail = np.concatenate([tail[whole], kinds["cut_tail"], kinds["join_tail"], kinds["new_tail"]])
        self.head = np.concatenate([head[whole], kinds["cut_head"], kinds["join_head"], kinds["new_head"]])
        self.km = np.concatenate(
            [km[whole], km[cut] * kinds["cut_share"], kinds["join_length_m"] / 1000, kinds["new_length_m"] / 1000]
        )
        self.kind = np.concatenate([kinds["kind"][kept], np.full(joins, ORDINARY), np.full(new, MOTORWAY)])
        self.year = np.concatenate([kinds["year"][kept], np.zeros(joins, dtype=int), kinds["new_year"]])
        self.straight = np.concatenate([straight[kept], np.full(joins + new, False)])
        self.added = np.arange(len(self.km)) >= len(self.km) - new
        # junctions with added roads have the relief of the nearest one
        nearest = cKDTree(self.xyz[: len(relief_10m)]).query(self.xyz[len(relief_10m) :])[1]
        relief_10m = np.concatenate([relief_10m, relief_10m[nearest]])
        self.relief_m = (relief_10m[self.tail] + relief_10m[self.head]) * 5
        self.tree = cKDTree(self.xyz)
        self.a, self.b = np.minimum(self.tail, self.head), np.maximum(self.tail, self.head)

    def near(
        self, lon: float, lat: float, reach_km: float = ACCESS_KM
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the nodes in reach of a point, and how far they are, km."""
        u, v = np.radians(lon), np.radians(lat)
        at = 6371.0 * np.array([np.cos(v) * np.cos(u), np.cos(v) * np.sin(u), np.sin(v)])
        found = np.array(self.tree.query_ball_point(at, reach_km), dtype=np.int64)
        return found, np.linalg.norm(self.xyz[found] - at, axis=1)

    def relief_at(self, pairs: pd.DataFrame) -> NDArray[np.float64]:
        """Return the mean relief within 30 km of both ends, m."""
        node = np.zeros(len(self.xyz))
        np.maximum.at(node, self.tail, self.relief_m)
        return np.array(
            [
                np.mean(
                    [node[self.near(r.lon_a, r.lat_a)[0]].mean(), node[self.near(r.lon_b, r.lat_b)[0]].mean()]
                )
                for r in pairs.itertuples()
            ]
        )

    def open_by(self, until: int) -> NDArray[np.bool_]:
        """Say which links are expressways that were open at the end of a year."""
        return (self.kind == MOTORWAY) & ((self.year <= until) | (self.year == 0))

    def weights(self, motorway: float, junction_s: float, ordinary: float, until: int) -> NDArray[np.float64]:
        """Return minutes on each link, by speeds in km/h; inf where there is no road yet."""
        is_open = self.open_by(until)
        middle = np.sqrt(motorway * ordinary)
        speed = np.where(is_open, motorway, np.where(self.kind == UNKNOWN, middle, ordinary))
        minutes = self.km / speed * 60 + np.where(is_open, junction_s / 60, 0.0)
        minutes = np.minimum(
            minutes, self.km / ordinary * 60
        )  # an expressway is no slower than the road beside it
        return np.where(self.added & ~is_open, np.inf, minutes)

    def minutes(
        self, pairs: pd.DataFrame, weights: NDArray[np.float64], access_kph: float = ACCESS_KPH
    ) -> NDArray[np.float64]:
        """Return modelled minutes of the pairs."""
        return self.minutes_and_km(pairs, weights, np.zeros(len(weights)), access_kph)[0]

    def minutes_and_km(
        self,
        pairs: pd.DataFrame,
        weights: NDArray[np.float64],
        km_of: NDArray[np.float64],
        access_kph: float = ACCESS_KPH,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return modelled minutes of the pairs, and the sum on their ways of what each link has of something."""
        use = np.flatnonzero(np.isfinite(weights))
        w = weights[use]
        order = np.lexsort((w, self.b[use], self.a[use]))
        a, b, w = self.a[use][order], self.b[use][order], w[order]
        first = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]
        a, b, w, n = a[first], b[first], w[first], len(self.xyz)
        had = dict(
            zip(zip(a.tolist(), b.tolist(), strict=True), km_of[use][order][first].tolist(), strict=True)
        )
        result, summed = np.full(len(pairs), np.nan), np.zeros(len(pairs))
        for (lon, lat), group in pairs.reset_index(drop=True).groupby(["lon_b", "lat_b"]):
            nodes, km = self.near(lon, lat)
            graph = coo_matrix(
                (
                    np.r_[w, w, km / access_kph * 60],
                    (np.r_[a, b, np.full(len(nodes), n)], np.r_[b, a, nodes]),
                ),
                shape=(n + 1, n + 1),
            ).tocsr()
            cost, back = dijkstra(graph, indices=n, return_predecessors=True)
            for i, row in group.iterrows():
                nodes, km = self.near(row["lon_a"], row["lat_a"])
                whole = cost[nodes] + km / access_kph * 60
                result[i] = whole.min()
                node = int(nodes[np.argmin(whole)])
                while (before := int(back[node])) not in (n, -9999):
                    summed[i] += had[min(node, before), max(node, before)]
                    node = before
        return result, summed


def zunyi_pairs() -> pd.DataFrame:
    """Return the embedded road hours to Zunyi as pairs."""
    hours = pd.read_csv(DATA / "zunyi_road_hours.csv")
    seats = pd.read_csv(DATA / "county_seats.csv").drop_duplicates("name").set_index("name")
    a, b = seats.loc[hours["city"]], seats.loc["遵义市"]
    return pd.DataFrame(
        {
            "set": "matang",
            "a": hours["city"],
            "b": "遵义市",
            "lon_a": a["lon"].to_numpy(),
            "lat_a": a["lat"].to_numpy(),
            "lon_b": b["lon"],
            "lat_b": b["lat"],
            "minutes": hours["hours"] * 60,
            "state": "open",
        }
    )


def distance_km(pairs: pd.DataFrame) -> NDArray[np.float64]:
    """Return the great circle's length of the pairs."""
    u, v = np.radians(pairs["lat_a"]), np.radians(pairs["lat_b"])
    w = np.radians(pairs["lon_a"] - pairs["lon_b"])
    return (
        2 * 6371.0 * np.arcsin(np.sqrt(np.sin((u - v) / 2) ** 2 + np.cos(u) * np.cos(v) * np.sin(w / 2) ** 2))
    )


def main() -> None:
    """Print errors: one speed, and classes out of sample."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--write", action="store_true", help="write the tables of docs/roads.md")
    options = parser.parse_args()
    pairs = pd.concat([pd.read_csv(options.pairs), zunyi_pairs()], ignore_index=True)
    before = (pairs["state"] == "before").to_numpy()
    group = np.where(before, "before", pairs["set"])
    truth = pairs["minutes"].to_numpy()
    roads = Roads()

    def run(motorway: float, junction_s: float, ordinary: float) -> NDArray[np.float64]:
        error = np.empty(len(pairs))
        for rows, until in ((~before, 9999), (before, BEFORE_YEAR)):
            weights = roads.weights(motorway, junction_s, ordinary, until)
            error[rows] = roads.minutes(pairs[rows], weights) / truth[rows] - 1
        return error

    def show(label: str, error: NDArray[np.float64], by: NDArray[np.object_] | pd.Series) -> None:
        print(label)
        table = pd.DataFrame({"by": by, "error": error, "absolute": abs(error), "log": np.log1p(error) ** 2})
        table = table.groupby("by", observed=True).agg(
            pairs=("error", "size"),
            bias=("error", "mean"),
            mean_error=("absolute", "mean"),
            rms_log=("log", "mean"),
        )
        table["rms_log"] **= 0.5
        print(table.round(3).to_string())

    plain = Roads(detour=0.0)
    everywhere = np.where(plain.added, np.inf, plain.km / 88 * 60)
    models = {"one speed, 88 km/h": plain.minutes(pairs, everywhere) / truth - 1}
    show("one speed, 88 km/h, lengths as they are", models["one speed, 88 km/h"], group)
    choices = list(itertools.product(MOTORWAY_KPH, JUNCTION_S, ORDINARY_KPH))
    errors = np.array([run(*choice) for choice in choices])
    labels = pd.Series(group)
    weight = 1 / labels.map(labels.value_counts()).to_numpy()
    weight = np.where(before, weight / 2, weight)  # three pairs say little
    no_junctions = np.array([choice[1] == 0 for choice in choices])
    at_limit = np.array([choice[0] == LIMIT_KPH for choice in choices])
    # the last is what ships
    for label, allowed in (
        ("a speed and no junctions", no_junctions),
        ("a speed and junctions", np.full(len(choices), True)),
        ("the speed limit and junctions", at_limit),
    ):
        held_out = np.empty(len(pairs))
        for place in pairs["b"].unique():
            out = (pairs["b"] == place).to_numpy()
            loss = np.where(allowed, (abs(errors[:, ~out]) * weight[~out]).sum(axis=1), np.inf)
            held_out[out] = errors[int(np.argmin(loss)), out]
        k = int(np.argmin(np.where(allowed, (abs(errors) * weight).sum(axis=1), np.inf)))
        models[label] = held_out
        show(f"classes, {label}, each destination held out", held_out, group)
        best = errors[k]
        show(f"in sample: motorway km/h, s per junction, ordinary km/h {choices[k]}", best, group)
        modelled = pd.Series(group).eq("matang").to_numpy()
        show("held out, prefectures by destination", held_out[modelled], pairs["b"][modelled])
    km = distance_km(pairs)
    band = pd.cut(km, [0, 75, 150, 300, 450, 900])
    show(
        "held out, by kilometres as the crow flies",
        held_out,
        [f"{g} {b}" for g, b in zip(group, band, strict=True)],
    )
    minutes = pd.cut(truth, [0, 60, 120, 240, 900])
    show(
        "held out, by published minutes", held_out, [f"{g} {b}" for g, b in zip(group, minutes, strict=True)]
    )
    show("held out, by published minutes, all pairs", held_out, minutes)
    gained = spread_by_class(roads, pairs, before, truth, held_out)
    land = pd.cut(roads.relief_at(pairs), [-1, 40, 80, 1000], labels=["plain", "hills", "mountains"])
    show("held out, by land at both ends", held_out, [f"{g} {b}" for g, b in zip(group, land, strict=True)])
    if options.write:
        modelled = group == "matang"
        by_minutes = np.digitize(truth, SPREAD_MIN, right=True)
        write_tables(
            {
                "speeds": model_table(models | {"the same, in sample": best}, group),
                "destinations": [
                    "| prefectures, held out | pairs | bias | mean error |",
                    "|---|---:|---:|---:|",
                    *(
                        f"| {place} | {in_words(held_out[modelled & (pairs['b'] == place)])} |"
                        for place in sorted(pairs["b"][modelled].unique())
                    ),
                ],
                "distances": band_table("km as the crow flies", band, group, held_out),
                "relief": band_table("relief within 30 km of both ends", land, group, held_out),
                "spread": [
                    "| published minutes | pairs | root mean square of the logarithm |",
                    "|---|---:|---:|",
                    *(
                        f"| {label} | {(by_minutes == i).sum()} "
                        f"| {np.sqrt(np.mean(np.log1p(held_out[by_minutes == i]) ** 2)):.2f} |"
                        for i, label in enumerate(("up to 120", "to 240", "beyond"))
                    ),
                ],
                "likelihood": [
                    "| spread | log likelihood, held out |",
                    "|---|---:|",
                    *(f"| {row['spread']} | {row['log_likelihood']:.1f} |" for row in gained),
                ],
            }
        )


def in_words(error: NDArray[np.float64] | pd.Series) -> str:
    """Return the cells of a table: pairs, bias and mean error."""
    if not len(error):
        return "| |"
    bias = f"{100 * np.mean(error):+.0f} %".replace("-", "−").replace("+0 %", "0 %").replace("−0 %", "0 %")
    return f"{len(error)} | {bias} | {100 * np.mean(abs(error)):.1f} %"


def model_table(models: dict[str, NDArray[np.float64]], group: NDArray[np.object_]) -> list[str]:
    """Return each model's bias and mean error, by kind of pairs."""
    kinds = {"matang": "prefectures", "press": "press", "before": "ordinary roads"}
    head = " | ".join(f"{name}: bias | mean error" for name in kinds.values())
    lines = [f"| expressways have | {head} |", "|---|" + "---:|" * 6]
    for label, error in models.items():
        cells = " | ".join(in_words(error[group == kind]).split(" | ", 1)[1] for kind in kinds)
        lines.append(f"| {label} | {cells} |")
    return lines


def band_table(
    title: str, band: pd.Categorical | pd.Series, group: NDArray[np.object_], error: NDArray[np.float64]
) -> list[str]:
    """Return bias and mean error by bands of something, prefectures beside press."""
    lines = [
        f"| {title} | prefectures: pairs | bias | mean error | press: pairs | bias | mean error |",
        "|---|" + "---:|" * 6,
    ]
    band = pd.Series(band).astype("category")
    for one in band.cat.categories:
        name = f"{one.left:.0f} to {one.right:.0f}" if isinstance(one, pd.Interval) else str(one)
        cells = " | ".join(in_words(error[(group == kind) & (band == one)]) for kind in ("matang", "press"))
        lines.append(f"| {name} | {cells} |")
    return lines


def write_tables(tables: dict[str, list[str]]) -> None:
    """Write tables of docs/roads.md between their marks."""
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in tables.items():
        marks = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
        text, found = re.subn(marks, rf"\g<1>{chr(10).join(lines)}\n\g<2>", text, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"docs/roads.md has {found} tables {name!r}, one expected")
    PAGE.write_text(text, encoding="utf-8")


def spread_by_class(
    roads: Roads,
    pairs: pd.DataFrame,
    before: NDArray[np.bool_],
    truth: NDArray[np.float64],
    held_out: NDArray[np.float64],
) -> list[dict[str, object]]:
    """Say whether the share of expressway on the way tells more of the spread than the minutes do.

    The spread is the root mean square of the logarithm of the held-out errors. It is estimated without a
    destination, and judged by the log likelihood (normal, mean 0) of that destination's errors.
    """
    share = np.empty(len(pairs))
    for rows, until in ((~before, 9999), (before, BEFORE_YEAR)):
        weights = roads.weights(*SHIPPED, until)
        fast = roads.minutes_and_km(pairs[rows], weights, roads.km * roads.open_by(until))[1]
        share[rows] = fast / roads.minutes_and_km(pairs[rows], weights, roads.km)[1]
    log = np.log1p(held_out)
    minutes = np.digitize(truth, SPREAD_MIN)
    groups = {
        "one for all": np.zeros(len(pairs), dtype=int),
        "by minutes": minutes,
        "by share of expressway": np.digitize(share, SPREAD_SHARE),
        "by minutes and share": minutes * 10 + np.digitize(share, SPREAD_SHARE),
    }
    gains: list[dict[str, object]] = []
    for label, group in groups.items():
        gained = 0.0
        for place in pairs["b"].unique():
            out = (pairs["b"] == place).to_numpy()
            every = np.sqrt(np.mean(log[~out] ** 2))
            for one in np.unique(group[out]):
                known = log[~out & (group == one)]
                # few pairs say little of a spread: as many again at that of all stand beside them
                spread = np.sqrt((np.sum(known**2) + SPREAD_PRIOR * every**2) / (len(known) + SPREAD_PRIOR))
                new = log[out & (group == one)]
                gained += float(np.sum(-np.log(spread) - new**2 / (2 * spread**2)))
        gains.append({"spread": label, "log_likelihood": gained})
    print("spread by what, judged out of sample (more is better)")
    print(pd.DataFrame(gains).round(2).to_string(index=False))
    table = pd.DataFrame(
        {"minutes": minutes, "share": np.digitize(share, SPREAD_SHARE), "log": log**2, "bias": held_out}
    )
    told = table.groupby(["minutes", "share"]).agg(
        pairs=("log", "size"), bias=("bias", "mean"), rms_log=("log", "mean")
    )
    told["rms_log"] **= 0.5
    print(told.round(3).to_string())
    print(f"{(share > SPREAD_SHARE[-1]).sum()} of {len(share)} run on expressways for more than {SPREAD_SHARE[-1]:.0%}")
    return gains


if __name__ == "__main__":
    main()
