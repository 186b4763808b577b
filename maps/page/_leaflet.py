"""The Leaflet map of a study's results, as a folium map."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from os import PathLike
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import Figure, MacroElement
from folium.template import Template
from shapely.geometry.base import BaseGeometry

from ...geo.checks import require_choice
from ...geo.text import closed
from ..classes import ClassChoice, Classes
from ..classes import gain_classes as classes_of_gains
from ..classes import minute_classes as classes_of_minutes
from ..layers import BASE, MapLayers, Reach, in_gcj02, map_layers, number
from ..measures import Measure, measures
from ..protocols import MapResults
from ..shapes import (
    ALPHABET,
    BOUNDARY_TOLERANCE_DEG,
    QUANTUM_DEG,
    REACH_QUANTUM_DEG,
    metres,
    pack,
    pack_numbers,
)
from ..style import page_style
from ..wording import WORDS, Language
from ._base_maps import BaseMap
from ._base_maps import base_map as base_map_of
from ._offline import offline_html
from ._rendering import texts_left_alone

_SCRIPTS: Final = (
    "decode.js", "split.js", "labels.js", "signs.js", "layers.js", "search.js", "county.js", "claims.js",
    "legend.js", "tools.js", "page.js",
)  # fmt: skip
#: A study that takes up less than this share of its provinces' frame is what the map opens on.
_SMALL_PART: Final = 0.25
_STYLES: Final = ("study_map.css",)
#: Characters that would end a script element or a line of JavaScript, as JSON escapes.
_ESCAPES: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}  # fmt: skip
#: What Jinja would take for its own; in JSON it stands in texts only.
_TEMPLATE_SIGN: Final = re.compile(r"\{(?=[{%#])")


class StudyPage(Figure):
    """A page whose language is declared; folium's own page declares none."""

    _template = Template(
        "<!DOCTYPE html>\n"
        '<html lang="{{this.lang}}">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        "<title>{{this.title|e}}</title>\n"
        "{{this.header.render(**kwargs)}}\n"
        "</head>\n"
        "<body>\n{{this.html.render(**kwargs)}}\n"
        "<script>\n{{this.script.render(**kwargs)}}\n</script>\n"
        "</body>\n</html>\n"
    )

    def __init__(self, *, title: str, lang: str) -> None:
        super().__init__(title=title)
        self.lang = lang
        # The charset stands first in the head, where browsers look for it.
        del self.header._children["meta_http"]  # noqa: SLF001 (branca has no other way)

    def render(self, **kwargs: Any) -> str:
        """Return the page, also where folium itself saves or shows it, with texts left alone."""
        with texts_left_alone(self):
            return str(super().render(**kwargs))


class StudyMap(folium.Map):
    """A folium map with stable identifiers that a notebook shows without any request.

    Layers, tooltips and tiles of folium can be added to it as to any folium map.
    """

    def __init__(self, *, title: str, lang: str, base_map: BaseMap | None = None, **options: Any) -> None:
        super().__init__(tiles=None, prefer_canvas=True, zoom_control=False, **options)
        self.base_map = base_map
        # folium names elements at random, which makes every page differ from the one before.
        self._id = "study"
        StudyPage(title=title, lang=lang).add_child(self)

    def _repr_html_(self, **_kwargs: Any) -> str:
        page = html.escape(offline_html(self))
        return f'<iframe srcdoc="{page}" style="width:100%;height:640px;border:0" allowfullscreen></iframe>'


