from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.geo.errors import ConfigError, DataFileError, InputError, InputTypeError
from borderreach.geo.osm._speeds import speed_table
from borderreach.geo.osm._tags import DELAYS, ROAD_CLASSES, parse_duration, read_road

TABLE = speed_table("CN")


@pytest.mark.parametrize(
    ("text", "kph"),
    [
        ("80", 80), ("80 km/h", 80), ("80kmh", 80), ("80 KPH", 80), ("８０", 80), ("80公里/小时", 80),
        ("50 mph", 80.4672), ("50mph", 80.4672), ("30 knots", 55.56), ("5 kn", 9.26),
        ("80;60", 60), ("60; 80", 60), ("50 mph;30 mph", 48.28032), ("120|100|80", 120), ("|80", 80),
        ("37,5", 37.5), ("48.28", 48.28),
        ("none", 130), ("unlimited", 130), ("walk", 6),
        ("CN:urban", 50), ("CN:rural", 70), ("CN:motorway", 120), ("RO:rural", 90), ("RO:motorway", 130),
        ("GB:nsl_dual", 112.7), ("DE:zone30", 30), ("DE:zone:20", 20), ("FR:30", 30), ("BE-VLG:rural", 70),
        ("BE-WAL:rural", 90), ("BE:rural", 90), ("CH:rural", 80), ("NL:rural", 80), ("NO:rural", 80), ("SE:rural", 70),
        ("FI:rural", 80), ("GB:20", 32.18688), ("GB:zone20", 32.18688), ("GB:zone:30", 48.28032), ("XX:urban", 50),
        ("60,80", 60), ("80, 60", 60), ("50,30 mph", 48.28032), ("48,28", 48.28), ("CN:motorway;100", 100),
        *[(text, None) for text in ("", " ", "signals", "variable", "implicit", "fast", "0", "-50", "999",
                                    "50 leagues", "CN:moon", "CN", ";", "|", "1e3", "80 60")],
    ],
)  # fmt: skip
def test_limits(text, kph):
    assert TABLE.limit_kph(text) == (kph if kph is None else pytest.approx(kph))


@given(st.integers(3, 200), st.sampled_from(["", " ", " km/h", "km/h"]))
def test_whole_numbers_are_read_as_written(number, unit):
    assert TABLE.limit_kph(f"{number}{unit}") == number


@given(st.text(max_size=20))
def test_any_text_gives_a_sound_speed_or_none(text):
    kph = TABLE.limit_kph(text)
    assert kph is None or 3 <= kph <= 200


@given(st.lists(st.integers(5, 150), min_size=1, max_size=4))
def test_of_several_the_lowest_and_of_lanes_the_highest(limits):
    assert TABLE.limit_kph(";".join(map(str, limits))) == min(limits)
    assert TABLE.limit_kph("|".join(map(str, limits))) == max(limits)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, (80, 80)),
        ({"maxspeed": "60"}, (60, 60)),
        ({"maxspeed": "60", "maxspeed:backward": "40"}, (60, 40)),
        ({"maxspeed:forward": "30"}, (30, 80)),
        ({"maxspeed": "signals"}, (80, 80)),
        ({"maxspeed:type": "CN:urban"}, (50, 50)),
        ({"source:maxspeed": "CN:rural"}, (70, 70)),
        ({"maxspeed": "60", "maxspeed:type": "CN:urban"}, (60, 60)),
        ({"maxspeed:type": "sign"}, (80, 80)),
        ({"maxspeed": "100", "surface": "gravel"}, (50, 50)),
        ({"surface": "asphalt"}, (80, 80)),
        ({"surface": "sand", "tracktype": "grade1"}, (20, 20)),
        ({"smoothness": "very_bad"}, (20, 20)),
        ({"4wd_only": "yes"}, (30, 30)),
    ],
)
def test_speeds_of_a_primary_road_in_china(tags, expected):
    assert TABLE.speeds_kph({"highway": "primary", **tags}, "primary") == expected


