"""GTFS feeds: a small one worked out by hand, and damaged ones."""

import csv
import datetime as dt
import io
import math
import zipfile
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

import borderreach as br
from borderreach.geo.errors import BorderReachError, DataFileError, EmptyInputError, InputError
from borderreach.geo.timetables._gtfs import gtfs_rail_network

from ... import chance

GEOD = Geod(ellps="WGS84")
FEED = {
    "stops.txt": """stop_id,stop_name,stop_lat,stop_lon,parent_station
A,Alpha,29.0,106.0,
A1,Alpha track 1,29.0,106.0,A
A2,Alpha track 2,29.0,106.0,A
B,Beta,29.0,106.5,
C,Gamma,29.0,107.0,
T,Tram stop,0,0,
""",
    "routes.txt": """route_id,route_type
R,2
H,101
T,0
""",
    "trips.txt": """route_id,service_id,trip_id
R,week,r1
R,week,r2
R,sunday,r3
H,week,h1
T,week,t1
""",
    "stop_times.txt": """trip_id,arrival_time,departure_time,stop_id,stop_sequence
r1,08:00:00,08:00:00,A1,1
r1,08:20:00,08:22:00,B,5
r1,08:50:00,08:50:00,C,9
r2,24:50:00,24:50:00,C,1
r2,,,B,2
r2,25:45:00,25:45:00,A2,3
r3,09:00:00,09:00:00,A1,1
r3,09:10:00,09:10:00,B,2
h1,10:00:00,10:00:00,A1,1
h1,10:40:00,10:40:00,C,2
t1,10:00:00,10:00:00,T,1
t1,10:10:00,10:10:00,B,2
""",
    "calendar.txt": """service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
week,1,1,1,1,1,0,0,20260101,20261231
sunday,0,0,0,0,0,0,1,20260101,20261231
""",
    "calendar_dates.txt": """service_id,date,exception_type
week,20260501,2
sunday,20260501,1
""",
    "frequencies.txt": """trip_id,start_time,end_time,headway_secs
h1,06:00:00,22:00:00,1800
""",
}


def feed(path, **changes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**FEED, **changes}.items():
            if text is not None:
                archive.writestr(name, text)
    return path


def minutes(network):
    names = network.node_names
    return {
        (names[a], names[b], network.classes[line]): time / 60_000
        for a, b, line, time in zip(
            network.arc_tail.tolist(),
            network.arc_head.tolist(),
            network.arc_class,
            network.arc_time_ms,
            strict=True,
        )
    }


def both_ways(table):
    return {**table, **{(b, a, line): time for (a, b, line), time in table.items()}}


def test_runs_and_frequencies_of_a_weekday(tmp_path):
    network = gtfs_rail_network(feed(tmp_path / "f.zip"), date="2026-03-03")
    assert minutes(network) == both_ways(
        {
            ("Alpha", "Beta", "R"): 20,
            ("Beta", "Gamma", "R"): 27.5,  # the night train is timed at its ends alone: half of 55
            ("Alpha", "Gamma", "H"): 40,
        }
    )
    number = {name: node for node, name in network.node_names.items()}
    assert network.departures_per_day[number["Alpha"], number["Gamma"], "H"] == 32
    assert network.departures_per_day[number["Alpha"], number["Beta"], "R"] == 1
    assert "2026-03-03" in network.provenance["rail"]
    assert set(network.node_names.values()) == {"Alpha", "Beta", "Gamma"}


