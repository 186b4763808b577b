"""What a corridor leaves unsaid: not top speed without boarding, but what lines of its kind have."""

from __future__ import annotations

import datetime as dt
import logging

import numpy as np
import pytest
import shapely

from borderreach.analysis.corridors import add_corridors, corridor_segments, corridors, read_corridors
from borderreach.analysis.corridors._assumptions import ASSUMABLE, assumed_values
from borderreach.analysis.corridors._files import Corridor, resolve_corridors
from borderreach.analysis.study_file import Study
from borderreach.analysis.times import travel_times
from borderreach.geo.crs import ELLIPSOID
from borderreach.geo.errors import ConfigError
from borderreach.geo.networks import Links, build_network, rail_sections

REQUIRED = """\
[[corridor]]
id = "new-line"
name = "新线"
mode = "{mode}"
status = "planned"
status_date = 2025-01-01
design_speed_kph = {speed}
{more}stops = [
  {{ name = "甲", lon = 105.0, lat = 29.0, kind = "{kind}", position = "approximate" }},
  {{ name = "乙", lon = 106.0, lat = 29.0, kind = "{kind}", position = "approximate" }},
]
"""


def read(tmp_path, *, mode="rail", speed=350, more="", kind="station"):
    file = tmp_path / "c.toml"
    file.write_text(REQUIRED.format(mode=mode, speed=speed, more=more, kind=kind), encoding="utf-8")
    (one,) = read_corridors(file)
    return one


def test_a_railway_with_the_required_keys_runs_as_open_ones_do(tmp_path):
    one = read(tmp_path)
    table = rail_sections()
    table = table[(table["design_speed_kph"] == 350) & (table["minutes_kind"] != "estimated")]
    sums = table[table["status"] == "open"].groupby("line_id")[["length_km", "minutes"]].sum()
    shares = sums["length_km"] / sums["minutes"] * 60 / 350
    assert one.speed_factor == pytest.approx(shares.median(), abs=0.005)
    assert (one.board_min, one.alight_min, one.stop_penalty_min) == (10, 5, 3)
    trains = rail_sections().query("design_speed_kph == 350 and status == 'open'")["trains_per_day"].median()
    trains = np.round(trains)
    assert one.trains_per_day == trains
    # half of the headway in a day of 16 hours, more where many leave
    assert one.wait_min == pytest.approx(16 * 60 / trains / 2 * (trains / 14) ** 0.2)
    assert set(one.assumed) == {*ASSUMABLE, "sinuosity"}
    # 97.4 km on the ellipsoid, a fifth longer on the ground
    assert corridor_segments([one])["run_min"].item() == pytest.approx(
        97.437 * 1.2 / (350 * one.speed_factor) * 60, rel=1e-3
    )


def test_what_is_given_isn_t_assumed(tmp_path):
    given = "speed_factor = 1.0\nstop_penalty_min = 0\nboard_min = 0\nalight_min = 0\ntrains_per_day = 90\nlength_km = 110\n"
    one = read(tmp_path, more=given)
    assert one.assumed == ()
    assert (one.speed_factor, one.board_min, one.trains_per_day) == (1.0, 0.0, 90.0)
    part = read(tmp_path, more="board_min = 3\n")
    assert part.board_min == 3
    assert "board_min" not in part.assumed
    assert "speed_factor" in part.assumed


def test_nobody_waits_where_one_says_so():
    one = Corridor.model_validate({**read_plain(), "trains_per_day": None})
    assert one.wait_min == 0
    assert "trains_per_day" not in one.assumed


def read_plain():
    stop = {"kind": "station", "position": "existing", "lat": 29.0}
    return {
        "id": "x", "name": "x", "mode": "rail", "status": "open", "status_date": dt.date(2024, 1, 1),
        "design_speed_kph": 250, "stops": [{"name": "a", "lon": 105.0, **stop}, {"name": "b", "lon": 106.0, **stop}],
    }  # fmt: skip


@pytest.mark.parametrize("speed", [40, 100, 160, 200, 225, 250, 300, 350, 400])
@pytest.mark.parametrize("mode", ["rail", "road", "air"])
def test_every_mode_and_speed_has_values_that_can_be(mode, speed):
    values = assumed_values(mode, float(speed))
    assert 0.4 < values["speed_factor"] <= 1
    if mode == "rail":
        assert values["speed_factor"] < 0.95
        assert set(values) == set(ASSUMABLE)
    if mode != "road":
        assert values["board_min"] > 0


