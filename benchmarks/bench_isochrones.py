"""Isochrones against what else one can install: one run, one machine, the same arcs and origins.

    python3 tasks.py bench isochrones [--valhalla] [--quick]

The trunk network always; Iceland's streets where BORDERREACH_REFERENCE holds the OpenStreetMap file.
`--valhalla` sets up Valhalla on a CPython 3.12 in benchmarks/results and builds its tiles there.
`--quick` takes fewer repeats and leaves out what takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.geo.crs import to_ecef
from borderreach.geo.networks import TransportNetwork
from borderreach.geo.networks._trunk import trunk_network
from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.plane import LocalPlane
from borderreach.geo.timetables import save_network

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
REFERENCE = Path(os.environ.get("BORDERREACH_REFERENCE", HERE.parent.parent / "shared"))
ICELAND = REFERENCE / "osm" / "iceland-2019-05-09.osm.pbf"

ORIGINS = {
    "trunk": [[106.55, 29.56], [106.93, 27.70], [106.63, 26.65], [121.47, 31.23]],
    # Reykjavík, Akureyri, Keflavík, Egilsstaðir, Ísafjörður, Selfoss, Sauðárkrókur, Höfn
    "iceland": [
        [-21.94, 64.146], [-18.09, 65.68], [-22.56, 64.0], [-14.4, 65.26],
        [-23.13, 66.07], [-21.0, 63.933], [-19.64, 65.746], [-15.2, 64.25],
    ],
}  # fmt: skip

SEARCHES = (
    "borderreach_prepared",
    "borderreach_kernel",
    "borderreach_search",
    "scipy",
    "igraph",
    "pandana",
    "networkx",
)
POLYGONS = ("borderreach_polygons", "borderreach_polygons_60", "valhalla", "osmnx")
MODULES = {"igraph": "igraph", "pandana": "pandana", "networkx": "networkx", "osmnx": "networkx"}
LABELS = {
    "borderreach_prepared": "borderreach, search from one node, 120 min, prepared",
    "borderreach_kernel": "borderreach, the same, not prepared",
    "borderreach_search": "borderreach, access and search, 120 min",
    "borderreach_polygons": "borderreach, isochrones() 60+120 min",
    "borderreach_polygons_60": "borderreach, isochrones() 60 min",
    "scipy": "scipy dijkstra(limit=120)",
    "igraph": "igraph distances (no limit there is)",
    "pandana": "pandana nodes_in_range(120)",
    "networkx": "networkx Dijkstra, cutoff 120",
    "osmnx": "osmnx recipe, 60 min, first origin",
    "valhalla": "Valhalla isochrone 60+120 min",
}
#: What each ratio compares: theirs by ours.
RATIOS = {
    "scipy": "borderreach_prepared",
    "igraph": "borderreach_prepared",
    "pandana": "borderreach_prepared",
    "networkx": "borderreach_prepared",
    "osmnx": "borderreach_polygons_60",
    "valhalla": "borderreach_polygons",
}


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--valhalla", action="store_true", help="set up Valhalla and compare with it")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, nothing that takes minutes")
    options = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    networks = {"trunk": trunk_network(speed_kph=88)}
    if ICELAND.is_file():
        networks["iceland"] = pbf_network(ICELAND)
    else:
        print(f"no {ICELAND.name} in BORDERREACH_REFERENCE: its rows are left out")
    tiles = valhalla_folder() if options.valhalla and "iceland" in networks else None
    report: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "machine": machine(), "rows": []}
    report["bandwidth_gb_per_s"] = bandwidth()
    with tempfile.TemporaryDirectory() as folder:
        for name, network in networks.items():
            source = Path(folder) / f"{name}.npz"
            write_arrays(network, source)
            save_network(network, source.with_suffix(".network"))
            for contender in (*SEARCHES, *POLYGONS):
                row = measure(contender, name, source, tiles, quick=options.quick)
                report["rows"].append(row)
                print(line_of(row), flush=True)
            report.setdefault("bounds", []).append(bound(name, network, report["bandwidth_gb_per_s"]))
    add_ratios(report)
    report["second_scenario"] = second_scenario()
    report["cold_compile_s"] = cold_start()
    text = table_of(report)
    print(f"\n{text}")
    (RESULTS / "isochrones.json").write_text(
        json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    (RESULTS / "isochrones.md").write_text(text + "\n", encoding="utf-8")
    return 0


def machine() -> dict[str, Any]:
    """Say what it was measured on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "load": load,
    }


