"""The folder of a batch: results of two are never mixed, and nothing of somebody else is touched."""

from __future__ import annotations

import os
from importlib.metadata import version

import pytest

from borderreach.analysis.batches import _batch as batch
from borderreach.analysis.batches import _store as batch_store
from borderreach.analysis.batches._batch import run_batch
from borderreach.geo.errors import (
    OutputError,
)
from borderreach.geo.timetables import save_network

from .batch_material import (
    JOB,
    contents,
    grid,
    job_of,
    write_job,
)


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