def test_days_and_route_types(tmp_path):
    path = feed(tmp_path / "f.zip")
    holiday = gtfs_rail_network(path, date="2026-05-01")
    assert minutes(holiday) == both_ways({("Alpha", "Beta", "R"): 10})
    busiest = gtfs_rail_network(path)
    assert "2026-01-01" in busiest.provenance["rail"]  # a Thursday, the first day with four trips
    trams = gtfs_rail_network(path, date="2026-03-03", route_types=[0])
    assert minutes(trams) == both_ways({("Tram stop", "Beta", "T"): 10})
    with pytest.raises(EmptyInputError, match="2027"):
        gtfs_rail_network(path, date="2027-01-01")
    with pytest.raises(EmptyInputError):
        gtfs_rail_network(path, date="2026-03-03", route_types=[4])
    with pytest.raises(InputError, match="'date'"):
        gtfs_rail_network(path, date="today")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stops.txt": None}, "no stops.txt"),
        ({"stop_times.txt": "trip_id,stop_id\nr1,A\n"}, "stop_times.txt lacks"),
        ({"calendar.txt": None, "calendar_dates.txt": None}, "neither"),
        ({"stop_times.txt": FEED["stop_times.txt"].replace("08:20:00", "8h20")}, "8h20"),
        (
            {"stop_times.txt": FEED["stop_times.txt"].replace("08:50:00,08:50:00", "07:50:00,07:50:00")},
            "before",
        ),
        (
            {
                "stop_times.txt": FEED["stop_times.txt"].replace(
                    "r1,08:20:00,08:22:00,B", "r1,08:20:00,08:22:00,Q"
                )
            },
            "'Q'",
        ),
        ({"stops.txt": FEED["stops.txt"].replace("C,Gamma,29.0", "C,Gamma,north")}, "'C'"),
        ({"stops.txt": FEED["stops.txt"].replace("B,Beta,29.0,106.5,", "B,Beta,29.0,106.5,Z")}, "'Z'"),
        ({"calendar.txt": FEED["calendar.txt"].replace("20260101", "1 Jan")}, "1 Jan"),
        ({"frequencies.txt": FEED["frequencies.txt"].replace("1800", "0")}, "headway"),
        ({"stops.txt": ""}, "stops.txt"),
    ],
)
def test_errors_say_what_is_wrong_with_the_feed(tmp_path, changes, said):
    with pytest.raises(DataFileError, match=said):
        gtfs_rail_network(feed(tmp_path / "f.zip", **changes))


def test_no_file_no_zip_and_a_zip_cut_short(tmp_path):
    with pytest.raises(DataFileError, match="no GTFS feed"):
        gtfs_rail_network(tmp_path / "none.zip")
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(DataFileError, match="zip"):
        gtfs_rail_network(tmp_path / "text.zip")
    whole = feed(tmp_path / "f.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataFileError, match="zip"):
        gtfs_rail_network(tmp_path / "cut.zip")


def test_a_directory_that_asks_for_another_zip_or_names_files_in_no_encoding(tmp_path):
    whole = feed(tmp_path / "f.zip").read_bytes()
    entry = whole.index(b"PK\x01\x02")
    for at, byte in ((entry + 6, 84), (entry + 9, 0x08)):  # version needed; the flag of UTF-8 names
        bad = bytearray(whole)
        bad[at] = byte
        bad[entry + 46] = 0xFF  # the first letter of the name
        (tmp_path / "bad.zip").write_bytes(bad)
        with pytest.raises(DataFileError, match="zip"):
            gtfs_rail_network(tmp_path / "bad.zip")


def test_members_with_path_tricks_are_neither_read_nor_written(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    path = feed(folder / "f.zip", **{"../evil.txt": "x", "/etc/evil.txt": "x"})
    before = sorted(tmp_path.rglob("*"))
    assert gtfs_rail_network(path, date="2026-03-03").n_nodes == 3
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(DataFileError, match=r"no stops\.txt"):
        gtfs_rail_network(feed(folder / "g.zip", **{"stops.txt": None, "../stops.txt": FEED["stops.txt"]}))


@settings(max_examples=chance.examples(80), deadline=None)
@given(data=st.data())
def test_damaged_feeds_end_in_a_clear_error_or_a_network(tmp_path, data):
    buffer = io.BytesIO()
    feed(buffer)
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] ^= data.draw(st.integers(1, 255))
    raw = raw[: data.draw(st.integers(1, len(raw)))] if data.draw(st.booleans()) else raw
    path = tmp_path / "bad.zip"
    path.write_bytes(bytes(raw))
    try:
        network = gtfs_rail_network(path, date="2026-03-03")
    except BorderReachError as error:
        assert str(error)  # noqa: PT017 - either way out is right
    else:
        assert network.n_nodes >= 2


CALLS = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
ONE_TRIP = {"trips.txt": "route_id,service_id,trip_id\nR,week,r1\n", "frequencies.txt": None}


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        # only a departure at the first stop, only an arrival at the last
        ("r1,,08:00:00,A,1\nr1,08:20:00,08:21:00,B,2\nr1,08:45:00,,C,3\n", {"AB": 20, "BC": 24}),
        ("r1,,08:00:00,A,1\nr1,08:45:00,,C,2\n", {"AC": 45}),
        # untimed in between: Beta lies half way
        ("r1,08:00:00,08:00:00,A,1\nr1,,,B,2\nr1,08:45:00,08:45:00,C,3\n", {"AB": 22.5, "BC": 22.5}),
        # a row that stands there twice is one
        ("r1,08:00:00,08:00:00,A,1\n" * 2 + "r1,08:45:00,08:45:00,C,3\n", {"AC": 45}),
        # no time before the first timed stop: that stop is lost, and the log says so
        ("r1,,,A,1\nr1,08:20:00,08:21:00,B,2\nr1,08:45:00,08:45:00,C,3\n", {"BC": 24}),
    ],
)
def test_stops_with_one_time_or_none(tmp_path, calls, expected):
    names = dict(zip("ABC", ("Alpha", "Beta", "Gamma"), strict=True))
    network = gtfs_rail_network(
        feed(tmp_path / "f.zip", **ONE_TRIP, **{"stop_times.txt": CALLS + calls}), date="2026-03-03"
    )
    assert minutes(network) == both_ways({(names[a], names[b], "R"): m for (a, b), m in expected.items()})


