"""GTFS feeds: a small one worked out by hand, and damaged ones."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.errors import BorderReachError, DataFileError, EmptyInputError, InputError
from borderreach.geo.networks._gtfs import gtfs_rail_network

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
            ("Beta", "Gamma", "R"): 28,
            ("Alpha", "Gamma", "R"): 55,  # the night train's stop at Beta has no time
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


@settings(max_examples=80, deadline=None)
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