def write_arrays(network: TransportNetwork, path: Path) -> None:
    """Write what the others need: arcs, nodes in degrees and metres, lines in metres."""
    centre = LocalPlane(float(network.node_lon.mean()), float(network.node_lat.mean()))
    xy = centre.project(network.node_xyz)
    coords = network.link_coords
    flat = centre.project(to_ecef(coords[:, 0], coords[:, 1])) if len(coords) else np.zeros((0, 2))
    np.savez(
        path,
        lon=network.node_lon, lat=network.node_lat, x=xy[:, 0], y=xy[:, 1],
        tail=network.arc_tail, head=network.arc_head, start=network.arc_start, time_ms=network.arc_time_ms,
        link=network.arc_link, offset=network.link_offset, coords=flat,
        reach_m=min(network.max_access_km * 1000, 1000.0),
    )  # fmt: skip


def measure(contender: str, name: str, source: Path, tiles: Path | None, *, quick: bool) -> dict[str, Any]:
    """Run one contender in a process of its own."""
    row: dict[str, Any] = {"network": name, "contender": contender}
    origins, repeats, python = ORIGINS[name], 3 if quick else 25, Path(sys.executable)
    if contender == "valhalla":
        if tiles is None or name != "iceland":
            reason = "Iceland only" if name != "iceland" else "not asked for (--valhalla)"
            return row | {"missing": reason}
        python, source = tiles / "venv" / "bin" / "python", tiles
    elif contender in MODULES and not installed(MODULES[contender]):
        return row | {"missing": f"{MODULES[contender]} isn't installed (extra 'bench')"}
    if contender == "osmnx":
        if quick or name == "trunk":
            return row | {"missing": "left out: --quick" if quick else "streets only"}
        origins, repeats = origins[:1], 2
    if contender in {"networkx", "igraph"}:
        repeats = 3
    command = [python, HERE / "contenders.py", contender, source, json.dumps(origins), repeats]
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return row | {"missing": "failed: " + (result.stderr.strip().splitlines() or ["?"])[-1]}
    measured: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    return row | measured


def installed(module: str) -> bool:
    """Tell whether a module can be imported, without importing it here."""
    from importlib.util import find_spec

    return find_spec(module) is not None


def bandwidth() -> float:
    """Bytes per nanosecond that one core copies: the best of several passes over 320 MB."""
    a, b = np.ones(20_000_000), np.empty(20_000_000)
    best = float("inf")
    for _ in range(8):
        start = time.perf_counter()
        np.copyto(b, a)
        best = min(best, time.perf_counter() - start)
    return 2 * a.nbytes / best / 1e9


def bound(name: str, network: TransportNetwork, gb_per_s: float) -> dict[str, Any]:
    """Bytes that any algorithm must touch: the arcs of the nodes reached, their times, the polygons' vertices."""
    from borderreach.analysis.times._origins import enter, origin_list, search

    rows = []
    for place in ORIGINS[name]:
        (origin,) = origin_list(tuple(place))
        times = search(network, enter(network, origin), limit_ms=7_200_000)
        reached = times <= 7_200_000
        arcs = int(np.diff(network.arc_start)[reached].sum())
        search_bytes = int(reached.sum()) * (8 + 4) + arcs * (4 + 4)
        shapes = isochrones(network, tuple(place)).geometry
        rows.append((search_bytes, sum(16 * count(shape) for shape in shapes)))
    mean_search, mean_polygon = (float(np.mean(column)) for column in zip(*rows, strict=True))
    return {
        "network": name,
        "search_bytes": mean_search,
        "search_ms": mean_search / gb_per_s / 1e6,
        "polygon_bytes": mean_search + mean_polygon,
        "polygon_ms": (mean_search + mean_polygon) / gb_per_s / 1e6,
    }


def count(shape: Any) -> int:
    """Count a shape's vertices."""
    import shapely

    return int(shapely.get_num_coordinates(shape))


