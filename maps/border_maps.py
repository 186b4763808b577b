"""One small map per border of two provinces, from the results of one study."""

from __future__ import annotations

import html
from dataclasses import dataclass
from os import PathLike
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from tqdm import tqdm

from ..analysis.isochrones import travel_time_circle
from ..geo.checks import require_choice, require_path
from ..geo.errors import EmptyInputError, InputTypeError, OutputError
from .files import write_atomically
from .leaflet import study_map
from .offline import save_map
from .protocols import MapResults
from .wording import WORDS, Language

#: Columns of the list of maps.
COLUMNS: Final = ("province_a", "province_b", "length_km", "n_counties", "file")


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
    rail_circles: gpd.GeoDataFrame
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
    rail_circle_people: pd.DataFrame
    indicators: pd.DataFrame
    scenario_names: dict[str, str]
    attribution: list[str]
    notes: list[str]


def save_border_maps(
    results: MapResults,
    out: str | PathLike[str],
    *,
    language: Language = "zh",
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
        Folder for ``index.html`` and ``ADCODE-ADCODE.html``; made if it isn't there.
    language : {"zh", "en"}
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    pandas.DataFrame
        ``province_a, province_b, length_km, n_counties, file``, one row per map.

    Raises
    ------
    InputTypeError, EmptyInputError
        If `results` aren't those of a study, or have no border between two of its provinces.
    OutputError
        If `out` can't be written.
    """
    require_choice(language, "language", tuple(WORDS))
    borders = getattr(results, "borders", None)
    if not isinstance(borders, gpd.GeoDataFrame):
        raise InputTypeError(
            f"'results' should be what run_study returns, got {type(results).__name__}; call run_study(name)"
        )
    folder = require_path(out, "out")
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"'out' is a file, not a folder: {str(folder)!r}; give another name")
    own = set(results.provinces["name"])
    pairs = borders[borders["province_a"].isin(own) & borders["province_b"].isin(own)]
    if len(pairs) == 0:
        raise EmptyInputError("'results' has no border between two of its study's provinces")
    rows = []
    for border in tqdm(pairs.itertuples(), total=len(pairs), desc="Maps of borders", disable=not progress):
        part = results_between(results, str(border.province_a), str(border.province_b))
        file = f"{border.adcode_a}-{border.adcode_b}.html"
        # The provinces around are names and lines that the reader finds the place by.
        save_map(study_map(part, context=results.provinces, language=language), folder / file)
        rows.append((border.province_a, border.province_b, border.length_km, len(part.border_counties), file))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    write_atomically(folder / "index.html", _index(table, results, language).encode("utf-8"))
    return table


def results_between(results: MapResults, province_a: str, province_b: str) -> BorderResults:
    """Return the part of a study's results that lies at the border of two of its provinces.

    ``border_km`` of a county still counts all its borders.
    """
    pair = {province_a, province_b}
    provinces = results.provinces[results.provinces["name"].isin(pair)]
    counties = results.border_counties
    beyond = counties["province"].map({province_a: province_b, province_b: province_a})
    faces = [
        name in str(neighbours).split("、")
        for name, neighbours in zip(beyond, counties["neighbour_provinces"], strict=True)
    ]
    counties = counties[np.array(faces, dtype=bool)]
    codes = set(counties["adcode"])
    area = shapely.union_all(provinces.geometry.to_numpy())
    inside = shapely.intersects(area, results.centres.geometry.to_numpy())
    centres = results.centres[inside if inside.any() else np.ones(len(inside), dtype=bool)]
    ids = set(centres["origin_id"])
    isochrones = results.isochrones[results.isochrones["origin_id"].isin(ids)]
    zones = results.zones[results.zones["centre_id"].isin({str(code) for code in codes})]
    corridors = results.corridors[results.corridors.intersects(area)]
    times, members, stops = results.county_times, results.zone_counties, results.corridor_stops
    title, title_en = _titles(province_a, province_b)
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
        rail_circles=results.rail_circles.iloc[:0],
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
        rail_circle_people=results.rail_circle_people.iloc[:0],
        indicators=results.indicators[results.indicators["adcode"].isin(codes)],
        scenario_names=dict(results.scenario_names),
        attribution=list(results.attribution),
        notes=[],
    )


def _titles(province_a: str, province_b: str) -> tuple[str, str]:
    return f"{province_a}—{province_b}：毗邻区县与省会交通圈", f"Border of {province_a} and {province_b}"


def _of_pair(frame: gpd.GeoDataFrame, pair: set[str]) -> gpd.GeoDataFrame:
    return frame[frame["province_a"].isin(pair) & frame["province_b"].isin(pair)]


def _circles(isochrones: gpd.GeoDataFrame, *, like: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    scenarios = list(dict.fromkeys(like["scenario"]))
    found = [
        travel_time_circle(isochrones[isochrones["scenario"] == name], scenario=name) for name in scenarios
    ]
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True)) if found else like


def _index(table: pd.DataFrame, results: MapResults, language: Language) -> str:
    """Return a page with one line and link per map."""
    zh = language == "zh"
    heads = ("省界", "长度（km）", "毗邻区县") if zh else ("border", "length, km", "border counties")
    lines = []
    for row in table.itertuples():
        pair = html.escape(f"{row.province_a}—{row.province_b}")
        lines.append(
            f'<tr><td><a href="{html.escape(str(row.file))}">{pair}</a></td>'
            f"<td>{row.length_km:,.0f}</td><td>{row.n_counties}</td></tr>"
        )
    rows = "\n".join(lines)
    title = html.escape(results.study.title if zh else results.study.title_en)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        "<style>body{font:16px/1.5 sans-serif;margin:2em auto;max-width:40em;padding:0 1em}"
        "td,th{text-align:right;padding:.1em .8em}td:first-child,th:first-child{text-align:left}</style>\n"
        f"<h1>{title}</h1>\n<table>\n<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>\n{rows}\n</table>\n"
    )
