"""The static figure of a study's results, for papers and plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Any, Final, Literal, TypeAlias

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox

from ..geo.checks import require_choice
from ..geo.crs import WGS84, local_crs
from ..geo.errors import InputError
from . import style
from .classes import ClassChoice, Classes
from .classes import gain_classes as gain_classes_of
from .classes import minute_classes as minute_classes_of
from .drawing import HALO, own_settings, require_figure_path, save_figure, sized
from .fonts import drawable, font_for, require_font
from .layers import MapLayers, Reach, map_layers
from .measures import MEASURES, MeasureKey, measures
from .protocols import MapResults
from .wording import WORDS, Language

#: What border counties can be filled by: figures today, with corridors, or their change.
Colouring: TypeAlias = Literal["base", "after", "gain"]
COLOURINGS: Final = ("base", "after", "gain")
_WIDTH_IN: Final = 7.2
#: Half the side of what a dot takes of the room for names, pixels of the figure.
_DOT_PX: Final = 3.5
#: Letters of a title, a line of the sources, an entry of the legend, a name on the map; more don't fit.
_MOST: Final = {"title": 120, "line": 200, "legend": 90, "name": 40}


def study_figure(
    results: MapResults,
    path: str | PathLike[str] | None = None,
    *,
    context: gpd.GeoDataFrame | None = None,
    language: Language = "zh",
    colour_by: Colouring | None = None,
    measure: MeasureKey | None = None,
    centre: str | None = None,
    minute_classes: ClassChoice = None,
    gain_classes: ClassChoice = None,
    n_classes: int = 6,
    font: str | PathLike[str] | None = None,
) -> Figure:
    """Draw the results of a study as a static figure and save it where a path is given.

    The same layers, colours and classes as `study_map`, in an azimuthal equidistant projection
    centred on the study, with a scale bar, a north arrow, a legend and the sources.

    Parameters
    ----------
    results : StudyResults
        What `run_study` returns; all geometry in EPSG:4326.
    path : path, optional
        Ending in .png, .svg or .pdf; folders on the way are made. The file is replaced whole or
        not touched.
    context : GeoDataFrame, optional
        Polygons with a `name` around the study, drawn pale.
    language : {"zh", "en"}
        Language of title and legend; names stay as the data has them.
    colour_by : {"base", "after", "gain"}, optional
        Fills border counties by their minutes to a centre today or with corridors, or by the minutes
        saved; or by another `measure`.
    measure : {"reached", "potential", "type"}, optional
        Instead of minutes: people within the circle's minutes, market potential (its gain in per cent),
        or type, of the table ``indicators``. Type has no gain.
    centre : str, optional
        Id or name of that centre; the nearest of all (for gains, the one gained most) when left out.
    minute_classes, gain_classes, n_classes
        As `study_map` takes them; with the same ones, map and figure have the same classes.
    font : str or path, optional
        Name of an installed font family, or path of a font file, to draw texts with instead of the
        package's own font (a subset of Noto Sans SC), with which figures are the same on every machine.
        A character that a font lacks comes from the next that has it: the package's own, matplotlib's,
        installed ones; where none has it, it's drawn as a box, and a warning in the log says so.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    OutputError
        If the ending isn't one of the three or the file can't be written.
    MissingDependencyError
        If a scheme of classes is asked for and mapclassify isn't installed.
    DataFileError
        If the package's own font is missing or damaged.
    InputError, InputTypeError, MissingColumnError, MissingCRSError, GeometryTypeError
        If a table of the results has another shape than documented, or an option can't be used.

    Examples
    --------
    >>> results = br.run_study("yuqian")
    >>> figure = br.study_figure(results, "figure.png", language="en")
    """
    language = require_choice(language, "language", WORDS)  # type: ignore[assignment]
    suffix = None if path is None else require_figure_path(path)
    if font is not None:
        require_font(font)
    layers = map_layers(results, context=context, circles_only=True)
    shades = None
    if colour_by is None and measure is not None:
        raise InputError(
            f"'measure' needs 'colour_by', one of {', '.join(COLOURINGS)}; got {measure!r} alone"
        )
    if colour_by is not None:
        colour_by = require_choice(colour_by, "colour_by", COLOURINGS)  # type: ignore[assignment]
    if colour_by is not None and measure is not None:
        require_choice(measure, "measure", MEASURES)
        minutes = float(results.study.circle_min)
        shades = _measure_shades(layers, measure, str(colour_by), language, minutes)
    elif colour_by is not None:
        classes = (
            gain_classes_of(layers.county_times, gain_classes, n_classes=n_classes)
            if colour_by == "gain"
            else minute_classes_of(layers.county_times, minute_classes, n_classes=n_classes)
        )
        shades = _shades(layers, str(colour_by), centre, classes, WORDS[language])
    with own_settings():
        figure = _draw(results, layers, WORDS[language], language, shades, font)
    if path is not None and suffix is not None:
        save_figure(figure, path, suffix)
    return figure


@dataclass(frozen=True)
class _Shades:
    """What border counties are filled with: a title, classes with their labels, and the class of each county."""

    title: str
    classes: Classes
    labels: tuple[str, ...]
    class_of: dict[int, int | None]


def _shades(
    layers: MapLayers, colour_by: str, centre: str | None, classes: Classes, words: dict[str, str]
) -> _Shades:
    times = layers.county_times
    name = words["nearest"]
    if centre is not None:
        times = times[(times["centre_id"].astype(str) == centre) | (times["centre_name"] == centre)]
        if len(times) == 0:
            known = ", ".join(sorted(set(layers.county_times["centre_name"].astype(str))))
            raise InputError(f"'centre' should be the id or name of a centre ({known}), got {centre!r}")
        name = str(times["centre_name"].iloc[0])
    by_county = times.groupby("adcode")
    column = {"base": "base_min", "after": "scenario_min", "gain": "delta_min"}[colour_by]
    values = by_county[column].min() * (-1 if colour_by == "gain" else 1)
    key = "colour_gain_most" if colour_by == "gain" and centre is None else f"colour_{colour_by}"
    return _Shades(
        title=words[key].format(centre=name, scenario=words["after"]),
        classes=classes,
        labels=tuple(f"{label} {words['minutes']}" for label in classes.labels),
        class_of={
            int(str(code)): style.class_of(float(value), classes.breaks) for code, value in values.items()
        },
    )


def _measure_shades(
    layers: MapLayers, key: MeasureKey, colour_by: str, language: Language, minutes: float
) -> _Shades:
    found = next((each for each in measures(layers.indicators) if each.key == key), None)
    gain = colour_by == "gain"
    if found is None or (gain and not found.change):
        raise InputError(
            f"'measure' {key!r} has no {colour_by} here: "
            + ("a type doesn't change by an amount" if found else "the study's table of indicators is empty")
        )
    words = WORDS[language]
    figures = {"base": found.base, "after": found.scenario, "gain": found.change}[colour_by]
    classes, unit = (found.changes, found.change_unit) if gain else (found.levels, found.unit)
    figure = words[f"measure_{key}"].format(minutes=f"{minutes:g}")
    return _Shades(
        title=words[f"figure_{colour_by}"].format(figure=figure, scenario=words["after"]),
        classes=classes,
        labels=tuple(
            f"{label} {words[unit]}" if unit else label for label in found.labels(language, change=gain)
        ),
        class_of={code: style.class_of(value, classes.breaks) for code, value in figures.items()},
    )


def _draw(
    results: MapResults,
    layers: MapLayers,
    words: dict[str, str],
    language: Language,
    shades: _Shades | None,
    named: str | PathLike[str] | None,
) -> Figure:
    title = _shown(results.study.title if language == "zh" else results.study.title_en, "title")
    crs = _projection(layers)
    west, south, east, north = gpd.GeoSeries(layers.provinces.geometry).to_crs(crs).total_bounds
    pad = 0.03 * max(east - west, north - south)
    footer = "\n".join([*(_shown(line, "line") for line in results.attribution), words["modelled"]])
    handles, labels = _legend(layers, words, shades)
    texts = [title, footer, words["north"], words["kilometres"], *labels, *_names(layers)]
    font = font_for("".join(texts) + "0123456789", font=named)

    # The map keeps its shape; title above, legend and sources below take what they need.
    map_high = _WIDTH_IN * (north - south + 2 * pad) / (east - west + 2 * pad)
    map_high = float(np.clip(map_high, 3.0, 9.5))
    rows = -(-len(handles) // 2)
    legend_high, footer_high, title_high = 0.19 * rows + 0.15, 0.13 * (footer.count("\n") + 1) + 0.15, 0.45
    high = map_high + legend_high + footer_high + title_high
    figure = Figure(figsize=(_WIDTH_IN, high), facecolor="white")
    axes = figure.add_axes((0.01, (legend_high + footer_high) / high, 0.98, map_high / high))
    figure.text(
        0.5, 1 - 0.5 * title_high / high, title, ha="center", va="center", fontproperties=sized(font, 15)
    )
    figure.text(
        0.02, 0.08 / high, footer, ha="left", va="bottom", fontproperties=sized(font, 7), color="#333333"
    )
    axes.set_aspect("equal", adjustable="box")
    axes.set_facecolor(style.SEA)

    _draw_areas(axes, layers, crs, shades)
    _draw_lines(axes, layers, crs)
    # Set last, because geopandas fits limits and labels to each layer that it draws.
    axes.set(xlim=(west - pad, east + pad), ylim=(south - pad, north + pad), xticks=[], yticks=[],
             xlabel="", ylabel="")  # fmt: skip
    _draw_points(axes, layers, crs, font)
    _scale_bar(axes, font, words["kilometres"])
    _north_arrow(axes, font, words["north"])
    figure.legend(
        handles, labels, loc="upper center", ncols=2, frameon=False, prop=sized(font, 8.5),
        bbox_to_anchor=(0.5, (legend_high + footer_high - 0.03) / high), handlelength=2.8, columnspacing=1.6,
    )  # fmt: skip
    return figure


def _projection(layers: MapLayers) -> pyproj.CRS:
    west, south, east, north = layers.provinces.total_bounds
    return local_crs(lon=(west + east) / 2, lat=(south + north) / 2)


def _area(axes: Axes, geometry: Any, crs: pyproj.CRS, **look: Any) -> None:
    series = geometry if isinstance(geometry, gpd.GeoSeries) else gpd.GeoSeries([geometry], crs=WGS84)
    if len(series) and not series.is_empty.all():
        series.to_crs(crs).plot(ax=axes, aspect=None, **look)


def _draw_areas(axes: Axes, layers: MapLayers, crs: pyproj.CRS, shades: _Shades | None) -> None:
    _area(axes, layers.context.geometry, crs, facecolor=style.LAND, edgecolor=style.PROVINCE_LINE,
          linewidth=0.5, alpha=0.5, zorder=1)  # fmt: skip
    _area(axes, layers.provinces.geometry, crs, facecolor=style.LAND, edgecolor=style.PROVINCE_LINE,
          linewidth=0.8, zorder=2)  # fmt: skip
    for rank, reach in reversed(list(enumerate(layers.circles))):
        _area(axes, reach.base, crs, facecolor=style.ranked(style.CIRCLE_FILLS, rank),
              edgecolor=style.CIRCLE_LINE, linewidth=0.5, alpha=0.8, zorder=3)  # fmt: skip
    for rank, reach in reversed(list(enumerate(layers.circles))):
        _area(axes, reach.gained, crs, facecolor="none", edgecolor=style.ranked(style.GAIN_LINES, rank),
              linewidth=0, hatch="/////", zorder=3.5)  # fmt: skip
        _area(axes, reach.edge, crs, color=style.SCENARIO_LINE, linewidth=0.9, linestyle=(0, (4, 2.5)),
              zorder=4)  # fmt: skip
    fills: Any = "none"
    if shades is not None:
        numbers = [shades.class_of.get(int(code)) for code in layers.counties["adcode"]]
        fills = [style.NO_VALUE_COLOUR if n is None else shades.classes.colours[n] for n in numbers]
    _area(axes, layers.counties.geometry, crs, facecolor=fills, edgecolor=style.COUNTY_LINE,
          linewidth=0.6, zorder=5)  # fmt: skip


def _draw_lines(axes: Axes, layers: MapLayers, crs: pyproj.CRS) -> None:
    if len(layers.borders):
        borders = layers.borders.geometry.to_crs(crs)
        borders.plot(ax=axes, aspect=None, color=style.BORDER_HALO, linewidth=3, alpha=0.6, zorder=6)
        borders.plot(ax=axes, aspect=None, color=style.BORDER_LINE, linewidth=0.9, zorder=6,
                     linestyle=(0, (7, 2.5, 1.5, 2.5)))  # fmt: skip
    if len(layers.corridors):
        shapes = layers.corridors.geometry.to_crs(crs)
        for row, shape in zip(layers.corridors.itertuples(), shapes, strict=True):
            line = gpd.GeoSeries([shape], crs=crs)
            line.plot(ax=axes, aspect=None, color="white", linewidth=3.2, zorder=7)
            line.plot(ax=axes, aspect=None, zorder=7, **_corridor_look(str(row.mode), str(row.status)))


def _draw_points(axes: Axes, layers: MapLayers, crs: pyproj.CRS, font: FontProperties) -> None:
    for _, point in _points(layers.junctions, crs):
        axes.plot(point.x, point.y, "o", markersize=4, markerfacecolor=style.JUNCTION_FILL,
                  markeredgecolor=style.BORDER_LINE, zorder=8)  # fmt: skip
    colours = {
        str(row.corridor_id): style.MODE_COLOURS.get(str(row.mode), style.OTHER_MODE_COLOUR)
        for row in layers.corridors.itertuples()
    }
    for row, point in _points(layers.corridor_stops, crs):
        axes.plot(point.x, point.y, "o", markersize=3.6, markerfacecolor=style.STOP_FILL, zorder=8,
                  markeredgecolor=colours.get(str(row.corridor_id), style.OTHER_MODE_COLOUR))  # fmt: skip
    for _, point in _points(layers.centres, crs):
        axes.plot(point.x, point.y, "o", markersize=6.5, markerfacecolor=style.CENTRE_FILL,
                  markeredgecolor="white", zorder=10)  # fmt: skip

    dots = [point for frame in (layers.centres, layers.corridor_stops) for _, point in _points(frame, crs)]
    places = axes.transData.transform(np.array([(point.x, point.y) for point in dots]).reshape(-1, 2))
    taken = [Bbox.from_bounds(x - _DOT_PX, y - _DOT_PX, 2 * _DOT_PX, 2 * _DOT_PX) for x, y in places]
    for row, point in _points(layers.centres, crs):
        _label(axes, point, _shown(row.origin_name), sized(font, 11), taken, beside=True)
    for name, point in _named_stops(
        layers.corridor_stops, crs, least_m=0.035 * float(np.ptp(axes.get_xlim()))
    ):
        _label(axes, point, name, sized(font, 7), taken, beside=True)
    for row, point in _points(layers.counties, crs):
        _label(axes, point.representative_point(), _shown(row.name), sized(font, 6.5), taken, beside=False)


def _named_stops(
    stops: gpd.GeoDataFrame, crs: pyproj.CRS, *, least_m: float
) -> Iterator[tuple[str, shapely.Point]]:
    """Yield the first and last stop of each corridor, then those that no neighbour is too close to."""
    between: list[tuple[str, shapely.Point]] = []
    for _, corridor in stops.groupby("corridor_id", sort=False):
        rows = [
            (_shown(row.stop_name), point) for row, point in _points(corridor.sort_values("stop_no"), crs)
        ]
        yield from rows[:1]
        yield from rows[1:][-1:]
        for (_, before), (name, point), (_, after) in zip(rows, rows[1:], rows[2:], strict=False):
            if min(point.distance(before), point.distance(after)) >= least_m:
                between.append((name, point))
    yield from between


def _label(
    axes: Axes, point: shapely.Point, text: str, font: FontProperties, taken: list[Bbox], *, beside: bool
) -> None:
    """Write a name where no earlier one stands, right, left, above or below its point; else leave it out."""
    around = (((6, -3), "left"), ((-6, -3), "right"), ((0, 6), "center"), ((0, -13), "center"))
    places = around if beside else (((0, 0), "center"),)
    for offset, side in places:
        note = axes.annotate(
            text, (point.x, point.y), xytext=offset, textcoords="offset points", ha=side, zorder=11,
            va="baseline" if beside else "center", fontproperties=font, path_effects=HALO,
        )  # fmt: skip
        box = note.get_window_extent()
        if not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return
        note.remove()


def _points(frame: gpd.GeoDataFrame, crs: pyproj.CRS) -> Iterator[tuple[Any, Any]]:
    if len(frame):
        yield from zip(frame.itertuples(), frame.geometry.to_crs(crs), strict=True)


def _corridor_look(mode: str, status: str) -> dict[str, Any]:
    dashes = [float(part) for part in style.STATUS_DASHES.get(status, style.OTHER_STATUS_DASH).split()]
    return {
        "color": style.MODE_COLOURS.get(mode, style.OTHER_MODE_COLOUR),
        "linewidth": 1.8,
        "linestyle": (0, [part / 3.2 for part in dashes]) if dashes else "solid",
    }


def _legend(layers: MapLayers, words: dict[str, str], shades: _Shades | None) -> tuple[list[Any], list[str]]:
    handles: list[Any] = []
    labels: list[str] = []

    def entry(handle: Any, label: str) -> None:
        handles.append(handle)
        shown = _shown(label, "legend")
        # matplotlib leaves out entries that begin with an underscore.
        labels.append(f" {shown}" if shown.startswith("_") else shown)

    for rank, reach in enumerate(layers.circles):
        circle = words["circle_of"].format(minutes=f"{reach.cutoff_min:g}")
        entry(
            Patch(facecolor=style.ranked(style.CIRCLE_FILLS, rank), edgecolor=style.CIRCLE_LINE, alpha=0.8),
            f"{circle} · {words['base']}{_km2(reach.base_km2)}",
        )
        if not reach.gained.is_empty:
            colour = style.ranked(style.GAIN_LINES, rank)
            entry(
                Patch(facecolor="none", edgecolor=colour, hatch="/////", linewidth=0.6),
                f"{circle} · {words['gained']}{_gain(reach)}",
            )
    if any(not reach.edge.is_empty for reach in layers.circles):
        dashed = Line2D([], [], color=style.SCENARIO_LINE, linewidth=1, linestyle=(0, (4, 2.5)))
        name = f" ({layers.scenario_name})" if layers.scenario_name and words["base"] == "现状" else ""
        entry(dashed, words["after"] + name)
    for row in layers.corridors.itertuples():
        status = words.get(f"status_{row.status}", str(row.status))
        entry(Line2D([], [], **_corridor_look(str(row.mode), str(row.status))), f"{row.name} ({status})")
    if len(layers.borders):
        dashdot = Line2D([], [], color=style.BORDER_LINE, linewidth=0.9, linestyle=(0, (7, 2.5, 1.5, 2.5)))
        entry(dashdot, words["border"])
    if len(layers.counties):
        entry(
            Patch(facecolor="none", edgecolor=style.COUNTY_LINE),
            f"{words['counties']} {len(layers.counties)}",
        )
    if len(layers.junctions):
        dot = Line2D([], [], linestyle="none", marker="o", markersize=4, markerfacecolor=style.JUNCTION_FILL,
                     markeredgecolor=style.BORDER_LINE)  # fmt: skip
        entry(dot, words["junctions"])
    if shades is not None:
        entry(Patch(facecolor="none", edgecolor="none"), f"{words['counties']}：{shades.title}")
        for number, label in enumerate(shades.labels):
            count = sum(each == number for each in shades.class_of.values())
            fill = Patch(facecolor=shades.classes.colours[number], edgecolor=style.COUNTY_LINE, linewidth=0.5)
            entry(fill, f"{label} ({count})")
    return handles, labels


def _km2(area: float | None) -> str:
    return "" if area is None else f" {area:,.0f} km²"


def _gain(reach: Reach) -> str:
    if reach.base_km2 is None or reach.scenario_km2 is None:
        return ""
    return f" {reach.scenario_km2 - reach.base_km2:+,.0f} km²"


def _names(layers: MapLayers) -> list[str]:
    return [
        *map(_shown, layers.centres["origin_name"]),
        *map(_shown, layers.corridor_stops["stop_name"]),
        *map(_shown, layers.counties["name"]),
    ]


def _shown(text: object, what: str = "name") -> str:
    return drawable(str(text), most=_MOST[what])


def _scale_bar(axes: Axes, font: FontProperties, unit: str) -> None:
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    wanted_km = (east - west) / 1000 / 5
    step = 10 ** np.floor(np.log10(wanted_km))
    length_km = float(max(n * step for n in (1, 2, 5) if n * step <= wanted_km))
    x, y, high = west + 0.04 * (east - west), south + 0.035 * (north - south), 0.007 * (north - south)
    for part, colour in enumerate(("black", "white")):
        axes.add_patch(
            mpl.patches.Rectangle(
                (x + part * length_km * 500, y), length_km * 500, high, facecolor=colour, edgecolor="black",
                linewidth=0.6, zorder=12,
            )
        )  # fmt: skip
    for at_km in (0.0, length_km / 2, length_km):
        text = f"{at_km:g}" + (f" {unit}" if at_km == length_km else "")
        axes.text(x + at_km * 1000, y + 1.6 * high, text, ha="center", va="bottom", zorder=12,
                  fontproperties=sized(font, 7.5), path_effects=HALO)  # fmt: skip


def _north_arrow(axes: Axes, font: FontProperties, text: str) -> None:
    axes.annotate(
        text, xy=(0.955, 0.975), xytext=(0.955, 0.895), xycoords="axes fraction", ha="center", va="top",
        fontproperties=sized(font, 10), zorder=12,
        arrowprops={"arrowstyle": "-|>,head_width=0.35,head_length=0.7", "facecolor": "black", "linewidth": 1.2},
    )  # fmt: skip