def add_ratios(report: dict[str, Any]) -> None:
    """Write into each rival's row how many times as long it took as ours."""
    by_key = {(row["network"], row["contender"]): row for row in report["rows"]}
    for (network, contender), row in by_key.items():
        own = by_key.get((network, RATIOS.get(contender, "")), {})
        if "mean_of_medians_ms" not in row or "mean_of_medians_ms" not in own:
            continue
        # the recipe is asked for one origin only: compare with ours of the same
        mine = own["medians_ms"][0] if contender == "osmnx" else own["mean_of_medians_ms"]
        row["ratio"] = row["mean_of_medians_ms"] / mine
        row["ratio_to"] = RATIOS[contender]


#: Isochrones with a corridor's two lines added, from scratch and after those without them.
SCENARIO = """
import json, sys, time
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.times._origins import within_reach
from borderreach.analysis.isochrones._scenarios import scenario_isochrones
from borderreach.geo.places._borders import border_counties
from borderreach.geo.places._boundaries import counties
from borderreach.geo.places._places import origins_table
from borderreach.geo.networks._trunk import trunk_network
roads = trunk_network(speed_kph=88)
found = []
for what, given in (
    ("all border counties of China", border_counties(counties())),
    ("all counties of Chongqing and Guizhou", counties(provinces=["重庆", "贵州"])),
):
    places = origins_table(given)
    places = places[within_reach(roads, places)].reset_index(drop=True)
    isochrones(roads, places.iloc[:2])
    def timed(work):
        start = time.perf_counter()
        return work(), time.perf_counter() - start
    scratch, base, both = [], [], []
    for _ in range(7):
        after = add_corridors(roads, "yuqian")
        alone, seconds = timed(lambda: isochrones(after, places))
        scratch.append(seconds)
        base.append(timed(lambda: scenario_isochrones({"base": roads}, places))[1])
        after = add_corridors(roads, "yuqian")
        together, seconds = timed(lambda: scenario_isochrones({"base": roads, "after": after}, places))
        both.append(seconds)
    own = together[together["scenario"] == "after"].reset_index(drop=True)
    first = together[together["scenario"] == "base"].reset_index(drop=True)
    found.append({
        "origins": what, "n": len(places), "scratch_s": min(scratch), "second_s": min(both) - min(base),
        "same_bits": bool((own.geometry.to_wkb() == alone.geometry.to_wkb()).all()),
        "polygons_changed": float((own.geometry.to_wkb() != first.geometry.to_wkb()).mean()),
    })
print(json.dumps(found))
"""


def second_scenario() -> list[dict[str, Any]]:
    """Time a second scenario on the same origins: from scratch, and after the first."""
    command = [sys.executable, "-c", SCENARIO]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(result.stdout.strip().splitlines()[-1])
    return found


def cold_start() -> float:
    """Seconds from an empty cache of compiled code to the first isochrone, which later calls don't pay."""
    code = (
        "from borderreach.geo.networks._trunk import trunk_network as t\n"
        "from borderreach.analysis.isochrones._isochrones import isochrones as i\n"
        "import time; n = t(); s = time.perf_counter(); i(n, (106.55, 29.56)); print(time.perf_counter() - s)"
    )
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"NUMBA_CACHE_DIR": folder}
        result = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
    return float(result.stdout.strip())


def line_of(row: dict[str, Any]) -> str:
    """One measurement in words."""
    if "missing" in row:
        return f"{row['network']:8} {LABELS[row['contender']]:44} {row['missing']}"
    return (
        f"{row['network']:8} {LABELS[row['contender']]:44} {row['mean_of_medians_ms']:10.2f} ms, "
        f"least {row['least_ms']:.2f} ms, prepared in {row['prepare_ms'] / 1000:.1f} s, {row['peak_mb']:.0f} MB"
    )


