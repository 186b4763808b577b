"""Reading an OpenStreetMap file into a ready network: ours against pyrosm to a graph.

    python3 tasks.py bench pbf [--quick] [--tiles=16]

Iceland's streets, where BORDERREACH_REFERENCE holds the file. Every reading is a process of its own, the
readers take turns, and medians count; `--quick` takes fewer of them. Processor time is what to compare on
a busy machine, and memory is counted above what the imports take, too. The first reading after an
installation compiles our kernels: it's measured on its own, with an empty cache, and not in the medians.
`--tiles` lays Iceland out so many times in one file, which ours alone reads, three times.

What one gets differs. Ours is a directed network with travel times, restricted turns and bends, of its
largest strongly connected part. pyrosm's graphs have lengths and tags; nodes between two edges are
contracted there, too, and its "driving" leaves out tracks and service roads, so that there is less to build.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from contenders import peak_mb  # type: ignore[import-not-found]  # beside this script

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
REFERENCE = Path(os.environ.get("BORDERREACH_REFERENCE", HERE.parent.parent / "shared"))
ICELAND = REFERENCE / "osm" / "iceland-2019-05-09.osm.pbf"
LABELS = {
    "borderreach": "borderreach, pbf_network()",
    "pyrosm_igraph": "pyrosm, get_network(), to_graph('igraph')",
    "pyrosm_networkx": "pyrosm, get_network(), to_graph('networkx')",
    "pyrosm_direct": "pyrosm, get_graph('igraph')",
}
MODULES = {
    "pyrosm_igraph": ("pyrosm", "igraph"),
    "pyrosm_networkx": ("pyrosm", "networkx"),
    "pyrosm_direct": ("pyrosm", "igraph"),
}
FIRST = "borderreach_first"


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument(
        "--tiles", type=int, help="read so many tiles of Iceland, from one file, with ours alone"
    )
    parser.add_argument("--reader", help=argparse.SUPPRESS)  # this script starts itself with these
    parser.add_argument("--file", type=Path, default=ICELAND, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        print(json.dumps(read(options.reader, options.file)))
        return 0
    if not ICELAND.is_file():
        print(f"no {ICELAND.name} in BORDERREACH_REFERENCE: nothing to read")
        return 0
    if options.tiles:
        return read_tiles(options.tiles)
    # It loads borderreach, which pyrosm's readers mustn't.
    from bench_isochrones import machine  # type: ignore[import-not-found]

    ICELAND.read_bytes()  # into the system's cache, for all the same
    report: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "file": ICELAND.name,
        "machine": machine(),
        "versions": {name: version(name) for name in ("borderreach", "pyrosm", "igraph") if find_spec(name)},
    }
    runs: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as kernels:
        first = measure("borderreach", kernels)
        print(f"{'borderreach, the first time, compiling':46} {line_of(first)}", flush=True)
        for _ in range(3 if options.quick else 7):
            for reader, label in LABELS.items():
                run = measure(reader, kernels)
                runs.setdefault(reader, []).append(run)
                print(f"{label:46} {line_of(run)}", flush=True)
    report["rows"] = [
        {"reader": FIRST, **first},
        *(median_row(reader, found) for reader, found in runs.items()),
    ]
    add_ratios(report["rows"])
    report["runs"] = runs
    text = table_of(report)
    print(f"\n{text}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "pbf.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    (RESULTS / "pbf.md").write_text(text + "\n", encoding="utf-8")
    return 0


def read_tiles(n: int) -> int:
    """Lay Iceland out, read it with ours, and print what the readings took."""
    from tiled_extract import lay_out  # type: ignore[import-not-found]

    with tempfile.TemporaryDirectory() as folder:
        file = lay_out(ICELAND, Path(folder) / "tiled.osm.pbf", n)
        print(f"{n} tiles: {file.stat().st_size / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f}")
        measure("borderreach", folder, ICELAND)  # compiles
        for _ in range(3):
            run = measure("borderreach", folder, file)
            print(f"{line_of(run)}, {run.get('nodes', 0):,} nodes", flush=True)
    return 0


def measure(reader: str, kernels: str, file: Path = ICELAND) -> dict[str, Any]:
    """Read once in a process of its own, with compiled kernels kept in a folder."""
    missing = [name for name in MODULES.get(reader, ()) if find_spec(name) is None]
    if missing:
        return {"missing": f"{' and '.join(missing)} isn't installed (extra 'bench')"}
    command = [sys.executable, str(Path(__file__).resolve()), "--reader", reader, "--file", str(file)]
    env = {**os.environ, "NUMBA_CACHE_DIR": kernels}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0:
        return {"missing": "failed: " + (done.stderr.strip().splitlines() or ["?"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def read(reader: str, file: Path) -> dict[str, Any]:
    """Read in this process, and return what it took; imports come before."""
    warnings.simplefilter("ignore")
    action = READERS[reader](file)
    imports_mb = now_mb()
    wall, cpu = time.perf_counter(), cpu_s()
    nodes, edges = action()
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": cpu_s() - cpu,
        "peak_mb": peak_mb(),
        "above_imports_mb": peak_mb() - imports_mb,
        "nodes": nodes,
        "edges": edges,
    }


def cpu_s() -> float:
    """Processor time of this process, its threads and children."""
    return sum(os.times()[:4])


def now_mb() -> float:
    """Memory of this process now, MB; its peak so far where the system doesn't tell."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float(peak_mb())
    line = next(x for x in status.read_text(encoding="ascii").splitlines() if x.startswith("VmRSS"))
    return float(line.split()[1]) / 1e3


