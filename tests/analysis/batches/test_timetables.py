"""Batches on roads and trains as a timetable has them: what the functions give, and named in every table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import borderreach as br
from borderreach.analysis.batches import run_batch
from borderreach.analysis.batches._store import read_batch
from borderreach.analysis.corridors import read_corridors
from borderreach.checking import check_file
from borderreach.geo.errors import BorderReachError

from ...geo.timetables.test_gtfs import FEED, feed
from .batch_material import CORRIDOR, SIDE, SOUTH, STEP, WEST, contents, grid, write_job

#: Two stations at corners of the grid, a train of 20 minutes every half hour.
STOPS = f"""stop_id,stop_name,stop_lat,stop_lon
A,Alpha,{SOUTH},{WEST}
B,Beta,{SOUTH + STEP * (SIDE - 1)},{WEST + STEP * (SIDE - 1)}
"""
TRAINS = {
    "stops.txt": STOPS,
    "routes.txt": "route_id,route_type\nR,2\n",
    "trips.txt": "route_id,service_id,trip_id\nR,week,out\nR,week,back\n",
    "stop_times.txt": """trip_id,arrival_time,departure_time,stop_id,stop_sequence
out,06:00:00,06:00:00,A,1
out,06:20:00,06:20:00,B,2
back,06:10:00,06:10:00,B,1
back,06:30:00,06:30:00,A,2
""",
    "frequencies.txt": """trip_id,start_time,end_time,headway_secs
out,06:00:00,22:00:00,1800
back,06:10:00,22:10:00,1800
""",
    "calendar.txt": FEED["calendar.txt"],
    "calendar_dates.txt": None,
}
JOB = """\
name = "grid"
[network]
source = "grid.network"
gtfs = "feed.zip"
statistic = "p80"
departures = ["08:00", "10:00"]
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
people = true
origins_per_part = 3
[run]
executor = "here"
workers = 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("trains")
    write_job(found, n_origins=9, text=JOB)
    feed(found / "feed.zip", **TRAINS)
    return found


@pytest.fixture(scope="module")
def out(folder: Path) -> Path:
    run_batch(folder / "grid.toml", out=folder / "out")
    return folder / "out"


def base(folder: Path) -> br.TimetableNetwork:
    trains = br.timetable(folder / "feed.zip")
    return br.timetable_network(grid(), trains, statistic="p80", window=("08:00", "10:00"))


def test_tables_are_those_of_the_functions(folder: Path, out: Path):
    found = read_batch(out, "isochrones")
    times = read_batch(out, "travel_times")
    areas = {}
    for scenario in ("base", "fast"):
        network: br.TransportNetwork = base(folder)
        if scenario == "fast":
            network = br.add_corridors(network, read_corridors(folder / "own.toml"))
        own = found[found["scenario"] == scenario]
        first = own["origin_id"].iloc[0]
        points = br.read_points(folder / "points.csv")
        point = points[points["origin_id"] == first]
        again = br.isochrones(network, point, cutoffs_min=[20, 40])
        assert own[own["origin_id"] == first]["area_km2"].tolist() == again["area_km2"].tolist()
        to = ["重庆市/江津区", "重庆市/綦江区"]
        minutes = br.travel_times(network, point, to)["travel_time_min"]
        here = times[(times["scenario"] == scenario) & (times["from_id"] == first)]
        assert here["travel_time_min"].tolist() == minutes.tolist()
        areas[scenario] = own["area_km2"].sum()
    # trains are in the base, and those of the new line on top of these
    assert br.isochrones(grid(), point, cutoffs_min=[20, 40])["area_km2"].sum() <= areas["base"]
    assert areas["fast"] >= areas["base"]


def test_every_table_says_of_which_departures_it_is(out: Path):
    said = {}
    for name in ("isochrones", "travel_times", "people", "zones"):
        found = read_batch(out, name)
        assert found["statistic"].unique().tolist() == ["p80"], name
        said[name] = found["window"].unique().tolist()
    # people are counted in isochrones and in zones; a zone is that of a day's work:
    # half an hour there, eight hours, and home
    assert said == {
        "isochrones": ["08:00-10:00"],
        "travel_times": ["08:00-10:00"],
        "zones": ["06:30-08:30"],
        "people": ["08:00-10:00", "06:30-08:30"],
    }
    assert read_batch(out, "zones")["window_back"].unique().tolist() == ["15:00-17:00"]


