"""Batches: the same results as one by one, whole whatever breaks, and never mixed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal

from borderreach.analysis.batches import _batch as batch
from borderreach.analysis.batches import _store as batch_store
from borderreach.analysis.batches import _tasks as batch_tasks
from borderreach.analysis.batches import _workers as batch_workers
from borderreach.analysis.batches._batch import run_batch
from borderreach.analysis.batches._job import BatchJob, read_job
from borderreach.analysis.batches._origins import BatchOrigin, as_frame
from borderreach.analysis.batches._store import read_batch
from borderreach.analysis.batches._tasks import Plan
from borderreach.analysis.batches._workers import Processes
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.corridors._files import read_corridors
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._zones import commuting_zone, zone_counties
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.errors import (
    BatchStoppedError,
    BorderReachError,
    ConfigError,
    EmptyInputError,
    InputError,
    MissingDependencyError,
    OffNetworkError,
    OutputError,
)
from borderreach.geo.networks._storage import save_network
from borderreach.geo.places._boundaries import counties

from ...chance import seed
from .batch_material import (
    JOB,
    POISON,
    SOUTH,
    WEST,
    always_dies,
    contents,
    dies_of_poison,
    dies_once,
    grid,
    write_job,
)


def job_of(**keys) -> BatchJob:
    return BatchJob.model_validate(keys)


CENTRES = ["重庆市/江津区", "重庆市/綦江区"]


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> Path:
    return write_job(tmp_path_factory.mktemp("job"))


@pytest.fixture(scope="module")
def undisturbed(job, tmp_path_factory) -> Path:
    """Results of a run that nothing disturbed."""
    out: Path = tmp_path_factory.mktemp("undisturbed") / "out"
    summary = run_batch(job, out=out)
    assert summary.n_parts == 10
    assert summary.n_failed == 4
    return out


def good_points(job: Path) -> gpd.GeoDataFrame:
    table = pd.read_csv(job.parent / "points.csv")
    table = table[~table["origin_id"].isin(["sea", "bad"])]
    return as_frame(
        [
            BatchOrigin(str(own_id), str(name), float(lon), float(lat))
            for own_id, name, lon, lat in table.to_numpy().tolist()
        ]
    )


def networks(job: Path):
    base = grid()
    return {"base": base, "fast": add_corridors(base, read_corridors(job.parent / "own.toml"))}


def test_tables_are_those_of_the_functions(job, undisturbed):
    points, every = good_points(job), counties()
    for scenario, network in networks(job).items():
        expected = isochrones(network, points, cutoffs_min=(20, 40))
        found = read_batch(undisturbed, "isochrones")
        found = found[found["scenario"] == scenario].drop(columns="scenario").reset_index(drop=True)
        assert_geodataframe_equal(found, expected)
        zones = commuting_zone(network, points, minutes=30, scenario=scenario)
        own = read_batch(undisturbed, "zones")
        own = own[own["scenario"] == scenario].reset_index(drop=True)
        assert own.drop(columns="n_counties").equals(zones.drop(columns="n_counties"))
        members = zone_counties(zones, every)
        listed = read_batch(undisturbed, "zone_counties")
        listed = listed[listed["scenario"] == scenario].reset_index(drop=True)
        pd.testing.assert_frame_equal(listed, members)
        assert own["n_counties"].sum() == members["belongs"].sum()
        times = travel_times(network, points, CENTRES)
        seen = read_batch(undisturbed, "travel_times")
        seen = seen[seen["scenario"] == scenario].drop(columns="scenario").reset_index(drop=True)
        pd.testing.assert_frame_equal(seen, times)


def test_bad_origins_are_rows_with_a_reason(undisturbed):
    errors = read_batch(undisturbed, "errors")
    assert list(errors["scenario"]) == ["base", "base", "fast", "fast"]
    assert list(errors["origin_id"]) == ["sea", "bad"] * 2
    assert errors["error"][0] == "OffNetworkError"
    assert "farther from the network" in errors["reason"][0]
    assert "swapped" in errors["reason"][1]
    listed = pd.read_csv(undisturbed / "errors.csv")
    assert list(listed["origin_name"]) == ["海上", "坏"] * 2
    everywhere = [set(read_batch(undisturbed, t).iloc[:, 1]) for t in ("isochrones", "zones", "travel_times")]
    assert all(not {"sea", "bad"} & ids for ids in everywhere)


def test_geopandas_reads_a_table_as_one(undisturbed):
    assert len(gpd.read_parquet(undisturbed / "isochrones")) == 2 * 2 * 16


def test_only_results_are_left(undisturbed):
    names = {path.name for path in undisturbed.iterdir()}
    tables = {"isochrones", "zones", "zone_counties", "travel_times", "errors"}
    assert names == {*tables, "manifest.json", "errors.csv", ".lock"}
    for table in tables:
        parts = sorted(path.name for path in (undisturbed / table).iterdir())
        assert parts == [f"part-{k:05d}.parquet" for k in range(10)]


def test_no_file_holds_a_time_or_a_path(undisturbed, job):
    text = (undisturbed / "manifest.json").read_text(encoding="utf-8")
    assert str(job.parent) not in text
    assert str(undisturbed) not in text


def test_a_complete_batch_is_not_run_again(job, undisturbed, monkeypatch):
    before = contents(undisturbed)
    monkeypatch.setattr(batch, "_compute", None)
    summary = run_batch(job, out=undisturbed)
    assert summary.n_parts_before == summary.n_parts == 10
    assert summary.n_failed == 4
    assert contents(undisturbed) == before


def test_threads_do_not_change_a_byte(job, undisturbed, tmp_path):
    run_batch(job, out=tmp_path / "out", executor="here", workers=3)
    assert contents(tmp_path / "out") == contents(undisturbed)


def test_processes_do_not_change_a_byte(job, undisturbed, tmp_path):
    run_batch(job, out=tmp_path / "out", executor="processes", workers=2)
    assert contents(tmp_path / "out") == contents(undisturbed)


def test_job_network_and_origins_may_be_given(tmp_path):
    given = job_of(name="given", outputs={"isochrones_min": [20]})
    points = [(106.3, 29.0), (106.4, 29.1), "不存在县", (124.0, 29.0)]
    summary = run_batch(given, out=tmp_path, network=grid(), origins=points, executor="here")
    assert summary.rows["isochrones"] == 2
    errors = read_batch(tmp_path, "errors")
    assert list(errors["error"]) == ["UnknownPlaceError", "OffNetworkError"]


def test_all_pairs(tmp_path):
    given = job_of(name="pairs", outputs={"travel_times_to": "origins"})
    points = [(106.3, 29.0), (106.4, 29.1), (124.0, 29.0)]
    run_batch(given, out=tmp_path, network=grid(), origins=points, executor="here")
    times = read_batch(tmp_path, "travel_times")
    assert len(times) == 4
    assert times["travel_time_min"].notna().all()


# Cut off and resumed


@pytest.mark.parametrize("after", [0, 5])
def test_ctrl_c_leaves_a_state_that_resumes(job, undisturbed, tmp_path, monkeypatch, after):
    add = batch_store.BatchFolder.add

    def interrupted(folder, part):
        if len(folder.finished) == after:
            raise KeyboardInterrupt
        add(folder, part)

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(batch_store.BatchFolder, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_batch(job, out=out)
    assert not (out / ".work").exists()
    assert json.loads((out / "manifest.json").read_text("utf-8"))["complete"] is False
    with pytest.raises(OutputError, match="isn't complete"):
        read_batch(out, "isochrones")
    assert run_batch(job, out=out).n_parts_before == after
    assert contents(out) == contents(undisturbed)


@pytest.mark.parametrize("writes", [1, 3, 30])
def test_a_full_disk_stops_cleanly(job, undisturbed, tmp_path, monkeypatch, writes):
    out, count = tmp_path / "out", 0

    def full(_):
        nonlocal count
        count += 1
        if count > writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("borderreach.analysis.batches._store.os.fsync", full)
        with pytest.raises((BatchStoppedError, OutputError), match="No space left"):
            run_batch(job, out=out)
    assert [path for path in out.rglob("*") if "draft" in path.name] == []
    run_batch(job, out=out)
    assert contents(out) == contents(undisturbed)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a file system in memory")
def test_a_disk_that_is_really_full(job, undisturbed, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount here")
    try:
        with pytest.raises((BatchStoppedError, OutputError), match="No space left"):
            run_batch(job, out=disk / "out")
        subprocess.run(["mount", "-o", "remount,size=40m", str(disk)], check=True)
        run_batch(job, out=disk / "out")
        assert contents(disk / "out") == contents(undisturbed)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


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
    script = Path(__file__).with_name("batch_material.py")
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


@pytest.mark.parametrize(
    ("executor", "times"),
    [
        pytest.param("here", 1, id="here"),
        pytest.param("here", 20, marks=pytest.mark.slow, id="here-20"),
        pytest.param("processes", 4, marks=pytest.mark.slow, id="processes"),
    ],
)
def test_killed_at_random_moments_it_ends_with_the_same_bytes(job, undisturbed, tmp_path, executor, times):
    chance = random.Random(seed(8))
    killed = tries = 0
    while killed < times:  # a run that was done before its moment came doesn't count
        tries += 1
        assert tries <= 3 * times + 10, f"{killed} of {tries} runs were killed"
        out = tmp_path / f"out{tries}"
        killed += kill_once(job, out, executor, chance)
        if tries % 3 == 0:  # killed, resumed, and killed again
            killed += kill_once(job, out, executor, chance)
        run_batch(job, out=out, executor="here")
        assert contents(out) == contents(undisturbed)


@pytest.mark.parametrize(
    ("damage", "made_again"),
    [
        (lambda out: (out / "isochrones" / "part-00003.parquet").write_bytes(b"cut"), "part 3 isn't"),
        (lambda out: (out / "zones" / "part-00000.parquet").unlink(), "part 0 isn't"),
        (lambda out: (out / "errors.csv").unlink(), ""),
    ],
)
def test_damaged_results_are_made_again(job, undisturbed, tmp_path, damage, made_again, caplog):
    run_batch(job, out=tmp_path / "out")
    damage(tmp_path / "out")
    run_batch(job, out=tmp_path / "out")
    assert contents(tmp_path / "out") == contents(undisturbed)
    assert made_again in caplog.text
    assert caplog.text.count("is made again") == bool(made_again)


def test_errors_that_somebody_wrote_into_are_not_overwritten(job, undisturbed, tmp_path):
    out = tmp_path / "out"
    run_batch(job, out=out)
    (out / "errors.csv").write_text("my notes")
    with pytest.raises(OutputError, match=r"errors\.csv' was changed since.*--fresh"):
        run_batch(job, out=out)
    assert (out / "errors.csv").read_text() == "my notes"
    run_batch(job, out=out, fresh=True)
    assert contents(out) == contents(undisturbed)


def test_errors_of_something_else_are_not_overwritten(job, tmp_path):
    (tmp_path / "errors.csv").write_text("my notes")
    with pytest.raises(OutputError, match=r"errors\.csv' is there already"):
        run_batch(job, out=tmp_path)
    assert (tmp_path / "errors.csv").read_text() == "my notes"


def test_a_line_cut_off_by_a_power_cut_counts_as_not_written(job, undisturbed, tmp_path, monkeypatch):
    out = tmp_path / "out"
    add = batch_store.BatchFolder.add

    def interrupted(folder, part):
        if len(folder.finished) == 4:
            raise KeyboardInterrupt
        add(folder, part)

    with monkeypatch.context() as patch:
        patch.setattr(batch_store.BatchFolder, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_batch(job, out=out)
    journal = out / "journal.jsonl"
    whole = journal.read_bytes()
    for cut in (len(whole) - 1 - 40, 10, 0):
        journal.write_bytes(whole[:cut])
        with monkeypatch.context() as patch:
            patch.setattr(batch, "_compute", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                run_batch(job, out=out)
        assert len(journal.read_bytes().splitlines()) == whole[:cut].count(b"\n")
    run_batch(job, out=out)
    assert contents(out) == contents(undisturbed)


# Never mixed


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "[20, 40]",
            "[20, 45]",
            r"job\.outputs\.isochrones_min was \[20\.0, 40\.0\] and is \[20\.0, 45\.0\]",
        ),
        ("fast =", "faster =", "job.scenarios"),
        ("origins_per_part = 4", "origins_per_part = 5", "origins_per_part was 4 and is 5"),
        ('file = "points.csv"', 'file = "points.csv"\nlimit = 5', "origins was"),
        ("[origins]", "max_access_km = 9\n[origins]", "max_access_km was null and is 9"),
    ],
)
def test_another_job_is_refused(job, undisturbed, old, new, words):
    other = job.parent / "other.toml"
    other.write_text(JOB.replace(old, new), encoding="utf-8")
    before = contents(undisturbed)
    with pytest.raises(OutputError, match=words) as caught:
        run_batch(other, out=undisturbed)
    assert "--fresh" in str(caught.value)
    assert contents(undisturbed) == before


def test_what_is_only_about_the_run_may_change(job, undisturbed):
    other = job.parent / "other.toml"
    text = JOB.replace("workers = 1", "workers = 2").replace("A small grid", "Another title")
    other.write_text(text, encoding="utf-8")
    assert run_batch(other, out=undisturbed).n_parts_before == 10


@pytest.mark.parametrize("what", ["version", "library", "data", "network", "points", "corridor"])
def test_other_data_or_another_version_is_refused(undisturbed, tmp_path, monkeypatch, what):
    changed = write_job(tmp_path)
    names = {
        "version": "borderreach was",
        "library": "libraries.shapely was",
        "data": "data.county_seats",
        "network": "network was",
    }
    names |= {"points": "origins was", "corridor": "scenarios.fast was"}
    if what == "version":
        monkeypatch.setattr(batch, "version", lambda name: "99" if name == "borderreach" else version(name))
    elif what == "library":
        monkeypatch.setattr(batch, "version", lambda name: "99" if name == "shapely" else version(name))
    elif what == "data":
        entry = {"sha256": "0"}
        monkeypatch.setattr("borderreach.data.catalog", lambda: {"county_seats": entry})
    elif what == "network":
        save_network(grid().with_access(max_access_km=9.5), tmp_path / "grid.network")
    elif what == "points":
        text = (tmp_path / "points.csv").read_text("utf-8").replace("106.2610", "106.2611")
        (tmp_path / "points.csv").write_text(text, encoding="utf-8")
    else:
        text = (tmp_path / "own.toml").read_text("utf-8").replace("= 200", "= 210")
        (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    before = contents(undisturbed)
    with pytest.raises(OutputError, match=names[what]) as caught:
        run_batch(changed, out=undisturbed)
    assert "fresh=True (on the command line: --fresh)" in str(caught.value)
    assert contents(undisturbed) == before


def test_fresh_removes_what_a_batch_wrote_and_nothing_else(job, undisturbed, tmp_path):
    out = tmp_path / "out"
    run_batch(job_of(name="old", outputs={"zones_min": 9}), out=out, network=grid(), origins=[(106.3, 29.0)])
    (out / "zones" / "mine.txt").write_text("kept")
    (out / "notes.txt").write_text("kept")
    run_batch(job, out=out, fresh=True)
    assert (out / "zones" / "mine.txt").read_text() == "kept"
    (out / "zones" / "mine.txt").unlink()
    (out / "notes.txt").unlink()
    assert contents(out) == contents(undisturbed)


def test_a_folder_of_somebody_else_is_left_alone(job, tmp_path):
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "mine.txt").write_text("kept")
    with pytest.raises(OutputError, match="isn't known to be of a batch"):
        run_batch(job, out=tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".lock", "mine.txt", "zones"]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_results_do_not_leave_the_folder_through_a_link(job, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "zones").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="isn't known"):
        run_batch(job, out=out)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_two_runs_do_not_write_to_one_folder(job, tmp_path):
    held = batch_store.BatchFolder(tmp_path, {}, tables=("errors",), n_parts=1, fresh=False)
    with held, pytest.raises(OutputError, match="another run is writing"):
        run_batch(job, out=tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1}', "[" * 100_000])
def test_a_manifest_that_is_none_is_refused(job, tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OutputError, match=r"manifest\.json"):
        run_batch(job, out=tmp_path)
    assert (tmp_path / "manifest.json").read_text() == text


def test_out_that_can_not_be_a_folder(job, tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    for out in (file, file / "below"):
        with pytest.raises(OutputError, match="file"):
            run_batch(job, out=out)


# Workers that die


def with_poison(**further) -> dict:
    table = as_frame([BatchOrigin(f"p{k}", f"点{k}", WEST + 0.02 * k, SOUTH + 0.02 * k) for k in range(6)])
    table.loc[4, "origin_id"] = POISON
    return {"network": grid(), "origins": table, **further}


SMALL = {"isochrones_min": [20], "origins_per_part": 2}


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
    assert list(Processes(2).run(Plan(job_of(name="none", outputs=SMALL).outputs, (), "tianditu"), [])) == []


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


# Faults in the job


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("isochrones_min", "isochrone_min", 16, "did you mean 'isochrones_min'"),
        ("zones_min = 30", "zones_min = -30", 17, "greater than 0, got -30"),
        ("[20, 40]", "[40, 20]", 16, "strictly ascending"),
        ("origins_per_part = 4", "origins_per_part = 0", 19, "greater than or equal to 1"),
        ('executor = "here"', 'executor = "cloud"', 22, "'here', 'processes' or 'dask'"),
        ("workers = 1", 'scheduler = "tcp://1.2.3.4:8786"', 21, 'executor = "dask"'),
        ("workers = 1", "workers = 0", 23, "greater than or equal to 1"),
        ('name = "grid"', 'name = "../grid"', 1, "pattern"),
        ('name = "grid"', "", 1, "'name' is missing"),
        ("base = []", "base = [3]", 12, "string"),
        ('source = "grid.network"', 'source = ""', 5, "at least 1 character"),
        ('file = "points.csv"', "limit = 0", 9, "greater than or equal to 1"),
    ],
)
def test_a_fault_in_a_job_names_file_line_and_key(tmp_path, old, new, line, words):
    path = tmp_path / "grid.toml"
    path.write_text(JOB.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_job(path)
    assert words in str(caught.value)
    assert f"{path}:{line}: " in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ('"grid.network"', '"none.network"', BorderReachError, "none.network"),
        ('"own.toml"', '"none.toml"', BorderReachError, "none.toml"),
        ('"points.csv"', '"none.csv"', BorderReachError, "none.csv"),
        ('"points.csv"', '"/vsicurl/http://localhost/x.gpkg"', BorderReachError, "there is no file"),
        ("grid-rail", "grid-rial", InputError, "no corridor has the id 'grid-rial'"),
        ("江津区", "江津津区", BorderReachError, "江津津区"),
        ("重庆市/江津区", "北京", OffNetworkError, "北京"),
        ('file = "points.csv"', "", EmptyInputError, "names no origins"),
        ('file = "points.csv"', 'places = ["甲乙丙"]', EmptyInputError, "甲乙丙"),
        ('file = "points.csv"', 'border_counties = ["重庆省"]', BorderReachError, "重庆省"),
    ],
)
def test_what_a_job_names_must_be_there(tmp_path, old, new, kind, words):
    path = write_job(tmp_path, text=JOB.replace(old, new))
    with pytest.raises(kind, match=words):
        run_batch(path, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"executor": "cloud"}, "'executor' should be one of 'here', 'processes', 'dask'"),
        ({"executor": 3}, "got 3"),
        ({"workers": 0}, "'workers' should be at least 1"),
        ({"out": 3}, "'out' should be a path, got 3"),
        ({"job": 3}, "'job' should be a path, got 3"),
        ({"network": 3}, "'network' should be a TransportNetwork"),
        ({"origins": 3.5}, "'origins' should be"),
        ({"origins": []}, "there is no origin"),
    ],
)
def test_arguments_are_checked(job, tmp_path, options, words):
    with pytest.raises(BorderReachError, match=words):
        run_batch(**{"job": job, "out": tmp_path / "out", **options})


def test_without_dask_the_extra_is_named(job, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"borderreach\[dask\]"):
        run_batch(job, out=tmp_path, executor="dask")


@pytest.mark.parametrize("table", ["indicators", "../zones", None])
def test_a_table_that_was_not_computed(undisturbed, table):
    with pytest.raises(InputError, match="'table' should be one of 'isochrones'"):
        read_batch(undisturbed, table)


def test_reading_notices_a_changed_file(job, tmp_path):
    run_batch(job, out=tmp_path / "out")
    path = tmp_path / "out" / "zones" / "part-00002.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(OutputError, match="part-00002"):
        read_batch(tmp_path / "out", "zones")
    with pytest.raises(OutputError, match="holds no batch"):
        read_batch(tmp_path / "nothing", "zones")


def test_rows_of_a_frame_are_judged_one_by_one(tmp_path):
    lines = gpd.GeoSeries.from_wkt(
        ["POINT (106.3 29)", "LINESTRING (106 29, 107 29)", "POINT EMPTY", None, "POINT (1e9 1e9)",
         "POLYGON ((106.3 29, 106.4 29, 106.4 29.1, 106.3 29))", "POINT (106.31 29)"],
        crs="EPSG:4326",
    )  # fmt: skip
    frame = gpd.GeoDataFrame({"adcode": [1, 2, 3, 4, 5, 6, np.nan]}, geometry=lines)
    job = job_of(name="rows", outputs={"isochrones_min": [5]})
    run_batch(job, out=tmp_path, network=grid(), origins=frame, executor="here")
    assert list(read_batch(tmp_path, "isochrones")["origin_id"]) == ["1", "6"]
    errors = read_batch(tmp_path, "errors").set_index("origin_id")["reason"]
    assert "not a LineString" in errors["2"]
    assert "no coordinates" in errors["3"]
    assert "no coordinates" in errors["4"]
    assert "isn't a position" in errors["5"]
    assert "has no id" in errors["(row 6)"]


def test_origins_add_up_and_count_once():
    job = job_of(
        name="kinds",
        network={"source": "trunk"},
        origins={"border_counties": ["重庆"], "counties": ["重庆"], "places": ["綦江", 500110], "limit": 60},
        outputs={"isochrones_min": [5]},
    )
    found = batch._origins(job, None)
    assert len(found) == len({one.id for one in found}) == 38
    border = batch._origins(job.model_copy(update={"origins": job.origins.model_copy(
        update={"counties": (), "limit": None})}), None)  # fmt: skip
    assert found[: len(border)] == border
    assert len(border) < 38


# A Dask cluster


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
