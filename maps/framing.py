"""What a figure's map is framed by: its rectangle, graticule, today's roads, names with room, scale, locator, South China Sea."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from ..geo.crs import WGS84, local_crs
from ..geo.memory import give_back_free
from ..geo.places import national_lines, shows_china
from ..geo.thinning import bends_along
from . import style
from .drawing import HALO, sized

#: Degrees between lines of the graticule; the finest that leaves so many across the frame.
_STEPS_DEG: Final = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
_MOST_LINES: Final = 6
#: A frame that shows more of what lies around than this needs no locator.
_WHOLE: Final = 0.3
#: In a frame wider than this roads other than motorways would fill it, metres.
_MOTORWAYS_ALONE_M: Final = 700_000.0
#: Lines are drawn to this share of the frame's width; a sixth of it is a tenth of a pixel of a figure 16 cm wide.
_FINE: Final = 1 / 3000
_NO_MATTER: Final = _FINE / 6
#: The South China Sea as maps of China show it in their corner: west, south, east, north.
_SOUTH_SEA: Final = (105.5, 2.5, 123.0, 24.5)
#: Width over height of that corner.
_SOUTH_SEA_SHAPE: Final = 0.72


@dataclass(frozen=True)
class Frame:
    """The rectangle of a figure's map, metres of its projection.

    Attributes
    ----------
    crs : pyproj.CRS
    west, south, east, north : float
    """

    crs: pyproj.CRS
    west: float
    south: float
    east: float
    north: float

    @property
    def wide(self) -> float:
        """Metres from west to east."""
        return self.east - self.west

    @property
    def high(self) -> float:
        """Metres from south to north."""
        return self.north - self.south

    @property
    def box(self) -> shapely.Polygon:
        """The rectangle as an area."""
        return shapely.box(self.west, self.south, self.east, self.north)

    def shaped(self, share: float) -> Frame:
        """Return the frame, wider or higher to both sides, so that its height is a share of its width."""
        wide, high = max(self.wide, self.high / share), max(self.high, self.wide * share)
        dx, dy = (wide - self.wide) / 2, (high - self.high) / 2
        return Frame(self.crs, self.west - dx, self.south - dy, self.east + dx, self.north + dy)


def frame_around(shapes: list[gpd.GeoSeries]) -> Frame:
    """Return the rectangle around shapes in degrees, with a little room, in a projection centred on them."""
    bounds = np.array([each.total_bounds for each in shapes if len(each) and not each.is_empty.all()])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    crs = local_crs(lon=(west + east) / 2, lat=(south + north) / 2)
    projected = np.array([
        each.to_crs(crs).total_bounds for each in shapes if len(each) and not each.is_empty.all()
    ])  # fmt: skip
    low, high = projected[:, :2].min(axis=0), projected[:, 2:].max(axis=0)
    # A single point has no width: ten kilometres around it.
    pad = max(0.03 * float((high - low).max()), 10_000.0 if (high == low).all() else 0.0)
    return Frame(crs, *(low - pad), *(high + pad))


def graticule(axes: Axes, frame: Frame, font: FontProperties) -> None:
    """Draw meridians and parallels, with their degrees along the lower and the left edge."""
    lonlat = pyproj.Transformer.from_crs(frame.crs, WGS84, always_xy=True)
    plane = pyproj.Transformer.from_crs(WGS84, frame.crs, always_xy=True)
    edge = shapely.segmentize(frame.box, frame.wide / 50).exterior
    lon, lat = lonlat.transform(*np.asarray(edge.coords).T)
    # Beyond 180° longitudes go on, as the layers' do.
    if np.ptp(lon) > 180:
        lon = np.where(lon < 0, lon + 360, lon)
    west, east, south, north = lon.min(), lon.max(), lat.min(), lat.max()
    spans = (east - west, (north - south) * frame.wide / frame.high)
    step = next((each for each in _STEPS_DEG if max(spans) / each <= _MOST_LINES), _STEPS_DEG[-1])

    for degree in np.arange(np.ceil(west / step), np.floor(east / step) + 1) * step:
        x, y = plane.transform(np.full(201, degree), np.linspace(south, north, 201))
        axes.plot(x, y, color=style.GRATICULE, linewidth=0.35, zorder=2.5)
        at = np.interp(frame.south, y, x)
        if frame.west < at < frame.east:
            shown = degree - 360 if degree > 180 else degree
            _degrees(axes, at, frame.south, f"{abs(shown):g}°{'E' if shown >= 0 else 'W'}", font, below=True)
    for degree in np.arange(np.ceil(south / step), np.floor(north / step) + 1) * step:
        x, y = plane.transform(np.linspace(west, east, 201), np.full(201, degree))
        axes.plot(x, y, color=style.GRATICULE, linewidth=0.35, zorder=2.5)
        at = np.interp(frame.west, x, y)
        if frame.south < at < frame.north:
            _degrees(
                axes, frame.west, at, f"{abs(degree):g}°{'N' if degree >= 0 else 'S'}", font, below=False
            )


def _degrees(axes: Axes, x: float, y: float, text: str, font: FontProperties, *, below: bool) -> None:
    axes.annotate(
        text, (x, y), xytext=(0, -2) if below else (-2, 0), textcoords="offset points", fontproperties=font,
        ha="center" if below else "right", va="top" if below else "center", rotation=0 if below else 90,
        color="#444444", annotation_clip=False,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines in a projection, one after the other: a million of them at once.

    Attributes
    ----------
    offset : ndarray of int64, shape (k + 1,)
        Line ``i`` is ``xy[offset[i]:offset[i + 1]]``, of two points or more.
    xy : ndarray of float64, shape (c, 2)
        Metres.
    """

    offset: NDArray[np.int64]
    xy: NDArray[np.float64]

    @cached_property
    def _bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if len(self.offset) == 1:
            return np.zeros((0, 2)), np.zeros((0, 2))
        return np.minimum.reduceat(self.xy, self.offset[:-1]), np.maximum.reduceat(self.xy, self.offset[:-1])

    def some(self, which: NDArray[np.bool_]) -> Lines:
        """Return those lines alone."""
        sizes = np.diff(self.offset)
        return Lines(np.concatenate([[0], np.cumsum(sizes[which])]), self.xy[np.repeat(which, sizes)])

    def meet(self, frame: Frame) -> NDArray[np.bool_]:
        """Say which lines' bounds meet a frame."""
        low, high = self._bounds
        found: NDArray[np.bool_] = (
            (low[:, 0] < frame.east)
            & (high[:, 0] > frame.west)
            & (low[:, 1] < frame.north)
            & (high[:, 1] > frame.south)
        )
        return found

    def thinned(self, fine: float) -> list[NDArray[np.float64]]:
        """Return the points of each line that matter at so many metres."""
        pieces = np.split(self.xy, self.offset[1:-1]) if len(self.offset) > 1 else []
        bent = np.flatnonzero(np.diff(self.offset) > 2)
        if len(bent):
            drawn = self.some(np.diff(self.offset) > 2)
            of_line = np.repeat(np.arange(len(bent)), np.diff(drawn.offset))
            simple = shapely.simplify(
                shapely.linestrings(drawn.xy, indices=of_line), fine, preserve_topology=False
            )
            xy, of_line = shapely.get_coordinates(simple, return_index=True)
            starts = np.searchsorted(of_line, np.arange(1, len(bent)))
            for k, piece in zip(bent.tolist(), np.split(xy, starts), strict=True):
                pieces[k] = piece
        return pieces


