"""Timetables: a feed and tables worked out by hand, the same trains in both forms, and what is wrong with some."""

import datetime as dt
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import borderreach as br
from borderreach.geo.errors import BorderReachError, DataFileError, EmptyInputError, InputError

from ... import chance
from .test_gtfs import FEED, feed

STATIONS = pd.DataFrame(
    {"name": ["Alpha", "Beta", "Gamma"], "lon": [106.0, 106.5, 107.0], "lat": [29.0, 29.0, 29.0]}
)


#: The feed without trains by headway.
PLAIN: dict[str, Any] = {"frequencies.txt": None}


def clock(seconds: float) -> str:
    return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}"


def told(trains: br.Timetable) -> list[tuple[str, int, str, str, str]]:
    """A line per call: train, service day, station, arrival, departure."""
    calls, runs = trains.calls, trains.runs
    return [
        (
            runs["train"][run],
            int(runs["day"][run]),
            trains.stations["name"][station],
            clock(arrive),
            clock(depart),
        )
        for run, station, arrive, depart in calls[["run", "station", "arrive_s", "depart_s"]].itertuples(
            index=False
        )
    ]


def table(*rows: tuple[Any, ...], columns: str = "train stop_no station arrive depart") -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def test_a_feed_gives_every_call_of_the_day_and_what_reaches_into_it(tmp_path: Path):
    trains = br.timetable(feed(tmp_path / "f.zip", **PLAIN), date="2026-05-12")  # a Tuesday
    assert trains.date == dt.date(2026, 5, 12)
    today = [row for row in told(trains) if row[1] == 0]
    assert [row for row in today if row[0] == "r1"] == [
        ("r1", 0, "Alpha", "8:00", "8:00"),
        ("r1", 0, "Beta", "8:20", "8:22"),
        ("r1", 0, "Gamma", "8:50", "8:50"),
    ]
    # Beta has no time: half-way between Gamma and Alpha
    late = [("r2", "Gamma", "24:50"), ("r2", "Beta", "25:17"), ("r2", "Alpha", "25:45")]
    assert [(row[0], row[2], row[3]) for row in today if row[0] == "r2"] == late
    # yesterday's late train runs this morning, yesterday's others have gone
    before = [row for row in told(trains) if row[1] == -1]
    assert [(row[0], row[2], row[3]) for row in before] == [
        ("r2", "Gamma", "0:50"), ("r2", "Beta", "1:17"), ("r2", "Alpha", "1:45"),
    ]  # fmt: skip
    assert ("r1", 1, "Alpha", "32:00", "32:00") in told(trains)


def test_no_train_of_yesterday_runs_where_there_was_none(tmp_path: Path):
    trains = br.timetable(feed(tmp_path / "f.zip", **PLAIN), date="2026-05-11")  # after a Sunday
    assert {row[0] for row in told(trains) if row[1] == -1} == set()


def test_trains_by_headway_begin_at_their_hour_or_at_the_same_random_one(tmp_path: Path):
    often = {
        "frequencies.txt": "trip_id,start_time,end_time,headway_secs,exact_times\nr1,08:00:00,10:00:00,1800,1\nh1,06:00:00,08:00:00,1200,0\n"
    }
    first, second = (br.timetable(feed(tmp_path / "f.zip", **often), date="2026-05-12") for _ in range(2))
    assert told(first) == told(second)
    begins = [row[4] for row in told(first) if row[:3] == ("r1", 0, "Alpha")]
    assert begins == ["8:00", "8:30", "9:00", "9:30"]
    run = first.calls.groupby("run").first()
    h1 = run[(first.runs["train"] == "h1").to_numpy() & (first.runs["day"] == 0).to_numpy()][
        "depart_s"
    ].to_numpy()
    assert len(h1) == 6
    assert set(h1[1:] - h1[:-1]) == {1200}
    assert 6 * 3600 <= h1[0] < 6 * 3600 + 1200


HEADWAYS = "trip_id,start_time,end_time,headway_secs,exact_times\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("h1,06:00:00,08:00:00,0,0", "above 0, got '0'"),
        ("h1,06:00:00,08:00:00,often,0", "above 0, got 'often'"),
        ("h1,06:00:00,08:00:00,inf,0", "above 0, got 'inf'"),
        ("h1,06:00:00,08:00:00,,0", "above 0, got ''"),
        ("h1,06:00:00,08:00:00,0.001,0", "makes 7,200,000 trains"),
        ("h1,23:00:00,01:00:00,600,0", "go on from 24"),
        ("h1,,08:00:00,600,0", "later end_time, got '' to '08:00:00'"),
        ("h1,06:00,08:00:00,600,0", "HH:MM:SS, got '06:00'"),
    ],
)
def test_headways_that_are_none_are_told_by_their_row(tmp_path: Path, row: str, said: str):
    path = feed(tmp_path / "f.zip", **{"frequencies.txt": f"{HEADWAYS}{row}\n"})
    for read in (br.timetable, br.gtfs_rail_network):
        with pytest.raises(br.BorderReachError) as caught:
            read(path, date="2026-05-12")
        assert "f.zip: frequencies.txt, row 2: " in str(caught.value)
        assert said in str(caught.value)
    # those of trips that aren't taken are nobody's business
    path = feed(tmp_path / "f.zip", **{"frequencies.txt": f"{HEADWAYS}{row.replace('h1', 't1')}\n"})
    br.timetable(path, date="2026-05-12")