class StudyOverlay(MacroElement):
    """Everything the package draws and controls on the page: data, style and scripts."""

    _template = Template(
        "{% macro header(this, kwargs) %}<style>\n{{this.css}}</style>{% endmacro %}"
        "{% macro html(this, kwargs) %}"
        '<script type="application/json" id="study-data">{{this.data}}</script>'
        "{% endmacro %}"
        "{% macro script(this, kwargs) %}{{this.js}}\n"
        "borderreach.start({{this._parent.get_name()}}, "
        'JSON.parse(document.getElementById("study-data").textContent));'
        "{% endmacro %}"
    )

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "StudyOverlay"
        self._id = "study"
        self.content = content
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # Should somebody put the map into a page of another kind, nothing in the data is a template there either.
        self.data = _TEMPLATE_SIGN.sub(r"\\u007b", text.translate(_ESCAPES))
        self.js = "\n".join(_asset(name) for name in _SCRIPTS)
        self.css = "\n".join(_asset(name) for name in _STYLES)


def study_map(
    results: MapResults,
    *,
    context: gpd.GeoDataFrame | None = None,
    language: Language = "zh",
    base_map: str | PathLike[str] | BaseMap | None = None,
    minute_classes: ClassChoice = None,
    gain_classes: ClassChoice = None,
    n_classes: int = 6,
) -> folium.Map:
    """Draw the results of a study as a Leaflet map.

    Without a base map, the map asks for nothing from outside once saved with `save_map`. It shows
    provinces, borders, junctions, border counties with their minutes before and after, circles
    and commuting zones before and after with what is gained, corridors, centres, a legend and the
    sources. A swipe sets before beside after, a slider moves the circle from 30 to 180 minutes, a
    link brings back what is seen. Names are inserted as text, never as HTML.

    Parameters
    ----------
    results : StudyResults
        What `run_study` returns; all geometry in EPSG:4326.
    context : GeoDataFrame, optional
        Polygons with a `name`, such as all provinces; those near the study are drawn as pale
        outlines around it.
    language : {"zh", "en"}
        Language that the page opens in; readers can switch.
    base_map : str, path or BaseMap, optional
        Tiles under the map: what `base_map` takes, or what it returns. Tiles of a service come from
        outside, so that the map is then saved with ``save_map(m, path, offline=False)``. On tiles in
        GCJ-02 (``"gaode"``) all shapes are shifted so that they fit, and the map says so.
    minute_classes, gain_classes : str, sequence of float or None
        Classes of minutes and of minutes saved that border counties are coloured by: a scheme of
        mapclassify (``"quantiles"``, ``"natural_breaks"``, ``"equal_interval"``, ``"pretty_breaks"``,
        ``"head_tail"``) or upper bounds. `study_figure` takes the same and gives the same classes.
    n_classes : int
        Number of classes that a scheme is asked for.

    Returns
    -------
    folium.Map
        Further folium layers may be added before it is saved.

    Raises
    ------
    InputError, InputTypeError, MissingColumnError, MissingCRSError, GeometryTypeError
        If a table of the results has another shape than documented; the message names it.
    MissingDependencyError
        If a scheme is asked for and mapclassify isn't installed.

    See Also
    --------
    save_map : Write the map to one file that needs no network.

    Notes
    -----
    Shapes on the map are simplified: boundaries by about 50 m, travel-time areas by about 110 m, or
    by more where these would have too many vertices (`maps.layers`). The page states the tolerances.
    Figures shown are those of the tables.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> page = br.study_map(results, language="en")
    >>> br.save_map(page, "map.html").name
    'map.html'
    """
    language = require_choice(language, "language", WORDS)  # type: ignore[assignment]
    tiles = None if base_map is None else base_map_of(base_map)
    layers = map_layers(results, context=context)
    classes = {
        "minute": classes_of_minutes(layers.county_times, minute_classes, n_classes=n_classes),
        "gain": classes_of_gains(layers.county_times, gain_classes, n_classes=n_classes),
    }
    if tiles is not None and tiles.datum == "gcj02":
        layers = in_gcj02(layers)
    title = closed(str(results.study.title))
    west, south, east, north = layers.provinces.total_bounds
    m = StudyMap(
        title=title,
        lang="zh-CN" if language == "zh" else "en",
        base_map=tiles,
        location=((south + north) / 2, (west + east) / 2),
        zoom_start=7,
        min_zoom=3,
        max_zoom=14 if tiles is None else 18,
        zoom_snap=0.25,
        attribution_control=True,
    )
    m.add_child(StudyOverlay(page_content(results, layers, language, tiles=tiles, classes=classes)))
    return m


