"""Job files and their origins: faults are named with file, line and key."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest

from borderreach.analysis.batches import _batch as batch
from borderreach.analysis.batches._batch import run_batch
from borderreach.analysis.batches._job import read_job
from borderreach.analysis.batches._store import read_batch
from borderreach.geo.errors import (
    BorderReachError,
    ConfigError,
    EmptyInputError,
    InputError,
    OffNetworkError,
)

from .batch_material import (
    JOB,
    grid,
    job_of,
    write_job,
)


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
    found = batch._origins(job, None, "tianditu")
    assert len(found) == len({one.id for one in found}) == 38
    border = batch._origins(job.model_copy(update={"origins": job.origins.model_copy(
        update={"counties": (), "limit": None})}), None, "tianditu")  # fmt: skip
    assert found[: len(border)] == border
    assert len(border) < 38