def test_design_speeds_of_jtg_b01():
    # Expressway 120/100/80, class I 100/80/60, II 80/60, III 40/30, IV 30/20.
    plain, mountain = speed_table("CN").classes, speed_table("CN-mountain").classes
    main = ("motorway", "trunk", "primary", "secondary", "tertiary")
    assert [plain[c] for c in main] == [120, 100, 80, 40, 30]
    assert [mountain[c] for c in main] == [80, 60, 60, 30, 20]
    assert all(mountain[c] <= plain[c] for c in ROAD_CLASSES)


@pytest.mark.parametrize("code", ["default", "CN", "CN-mountain", "IS", "GB"])
def test_embedded_tables_are_whole(code):
    table = speed_table(code)
    assert set(table.classes) == set(ROAD_CLASSES)
    assert set(table.delays) == set(DELAYS)
    order = [
        table.classes[c] for c in ("motorway", "trunk", "primary", "secondary", "tertiary", "living_street")
    ]
    assert order == sorted(order, reverse=True)
    for name in ("trunk", "primary", "secondary", "tertiary", "motorway"):
        assert table.classes[f"{name}_link"] < table.classes[name] or table.classes[name] <= 20


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ((106.9, 27.7), "China, mountain terrain"),  # Zunyi
        ((106.55, 29.56), "China, mountain terrain"),  # Chongqing
        ((119.6, 27.5), "China, mountain terrain"),  # Ningde
        ((104.07, 30.67), "China, plains and hills"),  # Chengdu
        ((116.4, 39.9), "China, plains and hills"),  # Beijing
        ((-21.9, 64.1), "Iceland"),
        ((-1.3, 50.7), "United Kingdom"),
        ((2.35, 48.86), "default"),  # Paris
    ],
)
def test_the_place_decides_on_the_country(point, name):
    assert speed_table(near=point).name == name


def test_own_speeds(tmp_path):
    assert (
        speed_table({"primary": 55}, near=(-1.3, 50.7)).classes["secondary"]
        == speed_table("GB").classes["secondary"]
    )
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\nmaxspeed_share = 0.9\n[classes]\nprimary = 55.0\n[delays]\njunction = 0\n'
    )
    table = speed_table(file)
    assert table.name == "mine"
    assert table.speeds_kph({"maxspeed": "50"}, "primary") == (45, 45)
    assert table.speeds_kph({}, "primary") == (55, 55)
    assert table.delays["junction"] == 0
    assert speed_table(str(file)) == table
    assert speed_table(table) is table


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("Atlantis", InputError, "'speeds'.*CN-mountain"),
        (80, InputTypeError, "'speeds'"),
        ({"primery": 50}, ConfigError, "'primery'"),
        ({"primary": 0}, InputError, "primary"),
        ({"primary": "fast"}, InputTypeError, "primary"),
        ("none.toml", DataFileError, "none.toml"),
    ],
)
def test_bad_speeds(value, error, message):
    with pytest.raises(error, match=message):
        speed_table(value)


@pytest.mark.parametrize("text", ["[classes\n", "speed = 7\n", "classes = 7\n", "[delays]\nlunch = 3\n"])
def test_bad_files(tmp_path, text):
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        speed_table(file)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("0:35", 35), ("00:35", 35), ("1:00", 60), ("24:00", 1440), ("01:10:30", 70.5), ("PT35M", 35),
        ("PT1H30M", 90), ("P1DT2H", 1560), ("PT90S", 1.5), ("pt20m", 20), ("45", 45), ("45 min", 45), ("2 h", 120),
        *[(text, math.nan) for text in ("", "soon", "0", "00:00", "PT", "P", "1:75", "-5", "9999:00", "P400D")],
    ],
)  # fmt: skip
def test_durations(text, minutes):
    assert parse_duration(text) == pytest.approx(minutes * 60, nan_ok=True)


@given(st.integers(0, 99), st.integers(0, 59))
def test_durations_in_hours_and_minutes(hours, minutes):
    if hours + minutes:
        expected = hours * 3600 + minutes * 60
        assert parse_duration(f"{hours:02}:{minutes:02}") == expected
        assert parse_duration(f"PT{hours}H{minutes}M") == expected


@given(
    st.dictionaries(
        st.sampled_from(["highway", "oneway", "access", "route", "duration", "junction"]), st.text()
    )
)
def test_no_tags_make_the_rules_fail(tags):
    road = read_road({"highway": "primary", **tags})
    assert road is None or road.forward or road.backward
