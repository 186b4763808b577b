"""A study file of one's own, written from provinces and centres, with every key explained."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from .geo.errors import InputError, OutputError
from .geo.places import place

_TEXT = """\
# A study of borderreach. Run it:    borderreach run {file} --out out/{name}
# Check it and its files:            borderreach check {file}
# Every key, its default and unit:   docs/study-files.md; of corridors, docs/corridor-files.md

name = {name_text}   # the same as the file's; lower case letters, digits, - and _
title = {title}
title_en = {title_en}

# The provinces whose counties are studied, by name or code.
provinces = {provinces}
# Which borders count. Two provinces or more: those between them. One: all of its borders, both sides. Left out:
# all land borders of the provinces, also with provinces that aren't studied.
{between}

# The places whose circles are drawn, by name ("萍乡市"), or with what they belong to ("江西/萍乡").
centres = {centres}
circle_cutoffs_min = [60, 120]   # minutes, ascending; the largest is the circle
zone_min = 60                    # minutes: commuting zones of the border counties

# Today's trains: left out, they are reckoned with where the tables cover the study; false leaves them out.
# railways = false
# Rail tables of one's own (docs/rail-tables.md), or a timetable in GTFS; they are always reckoned with.
# rail_stations = "stations.xlsx"
# rail_sections = "sections.xlsx"
# gtfs = "timetable.zip"
# Counties of one's own: a GeoPackage, Shapefile or GeoJSON with codes and names.
# boundary_source = "counties.gpkg"
# People of one's own: a table with codes and people.
# people_file = "people.xlsx"

# Planned lines, each file with [[corridor]] tables; all of them are compared with today.
# corridor_files = ["{name}-corridors.toml"]
# Scenarios by year: the corridors open by then.
# years = [2030, 2035]

# What is known and should stand in the report.
notes = []
# The number of the reviewed base map (审图号) that maps are published on.
# review_number = "GS（2024）0650号"

# What is asked besides times and circles. Crossings that can least be spared, missing lines, the national circles of 1, 2 and 3
# hours, links between cities and past years are answered unless they are set to false.
[questions]
# Who stands at the poor end of people in reach.
equity = true
# Of planned lines: which to build first, for how much (yuan where lines have a cost, else km), and whose share in market access
# rises and falls, at an elasticity and a cost of distance of one's own.
# build_order = true
# build_budget = 1000
# gains_theta = [4.1, 8.22]
# cost_doubles_min = 60
# Minutes and money, at prices of one's own: an hour, tolls and fares per kilometre.
# value_of_time_yuan_per_h = 40
# road_yuan_per_km = {{ motorway = 0.9, ordinary = 0.4 }}
# rail_yuan_per_km = {{ high_speed = 0.46, ordinary = 0.16 }}
"""


def study_text(
    name: str,
    *,
    provinces: Sequence[str],
    centres: Sequence[str],
    between: Sequence[str] | None = None,
    title: str = "",
    title_en: str = "",
) -> str:
    """Return the text of a study file that runs.

    Parameters
    ----------
    name : str
        Of the study and its file.
    provinces, centres : sequence of str
        Names or codes; looked up.
    between : sequence of str, optional
        Provinces whose common borders count; all `provinces` when left out.
    title, title_en : str
        Made of provinces and centres when left out.

    Raises
    ------
    InputError
        If the name can't be a study's.
    UnknownPlaceError, AmbiguousPlaceError
        If a place isn't known; with those that come close.

    Examples
    --------
    >>> text = study_text("xianggan", provinces=["湖南", "江西"], centres=["长沙市", "萍乡市"])
    >>> [line for line in text.splitlines() if line.startswith("between")][0]
    'between = ["湖南省", "江西省"]'
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        raise InputError(
            f"'name' should begin with a letter a to z, and have letters, digits, - and _ only, got {name!r}"
        )
    units = [place(one, level="province").name for one in provinces]
    sides = units if between is None else [place(one, level="province").name for one in between]
    towns = [place(one) for one in centres]
    # A name that several places have is kept as it was given: that is how it was told apart.
    named = [
        town.name if _is_one(town.name) else str(given) for town, given in zip(towns, centres, strict=True)
    ]
    return _TEXT.format(
        file=f"{name}.toml",
        name=name,
        name_text=_quoted(name),
        title=_quoted(
            title or f"{'、'.join(units)}毗邻地区：{'、'.join(town.name for town in towns)}的两小时圈"
        ),
        title_en=_quoted(title_en or f"Study {name}: two-hour circles and border counties"),
        provinces=_listed(units),
        between=f"between = {_listed(sides)}" if sides else "# between = []",
        centres=_listed(named),
    )


def write_study(path: Path, text: str) -> Path:
    """Write a study file; never over another.

    Raises
    ------
    OutputError
        If there is such a file already, or it can't be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise OutputError(f"{path} is there already; give another name, or edit it") from error
    except OSError as error:
        raise OutputError(f"{path} can't be written ({error.strerror})") from error
    return path


def _is_one(name: str) -> bool:
    try:
        place(name)
    except LookupError:
        return False
    return True


def _quoted(text: str) -> str:
    # TOML writes texts as JSON does, but for one character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, names))}]"
