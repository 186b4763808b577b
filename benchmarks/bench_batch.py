"""Batches: how they scale from one worker process to two, and memory from 100 origins to all counties.

On the embedded trunk roads, everything written to disk:

- one- and two-hour polygons alone, of 100, 1,000 and all counties;
- the national study's two-hour circles, one-hour zones and the counties in them, of as many;
- the same for all counties in three scenarios, with one worker and with two in turn: minutes even
  with two, so that the start of the processes doesn't count.

Every run is a process of its own, so that its memory is its own. Peaks are those of the process that
writes and of each of its workers; "together" is the most that all of them held at one moment, memory
that they share counted once (Linux alone tells that). `--quick` runs each number of workers once.
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
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
RUN = r"""
import json, multiprocessing, os, re, resource, sys, threading
from pathlib import Path
from borderreach.analysis.batches._batch import run_batch
from borderreach.analysis.batches._job import BatchJob

unit = 1 if sys.platform == "darwin" else 1024
workers_mb, together_mb, over = {}, 0.0, threading.Event()

def kilobytes(path, name):
    found = re.search(rf"^{name}:\s+(\d+) kB", path.read_text(), re.MULTILINE)
    return int(found[1]) if found else 0

def watch():
    global together_mb
    while not over.wait(1):
        total = 0
        try:
            pids = [os.getpid(), *(one.pid for one in multiprocessing.active_children())]
            for pid in pids:
                total += kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss")
                if pid != os.getpid():
                    workers_mb[pid] = kilobytes(Path(f"/proc/{pid}/status"), "VmHWM") * 1.024e-3
        except OSError:  # one ended meanwhile, or this system has no /proc
            continue
        together_mb = max(together_mb, total * 1.024e-3)

if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    job = BatchJob(
        name="bench", origins={"counties": "all", "limit": wanted["limit"]},
        scenarios=wanted["scenarios"], outputs=wanted["outputs"],
    )
    threading.Thread(target=watch, daemon=True).start()
    done = run_batch(job, out=wanted["out"], executor="processes", workers=wanted["workers"])
    over.set()
    own, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({
        "origins": done.n_origins, "scenarios": done.n_scenarios, "workers": wanted["workers"],
        "seconds": round(done.seconds, 1),
        "cpu_seconds": round(own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime, 1),
        "parent_peak_mb": round(own.ru_maxrss * unit / 1e6),
        "largest_worker_peak_mb": round(theirs.ru_maxrss * unit / 1e6),
        "workers_peak_mb": [round(value) for value in workers_mb.values()],
        "together_peak_mb": round(together_mb) or None,
    }))
"""
POLYGONS: dict[str, Any] = {"isochrones_min": [60, 120]}
NATIONAL: dict[str, Any] = {"isochrones_min": [120], "zones_min": 60}
BASE: dict[str, list[str]] = {"base": []}
SCENARIOS: dict[str, list[str]] = {**BASE, "yuqian": ["yuqian"], "zheminggan": ["zheminggan"]}


def measure(
    limit: int | None, workers: int, outputs: dict[str, Any], scenarios: dict[str, list[str]] = BASE
) -> dict[str, Any]:
    """Run a job on the first counties, and return seconds and peaks of memory."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "run.py")
        script.write_text(RUN, encoding="utf-8")
        wanted = {"limit": limit, "workers": workers, "outputs": outputs, "scenarios": scenarios}
        arguments = json.dumps({**wanted, "out": str(Path(folder, "out"))})
        root = str(Path(__file__).resolve().parent.parent)
        env = {**os.environ, "PYTHONPATH": root}
        command = [sys.executable, str(script), arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
        found: dict[str, Any] = json.loads(done.stdout)
    n = found["origins"] * found["scenarios"]
    together = found["together_peak_mb"]
    print(
        f"{found['origins']:>5} origins, {found['scenarios']} scenario(s), {workers} worker(s): "
        f"{found['seconds']:>6.1f} s ({found['cpu_seconds']:.1f} s of processors), "
        f"{found['seconds'] / n * 1000:5.1f} ms each; peak of the parent {found['parent_peak_mb']} MB, of its "
        f"workers {' + '.join(map(str, found['workers_peak_mb'])) or found['largest_worker_peak_mb']} MB, "
        f"together {'not known' if together is None else f'{together} MB'}",
        flush=True,
    )
    return found


def growth(runs: list[dict[str, Any]]) -> str:
    """Say how memory grows from the first run, of few origins, to the last, of many."""
    first, last = runs[0], runs[-1]
    parts = []
    for name in ("parent_peak_mb", "largest_worker_peak_mb", "together_peak_mb"):
        if first[name] and last[name]:
            label = name.removesuffix("_peak_mb").replace("_", " ")
            change = last[name] / first[name] - 1
            parts.append(f"{label} {last[name] - first[name]:+d} MB ({change:+.0%})")
    return f"memory from {first['origins']} to {last['origins']} origins: {', '.join(parts)}"


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description="Benchmark of batches.")
    parser.add_argument("--quick", action="store_true", help="one run with each number of workers")
    quick = parser.parse_known_args()[0].quick  # options of other benchmarks may stand beside
    print(f"{platform.platform()}, {os.cpu_count()} processors, borderreach {version('borderreach')}")
    measure(16, 1, NATIONAL)  # compiles what isn't compiled yet
    print("polygons of 60 and 120 minutes, written:")
    polygons = [measure(limit, 2, POLYGONS) for limit in (100, 1000, None)]
    print(growth(polygons))
    per_origin_ms = polygons[-1]["seconds"] / polygons[-1]["origins"] * 1000
    rival_ms = valhalla_ms()
    if rival_ms is not None:
        print(
            f"Valhalla's isochrones of Iceland took {rival_ms / per_origin_ms:.0f} times as long per origin"
        )
    print("the national study's circles and zones, written:")
    national = [measure(limit, 2, NATIONAL) for limit in (100, 1000, None)]
    print(growth(national))
    print("the same in three scenarios, with one worker and with two:")
    order = (1, 2) if quick else (1, 2, 2, 1)  # so that a machine that slows down favours neither
    runs = [measure(None, workers, NATIONAL, SCENARIOS) for workers in order]
    one, two = (
        sum(run["seconds"] for run in runs if run["workers"] == workers) / (len(order) / 2)
        for workers in (1, 2)
    )
    scaling = one / two
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"one worker to two: {one:.1f} s to {two:.1f} s, {scaling:.2f} times as fast "
        f"(load of the machine at the end: {load:.1f})"
    )
    RESULTS.mkdir(exist_ok=True)
    found = {
        "taken": time.strftime("%Y-%m-%d"),
        "polygons": polygons,
        "national": national,
        "runs": runs,
        "scaling": scaling,
    }
    text = json.dumps(found, indent=1)
    (RESULTS / "batch.json").write_text(text + "\n", encoding="utf-8")


def valhalla_ms() -> float | None:
    """Return Valhalla's mean time per origin in Iceland, where `tasks.py bench isochrones --valhalla` ran here."""
    path = RESULTS / "isochrones.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
    found = [
        row["mean_of_medians_ms"] for row in rows if row["contender"] == "valhalla" and "medians_ms" in row
    ]
    return float(found[0]) if found else None


if __name__ == "__main__":
    main()