def test_a_part_without_results_has_the_same_columns(folder: Path, tmp_path: Path):
    text = (folder / "points.csv").read_text(encoding="utf-8").splitlines()
    away = ["sea1,海一,124.0,29.0", "sea2,海二,124.0,29.5", "sea3,海三,124.0,29.7"]
    points = tmp_path / "points.csv"
    points.write_text("\n".join([text[0], *away, *text[1:3]]) + "\n", encoding="utf-8")
    for name in ("grid.network", "own.toml", "feed.zip"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "grid.toml").write_text(JOB, encoding="utf-8")
    run_batch(tmp_path / "grid.toml", out=tmp_path / "out")
    for name in ("isochrones", "zones", "zone_counties", "travel_times", "people"):
        parts = [pd.read_parquet(file) for file in sorted((tmp_path / "out" / name).glob("*.parquet"))]
        assert len({tuple(part.columns) for part in parts}) == 1, name
        assert len({tuple(map(str, part.dtypes)) for part in parts}) == 1, name


def test_on_processes_the_same_bytes(folder: Path, out: Path, tmp_path: Path):
    run_batch(folder / "grid.toml", out=tmp_path / "out", executor="processes", workers=2)
    assert contents(tmp_path / "out") == contents(out)


def test_a_saved_network_with_trains_is_one_with_trains(folder: Path, out: Path, tmp_path: Path):
    br.save_network(base(folder), tmp_path / "trains.network")
    for name in ("own.toml", "points.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    drop = ('gtfs = "feed.zip"\n', 'statistic = "p80"\n', 'departures = ["08:00", "10:00"]\n')
    text = JOB.replace("grid.network", "trains.network")
    for line in drop:
        text = text.replace(line, "")
    (tmp_path / "grid.toml").write_text(text, encoding="utf-8")
    run_batch(tmp_path / "grid.toml", out=tmp_path / "out")
    for name in ("isochrones", "travel_times", "zones"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(read_batch(tmp_path / "out", name)), pd.DataFrame(read_batch(out, name))
        )
    # the window said in the job goes before that of the file
    (tmp_path / "grid.toml").write_text(
        text.replace("[origins]", 'statistic = "fastest"\n[origins]'), encoding="utf-8"
    )
    run_batch(tmp_path / "grid.toml", out=tmp_path / "best")
    best, usual = (
        read_batch(tmp_path / name, "isochrones")["area_km2"].to_numpy() for name in ("best", "out")
    )
    assert (best >= usual).all()
    assert best.sum() > usual.sum()
    # other trains on top are refused
    (tmp_path / "grid.toml").write_text(
        text.replace("[origins]", "railways = true\n[origins]"), encoding="utf-8"
    )
    with pytest.raises(BorderReachError, match="has trains already"):
        run_batch(tmp_path / "grid.toml", out=tmp_path / "twice")
    assert not (tmp_path / "twice").exists()


def test_another_window_is_another_batch(folder: Path, out: Path):
    (folder / "other.toml").write_text(JOB.replace('"10:00"', '"11:00"'), encoding="utf-8")
    with pytest.raises(BorderReachError, match="network was"):
        run_batch(folder / "other.toml", out=out)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"p80"', '"often"', "'statistic' should be"),
        ('["08:00", "10:00"]', '["10:00", "08:00"]', "'departures' should begin"),
        ('"feed.zip"', '"none.zip"', "none.zip"),
    ],
)
def test_faults_are_named(folder: Path, tmp_path: Path, old: str, new: str, words: str):
    (folder / "bad.toml").write_text(JOB.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BorderReachError) as caught:
        run_batch(folder / "bad.toml", out=tmp_path / "out")
    assert words in str(caught.value)
    kind, faults = check_file(folder / "bad.toml")
    assert kind == "batch"
    assert words in "\n".join(faults)
    assert CORRIDOR  # the corridor of the job is a sound one: nothing else is at fault
    assert len(faults) == 1


def test_a_job_without_faults_has_none(folder: Path):
    assert check_file(folder / "grid.toml") == ("batch", [])
