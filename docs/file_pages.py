"""The pages of study and corridor files: every key of their models, its default, its unit and an example.

    python3 docs/file_pages.py

writes `study-files.md` and `corridor-files.md` anew; a test holds that they are what the models say.
"""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
import typing
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from borderreach.analysis.corridors import Corridor
from borderreach.analysis.corridors._assumptions import ASSUMABLE, assumed_values
from borderreach.analysis.corridors._parts import Mention, Service, Source, Stop
from borderreach.analysis.study_file import Change, NetworkKeys, Questions, Study

HERE: Final = Path(__file__).resolve().parent
#: What the end of a name says of its unit.
_UNITS: Final = (
    ("_min", "minutes"), ("_km", "km"), ("_kph", "km/h"), ("_per_day", "per day and direction"), ("lon", "degrees"),
    ("lat", "degrees"), ("year", "year"), ("years", "years"), ("date", "day"),
)  # fmt: skip

STUDY_EXAMPLE: Final = """\
name = "xianggan"
title = "湘赣边区域：长沙、萍乡的两小时圈"
title_en = "Hunan and Jiangxi: two-hour circles of Changsha and Pingxiang"
description = "长沙与萍乡的两小时圈，以及一条规划铁路带来的变化。"
text = "xianggan-plan.txt"
text_title = "湘赣边区域合作示范区建设总体方案"
provinces = ["湖南省", "江西省"]
between = ["湖南省", "江西省"]
boundary_source = "tianditu"
centres = ["长沙市", "萍乡市"]
circle_cutoffs_min = [60, 120]
zone_min = 60
railways = true
people_file = "people.xlsx"
rail_stations = "stations.xlsx"
rail_sections = "sections.csv"
rail_through = "through.csv"
rail_direct = "direct.csv"
corridors = ["changgan-hsr"]
corridor_files = ["corridors.toml"]
years = [2030, 2035]
notes = ["站点位置按规划示意图，误差数千米。"]
review_number = "GS（2024）0650号"

[network]
roads = ["hunan.osm.pbf", "jiangxi.osm.pbf"]
main_roads = false
area = "study"
margin_km = 50
speeds = { motorway = 100, trunk = 65 }
keep = "largest"
access_speed_kph = 5
max_access_km = 2

[questions]
critical = true
critical_pairs = true
missing = false
yardsticks = true
linkages = true
equity = true
build_order = true
build_budget = 500
build_objective = "people"
gains_theta = [8.22]
cost_doubles_min = 60
value_of_time_yuan_per_h = 40
road_yuan_per_km = { motorway = 0.9, ordinary = 0.4 }
rail_yuan_per_km = { high_speed = 0.46, ordinary = 0.16 }
over_time = [2005, 2015, 2030]

[[change]]
id = "pass-closed"
name = "省界段中断"
near = [113.95, 27.7]
within_km = 1
road_classes = ["motorway"]
modes = ["road"]
close = true
notes = ["仅用于说明。"]

[[change]]
id = "slower"
name = "山区路段限速"
file = "slow.kml"
speed_kph = 60

[[change]]
id = "faster"
name = "提速两成"
near = "萍乡市"
speed_factor = 1.2
"""
#: What goes instead of the tables and the embedded boundaries, in the same place.
STUDY_INSTEAD: Final = {
    "gtfs": 'gtfs = "timetable.zip"',
    "statistic": 'statistic = "p90"',
    "departures": 'departures = ["06:30", "21:00"]',
    "boundary_columns": 'boundary_columns = { province = "省名" }',
    "boundary_crs": 'boundary_crs = "GCJ-02"',
    "boundary_levels": 'boundary_levels = { unit = "县", province = "州", unit_en = "county", province_en = "state" }',
}
#: The same of roads, inside [network].
NETWORK_INSTEAD: Final = {
    "rail": 'rail = "timetable.zip"',
    "speed_kph": 'speed_kph = "限速"',
    "road_class": 'road_class = "等级"',
    "oneway": 'oneway = "单行"',
}
#: What a table is called in the file, where it isn't as its model.
_TABLES: Final = {NetworkKeys: "network"}

