"""Results of a batch: those of the functions one by one, whatever computes them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal

from borderreach.analysis.batches import _batch as batch
from borderreach.analysis.batches._batch import run_batch
from borderreach.analysis.batches._origins import BatchOrigin, as_frame
from borderreach.analysis.batches._store import read_batch
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.corridors._files import read_corridors
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._zones import commuting_zone, zone_counties
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.errors import (
    InputError,
    OutputError,
)
from borderreach.geo.places._boundaries import counties

from .batch_material import (
    contents,
    grid,
    job_of,
)

CENTRES = ["重庆市/江津区", "重庆市/綦江区"]


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
