"""The static figure of a study's results, for papers and plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike
from typing import Any, Final, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.transforms import Bbox

from ..geo.checks import require_choice, require_number, require_text
from ..geo.crs import WGS84
from ..geo.errors import InputError
from ..geo.places import shows_china, stem
from . import style
from .classes import ClassChoice
from .classes import gain_classes as gain_classes_of
from .classes import minute_classes as minute_classes_of
from .drawing import own_settings, require_figure_path, save_figure, sized
from .fonts import drawable, font_for, require_font
from .framing import (
    Frame,
    Names,
    frame_around,
    graticule,
    is_short,
    locator,
    north_arrow,
    scale_bar,
    south_sea,
    spots,
    ways_of,
    whole_country,
)
from .layers import MapLayers, map_layers
from .legend import corridor_look, legend_entries
from .measures import MEASURES, MeasureKey, Shades, measure_shades, measures, minute_shades
from .protocols import MapResults
from .wording import WORDS, Language, number_of, publication_line, words_of

#: What border counties can be filled by: figures today, with corridors, or their change.
Colouring: TypeAlias = Literal["base", "after", "gain"]
COLOURINGS: Final = ("base", "after", "gain")
#: A narrower figure has smaller type, and its legend below the map, inches.
_NARROW_IN: Final = 4.7
#: The share of a figure's width that its legend may take beside the map.
_MOST_BESIDE: Final = 0.4
#: Height of the locator beside the map over the room's width.
_LOCATOR: Final = 0.66
#: More centres have smaller dots and names.
_MANY_CENTRES: Final = 8
#: The names of more counties than this would fill the map.
_MANY_COUNTIES: Final = 200
#: Latitude of Hainan's southern coast: what lies beyond is shown in a corner.
_SOUTHERNMOST: Final = 17.5
#: Half the side of what a dot takes of the room for names, pixels of the figure.
_DOT_PX: Final = 3.5
#: Letters of a title, a line of the sources, a name on the map; more don't fit.
_MOST: Final = {"title": 120, "line": 200, "name": 40}


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
    width_cm: float = 16.0,
    review_number: str = "",
    font: str | PathLike[str] | None = None,
) -> Figure:
    """Draw the results of a study as a static figure and save it where a path is given.

    The same layers, colours and classes as `study_map`, in an azimuthal equidistant projection
    centred on the study, with roads and railways, graticule, scale bar, north arrow, a locator map,
    a legend and the sources. Where it shows most of China, it carries the lines and islands in the
    South China Sea that such maps must have.

    Parameters
    ----------
    results : StudyResults
        What `run_study` returns; all geometry in EPSG:4326.
    path : path, optional
        Ending in .png, .svg or .pdf; folders on the way are made. The file is replaced whole or
        not touched.
    context : GeoDataFrame, optional
        Polygons with a `name` around the study, drawn pale, and on a locator map of them all.
    language : {"zh", "en"}
        Language of title and legend; names stay as the data has them.
    colour_by : {"base", "after", "gain"}, optional
        Fills border counties by their minutes to a centre today or with corridors, or by the minutes
        saved; or by another `measure`.
    measure : {"reached", "potential", "type", "access", "equity", "yardsticks", "nearer", "cost"}, optional
        Instead of minutes: people within the circle's minutes, market potential (its gain in per cent),
        or type, of the table ``indicators``; where the study asks, the share in everybody's market access (its change
        alone), who stands at the poor end of people in reach, which of the national circles are missed, how much nearer a
        city of another province is than the own one, and the least generalised cost to a centre. Types and the like have no
        gain.
    centre : str, optional
        Id or name of that centre; the nearest of all (for gains, the one gained most) when left out.
    minute_classes, gain_classes, n_classes
        As `study_map` takes them; with the same ones, map and figure have the same classes.
    width_cm : float
        Between 6 and 40; journals set one column at some 8.5 cm and two at 17.5. Below 12 cm type is smaller.
    review_number : str
        The 审图号 that a published map was given, printed below it; that of the study's file when left out.
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
    width_cm = require_number(width_cm, "width_cm", minimum=6, maximum=40)
    review_number = number_of(require_text(review_number, "review_number"), results)
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
        found = measures(layers.indicators, layers.answers)
        shades = measure_shades(found, measure, str(colour_by), language, minutes)
    elif colour_by is not None:
        classes = (
            gain_classes_of(layers.county_times, gain_classes, n_classes=n_classes)
            if colour_by == "gain"
            else minute_classes_of(layers.county_times, minute_classes, n_classes=n_classes)
        )
        shades = minute_shades(
            layers.county_times, str(colour_by), centre, classes, words_of(results, language)
        )
    with own_settings():
        figure = _Drawing(
            results, layers, context, language, shades, width_cm / 2.54, review_number, font
        ).figure()
    if path is not None and suffix is not None:
        save_figure(figure, path, suffix)
    return figure