def test_embedded_corridors_take_nothing_that_their_files_do_not_say():
    """But for the flights, whose files leave the speed alone."""
    assumed = {one.id: set(one.assumed) - {"sinuosity"} for one in resolve_corridors(None)}
    assert {name for name, keys in assumed.items() if keys} == {
        "low-altitude-north-south",
        "low-altitude-east-west",
    }
    assert {key for keys in assumed.values() for key in keys} == {"speed_factor"}


def test_the_gain_is_not_that_of_a_line_without_stations(tmp_path):
    road = build_network(
        [105.0, 106.0],
        [29.0, 29.0],
        Links([0], [1], [97_437.0], [7200.0]),
        access_speed_kph=25,
        max_access_km=5,
    )
    one = read(tmp_path)
    bare = Corridor.model_validate(
        {
            **dict(one),
            "speed_factor": 1.0,
            "stop_penalty_min": 0,
            "board_min": 0,
            "alight_min": 0,
            "trains_per_day": None,
        }
    )
    ends = [(105.0, 29.0)], [(106.0, 29.0)]
    taken, free = (
        travel_times(add_corridors(road, [x]), *ends)["travel_time_min"].item() for x in (one, bare)
    )
    run = 97.437 * 1.2 / 350 * 60
    assert free == pytest.approx(run, rel=1e-3)
    assert taken == pytest.approx(run / one.speed_factor + 10 + 5 + one.wait_min, rel=1e-3)


def test_a_longer_line_is_cut_to_the_corridor(tmp_path):
    track = "geometry = [[103.0, 29.0], [104.0, 29.0], [107.0, 29.0], [107.0, 30.0]]\n"
    one = read(tmp_path, more=track)
    assert one.line.equals_exact(shapely.LineString([(105, 29), (106, 29)]), 1e-4)
    drawn = np.array(corridors([one]).geometry.item().coords)
    assert ELLIPSOID.line_length(drawn[:, 0], drawn[:, 1]) / 1000 == pytest.approx(
        one.lengths_km.sum(), rel=1e-3
    )
    back = read(tmp_path, more=track.replace("[[103.0, 29.0], [104.0, 29.0], [107.0, 29.0], [107.0, 30.0]]",
        "[[107.0, 30.0], [107.0, 29.0], [104.0, 29.0], [103.0, 29.0]]"))  # fmt: skip
    assert back.line.equals_exact(one.line, 1e-4)  # from the first stop to the last, however it was drawn


def test_corridor_files_without_names_mean_all_that_is_in_them(tmp_path):
    read(tmp_path)
    study = {"name": "s", "title": "s", "title_en": "s", "provinces": ["湖南"], "centres": ["长沙市"]}
    mine = Study.model_validate({**study, "corridor_files": [str(tmp_path / "c.toml")]})
    assert [one.id for one in resolve_corridors(mine)] == ["new-line"]
    none = Study.model_validate({**study, "corridor_files": [str(tmp_path / "c.toml")], "corridors": []})
    assert resolve_corridors(none) == []
    assert resolve_corridors(Study.model_validate(study)) == []


def test_a_fault_in_a_stop_is_the_only_one_told(tmp_path):
    file = tmp_path / "c.toml"
    text = REQUIRED.format(mode="rail", speed=250, more="", kind="station").replace(
        "lon = 106.0, lat = 29.0", "lon = 106.0, lat = 129.0"
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_corridors(file)
    assert str(caught.value).count("\n") == 0
    assert "c.toml:10: 'corridor.0.stops.1.lat'" in str(caught.value)


@pytest.mark.parametrize(("datum", "words"), [("GCJ02", "shifted"), ("WGS84", ""), ("CGCS2000", "")])
def test_what_ovital_says_of_its_datum_counts(tmp_path, caplog, datum, words):
    body = f"<Placemark><name>L</name><OvCoordType>{datum}</OvCoordType><LineString><coordinates>105,29 106,29</coordinates></LineString></Placemark>"
    (tmp_path / "l.ovkml").write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>',
        encoding="utf-8",
    )
    with caplog.at_level(logging.WARNING, logger="borderreach"):
        one = read(tmp_path, more='geometry = "l.ovkml"\n')
    assert one.geometry is not None
    moved = abs(one.geometry[0][0] - 105) > 1e-4
    assert moved is (datum == "GCJ02")
    assert words in caplog.text