def table_of(report: dict[str, Any]) -> str:
    """Return the whole report as Markdown."""
    made = report["machine"]
    where = f"{made['processor']}, {made['cores']} cores, Python {made['python']}"
    lines = [
        f"{report['date']}, {where}, load {made['load']:.1f} at the start.",
        "Means over the origins of the medians per origin. Ours draws on cells of 200 m in Iceland, with both",
        "cores; Valhalla's grid there is 0.005 degrees, 557 m by 243 m, on one core.",
        "",
        "| network | what | ms | times ours | prepared, s | first call, ms | peak, MB |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in report["rows"]:
        label = LABELS[row["contender"]]
        if "missing" in row:
            lines.append(f"| {row['network']} | {label} | {row['missing']} | | | | |")
            continue
        ratio = f"{row['ratio']:,.1f}" if "ratio" in row else ""
        lines.append(
            f"| {row['network']} | {label} | {row['mean_of_medians_ms']:.2f} | {ratio} "
            f"| {row['prepare_ms'] / 1000:.1f} | {row['first_ms']:.0f} | {row['peak_mb']:.0f} |"
        )
    lines += ["", f"Memory bandwidth of one core: {report['bandwidth_gb_per_s']:.1f} GB/s. Bounds by it:", ""]
    by_key = {(row["network"], row["contender"]): row for row in report["rows"]}
    for item in report["bounds"]:
        for what, contender, ms, size in (
            ("search", "borderreach_prepared", item["search_ms"], item["search_bytes"]),
            ("polygons", "borderreach_polygons", item["polygon_ms"], item["polygon_bytes"]),
        ):
            own = by_key[item["network"], contender].get("mean_of_medians_ms", float("nan"))
            lines.append(
                f"- {item['network']}, {what}: {size / 1e6:.2f} MB, {ms:.3f} ms; ours takes {own / ms:,.0f} times that"
            )
    lines += [
        "",
        "A second scenario (corridors of `yuqian`) on the same origins, 60+120 min, trunk roads:",
        "",
    ]
    for item in report["second_scenario"]:
        if not item["same_bits"]:
            raise SystemExit(f"a second scenario differs from one computed from scratch: {item}")
        lines.append(
            f"- {item['origins']} ({item['n']}), of whose polygons {item['polygons_changed']:.0%} change: "
            f"{item['scratch_s']:.2f} s from scratch, {item['second_s']:.2f} s after the first, "
            f"{item['scratch_s'] / max(item['second_s'], 1e-3):.1f} times as fast, the same to the bit"
        )
    lines.append("")
    lines.append(f"- compiling everything, once per installation: {report['cold_compile_s']:.0f} s")
    return "\n".join(lines)


def valhalla_folder() -> Path | None:
    """Set up Valhalla once: a virtual environment of CPython 3.12 and tiles of Iceland."""
    folder = RESULTS / "valhalla"
    ready = folder / "ready"
    if ready.is_file():
        return folder
    python = python_312()
    if python is None:
        print("Valhalla's wheels need CPython 3.12, and none was found")
        return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = folder / "venv" / "bin"
    steps = [
        [python, "-m", "venv", folder / "venv"],
        [own / "python", "-m", "pip", "install", "--quiet", "pyvalhalla"],
    ]
    for step in steps:
        subprocess.run([str(part) for part in step], check=True)
    env = os.environ | {"PATH": f"{own}{os.pathsep}{os.environ['PATH']}"}
    config = subprocess.run(
        [str(own / "valhalla_build_config"), "--mjolnir-tile-dir", str(folder / "tiles")],
        check=True, capture_output=True, text=True, env=env,
    ).stdout  # fmt: skip
    (folder / "valhalla.json").write_text(config, encoding="utf-8")
    build = [own / "valhalla_build_tiles", "-c", folder / "valhalla.json", ICELAND]
    print("building Valhalla's tiles")
    subprocess.run([str(part) for part in build], check=True, capture_output=True, env=env)
    ready.write_text("", encoding="utf-8")
    return folder


def python_312() -> Path | None:
    """Find a CPython 3.12: on the path, or among pyenv's."""
    found = [shutil.which("python3.12"), *Path.home().glob(".pyenv/versions/3.12*/bin/python")]
    for candidate in (Path(path) for path in found if path is not None):
        code = "import sys; sys.exit(sys.version_info[:2] != (3, 12))"
        if subprocess.run([str(candidate), "-c", code], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


if __name__ == "__main__":
    sys.exit(main())