def test_a_stop_where_nobody_gets_on_or_off_is_passed(tmp_path):
    calls = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
        "r1,08:00:00,08:00:00,A,1,0,1\nr1,08:20:00,08:25:00,B,2,1,1\nr1,08:45:00,08:45:00,C,3,1,0\n"
    )
    network = gtfs_rail_network(
        feed(tmp_path / "f.zip", **ONE_TRIP, **{"stop_times.txt": calls}), date="2026-03-03"
    )
    assert minutes(network) == both_ways({("Alpha", "Gamma", "R"): 45})


@pytest.mark.parametrize(
    ("table", "row", "other"),
    [
        ("trips.txt", "R,week,r1\n", "R,sunday,r1\n"),
        ("stops.txt", "B,Beta,29.0,106.5,\n", "B,Beta,29.0,106.6,\n"),
        ("routes.txt", "R,2\n", "R,101\n"),
        ("stop_times.txt", "r1,08:20:00,08:22:00,B,5\n", "r1,08:30:00,08:32:00,C,5\n"),
    ],
)
def test_an_id_twice_is_one_or_an_error_that_names_it(tmp_path, table, row, other):
    whole = minutes(gtfs_rail_network(feed(tmp_path / "f.zip"), date="2026-03-03"))
    same = feed(tmp_path / "same.zip", **{table: FEED[table] + row})
    assert minutes(gtfs_rail_network(same, date="2026-03-03")) == whole
    apart = feed(tmp_path / "apart.zip", **{table: FEED[table] + other})
    with pytest.raises(DataFileError, match=rf"{table} has \w+ '\w+'.* more than once"):
        gtfs_rail_network(apart, date="2026-03-03")


WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def random_feed(seed: int) -> dict[str, str]:
    """Services with weekdays, spans and exceptions; trips with calls, some without times; frequencies."""
    rng = np.random.default_rng(seed)
    start = dt.date(2026, 1, 1)

    def day(low=0, high=60):
        return (start + dt.timedelta(days=int(rng.integers(low, high)))).strftime("%Y%m%d")

    services = [f"s{k}" for k in range(4)]
    calendar, dates, trips, calls, often = [], set(), [], [], []
    for name in services:
        days = ",".join(str(int(flag)) for flag in rng.random(7) < 0.6)
        calendar.append(f"{name},{days},{day(0, 20)},{day(20, 60)}")
        for stamp in {day() for _ in range(int(rng.integers(0, 9)))}:
            dates.add(f"{name},{stamp},{int(rng.integers(1, 3))}")
    for k in range(12):
        trip, service = f"t{k}", services[int(rng.integers(4))]
        trips.append(f"{'RH'[int(rng.integers(2))]},{service},{trip}")
        at = int(rng.integers(5 * 60, 25 * 60))
        stops = rng.permutation(list("ABCDE"))[: int(rng.integers(2, 6))]
        for place, stop in enumerate(stops):
            arrive, at = at, at + int(rng.integers(0, 4))
            come, go = (f"{t // 60:02d}:{t % 60:02d}:00" for t in (arrive, at))
            if place == 0 and rng.random() < 0.4:
                come = ""
            if place == len(stops) - 1 and rng.random() < 0.4:
                go = ""
            if 0 < place < len(stops) - 1 and rng.random() < 0.4:
                come = go = ""
            calls.append(f"{trip},{come},{go},{stop},{place * 3}")
            at += int(rng.integers(2, 60))
        if rng.random() < 0.3:
            often.append(f"{trip},06:00:00,{int(rng.integers(7, 24)):02d}:10:00,1800")
    head = {name: text.split("\n", 1)[0] + "\n" for name, text in FEED.items()}
    rows = {
        "stops.txt": [f"{s},{s},29.{k},106.{k}," for k, s in enumerate("ABCDE")],
        "routes.txt": ["R,2", "H,101"],
        "trips.txt": trips,
        "stop_times.txt": rng.permutation(calls).tolist(),
        "calendar.txt": calendar,
        "calendar_dates.txt": sorted(dates),
        "frequencies.txt": often,
    }
    return {name: head[name] + "".join(f"{row}\n" for row in rows[name]) for name in FEED}


