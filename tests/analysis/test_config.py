"""TOML files become models; a fault names file, line and key."""

from __future__ import annotations

import pytest

from borderreach.analysis.config import line_of, read_toml
from borderreach.analysis.corridors._files import read_corridors
from borderreach.analysis.study_file import Study
from borderreach.geo.errors import ConfigError, DataFileError

STUDY = """\
name = "demo"
title = "示例"
title_en = "Demo"

provinces = ["重庆市", "贵州省"]
centres = ["重庆市"]
"""

CORRIDORS = """\
[[corridor]]
id = "first"
name = "甲线"
mode = "road"
status = "planned"
status_date = 2024-01-01
design_speed_kph = 80
stops = [
  { name = "甲", lon = 106.0, lat = 29.0, kind = "interchange", position = "existing" },
  { name = "乙", lon = 106.5, lat = 29.0, kind = "interchange", position = "existing" },
]

[[corridor]]
id = "second"
name = "乙线"
mode = "rail"
status = "planned"
status_date = 2024-01-01
design_speed_kph = 350
stops = [
  { name = "甲", lon = 106.0, lat = 29.0, kind = "station", position = "existing" },
  { name = "丙", lon = 106.0, lat = 29.9, kind = "station", position = "existing" },
  { name = "丁", lon = 106.0, lat = 30.5, kind = "station", position = "existing" },
]
"""


def write(tmp_path, text, name="demo.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_study_is_read(tmp_path):
    study = read_toml(write(tmp_path, STUDY), Study)
    assert study.provinces == ("重庆市", "贵州省")
    assert study.circle_min == 120


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("centres =", "centers =", 6, "unknown key 'centers'; did you mean 'centres'?"),
        ("title =", "zzz =", 2, "unknown key 'zzz'; known keys: name, title"),
        ('title_en = "Demo"\n', "", 1, "the key 'title_en' is missing"),
        (
            'centres = ["重庆市"]',
            "circle_cutoffs_min = [120, 60]\ncentres = ['重庆市']",
            6,
            "strictly ascending",
        ),
        ('centres = ["重庆市"]', "zone_min = -5\ncentres = ['重庆市']", 6, "greater than 0, got -5"),
        (
            'centres = ["重庆市"]',
            "between = ['重庆市', '四川省']\ncentres = ['重庆市']",
            1,
            "'between' should name one or more",
        ),
        ("name =", "name = =", 1, "not valid TOML"),
    ],
)
def test_a_fault_in_a_study_names_file_line_and_key(tmp_path, old, new, line, words):
    path = write(tmp_path, STUDY.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        read_toml(path, Study)
    message = str(caught.value)
    assert words in message
    if "not valid TOML" in message:
        assert message.startswith(f"{path}: ")
        assert f"line {line}" in message
    else:
        assert any(part.startswith(f"{path}:{line}: ") for part in message.splitlines())


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("design_speed_kph = 350", "design_speed = 350", 19, "did you mean 'design_speed_kph'?"),
        ("design_speed_kph = 350", "design_speed_kph = 401", 19, "less than or equal to 400, got 401"),
        ("lat = 29.9, kind", "lat = 29.9, knid", 22, "unknown key 'knid'; did you mean 'kind'?"),
        ("lat = 30.5", "lat = 305", 23, "less than or equal to 90, got 305"),
        ('mode = "rail"', 'mode = "train"', 16, "'rail'"),
        ('status = "planned"\nstatus_date = 2024-01-01\ndesign_speed_kph = 350', ('status = "dreamt"\n'
         'status_date = 2024-01-01\ndesign_speed_kph = 350'), 17, "got 'dreamt'"),
        ("lat = 29.9", "lat = 39.9", 13, "丙"),
        ("lat = 29.9", "lat = 30.9", 13, "stops out of order"),
        ('name = "丁"', 'name = "丙"', 20, "Value"),
        ('id = "second"', 'id = "Second One"', 14, "pattern"),
    ],
)  # fmt: skip
def test_a_fault_in_a_corridor_names_file_line_and_key(tmp_path, old, new, line, words):
    if words == "Value":  # the last stop may repeat the first only (a ring), not another
        old, new, words = 'name = "丙"', 'name = "甲"', "the stop 甲 stands twice"
    path = write(tmp_path, CORRIDORS.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        read_corridors(path)
    message = str(caught.value)
    assert words in message
    assert f"{path}:{line}: " in message


def test_an_id_may_occur_once(tmp_path):
    with pytest.raises(ConfigError, match="'first' stands there more than once"):
        read_corridors(write(tmp_path, CORRIDORS.replace('"second"', '"first"')))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataFileError, match=r"none\.toml"):
        read_toml(tmp_path / "none.toml", Study)


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "gbk.toml"
    path.write_bytes('title = "重庆"'.encode("gbk"))
    with pytest.raises(ConfigError, match="UTF-8"):
        read_toml(path, Study)


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("corridor", 0), 1),
        (("corridor", 1), 13),
        (("corridor", 1, "id"), 14),
        (("corridor", 0, "stops", 1, "lon"), 10),
        (("corridor", 1, "stops", 2, "lat"), 23),
        (("nothing",), 1),
        ((), 1),
    ],
)
def test_lines_are_found(location, line):
    assert line_of(CORRIDORS, location) == line
