"""A small network, a job on it, and workers with faults; not tests themselves."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from borderreach.analysis.batches._job import BatchJob
from borderreach.analysis.batches._tasks import Part, Plan, Task, compute
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.timetables import save_network

SIDE = 12
STEP = 0.04
WEST, SOUTH = 106.24, 29.0
POISON = "poison"

JOB = """\
name = "grid"
title = "A small grid"

[network]
source = "grid.network"
corridor_files = ["own.toml"]

[origins]
file = "points.csv"

[scenarios]
base = []
fast = ["grid-rail"]

[outputs]
isochrones_min = [20, 40]
zones_min = 30
travel_times_to = ["重庆市/江津区", "重庆市/綦江区"]
origins_per_part = 4

[run]
executor = "here"
workers = 1
"""

CORRIDOR = """\
[[corridor]]
id = "grid-rail"
name = "甲线"
mode = "rail"
status = "planned"
status_date = 2024-01-01
design_speed_kph = 200
stops = [
  { name = "甲", lon = 106.24, lat = 29.0, kind = "station", position = "existing" },
  { name = "乙", lon = 106.64, lat = 29.4, kind = "station", position = "existing" },
]
"""


def grid() -> TransportNetwork:
    """Roads at 60 km/h along a grid south-west of Chongqing."""
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    x, y = np.meshgrid(WEST + STEP * np.arange(SIDE), SOUTH + STEP * np.arange(SIDE))
    tail = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    head = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    length = np.full(len(tail), 4_000.0)
    return build_network(
        x.ravel(),
        y.ravel(),
        Links(tail, head, length, length / 60 * 3.6),
        access_speed_kph=25,
        max_access_km=10,
    )


def write_job(folder: Path, *, n_origins: int = 18, text: str = JOB) -> Path:
    """Write network, corridor, points (two of them of no use) and the job; return the job's path."""
    save_network(grid(), folder / "grid.network")
    (folder / "own.toml").write_text(CORRIDOR, encoding="utf-8")
    rows = ["origin_id,origin_name,lon,lat"]
    rows += [
        f"p{k},点{k},{WEST + 0.021 * (k % 15):.4f},{SOUTH + 0.027 * (k % 13):.4f}"
        for k in range(n_origins - 2)
    ]
    rows.insert(3, "sea,海上,124.0,29.0")
    rows.insert(8, "bad,坏,29.1,106.2")
    (folder / "points.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    path = folder / "grid.toml"
    path.write_text(text, encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, str]:
    """Every file in a folder, hidden ones too, and the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def dies_of_poison(plan: Plan, task: Task) -> Part:
    """Compute as usual, unless an origin that kills is among those of the task."""
    if any(one.id == POISON and not one.problem for one in task.origins):
        os._exit(9)
    return compute(plan, task)


def dies_once(plan: Plan, task: Task) -> Part:
    """Die the first time that the second part is computed; a file remembers it."""
    marker = task.network.parent.parent.with_suffix(".died")
    if task.number == 1 and not marker.exists():
        marker.touch()
        os._exit(9)
    return compute(plan, task)


class Deadly(dict):
    """Tables of which the last one ends the process that lays it down, once; a file remembers it."""

    def __init__(self, tables: dict[str, bytes], marker: Path) -> None:
        super().__init__(tables)
        self._marker = marker

    def values(self):
        *first, last = super().values()
        yield from first
        if not self._marker.exists():
            self._marker.touch()
            os._exit(9)
        yield last


def large_part(plan: Plan, task: Task) -> Part:
    """Return far more than a pipe holds."""
    del plan
    return Part(task.number, {"large": bytes(5_000_000)}, {"large": 1}, 1)


def dies_as_it_hands_over(plan: Plan, task: Task) -> Part:
    """Return a part of which the first megabytes are handed over before the worker dies, the first time."""
    part = large_part(plan, task)
    part.files["last"] = b"alive"
    return replace(part, files=Deadly(part.files, task.network.with_suffix(f".{task.number}")))


def always_dies(plan: Plan, task: Task) -> Part:
    """Die whatever there is to compute."""
    del plan, task
    os._exit(9)


def job_of(**keys) -> BatchJob:
    return BatchJob.model_validate(keys)


#: Parts times tables of the job that is killed.
N_FILES = 10 * 5


def parts_in(out: Path) -> int:
    """Count the parts written so far, while the run makes and removes folders."""
    try:
        return sum(1 for _ in out.glob("*/part-*"))
    except FileNotFoundError:  # a folder went between its listing and its opening
        return 0


def kill_once(
    job: Path, out: Path, executor: str, chance: random.Random, *, wanted: int | None = None
) -> bool:
    """Start a run, kill it at a random moment, and tell whether it was still running.

    The moment is drawn by how many of the files are written, not by the clock, so that a busy machine
    kills as evenly over the run as an idle one: from the making of the folder to after the last part.
    """
    if wanted is None:
        before = parts_in(out)
        wanted = chance.randrange(before or -1, max(N_FILES, before + 1))
    script = Path(__file__)
    run = subprocess.Popen(
        [sys.executable, str(script), str(job), str(out), executor],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)},
        stderr=subprocess.PIPE,
    )
    try:
        while run.poll() is None and not (out.is_dir() if wanted < 0 else parts_in(out) > wanted):
            time.sleep(0.001)
        time.sleep(chance.random() * 0.02)
    finally:
        run.kill()
        _, message = run.communicate()
    assert run.returncode in (0, -signal.SIGKILL), message.decode()
    return run.returncode != 0


if __name__ == "__main__":  # python batch_material.py JOB OUT EXECUTOR: what is killed from outside
    from borderreach.analysis.batches._batch import run_batch

    run_batch(sys.argv[1], out=sys.argv[2], executor=sys.argv[3])