def page_content(
    results: MapResults,
    layers: MapLayers,
    language: Language,
    *,
    tiles: BaseMap | None,
    classes: Mapping[str, Classes],
) -> dict[str, Any]:
    """Return what the page's script draws, as JSON values in a fixed order."""
    west, south, east, north = _first_view(layers)
    figures = measures(layers.indicators)
    centres = [
        {"id": str(row.origin_id), "name": str(row.origin_name), "at": _at(row)}
        for row in layers.centres.itertuples()
    ]
    content = {
        "language": language,
        "words": WORDS,
        "style": page_style(),
        "classes": {name: _classes(each) for name, each in classes.items()} | _measure_classes(figures),
        "measures": [each.key for each in figures],
        "circleMin": float(results.study.circle_min),
        "title": {"zh": str(results.study.title), "en": str(results.study.title_en)},
        "description": str(results.study.description),
        "attribution": [str(line) for line in results.attribution],
        "notes": [str(line) for line in results.notes],
        "baseMap": None if tiles is None else _tiles(tiles),
        "alphabet": ALPHABET,
        "quantum": QUANTUM_DEG,
        "reachQuantum": REACH_QUANTUM_DEG,
        "tolerances": {
            "boundary": metres(BOUNDARY_TOLERANCE_DEG),
            "circle": metres(max(layers.circle_tolerance_deg, layers.slider_tolerance_deg)),
            "zone": metres(layers.zone_tolerance_deg),
        },
        "bounds": [[south, west], [north, east]],
        "scenario": layers.scenario,
        "scenarioName": layers.scenario_name,
        "baseName": layers.base_name,
        "centres": centres,
        "provinces": _named(layers.provinces),
        "context": _named(layers.context),
        "borders": _borders(layers),
        "crossings": _crossings(layers),
        "gaps": _gaps(layers),
        "changes": _changes(layers),
        "claims": _claims(layers),
        "junctions": [{"names": str(row.provinces), "at": _at(row)} for row in layers.junctions.itertuples()],
        **_counties(layers, figures),
        "circles": [_circle(reach, layers.circle_people, layers.scenario) for reach in layers.circles],
        "slider": [_reach(reach) for reach in layers.slider],
        "railCircles": [
            _circle(reach, layers.rail_circle_people, layers.scenario) for reach in layers.rail_circles
        ],
        "centreCircles": [_reach(reach) for reach in layers.centre_circles],
        "zones": [_reach(reach) for reach in layers.zones],
        "allZones": _reach(layers.all_zones) if layers.all_zones else None,
        "corridors": _corridors(layers),
    }
    return {key: _closed(value) for key, value in content.items()}


def _closed(value: Any) -> Any:
    """Return a value in whose texts no change of direction reaches beyond them."""
    if isinstance(value, str):
        return closed(value)
    if isinstance(value, dict):
        return {key: _closed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_closed(each) for each in value]
    return value


def _first_view(layers: MapLayers) -> tuple[float, float, float, float]:
    """Return what is seen first: the provinces, or what the study is about where that is a small part of them."""
    whole = shapely.box(*layers.provinces.total_bounds)
    frames = (layers.counties, layers.borders, layers.centres, layers.corridors)
    shapes = [shape for frame in frames for shape in frame.geometry]
    shapes += [shape for reach in layers.circles for shape in (reach.base, reach.scenario)]
    west, south, east, north = shapely.total_bounds(shapely.GeometryCollection(shapes))
    # Without any shape all are NaN, and the provinces are seen.
    small = (east - west) * (north - south) < _SMALL_PART * whole.area
    bounds = (west, south, east, north) if small else whole.bounds
    west, south, east, north = (float(value) for value in bounds)
    return west, south, east, north


