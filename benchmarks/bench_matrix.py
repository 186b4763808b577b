"""Travel times between all counties of China on the trunk roads, against scipy on the same arcs with the same limits.

    python3 tasks.py bench matrix [--quick]

Rows go from the first 500 counties and from all to all. Each is a process of its own, so that its memory is its own.
Ours goes from door to door and writes times and distances to a Parquet file; scipy goes from the node nearest to
each seat to the others and writes times alone. Preparation (the hierarchy; scipy's matrix) is stated apart and
counted in, and the processor's time stands beside the clock's, which a busy machine draws out. `--quick` goes from
100 and 200 counties, on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from borderreach.geo.networks import TransportNetwork
from borderreach.geo.networks._trunk import trunk_network
from borderreach.geo.places._boundaries import counties

RESULTS = Path(__file__).resolve().parent / "results"
#: Origins whose rows are in memory at a time, for both.
CHUNK = 256
#: None is every pair.
CUTOFFS_MIN = (None, 120.0)
#: Name, threads.
CONTENDERS = (("borderreach", 1), ("borderreach", 0), ("scipy", 1))


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--quick", action="store_true", help="from 100 and 200 counties instead of 500 and all"
    )
    parser.add_argument(
        "--one", nargs=5, metavar=("NAME", "THREADS", "N", "CUTOFF", "OUT"), help="a row alone"
    )
    options, _ = parser.parse_known_args()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return 0
    RESULTS.mkdir(exist_ok=True)
    total = len(counties())
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    made = {"cores": os.cpu_count(), "python": platform.python_version(), "load": load}
    date = datetime.now(UTC).date().isoformat()
    report: dict[str, Any] = {"date": date, "machine": {"processor": processor(), **made}, "rows": []}
    with tempfile.TemporaryDirectory() as folder:
        for n in (100, 200) if options.quick else (500, total):
            for cutoff in CUTOFFS_MIN:
                for name, threads in CONTENDERS[::2] if options.quick else CONTENDERS:
                    out = Path(folder) / f"{name}-{threads}-{n}-{cutoff}"
                    row = in_own_process(name, threads, n, cutoff, out)
                    report["rows"].append(row)
                    print(line_of(row), flush=True)
                rivals = [Path(folder) / f"{name}-1-{n}-{cutoff}" for name in ("borderreach", "scipy")]
                report["rows"][-1] |= agreement(*rivals)
    add_ratios(report)
    text = table_of(report)
    print(f"\n{text}")
    (RESULTS / "matrix.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    (RESULTS / "matrix.md").write_text(text + "\n", encoding="utf-8")
    return 0


def processor() -> str:
    """Name the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def peak_mb() -> float:
    """Largest memory of this process so far, MB."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    line = next(x for x in status.read_text(encoding="ascii").splitlines() if x.startswith("VmHWM"))
    return float(line.split()[1]) / 1e3


def in_own_process(name: str, threads: int, n: int, cutoff: float | None, out: Path) -> dict[str, Any]:
    """Measure one row in a process of its own."""
    command = [sys.executable, __file__, "--one", name, threads, n, cutoff or "none", out]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench_matrix: {name} failed: {done.stderr}")
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def measure(name: str, threads: str, count: str, cutoff: str, out: str) -> dict[str, Any]:
    """Prepare, compute and write; return seconds and the peak of memory."""
    limit = None if cutoff == "none" else float(cutoff)
    network, seats = trunk_network(speed_kph=88), counties()
    before_mb = peak_mb()
    run = own if name == "borderreach" else scipys
    prepare_s, matrix_s, processor_s = run(network, seats, int(count), limit, Path(out), int(threads) or None)
    return {
        "name": name,
        "threads": int(threads),
        "origins": int(count),
        "destinations": len(seats),
        "cutoff_min": limit,
        "prepare_s": prepare_s,
        "matrix_s": matrix_s,
        "processor_s": processor_s,
        "peak_mb": peak_mb(),
        "before_mb": before_mb,
    }


def own(
    network: TransportNetwork,
    seats: gpd.GeoDataFrame,
    n: int,
    limit: float | None,
    out: Path,
    workers: int | None,
) -> tuple[float, float, float]:
    """Run ours: the hierarchy, then the matrix."""
    from borderreach.analysis.times._hierarchy import hierarchy
    from borderreach.analysis.times._matrices import write_od_matrix

    # Compiled code is loaded, or made, before the clock starts.
    write_od_matrix(toy_network(), [(106.5, 29.5)], out, workers=1, cutoff_min=limit)
    start, busy = time.perf_counter(), time.process_time()
    hierarchy(network)
    prepared = time.perf_counter()
    options: dict[str, Any] = {"cutoff_min": limit, "chunk": CHUNK, "workers": workers}
    write_od_matrix(network, seats.iloc[:n], out, seats, off_network="unreachable", **options)
    return prepared - start, time.perf_counter() - prepared, time.process_time() - busy


def toy_network() -> TransportNetwork:
    """Return a road of 10 km."""
    from borderreach.geo.networks import Links, build_network

    return build_network([106.5, 106.6], [29.5, 29.5], Links([0], [1], [9700.0], [600.0]))


def scipys(
    network: TransportNetwork,
    seats: gpd.GeoDataFrame,
    n: int,
    limit: float | None,
    out: Path,
    _workers: int | None,
) -> tuple[float, float, float]:
    """Run scipy: the sparse matrix, then Dijkstra from the nearest node of each seat, in the same chunks."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra
    from scipy.spatial import KDTree

    from borderreach.geo.crs import to_ecef

    start, busy = time.perf_counter(), time.process_time()
    minutes = np.maximum(network.arc_time_ms, 1) / 60_000
    graph = csr_array(
        (minutes, network.arc_head, network.arc_start), shape=(network.n_nodes, network.n_nodes)
    )
    xyz = to_ecef(seats["lon"].to_numpy(), seats["lat"].to_numpy())
    nodes = KDTree(network.node_xyz).query(xyz)[1]
    prepared = time.perf_counter()
    ids = pa.array(seats["adcode"].astype(str))
    schema = pa.schema([("from_id", pa.dictionary(pa.int32(), pa.string())),
                        ("to_id", pa.dictionary(pa.int32(), pa.string())), ("minutes", pa.float64())])  # fmt: skip
    options: dict[str, Any] = {"compression": "zstd", "use_dictionary": ["from_id", "to_id"]}  # as ours
    with pq.ParquetWriter(out, schema, **options) as writer:
        for first in range(0, n, CHUNK):
            part = nodes[first : min(first + CHUNK, n)]
            found = dijkstra(graph, indices=part, limit=np.inf if limit is None else limit)[:, nodes]
            row, column = np.indices(found.shape).reshape(2, -1)
            if limit is not None:
                row, column = np.nonzero(np.isfinite(found))
            columns = [
                pa.DictionaryArray.from_arrays((row + first).astype(np.int32), ids),
                pa.DictionaryArray.from_arrays(column.astype(np.int32), ids),
                pa.array(found[row, column]),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return prepared - start, time.perf_counter() - prepared, time.process_time() - busy


def agreement(own_file: Path, scipy_file: Path) -> dict[str, float]:
    """Compare times: ours from the seat by the best way onto the road, scipy's from the nearest node."""
    import pyarrow.parquet as pq

    keys = ["from_id", "to_id"]
    ours, theirs = (
        pq.ParquetFile(file).read_row_group(0).to_pandas().astype(dict.fromkeys(keys, "str"))
        for file in (own_file, scipy_file)
    )  # the first chunk of origins is enough
    both = ours.merge(theirs, on=keys)
    # Seats lie off the road, so that ours takes longer by access and egress.
    more = (both["travel_time_min"] - both["minutes"]).dropna()
    return {"pairs": float(len(both)), "median_more_min": float(more.median())}


def add_ratios(report: dict[str, Any]) -> None:
    """Write into each of our rows how many times as long scipy took, with preparation and without."""
    theirs = {(row["origins"], row["cutoff_min"]): row for row in report["rows"] if row["name"] == "scipy"}
    for row in report["rows"]:
        if row["name"] == "borderreach":
            rival = theirs[row["origins"], row["cutoff_min"]]
            row["ratio"] = rival["matrix_s"] / row["matrix_s"]
            row["ratio_all"] = (rival["prepare_s"] + rival["matrix_s"]) / (row["prepare_s"] + row["matrix_s"])
            row["ratio_processor"] = rival["processor_s"] / row["processor_s"]


def label(row: dict[str, Any]) -> str:
    """Name a row."""
    cutoff = "all pairs" if row["cutoff_min"] is None else f"up to {row['cutoff_min']:g} min"
    threads = f"{row['threads'] or 'all'} thread{'' if row['threads'] == 1 else 's'}"
    return f"{row['name']}, {cutoff}, {threads}"


def line_of(row: dict[str, Any]) -> str:
    """One measurement in words."""
    return (
        f"{row['origins']:5} x {row['destinations']:<5} {label(row):44} prepared in {row['prepare_s']:6.2f} s, "
        f"{row['matrix_s']:8.2f} s, {row['matrix_s'] / row['origins'] * 1000:7.2f} ms per origin, "
        f"processor {row['processor_s']:7.2f} s, {row['peak_mb']:6.0f} MB"
    )


def table_of(report: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    made = report["machine"]
    where = f"{made['processor']}, {made['cores']} cores, Python {made['python']}, load {made['load']:.1f} at the start"
    lines = [
        f"{report['date']}, {where}. To all counties; scipy by ours: how many times as long scipy takes.",
        "",
        (
            "| origins | what | prepared, s | matrix, s | ms per origin | scipy by ours | with preparation | processor, s "
            "| scipy by ours | peak, MB | of it data and libraries |"
        ),
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in report["rows"]:
        ratios = [
            f"{row[key]:.1f}" if key in row else "" for key in ("ratio", "ratio_all", "ratio_processor")
        ]
        lines.append(
            f"| {row['origins']} | {label(row)} | {row['prepare_s']:.2f} | {row['matrix_s']:.2f} "
            f"| {row['matrix_s'] / row['origins'] * 1000:.2f} | {ratios[0]} | {ratios[1]} "
            f"| {row['processor_s']:.2f} | {ratios[2]} | {row['peak_mb']:.0f} "
            f"| {row['before_mb']:.0f} |"
        )
    more = [row["median_more_min"] for row in report["rows"] if "median_more_min" in row]
    lines += [
        "",
        f"Ours from door to door takes longer than scipy's from node to node by {max(more):.1f} min (median).",
    ]
    search = RESULTS / "isochrones.json"
    if search.is_file():
        rows = json.loads(search.read_text(encoding="utf-8"))["rows"]
        for row in rows:
            if row["network"] == "trunk" and row["contender"] == "scipy" and "ratio" in row:
                lines += ["", f"The search benchmark's ratio (one origin, 120 min): {row['ratio']:.1f}."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