@dataclass(frozen=True)
class Ways:
    """Today's roads and railways in a projection: lines by what they are drawn as."""

    lines: dict[str, Lines]

    def kinds(self, frame: Frame) -> list[str]:
        """Return what a frame shows of them, the least important first."""
        wanted = [kind for kind in self.lines if kind != "road" or frame.wide < _MOTORWAYS_ALONE_M]
        return [kind for kind in wanted if self.lines[kind].meet(frame).any()]

    def draw(self, axes: Axes, frame: Frame) -> None:
        """Draw what a frame shows."""
        looks: dict[str, Any] = {
            "road": {"colors": style.ROAD_LINE, "linewidths": 0.3, "zorder": 4.5},
            "motorway": {"colors": style.MOTORWAY_LINE, "linewidths": 0.55, "zorder": 4.6},
            "rail": {"colors": style.RAILWAY_LINE, "linewidths": 0.55, "zorder": 4.7,
                     "linestyles": [(0, (3.5, 1.5))]},
        }  # fmt: skip
        for kind in self.kinds(frame):
            lines = self.lines[kind]
            seen = lines.some(lines.meet(frame)).thinned(frame.wide * _FINE)
            axes.add_collection(LineCollection(seen, **looks[kind]), autolim=False)


def ways_of(frame: Frame, what_if: Any) -> Ways:
    """Take today's roads and railways from the network that goes with results, without what corridors add to it.

    Points without which a line stays within a tenth of a printed pixel of where it was are left out.
    """
    if what_if is None:
        return Ways({})
    network = what_if.network
    own = np.flatnonzero((np.asarray(what_if.link_owners) < 0).all(axis=1) & ~what_if.rides_past_stations)
    if len(own) == 0:
        return Ways({})
    forth, back = network.link_arcs
    arc = np.where(forth >= 0, forth, back)[own]
    modes = np.array(network.modes)[network.arc_mode[arc]]
    motorway = np.char.startswith(np.array(network.classes, dtype=str), "motorway")[network.arc_class[arc]]
    kinds = np.where(modes == "rail", "rail", np.where(motorway, "motorway", "road"))
    kinds[(modes != "rail") & (modes != "road")] = ""
    offset, lonlat = network.link_lines(own)
    kept = bends_along(lonlat, offset, frame.wide * _NO_MATTER)
    offset, lonlat = np.concatenate([[0], np.cumsum(kept)])[offset], lonlat[kept]
    plane = pyproj.Transformer.from_crs(WGS84, frame.crs, always_xy=True)
    every = Lines(offset, np.column_stack(plane.transform(*lonlat.T)))
    give_back_free(0.0)
    whole = np.logical_and.reduceat(np.isfinite(every.xy).all(axis=1), offset[:-1])
    return Ways({kind: every.some(whole & (kinds == kind)) for kind in ("road", "motorway", "rail")})


