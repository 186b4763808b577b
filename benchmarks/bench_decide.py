"""What deciding takes: 20 corridors, every subset valued, and the loss of every crossing of the nation.

    python3 tasks.py bench decide [--quick]

Candidates are embedded corridors of Chongqing, Sichuan and Guizhou, on the trunk network; places are the counties of
the three. Each row is one call, with what it prepares counted in, after one on a small network that compiles the
code. `--quick` takes ten corridors, and the crossings of these three provinces alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd

import borderreach as br

RESULTS = Path(__file__).resolve().parent / "results"
PROVINCES = ["重庆", "四川", "贵州"]
FILES = ("yuqian", "chengyugui", "bazhong")


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--quick", action="store_true", help="ten corridors, and crossings of three provinces"
    )
    options, _ = parser.parse_known_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": load}
    print(f"decide: {machine}")
    warm_up()
    network = br.trunk_network()
    region = br.with_people(br.counties(provinces=PROVINCES))
    capitals = region[region["name"].isin(["渝中区", "青羊区", "南明区"])]
    every = [identifier for file in FILES for identifier in br.corridors(file)["corridor_id"]]
    chosen = every[: 10 if options.quick else 20]
    budget = float(br.corridors(chosen)["length_km"].sum()) / 3
    rows = []
    for objective in ("people", "mean_time", "potential", "poverty", "palma"):
        ends = capitals if objective in ("people", "mean_time") else None
        choose = partial(
            br.best_corridors, network, chosen, region, ends, objective=objective, weights="people"
        )
        rows.append(
            timed(
                f"{len(chosen)} corridors, {objective}",
                partial(choose, budget=budget),
                lambda found: f"{', '.join(found.chosen)}: {found.base_value:,.4g} -> {found.value:,.4g}",
            )
        )
    border = br.crossings(network, region)
    rows.append(losses(network, region, border, "crossings of three provinces"))
    rows.append(
        timed(
            "pairs of the crossings of Chongqing and Guizhou",
            lambda: br.critical_pairs(
                network,
                region,
                border[border["province_a"].isin(["重庆市"]) & border["province_b"].isin(["贵州省"])],
                weights="people",
            ),
            lambda found: f"{len(found)} pairs",
        )
    )
    if not options.quick:
        nation = br.with_people(br.counties(), missing="report")
        nation = nation[nation["people"].notna()]
        rows.append(losses(network, nation, br.crossings(network, nation), "crossings of the nation"))
    RESULTS.mkdir(exist_ok=True)
    date = datetime.now(UTC).date().isoformat()
    (RESULTS / "decide.json").write_text(
        json.dumps({"date": date, "machine": machine, "rows": rows}, ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
    )
    return 0


def losses(
    network: br.TransportNetwork, places: gpd.GeoDataFrame, links: gpd.GeoDataFrame, name: str
) -> dict[str, Any]:
    """Time the loss of every crossing, one at a time."""
    return timed(
        f"{name}: {len(links)}, {len(places)} counties",
        lambda: br.critical_links(
            network, places, links, weights="people", decay=br.indicators.ExponentialDecay.half_life(60)
        ),
        lambda found: f"first {found['name'].iloc[0]}, {found['mean_delay_min'].iloc[0]:.0f} min",
    )


def timed(name: str, call: Callable[[], Any], say: Callable[[Any], str]) -> dict[str, Any]:
    """Call, print how long it took and what came of it."""
    start, cpu = time.perf_counter(), time.process_time()
    found = call()
    row = {
        "name": name,
        "s": time.perf_counter() - start,
        "cpu_s": time.process_time() - cpu,
        "found": say(found),
    }
    print(f"{row['s']:8.1f} s  {row['cpu_s']:8.1f} s of the processor  {name}: {row['found']}", flush=True)
    return row


def warm_up() -> None:
    """Compile what is compiled, on a road between two towns."""
    towns = [(106.5, 29.5), (106.6, 29.5)]
    road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    br.critical_links(road, towns)
    line = br.Corridor.model_validate(
        {
            "id": "new-road",
            "name": "新路",
            "mode": "road",
            "status": "planned",
            "status_date": "2025-01-01",
            "design_speed_kph": 100,
            "stops": [
                {"name": name, "lon": lon, "lat": 29.5, "kind": "interchange", "position": "existing"}
                for name, lon in (("甲", 106.5), ("乙", 106.6))
            ],
        }
    )
    for objective in ("people", "mean_time", "palma"):
        br.best_corridors(road, [line], towns, budget=100, objective=objective)


if __name__ == "__main__":
    raise SystemExit(main())