def reduced(tables: dict[str, str]) -> tuple[dt.date, dict[tuple[str, str, str], tuple[float, float]]]:
    """The busiest day and, by line and pair of stations, minutes and trains: row by row, from the specification."""
    read = {name: list(csv.DictReader(io.StringIO(text))) for name, text in tables.items()}

    def runs(trip: str) -> float:
        found = [row for row in read["frequencies.txt"] if row["trip_id"] == trip]
        seconds = [clock(r["end_time"]) - clock(r["start_time"]) for r in found]
        if not found:
            return 1
        return sum(math.ceil(s * 60 / int(r["headway_secs"])) for s, r in zip(seconds, found, strict=True))

    def clock(text: str) -> float:
        hours, minutes_, seconds = (int(part) for part in text.split(":"))
        return hours * 60 + minutes_ + seconds / 60

    def runs_on(service: str, day: dt.date) -> bool:
        stamp = day.strftime("%Y%m%d")
        for row in read["calendar_dates.txt"]:
            if row["service_id"] == service and row["date"] == stamp:
                return row["exception_type"] == "1"
        return any(
            row["service_id"] == service
            and row["start_date"] <= stamp <= row["end_date"]
            and row[WEEK[day.weekday()]] == "1"
            for row in read["calendar.txt"]
        )

    def trains(day: dt.date) -> float:
        return sum(runs(row["trip_id"]) for row in read["trips.txt"] if runs_on(row["service_id"], day))

    days = [dt.date(2025, 12, 25) + dt.timedelta(days=k) for k in range(90)]
    busiest = max(days, key=lambda day: (trains(day), -day.toordinal()))
    place = {row["stop_id"]: (float(row["stop_lon"]), float(row["stop_lat"])) for row in read["stops.txt"]}
    fastest: dict[tuple[str, str, str], float] = {}
    number: dict[tuple[str, str, str], float] = {}
    for trip in read["trips.txt"]:
        if not runs_on(trip["service_id"], busiest):
            continue
        calls = [row for row in read["stop_times.txt"] if row["trip_id"] == trip["trip_id"]]
        calls.sort(key=lambda row: int(row["stop_sequence"]))
        times: list[Any] = []
        for row in calls:
            come, go = (
                row["arrival_time"] or row["departure_time"],
                row["departure_time"] or row["arrival_time"],
            )
            times.append([clock(come), clock(go)] if come else None)
        far = [0.0]
        for one, two in pairwise(calls):
            far.append(far[-1] + GEOD.inv(*place[one["stop_id"]], *place[two["stop_id"]])[2])
        for k in range(len(times)):
            if times[k] is None:
                low = max(j for j in range(k) if calls[j]["arrival_time"] or calls[j]["departure_time"])
                high = min(j for j in range(k, len(times)) if times[j] is not None)
                share = (far[k] - far[low]) / (far[high] - far[low])
                at = times[low][1] + share * (times[high][0] - times[low][1])
                times[k] = [at, at]
        for k in range(len(calls) - 1):
            key = (trip["route_id"], calls[k]["stop_id"], calls[k + 1]["stop_id"])
            taken = max(times[k + 1][0] - times[k][1], 0.5)
            fastest[key] = min(fastest.get(key, math.inf), taken)
            number[key] = number.get(key, 0) + runs(trip["trip_id"])
    found = {}
    for line, a, b in fastest:
        there, back = (line, a, b), (line, b, a)
        found[line, min(a, b), max(a, b)] = (
            min(fastest[there], fastest.get(back, math.inf)),
            max(number[there], number.get(back, 0)),
        )
    return busiest, found


