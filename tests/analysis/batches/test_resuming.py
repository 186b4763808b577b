"""A batch that was cut off or damaged goes on to the same bytes."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys

import pytest

from borderreach.analysis.batches import _batch as batch
from borderreach.analysis.batches import _store as batch_store
from borderreach.analysis.batches._batch import run_batch
from borderreach.analysis.batches._store import read_batch
from borderreach.geo.errors import (
    BatchStoppedError,
    OutputError,
)

from ...chance import seed
from .batch_material import (
    contents,
    kill_once,
)


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
