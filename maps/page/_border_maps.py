"""One small map per border of two provinces, from the results of one study."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from tqdm import tqdm

from ...analysis.isochrones import travel_time_circle
from ...analysis.levels import Levels, levels_of
from ...geo.checks import require_choice, require_flag, require_path
from ...geo.errors import EmptyInputError, InputTypeError, OutputsFailedError
from ...geo.places import english_name
from ..folders import ResultsFolder, require_own
from ..layers import km_range
from ..protocols import MapResults
from ..wording import WORDS, Language
from ._leaflet import study_map
from ._offline import save_map

#: Columns of the list of maps.
COLUMNS: Final = (
    "province_a", "province_b", "length_km", "length_low_km", "length_high_km", "n_counties", "file",
)  # fmt: skip
INDEX: Final = "index.html"
#: Centres that a title names; of more it gives the number.
_MOST_NAMED: Final = 4
_MAP: Final = re.compile(r"\d+-\d+\.html")


@dataclass(frozen=True)
class BorderTitles:
    """Titles of a map of one border."""

    name: str
    title: str
    title_en: str
    description: str
    circle_min: float


@dataclass(frozen=True, eq=False)
class BorderResults:
    """The part of a study's results that lies at one border; what maps read of results."""

    study: BorderTitles
    provinces: gpd.GeoDataFrame
    border_counties: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    junctions: gpd.GeoDataFrame
    centres: gpd.GeoDataFrame
    isochrones: gpd.GeoDataFrame
    circles: gpd.GeoDataFrame
    road_circles: gpd.GeoDataFrame
    slider_circles: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    zone_counties: pd.DataFrame
    county_times: pd.DataFrame
    comparison: pd.DataFrame
    corridors: gpd.GeoDataFrame
    corridor_stops: gpd.GeoDataFrame
    crossings: gpd.GeoDataFrame
    border_crossings: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    changes: gpd.GeoDataFrame
    claims: gpd.GeoDataFrame
    circle_people: pd.DataFrame
    road_circle_people: pd.DataFrame
    indicators: pd.DataFrame
    corridor_names_en: dict[str, str]
    scenario_names: dict[str, str]
    attribution: list[str]
    notes: list[str]
    levels: Levels


def save_border_maps(
    results: MapResults,
    out: str | PathLike[str],
    *,
    language: Language = "zh",
    overwrite: bool = False,
    progress: bool = False,
) -> pd.DataFrame:
    """Write one offline map for each border of two provinces in a study's results, and a page that lists them.

    A map shows the two provinces, the counties on their border with their commuting zones and minutes
    to the study's centres in the two provinces, and the circles of these centres; where neither has a
    centre, those of all. What a study tells of all its centres together isn't in it: circles by rail,
    the slider, people in the circles, claims.

    Parameters
    ----------
    results : StudyResults
        What `run_study` returns, of "national" for all borders of the mainland.
    out : path
        Folder for ``index.html``, ``ADCODE-ADCODE.html`` and ``manifest.json``; made if it isn't there.
        Files of an earlier call for the same study are replaced, others left alone.
    language : {"zh", "en"}
    overwrite : bool
        Also overwrite files in the way that aren't of an earlier call for this study, or were changed since.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    pandas.DataFrame
        ``province_a, province_b, length_km, length_low_km, length_high_km, n_counties, file``, one row per map: the
        length that its shape has, and the least and the greatest that the boundary sources give.

    Raises
    ------
    InputTypeError, EmptyInputError
        If `results` aren't those of a study, or have no border between two of its provinces.
    OutputError
        If `out` can't be written, or files in the way aren't of an earlier call for this study or were
        changed since (named in the message).
    OutputsFailedError
        At the end, if some of the maps couldn't be drawn or written; all others are there, and the error
        holds the table.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> br.save_border_maps(results, "borders")[["province_a", "province_b", "file"]]
      province_a province_b                file
    0        重庆市        贵州省  500000-520000.html
    """
    require_choice(language, "language", tuple(WORDS))
    require_flag(overwrite, "overwrite")
    borders = getattr(results, "borders", None)
    if not isinstance(borders, gpd.GeoDataFrame):
        raise InputTypeError(
            f"'results' should be what run_study returns, got {type(results).__name__}; call run_study(name)"
        )
    target = require_path(out, "out")
    own = set(results.provinces["name"])
    pairs = borders[borders["province_a"].isin(own) & borders["province_b"].isin(own)]
    if len(pairs) == 0:
        raise EmptyInputError("'results' has no border between two of its study's provinces")
    files = [f"{a}-{b}.html" for a, b in zip(pairs["adcode_a"], pairs["adcode_b"], strict=True)]
    rows = []
    with ResultsFolder(
        target, holds=_holds(results.study.name), names=(INDEX, *files), overwrite=overwrite
    ) as folder:
        shown = tqdm(pairs.itertuples(), total=len(pairs), desc="Maps of borders", disable=not progress)
        for border, file in zip(shown, files, strict=True):
            pair = str(border.province_a), str(border.province_b)
            folder.draft(file, partial(_write_map, results, *pair, language))
            ends = (getattr(border, f"length_{end}_km", border.length_km) for end in ("low", "high"))
            rows.append((*pair, border.length_km, *ends, _facing(results, *pair).sum(), file))
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        there = {file for file in files if file not in folder.failed or (target / file).is_file()}
        folder.draft(INDEX, partial(_write_index, table, results, language, there))
        folder.finish({"package": {"name": "borderreach", "version": version("borderreach")}})
    if folder.failed:
        raise OutputsFailedError(target, folder.failed, results=table)
    return table