def _classes(classes: Classes) -> dict[str, Any]:
    labels = dict.fromkeys(WORDS, classes.labels)
    return {"breaks": classes.breaks, "colours": classes.colours, "labels": labels, "unit": "minutes"}


def _measure_classes(figures: Sequence[Measure]) -> dict[str, Any]:
    """Return the classes of each measure and, where there is one, of its change."""
    found: dict[str, Any] = {}
    for each in figures:
        for change in (False, True) if each.change else (False,):
            classes = each.changes if change else each.levels
            found[f"~{each.key}" + ("-gain" if change else "")] = {
                "breaks": classes.breaks,
                "colours": classes.colours,
                "labels": {language: each.labels(language, change=change) for language in WORDS},
                "unit": each.change_unit if change else each.unit,
            }
    return found


def _borders(layers: MapLayers) -> list[dict[str, Any]]:
    known = {(str(row.province_a), str(row.province_b)): row for row in layers.border_crossings.itertuples()}
    rows = []
    for row in layers.borders.itertuples():
        names = str(row.province_a), str(row.province_b)
        crossed = known.get(names)
        rows.append(
            {
                "names": names,
                "km": number(row.length_km),
                "crossings": None if crossed is None else int(str(crossed.n_crossings)),
                "spacing": None if crossed is None else number(crossed.spacing_km),
                "without": None if crossed is None else number(crossed.longest_without_km),
                "shape": pack(row.geometry),
            }
        )
    return rows


def _crossings(layers: MapLayers) -> list[dict[str, Any]]:
    return [
        {
            "at": _place(row.geometry),
            "class": str(row.road_class),
            "names": [str(row.county_a), str(row.county_b)],
            "provinces": [str(row.province_a), str(row.province_b)],
        }
        for row in layers.crossings.itertuples()
    ]


def _gaps(layers: MapLayers) -> list[dict[str, Any]]:
    return [
        {
            "names": [str(row.county), str(row.beyond_county)],
            "km": number(row.gap_km),
            "roadKm": number(row.network_km),
            "minutes": number(row.network_min),
            "factor": number(row.detour_factor),
            "shape": pack(row.geometry),
        }
        for row in layers.gaps.itertuples()
    ]


def _changes(layers: MapLayers) -> list[dict[str, Any]]:
    """Return closed links and changed speeds; a sign stands in the middle of the longest stretch."""
    return [
        {
            "id": str(row.change_id),
            "name": str(row.name),
            "closed": bool(row.closed),
            "links": int(str(row.n_links)),
            "km": number(row.length_km),
            "baseKph": number(row.base_kph, 0),
            "afterKph": number(row.scenario_kph, 0),
            "at": _place(_core([], _parts(row.geometry), [])),
            "shape": pack(row.geometry),
        }
        for row in layers.changes.itertuples()
    ]


def _claims(layers: MapLayers) -> list[dict[str, Any]]:
    """Return the claims in the table's order, which is the report's; those without a place have no ``at``."""
    rows = []
    for row in layers.claims.itertuples():
        parts = _parts(row.geometry)
        points = [part for part in parts if part.geom_type == "Point"]
        lines = [part for part in parts if part.geom_type in ("LineString", "LinearRing")]
        areas = [part for part in parts if part.geom_type == "Polygon"]
        rows.append(
            {
                "id": str(row.claim_id),
                "words": str(row.words),
                "reading": str(row.reading),
                "verdict": str(row.verdict),
                "text": str(row.verdict_text),
                "value": number(row.value, 2),
                "unit": str(row.unit),
                "compare": str(row.compare),
                "limit": number(row.limit, 2),
                "with": number(row.value_with, 2),
                "flip": str(row.flip),
                "method": str(row.method),
                "at": _place(_core(points, lines, areas)) if parts else None,
                "points": [_place(part) for part in points],
                "lines": pack(shapely.MultiLineString(lines), REACH_QUANTUM_DEG),
                "areas": pack(shapely.MultiPolygon(areas), REACH_QUANTUM_DEG),
            }
        )
    return rows