class _Drawing:
    """A figure as it's put together: what it shows, its words and sizes."""

    def __init__(
        self,
        results: MapResults,
        layers: MapLayers,
        around: gpd.GeoDataFrame | None,
        language: Language,
        shades: Shades | None,
        wide: float,
        review_number: str,
        named: str | PathLike[str] | None,
    ) -> None:
        self.results, self.layers, self.around, self.shades = results, layers, around, shades
        self.words = words_of(results, language)
        self.title = _shown(results.study.title if language == "zh" else results.study.title_en, "title")
        self.wide = wide
        #: Type and lines of narrow figures are smaller.
        self.scale = 1.0 if wide > _NARROW_IN else 0.85
        number = _shown(review_number, "name")
        notes = [self.words["modelled"], publication_line(language, number, results=results)]
        self.sources = [_shown(line, "line") for line in results.attribution]
        self.notes = notes
        self.frame = frame_around([
            layers.counties.geometry, layers.centres.geometry, layers.corridors.geometry, layers.borders.geometry,
            gpd.GeoSeries([reach.base for reach in layers.circles] or [shapely.Point()], crs=WGS84),
            *([layers.provinces.geometry] if layers.counties.empty else []),
        ])  # fmt: skip
        self.whole = whole_country(self.frame, around)
        self.china = shows_china(around) and self.whole
        if self.china and around is not None:
            # All of it, but for the islands that have a corner of their own.
            parts = around.geometry.explode()
            self.frame = frame_around([parts[parts.bounds["miny"] > _SOUTHERNMOST]])
            self.whole = whole_country(self.frame, around)
        self.ways = ways_of(self.frame, getattr(results, "what_if", None))
        self.handles, self.labels = legend_entries(
            layers, self.words, shades, ways=self.ways.kinds(self.frame)
        )
        texts = [self.title, *self.sources, *notes, self.words["north"], self.words["kilometres"], *self.labels,
                 self.words["south_sea"], *_names(layers), "°EWSN"]  # fmt: skip
        self.font = font_for("".join(texts) + "0123456789", font=named)

    def sized(self, size: float) -> FontProperties:
        return sized(self.font, size * self.scale)

    def figure(self) -> Figure:
        """Lay the figure out: the legend and a locator beside the map, or below it where the map is narrow."""
        figure = Figure(figsize=(self.wide, self.wide), facecolor="white")
        entry_wide = self._widest(figure, self.labels, 7.0) + 0.45 * self.scale
        has_locator = self.around is not None and len(self.around) > 0 and not self.whole
        beside = self.scale == 1 and entry_wide < _MOST_BESIDE * self.wide
        row_high = 0.165 * self.scale
        margin = 0.16 * self.scale
        if beside:
            side = max(entry_wide + 0.1, 0.26 * self.wide)
            map_wide = self.wide - side - margin - 0.02
            locator_high = _LOCATOR * side if has_locator else 0.0
            needed = locator_high + row_high * len(self.labels) + 0.25
            share = self.frame.high / self.frame.wide
            map_high = max(map_wide * float(np.clip(share, 0.62, 0.78)), min(needed, 1.05 * map_wide))
            beside = needed <= map_high + 0.01
        if not beside:
            side, map_wide = 0.0, self.wide - margin - 0.02
            map_high = map_wide * float(np.clip(self.frame.high / self.frame.wide, 0.6, 1.0))
        columns = 1 if beside else max(1, min(3, int(self.wide / entry_wide)))
        legend_high = 0.0 if beside else row_high * -(-len(self.labels) // columns) + 0.12
        title_high = 0.34 * self.scale
        footer, footer_high = self._footer(figure)
        below = legend_high + footer_high + margin
        high = title_high + map_high + below
        figure.set_size_inches(self.wide, high)
        self.frame = self.frame.shaped(map_high / map_wide)

        figure.text(0.5, 1 - 0.5 * title_high / high, self.title, ha="center", va="center",
                    fontproperties=self._fitting(figure, self.title, 11))  # fmt: skip
        axes = figure.add_axes((margin / self.wide, below / high, map_wide / self.wide, map_high / high))
        for at, column in enumerate(footer):
            figure.text(0.008 + 0.5 * at, 0.05 / high, "\n".join(column), ha="left", va="bottom",
                        fontproperties=self.sized(5.5), color="#333333", linespacing=1.25)  # fmt: skip
        self._map(figure, axes)
        if has_locator:
            self._locator(figure, axes, beside=beside, high=high, side=side)
        # Last, so that no name stands under what is in the corners.
        _draw_points(axes, self.layers, self.frame, self.sized)
        if beside:
            x0 = 1 - side / self.wide
            figure.legend(
                self.handles, self.labels, loc="lower left", frameon=False, prop=self.sized(7), borderaxespad=0,
                bbox_to_anchor=(x0 + 0.01, below / high), handlelength=2.2, labelspacing=0.35, handletextpad=0.6,
                borderpad=0,
            )  # fmt: skip
        else:
            figure.legend(
                self.handles, self.labels, loc="upper center", ncols=columns, frameon=False, prop=self.sized(7),
                bbox_to_anchor=(0.5, (legend_high + footer_high) / high), handlelength=2.2, columnspacing=1.2,
                labelspacing=0.35, borderaxespad=0, borderpad=0,
            )  # fmt: skip
        return figure

    def _widest(self, figure: Figure, texts: list[str], size: float) -> float:
        """Inches of the widest of some texts."""
        # Small type is hinted to whole pixels: measured large, it's as wide as it prints.
        probe = figure.text(0, 0, "", fontproperties=self.sized(8 * size))
        found = 0.0
        for text in texts:
            probe.set_text(text)
            found = max(found, probe.get_window_extent().width / figure.dpi / 8)
        probe.remove()
        return found

    def _fitting(self, figure: Figure, text: str, size: float) -> FontProperties:
        """Return the font in a size in which a text is no wider than the figure."""
        return self.sized(size * min(1.0, 0.97 * self.wide / max(self._widest(figure, [text], size), 0.01)))

    def _footer(self, figure: Figure) -> tuple[list[list[str]], float]:
        """Lay sources and notes in two columns where they are short enough."""
        lines = [*self.sources, *self.notes]
        if self._widest(figure, lines, 5.5) < 0.485 * self.wide and len(lines) > 3:
            half = -(-len(lines) // 2)
            columns = [lines[:half], lines[half:]]
            columns[1] += [" "] * (half - len(columns[1]))
        else:
            columns = [[part for line in lines for part in self._wrapped(figure, line)]]
        return columns, 0.098 * self.scale * len(columns[0]) + 0.12

    def _wrapped(self, figure: Figure, line: str) -> list[str]:
        """Break a line that is wider than the figure."""
        wide = self._widest(figure, [line], 5.5)
        n = max(1, int(np.ceil(wide / (0.97 * self.wide))))
        size = -(-len(line) // n)
        return [line[at : at + size] for at in range(0, len(line), size)]

    def _map(self, figure: Figure, axes: Axes) -> None:
        frame, layers = self.frame, self.layers
        axes.set_aspect("equal", adjustable="box")
        axes.set_facecolor(style.SEA)
        for spine in axes.spines.values():
            spine.set_linewidth(0.7)
        _draw_areas(axes, layers, frame.crs, self.shades, whole=self.china)
        self.ways.draw(axes, frame)
        _draw_lines(axes, layers, frame.crs)
        graticule(axes, frame, self.sized(5.5))
        # Set last, because geopandas fits limits and labels to each layer that it draws.
        axes.set(xlim=(frame.west, frame.east), ylim=(frame.south, frame.north), xticks=[], yticks=[],
                 xlabel="", ylabel="")  # fmt: skip
        scale_bar(axes, self.sized(6.5), self.words["kilometres"])
        north_arrow(axes, self.font, self.words["north"])
        if self.china and self.around is not None:
            south_sea(figure, axes, frame, self.around, self.sized(5.5), self.words["south_sea"])

    def _locator(self, figure: Figure, axes: Axes, *, beside: bool, high: float, side: float) -> None:
        assert self.around is not None  # noqa: S101 - asked for where there is something around
        place = axes.get_position()
        if beside:
            wide = side / self.wide - 0.03
            tall = _LOCATOR * side / high - 0.02
            locator(
                figure, self.frame, self.around, (1 - side / self.wide + 0.015, place.y1 - tall, wide, tall)
            )
        else:
            wide, tall = 0.24 * place.width, 0.24 * place.width * self.wide / high
            locator(figure, self.frame, self.around, (place.x1 - wide, place.y0, wide, tall)).set_zorder(13)


def _area(axes: Axes, geometry: Any, crs: pyproj.CRS, **look: Any) -> None:
    series = geometry if isinstance(geometry, gpd.GeoSeries) else gpd.GeoSeries([geometry], crs=WGS84)
    if len(series) and not series.is_empty.all():
        series.to_crs(crs).plot(ax=axes, aspect=None, **look)


def _draw_areas(
    axes: Axes, layers: MapLayers, crs: pyproj.CRS, shades: Shades | None, *, whole: bool
) -> None:
    # On a map of the whole country no part of it is a mere backdrop.
    look = {"linewidth": 0.8} if whole else {"linewidth": 0.5, "alpha": 0.5}
    _area(
        axes,
        layers.context.geometry,
        crs,
        facecolor=style.LAND,
        edgecolor=style.PROVINCE_LINE,
        zorder=1,
        **look,
    )
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
            line.plot(ax=axes, aspect=None, zorder=7, **corridor_look(str(row.mode), str(row.status)))


def _draw_points(
    axes: Axes, layers: MapLayers, frame: Frame, sized_: Callable[[float], FontProperties]
) -> None:
    crs = frame.crs
    for _, point in _points(layers.junctions, crs):
        axes.plot(point.x, point.y, "o", markersize=3, markerfacecolor=style.JUNCTION_FILL, markeredgewidth=0.7,
                  markeredgecolor=style.BORDER_LINE, zorder=8)  # fmt: skip
    colours = {
        str(row.corridor_id): style.MODE_COLOURS.get(str(row.mode), style.OTHER_MODE_COLOUR)
        for row in layers.corridors.itertuples()
    }
    for row, point in _points(layers.corridor_stops, crs):
        axes.plot(point.x, point.y, "o", markersize=2.6, markerfacecolor=style.STOP_FILL, markeredgewidth=0.7,
                  zorder=8, markeredgecolor=colours.get(str(row.corridor_id), style.OTHER_MODE_COLOUR))  # fmt: skip
    many = len(layers.centres) > _MANY_CENTRES
    for _, point in _points(layers.centres, crs):
        axes.plot(point.x, point.y, "o", markersize=3.5 if many else 5, markerfacecolor=style.CENTRE_FILL,
                  markeredgecolor="white", markeredgewidth=0.7, zorder=10)  # fmt: skip

    dots = [point for each in (layers.centres, layers.corridor_stops) for _, point in _points(each, crs)]
    places = axes.transData.transform(np.array([(point.x, point.y) for point in dots]).reshape(-1, 2))
    taken = [Bbox.from_bounds(x - _DOT_PX, y - _DOT_PX, 2 * _DOT_PX, 2 * _DOT_PX) for x, y in places]
    corners = [each for each in axes.figure.axes if each is not axes and each.get_zorder() == 13]
    # What stands in the corners: scale bar, arrow, the South China Sea or the locator map.
    inside = axes.get_window_extent()
    taken += [
        Bbox.from_bounds(inside.x0, inside.y0, 0.36 * inside.width, 0.1 * inside.height),
        Bbox.from_bounds(inside.x0 + 0.92 * inside.width, inside.y0 + 0.84 * inside.height,
                         0.08 * inside.width, 0.16 * inside.height),
        *(each.get_window_extent() for each in corners),
    ]  # fmt: skip
    names = Names(axes, taken)
    for row, point in _points(layers.centres, crs):
        name = _shown(row.origin_name)
        names.write(stem(name) if many else name, [point], sized_(7.5 if many else 9), beside=True)
    for name, point in _named_stops(
        layers.corridor_stops, crs, least_m=0.035 * float(np.ptp(axes.get_xlim()))
    ):
        names.write(name, [point], sized_(5.5), beside=True)
    for row, shape in _points(
        layers.counties.head(0 if len(layers.counties) > _MANY_COUNTIES else None), crs
    ):
        seen = shape.intersection(frame.box)
        if not seen.is_empty:
            name = stem(_shown(row.name))
            names.write(name, [seen.representative_point(), *spots(seen, 3)], sized_(5.5))
    own = set(layers.provinces["name"])
    for each, size in ((layers.provinces, 8.0), (layers.context, 6.5)):
        for row, shape in _points(each, crs):
            seen = shape.intersection(frame.box)
            if not seen.is_empty and (each is layers.provinces or row.name not in own):
                spaced = " ".join(stem(_shown(row.name))) if is_short(str(row.name)) else _shown(row.name)
                names.write(spaced, spots(seen, 6), sized_(size), color=style.PROVINCE_NAME)


def _named_stops(
    stops: gpd.GeoDataFrame, crs: pyproj.CRS, *, least_m: float
) -> Iterator[tuple[str, shapely.Point]]:
    """Yield the first and last stop of each corridor, then those that no neighbour is too close to."""
    between: list[tuple[str, shapely.Point]] = []
    named: set[str] = set()  # where two corridors have a stop in common
    for _, corridor in stops.groupby("corridor_id", sort=False):
        rows = [
            (_shown(row.stop_name), point) for row, point in _points(corridor.sort_values("stop_no"), crs)
        ]
        for name, point in (*rows[:1], *rows[1:][-1:]):
            if name not in named:
                named.add(name)
                yield name, point
        for (_, before), (name, point), (_, after) in zip(rows, rows[1:], rows[2:], strict=False):
            if name not in named and min(point.distance(before), point.distance(after)) >= least_m:
                named.add(name)
                between.append((name, point))
    yield from between


def _points(frame: gpd.GeoDataFrame, crs: pyproj.CRS) -> Iterator[tuple[Any, Any]]:
    if len(frame):
        yield from zip(frame.itertuples(), frame.geometry.to_crs(crs), strict=True)


def _names(layers: MapLayers) -> list[str]:
    return [
        *map(_shown, layers.centres["origin_name"]),
        *map(_shown, layers.corridor_stops["stop_name"]),
        *map(_shown, layers.counties["name"]),
        *map(_shown, layers.provinces["name"]),
        *map(_shown, layers.context["name"]),
    ]


def _shown(text: object, what: str = "name") -> str:
    return drawable(str(text), most=_MOST[what])