def require_own_border_maps(out: Path, study_name: str, *, overwrite: bool) -> None:
    """Check, before anything is computed, that border maps in a folder are of the same study, and unchanged.

    Raises
    ------
    OutputError
        With the names of those that aren't.
    """
    if out.is_dir():
        names = sorted(file.name for file in out.iterdir() if file.name == INDEX or _MAP.fullmatch(file.name))
        require_own(out, holds=_holds(study_name), names=names, overwrite=overwrite)


def _holds(study_name: str) -> str:
    return f"border maps of study {study_name}"


def _write_map(results: MapResults, province_a: str, province_b: str, language: Language, path: Path) -> None:
    part = results_between(results, province_a, province_b)
    # The provinces around are names and lines that the reader finds the place by.
    save_map(study_map(part, context=results.provinces, language=language), path)


def _write_index(
    table: pd.DataFrame, results: MapResults, language: Language, there: Iterable[str], path: Path
) -> None:
    path.write_text(_index(table, results, language, set(there)), encoding="utf-8", newline="\n")


def results_between(results: MapResults, province_a: str, province_b: str) -> BorderResults:
    """Return the part of a study's results that lies at the border of two of its provinces.

    ``border_km`` of a county still counts all its borders.
    """
    pair = {province_a, province_b}
    provinces = results.provinces[results.provinces["name"].isin(pair)]
    counties = results.border_counties[_facing(results, province_a, province_b)]
    codes = set(counties["adcode"])
    area = shapely.union_all(provinces.geometry.to_numpy())
    inside = shapely.intersects(area, results.centres.geometry.to_numpy())
    centres = results.centres[inside if inside.any() else np.ones(len(inside), dtype=bool)]
    ids = set(centres["origin_id"])
    isochrones = results.isochrones[results.isochrones["origin_id"].isin(ids)]
    zones = results.zones[results.zones["centre_id"].isin({str(code) for code in codes})]
    corridors = results.corridors[results.corridors.intersects(area)]
    times, members, stops = results.county_times, results.zone_counties, results.corridor_stops
    title, title_en = _titles(province_a, province_b, list(centres["origin_name"]), levels_of(results))
    return BorderResults(
        study=BorderTitles(
            name=f"{results.study.name}-border",
            title=title,
            title_en=title_en,
            description=results.study.title,
            circle_min=results.study.circle_min,
        ),
        provinces=provinces,
        border_counties=counties,
        borders=_of_pair(results.borders, pair),
        junctions=results.junctions[[pair <= set(n.split("、")) for n in results.junctions["provinces"]]]
        if len(results.junctions)
        else results.junctions,
        centres=centres,
        isochrones=isochrones,
        circles=_circles(isochrones, like=results.circles),
        road_circles=results.road_circles.iloc[:0],
        slider_circles=results.slider_circles.iloc[:0],
        zones=zones,
        zone_counties=members[members["centre_id"].isin(set(zones["centre_id"]))],
        county_times=times[times["adcode"].isin(codes) & times["centre_id"].isin(ids)],
        comparison=results.comparison,
        corridors=corridors,
        corridor_stops=stops[stops["corridor_id"].isin(set(corridors["corridor_id"]))],
        crossings=_of_pair(results.crossings, pair),
        border_crossings=_of_pair(results.border_crossings, pair),
        gaps=results.gaps[results.gaps["province"].isin(pair) & results.gaps["beyond_province"].isin(pair)],
        changes=results.changes[results.changes.intersects(area)],
        claims=results.claims.iloc[:0],
        circle_people=results.circle_people.iloc[:0],
        road_circle_people=results.road_circle_people.iloc[:0],
        indicators=results.indicators[results.indicators["adcode"].isin(codes)],
        corridor_names_en=dict(getattr(results, "corridor_names_en", {})),
        scenario_names=dict(results.scenario_names),
        attribution=list(results.attribution),
        notes=[],
        levels=levels_of(results),
    )