def _parts(geometry: BaseGeometry | None) -> list[BaseGeometry]:
    if geometry is None or geometry.is_empty:
        return []
    if not hasattr(geometry, "geoms"):
        return [geometry]
    return [part for each in geometry.geoms for part in _parts(each)]


def _core(
    points: Sequence[BaseGeometry], lines: Sequence[BaseGeometry], areas: Sequence[BaseGeometry]
) -> BaseGeometry:
    """Return what stands for a claim's place: its largest area, the middle of its longest line, a point."""
    if areas:
        return max(areas, key=lambda area: float(area.area))
    if lines:
        return max(lines, key=lambda line: float(line.length)).interpolate(0.5, normalized=True)
    return shapely.MultiPoint(list(points))


def _place(geometry: BaseGeometry) -> Sequence[float]:
    """Return where a shape's sign stands, lat then lon: on it, and inside where it is an area."""
    point = geometry.representative_point()
    return [round(float(point.y), 5), round(float(point.x), 5)]


def _tiles(tiles: BaseMap) -> dict[str, Any]:
    return {
        "name": tiles.name,
        "addresses": tiles.addresses,
        "attribution": tiles.attribution,
        "subdomains": tiles.subdomains,
        "datum": tiles.datum,
        "minZoom": tiles.min_zoom,
        "maxZoom": tiles.max_zoom,
        "tms": tiles.tms,
    }