def borderreach(file: Path) -> Callable[[], tuple[int, int]]:
    """Prepare reading with ours."""
    from borderreach.geo.osm._pbf import pbf_network

    def action() -> tuple[int, int]:
        network = pbf_network(file)
        return network.n_nodes, network.n_arcs

    return action


def pyrosm_graph(kind: str, file: Path) -> Callable[[], tuple[int, int]]:
    """Prepare reading with pyrosm, to tables and from them to a graph."""
    __import__(kind)
    load_what_pyrosm_needs()
    import pyrosm

    def action() -> tuple[int, int]:
        osm = pyrosm.OSM(str(file))
        nodes, edges = osm.get_network(nodes=True, network_type="driving")
        return size_of(osm.to_graph(nodes, edges, graph_type=kind))

    return action


def pyrosm_direct(file: Path) -> Callable[[], tuple[int, int]]:
    """Prepare reading with pyrosm, to a graph in one step."""
    __import__("igraph")
    load_what_pyrosm_needs()
    import pyrosm

    def action() -> tuple[int, int]:
        osm = pyrosm.OSM(str(file))
        return size_of(osm.get_graph(network_type="driving", graph_type="igraph"))

    return action


def load_what_pyrosm_needs() -> None:
    """Import what pyrosm imports only when it reads, so that it counts as imports for it, too."""
    for name in (
        "geopandas",
        "networkx",
        "pandas",
        "pyproj",
        "pyrosm.graphs",
        "pyrosm.pbf_export",
        "shapely",
    ):
        if find_spec(name) is not None:
            __import__(name)


def size_of(graph: Any) -> tuple[int, int]:
    """Count a graph's nodes and edges."""
    if hasattr(graph, "vcount"):
        return graph.vcount(), graph.ecount()
    return graph.number_of_nodes(), graph.number_of_edges()


READERS: dict[str, Callable[[Path], Callable[[], tuple[int, int]]]] = {
    "borderreach": borderreach,
    "pyrosm_igraph": lambda file: pyrosm_graph("igraph", file),
    "pyrosm_networkx": lambda file: pyrosm_graph("networkx", file),
    "pyrosm_direct": pyrosm_direct,
}


def median_row(reader: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of several readings."""
    if "missing" in found[0]:
        return {"reader": reader, **found[0]}
    return {"reader": reader, **{key: statistics.median(run[key] for run in found) for key in found[0]}}


def add_ratios(rows: list[dict[str, Any]]) -> None:
    """Write into each rival's row what part of it ours takes."""
    own = next(row for row in rows if row["reader"] == "borderreach")
    for row in rows:
        if row["reader"].startswith("pyrosm") and "missing" not in row and "missing" not in own:
            for key in ("wall_s", "cpu_s", "peak_mb", "above_imports_mb"):
                row[f"ours_by_{key}"] = own[key] / row[key]


def line_of(run: dict[str, Any]) -> str:
    """One reading in words."""
    if "missing" in run:
        return str(run["missing"])
    return (
        f"{run['wall_s']:6.2f} s, processor {run['cpu_s']:6.2f} s, peak {run['peak_mb']:4.0f} MB, "
        f"{run['above_imports_mb']:4.0f} MB above imports"
    )


def table_of(report: dict[str, Any]) -> str:
    """Return the whole report as Markdown."""
    made = report["machine"]
    where = f"{made['processor']}, {made['cores']} cores, Python {made['python']}"
    labels = {FIRST: "borderreach, the first time, compiling", **LABELS}
    versions = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    lines = [
        f"{report['date']}, {where}, load {made['load']:.1f} at the start; {report['file']}; {versions}.",
        "Medians; in brackets what part of it ours takes.",
        "",
        "| what | wall, s | processor, s | peak, MB | above imports, MB | nodes | edges |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"]:
        if "missing" in row:
            lines.append(f"| {labels[row['reader']]} | {row['missing']} | | | | | |")
            continue
        cells = [
            f"{row[key]:.{digits}f}" + (f" ({row[f'ours_by_{key}']:.2f})" if f"ours_by_{key}" in row else "")
            for key, digits in (("wall_s", 2), ("cpu_s", 2), ("peak_mb", 0), ("above_imports_mb", 0))
        ]
        counts = f"{row['nodes']:,.0f} | {row['edges']:,.0f}"
        lines.append(f"| {labels[row['reader']]} | {' | '.join(cells)} | {counts} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