def whole_country(frame: Frame, around: gpd.GeoDataFrame | None) -> bool:
    """Say whether a frame shows most of what lies around the study."""
    if around is None or len(around) == 0:
        return False
    west, south, east, north = around.to_crs(frame.crs).total_bounds
    shown = (min(east, frame.east) - max(west, frame.west)) * (
        min(north, frame.north) - max(south, frame.south)
    )
    return bool(shown > _WHOLE * (east - west) * (north - south))


def locator(
    figure: Figure, frame: Frame, around: gpd.GeoDataFrame, place: tuple[float, float, float, float]
) -> Axes:
    """Draw where the frame lies among all units, into a place of the figure (left, bottom, width, height)."""
    axes = figure.add_axes(place)
    west, south, east, north = around.total_bounds
    crs = local_crs(lon=(west + east) / 2, lat=(south + north) / 2)
    shapes = around.geometry.simplify(0.1).to_crs(crs)
    shapes.plot(ax=axes, aspect=None, facecolor=style.LAND, edgecolor=style.PROVINCE_LINE, linewidth=0.25)
    bounds = shapes.total_bounds
    if shows_china(around):
        lines = national_lines().to_crs(crs)
        lines.plot(ax=axes, aspect=None, color=style.BORDER_LINE, linewidth=0.5)
        both = np.array([bounds, lines.total_bounds])
        bounds = np.array([*both[:, :2].min(axis=0), *both[:, 2:].max(axis=0)])
    outline = shapely.segmentize(frame.box, frame.wide / 20)
    gpd.GeoSeries([outline], crs=frame.crs).to_crs(crs).plot(
        ax=axes,
        aspect=None,
        facecolor=style.SCENARIO_LINE,
        edgecolor=style.SCENARIO_LINE,
        linewidth=0.8,
        alpha=0.55,
    )
    pad = 0.03 * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    _plain(axes, (bounds[0] - pad, bounds[1] - pad, bounds[2] + pad, bounds[3] + pad))
    return axes


def south_sea(
    figure: Figure, axes: Axes, frame: Frame, around: gpd.GeoDataFrame, font: FontProperties, text: str
) -> None:
    """Draw the lines that maps of the whole country carry, and the islands in the South China Sea in a corner."""
    national_lines().to_crs(frame.crs).plot(
        ax=axes, aspect=None, color=style.BORDER_LINE, linewidth=0.8, zorder=6
    )
    axes.set(
        xlim=(frame.west, frame.east),
        ylim=(frame.south, frame.north),
        xticks=[],
        yticks=[],
        xlabel="",
        ylabel="",
    )
    place = axes.get_position()
    wide_in, high_in = figure.get_size_inches()
    # Small enough to leave Taiwan's coast free.
    high = 0.24 * place.height
    wide = high * high_in / wide_in * _SOUTH_SEA_SHAPE
    corner = figure.add_axes((place.x1 - wide, place.y0, wide, high), zorder=13)
    west, south, east, north = _SOUTH_SEA
    crs = local_crs(lon=(west + east) / 2, lat=(south + north) / 2)
    window = shapely.box(west - 3, south - 3, east + 3, north + 3)
    shapes = around.geometry[around.intersects(window)].intersection(window)
    shapes.to_crs(crs).plot(
        ax=corner, aspect=None, facecolor=style.LAND, edgecolor=style.PROVINCE_LINE, linewidth=0.4
    )
    national_lines().to_crs(crs).plot(ax=corner, aspect=None, color=style.BORDER_LINE, linewidth=0.8)
    # The islands are smaller than a line is wide.
    islands = around.geometry[around["adcode"] == 460000].explode()
    islands = islands[islands.bounds["maxy"] < 18]
    if len(islands):
        dots = islands.to_crs(crs).representative_point()
        corner.plot(dots.x, dots.y, ",", color=style.BORDER_LINE)
    bounds = (
        gpd.GeoSeries([shapely.segmentize(shapely.box(*_SOUTH_SEA), 1)], crs=WGS84).to_crs(crs).total_bounds
    )
    _plain(corner, tuple(bounds))
    corner.text(0.5, 0.02, text, transform=corner.transAxes, ha="center", va="bottom", fontproperties=font,
                path_effects=HALO)  # fmt: skip