def test_trains_by_headway_of_two_rows_are_trains_each(tmp_path: Path):
    """Rows that follow one another, rows that overlap, and one without a moment."""
    for rows, begins in (
        ("h1,06:00:00,08:00:00,3600,1\nh1,08:00:00,09:00:00,1800,1", ["6:00", "7:00", "8:00", "8:30"]),
        ("h1,06:00:00,08:00:00,3600,1\nh1,07:00:00,09:00:00,3600,1", ["6:00", "7:00", "7:00", "8:00"]),
        ("h1,06:00:00,06:00:00,3600,1", []),
    ):
        trains = br.timetable(
            feed(tmp_path / "f.zip", **{"frequencies.txt": f"{HEADWAYS}{rows}\n"}), date="2026-05-12"
        )
        own = [row for row in told(trains) if row[0] == "h1" and row[1] == 0]
        assert sorted(row[4] for row in own if row[2] == "Alpha") == begins
        assert len(own) == 2 * len(begins)
        assert trains.runs.duplicated(["run_id", "day"]).sum() == 0


def test_a_table_passes_midnight_and_takes_a_run_for_its_train():
    trains = br.timetable(
        table(
            ("K1", 1, "Alpha", "--", "23：30"),
            ("K1", 2, "Beta", "23:58", "00:01"),
            ("K1", 3, "Gamma", "00:40", "--"),
        ),
        stations=STATIONS,
    )
    assert trains.date is None
    assert [row for row in told(trains) if row[1] == 0] == [
        ("K1", 0, "Alpha", "23:30", "23:30"),
        ("K1", 0, "Beta", "23:58", "24:01"),
        ("K1", 0, "Gamma", "24:40", "24:40"),
    ]
    assert [row[3] for row in told(trains) if row[1] == -1] == ["-1:30", "-1:58", "0:40"]


def test_headers_and_days_as_people_write_them(tmp_path: Path):
    file = tmp_path / "时刻表.csv"
    file.write_text(
        "车次,站序,站名,到达时间,发车时间,开行日期\n"
        "G1,1,重庆北站,,08:00,2026-05-01/2026-05-03、2026-05-09\n"
        "G1,2,成都东,09:30,,\n"
        "G2,1,成都东,,10:00,每日\n"
        "G2,2,重庆北,11:30,,\n",
        encoding="gbk",
    )
    assert br.timetable(file).date == dt.date(2026, 5, 1)  # the first of the days with most
    for day, n in (("2026-05-03", 2), ("2026-05-04", 1), ("2026-05-09", 2)):
        trains = br.timetable(file, date=day)
        assert int((trains.runs["day"] == 0).sum()) == n, day
        assert set(trains.stations["name"]) == {"重庆北", "成都东"}


def test_a_day_without_trains_says_which_have_some():
    calls = table(
        ("G1", 1, "Alpha", "", "8:00", "2026-05-01"),
        ("G1", 2, "Beta", "9:00", "", ""),
        columns="train stop_no station arrive depart dates",
    )
    with pytest.raises(EmptyInputError, match=r"2026-06-01.*2026-05-01"):
        br.timetable(calls, date="2026-06-01", stations=STATIONS)