def _named(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    rows = []
    for row, point in zip(frame.itertuples(), frame.representative_point(), strict=True):
        rows.append(
            {
                "name": str(row.name),
                "at": [round(point.y, 4), round(point.x, 4)],
                "shape": pack(row.geometry),
            }
        )
    return rows


def _counties(layers: MapLayers, figures: Sequence[Measure]) -> dict[str, Any]:
    """Return the counties, and the centres that their minutes refer to by number."""
    centres, times = _times_by_county(layers.county_times)
    members = _members_by_zone(layers.zone_counties)
    gains = _gains_by_county(layers)
    indicators = _indicators_by_county(layers.indicators, figures)
    rows = []
    for row in layers.counties.itertuples():
        adcode = int(row.adcode)
        rows.append(
            {
                "adcode": adcode,
                "name": str(row.name),
                "city": str(row.city),
                "province": str(row.province),
                "neighbours": str(row.neighbour_provinces),
                "km": number(row.border_km),
                "at": _at(row),
                "shape": pack(row.geometry),
                "times": times.get(adcode, ""),
                "gains": gains.get(str(adcode), []),
                "members": members.get(str(adcode), {}),
                "figures": indicators.get(adcode),
            }
        )
    return {"timeCentres": centres, "counties": rows}


def _times_by_county(frame: pd.DataFrame) -> tuple[list[dict[str, str]], dict[int, str]]:
    """Return the centres, and per county a text of packed numbers, five for each centre.

    They are the number of the centre, tenths of minutes before, after and between, and five bits: inside
    before, inside after, and whether each of the three figures is known.
    """
    numbers, centres = pd.factorize(frame["centre_id"].astype(str))
    names = frame["centre_name"].astype(str).to_numpy()
    first = {int(number): str(names[i]) for i, number in reversed(list(enumerate(numbers)))}
    figures = frame[["base_min", "scenario_min", "delta_min"]].to_numpy(dtype=float)
    known = np.isfinite(figures)
    # Rounded as Python does it, so that the page shows what a table with one decimal shows.
    tenths = np.rint(np.round(np.where(known, figures, 0.0), 1) * 10).astype(np.int64)
    inside = frame[["base_inside", "scenario_inside"]].to_numpy(dtype=bool)
    bits = np.column_stack([inside, known]) @ (1 << np.arange(5))
    rows = np.column_stack([numbers, tenths, bits])
    places = frame.groupby(frame["adcode"].astype("int64")).indices
    times = {int(str(code)): pack_numbers(rows[place].ravel()) for code, place in places.items()}
    return [{"id": str(each), "name": first[i]} for i, each in enumerate(centres)], times


def _gains_by_county(layers: MapLayers) -> dict[str, list[float | None]]:
    """Return what each corridor contributes to a county's mean minutes, in the order of the corridors."""
    frame = layers.gains_by_corridor
    columns = [f"contribution_{corridor}_min" for corridor in layers.corridors["corridor_id"]]
    if not columns or not set(columns) <= set(frame.columns):
        return {}
    wanted = frame[frame["origin_id"].astype(str).isin(layers.counties["adcode"].astype(str))]
    return {
        str(identifier): [number(value) for value in values]
        for identifier, values in zip(wanted["origin_id"], wanted[columns].to_numpy(dtype=float), strict=True)
    }


def _indicators_by_county(frame: pd.DataFrame, figures: Sequence[Measure]) -> dict[int, dict[str, Any]]:
    """Return residents, efficiency, and of each measure, today's figures, those with corridors and the change."""
    found: dict[int, dict[str, Any]] = {}
    for row in frame.itertuples():
        adcode = int(str(row.adcode))
        values: dict[str, Any] = {
            each.key: [
                *(number(side.get(adcode, math.nan), 0) for side in (each.base, each.scenario)),
                number(each.change.get(adcode, math.nan), 2),
            ]
            for each in figures
        }
        efficiency = [number(row.efficiency, 4), number(row.scenario_efficiency, 4)]
        found[adcode] = {"people": number(row.people, 0), "efficiency": efficiency, **values}
    return found


def _members_by_zone(frame: pd.DataFrame) -> dict[str, dict[str, list[str]]]:
    """Names of the counties that belong to each centre's zone, per scenario."""
    members: dict[str, dict[str, list[str]]] = {}
    for row in frame[frame["belongs"].astype(bool)].itertuples():
        members.setdefault(str(row.centre_id), {}).setdefault(str(row.scenario), []).append(str(row.name))
    return members


def _reach(reach: Reach) -> dict[str, Any]:
    return {
        "key": reach.key,
        "name": reach.name,
        "minutes": reach.cutoff_min,
        "baseKm2": reach.base_km2,
        "afterKm2": reach.scenario_km2,
        "base": pack(reach.base, REACH_QUANTUM_DEG),
        "after": pack(reach.scenario, REACH_QUANTUM_DEG),
        "gained": pack(reach.gained, REACH_QUANTUM_DEG),
        "edge": pack(reach.edge, REACH_QUANTUM_DEG),
    }


def _circle(reach: Reach, people: pd.DataFrame, scenario: str | None) -> dict[str, Any]:
    """Return a circle with the people in it, today and with corridors; None where the table has no such row."""
    here = people[people["cutoff_min"] == reach.cutoff_min]
    inside = {str(row.scenario): number(row.people, 0) for row in here.itertuples()}
    return {**_reach(reach), "people": [inside.get(BASE), inside.get(scenario or "")]}


def _corridors(layers: MapLayers) -> list[dict[str, Any]]:
    stops: dict[str, list[dict[str, Any]]] = {}
    for row in layers.corridor_stops.sort_values(["corridor_id", "stop_no"]).itertuples():
        stops.setdefault(str(row.corridor_id), []).append({"name": str(row.stop_name), "at": _at(row)})
    return [
        {
            "id": str(row.corridor_id),
            "name": str(row.name),
            "nameEn": layers.corridor_names_en.get(str(row.corridor_id), ""),
            "mode": str(row.mode),
            "status": str(row.status),
            "kph": number(row.design_speed_kph, 0),
            "km": number(row.length_km),
            "source": str(row.source),
            "shape": pack(row.geometry),
            "stops": stops.get(str(row.corridor_id), []),
        }
        for row in layers.corridors.itertuples()
    ]


def _at(row: Any) -> Sequence[float]:
    return [round(float(row.lat), 5), round(float(row.lon), 5)]


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