CORRIDOR_EXAMPLE: Final = """\
[[corridor]]
id = "changgan-hsr"
name = "长赣高铁"
name_en = "Changsha–Ganzhou high-speed railway"
mode = "rail"
status = "building"
status_date = 2024-01-01
opening_year = 2028
open_between = ["上栗", "赣州西"]
design_speed_kph = 350
speed_factor = 0.66
length_km = 430
cost_100m_yuan = 600
sinuosity = 1.2
stop_penalty_min = 3
trains_per_day = 38
board_min = 10
alight_min = 5
join_km = 15
join_speed_kph = 25
geometry = { file = "line.ovkml", layer = "线路", crs = "GCJ-02" }
stops = [
  { name = "长沙西", lon = 113.20, lat = 28.19, kind = "station", position = "approximate", note = "望城区" },
  { name = "上栗", lon = 113.80, lat = 27.88, kind = "station", position = "approximate" },
  { name = "赣州西", lon = 114.86, lat = 25.86, kind = "station", position = "existing" },
]
services = [{ name = "直达", calls = ["长沙西", "赣州西"] }]
mentions = [{ text = "xianggan-plan.txt", words = "加快长赣高铁建设" }]
sources = [{ title = "某省发展改革委批复", date = 2022-11-01, says = "430 km, 350 km/h" }]
notes = ["线位为示意。"]

[[corridor]]
id = "new-expressway"
name = "新建高速"
mode = "road"
road_class = "motorway"
status = "planned"
status_date = 2024-01-01
design_speed_kph = 100
stops = [
  { name = "甲互通", lon = 113.90, lat = 27.80, kind = "interchange", position = "approximate" },
  { name = "乙互通", lon = 114.20, lat = 27.90, kind = "interchange", position = "approximate" },
]
"""

_STUDY_HEAD: Final = """\
# Study files

A study is a TOML file in UTF-8, called after its `name`. `borderreach new-study` writes one that runs; `borderreach
check FILE` says all that is wrong with one and with the files that it names; a misspelt key is an error that names it.
Paths are relative to the study file. This page is made from the models that check the file
(`python3 docs/file_pages.py`).

The least that a study needs:

```toml
name = "xianggan"
title = "湘赣边区域"
title_en = "Hunan and Jiangxi"
provinces = ["湖南", "江西"]
between = ["湖南", "江西"]
centres = ["长沙市", "萍乡市"]
```

A region that nobody has written a text for takes three commands:

```console
borderreach new-study goldentriangle --provinces 山西 陕西 河南 --centres 运城市 临汾市 渭南市 三门峡市
borderreach check goldentriangle.toml
borderreach run goldentriangle.toml --out out/goldentriangle
```

So were made two studies that come with the package: `jinshaanyu` (晋陕豫黄河金三角) and `xiangeyuqian` (湘鄂渝黔, the Wuling
mountains). By hand came a title and why these centres. What a planner reads in their reports: which crossing can least be
spared, where a line is missing, which counties miss the national circles or stand at the poor end, how cities are linked across
the border, and how all this has changed since 2005; the map colours counties by most of these.
"""
_STUDY_INSTEAD: Final = """\
Instead of the three rail tables, a timetable: `gtfs = "timetable.zip"`. Instead of the embedded boundaries, counties of
your own: `boundary_source = "counties.gpkg"`, a Shapefile, GeoPackage or GeoJSON with codes and names; of other countries
also with the name of what they belong to (`province`), and then with people of your own."""
_NETWORK: Final = """\
The roads, where they aren't the embedded trunk roads; `borderreach run STUDY --network FILE` says the same of one run.
What was read is kept in the user's cache: the next run opens it in a moment. Roads that leave out a province or a centre
of the study, or lie elsewhere, are an error before anything is computed."""
_QUESTIONS: Final = """\
What a plan decides, besides times and circles. Each question has its table (`docs/reference.md`, "What a plan decides"), a sheet
in tables.xlsx, a paragraph in the report and, where it has lines, a layer of the map."""
_CORRIDOR_HEAD: Final = """\
# Corridor files

A corridor file is a TOML file in UTF-8 with a table `[[corridor]]` for each planned, building or open line, which a
study names under `corridor_files`. `borderreach check FILE` says all that is wrong with one. Coordinates are degrees in
WGS 84. This page is made from the models that check the file (`python3 docs/file_pages.py`).

The least that a corridor needs:

```toml
[[corridor]]
id = "changgan-hsr"
name = "长赣高铁"
mode = "rail"
status = "building"
status_date = 2024-01-01
design_speed_kph = 350
stops = [
  { name = "长沙西", lon = 113.20, lat = 28.19, kind = "station", position = "approximate" },
  { name = "赣州西", lon = 114.86, lat = 25.86, kind = "station", position = "existing" },
]
```
"""