GOOD = (("G1", 1, "Alpha", "", "8:00"), ("G1", 2, "Beta", "9:00", ""))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((GOOD[0], ("G1", 2, "Beta", "8 o'clock", "")), "row 3 arrive 8 o'clock"),
        ((GOOD[0], ("G1", 2, "Beta", "25:61", "")), "row 3 arrive 25:61"),
        ((GOOD[0], ("G1", 2, "Beta", "", "")), "row 3 arrive 08:05"),
        ((GOOD[0], ("G1", "second", "Beta", "9:00", "")), "row 3 stop_no second"),
        ((GOOD[0], ("G1", 1, "Beta", "9:00", "")), "row 3 G1 twice"),
        ((GOOD[0], ("G1", 2, "Beta", "7:59", "")), "row 3 G1 backwards"),
        ((GOOD[0], ("", 2, "Beta", "9:00", "")), "row 3 train"),
        ((("G1", 1, "Nowhere", "", "8:00"), ("G1", 2, "Neither", "9:00", "")), "row 2 Nowhere stations"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_its_row(rows: tuple[tuple[Any, ...], ...], words: str):
    with pytest.raises(BorderReachError) as caught:
        br.timetable(table(*rows), stations=STATIONS)
    for word in words.split():
        assert word in str(caught.value)


def test_a_call_at_an_unknown_station_is_left_out_and_told(caplog: pytest.LogCaptureFixture):
    calls = table(*GOOD, ("G1", 3, "Nowhere", "9:30", "9:31"), ("G1", 4, "Gamma", "10:00", ""))
    with caplog.at_level(logging.WARNING):
        trains = br.timetable(calls, stations=STATIONS)
    assert [row[2] for row in told(trains) if row[1] == 0] == ["Alpha", "Beta", "Gamma"]
    assert "Nowhere" in caplog.text
    assert "row 4" in caplog.text
    with pytest.raises(InputError, match="Nowhere"):
        br.timetable(calls, stations=STATIONS, strict=True)


def test_a_misplaced_station_is_found_by_its_trains(caplog: pytest.LogCaptureFixture):
    away = pd.concat([STATIONS, pd.DataFrame({"name": ["Delta"], "lon": [126.0], "lat": [45.0]})])
    rows = [
        row
        for k in range(3)
        for row in (
            (f"G{k}", 1, "Alpha", "", f"{8 + k}:00"),
            (f"G{k}", 2, "Delta", f"{8 + k}:10", f"{8 + k}:11"),
            (f"G{k}", 3, "Beta", f"{8 + k}:20", ""),
        )
    ]
    with caplog.at_level(logging.WARNING):
        trains = br.timetable(table(*rows), stations=away)
    assert "'Delta' seems to lie elsewhere" in caplog.text
    assert set(trains.stations["name"]) == {"Alpha", "Beta"}
    with pytest.raises(DataFileError, match="Delta"):
        br.timetable(table(*rows), stations=away, strict=True)


def test_a_run_with_a_wrong_time_is_left_out_and_its_stations_stay(caplog: pytest.LogCaptureFixture):
    rows = [
        *(row for k in range(4) for row in ((f"G{k}", 1, "Alpha", "", f"{8 + k}:00"), (f"G{k}", 2, "Beta", f"{8 + k}:20", ""))),
        ("X1", 1, "Alpha", "", "8:00"),
        ("X1", 2, "Beta", "8:01", ""),
    ]  # fmt: skip
    with caplog.at_level(logging.WARNING):
        trains = br.timetable(table(*rows), stations=STATIONS)
    assert "row 11" in caplog.text
    assert set(trains.runs["train"]) == {"G0", "G1", "G2", "G3"}


@st.composite
def runs(draw: st.DrawFn) -> list[list[tuple[int, int, int]]]:
    """Runs of calls: station, arrival and departure in minutes, no train faster than it could be."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        now = draw(st.integers(0, 23 * 60))
        run = []
        for station in draw(st.lists(st.integers(0, 2), min_size=2, max_size=5)):
            leaves = now + draw(st.integers(0, 30))
            run.append((station, now, leaves))
            now = leaves + draw(st.integers(20, 5 * 60))
        run[0] = (run[0][0], run[0][2], run[0][2])
        run[-1] = (run[-1][0], run[-1][1], run[-1][1])
        found.append(run)
    return found


@settings(max_examples=chance.examples(25))
@given(trains=runs())
def test_a_table_and_a_feed_of_the_same_trains_give_the_same_calls(
    tmp_path_factory: pytest.TempPathFactory, trains: list[list[tuple[int, int, int]]]
):
    names = STATIONS["name"].tolist()
    by_table = br.timetable(
        table(
            *(
                (f"T{k}", n, names[station], clock(60 * (arrive % 1440)), clock(60 * (leave % 1440)))
                for k, run in enumerate(trains)
                for n, (station, arrive, leave) in enumerate(run)
            )
        ),
        stations=STATIONS,
    )
    calls = "".join(
        f"T{k},{clock(60 * arrive)}:00,{clock(60 * leave)}:00,{'ABC'[station]},{n}\n"
        for k, run in enumerate(trains)
        for n, (station, arrive, leave) in enumerate(run)
    )
    tables = {
        "stops.txt": FEED["stops.txt"],
        "routes.txt": "route_id,route_type\nR,2\n",
        "trips.txt": "route_id,service_id,trip_id\n" + "".join(f"R,all,T{k}\n" for k in range(len(trains))),
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + calls,
        "calendar.txt": FEED["calendar.txt"].splitlines()[0] + "\nall,1,1,1,1,1,1,1,20260101,20261231\n",
        "calendar_dates.txt": None,
        **PLAIN,
    }
    by_feed = br.timetable(feed(tmp_path_factory.mktemp("feed") / "f.zip", **tables), date="2026-05-12")
    assert sorted(told(by_feed)) == sorted(told(by_table))