def _facing(results: MapResults, province_a: str, province_b: str) -> NDArray[np.bool_]:
    """Tell which border counties of a study lie at the border of two provinces."""
    counties = results.border_counties
    beyond = counties["province"].map({province_a: province_b, province_b: province_a})
    faces = [
        name in str(neighbours).split("、")
        for name, neighbours in zip(beyond, counties["neighbour_provinces"], strict=True)
    ]
    return np.array(faces, dtype=bool)


def _titles(
    province_a: str, province_b: str, centres: list[str], say: Callable[[str], str]
) -> tuple[str, str]:
    """Return titles that say which border, and whose circles are drawn."""
    few = len(centres) <= _MOST_NAMED
    whose = f"{'、'.join(centres)}的交通圈" if few else f"{len(centres)} 个中心的交通圈"
    names = ", ".join(map(english_name, centres)) if few else f"{len(centres)} centres"
    pair = f"{english_name(province_a)} and {english_name(province_b)}"
    return (
        f"{province_a}—{province_b}：{say('毗邻区县')}与{whose}",
        f"Border of {pair}: its {say('counties')}, and travel-time circles of {names}",
    )


def _of_pair(frame: gpd.GeoDataFrame, pair: set[str]) -> gpd.GeoDataFrame:
    return frame[frame["province_a"].isin(pair) & frame["province_b"].isin(pair)]


def _circles(isochrones: gpd.GeoDataFrame, *, like: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    scenarios = list(dict.fromkeys(like["scenario"]))
    found = [
        travel_time_circle(isochrones[isochrones["scenario"] == name], scenario=name) for name in scenarios
    ]
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True)) if found else like


def _index(table: pd.DataFrame, results: MapResults, language: Language, there: set[str]) -> str:
    """Return a page with one line per map, and a link where it's there."""
    zh = language == "zh"
    say = levels_of(results)
    heads = [
        say(head)
        for head in (
            ("省界", "长度（km）", "毗邻区县") if zh else ("border", "length, km", "border counties")
        )
    ]
    lines = []
    for row in table.itertuples():
        names = (str(row.province_a), str(row.province_b))
        pair = html.escape("—".join(names) if zh else "–".join(map(english_name, names)))
        if row.file in there:
            pair = f'<a href="{html.escape(str(row.file))}">{pair}</a>'
        km = km_range(row, "length")
        lines.append(f"<tr><td>{pair}</td><td>{km}</td><td>{row.n_counties}</td></tr>")
    rows = "\n".join(lines)
    title = html.escape(results.study.title if zh else results.study.title_en)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'\">\n"
        f"<title>{title}</title>\n"
        "<style>body{font:16px/1.5 sans-serif;margin:2em auto;max-width:40em;padding:0 1em}"
        "td,th{text-align:right;padding:.1em .8em}td:first-child,th:first-child{text-align:left}</style>\n"
        f"<h1>{title}</h1>\n<table>\n<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>\n{rows}\n</table>\n"
    )