@settings(max_examples=chance.examples(25))
@given(st.integers(0, 2**32 - 1))
def test_a_feed_is_reduced_as_the_specification_says(tmp_path, seed: int):
    tables = random_feed(seed)
    day, expected = reduced(tables)
    network = gtfs_rail_network(feed(tmp_path / "f.zip", **tables))
    assert f", {day};" in network.provenance["rail"]
    names = network.node_names
    found = {}
    for (a, b, line), trains in network.departures_per_day.items():
        arcs = np.arange(network.arc_start[a], network.arc_start[a + 1])
        kind = np.array([network.classes[code] for code in network.arc_class[arcs]])
        (arc,) = arcs[(network.arc_head[arcs] == b) & (kind == line)]
        key = (line, min(names[a], names[b]), max(names[a], names[b]))
        found[key] = (network.arc_time_ms[arc] / 60_000, trains)
    assert found.keys() == expected.keys()
    for key, (taken, trains) in expected.items():
        assert found[key] == pytest.approx((taken, trains), abs=1e-4), key


@pytest.mark.slow
def test_many_feeds_are_reduced_as_the_specification_says(tmp_path):
    for seed in range(10_000, 10_200):
        test_a_feed_is_reduced_as_the_specification_says.hypothesis.inner_test(tmp_path, seed)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("table", "old", "new", "words"),
    [
        ("stop_times.txt", "r1,08:20:00,08:22:00,B,5", "r1,08:20:00,08:22:00,X,5", "stop_times.txt, row 3: the stop 'X'"),
        ("stop_times.txt", "r1,08:20:00,08:22:00,B,5", "r1,08:20,08:22:00,B,5", "stop_times.txt, row 3: expected a time as HH:MM:SS, got '08:20'"),
        ("stop_times.txt", "r1,08:20:00,08:22:00,B,5", "r1,08:20:00,08:22:00,B,five", "stop_times.txt, row 3: stop_sequence should be a number, got 'five'"),
        ("stop_times.txt", "r1,08:20:00,08:22:00,B,5", "r1,07:20:00,07:22:00,B,5", "stop_times.txt, row 3"),
        ("stop_times.txt", "h1,10:40:00,10:40:00,C,2", "h1,10:02:00,10:02:00,C,2", "stop_times.txt, row 11, trip 'h1'.*km/h"),
        ("stop_times.txt", "r1,08:50:00,08:50:00,C,9", "r1,08:50:00,08:50:00,C,5", "stop_times.txt has trip_id 'r1' and stop_sequence '5' more than once.* row 4"),
        ("stops.txt", "B,Beta,29.0,106.5,", "B,Beta,106.5,29.0,", "stops.txt, row 5: 'B' lies at"),
        ("stops.txt", "A2,Alpha track 2,29.0,106.0,A", "A2,Alpha track 2,29.0,106.0,Z", "stops.txt, row 4: the parent station 'Z'"),
        ("calendar.txt", "20260101,20261231\nsunday", "2026-01-01,20261231\nsunday", "calendar.txt, row 2: expected a date as YYYYMMDD, got '2026-01-01'"),
        ("calendar_dates.txt", "week,20260501,2", "week,20260501,3", "calendar_dates.txt, row 2: exception_type should be 1 or 2, got '3'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_feed_is_named_by_file_and_row(tmp_path, table, old, new, words):
    assert old in FEED[table]
    path = feed(tmp_path / "wrong.zip", **{table: FEED[table].replace(old, new)})
    date = "2026-05-01" if table == "calendar_dates.txt" else None
    with pytest.raises(BorderReachError, match=f"wrong.zip.*{words}"):
        br.timetable(path, strict=True, date=date)


def test_a_feed_in_a_folder_or_in_another_encoding_is_told(tmp_path):
    path = tmp_path / "inside.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in FEED.items():
            archive.writestr(f"feed/{name}", text)
    with pytest.raises(BorderReachError, match=r"inside.zip has no stops.txt at its top level"):
        br.timetable(path)
    with zipfile.ZipFile(tmp_path / "gbk.zip", "w") as archive:
        for name, text in FEED.items():
            archive.writestr(name, text.replace("Beta", "贝塔").encode("gbk"))
    with pytest.raises(BorderReachError, match=r"gbk.zip: stops.txt"):
        br.timetable(tmp_path / "gbk.zip")