_ASSUMED: Final = """\
What a corridor leaves unsaid is taken from what lines of its mode and design speed have in the embedded tables, and the
report names it: the share of the design speed that open lines keep by their timetables and their trains per day (medians
of the nearest design speed with three lines or more), what the embedded corridors lose per stop, and the minutes for
boarding and alighting with which roads and railways are joined."""


def described(model: type[BaseModel]) -> dict[str, str]:
    """Return what a model's docstring says of each of its attributes."""
    text = inspect.getdoc(model) or ""
    _, _, listed = text.partition("Attributes\n----------\n")
    listed = re.split(r"\n\n\w+\n-{3,}\n", listed)[0]
    found: dict[str, str] = {}
    names: list[str] = []
    for line in listed.splitlines():
        head = re.fullmatch(r"(\w+(?:, \w+)*)(?: : .*)?", line)
        if head and not line.startswith(" "):
            names = head[1].split(", ")
            found.update(dict.fromkeys(names, ""))
        else:
            for name in names:
                found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def unit(name: str) -> str:
    """Return the unit that a key's name says."""
    return next((word for end, word in _UNITS if name == end or name.endswith(end)), "")


def default(name: str, field: FieldInfo, *, assumed: bool) -> str:
    """Return a key's default as TOML has it."""
    if assumed and name in ASSUMABLE:
        return "[from the tables](#what-is-assumed)"
    if field.is_required():
        return "**needed**"
    value = field.default
    if value is None or value is PydanticUndefined:
        return "left out"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{value!r}`".replace("'", '"')


def kind(annotation: Any) -> str:
    """Return the type of a key in words."""
    if typing.get_origin(annotation) is typing.Annotated:
        return kind(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is Literal:
        return ", ".join(f'`"{one}"`' for one in typing.get_args(annotation))
    parts = [one for one in typing.get_args(annotation) if one is not type(None)]
    origin = typing.get_origin(annotation)
    if origin is dict:
        return f"table of {kind(parts[1])}"
    if origin is tuple:
        if len(parts) == 2 and parts[1] is not Ellipsis:
            return "two texts" if parts[0] is str else "[lon, lat]"
        inner = kind(parts[0])
        return f"list of {inner}"
    if parts:
        return " or ".join(dict.fromkeys(kind(one) for one in parts))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        title = _TABLES.get(annotation, annotation.__name__.lower())
        return f"table ([{title}](#{title}))"
    return {"str": "text", "float": "number", "int": "whole number", "bool": "true or false"}.get(
        getattr(annotation, "__name__", str(annotation)), getattr(annotation, "__name__", str(annotation))
    )


def example(name: str, text: str) -> str:
    """Return the first line of an example that sets a key; of a list over several lines, how it begins."""
    alone = re.search(rf"(?m)^{name} = (.*)$", text)
    if alone is not None:
        value = alone[1]
        return f"`{name} = {value if value.count('[') == value.count(']') else '[…]'}`"
    line = re.search(rf"(?m)[{{,] ?{name} = (.*)$", text)
    if line is None:
        headers = (f"[[{name}]]", f"[{name}]")
        return next((f"`{header}`" for header in headers if header in text), "")
    value = line[1]
    if value.startswith(('"', "'")):
        value = re.match(r"\"[^\"]*\"", value)[0]  # type: ignore[index] # a text ends
    elif value.startswith("["):
        value = value if value.count("[") == value.count("]") else "[…]"
        value = re.match(r"\[.*?\](?=[,} ]|$)", value)[0]  # type: ignore[index] # a list ends
    elif not value.startswith("{"):
        value = re.match(r"[^,}\s]+", value)[0]  # type: ignore[index] # a number or word ends
    return f"`{name} = {value}`"


def keys(model: type[BaseModel], text: str, *, assumed: bool = False) -> list[str]:
    """Return the table of a model's keys."""
    said = described(model)
    rows = ["| key | what it is | default | unit | example |", "|---|---|---|---|---|"]
    order = list(said)  # that of the docstring; the models' own begins with what they inherit
    for name, field in sorted(model.model_fields.items(), key=lambda one: order.index(one[0])):
        meaning = f"{kind(field.annotation)}. {said.get(name, '')}".strip()
        cells = (
            f"`{name}`",
            meaning.replace("``", "`").replace("|", r"\|"),
            default(name, field, assumed=assumed),
            unit(name),
            example(name, text).replace("|", r"\|"),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def study_page() -> str:
    """Return the page of study files."""
    text = STUDY_EXAMPLE + "\n".join(STUDY_INSTEAD.values())
    changes = STUDY_EXAMPLE[STUDY_EXAMPLE.index("[[change]]") :]
    asked = STUDY_EXAMPLE[STUDY_EXAMPLE.index("[questions]") : STUDY_EXAMPLE.index("[[change]]")]
    roads = STUDY_EXAMPLE[STUDY_EXAMPLE.index("[network]") : STUDY_EXAMPLE.index("[questions]")]
    return "\n".join(
        [
            _STUDY_HEAD,
            "## Keys of a study",
            "",
            *keys(Study, text),
            "",
            _STUDY_INSTEAD,
            "",
            "## network",
            "",
            _NETWORK,
            "",
            *keys(NetworkKeys, roads + "\n".join(NETWORK_INSTEAD.values())),
            "",
            "## questions",
            "",
            _QUESTIONS,
            "",
            *keys(Questions, asked),
            "",
            "## change",
            "",
            "A scenario of its own: what happens to which links of today's network.",
            "",
            *keys(Change, changes),
            "",
            "## All of them",
            "",
            "```toml",
            STUDY_EXAMPLE.rstrip(),
            "```",
            "",
        ]
    )


