"""A saved timetable comes back as it was; damaged ones end in a clear error or in a timetable."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import borderreach as br

from ... import chance
from .test_gtfs import feed
from .test_timetable import GOOD, PLAIN, STATIONS, table, told


def test_it_comes_back_as_it_was(tmp_path: Path):
    trains = br.timetable(feed(tmp_path / "f.zip", **PLAIN), date="2026-05-12")
    path = br.save_timetable(trains, tmp_path / "t.parquet")
    again = br.open_timetable(path)
    assert sorted(told(again)) == sorted(told(trains))
    assert (again.date, dict(again.provenance)) == (trains.date, dict(trains.provenance))
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    road = br.build_network([106.0, 106.5], [29.0, 29.0], br.Links([0], [1], [49e3], [3600.0]))
    before, after = (br.timetable_times(road, one, (106.0, 29.0), (106.5, 29.0)) for one in (trains, again))
    pd.testing.assert_frame_equal(after, before)
    # any reader of Parquet understands it
    assert set(pd.read_parquet(path)["station"]) == {"Alpha", "Beta", "Gamma"}


def test_what_is_no_saved_timetable_says_so(tmp_path: Path):
    with pytest.raises(br.BorderReachError, match="no file"):
        br.open_timetable(tmp_path / "none.parquet")
    other = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(other)
    with pytest.raises(br.BorderReachError, match="isn't a timetable"):
        br.open_timetable(other)
    with pytest.raises(br.BorderReachError, match="folder"):
        br.save_timetable(br.timetable(table(*GOOD), stations=STATIONS), tmp_path)


@settings(max_examples=chance.examples(60))
@given(data=st.data())
def test_a_damaged_file_ends_in_an_error_of_ours_or_in_a_timetable(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    folder = tmp_path_factory.mktemp("damaged")
    path = br.save_timetable(br.timetable(table(*GOOD), stations=STATIONS), folder / "t.parquet")
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        found = br.open_timetable(path)
    except br.BorderReachError:
        return
    assert isinstance(found, br.Timetable)
