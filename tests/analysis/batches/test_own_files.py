"""Boundaries, people and railways of a user's own in a batch: as the functions read them, in a file and in Python."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from borderreach.analysis.batches import run_batch
from borderreach.analysis.batches._ground import Residents, Units
from borderreach.analysis.batches._store import read_batch
from borderreach.analysis.corridors import read_corridors, with_railways
from borderreach.analysis.indicators import people_within
from borderreach.analysis.times import travel_times
from borderreach.checking import check_file
from borderreach.geo.errors import BorderReachError, ConfigError
from borderreach.geo.networks import rail_network
from borderreach.geo.places import border_counties, counties
from borderreach.geo.timetables import save_network

from .batch_material import CORRIDOR, SIDE, SOUTH, STEP, WEST, contents, grid, job_of

HALF = STEP * (SIDE - 1) / 2
#: Four counties of two provinces over the grid, codes as text, with their people in ten thousands.
COUNTIES = {"X-A1": ("甲一县", "甲省", 0, 0, 1.5), "X-A2": ("甲二县", "甲省", 0, 1, 2.5), "X-B1": ("乙一县", "乙省", 1, 0, 4),
            "X-B2": ("乙二县", "乙省", 1, 1, 8)}  # fmt: skip
JOB = """\
name = "own"
[network]
source = "grid.network"
corridor_files = ["own.toml"]
rail_stations = "stations.csv"
rail_sections = "sections.csv"
[origins]
border_counties = "all"
places = ["甲一县"]
boundaries = "units.gpkg"
boundary_columns = { province = "LAND" }
[scenarios]
base = []
more = ["grid-rail"]
[outputs]
isochrones_min = [20, 90]
zones_min = 30
travel_times_to = ["乙二县"]
people = true
people_file = "people.csv"
origins_per_part = 3
[run]
executor = "here"
"""
#: At roads next to two seats.
STATIONS = f"站名,经度,纬度\na,{WEST + 3 * STEP},{SOUTH + 3 * STEP}\nb,{WEST + 8 * STEP},{SOUTH + 8 * STEP}\n"
SECTIONS = "line_id,from_station,to_station,minutes,length_km,status,trains_per_day\nx,a,b,10,40,open,200\n"


def units() -> gpd.GeoDataFrame:
    squares = [
        shapely.box(WEST + i * HALF, SOUTH + k * HALF, WEST + (i + 1) * HALF, SOUTH + (k + 1) * HALF)
        for _, _, i, k, _ in COUNTIES.values()
    ]
    frame = pd.DataFrame(COUNTIES.values(), columns=["名称", "LAND", "i", "k", "people"])
    return gpd.GeoDataFrame(frame.assign(代码=list(COUNTIES)), geometry=squares, crs=4326)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("own")
    save_network(grid(), found / "grid.network")
    units().drop(columns=["i", "k", "people"]).to_file(found / "units.gpkg")
    table = units()[["代码", "people"]].rename(columns={"people": "人口（万人）"})
    table.to_csv(found / "people.csv", index=False, encoding="gbk")
    (found / "own.toml").write_text(CORRIDOR, encoding="utf-8")
    (found / "stations.csv").write_text(STATIONS, encoding="utf-8")
    (found / "sections.csv").write_text(SECTIONS, encoding="utf-8")
    (found / "own_job.toml").write_text(JOB, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def out(folder: Path) -> Path:
    summary = run_batch(folder / "own_job.toml", out=folder / "out")
    assert summary.n_failed == 0
    return folder / "out"


@pytest.fixture(scope="module")
def ground(folder: Path) -> gpd.GeoDataFrame:
    return counties(folder / "units.gpkg", columns={"province": "LAND"})


def test_counties_on_the_border_of_own_provinces_are_the_origins(out, ground):
    found = read_batch(out, "isochrones")
    assert (
        set(found["origin_name"])
        == set(border_counties(ground)["name"])
        == {one[0] for one in COUNTIES.values()}
    )
    assert list(found.columns[:3]) == ["scenario", "origin_id", "origin_name"]


def test_zones_lie_over_own_counties(out):
    members = read_batch(out, "zone_counties")
    assert set(members["province"]) == {"甲省", "乙省"}
    own = members[members["belongs"] & (members["scenario"] == "base")]
    assert {"甲一县"} <= set(own.loc[own["centre_name"] == "甲一县", "name"])


def test_people_are_those_of_the_table(out):
    table = read_batch(out, "people")
    areas = read_batch(out, "isochrones")
    assert len(table) == len(areas) + len(read_batch(out, "zones"))
    # ninety minutes reach all of the grid: 16 × 10,000 people
    assert set(
        table.loc[(table["area"] == "isochrone") & (table["cutoff_min"] == 90), "people"].round(6)
    ) == {160_000}
    rows = table[table["area"] == "isochrone"].set_index(["scenario", "origin_id", "cutoff_min"])
    seats = units().set_geometry(units().representative_point())
    expected = people_within(areas, seats.assign(people=seats["people"] * 1e4)).set_index(
        ["scenario", "origin_id", "cutoff_min"]
    )
    assert rows["people_by_seat"].equals(expected["people"].rename("people_by_seat"))


def minutes(out: Path, scenario: str) -> dict[str, float]:
    found = read_batch(out, "travel_times")
    found = found[found["scenario"] == scenario]
    return dict(zip(found["from_id"], found["travel_time_min"], strict=True))


def test_trains_of_own_tables_run_in_every_scenario(out, folder, ground):
    rail = rail_network(stations=folder / "stations.csv", sections=folder / "sections.csv")
    seats = ground.assign(origin_id=ground["adcode"].astype(str))
    for scenario, lines in (("base", ()), ("more", read_corridors(folder / "own.toml"))):
        network = with_railways(grid(), corridors=list(lines), rail=rail)
        expected = travel_times(network, seats, seats[seats["name"] == "乙二县"])
        assert minutes(out, scenario) == expected.set_index("from_id")["travel_time_min"].to_dict()
    road = travel_times(grid(), seats, seats[seats["name"] == "乙二县"]).set_index("from_id")[
        "travel_time_min"
    ]
    code = str(ground.loc[ground["name"] == "甲一县", "adcode"].item())
    assert minutes(out, "base")[code] < road[code] - 5


def test_what_does_the_work_changes_no_byte(out, folder, tmp_path):
    run_batch(folder / "own_job.toml", out=tmp_path / "again", executor="processes", workers=2)
    assert contents(tmp_path / "again") == contents(out)


def test_the_same_job_in_python(out, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    job = job_of(
        name="own",
        network={
            "source": "grid.network", "corridor_files": ["own.toml"], "rail_stations": "stations.csv",
            "rail_sections": "sections.csv",
        },
        origins={
            "border_counties": "all", "places": ["甲一县"], "boundaries": "units.gpkg",
            "boundary_columns": {"province": "LAND"},
        },
        scenarios={"base": (), "more": ("grid-rail",)},
        outputs={
            "isochrones_min": [20, 90], "zones_min": 30, "travel_times_to": ["乙二县"], "people": True,
            "people_file": "people.csv", "origins_per_part": 3,
        },
        run={"executor": "here"},
    )  # fmt: skip
    run_batch(job, out=tmp_path / "own")
    assert contents(tmp_path / "own") == contents(out)


@pytest.mark.parametrize("changed", ["people.csv", "units.gpkg", "sections.csv"])
def test_a_changed_file_is_another_batch(folder, out, tmp_path, changed):
    for name in (
        "grid.network",
        "people.csv",
        "units.gpkg",
        "own.toml",
        "stations.csv",
        "sections.csv",
        "own_job.toml",
    ):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    if changed == "units.gpkg":
        units().assign(geometry=units().translate(0.001, 0)).to_file(tmp_path / changed)
    else:
        text = (tmp_path / changed).read_bytes().replace(b"2.5", b"2.6").replace(b",10,40", b",11,40")
        (tmp_path / changed).write_bytes(text)
    words = {"people.csv": "people was", "units.gpkg": "boundaries was", "sections.csv": "network was"}[
        changed
    ]
    with pytest.raises(BorderReachError, match=words):
        run_batch(tmp_path / "own_job.toml", out=out)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"units.gpkg"', '"unit.gpkg"', "'boundaries' should be 'tianditu', 'amap' or a file of counties"),
        (
            '{ province = "LAND" }',
            '{ province = "Land" }',
            "'boundaries': units.gpkg lacks the column 'Land'",
        ),
        ('boundaries = "units.gpkg"', 'boundaries = "amap"', "are for a file"),
        ('"people.csv"', '"none.csv"', "none.csv"),
        ('"stations.csv"', '"none.csv"', "none.csv"),
        ('rail_sections = "sections.csv"\n', "", "which is missing"),
        ("[origins]", 'gtfs = "feed.zip"\n[origins]', "not both"),
        ("[origins]", "railways = false\n[origins]", "drop one"),
        ("people = true", "people = false", "add people = true"),
        ("isochrones_min = [20, 90]\nzones_min = 30\n", "", "give isochrones_min or zones_min"),
        ('["乙二县"]', '["丙县"]', "丙县"),
        ('people_file = "people.csv"\n', "", "no county of the boundaries is in the census"),
    ],
)
def test_faults_are_named_before_anything_is_computed(folder, tmp_path, old, new, words):
    text = JOB.replace(old, new, 1)
    assert text != JOB
    (folder / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BorderReachError) as caught:
        run_batch(folder / "bad.toml", out=tmp_path / "out")
    assert words in str(caught.value)
    assert not (tmp_path / "out").exists()
    kind, faults = check_file(folder / "bad.toml")
    assert kind == "batch"
    assert words in "\n".join(faults)


def test_a_job_without_faults_has_none(folder):
    assert check_file(folder / "own_job.toml") == ("batch", [])


def test_columns_are_for_files():
    with pytest.raises(ConfigError, match="are for a file"):
        run_batch(
            job_of(
                name="x", origins={"places": ["綦江区"], "boundary_crs": "GCJ-02"}, outputs={"zones_min": 9}
            ),
            out="nowhere",
        )


def test_counties_travel_as_data(ground):
    sent = Units.of(ground)
    assert sent == Units.of(ground.copy())
    assert sent.source not in repr(Units("tianditu"))
    pd.testing.assert_frame_equal(pd.DataFrame(sent.frame()), pd.DataFrame(ground))
    assert len(Units("tianditu").frame()) > 2800


def test_nobody_lives_where_no_area_is(ground):
    known = ground.assign(people=[1.0, 2.0, 3.0, 4.0])
    where = Residents.of(known, grid())
    away = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.Polygon()], crs=4326)
    assert where.within(away).to_numpy().sum() == 0
    both = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.box(100, 20, 110, 40)], crs=4326)
    assert where.within(both).to_numpy().tolist() == [[0, 0], [pytest.approx(10), 10]]