def corridor_page() -> str:
    """Return the page of corridor files."""
    lines = [_CORRIDOR_HEAD, "## Keys of a corridor", "", *keys(Corridor, CORRIDOR_EXAMPLE, assumed=True), ""]
    for model, key in ((Stop, "stops"), (Service, "services"), (Mention, "mentions"), (Source, "sources")):
        inner = CORRIDOR_EXAMPLE[CORRIDOR_EXAMPLE.index(f"{key} = ") :]
        lines += [f"## {model.__name__.lower()}", "", *keys(model, inner), ""]
    lines += [
        "## What is assumed",
        "",
        _ASSUMED,
        "",
        f"| mode, design speed | {' | '.join(f'`{name}`' for name in ASSUMABLE)} |",
        f"|---|{'---|' * len(ASSUMABLE)}",
    ]
    for mode, speed in (
        ("rail", 350), ("rail", 250), ("rail", 200), ("rail", 160), ("road", 120), ("road", 80), ("air", 200)
    ):  # fmt: skip
        values = assumed_values(mode, float(speed))
        cells = [f"{values[name]:g}" if name in values else "none" for name in ASSUMABLE]
        lines.append(f"| {mode}, {speed} km/h | {' | '.join(cells)} |")
    lines += ["", "## All of them", "", "```toml", CORRIDOR_EXAMPLE.rstrip(), "```", ""]
    return "\n".join(lines)


PAGES: Final = {"study-files.md": study_page, "corridor-files.md": corridor_page}


def main() -> None:
    """Write the pages."""
    for text in (STUDY_EXAMPLE, CORRIDOR_EXAMPLE):
        tomllib.loads(text)
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8", newline="\n")
        sys.stderr.write(f"{name}\n")


if __name__ == "__main__":
    main()
