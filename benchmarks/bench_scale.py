"""Iceland's streets laid side by side and linked, 1, 16 and 64 times: what size costs.

    python3 tasks.py bench scale [--tiles=N …] [--matrix] [--quick]

Reading the extract, laying it out and saving; then, each in a process of its own, opening the network for the first time,
which prepares it, and again, each to its first isochrones (60 + 120 min); isochrones after that from eight places of one
tile; with `--matrix`, 1,000 by 1,000 nodes. `--quick` leaves 64 tiles out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contenders import peak_mb  # type: ignore[import-not-found]  # beside this script

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--tiles", type=int, action="append")
    parser.add_argument("--matrix", action="store_true")
    parser.add_argument("--quick", action="store_true", help="1 and 16 tiles")
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "TILES", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        what, tiles, folder = options.one
        print(json.dumps(ACTIONS[what](int(tiles), Path(folder))))
        return 0
    from bench_isochrones import ICELAND, machine  # type: ignore[import-not-found]

    if not ICELAND.is_file():
        print(f"no {ICELAND.name} in BORDERREACH_REFERENCE: nothing to lay out")
        return 0
    report: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "machine": machine(), "rows": []}
    steps = ["lay_out", "open", "open again", *(["matrix"] if options.matrix else [])]
    for tiles in options.tiles or ([1, 16] if options.quick else [1, 16, 64]):
        with tempfile.TemporaryDirectory() as folder:
            for step in steps:
                row = {"step": step, "tiles": tiles, **in_own_process(step.split()[0], tiles, folder)}
                report["rows"].append(row)
                shown = ", ".join(f"{k} {v:,.2f}" for k, v in row.items() if isinstance(v, float))
                print(f"{tiles:3} tiles, {step:10} {shown}", flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scale.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0


def in_own_process(what: str, tiles: int, folder: str) -> dict[str, Any]:
    """Take one step in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--one", what, str(tiles), folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode != 0:
        raise SystemExit(f"bench_scale: {what} failed: {done.stderr}")
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def clock() -> tuple[float, float]:
    """Return the clock's time and the processor's."""
    return time.perf_counter(), time.process_time()


def since(start: tuple[float, float], name: str) -> dict[str, float]:
    """Return what passed by both, named."""
    return {
        f"{name}_s": time.perf_counter() - start[0],
        f"{name}_processor_s": time.process_time() - start[1],
    }


def lay_out(tiles: int, folder: Path) -> dict[str, Any]:
    """Read the extract, lay it out and save it."""
    from bench_isochrones import ICELAND
    from tiles import tiled  # type: ignore[import-not-found]

    from borderreach.geo.osm import pbf_network
    from borderreach.geo.timetables import save_network

    start = clock()
    network = tiled(pbf_network(ICELAND), tiles)
    save_network(network, folder / "tiles.network")
    return {"nodes": float(network.n_nodes), **since(start, "made"), "peak_mb": peak_mb()}


def open_to_isochrones(tiles: int, folder: Path) -> dict[str, Any]:
    """Open a network to its first isochrones, and draw more."""
    import numpy as np
    from bench_isochrones import ORIGINS
    from tiles import positions

    from borderreach.analysis.isochrones import isochrones
    from borderreach.geo.networks import Links, build_network
    from borderreach.geo.sources import read_network

    # compiled code is loaded, or made, before the clock starts
    road = build_network(
        [106.5, 106.6], [29.5, 29.5], Links([0], [1], [9.7e3], [600.0], exit_along=np.ones(1, bool))
    )
    isochrones(road, (106.5, 29.5), cutoffs_min=[60, 120])
    # in the northern row, where all is as far apart as on one tile
    north = [move for move in positions(tiles) if move[1] == 0]
    move_lon, move_lat = north[len(north) // 2]
    places = [((lon + move_lon + 180) % 360 - 180, lat + move_lat) for lon, lat in ORIGINS["iceland"]]
    start = clock()
    network = read_network(folder / "tiles.network", cache_folder=folder / "cache")
    opened = since(start, "opened")
    isochrones(network, places[0], cutoffs_min=[60, 120])
    first = since(start, "first_isochrone")
    isochrones(network, places, cutoffs_min=[60, 120])
    start = clock()
    isochrones(network, places, cutoffs_min=[60, 120])
    eight = since(start, "eight_isochrones")
    return {**opened, **first, **eight, "peak_mb": peak_mb()}


def matrix(_tiles: int, folder: Path) -> dict[str, Any]:
    """Reckon the times between a thousand nodes."""
    import numpy as np

    from borderreach.analysis.times import write_od_matrix
    from borderreach.geo.sources import read_network

    network = read_network(folder / "tiles.network", cache_folder=folder / "cache")
    chosen = np.random.default_rng(18).choice(network.exit_nodes, 1000, replace=False)
    places = [(float(network.node_lon[k]), float(network.node_lat[k])) for k in chosen]
    start = clock()
    write_od_matrix(network, places, folder / "matrix.parquet")
    return {**since(start, "matrix"), "peak_mb": peak_mb()}


ACTIONS = {"lay_out": lay_out, "open": open_to_isochrones, "matrix": matrix}

if __name__ == "__main__":
    sys.exit(main())