def _plain(axes: Axes, bounds: tuple[float, ...]) -> None:
    west, south, east, north = bounds
    axes.set_facecolor(style.SEA)
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], xlabel="", ylabel="")
    axes.set_aspect("equal", adjustable="box", anchor="N")
    for spine in axes.spines.values():
        spine.set_linewidth(0.5)


def scale_bar(axes: Axes, font: FontProperties, unit: str) -> None:
    """Draw a scale bar in the lower left corner."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    wanted_km = (east - west) / 1000 / 5
    step = 10 ** np.floor(np.log10(wanted_km))
    length_km = float(max(n * step for n in (1, 2, 5) if n * step <= wanted_km))
    x, y, high = west + 0.04 * (east - west), south + 0.035 * (north - south), 0.007 * (north - south)
    for part, colour in enumerate(("black", "white")):
        axes.add_patch(
            Rectangle(
                (x + part * length_km * 500, y), length_km * 500, high, facecolor=colour, edgecolor="black",
                linewidth=0.6, zorder=12,
            )
        )  # fmt: skip
    for at_km in (0.0, length_km / 2, length_km):
        text = f"{at_km:g}" + (f" {unit}" if at_km == length_km else "")
        axes.text(x + at_km * 1000, y + 1.6 * high, text, ha="center", va="bottom", zorder=12,
                  fontproperties=font, path_effects=HALO)  # fmt: skip


def north_arrow(axes: Axes, font: FontProperties, text: str) -> None:
    """Draw an arrow to the north in the upper right corner."""
    axes.annotate(
        text, xy=(0.955, 0.975), xytext=(0.955, 0.865), xycoords="axes fraction", ha="center", va="top",
        fontproperties=sized(font, 8), zorder=12, path_effects=HALO,
        arrowprops={"arrowstyle": "-|>,head_width=0.25,head_length=0.5", "facecolor": "black", "linewidth": 0.9},
    )  # fmt: skip


def is_short(name: str) -> bool:
    """Say whether a province's name is one that its letters may be spaced in."""
    return len(name) <= 8 and not name.isascii()


def spots(area: Any, n: int) -> list[shapely.Point]:
    """Return places inside an area where its name may stand, the roomiest first."""
    west, south, east, north = area.bounds
    xs = np.linspace(west, east, n + 2)[1:-1]
    ys = np.linspace(south, north, n + 2)[1:-1]
    x, y = (each.ravel() for each in np.meshgrid(xs, ys))
    points = shapely.points(x, y)
    points = points[shapely.contains_xy(area, x, y)]
    roomy = np.argsort(-shapely.distance(points, area.boundary), kind="stable")
    return [points[k] for k in roomy[:12]] or [area.representative_point()]


class Names:
    """Names on a map, which neither cover one another nor leave the frame."""

    def __init__(self, axes: Axes, taken: list[Bbox]) -> None:
        self.axes, self.taken, self.frame = axes, taken, axes.get_window_extent()

    def write(
        self,
        text: str,
        points: list[shapely.Point],
        font: FontProperties,
        *,
        beside: bool = False,
        color: str = "black",
    ) -> None:
        """Write a name at the first of some points where there is room, beside it if that's a dot; else leave it out."""
        around = (((5, -2.5), "left"), ((-5, -2.5), "right"), ((0, 5), "center"), ((0, -11), "center"))
        for point in points:
            for offset, side in around if beside else (((0, 0), "center"),):
                note = self.axes.annotate(
                    text, (point.x, point.y), xytext=offset, textcoords="offset points", ha=side, zorder=11,
                    va="baseline" if beside else "center", fontproperties=font, path_effects=HALO, color=color,
                )  # fmt: skip
                box = note.get_window_extent()
                inside = (
                    box.x0 >= self.frame.x0 and box.x1 <= self.frame.x1 and box.y0 >= self.frame.y0
                    and box.y1 <= self.frame.y1
                )  # fmt: skip
                if inside and not any(box.overlaps(other) for other in self.taken):
                    self.taken.append(box)
                    return
                note.remove()
