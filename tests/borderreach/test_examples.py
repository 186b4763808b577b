"""The example scripts run as they stand."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import pandas as pd


def test_the_batch_over_border_counties_goes_on_past_a_bad_origin(checkout, tmp_path):
    script = checkout / "examples" / "guizhou_border_counties.py"
    done = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, check=False, cwd=checkout, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    failures = pd.read_csv(tmp_path / "failures.csv")
    assert len(failures) == 1
    assert "farther from the network" in failures["reason"].item()
    areas = gpd.read_file(tmp_path / "isochrones.gpkg")
    n = areas["origin_id"].nunique()
    assert n == 32  # border counties of Guizhou
    assert len(areas) == 3 * n
    times = pd.read_csv(tmp_path / "travel_times.csv")
    assert len(times) == n * n
    assert times["travel_time_min"].notna().all()
