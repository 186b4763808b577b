"""A network saved with its trains comes back as it was; damaged ones end in an error of ours or in a network."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import borderreach as br
from borderreach.geo.networks import stored_network, write_network

from ... import chance
from .test_timetable import GOOD, STATIONS, table

PLACES = [(106.0, 29.0), (106.5, 29.0), (107.0, 29.0)]


def joined(**options: Any) -> br.TimetableNetwork:
    road = br.build_network(
        [106.0, 106.5, 107.0], [29.0] * 3, br.Links([0, 1], [1, 2], [49e3, 49e3], [3600.0, 3600.0])
    )
    return br.timetable_network(road, br.timetable(table(*GOOD), stations=STATIONS), **options)


def same(one: br.TransportNetwork, other: br.TransportNetwork) -> None:
    assert isinstance(one, br.TimetableNetwork)
    assert isinstance(other, br.TimetableNetwork)
    for name in (field.name for field in dataclasses.fields(br.TimetableNetwork)):
        a, b = getattr(one, name), getattr(other, name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, name
            # stations come in the order of their trains; their nodes are compared below
            assert np.array_equal(a, b) or name in ("hall", "entrance", "way_out"), name
        elif name != "timetable":
            assert a == b, name
    nodes = [
        dict(
            zip(
                net.timetable.stations["station_id"],
                zip(*(getattr(net, name).tolist() for name in ("hall", "entrance", "way_out")), strict=True),
                strict=True,
            )
        )
        for net in (one, other)
    ]
    assert nodes[0] == nodes[1]


@pytest.mark.parametrize("mapped", [False, True])
def test_it_comes_back_as_it_was(tmp_path: Path, mapped: bool):
    rules = br.TransferRules(boarding_min=7.5, station_access_km=3.0)
    network = joined(statistic="p90", window=("06:00", "22:00"), rules=rules, station_reach_min=45)
    path = br.save_network(network, tmp_path / "joined")
    again = br.open_network(path, mapped=mapped)
    same(network, again)
    for one, other in ((network, again), (network.reverse, again.reverse)):
        before, after = (br.travel_times(net, PLACES, PLACES) for net in (one, other))
        pd.testing.assert_frame_equal(after, before)
    line = br.isochrones(again, PLACES[0], cutoffs_min=[60])
    assert line["statistic"].tolist() == ["p90"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(line), pd.DataFrame(br.isochrones(network, PLACES[0], cutoffs_min=[60]))
    )
    same(again, br.open_network(br.save_network(again, tmp_path / "again")))


def test_a_reverse_and_one_with_planned_trains_come_back(tmp_path: Path):
    network = joined()
    back = br.open_network(br.save_network(network.reverse, tmp_path / "back"))
    assert isinstance(back, br.TimetableNetwork)
    assert back.backwards
    stops = [
        {"name": name, "lon": lon, "lat": 29.0, "kind": "station", "position": "existing"}
        for name, lon in (("甲", 106.0), ("乙", 107.0))
    ]
    facts: dict[str, Any] = {
        "name": "甲乙线", "mode": "rail", "status": "planned", "status_date": "2024-01-01", "stops": stops,
    }  # fmt: skip
    planned = br.Corridor(id="line", design_speed_kph=350, **facts)
    more = br.add_corridors(network, planned)
    again = br.open_network(br.save_network(more, tmp_path / "more"))
    same(more, again)
    pd.testing.assert_frame_equal(
        br.travel_times(again, PLACES, PLACES), br.travel_times(more, PLACES, PLACES)
    )


def test_roads_alone_are_saved_as_they_were(tmp_path: Path):
    road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    content = br.save_network(road, tmp_path / "road").read_bytes()
    assert int.from_bytes(content[8:12], "little") == 1
    assert type(br.open_network(tmp_path / "road")) is br.TransportNetwork


def test_what_goes_with_no_trains_is_refused(tmp_path: Path):
    network, beside = stored_network(br.save_network(joined(), tmp_path / "joined"))
    said = json.loads(beside["departures"])
    first = next(iter(said["nodes"]))
    wrong: dict[str, Any]
    for wrong in (
        {"statistic": "often"},
        {"window": ["19:00", "07:00"]},
        {"rules": {"boarding_min": -1}},
        {"rules": {"speed": 3}},
        {"station_reach_min": "far"},
        {"nodes": {}},
        {"nodes": {**said["nodes"], first: [0, 1]}},
        {"nodes": {**said["nodes"], first: [0, 1, network.n_nodes]}},
        {"nodes": {**said["nodes"], first: [0, 1, -1]}},
        {"nodes": {**said["nodes"], "other": [0, 1, 2]}},
    ):
        text = json.dumps({**said, **wrong}).encode()
        path = write_network(network, tmp_path / "wrong", beside={**beside, "departures": text})
        with pytest.raises(br.BorderReachError, match="damaged in its trains"):
            br.open_network(path)
    path = write_network(network, tmp_path / "wrong", beside={"ferries": b""})
    with pytest.raises(br.BorderReachError, match="holds ferries"):
        br.open_network(path)


@settings(max_examples=chance.examples(60))
@given(data=st.data())
def test_a_damaged_file_ends_in_an_error_of_ours_or_in_a_network(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    path = br.save_network(joined(), tmp_path_factory.mktemp("damaged") / "joined")
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        found = br.open_network(path)
    except br.BorderReachError:
        return
    assert isinstance(found, br.TransportNetwork)
