"""`borderreach batch`, and the job files that the documents show."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
import tomllib

import geopandas as gpd
import pandas as pd
import pytest

from borderreach.analysis.batches import _batch as batch
from borderreach.analysis.batches._job import read_job
from borderreach.cli import main
from borderreach.geo.errors import BatchStoppedError

JOB = """\
name = "few"
[origins]
places = ["綦江区", "桐梓县"]
[outputs]
isochrones_min = [20]
[run]
executor = "here"
"""


def write(tmp_path, text, name="few.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def snippets(document):
    text = document.read_text(encoding="utf-8")
    return re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)


def test_the_job_in_the_readme_runs_as_written(checkout, tmp_path, capsys):
    (text,) = snippets(checkout / "README.md")
    few = text.replace('border_counties = "all"', 'border_counties = "all"\nlimit = 12')
    assert few != text
    job = write(tmp_path, few, "national.toml")
    assert main(["batch", job, "--out", str(tmp_path / "out"), "--executor", "here"]) == 0
    assert "12 origins, 1 scenario(s): 1 parts" in capsys.readouterr().out
    circles = gpd.read_parquet(tmp_path / "out" / "isochrones")
    assert list(circles["cutoff_min"]) == [120] * 12
    assert len(gpd.read_parquet(tmp_path / "out" / "zones")) == 12
    members = pd.read_parquet(tmp_path / "out" / "zone_counties")
    assert members["belongs"].any()


@pytest.mark.slow
def test_the_readme_runs_to_the_letter(checkout, tmp_path):
    """Its job file and its command, whole, in a folder with nothing else in it."""
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    (text,) = snippets(checkout / "README.md")
    (command,) = re.findall(r"^`(borderreach batch [^`]+)` runs it", readme, flags=re.MULTILINE)
    (told,) = re.findall(r"\((\d+) of them", readme)
    (lost,) = re.findall(r"\(here (\d+) counties", readme)
    name = text.splitlines()[0].removeprefix("# ")
    write(tmp_path, text, name)
    words = command.split()
    assert words[2] == name
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or str(checkout) for path in sys.path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{told} origins, 1 scenario(s)" in done.stdout
    out = tmp_path / words[words.index("--out") + 1]
    for table in ("isochrones", "zones"):
        assert len(gpd.read_parquet(out / table)) == int(told) - int(lost)
    errors = pd.read_csv(out / "errors.csv")
    assert list(errors["error"]) == ["OffNetworkError"] * int(lost)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, words[-1].split("/")[0]])


def test_the_jobs_in_the_documents_are_valid(checkout, tmp_path):
    (text,) = snippets(checkout / "docs" / "batches.md")
    read_job(write(tmp_path, text, "national.toml"))
    # Those that stand there as comments name files, or go with others only: they are looked at as well.
    whole = re.sub(r"(?m)^# (?=\w+ = )", "", text).replace('executor = "processes"', 'executor = "dask"')
    shown = tomllib.loads(whole)
    instead = {"network": ({"gtfs"}, {"rail_stations", "rail_sections", "rail_through", "rail_direct"})}
    for section, (one, other) in instead.items():
        for dropped in (one, other):
            kept = [line for line in whole.splitlines() if line.split(" = ")[0] not in dropped]
            job = read_job(write(tmp_path, "\n".join(kept), "national.toml"))
            assert getattr(job, section).model_fields_set == set(shown[section]) - dropped
    assert set(shown) == set(type(job).model_fields)
    for section in ("network", "origins", "outputs", "run"):
        assert set(shown[section]) == set(type(getattr(job, section)).model_fields)
    assert read_job(checkout / "examples" / "national.toml").origins.border_counties == "all"


@pytest.mark.slow
def test_the_national_example_makes_a_table_of_borders(checkout, tmp_path):
    text = (checkout / "examples" / "national.toml").read_text(encoding="utf-8")
    text = text.replace('border_counties = "all"', 'border_counties = ["贵州"]\nlimit = 6')
    job = write(tmp_path, text.replace('"processes"', '"here"'))
    script = checkout / "examples" / "national_batch.py"
    done = subprocess.run(
        [sys.executable, script, tmp_path / "out", job], capture_output=True, check=False, cwd=checkout, encoding="utf-8"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "borders.csv")
    assert len(table) == 68
    assert table["counties_with_results"].sum() >= 6


def test_exit_codes(tmp_path, capsys, monkeypatch):
    job, out = write(tmp_path, JOB), str(tmp_path / "out")
    assert main(["batch", job, "--out", out]) == 0
    captured = capsys.readouterr()
    assert "2 origins" in captured.out
    assert captured.err == ""
    assert main(["batch", job, "--out", out]) == 0
    assert "1 of them from before" in capsys.readouterr().out
    bad = write(tmp_path, JOB.replace('"桐梓县"', '"桐桐县"'), "bad.toml")
    assert main(["batch", bad, "--out", out]) == 2
    assert "--fresh" in capsys.readouterr().err
    assert main(["batch", bad, "--out", out, "--fresh"]) == 1
    assert "errors.csv says why" in capsys.readouterr().out
    assert "桐桐县" in (tmp_path / "out" / "errors.csv").read_text(encoding="utf-8")
    assert main(["batch", str(tmp_path / "none.toml"), "--out", out]) == 2
    assert main(["batch", write(tmp_path, JOB + "cores = 2", "cores.toml"), "--out", out]) == 2
    assert "unknown key 'cores'" in capsys.readouterr().err

    def stopped(*_, **__):
        raise BatchStoppedError("the disk is full")

    monkeypatch.setattr(batch, "_compute", stopped)
    assert main(["batch", job, "--out", out, "--fresh"]) == 3
    assert capsys.readouterr().err == "borderreach: the disk is full\n"


@pytest.mark.parametrize("writes", [2, 6, 12])
def test_a_full_disk_stops_with_3_and_the_same_command_goes_on(tmp_path, capsys, monkeypatch, writes):
    text = JOB.replace("[20]", "[20]\norigins_per_part = 1")
    job, out = write(tmp_path, text.replace('"桐梓县"', '"桐梓县", "习水县"')), str(tmp_path / "out")
    count = 0

    def full(_):
        nonlocal count
        count += 1
        if count > writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert main(["batch", job, "--out", out]) == 3
    message = capsys.readouterr().err
    assert message.startswith("borderreach: ")
    assert message.count("\n") == 1
    assert "No space left" in message
    assert "of 3 parts are finished and kept" in message
    assert main(["batch", job, "--out", out]) == 0
    assert "3 origins" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
@pytest.mark.parametrize("executor", ["here", "processes"])
def test_ctrl_c_stops_with_130_and_the_same_command_goes_on(checkout, tmp_path, capsys, executor):
    text = JOB.replace('places = ["綦江区", "桐梓县"]', 'counties = ["贵州"]')
    job, out = write(tmp_path, text.replace("[20]", "[20]\norigins_per_part = 2")), tmp_path / "out"
    command = [sys.executable, "-m", "borderreach", "batch", job, "--out", str(out), "--executor", executor]
    run = subprocess.Popen(
        command, cwd=checkout, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    while len(list(out.glob("isochrones/part-*"))) < 3 and run.poll() is None:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does, to the workers as well
    _, message = run.communicate(timeout=60)
    assert run.returncode == 130
    assert message.decode().splitlines() == [
        "borderreach: what is finished is kept; the same command goes on from there",
        "borderreach: interrupted",
    ]
    assert not (out / ".work").exists()
    assert main(["batch", job, "--out", str(out), "--executor", "here"]) == 0
    assert "(0 of them from before)" not in capsys.readouterr().out
