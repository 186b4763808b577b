"""A study on files of a user's own, end to end: boundaries with codes as text, people, rail tables or a timetable."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import borderreach as br
from borderreach.analysis.batches import run_batch
from borderreach.analysis.studies import StudyResults
from borderreach.checking import check_file
from borderreach.cli import main
from borderreach.geo.errors import BorderReachError, ConfigError, InputError
from borderreach.maps.folders import ResultsFolder
from borderreach.output import output_names, write_results
from borderreach.reports import report
from borderreach.studies import run_study, study_ground, study_run

from ..analysis.batches.batch_material import SOUTH, STEP, WEST, grid
from ..analysis.batches.test_own_files import COUNTIES, SECTIONS, STATIONS, units
from ..geo.files.forms import write_xlsx

STUDY = """\
name = "mine"
title = "甲与乙"
title_en = "A and B"
provinces = ["甲省", "乙省"]
between = ["甲省", "乙省"]
boundary_source = "units.gpkg"
boundary_columns = { province = "LAND" }
centres = ["甲一县"]
circle_cutoffs_min = [20, 40]
zone_min = 30
people_file = "people.csv"
rail_stations = "stations.csv"
rail_sections = "sections.csv"
"""
#: A train every five minutes from six to eleven at night, both ways, ten minutes each.
_STARTS = [(k // 12, k % 12 * 5) for k in range(6 * 12, 23 * 12)]
FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nx,铁路,https://example.org,Asia/Shanghai\n",
    "stops.txt": f"stop_id,stop_name,stop_lat,stop_lon\na,甲站,{SOUTH + 3 * STEP},{WEST + 3 * STEP}\n"
    f"b,乙站,{SOUTH + 8 * STEP},{WEST + 8 * STEP}\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nr,x,R,2\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "d,1,1,1,1,1,1,1,20260101,20261231\n",
    "trips.txt": "route_id,service_id,trip_id\n" + "".join(f"r,d,{way}{h}-{m}\n" for h, m in _STARTS for way in "ab"),
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "".join(
        f"{way}{h}-{m},{h}:{m:02}:00,{h}:{m:02}:00,{way},1\n"
        f"{way}{h}-{m},{h + (m + 10) // 60}:{(m + 10) % 60:02}:00,{h + (m + 10) // 60}:{(m + 10) % 60:02}:00,{to},2\n"
        for h, m in _STARTS
        for way, to in ("ab", "ba")
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("own")
    units().drop(columns=["i", "k", "people"]).to_file(found / "units.gpkg")
    table = units()[["代码", "people"]].rename(columns={"people": "人口（万人）"})
    write_xlsx(found / "people.xlsx", {"人口": [list(table.columns), *table.to_numpy().tolist()]})
    table.to_csv(found / "people.csv", index=False, encoding="gbk")
    (found / "stations.csv").write_text(STATIONS, encoding="utf-8")
    (found / "sections.csv").write_text(SECTIONS, encoding="utf-8")
    with zipfile.ZipFile(found / "feed.zip", "w") as file:
        for name, text in FEED.items():
            file.writestr(name, text)
    (found / "mine.toml").write_text(STUDY, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def results(folder: Path) -> StudyResults:
    return run_study(folder / "mine.toml", network=grid())


@pytest.fixture(scope="module")
def text(results: StudyResults, folder: Path) -> str:
    with ResultsFolder(folder / "out", holds="study mine", names=output_names()) as out:
        write_results(results, out, started=0.0)
    assert out.failed == {}
    return (folder / "out" / "report.md").read_text(encoding="utf-8")


def test_own_units_are_the_ground(results):
    assert results.provinces["name"].to_list() == ["乙省", "甲省"]
    assert set(results.border_counties["name"]) == {one[0] for one in COUNTIES.values()}
    assert results.borders[["province_a", "province_b"]].to_numpy().tolist() == [["乙省", "甲省"]]
    parts = [shapely.area(frame.geometry.to_numpy()).sum() for frame in (results.provinces, units())]
    assert parts[0] == pytest.approx(parts[1])
    assert results.centres["origin_name"].to_list() == ["甲一县"]


def test_people_are_those_of_the_table_everywhere(results):
    """Circles, counties and what they reach: by the same count."""
    own = {name: people * 1e4 for name, _, _, _, people in COUNTIES.values()}
    assert results.indicators.set_index("name")["people"].to_dict() == own
    assert not [note for note in results.notes if "people.csv" in note]
    # 甲一县 reaches itself and its two neighbours within 40 minutes by road; the county across the corner by train
    inside = set(results.county_times.loc[results.county_times["base_inside"], "name"])
    by_road = results.road_county_times
    assert set(by_road.loc[by_road["base_inside"], "name"]) == {"甲一县", "甲二县", "乙一县"}
    reached = results.indicators.set_index("name").loc["甲一县", "base_people_reached"]
    assert inside == {"甲一县", "甲二县", "乙一县", "乙二县"}
    assert reached == sum(own[name] for name in inside)
    by_seat = results.circle_people.set_index("cutoff_min")["people_by_seat"]
    assert by_seat[40] == reached


def test_counties_that_the_table_lacks_are_named(folder):
    text = (folder / "people.csv").read_bytes().decode("gbk")
    (folder / "some.csv").write_text("\n".join(text.splitlines()[:-1]), encoding="utf-8")
    (folder / "some.toml").write_text(
        STUDY.replace('"people.csv"', '"some.csv"').replace('"mine"', '"some"'), encoding="utf-8"
    )
    run = study_run(folder / "some.toml", network=grid())
    (note,) = [one for one in run.words["notes"] if "some.csv" in one]
    assert "没有乙二县的人口" in note
    assert "no people for 1 of the 4 counties studied" in note
    assert set(run.tables("people")["indicators"]["name"]) == {"甲一县", "甲二县", "乙一县"}


def test_units_that_the_census_does_not_know_are_not_counted(folder):
    """A study in another country, without people of its own: everything else is there, and it says so."""
    text = STUDY.replace('people_file = "people.csv"\n', "").replace('"mine"', '"nobody"')
    (folder / "nobody.toml").write_text(text, encoding="utf-8")
    found = run_study(folder / "nobody.toml", network=grid())
    assert found.circle_people.empty
    assert found.indicators.empty
    told = report(found)
    assert "没有所给边界各单元的人口" in told
    assert any("The people of these boundaries aren't known" in note for note in found.notes)
    assert "## 人口与可达性指标" not in told
    assert "人口 / people" not in told
    for words in ("普查", "census", "政府驻地", "China"):
        assert words not in told
    assert "million people" not in told
    assert len(found.zones) == 4


def test_own_trains_run_without_being_asked_for(results):
    areas = results.circles.set_index("cutoff_min")["area_km2"]
    roads = results.road_circles.set_index("cutoff_min")["area_km2"]
    # a train every five minutes is waited for five and a half, as trains leave in bunches: 29 km² more, for the two stations
    assert areas[40] > roads[40] + 25
    assert results.parameters["railways"]


def test_the_report_tells_of_these_files_and_of_no_others(text):
    for words in ("行政区划 / boundaries: units.gpkg", "人口 / people: people.csv", "铁路 / railways: sections.csv",
                  "人口据 people.csv", "(from people.csv)", "边界数据内各区县的人口", "各毗邻区县的所在点未知",
                  "on today's roads and with the trains that run today"):  # fmt: skip
        assert words in text
    for words in ("普查", "census", "Tianditu", "cpca", "全国", "trunk roads", "政府驻地", "地级"):
        assert words not in text


def test_a_report_without_corridors_has_nothing_of_them(text):
    assert "廊道" not in text.replace("**通道**", "")
    assert "| 40 | 现状 |" in text
    assert "| — |" not in text.split("## 人口与可达性指标")[0]
    assert "0%（95% 区间 0%" not in text


def test_a_timetable_takes_the_place_of_the_tables(folder):
    text = STUDY.replace(
        'rail_stations = "stations.csv"\nrail_sections = "sections.csv"\n', 'gtfs = "feed.zip"\n'
    )
    (folder / "timed.toml").write_text(text.replace('"mine"', '"timed"'), encoding="utf-8")
    assert check_file(folder / "timed.toml") == ("study", [])
    run = study_run(folder / "timed.toml", network=grid())
    assert run.rail.node_names == {0: "甲站", 1: "乙站"} or set(run.rail.node_names.values()) == {
        "甲站",
        "乙站",
    }
    inside = run.tables("times")["county_times"]
    assert set(inside.loc[inside["base_inside"], "name"]) == {one[0] for one in COUNTIES.values()}


def test_trains_that_call_at_both_stations_are_waited_for(folder):
    """Of 200 trains that pass two call at both: one sets out by these, and is longer on the way."""
    text = STUDY.replace(
        'rail_sections = "sections.csv"\n', 'rail_sections = "sections.csv"\nrail_direct = "direct.csv"\n'
    )
    columns = "line_id,from_station,to_station,trains_there,trains_back\n"
    (folder / "direct.csv").write_text(columns + "x,a,b,2,2\n", encoding="utf-8")
    (folder / "direct.toml").write_text(text.replace('"mine"', '"direct"'), encoding="utf-8")
    assert check_file(folder / "direct.toml") == ("study", [])
    few, many = (study_run(folder / f"{name}.toml", network=grid()) for name in ("direct", "mine"))
    assert set(few.rail.direct_per_day.values()) == {2.0}
    ends = [[(WEST + k * STEP, SOUTH + k * STEP)] for k in (3, 8)]
    first, second, by_road = (
        float(br.minutes_between(one, *ends)[0, 0]) for one in (many.base, few.base, many.roads)
    )
    assert first < second <= by_road
    (folder / "direct.csv").write_text(columns + "x,a,c,2,2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"direct\.csv.*to_station"):
        study_run(folder / "direct.toml", network=grid()).tables("circles")


def test_trains_of_a_timetable_run_as_it_says_in_every_table(folder, tmp_path):
    text = STUDY.replace(
        'rail_stations = "stations.csv"\nrail_sections = "sections.csv"\n',
        'gtfs = "feed.zip"\nstatistic = "p80"\ndepartures = ["07:00", "10:00"]\n',
    )
    (folder / "asrun.toml").write_text(text.replace('"mine"', '"asrun"'), encoding="utf-8")
    run = study_run(folder / "asrun.toml", network=grid())
    assert isinstance(run.base, br.TimetableNetwork)
    assert (run.base.statistic, run.base.window) == ("p80", ("07:00", "10:00"))
    # what compares single ways takes trains by their number a day
    assert not run.base_on_arcs.is_scheduled
    assert "rail" in run.base_on_arcs.modes
    found = run_study(folder / "asrun.toml", network=grid())
    assert found.isochrones["statistic"].unique().tolist() == ["p80"]
    assert found.zones[["window", "window_back"]].iloc[0].tolist() == ["06:30-08:30", window_back(found)]
    taken = br.travel_times(run.base, run.ground.centres, run.ground.border_counties)["travel_time_min"]
    assert found.county_times["base_min"].to_numpy() == pytest.approx(taken.to_numpy())
    assert found.what_if is None
    told = report(found)
    assert "列车按 feed.zip 的时刻运行" in told
    assert "07:00 至 10:00 每分钟出发者的第 80 百分位数" in told
    assert found.parameters["departures"] == {"statistic": "p80", "window": "07:00-10:00"}
    with ResultsFolder(tmp_path / "out", holds="study asrun", names=output_names()) as out:
        write_results(found, out, started=0.0)
    assert out.failed == {}
    written = gpd.read_file(tmp_path / "out" / "results.gpkg", layer="isochrones")
    assert written["statistic"].unique().tolist() == ["p80"]
    (folder / "asrun.toml").write_text(text.replace('"p80"', '"p180"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="statistic"):
        study_run(folder / "asrun.toml")


def window_back(found) -> str:
    """8 hours of work after as long a way there as the zone allows."""
    begin, end = (60 * h + 30 + 480 + int(found.study.zone_min) for h in (6, 8))
    return "-".join(f"{t // 60:02}:{t % 60:02}" for t in (begin, end))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"units.gpkg"', '"gone.gpkg"', "'boundary_source' should be 'tianditu', 'amap' or a file of counties, got 'gone.gpkg'"),
        ('{ province = "LAND" }', '{ state = "LAND" }', "'columns' maps 'state'"),
        ('boundary_columns = { province = "LAND" }\n', "", "boundary_columns = {'province': ...}"),
        ('"甲省", "乙省"', '"甲省", "丙省"', "丙省"),
        ('["甲一县"]', '["甲七县"]', "甲七县"),
        ('"stations.csv"', '"people.csv"', "people.csv"),
        ("zone_min", "boundary_crs = 'EPSG:32648'\nzone_min", "EPSG:32648"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_the_words_of_the_file(folder, old, new, words):
    text = STUDY.replace(old, new).replace('"mine"', '"wrong"')
    assert text != STUDY.replace('"mine"', '"wrong"')
    (folder / "wrong.toml").write_text(text, encoding="utf-8")
    told = "\n".join(check_file(folder / "wrong.toml")[1])
    assert words in told
    assert "crs=" not in told.replace("boundary_crs=", "")


def test_a_centre_is_named_by_the_code_of_its_file(folder):
    text = STUDY.replace('["甲一县"]', '["X-A1"]').replace('"mine"', '"coded"')
    (folder / "coded.toml").write_text(text, encoding="utf-8")
    assert study_ground(folder / "coded.toml").centres["origin_name"].to_list() == ["甲一县"]
    (folder / "coded.toml").write_text(text.replace("X-A1", "X-A9"), encoding="utf-8")
    with pytest.raises(BorderReachError, match="X-A9"):
        study_ground(folder / "coded.toml")


def test_keys_of_files_are_for_files(tmp_path):
    text = STUDY.replace('"units.gpkg"', '"amap"').replace("甲省", "重庆").replace("乙省", "贵州")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="'boundary_columns' and 'boundary_crs' are for a file"):
        study_ground(tmp_path / "mine.toml")


def test_boundaries_that_are_changed_are_read_anew(folder, tmp_path):
    """The file is kept while it is the same, for the map, the figure and the tables."""
    for name in ("units.gpkg", "mine.toml"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    first = study_ground(tmp_path / "mine.toml").every
    frame = units().drop(columns=["i", "k", "people"])
    frame.loc[0, "名称"] = "甲新县"
    frame.loc[len(frame)] = frame.loc[0]
    (tmp_path / "units.gpkg").unlink()
    frame.iloc[:4].to_file(tmp_path / "units.gpkg")
    (tmp_path / "mine.toml").write_text(STUDY.replace("甲一县", "甲新县"), encoding="utf-8")
    assert "甲新县" in set(study_ground(tmp_path / "mine.toml").every["name"])
    assert "甲新县" not in set(first["name"])


def test_a_feed_without_trains_says_what_it_has(folder, tmp_path, capsys):
    feed = {**FEED, "routes.txt": "route_id,agency_id,route_short_name,route_type\nr,x,R,3\n"}
    for name in ("units.gpkg", "people.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with zipfile.ZipFile(tmp_path / "bus.zip", "w") as file:
        for name, text in feed.items():
            file.writestr(name, text)
    text = STUDY.replace(
        'rail_stations = "stations.csv"\nrail_sections = "sections.csv"\n', 'gtfs = "bus.zip"\n'
    )
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert main(["check", str(tmp_path / "mine.toml")]) == 2
    said = capsys.readouterr()
    told = said.out + said.err
    assert "bus.zip" in told
    assert "1 of type 3 (buses)" in told
    job = tmp_path / "job.toml"
    job.write_text(
        'name = "job"\n[network]\ngtfs = "bus.zip"\n[origins]\nplaces = ["綦江区"]\n[outputs]\nzones_min = 30\n',
        encoding="utf-8",
    )
    with pytest.raises(BorderReachError, match=r"bus\.zip.*1 of type 3"):
        run_batch(job, out=tmp_path / "out", network=grid())


def test_tables_are_read_from_spreadsheets_as_well(folder):
    (folder / "sheet.toml").write_text(
        STUDY.replace('"people.csv"', '"people.xlsx"').replace('"mine"', '"sheet"'), encoding="utf-8"
    )
    people = study_run(folder / "sheet.toml", network=grid()).residents
    assert people["people"].sum() == 160_000
    assert isinstance(people, pd.DataFrame)
