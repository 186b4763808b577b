"""Batches: how they scale from one worker process to two, and memory from 100 origins to all counties.

Two jobs on the embedded trunk roads: one- and two-hour polygons alone, and the national study's
two-hour circles, one-hour zones and the counties in them. Every run is a process of its own, so that its memory is its own; the
peak is that of the process that writes, and of the largest of its workers.
"""

from __future__ import annotations

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
RUN = """
import json, resource, sys
from borderreach.analysis.batch import run_batch
from borderreach.analysis.batch_job import BatchJob
if __name__ == "__main__":
    limit, workers, outputs, out = json.loads(sys.argv[1])
    job = BatchJob(name="bench", origins={"counties": "all", "limit": limit}, outputs=outputs)
    done = run_batch(job, out=out, executor="processes", workers=workers)
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({
        "origins": done.n_origins, "workers": workers, "seconds": round(done.seconds, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6),
        "worker_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e6),
    }))
"""
POLYGONS: dict[str, Any] = {"isochrones_min": [60, 120]}
NATIONAL: dict[str, Any] = {"isochrones_min": [120], "zones_min": 60}


def measure(limit: int | None, workers: int, outputs: dict[str, Any]) -> dict[str, Any]:
    """Run a job on the first counties and return seconds and peaks of memory."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "run.py")
        script.write_text(RUN, encoding="utf-8")
        arguments = json.dumps([limit, workers, outputs, str(Path(folder, "out"))])
        command = [sys.executable, str(script), arguments]
        root = str(Path(__file__).resolve().parent.parent)
        env = {**os.environ, "PYTHONPATH": root}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
        found: dict[str, Any] = json.loads(done.stdout)
        print(
            f"{found['origins']:>5} origins, {workers} worker(s): {found['seconds']:>6.1f} s, "
            f"{found['seconds'] / found['origins'] * 1000:5.1f} ms each; peak {found['peak_mb']} MB, "
            f"largest worker {found['worker_peak_mb']} MB",
            flush=True,
        )
        return found


def main() -> None:
    """Measure, print, and keep the figures."""
    print(f"{platform.platform()}, {os.cpu_count()} processors, borderreach {version('borderreach')}")
    measure(16, 1, NATIONAL)  # compiles what isn't compiled yet
    print("polygons of 60 and 120 minutes, written:")
    polygons = [measure(limit, 2, POLYGONS) for limit in (100, 1000, None)]
    per_origin_ms = polygons[-1]["seconds"] / polygons[-1]["origins"] * 1000
    rival_ms = valhalla_ms()
    if rival_ms is not None:
        print(
            f"Valhalla's isochrones of Iceland took {rival_ms / per_origin_ms:.0f} times as long per origin"
        )
    print("the national study's circles and zones, written:")
    runs = [measure(100, 2, NATIONAL), measure(1000, 2, NATIONAL), measure(None, 2, NATIONAL)]
    runs.append(measure(None, 1, NATIONAL))
    scaling = runs[3]["seconds"] / runs[2]["seconds"]
    growth = runs[2]["peak_mb"] - runs[0]["peak_mb"]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"one worker to two: {scaling:.2f} times as fast (load of the machine at the end: {load:.1f})")
    print(f"memory from {runs[0]['origins']} to {runs[2]['origins']} origins: {growth:+d} MB")
    RESULTS.mkdir(exist_ok=True)
    found = {"taken": time.strftime("%Y-%m-%d"), "polygons": polygons, "runs": runs, "scaling": scaling}
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
