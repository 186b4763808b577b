"""Who computes a batch: workers that die, origins that kill, and a Dask cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from borderreach.analysis.batches import _batch as batch
from borderreach.analysis.batches import _store as batch_store
from borderreach.analysis.batches import _tasks as batch_tasks
from borderreach.analysis.batches import _workers as batch_workers
from borderreach.analysis.batches._batch import run_batch
from borderreach.analysis.batches._ground import Units
from borderreach.analysis.batches._origins import BatchOrigin, as_frame
from borderreach.analysis.batches._store import read_batch
from borderreach.analysis.batches._tasks import Plan, Task
from borderreach.analysis.batches._workers import Processes
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.geo.errors import (
    BatchStoppedError,
    MissingDependencyError,
)

from .batch_material import (
    JOB,
    POISON,
    SOUTH,
    WEST,
    always_dies,
    contents,
    dies_as_it_hands_over,
    dies_of_poison,
    dies_once,
    grid,
    job_of,
    kill_once,
    large_part,
)


def with_poison(**further) -> dict:
    table = as_frame([BatchOrigin(f"p{k}", f"点{k}", WEST + 0.02 * k, SOUTH + 0.02 * k) for k in range(6)])
    table.loc[4, "origin_id"] = POISON
    return {"network": grid(), "origins": table, **further}


SMALL = {"isochrones_min": [20], "origins_per_part": 2}
PLAN = Plan(job_of(name="none", outputs=SMALL).outputs, (), Units("tianditu"))


def tasks(folder: Path, n: int) -> list[Task]:
    return [Task(k, "base", folder / "grid.network", ()) for k in range(n)]


@pytest.mark.slow
def test_an_origin_that_kills_workers_becomes_a_row(tmp_path, monkeypatch):
    staff = Processes(2, function=dies_of_poison)
    monkeypatch.setattr(batch, "_workers", lambda *_: (staff, contextlib.nullcontext()))
    monkeypatch.setattr(batch_workers, "MAX_RETRIES", 0)
    summary = run_batch(job_of(name="poison", outputs=SMALL), out=tmp_path, **with_poison())
    assert summary.rows == {"isochrones": 5, "errors": 1}
    errors = read_batch(tmp_path, "errors")
    assert errors["origin_id"].item() == POISON
    assert errors["error"].item() == "WorkerDied"


@pytest.mark.slow
def test_a_dead_workers_work_is_done_by_another(job, undisturbed, tmp_path, monkeypatch):
    staff = Processes(2, function=dies_once)
    monkeypatch.setattr(batch, "_workers", lambda *_: (staff, contextlib.nullcontext()))
    run_batch(job, out=tmp_path / "out")
    assert (tmp_path / "out.died").exists()
    assert contents(tmp_path / "out") == contents(undisturbed)


@pytest.mark.slow
def test_workers_that_always_die_stop_the_batch(tmp_path, monkeypatch):
    staff = Processes(1, function=always_dies)
    monkeypatch.setattr(batch, "_workers", lambda *_: (staff, contextlib.nullcontext()))
    monkeypatch.setattr(batch_workers, "MAX_RETRIES", 0)
    with pytest.raises(BatchStoppedError, match="whichever of its 2 origins"):
        run_batch(job_of(name="dying", outputs=SMALL), out=tmp_path, **with_poison())


@pytest.mark.slow
def test_all_workers_start_at_once():
    with batch_workers._pool(3) as pool:
        assert len(pool._processes) == 3


def test_no_work_needs_no_workers(monkeypatch):
    monkeypatch.setattr(batch_workers, "_pool", None)
    assert list(Processes(2).run(PLAN, [])) == []


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_so(job, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from borderreach.analysis.batches._batch import run_batch\n"
        f"run_batch({str(job)!r}, out={str(tmp_path / 'out')!r}, executor='processes', workers=1)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "__main__" in done.stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_workers_die_with_the_run(job, tmp_path):
    out = tmp_path / "out"
    chance = random.Random(1)
    assert kill_once(job, out, "processes", chance, wanted=0)  # when a worker has sent a part
    deadline = time.monotonic() + 20
    while alive := [p for p in Path("/proc").glob("[0-9]*/environ") if _belongs(p, str(tmp_path))]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)


def _belongs(environ: Path, name: str) -> bool:
    try:
        command = (environ.parent / "cmdline").read_bytes()
        return name.encode() in command and b"batch_material" in command
    except OSError:
        return False


def test_whatever_one_origin_brings_up_does_not_cost_the_others(tmp_path, monkeypatch):
    honest = isochrones

    def fails(network, points, **options):
        if "点3" in set(points["origin_name"]):
            raise ZeroDivisionError("unforeseen")
        return honest(network, points, **options)

    monkeypatch.setattr(batch_tasks, "isochrones", fails)
    job = job_of(name="odd", outputs=SMALL)
    summary = run_batch(job, out=tmp_path, executor="here", **with_poison())
    assert summary.rows == {"isochrones": 5, "errors": 1}
    errors = read_batch(tmp_path, "errors")
    assert (errors["error"].item(), errors["reason"].item()) == ("ZeroDivisionError", "unforeseen")


def test_short_of_memory_is_not_an_origins_fault(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise MemoryError

    monkeypatch.setattr(batch_tasks, "isochrones", fails)
    with pytest.raises(BatchStoppedError, match="goes on from there"):
        run_batch(job_of(name="odd", outputs=SMALL), out=tmp_path, executor="here", **with_poison())


def test_without_dask_the_extra_is_named(job, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"borderreach\[dask\]"):
        run_batch(job, out=tmp_path, executor="dask")


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp"
    ) as made:
        yield made


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what Dask's own processes and event loop have to say
def test_a_dask_cluster_gives_the_same_bytes_with_a_worker_killed_midway(job, undisturbed, tmp_path, cluster):
    import distributed

    with distributed.Client(cluster, set_as_default=False) as client:
        run_batch(job, out=tmp_path / "whole", executor=client)
        assert contents(tmp_path / "whole") == contents(undisturbed)
        add = batch_store.BatchFolder.add
        killed = []

        def kills(folder, part):
            add(folder, part)
            if len(folder.finished) == 3:
                victim = next(iter(cluster.workers.values())).pid
                killed.append(victim)
                os.kill(victim, signal.SIGKILL)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(batch_store.BatchFolder, "add", kills)
            run_batch(job, out=tmp_path / "killed", executor=client)
        assert killed
        assert contents(tmp_path / "killed") == contents(undisturbed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_by_its_address(job, undisturbed, tmp_path, cluster):
    path = job.parent / "dask.toml"
    text = JOB.replace('executor = "here"', f'executor = "dask"\nscheduler = "{cluster.scheduler_address}"')
    path.write_text(text, encoding="utf-8")
    run_batch(path, out=tmp_path / "out")
    assert contents(tmp_path / "out") == contents(undisturbed)


@pytest.mark.skipif(os.name == "nt", reason="pipes are read otherwise there")
def test_nothing_is_said_whose_half_would_be_waited_for(tmp_path, monkeypatch):
    """A worker may be killed at any moment: what it says to this process is written in one go or not at all."""
    sizes = []
    read = multiprocessing.connection.Connection._recv  # type: ignore[attr-defined]

    def watched(self, size, *rest):
        sizes.append(size)
        return read(self, size, *rest)

    monkeypatch.setattr(multiprocessing.connection.Connection, "_recv", watched)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = list(Processes(2, function=large_part).run(PLAN, tasks(tmp_path, 5)))
    assert sorted(part.number for part in found) == list(range(5))
    assert {len(part.files["large"]) for part in found} == {5_000_000}
    assert max(sizes) <= select.PIPE_BUF  # which the system writes in one go
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_worker_that_dies_as_it_hands_over_costs_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = list(Processes(1, function=dies_as_it_hands_over).run(PLAN, tasks(tmp_path, 2)))
    last = {part.number: part.files["last"] for part in found}
    assert (len(found), last) == (2, {0: b"alive", 1: b"alive"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid.0", "grid.1"]


def test_who_stops_early_waits_for_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    parts = Processes(2, function=large_part).run(PLAN, tasks(tmp_path, 200))
    assert next(parts).n_origins == 1
    assert isinstance(parts, Generator)
    ends = threading.Thread(target=parts.close, daemon=True)
    ends.start()
    ends.join(60)
    assert not ends.is_alive()
    assert list(tmp_path.iterdir()) == []
